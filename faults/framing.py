"""Rows 10 and 11: messages that are no messages, sessions at random, and messages of any size."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from codeintel.lsp.server import CodeIntelServer
from codeintel.lsp.transport import MAX_BODY_BYTES, Streams
from faults.client import Client, Silent, read_message, until
from faults.laboratory import laboratory, project
from faults.outcome import Findings, NotHere, Outcome, Scale, milliseconds
from faults.processes import Peak, held_by, require_proc

SESSIONS: Final = {Scale.SHORT: 20, Scale.LONG: 10_000}
MESSAGES_A_SESSION: Final = 12
EXIT_S: Final = 1.0
ANSWER_S: Final = 2.0
"""How long the answers of a generated session are waited for; all of them are refusals or come from no folder."""

MOST_GROWTH_MIB: Final = 100.0
SEED: Final = 20_261_122

PARSE, REQUEST, METHOD, PARAMS, EARLY = -32700, -32600, -32601, -32602, -32002

INITIALIZE: Final[Mapping[str, Any]] = {"capabilities": {}}


@dataclass(frozen=True, slots=True)
class Body:
    """A body in proper frames, and the id and the code of the one answer that it must have; no id: none at all."""

    name: str
    body: bytes
    msg_id: Any = None
    code: int | None = None
    silent: bool = False


def _request(body: str) -> bytes:
    """A body of the right version, with the other fields as given."""
    return f'{{"jsonrpc": "2.0", {body}}}'.encode()


def _nested(depth: int, opening: str = "[", closing: str = "]", core: str = "") -> str:
    return opening * depth + core + closing * depth


NESTED_OBJECTS: Final = _nested(400, '{"a":', "}", "0")
STATUS: Final = '"method": "codeintel/status"'
SEARCH: Final = '"method": "codeintel/search"'

BODIES: Final[Sequence[Body]] = (
    Body("no JSON", b"not json", None, PARSE),
    Body("JSON that ends early", b'{"jsonrpc": "2.0", "id": 1, ', None, PARSE),
    Body("invalid UTF-8", b'{"jsonrpc": "2.0", "id": 2, "method": "\xff\xfe"}', None, PARSE),
    Body("an empty body", b"", None, PARSE),
    Body("a batch", b"[" + _request(f'"id": 3, {STATUS}') + b"]", None, REQUEST),
    Body("an empty batch", b"[]", None, REQUEST),
    Body("null", b"null", None, REQUEST),
    Body("another version", b'{"jsonrpc": "1.0", "id": 4, "method": "codeintel/status"}', 4, REQUEST),
    Body("no version", b'{"id": 5, "method": "codeintel/status"}', 5, REQUEST),
    Body("no method", _request('"id": 6'), 6, REQUEST),
    Body("a method that is a number", _request('"id": 7, "method": 7'), 7, REQUEST),
    Body("an id of null", _request(f'"id": null, {STATUS}'), None, REQUEST),
    Body("an id of 1.5", _request(f'"id": 1.5, {STATUS}'), None, REQUEST),
    Body("an id of true", _request(f'"id": true, {STATUS}'), None, REQUEST),
    Body("an id that is an object", _request(f'"id": {{}}, {STATUS}'), None, REQUEST),
    Body("an unknown method", _request('"id": 8, "method": "codeintel/none"'), 8, METHOD),
    Body("params of the wrong type", _request(f'"id": 9, {SEARCH}, "params": 5'), 9, PARAMS),
    Body("a field of the wrong type", _request(f'"id": 10, {SEARCH}, "params": {{"query": 5}}'), 10, PARAMS),
    Body("a byte order mark", b"\xef\xbb\xbf" + _request('"id": 11, "method": "codeintel/none"'), 11, METHOD),
    Body("nesting beyond reading", _request(f'"id": 12, "params": {_nested(100_000)}'), None, PARSE),
    Body("nesting in a request", _request(f'"id": 13, {SEARCH}, "params": {_nested(400)}'), 13, PARAMS),
    Body("an unknown notification", _request('"method": "codeintel/none"'), silent=True),
    Body("garbage", _request('"method": "textDocument/didChange", "params": [[5]]'), silent=True),
    Body("a cancel of nothing", _request('"method": "$/cancelRequest", "params": {"id": [1]}'), silent=True),
    Body("an answer that nobody awaits", _request('"id": 99, "result": 1'), silent=True),
    Body("an error without an id", _request('"id": null, "error": {"code": 1, "message": ""}'), silent=True),
    Body("a trace level of garbage", _request('"method": "$/setTrace", "params": {"value": 7}'), silent=True),
    Body(
        "nesting in a notification",
        _request(f'"method": "textDocument/didSave", "params": {NESTED_OBJECTS}'),
        silent=True,
    ),
)
"""Every body a server may meet that is not a request it can carry out."""

UNKNOWN: Final = b'{"jsonrpc": "2.0", "id": "after", "method": "codeintel/none"}'

FRAMINGS: Final[Mapping[str, bytes]] = {
    "a header of 10^12": b"Content-Length: 1000000000000\r\n\r\n{}",
    "a header of 10^32": b"Content-Length: 99999999999999999999999999999999\r\n\r\n{}",
    "a length one over the cap": b"Content-Length: %d\r\n\r\n{}" % (MAX_BODY_BYTES + 1),
    "a negative length": b"Content-Length: -5\r\n\r\n{}",
    "a length in words": b"Content-Length: many\r\n\r\n{}",
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "a header without end": b"x" * 100_000,
    "an understated length": b"Content-Length: 5\r\n\r\n" + UNKNOWN + b"\r\n",
    "an overstated length": b"Content-Length: 500\r\n\r\n" + UNKNOWN,
    "an empty stream": b"",
}
"""Streams that cannot be followed: the server has to end, with exit code 1 and at once."""

HEADERS: Final[Mapping[str, bytes]] = {
    "bare line feeds": b"Content-Length: %d\n\n",
    "lower case": b"content-length: %d\r\n\r\n",
    "a charset": b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
    "no space": b"Content-Length:%d\r\n\r\n",
}
"""Headers out of the ordinary that can be followed: the message is answered."""


def run(scale: Scale) -> Outcome:
    """Row 10."""
    findings = Findings()
    with Client() as client:
        client.start()
        for case in BODIES:
            with findings.during(case.name):
                findings.expect(*_answered_once(client, case))
        for name, header in HEADERS.items():
            with findings.during(name):
                client.write_bytes(header % len(UNKNOWN) + UNKNOWN)
                findings.expect(_codes(client, "after") == [METHOD], f"{name}: not answered once")
        findings.expect(client.stop() == 0, "the session did not end with exit code 0")
    lost = list(FRAMINGS.items())[:: 4 if scale is Scale.SHORT else 1]
    slowest = max(_ends(findings, name, data) for name, data in lost)
    for name, case_of in ORDERS.items():
        with findings.during(name):
            case_of(findings)
    cases = len(BODIES) + len(HEADERS) + len(lost) + len(ORDERS)
    sessions, requests, longest = _sessions(findings, SESSIONS[scale])
    findings.figures |= {
        "cases": f"{cases}",
        "slowest exit": milliseconds(slowest),
        "sessions": f"{sessions:,}",
        "requests in them": f"{requests:,}",
        "longest session": milliseconds(longest),
    }
    return findings.outcome(
        10,
        "malformed JSON-RPC",
        f"{cases} framing, body and order cases; {SESSIONS[scale]:,} generated sessions",
        "each request answered once, or a clean exit within 1 s",
    )


def _codes(client: Client, msg_id: Any) -> list[int | None]:
    """The codes of the answers to `msg_id`, of which no more can come once a later request is answered."""
    marker = client.send("codeintel/none", None)
    with contextlib.suppress(Exception):
        marker.result()
    found = [one for one in client.unasked if one.get("id") == msg_id]
    client.unasked[:] = [one for one in client.unasked if one.get("id") != msg_id]
    return [one["error"]["code"] if "error" in one else None for one in found]


def _answered_once(client: Client, case: Body) -> tuple[bool, str]:
    client.write_body(case.body)
    codes = _codes(client, case.msg_id)
    wanted = [] if case.silent else [case.code]
    return codes == wanted, f"{case.name}: answered with {codes}, wanted {wanted}"


def _ends(findings: Findings, name: str, data: bytes) -> float:
    """How long the process takes to end; a failure where it takes over a second or does not end cleanly."""
    with laboratory() as folder, Client(log=folder / "log") as client:
        with contextlib.suppress(Exception):
            client.ask("codeintel/none")  # it has started
        started = time.monotonic()
        client.write_bytes(data)
        if name in ("an overstated length", "an understated length", "an empty stream"):
            client.close_input()
        code = client.exit_code(10 * EXIT_S)
        seconds = time.monotonic() - started
        findings.expect(code == 1, f"{name}: exit code {code}")
        findings.expect(seconds <= EXIT_S, f"{name}: took {seconds:.1f} s to end")
        log = (folder / "log").read_text(encoding="utf-8", errors="replace")
        findings.expect("Traceback" not in log, f"{name}: a trace in the log")
    return seconds


def _before_initialize(findings: Findings) -> None:
    with Client() as client:
        early = client.send("codeintel/status")
        client.notify("textDocument/didSave", {"textDocument": {"uri": "file:///nowhere"}})
        client.start()
        findings.expect(early.error_code == EARLY, f"before initialize: {early.error_code}")
        again = client.send("initialize", INITIALIZE)
        again.done.wait(5)
        findings.expect(again.error_code == REQUEST, f"a second initialize: {again.error_code}")
        client.stop()


def _after_shutdown(findings: Findings) -> None:
    with Client() as client:
        client.start().ask("shutdown")
        late = client.send("codeintel/status")
        late.done.wait(5)
        findings.expect(late.error_code == REQUEST, f"after shutdown: {late.error_code}")
        started = time.monotonic()
        client.notify("exit")
        findings.expect(client.exit_code(10) == 0, "exit after shutdown: not exit code 0")
        findings.expect(time.monotonic() - started <= EXIT_S, "exit after shutdown took over a second")


def _exit_at_once(findings: Findings) -> None:
    with Client() as client:
        client.notify("exit")
        findings.expect(client.exit_code(10) == 1, "exit as the first message: not exit code 1")


def _same_id_twice(findings: Findings) -> None:
    with laboratory() as folder, Client() as client:
        client.start(project(folder / "ws"))
        client.ask("workspace/executeCommand", {"command": "codeintel.server.reindex"})
        first = client.send("codeintel/search", {"query": "retry"}, "twin")
        client.write({"id": "twin", "method": "codeintel/search", "params": {"query": "queue"}})
        with contextlib.suppress(Silent):  # another request's answer may overtake theirs
            until(lambda: first.answers >= 2, 5)
        client.ask("codeintel/status")
        findings.expect(first.answers == 2, f"two requests of one id had {first.answers} answers")


ORDERS: Final[Mapping[str, Callable[[Findings], None]]] = {
    "requests before initialize, and a second initialize": _before_initialize,
    "requests after shutdown": _after_shutdown,
    "exit as the first message": _exit_at_once,
    "two requests of one id": _same_id_twice,
}


def _sessions(findings: Findings, count: int) -> tuple[int, int, float]:
    """Sessions of messages at random; how many, with how many requests, and the longest in seconds."""
    chance = random.Random(SEED)
    requests, longest = 0, 0.0
    for number in range(count):
        started = time.monotonic()
        script = list(_script(chance))
        answers, code = asyncio.run(_served(script))
        longest = max(longest, time.monotonic() - started)
        requests += _judge(findings, number, script, answers, code)
    return count, requests, longest


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes of a session; `msg_id` is the id under which an answer is due, `ends` whether the stream is lost."""

    data: bytes
    msg_id: Any = None
    due: bool = False
    ends: bool = False


