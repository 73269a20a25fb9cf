"""Other forms of a query's words: asked where retries are handled, a search also looks for retry and handle.

Forms are added to the query, not folded in the index: a stemmed index ranked worse, because there `handle`, `handled`
and `handling` are one word, while here the word as typed still scores by itself (docs/decisions/0003). English only;
what is no word, or does not occur in the workspace, finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

MIN_LENGTH = 3  # shorter words are abbreviations: `db`, `id`
MIN_ROOT = 3
_KEEPS_DOUBLE = frozenset("lsz")  # calling, passing, buzzing; but stopping, planned


def word_forms(word: str) -> tuple[str, ...]:
    """The other number of a lower-cased word, and the verb forms that end in -ing and -ed."""
    if len(word) < MIN_LENGTH or not (word.isascii() and word.isalpha()):
        return ()
    return tuple(form for form in dict.fromkeys([_other_number(word), *_verb_forms(word)]) if form != word)


def _other_number(word: str) -> str:
    if word.endswith("ies") and len(word) > MIN_ROOT + 1:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s"):
        return word if len(word) <= MIN_ROOT or word.endswith(("ss", "us", "is")) else word[:-1]
    return word[:-1] + "ies" if word.endswith("y") else word + "s"


def _verb_forms(word: str) -> Iterator[str]:
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= MIN_ROOT:
            root = _undoubled(root)
            yield from (root, root + "e", root + "s", root + "es", root + "ing", root + "ed")
            return
    root = word.removesuffix("e")
    yield from (root + "ing", root + "ed")


def _undoubled(root: str) -> str:
    return root[:-1] if root[-1] == root[-2] and root[-1] not in _KEEPS_DOUBLE else root
