"""How a file's name is written where only readable Unicode may stand; it changes nothing on disk."""

from __future__ import annotations

from pathlib import Path

# Python represents byte 0xNN of an undecodable name as U+DCNN (PEP 383).
_FIRST_ESCAPED_BYTE, _LAST_ESCAPED_BYTE = 0xDC80, 0xDCFF


def is_unicode(name: str) -> bool:
    """Whether the name survives JSON, Parquet and UTF-8, which a name with undecodable bytes does not."""
    if name.isascii():
        return True
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in name)


def printable(name: str | Path) -> str:
    r"""The name with undecodable bytes as `\xNN` and control or bidirectional characters escaped."""
    text = str(name)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if _FIRST_ESCAPED_BYTE <= code <= _LAST_ESCAPED_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