def _script(chance: random.Random) -> Iterator[Step]:
    """Messages, sound and unsound, in any order; the session ends with exit or with the stream."""
    if chance.random() < 0.9:
        yield _framed({"id": "first", "method": "initialize", "params": INITIALIZE}, "first")
        yield _framed({"method": "initialized", "params": {}})
    for number in range(chance.randrange(MESSAGES_A_SESSION)):
        step = _step(chance, number)
        yield step
        if step.ends:
            return
    yield _framed({"method": "exit"})


def _step(chance: random.Random, number: int) -> Step:
    msg_id: Any = chance.choice((1_000 + number, f"n{number}"))
    match chance.randrange(10):
        case 0:
            return _whole(chance.choice(BODIES).body, chance)
        case 1:
            return Step(chance.choice([data for data in FRAMINGS.values() if data]), ends=True)
        case 2:
            return _framed({"method": chance.choice(METHODS), "params": _junk(chance, 3)})
        case 3:
            return _framed({"id": msg_id, "method": "shutdown"}, msg_id)
        case 4:
            return _framed(
                {
                    "method": "$/cancelRequest",
                    "params": {"id": chance.choice((999 + number, f"n{number - 1}", None))},
                }
            )
        case 5:
            return _framed(
                {"id": chance.choice((msg_id, 999 + number, f"n{number - 1}")), "result": _junk(chance, 2)}
            )
        case _:
            message = {"id": msg_id, "method": chance.choice(METHODS), "params": _junk(chance, 3)}
            return _framed(message, msg_id)


