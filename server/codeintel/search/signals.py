"""What speaks for or against a candidate besides text similarity, as numbers from 0 to 1 that no weight has touched.

Every signal keeps what it rests on, so that the explanation can name it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from codeintel.analysis.places import is_generated, place_of
from codeintel.catalog.rows import Chunk
from codeintel.search.intent import Intent, name_stems, stem_parts
from codeintel.symbol_table import SymbolTable

# Shares of a name's agreement with the query. Guesses, kept because nothing measured better on the benchmark.
WHOLE_WORD = 0.75  # a plain word of the question that is also a symbol: `session` and class Session
_WORD = re.compile(r"\w+")
MIN_COMPOUND = 4  # a shorter beginning is chance: `re` of `request`
FOLDER_FILES = frozenset({"mod", "__init__", "index", "__main__"})
ALMOST = 0.95  # the same parts are not yet the same name: func_33_77 is not func_77_33
RUN_WORDS = 3  # that stand together are no chance any more
MAX_RUN_WORDS = 64  # of the query that are looked for together; a paste has thousands
MIN_PARTS = 2  # a name of one part agrees as a whole or not at all


@dataclass(frozen=True, slots=True)
class Signal:
    """`strength` from 0 to 1, and the words or names behind it."""

    strength: float
    names: tuple[str, ...] = ()


NOTHING = Signal(0.0)


@dataclass(frozen=True, slots=True)
class Signals:
    """Everything about one candidate that a weight can turn into a prior."""

    definition: Signal
    references: Signal
    """The definition's name, and how often it is referred to: a count, not a share."""
    stem: Signal
    path: Signal
    verbatim: Signal
    """A run of the query's words that the text has as they stand, by their share of what the query says."""
    place: str  # 'test', 'example', 'vendor', 'doc', 'data', 'generated' or '' for plain code


class SignalReader:
    """Reads the signals of one query's candidates; what they have in common, files and names, is read once."""

    def __init__(self, intent: Intent) -> None:
        self._intent = intent
        self._files: dict[str, tuple[Signal, Signal, str]] = {}
        self._agreements: dict[str, float] = {}
        self._runs = _Runs(intent)
        self._words = _SameWords(intent)

    def read(
        self, chunk: Chunk, symbols: SymbolTable | None = None, head: str = "", *, has_words: bool = True
    ) -> Signals:
        """The signals of one candidate; about 3 us once its file is known.

        With `symbols`, which know the chunk's text, its definitions are theirs. `head` is how its file begins. A chunk
        that is not among the best by words, as `has_words` tells, has no run of them and is not looked at for one.
        """
        of_file = self._files.get(chunk.uri)
        if of_file is None:
            of_file = self._files[chunk.uri] = self._of_file(chunk.uri, chunk.lang, head)
        definition, references = self._definition(chunk, symbols)
        stem, path, place = of_file
        run = self._runs.longest(chunk.content) if has_words else NOTHING
        return Signals(definition, references, stem, path, run, place)

    def _definition(self, chunk: Chunk, symbols: SymbolTable | None) -> tuple[Signal, Signal]:
        """How well the best symbol that the chunk defines agrees with the query, and how often it is referred to."""
        best, best_symbol = 0.0, ""
        agreements = self._agreements
        for symbol in chunk.symbols:
            strength = agreements.get(symbol)
            if strength is None:
                strength = agreements[symbol] = symbol_agreement(symbol, self._intent)
            if strength > best:
                best, best_symbol = strength, symbol
        if not best:
            return NOTHING, NOTHING
        definition = Signal(best, (best_symbol,))
        if symbols is None:
            return definition, NOTHING
        name = best_symbol.rpartition(".")[2]
        norms = {
            one.norm
            for one in symbols.definitions(chunk.uri, chunk.start_byte, chunk.end_byte)
            if one.name == name
        }
        count = sum(symbols.references(name, norm) for norm in norms) if norms else symbols.references(name)
        return definition, Signal(float(count), (best_symbol,)) if count else NOTHING

    def _of_file(self, uri: str, lang: str, head: str) -> tuple[Signal, Signal, str]:
        stem, folders = _path_stems(uri)
        place = place_of(uri, lang) or ("generated" if _is_generated(uri, head) else "")
        return self._words.name(stem), self._words.folders(folders), place


