"""`indexctl index`: what it says it did, what it refuses, and what an interrupt leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from cli.project import ENVIRONMENT, FILES, INDEXCTL, Program


def test_the_summary_says_what_was_done(indexctl: Program, project: Path) -> None:
    (project / "blob.bin").write_bytes(b"\0" * 64)
    (project / "huge.sql").write_text("SELECT 1;\n" * 200_000)
    run = indexctl("index", project)
    assert run.code == 0
    summary = dict(line.split(maxsplit=1) for line in run.out.splitlines() if not line.startswith(" "))
    assert summary["files"].endswith(" changed)")
    assert "larger than 1 MB" in run.out
    assert "(2.0 MB)" not in run.out, "a figure that differs by file is no common reason"
    assert summary["chunks"].endswith(" encoded)")
    assert not any(line != line.rstrip() for line in run.out.splitlines())


@pytest.mark.usefixtures("indexed_copy")
def test_a_second_run_finds_nothing_to_do(indexctl: Program) -> None:
    again = json.loads(indexctl("index", "--format", "json").out)
    assert (again["changed"], again["encoded"], again["tier"]) == (0, 0, "meaning")


def test_a_file_whose_size_and_time_were_put_back_is_read_again(
    indexctl: Program, indexed_copy: Path
) -> None:
    path = indexed_copy / "app/colour.py"
    before = path.stat()
    path.write_text(FILES["app/colour.py"].replace("Colour", "QUAGGA"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert json.loads(indexctl("index", "--format", "jsonl").out)["changed"] == 1
    assert indexctl("search", "QUAGGA", "-n", "1").out.startswith("  1 app/colour.py:1")


def test_force_reads_everything_and_finds_it_unchanged(indexctl: Program, indexed_copy: Path) -> None:
    with patch("codeintel.indexing.root_index.RootIndex._note", autospec=True, return_value=False) as note:
        run = indexctl("index", "--force", "--format", "jsonl")
    assert json.loads(run.out)["changed"] == 0
    read = {call.args[1].file.uri for call in note.call_args_list}
    assert "app/colour.py" in read
    assert (indexed_copy / "app/colour.py").exists()


def test_only_the_named_file_is_read_again(indexctl: Program, indexed_copy: Path) -> None:
    for name in ("app/colour.py", "app/retry.py"):
        with (indexed_copy / name).open("a") as file:
            file.write("\nQUAGGA = 1\n")
    assert json.loads(indexctl("index", "app/colour.py", "--format", "json").out)["changed"] == 1
    hits = json.loads(indexctl("search", "QUAGGA", "--format", "json").out)["hits"]
    assert hits[0]["path"] == "app/colour.py"
    assert indexctl("search", '"QUAGGA"', "path:app/retry.py").code == 1


def test_the_text_tier_alone_encodes_nothing(indexctl: Program, project: Path) -> None:
    report = json.loads(indexctl("index", project, "--tier", "text", "--format", "json").out)
    assert (report["tier"], report["encoded"]) == ("text", 0)
    assert "meaning 0%" in indexctl("search", "retry", "-w", project).out


def test_a_removed_file_is_counted_and_gone(indexctl: Program, indexed_copy: Path) -> None:
    (indexed_copy / "app/colour.py").unlink()
    assert "1 removed" in indexctl("index").out
    assert indexctl("search", "path:app/colour.py").code == 1


def test_an_index_that_cannot_be_kept_exits_with_3(indexctl: Program, project: Path) -> None:
    (project / ".codeintel").symlink_to(project.parent)
    run = indexctl("index", project, "--tier", "text")
    assert run.code == 3
    assert "cannot be written" in run.err
    assert "kept in memory" in run.err
    assert f"files      {len(FILES)}" in run.out


def test_an_empty_folder_is_no_mistake(indexctl: Program, tmp_path: Path) -> None:
    run = indexctl("index", tmp_path)
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("files      0 ")


@pytest.mark.usefixtures("indexed_copy")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere"], "There is no file or folder nowhere."),
        (["app", "app/retry.py"], "PATH names a folder and there are files as well."),
        (["app", "-w", "."], "PATH names a folder and there are --workspace as well."),
        (["-w", "app/retry.py"], "is a file, not a folder"),
        (["/etc/hostname"], "lies outside the workspace"),
        (["--tier", "deep"], "'deep' is not one of"),
    ],
)
def test_a_mistake_exits_with_2(indexctl: Program, arguments: list[str], complaint: str) -> None:
    run = indexctl("index", *arguments)
    assert (run.code, run.out) == (2, "")
    assert complaint in run.err


def test_a_folder_that_another_process_writes_exits_with_3(indexctl: Program, indexed_copy: Path) -> None:
    script = "import sys, time; from pathlib import Path; from codeintel.catalog.lock import WriterLock\n"
    script += "lock = WriterLock(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", script, str(indexed_copy / ".codeintel")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"locked\n"
            run = indexctl("index")
            assert run.code == 3
            assert str(holder.pid) in run.err
            assert indexctl("search", "retry").code == 0
        finally:
            holder.kill()


def test_an_interrupt_keeps_what_is_finished_and_exits_with_130(tmp_path: Path) -> None:
    body = "".join(f"    total = total * {n} + len('{n} of many steps')\n" for n in range(12))
    for number in range(400):
        code = "".join(f"def step_{number}_{part}(total):\n{body}    return total\n\n\n" for part in range(6))
        (tmp_path / f"module_{number}.py").write_text(code)
    # A session of its own: the signal reaches the workers too, as Ctrl-C in a terminal does.
    process = subprocess.Popen(
        [*INDEXCTL, "index", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env=ENVIRONMENT,
    )  # fmt: skip
    while process.poll() is None and not any(tmp_path.glob(".codeintel/lexical/*.store")):
        time.sleep(0.02)  # until the first files are searchable
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130, err
    assert out == ""
    kept = re.match(r"Stopped\. What is finished is kept: ([\d,]+) files, [\d,]+ chunks", err)
    assert kept is not None, err
    assert int(kept[1].replace(",", "")) > 0
    assert "Traceback" not in err
    resumed = subprocess.run(
        [*INDEXCTL, "index", str(tmp_path), "--tier", "text", "--format", "json"],
        capture_output=True, text=True, check=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert json.loads(resumed.stdout)["files"] == 400