METHODS: Final = (
    "codeintel/search", "codeintel/explain", "codeintel/similar", "codeintel/status", "codeintel/none",
    "textDocument/hover", "workspace/symbol", "workspace/executeCommand", "initialize", "initialized",
    "textDocument/didOpen", "textDocument/didSave", "textDocument/didClose", "textDocument/didChange",
    "workspace/didChangeConfiguration", "workspace/didChangeWorkspaceFolders", "$/setTrace",
    "workspace/didChangeWatchedFiles", "window/workDoneProgress/cancel", "$/progress", "x" * 300, "",
)  # fmt: skip

FIELDS: Final = (
    "query",
    "limit",
    "textDocument",
    "position",
    "uri",
    "command",
    "arguments",
    "settings",
    "event",
    "token",
    "value",
    "changes",
    "contentChanges",
)
SCALARS: Final[Sequence[Any]] = (
    None,
    True,
    0,
    -1,
    2**53,
    1.5,
    "",
    "a b",
    "file:///x",
    "lang:",
    '"',
    "\ud800",
    "codeintel.server.search",
)


def _junk(chance: random.Random, depth: int) -> Any:
    """JSON of any shape, its fields often named as the protocol's."""
    kind = chance.randrange(4 if depth else 2)
    if kind == 2:
        return [_junk(chance, depth - 1) for _ in range(chance.randrange(3))]
    if kind == 3:
        return {chance.choice(FIELDS): _junk(chance, depth - 1) for _ in range(chance.randrange(4))}
    return chance.choice(SCALARS)


