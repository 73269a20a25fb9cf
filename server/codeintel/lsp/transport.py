"""Moves framed messages between byte streams and the event loop; what they say is endpoint.py's business.

Reading, parsing and writing happen in two threads of their own, so that neither a slow client nor a large
body ever holds up the loop. pygls's reader allocates whatever Content-Length announces and waits for ever on
a header that ends in a bare line feed; this one does neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""The largest message read: a didOpen of a file far beyond what is indexed. A guess."""

MAX_VALUES: Final = 1_000_000
"""The most values of a large message. Twenty megabytes of `{},` would take 600 MB as objects; the largest real
message, 50,000 watched files, has 200,000 values."""

UNCOUNTED_BYTES: Final = 4 * 1024 * 1024
"""Below it the values of a body are not counted: they take 100 MB at most."""

MAX_HEADER_BYTES: Final = 4096
"""The longest header line read; real ones have under 100 bytes."""

_HEADER = re.compile(rb"([A-Za-z-]+):\s*(.*)")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)

READ_AHEAD: Final = 64
"""Messages parsed before the loop takes them: enough that a cancel right behind its request stops it in time."""


class FramingError(Exception):
    """The stream cannot be read any further: where the next message begins is unknown."""


class Unparsable:
    """A body that is not JSON, or too much of it; it takes the place of the message."""


UNPARSABLE: Final = Unparsable()


@dataclass(frozen=True, slots=True)
class Streams:
    """Both directions of one connection."""

    reader: BinaryIO
    writer: BinaryIO


def stdio_streams() -> Streams:
    """The process's stdin and stdout, taken over for the protocol alone.

    From here on descriptor 0 is empty and 1 leads to stderr, so that neither a library's print nor a child
    process can eat or write bytes of the protocol.
    """
    reader, writer = os.dup(0), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return Streams(os.fdopen(reader, "rb"), os.fdopen(writer, "wb"))


def accept(listener: socket.socket) -> Streams:
    """Wait for one client; no other is let in."""
    with listener:
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:  # the streams keep it open
        return Streams(connection.makefile("rb"), connection.makefile("wb"))


def messages(stream: BinaryIO) -> Iterator[Any]:
    """Each message, parsed; UNPARSABLE where it is not JSON. Ends with the stream or in a FramingError."""
    while (length := _body_length(stream)) is not None:
        body = stream.read(length)
        if len(body) < length:
            raise FramingError(f"the stream ended after {len(body)} of {length} bytes of a message")
        yield _parse(body)


def _parse(body: bytes) -> Any:
    if len(body) > UNCOUNTED_BYTES and _has_too_many_values(body):
        return UNPARSABLE
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return UNPARSABLE


def _has_too_many_values(body: bytes) -> bool:
    """Whether it has more than MAX_VALUES of them, counted without making any: 100 ms for 20 MB on one core."""
    values = end = 0
    for string in _STRING.finditer(body):
        values += 1 + _values_between(body, end, string.start())
        end = string.end()
        if values > MAX_VALUES:
            return True
    return values + _values_between(body, end, len(body)) > MAX_VALUES


def _values_between(body: bytes, start: int, end: int) -> int:
    """Numbers, words, arrays and objects, by what separates or opens them; keys count as the strings they are."""
    return sum(body.count(mark, start, end) for mark in (b",", b"[", b"{"))


def _body_length(stream: BinaryIO) -> int | None:
    """Reads one header block, its lines ended by CRLF or LF; None at the end of the stream."""
    length = None
    while line := stream.readline(MAX_HEADER_BYTES):
        header = line.strip()
        if not header and length is not None:
            return length
        if not header:
            continue
        found = _HEADER.fullmatch(header)
        if not found:
            raise FramingError(f"expected a header, found {header[:60]!r}")
        if found[1].lower() == b"content-length":
            length = _announced(found[2])
    return None


def _announced(value: bytes) -> int:
    if not value.isdigit() or len(value) > 20 or int(value) > MAX_BODY_BYTES:
        raise FramingError(f"a message of {value[:40]!r} bytes is over the limit of {MAX_BODY_BYTES:,}")
    return int(value)


class Writer:
    """Writes from a thread of its own, so that a client that does not read never blocks the loop."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._pending: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="codeintel-writer", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue bytes; dropped once the client is gone."""
        self._pending.put(data)

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what is queued, as far as the client reads it within `timeout_s`."""
        self._pending.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while (data := self._pending.get()) is not None:
                self._stream.write(data)
                self._stream.flush()
        except OSError as error:
            log.info("the client no longer reads: %s", error)


def start_reader(
    stream: BinaryIO,
    loop: asyncio.AbstractEventLoop,
    handle: Callable[[Any], None],
    ended: Callable[[str], None],
) -> None:
    """Read in a daemon thread; both functions are called on the loop, `ended` with why the stream ended."""
    slots = threading.Semaphore(READ_AHEAD)

    def handle_and_free(message: Any) -> None:
        slots.release()
        handle(message)

    def run() -> None:
        why = "the client closed the connection"
        try:
            for message in messages(stream):
                slots.acquire()
                loop.call_soon_threadsafe(handle_and_free, message)
        except (FramingError, OSError, ValueError) as error:  # ValueError: the stream was closed meanwhile
            why = str(error)
        loop.call_soon_threadsafe(ended, why)

    def run_while_open() -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: the server has ended
            run()

    threading.Thread(target=run_while_open, name="codeintel-reader", daemon=True).start()