class _Runs:
    """Finds the query's words in a text as they stand in the query, one after the other."""

    def __init__(self, intent: Intent) -> None:
        self._text = intent.text.lower()
        self._spans = [match.span() for match in _WORD.finditer(self._text)][:MAX_RUN_WORDS]
        self._shares = [
            sum(intent.words.get(part, 0.0) for part in dict.fromkeys(stem_parts(self._text[start:end])))
            for start, end in self._spans
        ]
        starts = range(len(self._spans) - RUN_WORDS + 1)
        self._grams = [self._text[self._spans[at][0] : self._spans[at + RUN_WORDS - 1][1]] for at in starts]

    def longest(self, content: str) -> Signal:
        """The run that says most; about 3 us for 1,500 characters."""
        if not self._grams:
            return NOTHING
        text = content.lower()
        found = [gram in text for gram in self._grams]
        if True not in found:
            return NOTHING
        best, words = 0.0, (0, 0)
        first = None
        for at, is_there in enumerate([*found, False]):
            if is_there and first is None:
                first = at
            elif not is_there and first is not None:
                share = sum(self._shares[first : at + RUN_WORDS - 1])
                if share > best:
                    best, words = share, (self._spans[first][0], self._spans[at + RUN_WORDS - 2][1])
                first = None
        return Signal(min(1.0, best), (self._text[slice(*words)],)) if best else NOTHING


def symbol_agreement(symbol: str, intent: Intent) -> float:
    """1 for a name the query spells out; less for one whose parts the query's words make up."""
    if intent.identifiers and symbol.lower() in intent.identifiers:
        return 1.0
    parts = name_stems(symbol)
    if intent.words.keys().isdisjoint(parts):  # as most are
        return 0.0
    of_query = sum(intent.words.get(part, 0.0) for part in parts)
    of_name = sum(part in intent.words for part in parts) / len(parts)
    whole = 1.0 if len(parts) >= MIN_PARTS else WHOLE_WORD
    return min(ALMOST, whole * of_name * math.sqrt(min(1.0, of_query)))


class _SameWords(dict[str, frozenset[str]]):
    """Which of the query's words each part of a path is the same as; remembered, because paths share their parts."""

    def __init__(self, intent: Intent) -> None:
        super().__init__()
        self._intent = intent

    def __missing__(self, part: str) -> frozenset[str]:
        found = self[part] = frozenset(word for word in self._intent.words if _same_word(word, part))
        return found

    def name(self, stems: tuple[str, ...]) -> Signal:
        """How well a file's name agrees with the query, as a symbol's does: `request` more than `mock_request`.

        A query has many words and a name has few, hence the root of the share of the query's words: their plain share
        measured .010 less (docs/decisions/0013).
        """
        matched = self._matched(stems)
        if not matched:
            return NOTHING
        of_name = sum(bool(self[part]) for part in stems) / len(stems)
        return Signal(of_name * math.sqrt(self._share(matched)), self._spelled(matched))

    def folders(self, stems: tuple[str, ...]) -> Signal:
        """The share of the query's words among the names of folders."""
        matched = self._matched(stems)
        return Signal(self._share(matched), self._spelled(matched)) if matched else NOTHING

    def _matched(self, stems: tuple[str, ...]) -> tuple[str, ...]:
        """The query's words among `stems`, a compound such as `routergroup` counting for its beginning."""
        found = frozenset[str]().union(*map(self.__getitem__, stems))
        return tuple(word for word in self._intent.words if word in found) if found else ()

    def _share(self, words: tuple[str, ...]) -> float:
        return min(1.0, sum(map(self._intent.words.__getitem__, words)))

    def _spelled(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._intent.spelling.get(word, word) for word in words)


def _same_word(word: str, part: str) -> bool:
    if len(word) < MIN_COMPOUND or len(part) < MIN_COMPOUND:
        return word == part
    return part.startswith(word) or word.startswith(part)


_is_generated = lru_cache(maxsize=16_384)(is_generated)  # 20 us of regular expressions a file


@lru_cache(maxsize=65_536)
def _path_stems(uri: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stems of the file's name without endings, and those of its folders.

    A file that stands for its folder (`routing/mod.rs`) is named after the folder.
    """
    folders, _, name = uri.rpartition("/")
    stem = name.partition(".")[0]
    return name_stems(folders.rpartition("/")[2] if stem in FOLDER_FILES else stem), name_stems(folders)