def _framed(message: Mapping[str, Any], msg_id: Any = None) -> Step:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return Step(b"Content-Length: %d\r\n\r\n%s" % (len(body), body), msg_id, msg_id is not None)


def _whole(body: bytes, chance: random.Random) -> Step:
    header = chance.choice(list(HEADERS.values()))
    return Step(header % len(body) + body)


async def _served(script: Sequence[Step]) -> tuple[list[Mapping[str, Any]], int | None]:
    """Serve a session in this process; what was answered, and the exit code, None where it did not end in time."""
    loop = asyncio.get_running_loop()
    their_input, our_output = os.pipe()
    our_input, their_output = os.pipe()
    answers: list[Mapping[str, Any]] = []
    reading = loop.run_in_executor(None, _drain, our_input, answers)
    server = CodeIntelServer()
    with os.fdopen(their_input, "rb") as reader, os.fdopen(their_output, "wb") as writer:
        feeding = loop.run_in_executor(None, _feed, our_output, script, answers)
        serving = asyncio.ensure_future(server.serve(Streams(reader, writer)))
        done, _ = await asyncio.wait({serving}, timeout=ANSWER_S + EXIT_S + 2)
    sent_at = await feeding
    code = serving.result()[0] if done else None
    late = code is not None and sent_at is not None and time.monotonic() - sent_at > EXIT_S
    await reading
    return answers, None if late else code


def _feed(descriptor: int, script: Sequence[Step], answers: Sequence[Mapping[str, Any]]) -> float | None:
    """Send everything, the last message, which ends the session, once every answer has come; when that was sent."""
    due = {step.msg_id for step in script if step.due}
    with contextlib.suppress(OSError), os.fdopen(descriptor, "wb") as stream:
        stream.write(b"".join(step.data for step in script[:-1]))
        stream.flush()
        deadline = time.monotonic() + ANSWER_S
        while not script[-1].ends and due - {_id_of(one) for one in answers} and time.monotonic() < deadline:
            time.sleep(0.001)
        stream.write(script[-1].data)
        stream.flush()
        return time.monotonic()
    return None  # the server had ended before


def _id_of(message: Mapping[str, Any]) -> Any:
    return None if "method" in message else message.get("id")


def _drain(descriptor: int, answers: list[Mapping[str, Any]]) -> None:
    with os.fdopen(descriptor, "rb") as stream:
        while (message := read_message(stream)) is not None:
            answers.append(message)


