from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from codeintel.catalog.lock import LOCK_NAME, WriterLock
from codeintel.errors import IndexLocked

HOLDER = """
import sys
from pathlib import Path
from codeintel.catalog.lock import WriterLock
lock = WriterLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_learns_the_pid_of_the_first(tmp_path: Path) -> None:
    with another_holder(tmp_path) as holder, pytest.raises(IndexLocked, match=f"process {holder.pid}"):
        WriterLock(tmp_path)


def test_the_lock_is_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    with another_holder(tmp_path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        WriterLock(tmp_path).release()


def test_one_process_cannot_lock_twice(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    with pytest.raises(IndexLocked, match=f"process {os.getpid()}"):
        WriterLock(tmp_path)
    lock.release()
    lock.release()
    WriterLock(tmp_path).release()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    ready, say_ready = os.pipe()
    wait, let_go = os.pipe()
    child = os.fork()
    if not child:
        os.close(let_go)
        os.write(say_ready, b"!")
        os.read(wait, 1)
        os._exit(0)
    try:
        os.read(ready, 1)
        with pytest.raises(IndexLocked):
            WriterLock(tmp_path)
        lock.abandon()  # what the death of the parent does
        WriterLock(tmp_path).release()
    finally:
        os.close(let_go)
        os.waitpid(child, 0)


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / LOCK_NAME).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        WriterLock(tmp_path)
    assert victim.read_text() == "precious"


def test_a_full_disk_keeps_nobody_from_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    lock = WriterLock(tmp_path)
    with pytest.raises(IndexLocked, match="process unknown"):
        WriterLock(tmp_path)
    lock.release()
