"""Stops a process at each of its file operations, by seccomp's user notification, and lets a strike decide on each.

So that a fault reaches every library alike, in Python, Rust and C++: the kernel holds the thread until the
operation is allowed, delayed, or refused with an errno. Linux 5.5 and later; no privilege is needed.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import heapq
import os
import platform
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from faults.outcome import NotHere

WRITING: Final = frozenset(
    {
        "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "rename", "renameat", "renameat2",
        "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "ftruncate", "truncate", "open", "openat", "link",
        "linkat", "utimensat", "fallocate", "copy_file_range", "sendfile",
    }
)  # fmt: skip
"""Operations that change a folder. Opening counts where it may create or truncate."""

READING: Final = frozenset(
    {
        "read", "pread64", "readv", "preadv", "newfstatat", "statx", "stat", "lstat", "fstat", "getdents64",
        "readlink", "readlinkat",
    }
)  # fmt: skip

_NUMBERS: Final[Mapping[str, Mapping[str, int]]] = {
    "x86_64": {
        "read": 0, "write": 1, "open": 2, "stat": 4, "fstat": 5, "lstat": 6, "pread64": 17, "pwrite64": 18,
        "readv": 19, "writev": 20, "sendfile": 40, "fsync": 74, "fdatasync": 75, "truncate": 76, "ftruncate": 77,
        "rename": 82, "mkdir": 83, "rmdir": 84, "link": 86, "unlink": 87, "readlink": 89, "getdents64": 217,
        "openat": 257, "mkdirat": 258, "newfstatat": 262, "unlinkat": 263, "renameat": 264, "linkat": 265,
        "readlinkat": 267, "utimensat": 280, "fallocate": 285, "preadv": 295, "pwritev": 296, "renameat2": 316,
        "copy_file_range": 326, "statx": 332,
    },
    "aarch64": {
        "mkdirat": 34, "unlinkat": 35, "linkat": 37, "renameat": 38, "truncate": 45, "ftruncate": 46,
        "fallocate": 47, "openat": 56, "getdents64": 61, "read": 63, "write": 64, "readv": 65, "writev": 66,
        "pread64": 67, "pwrite64": 68, "preadv": 69, "pwritev": 70, "sendfile": 71, "readlinkat": 78,
        "newfstatat": 79, "fstat": 80, "fsync": 82, "fdatasync": 83, "utimensat": 88, "renameat2": 276,
        "copy_file_range": 285, "statx": 291,
    },
}  # fmt: skip
"""System call numbers, from the kernel's tables of each architecture (asm/unistd.h)."""

_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}

_BY_DESCRIPTOR: Final = frozenset(
    {
        "write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate", "read", "pread64",
        "readv", "preadv", "fstat", "getdents64",
    }
)  # fmt: skip
_OPENING: Final = {"open": 1, "openat": 2}
"""Which argument of an opening call has its flags."""

_PR_SET_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_ALLOW, _USER_NOTIF = 0x7FFF0000, 0x7FC00000
_CONTINUE: Final = 1
_NOTIFICATION: Final = struct.Struct("=QIIiIQ6Q")  # id pid flags; nr arch instruction_pointer args
_ANSWER: Final = struct.Struct("=QqiI")
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_AT_FDCWD: Final = -100
_POLL_MS: Final = 100


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation about to be done: `path` is what it concerns, `target` where it leads (a rename, a link).

    `pid` is the thread's; a process's first thread has the process's own.
    """

    name: str
    path: Path
    target: Path | None
    pid: int
    arguments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an operation: done after `delay_s`, or refused with `code`."""

    code: int = 0
    delay_s: float = 0.0


GO_ON: Final = Verdict()

Strike = Callable[[Operation], Verdict]