def _judge(
    findings: Findings,
    number: int,
    script: Sequence[Step],
    answers: Sequence[Mapping[str, Any]],
    code: int | None,
) -> int:
    """Compare a session with what was due; answers the number of requests in it."""
    findings.expect(code in (0, 1), f"session {number}: exit code {code}")
    due: dict[Any, int] = {}
    for step in script:
        if step.due:
            due[step.msg_id] = due.get(step.msg_id, 0) + 1
    had: dict[Any, int] = {}
    for answer in answers:
        if "method" not in answer and answer.get("id") in due:
            had[answer["id"]] = had.get(answer["id"], 0) + 1
        if "Traceback" in str(answer):
            findings.expect(False, f"session {number}: a trace in an answer")
    for msg_id, count in due.items():
        times = had.get(msg_id, 0)
        enough = times == count or (script[-1].ends and times < count)
        findings.expect(enough, f"session {number}: {msg_id!r} had {times} answers of {count}")
    return sum(due.values())


def run_sizes(scale: Scale) -> Outcome:  # noqa: ARG001
    """Row 11."""
    findings = Findings()
    injected = "a header of 10^12, bodies of 20 MB (a query, a document, numbers, empty objects), nesting 100,000 deep"
    wanted = "capped at 64 MB, memory +100 MiB at most, served on or ended cleanly"
    try:
        require_proc()
        with laboratory() as folder, Client() as client:
            client.start(project(folder / "ws", 4))
            client.ask("workspace/executeCommand", {"command": "codeintel.server.reindex"})
            for name, case_of in SIZES.items():
                with findings.during(name):
                    _growth(findings, client, name, case_of)
    except NotHere as error:
        return Outcome(11, "oversized messages", injected, wanted, failures=(str(error),), passed=None)
    findings.figures["cap of a message"] = f"{MAX_BODY_BYTES // 2**20} MiB"
    return findings.outcome(11, "oversized messages", injected, wanted)


def _growth(findings: Findings, client: Client, name: str, case_of: Callable[[Client], bool]) -> None:
    """By how much the server's memory grows at the peak; the last case is the one that ends it."""
    before = held_by(client.pid).memory_mib
    with Peak(client.pid, every_s=0.002) as peak:
        if case_of(client):
            client.ask("codeintel/search", {"query": "retry"})
        else:
            findings.expect(client.exit_code(EXIT_S) == 1, f"{name}: no clean end within a second")
    grown = max(0.0, peak.mib - before)
    findings.expect(grown <= MOST_GROWTH_MIB, f"{name}: memory grew by {grown:.0f} MiB")
    findings.figures[f"growth, {name}"] = f"{grown:.0f} MiB"


def _huge_header(client: Client) -> bool:
    client.write_bytes(FRAMINGS["a header of 10^12"])
    return False


def _long_query(client: Client) -> bool:
    asked = client.send("codeintel/search", {"query": "retry " * 3_500_000})
    asked.done.wait(20)
    if asked.error_code != PARAMS:
        raise Silent(f"a query of 20 MB was answered with {asked.error_code}")
    return True


def _long_document(client: Client) -> bool:
    document = {
        "uri": "file:///nowhere/long.py",
        "languageId": "python",
        "version": 1,
        "text": "x = 1\n" * 2_800_000,
    }
    client.notify("textDocument/didOpen", {"textDocument": document})
    client.notify("textDocument/didClose", {"textDocument": {"uri": document["uri"]}})
    return True


def _many_numbers(client: Client) -> bool:
    return _refused(client, b"1234567," * 2_500_000 + b"0")


def _many_objects(client: Client) -> bool:
    return _refused(client, b"{}," * 6_600_000 + b"{}")


def _refused(client: Client, values: bytes) -> bool:
    """Too much for one message: the refusal names no request, since nothing of it was read."""
    before = len(client.unasked)
    client.write_body(
        b'{"jsonrpc": "2.0", "id": 1, "method": "codeintel/search", "params": [' + values + b"]}"
    )
    until(lambda: len(client.unasked) > before, 20)
    return True


def _deep(client: Client) -> bool:
    client.write_body(b'{"jsonrpc": "2.0", "id": 1, "method": "codeintel/none", "params": ' + b"[" * 100_000)
    client.write_body(b'{"a":' * 100_000)
    return True


SIZES: Final[Mapping[str, Callable[[Client], bool]]] = {
    "query of 20 MB": _long_query,
    "document of 20 MB": _long_document,
    "20 MB of numbers": _many_numbers,
    "20 MB of empty objects": _many_objects,
    "nesting": _deep,
    "header of 10^12": _huge_header,
}
