"""Bytes to text, never failing; positions within the text are elsewhere."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

# UTF-32 before UTF-16: the little-endian mark of the one begins with that of the other.
BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document's text without byte order mark and without lone surrogates, and how it was encoded."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded:
    """The text by its byte order mark, else strict UTF-8, else Latin-1, which maps every byte."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(encoding, "replace"), encoding)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return Decoded(data.decode("latin-1"), "latin-1")


def without_lone_surrogates(text: str) -> str:
    """The text with lone surrogates (an editor may send them as JSON escapes) as U+FFFD.

    One UTF-16 unit stands for one, so the editor's positions stay right.
    """
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
