"""Words of source text: identifiers, their parts, and the terms BM25 indexes; ranking lives elsewhere."""

import re
from functools import lru_cache
from itertools import chain

MAX_TERM_LENGTH = 64
"""Longer terms are cut here (guess): nobody types them, and base64 runs would swell the dictionary."""

MAX_CACHED_WORDS = 200_000
"""Distinct words kept analysed (guess): some 60 MB at worst, and a large repository holds about as many."""

_WORD = re.compile(r"\w+")

_PART = re.compile(
    r"[A-Z]{2,}s(?![a-z])"  # a plural acronym: the URLs of parseURLs
    r"|[A-Z]+(?![a-z])"  # an acronym, up to the capital that opens the next word: HTTP of HTTPServer
    r"|[A-Z]?[^\W\dA-Z_]+"  # a word; letters beyond ASCII count as lower case
    r"|\d+"
)

_STEM_MIN = 3
_VOWEL = re.compile(r"[aeiouy]")


def split_identifier(word: str) -> list[str]:
    """The parts of one identifier, as written: `parseHTTP2Frame` gives parse, HTTP, 2, Frame."""
    return _PART.findall(word)


def terms(text: str) -> list[str]:
    """What BM25 indexes of `text`, lower-cased and in order; documents and queries must both come through
    here.

    An identifier is kept whole, without its outer underscores, and is followed by its parts where it has
    several: `_readUtf8` gives readutf8, read, utf, 8. A word that starts with a digit is a number or a hash
    and stays whole. Nothing is stemmed: that ranked worse (docs/decisions/0003).
    """
    return list(chain.from_iterable(map(_analysed.__getitem__, _WORD.findall(text))))


@lru_cache(maxsize=MAX_CACHED_WORDS)
def stem(term: str) -> str:
    """A lower-cased English word without plural, -ing, -ed and final -e: parses, parsing, parsed, parse
    give pars.

    After Harman's S-stemmer ("How effective is suffixing?", 1991) with two more endings; words of other
    scripts and short words come back unchanged. It conflates, it does not spell: show people the word,
    never the stem.
    """
    base = _without_plural(term)
    for ending in ("ing", "ed"):
        root = base.removesuffix(ending)
        if root != base and len(root) >= _STEM_MIN and root[-1] != "e" and _VOWEL.search(root):
            return _without_doubling(root)
    return base[:-1] if base.endswith("e") and len(base) > _STEM_MIN + 1 else base


def _without_plural(term: str) -> str:
    if len(term) <= _STEM_MIN or not term.endswith("s") or term.endswith(("ss", "us", "is")):
        return term
    if term.endswith("ies") and len(term) > _STEM_MIN + 1:
        return term[:-3] + "y"
    if term.endswith(("sses", "shes", "ches", "xes")):
        return term[:-2]
    return term[:-1]


def _without_doubling(root: str) -> str:
    doubled = root[-1] == root[-2] and root[-1] not in "lsz"
    return root[:-1] if doubled else root


class _AnalysedWords(dict[str, tuple[str, ...]]):
    """Terms by word as written; a dict because identifiers repeat and a hit then costs one lookup in C."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= MAX_CACHED_WORDS:
            self.clear()
        found = self[word] = _terms_of_word(word)
        return found


def _terms_of_word(word: str) -> tuple[str, ...]:
    whole = word.strip("_").lower()[:MAX_TERM_LENGTH]
    if not whole:
        return ()
    parts = [] if whole[0].isdigit() else [part.lower()[:MAX_TERM_LENGTH] for part in _PART.findall(word)]
    return (whole, *parts) if len(parts) > 1 else (whole,)


_analysed = _AnalysedWords()
