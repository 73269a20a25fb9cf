"""Any bytes decode, to text that can be encoded again."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.workspace.decoding import decode, without_lone_surrogates


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        ("naïve 😀".encode(), "naïve 😀", "utf-8"),
        (codecs.BOM_UTF8 + b"x = 1", "x = 1", "utf-8"),
        (codecs.BOM_UTF16_LE + "é😀".encode("utf-16-le"), "é😀", "utf-16-le"),
        (codecs.BOM_UTF16_BE + "é😀".encode("utf-16-be"), "é😀", "utf-16-be"),
        (codecs.BOM_UTF32_LE + "é😀".encode("utf-32-le"), "é😀", "utf-32-le"),
        (codecs.BOM_UTF32_BE + "é😀".encode("utf-32-be"), "é😀", "utf-32-be"),
        (b"caf\xe9", "café", "latin-1"),
        (b"\xed\xa0\x80", "í\xa0\x80", "latin-1"),  # a surrogate in UTF-8 is not UTF-8
    ],
)
def test_encodings_are_recognised(data: bytes, text: str, encoding: str) -> None:
    decoded = decode(data)
    assert (decoded.text, decoded.encoding) == (text, encoding)


@given(
    st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE]),
    st.binary(max_size=60),
)
def test_no_bytes_fail_and_the_text_is_always_unicode(mark: bytes, data: bytes) -> None:
    decode(mark + data).text.encode("utf-8")


@given(st.text(max_size=30))
def test_replacing_lone_surrogates_keeps_utf16_offsets(text: str) -> None:
    clean = without_lone_surrogates(text)
    clean.encode("utf-8")
    assert len(clean.encode("utf-16-le")) == len(text.encode("utf-16-le", "surrogatepass"))