class Trap:
    """Judges the operations of one process, and of those it starts, that concern a path below `folders`.

    `wrapper` goes before the command to start, `descriptors` have to be left open for it, and `catch` takes
    charge once it has started. `strike` may be exchanged at any time; it runs in the trap's own thread, while
    the operation waits.
    """

    def __init__(self, folders: Sequence[Path], strike: Strike, operations: frozenset[str] = WRITING) -> None:
        require_trap()
        self.strike = strike
        self.seen = 0
        self._folders = tuple(f"{folder}/" for folder in folders)
        self._roots = {str(folder) for folder in folders}
        self._names = {number: name for name, number in _numbers().items() if name in operations}
        self._ours, self._theirs = socket.socketpair()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        numbers = ",".join(str(number) for number in sorted(self._names))
        self.wrapper = (sys.executable, str(Path(__file__).resolve()), str(self._theirs.fileno()), numbers)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What the child must inherit."""
        return (self._theirs.fileno(),)

    def catch(self) -> Self:
        """Take the listener over from the process that was started with `wrapper`."""
        self._theirs.close()
        self._ours.settimeout(20)
        received = array.array("i", [-1])
        _, ancillary, _, _ = self._ours.recvmsg(1, socket.CMSG_SPACE(received.itemsize))
        if not ancillary:
            raise NotHere("the process could not be trapped")
        received.frombytes(ancillary[0][2][: received.itemsize])
        listener = received[1]
        self._thread = threading.Thread(target=self._watch, args=(listener,), name="faults-trap", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Let go; operations that wait fail with ENOSYS, so the process should have ended before."""
        self._closing.set()
        if self._thread:
            self._thread.join()
        self._ours.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _watch(self, listener: int) -> None:
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        delayed: list[tuple[float, int, int]] = []
        try:
            while not self._closing.is_set():
                wait_ms = _POLL_MS if not delayed else (delayed[0][0] - time.monotonic()) * 1_000
                events = poll.poll(min(_POLL_MS, max(0.0, wait_ms)))
                while delayed and delayed[0][0] <= time.monotonic():
                    _, notification, code = heapq.heappop(delayed)
                    _answer(listener, notification, code)
                if any(event & (select.POLLHUP | select.POLLERR) for _, event in events):
                    return
                if events:
                    self._take(listener, delayed)
        finally:
            for _, notification, code in delayed:
                _answer(listener, notification, code)
            os.close(listener)

    def _take(self, listener: int, delayed: list[tuple[float, int, int]]) -> None:
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, buffer)
        except OSError:  # the thread was killed before it was looked at
            return
        notification, pid, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
        operation = self._operation(pid, self._names.get(number, ""), arguments)
        verdict = GO_ON
        if operation is not None:
            self.seen += 1
            verdict = self.strike(operation)
        if verdict.delay_s:
            heapq.heappush(delayed, (time.monotonic() + verdict.delay_s, notification, verdict.code))
        else:
            _answer(listener, notification, verdict.code)

    def _operation(self, pid: int, name: str, arguments: Sequence[int]) -> Operation | None:
        """The operation where it concerns the folders."""
        try:
            paths = [Path(path) for path in _paths(pid, name, arguments)]
        except (OSError, ValueError):
            return None
        concerned = [path for path in paths if self._concerns(str(path))]
        if not concerned:
            return None
        return Operation(name, paths[0], paths[1] if len(paths) > 1 else None, pid, tuple(arguments))

    def _concerns(self, path: str) -> bool:
        return path in self._roots or path.startswith(self._folders)


def require_trap() -> None:
    """Raise NotHere where the system has no such notifications."""
    if sys.platform != "linux" or platform.machine() not in _NUMBERS:
        raise NotHere("file operations can be stopped on Linux only (x86_64, aarch64)")
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    if not actions.is_file() or "user_notif" not in actions.read_text(encoding="ascii").split():
        raise NotHere("this kernel has no seccomp user notification")


def _numbers() -> Mapping[str, int]:
    return _NUMBERS[platform.machine()]


