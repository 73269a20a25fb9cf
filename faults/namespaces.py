"""Mounts and limits that one server sees and nobody else: it is started in namespaces of its own (Linux)."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Final

from faults.outcome import NotHere

_PROBE_S: Final = 10.0


def small_disk(mount_point: Path, mebibytes: int) -> tuple[str, ...]:
    """A wrapper: an empty file system of that size lies at `mount_point`."""
    return _within('mount -t tmpfs -o "size=$1m" none "$2"', str(mebibytes), str(mount_point))


def read_only(folder: Path) -> tuple[str, ...]:
    """A wrapper: `folder` cannot be written, whoever tries."""
    return _within('mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"', str(folder))


def mounted_from(source: Path, mount_point: Path) -> tuple[str, ...]:
    """A wrapper: `mount_point` shows `source`, until `unmount`."""
    return _within('mount --bind "$1" "$2"', str(source), str(mount_point))


def few_watches(most: int) -> tuple[str, ...]:
    """A wrapper: at most so many folders can be watched."""
    return _within('echo "$1" > /proc/sys/user/max_inotify_watches', str(most))


def as_seen_by(pid: int, path: Path) -> Path:
    """A path of the process's own mounts, as it is reached from here."""
    return Path(f"/proc/{pid}/root{path}")


def unmount(pid: int, mount_point: Path) -> None:
    """Take a mount away from a process that has files of it open, as pulling a drive does."""
    command = ["nsenter", "--target", str(pid), "--user", "--mount", "umount", "--lazy", str(mount_point)]
    subprocess.run(command, check=True, capture_output=True, timeout=_PROBE_S)


@functools.cache
def require_namespaces() -> None:
    """Raise NotHere where no process may have mounts of its own."""
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        raise NotHere("needs the programs unshare and nsenter")
    command = [*_within("mount -t tmpfs -o size=1m none /mnt"), "true"]
    probe = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PROBE_S)
    if probe.returncode:
        why = probe.stderr.strip().splitlines()[-1:] or ["refused"]
        raise NotHere(f"this system allows no mounts of one's own ({why[0]})")


def _within(script: str, *arguments: str) -> tuple[str, ...]:
    """The script runs in new user and mount namespaces, then the command in its place."""
    command = f'{script} && shift {len(arguments)} && exec "$@"'
    return ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command, "sh", *arguments)
