"""Framing: what is read from a stream, whatever comes, and what a slow client does to the writer."""

from __future__ import annotations

import contextlib
import io
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.lsp.transport import (
    MAX_BODY_BYTES,
    MAX_VALUES,
    UNCOUNTED_BYTES,
    UNPARSABLE,
    FramingError,
    Writer,
    messages,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
HEADERS = st.sampled_from(
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length:%d\n\n",
        b"Content-Type: x\r\nContent-Length: %d\r\n\r\n",
    ]
)


@given(st.lists(st.tuples(HEADERS, JSON)))
def test_every_framed_message_is_read_in_order(framed: list[tuple[bytes, object]]) -> None:
    stream = io.BytesIO()
    for header, value in framed:
        body = json.dumps(value).encode()
        stream.write(header % len(body) + body)
    stream.seek(0)
    assert list(messages(stream)) == [value for _, value in framed]


@given(st.binary())
def test_any_bytes_end_in_messages_the_end_or_a_framing_error(data: bytes) -> None:
    with contextlib.suppress(FramingError):
        list(messages(io.BytesIO(data)))


def test_a_body_that_is_not_json_is_marked_and_the_next_is_read() -> None:
    stream = io.BytesIO(b"Content-Length: 3\r\n\r\n{a}Content-Length: 2\r\n\r\n{}")
    assert list(messages(stream)) == [UNPARSABLE, {}]


def test_nothing_is_allocated_for_a_length_over_the_limit() -> None:
    class Endless(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError(f"read of {size} bytes")

    with pytest.raises(FramingError, match="over the limit"):
        list(messages(Endless(b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1))))


def test_a_client_that_does_not_read_does_not_block_whoever_writes() -> None:
    unblocked = threading.Event()

    class Stuck(io.BytesIO):
        def write(self, data: object) -> int:
            unblocked.wait(10)
            return super().write(data)  # type: ignore[arg-type]

    stream = Stuck()
    writer = Writer(stream)
    for _ in range(1000):
        writer.write(b"x")
    unblocked.set()
    writer.close()
    assert stream.getvalue() == b"x" * 1000


BIG = 2 * UNCOUNTED_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * MAX_VALUES + b"{}]",
        b"[" + b"[]," * MAX_VALUES + b"0]",
        b"[" + b"1234567," * MAX_VALUES + b"0]",
        b'["a"' + b',"abc"' * MAX_VALUES + b"]",
        b"[" * BIG,
    ],
)
def test_a_large_body_of_too_many_values_is_not_made_into_objects(body: bytes) -> None:
    padded = body + b" " * UNCOUNTED_BYTES
    stream = io.BytesIO(b"Content-Length: %d\r\n\r\n%s" % (len(padded), padded))
    assert list(messages(stream)) == [UNPARSABLE]


@pytest.mark.parametrize(
    "text", ["x = [{}, 1]\n" * (BIG // 10), "\\" * BIG, '"' * BIG, "[,{" * BIG, 'é\\"{,}' * (BIG // 5)]
)
def test_a_long_text_is_one_value_whatever_is_in_it(text: str) -> None:
    message = {"method": "textDocument/didOpen", "text": text, "version": 1}
    body = json.dumps(message).encode()
    assert list(messages(io.BytesIO(b"Content-Length: %d\r\n\r\n%s" % (len(body), body)))) == [message]
