"""Framing: what is read from a stream, whatever comes, and what a slow client does to the writer."""

from __future__ import annotations

import contextlib
import io
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.lsp.transport import MAX_BODY_BYTES, UNPARSABLE, FramingError, Writer, messages

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
