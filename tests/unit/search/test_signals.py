"""Signals: how well a chunk's names, file and folder agree with a query, and what kind of place it stands in."""

from __future__ import annotations

import math

import pytest

from codeintel.analysis.places import place_of
from codeintel.search.intent import intent_of
from codeintel.search.signals import ALMOST, WHOLE_WORD, SignalReader, symbol_agreement
from workspaces import chunk_table


def check_agreement(query: str, symbol: str, strength: float) -> None:
    """The agreement of one symbol with a query whose words are equally rare."""
    assert symbol_agreement(symbol, intent_of(query)) == pytest.approx(strength)


@pytest.mark.parametrize(
    ("query", "symbol", "strength"),
    [
        ("TokenBucket", "TokenBucket", 1.0),
        ("where is tokenBucket", "TokenBucket", 1.0),
        ("Client.send", "send", 1.0),
        # both parts named, which is all that the query says
        ("token bucket", "TokenBucket", ALMOST),
        # the same parts in another order are another name
        ("bucket_token", "token_bucket", ALMOST),
        # both parts named, half of what the query says
        ("token bucket refill rate", "TokenBucket", 1.0 * math.sqrt(2 / 4)),
        # one part of two named, half of what the query says
        ("token refill", "TokenBucket", 1 / 2 * math.sqrt(1 / 2)),
        # a plain word that is also a symbol
        ("session expiry", "Session", WHOLE_WORD * 1 * math.sqrt(1 / 2)),
        ("retry policy", "TokenBucket", 0.0),
        ("?", "TokenBucket", 0.0),
    ],
)
def test_a_symbol_agrees_by_the_parts_of_its_name(query: str, symbol: str, strength: float) -> None:
    check_agreement(query, symbol, strength)


def test_the_best_symbol_of_a_chunk_counts() -> None:
    chunk = next(iter(chunk_table({"a.py": "class TokenBucket:\n    def refill(self):\n        pass\n"})))
    signal = SignalReader(intent_of("token refill bucket")).read(chunk).definition
    assert signal.names[0].endswith("TokenBucket")
    assert signal.strength == pytest.approx(math.sqrt(2 / 3))


def test_a_folder_agrees_by_the_share_of_the_querys_words() -> None:
    chunk = next(iter(chunk_table({"server/routergroup/token_bucket.go": "package x\n"})))
    signals = SignalReader(intent_of("router of a token bucket")).read(chunk)
    assert (signals.path.strength, signals.path.names) == (pytest.approx(1 / 3), ("router",))


@pytest.mark.parametrize(
    ("uri", "strength"),
    [
        ("token_bucket.go", math.sqrt(2 / 3)),
        ("token.go", math.sqrt(1 / 3)),
        ("token_bucket_store.go", 2 / 3 * math.sqrt(2 / 3)),
        ("routergroup.go", math.sqrt(1 / 3)),
        ("store.go", 0.0),
    ],
)
def test_a_files_name_agrees_as_a_symbols_does(uri: str, strength: float) -> None:
    chunk = next(iter(chunk_table({uri: "package x\n"})))
    signals = SignalReader(intent_of("router of a token bucket")).read(chunk)
    assert signals.stem.strength == pytest.approx(strength)


@pytest.mark.parametrize(
    ("uri", "lang", "place"),
    [
        ("src/retry.py", "python", ""),
        ("tests/helpers.py", "python", "test"),
        ("src/test_retry.py", "python", "test"),
        ("src/retry_test.go", "go", "test"),
        ("src/retry.spec.ts", "typescript", "test"),
        ("src/RetryTest.java", "java", "test"),
        ("src/latest.py", "python", ""),
        ("src/contest.py", "python", ""),
        ("src/attestation/key.py", "python", ""),
        ("examples/client.py", "python", "example"),
        ("vendor/lib.go", "go", "vendor"),
        ("docs/guide.md", "markdown", "doc"),
        ("config/app.yaml", "yaml", "data"),
        ("tests/data.json", "json", "test"),
    ],
)
def test_a_file_stands_in(uri: str, lang: str, place: str) -> None:
    assert place_of(uri, lang) == place


@pytest.mark.parametrize(
    ("query", "content", "words", "strength"),
    [
        ("lease the oldest message", "# Lease the oldest message first.\n", "lease the oldest message", 1.0),
        ("how to lease the oldest", "# lease the  oldest\n", "", 0.0),  # not as it stands: two blanks
        ("zeta alpha beta gamma", "alpha beta gamma\n", "alpha beta gamma", 0.75),
        ("alpha beta gamma zeta beta gamma zeta", "beta gamma zeta", "beta gamma zeta", 0.75),
        ("alpha beta", "alpha beta\n", "", 0.0),  # two words are chance
        ("what is the", "what is the\n", "what is the", 1.0),  # there is nothing else in it
        ("how is the retry done", "how is the retry done", "how is the retry done", 1.0),
        (
            "cannot open file: 42 (bad mode)",
            'fail("Cannot open file: %d (bad mode)")',
            "cannot open file",
            0.5,
        ),
        ("", "x", "", 0.0),
    ],
)
def test_words_as_they_stand_count_by_the_longest_run(
    query: str, content: str, words: str, strength: float
) -> None:
    chunk = next(iter(chunk_table({"a.txt": content})))
    signal = SignalReader(intent_of(query)).read(chunk).verbatim
    assert (signal.names, signal.strength) == ((words,) if words else (), pytest.approx(strength))


def test_a_query_of_thousands_of_words_is_compared_by_its_first() -> None:
    words = [f"word{number}" for number in range(5_000)]
    intent = intent_of(" ".join(words))
    there = next(iter(chunk_table({"a.txt": " ".join(words[:40])})))
    beyond = next(iter(chunk_table({"b.txt": " ".join(words[-40:])})))
    assert SignalReader(intent).read(there).verbatim.strength > 0
    assert SignalReader(intent).read(beyond).verbatim.strength == 0