def _paths(pid: int, name: str, arguments: Sequence[int]) -> list[str]:
    """The paths that a call concerns. Raises OSError where the process has gone."""
    if name in _BY_DESCRIPTOR:
        return [_of_descriptor(pid, arguments[0])]
    match name:
        case "copy_file_range":
            return [_of_descriptor(pid, arguments[2])]
        case "sendfile":
            return [_of_descriptor(pid, arguments[0])]
        case "rename" | "link":
            return [_below(pid, _AT_FDCWD, arguments[0]), _below(pid, _AT_FDCWD, arguments[1])]
        case "renameat" | "renameat2" | "linkat":
            return [_below(pid, arguments[0], arguments[1]), _below(pid, arguments[2], arguments[3])]
        case "open" | "stat" | "lstat" | "readlink" | "unlink" | "rmdir" | "mkdir" | "truncate":
            return [_below(pid, _AT_FDCWD, arguments[0])]
        case _:
            return [_below(pid, arguments[0], arguments[1])]


def _of_descriptor(pid: int, descriptor: int) -> str:
    return str(Path(f"/proc/{pid}/fd/{descriptor & 0xFFFFFFFF}").readlink()).removesuffix(" (deleted)")


def _below(pid: int, descriptor: int, address: int) -> str:
    """A path argument, absolute."""
    if not address:
        return _of_descriptor(pid, descriptor)
    path = _text_at(pid, address)
    if path.startswith("/"):
        return os.path.normpath(path)
    signed = ctypes.c_int32(descriptor & 0xFFFFFFFF).value
    base = str(Path(f"/proc/{pid}/cwd").readlink()) if signed == _AT_FDCWD else _of_descriptor(pid, signed)
    return os.path.normpath(f"{base}/{path}")


def _text_at(pid: int, address: int) -> str:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123
        memory.seek(address)
        data = b""
        while b"\0" not in data and len(data) < 4096:
            # never across the end of a page in one read: the next one may not be there
            more = memory.read(4096 - (address + len(data)) % 4096)
            if not more:
                break
            data += more
    return os.fsdecode(data.partition(b"\0")[0])


def _answer(listener: int, notification: int, code: int) -> None:
    flags = 0 if code else _CONTINUE
    with contextlib.suppress(OSError):  # the thread was killed meanwhile
        fcntl.ioctl(listener, _SEND, _ANSWER.pack(notification, 0, -code, flags))


def _filter(numbers: Sequence[int]) -> bytes:
    """A BPF program: notify of these calls, of an opening one only where it may write; allow everything else."""
    machine = platform.machine()
    opening = {_numbers()[name]: argument for name, argument in _OPENING.items() if name in _numbers()}
    code = [_load(4), _jump_if_equal(_AUDIT_ARCH[machine], 1, 0), _return(_ALLOW), _load(0)]
    for number in numbers:
        if number in opening:
            flags = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
            where = 16 + 8 * opening[number]
            code += [
                _jump_if_equal(number, 0, 4),
                _load(where),
                _jump_if_set(flags, 0, 1),
                _return(_USER_NOTIF),
                _return(_ALLOW),
            ]
        else:
            code += [_jump_if_equal(number, 0, 1), _return(_USER_NOTIF)]
    return b"".join([*code, _return(_ALLOW)])


def _load(offset: int) -> bytes:
    return struct.pack("=HBBI", 0x20, 0, 0, offset)


def _jump_if_equal(value: int, then: int, otherwise: int) -> bytes:
    return struct.pack("=HBBI", 0x15, then, otherwise, value)


def _jump_if_set(bits: int, then: int, otherwise: int) -> bytes:
    return struct.pack("=HBBI", 0x45, then, otherwise, bits)


def _return(action: int) -> bytes:
    return struct.pack("=HBBI", 0x06, 0, 0, action)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _enter(descriptor: int, numbers: Sequence[int], command: Sequence[str]) -> None:
    """In the child: trap this process, hand the listener over, and become the command."""
    code = _filter(numbers)
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call = _SECCOMP[platform.machine()]
    listener = libc.syscall(call, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(program))
    with socket.socket(fileno=descriptor) as channel:
        if listener < 0:
            channel.sendmsg([b"-"])
            raise OSError(ctypes.get_errno(), errno.errorcode.get(ctypes.get_errno(), ""))
        rights = array.array("i", [listener])
        channel.sendmsg([b"+"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    os.close(listener)
    os.execvp(command[0], list(command))


if __name__ == "__main__":
    _enter(int(sys.argv[1]), [int(number) for number in sys.argv[2].split(",")], sys.argv[3:])
