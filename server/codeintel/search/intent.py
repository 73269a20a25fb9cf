"""What a query asks for: its words, the names and places it spells out, whether it wants tests, examples or docs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from codeintel.analysis.identifiers import split_identifier, stem, terms
from codeintel.search.locations import Location, locations_of, without_paths
from codeintel.search.word_forms import word_forms

# Words that carry no content in a question about code; a closed list: a corpus has no counts for questions.
STOP_WORDS = frozenset(
    "a about after all an and any are as at be been before being between by can code could do does doing done "
    "for from get gets had has have how i if implementation implemented implements in into is it its like made "
    "make makes me not of off on one or our out over own per should show so some such that the their them then "
    "there these they this through to under up use used uses using via was we were what when where which while "
    "who why will with within without would you your".split(" ")
)

ASKS = {
    "test": frozenset(
        {"test", "tests", "testing", "spec", "specs", "fixture", "fixtures", "mock", "mocks", "assert"}
    ),
    "example": frozenset(
        {"example", "examples", "sample", "samples", "demo", "tutorial", "benchmark", "benchmarks"}
    ),
    "doc": frozenset(
        {"documentation", "docs", "readme", "changelog", "guide", "tutorial", "license", "install"}
    ),
}

Rarity = Callable[[str], float]


def _same(_term: str) -> float:
    return 1.0


_QUALIFIER = re.compile(r"\.|::|->|#")
_TOKEN = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->|#)[^\W\d]\w*)*")
_IDENTIFIER = re.compile(r"[a-z\d][A-Z]|_|[A-Z]{2,}[a-z]|::|\w\.\w|->|#")


_MESSAGE = re.compile(
    r"\s*(?:[\w.:$\\]*(?:Error|Exception|Warning|Panic|Failure|Fault)(?:\[\w+\])?|(?i:error|fatal|panic|warning)(?:\[\w+\])?"
    r"|thread '.*' panicked at.*):"
)


@dataclass(frozen=True, slots=True)
class Intent:
    """A query as ranking reads it.

    `text` is what models read: the query, of a path or a frame of a stack trace only the file's name. `terms` go to
    BM25, the query's own before their other forms. `words` are the stems of its content words, each with its share of
    what the query says (rare words say more; they sum to 1), and `spelling` is how the query has them. `identifiers`
    are the names that it spells out, lower-cased, without what they are qualified by; `locations` the places in files.
    `asks` holds 'test', 'example', 'doc' where it asks for such files.
    """

    text: str
    terms: tuple[str, ...]
    words: Mapping[str, float]
    identifiers: frozenset[str]
    asks: frozenset[str]
    spelling: Mapping[str, str] = field(default_factory=dict)
    locations: tuple[Location, ...] = ()

    @property
    def is_lone_name(self) -> bool:
        """Whether the query is one name and nothing else."""
        return bool(self.identifiers) and len(self.text.split()) == 1

    @property
    def is_pasted(self) -> bool:
        """Whether a program printed the query: an error message, a line of a file, a trace."""
        return bool(_MESSAGE.match(self.text)) or any(place.line is not None for place in self.locations)


def intent_of(text: str, rarity: Rarity = _same) -> Intent:
    """Read the free text of a query; `rarity` tells how much a term says in the workspace (see LexicalView.idf)."""
    locations = locations_of(text)
    text = without_paths(text, locations)
    tokens = _TOKEN.findall(text)
    alone = len(text.split()) == 1
    named = [token for token in tokens if alone or _IDENTIFIER.search(token)]
    identifiers = {_QUALIFIER.split(token)[-1].lower() for token in named}
    lowered = {word.lower() for token in tokens for word in split_identifier(token)}
    content = [term for term in terms(text) if term not in STOP_WORDS] or terms(text)
    return Intent(
        text,
        tuple(dict.fromkeys([*content, *_other_forms(content, identifiers)])),
        _word_shares(content, rarity),
        frozenset(identifiers),
        frozenset(what for what, words in ASKS.items() if words & lowered),
        {
            word: part
            for term in reversed(content)
            for part in split_identifier(term)
            for word in stem_parts(part)
        },
        locations,
    )


def _other_forms(content: Iterable[str], identifiers: Collection[str]) -> Iterator[str]:
    """Forms of the query's words; a name that the query spells out is meant as it stands."""
    for term in content:
        if term not in identifiers:
            yield from word_forms(term)


def _word_shares(content: list[str], rarity: Rarity) -> dict[str, float]:
    said: dict[str, float] = {}
    for term in content:
        for word in stem_parts(term):
            said[word] = min(said.get(word, math.inf), rarity(term))
    total = sum(said.values()) or 1.0
    return {word: value / total for word, value in said.items()}


def stem_parts(text: str) -> list[str]:
    """The stems of the parts of every identifier of `text`."""
    return [stem(part.lower()) for part in split_identifier(text) if len(part) > 1 or part.isdigit()]


@lru_cache(maxsize=65_536)
def name_stems(name: str) -> tuple[str, ...]:
    """`stem_parts` of one name, remembered: the same symbols come back with every query."""
    return tuple(dict.fromkeys(stem_parts(name)))
