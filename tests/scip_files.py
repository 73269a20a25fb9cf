"""Index files for the tests, written byte by byte: an index may then be as wrong as a test needs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

VARINT, BYTES = 0, 2


def varint(number: int) -> bytes:
    """A number as protobuf writes it; a negative one takes ten bytes."""
    number &= (1 << 64) - 1
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def field(number: int, value: int | str | bytes | Sequence[int]) -> bytes:
    """One field: a number, a text, a message, or packed numbers."""
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    elif not isinstance(value, bytes):
        value = b"".join(map(varint, value))
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def occurrence(symbol: str, *place: int, roles: int = 0, more: bytes = b"") -> bytes:
    """An occurrence with the plain form of a range, if any; a field of a document."""
    return field(2, (field(1, place) if place else b"") + field(2, symbol) + field(3, roles) + more)


def described(symbol: str, *documentation: str, kind: int = 0, more: bytes = b"") -> bytes:
    """What an index says of a symbol; a field of a document."""
    paragraphs = b"".join(field(3, paragraph) for paragraph in documentation)
    return field(3, field(1, symbol) + paragraphs + field(5, kind) + more)


def document(path: str, *fields: bytes) -> bytes:
    """A document; a field of an index."""
    return field(2, field(1, path) + b"".join(fields))


def metadata(tool: str = "scip-test", project_root: str = "file:///elsewhere") -> bytes:
    """The head of an index."""
    return field(1, field(2, field(1, tool) + field(2, "9.9")) + field(3, project_root))


def index_file(
    path: Path, parts: Iterable[bytes], tool: str = "scip-test", project_root: str = "file:///e"
) -> Path:
    """Write an index with its head."""
    with path.open("wb") as file:
        file.write(metadata(tool, project_root))
        file.writelines(parts)
    return path
