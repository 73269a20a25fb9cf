"""A client that sends whatever bytes a test wants, for messages that no proper client would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsp.client import ENVIRONMENT, SERVER

ANSWER_TIMEOUT_S = 20


class Wire:
    """Frames, sends and reads messages; server requests are answered with null."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, **message: Any) -> None:
        """Send one message; "jsonrpc" need not be given."""
        self.send_body(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_body(self, body: bytes) -> None:
        """Send a body as it is, properly framed."""
        self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def read(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            header = await self.reader.readuntil(b"\r\n\r\n")
            length = int(header.split(b"Content-Length: ")[1].split(b"\r\n")[0])
            return json.loads(await self.reader.readexactly(length))

    async def answer(self, msg_id: Any) -> dict[str, Any]:
        """The answer to a request, whatever else comes before it."""
        while True:
            message = await self.read()
            if "method" in message and "id" in message:
                self.send(id=message["id"], result=None)
            elif message.get("id") == msg_id and "method" not in message:
                return message

    async def ask(self, msg_id: Any, method: str, params: Any = None) -> dict[str, Any]:
        """Send a request and read its answer."""
        self.send(id=msg_id, method=method, params=params)
        return await self.answer(msg_id)

    async def initialize(self, *folders: Path, options: Any = None, initialized: bool = True) -> None:
        """Begin a session."""
        workspace = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        params = {"capabilities": {}, "workspaceFolders": workspace, "initializationOptions": options}
        answer = await self.ask("initialize", "initialize", params)
        assert answer["result"]["serverInfo"]["name"] == "codeintel"
        if initialized:
            self.send(method="initialized", params={})


class Process(Wire):
    """The server as a child process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout and process.stdin
        super().__init__(process.stdout, process.stdin)
        self.process = process

    async def ended(self) -> tuple[int, str]:
        """Wait for the end; the exit code and what is on stderr."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            self.writer.close()
            assert self.process.stderr
            errors = await self.process.stderr.read()
            return await self.process.wait(), errors.decode()


@asynccontextmanager
async def started(*arguments: str, environment: dict[str, str] | None = None) -> AsyncIterator[Process]:
    """A server process, killed in the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        *SERVER,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT | (environment or {}),
        limit=2**24,
    )
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
            await (
                process.communicate()
            )  # reads to the end, so that the pipes are closed with the loop still open


def fault(answer: dict[str, Any]) -> tuple[int, Sequence[Any]]:
    """The code of an error and the field that it names."""
    error = answer["error"]
    return error["code"], (error.get("data") or {}).get("field")
