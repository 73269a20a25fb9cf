"""How contents are hashed and chunks are numbered; the same numbers stand in every engine and table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

_POSITIVE = (1 << 63) - 1


def content_hash(data: bytes) -> int:
    """The uint64 blake2b-64 of `data`, read little-endian."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def chunk_id(uri: str, content: int, ordinal: int) -> int:
    """A positive int64 for the `ordinal`-th chunk of `uri` whose content hashes to `content`.

    63 bits of blake2b: a million chunks collide with a probability of 5e-8. Never 0 and never negative,
    because -1 is FAISS's "none".
    """
    key = b"%s\0%d\0%d" % (uri.encode(), content, ordinal)
    return (int.from_bytes(blake2b(key, digest_size=8).digest(), "little") & _POSITIVE) or 1


def chunk_ids(uri: str, hashes: Iterable[int]) -> list[int]:
    """Ids of a document's chunks in order, equal contents told apart by their ordinal among themselves."""
    seen: Counter[int] = Counter()
    ids = []
    for content in hashes:
        ids.append(chunk_id(uri, content, seen[content]))
        seen[content] += 1
    return ids
