"""The committed files of a lexical folder: their hashes, and the check that none has changed or rotted."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path

from codeintel.engines.lexical_faults import REBUILD
from codeintel.errors import IndexCorrupt

FileStamp = tuple[int, str]
"""Size in bytes and sha256 in hex, as the manifest records every file."""

META = "meta.json"

# tantivy ends a segment file with a JSON footer (a CRC-32 of what precedes it), its length and a magic
# number, both little-endian uint32. On opening it verifies only the magic: flipped bits are served silently.
FOOTER_TAIL_BYTES = 8

FOOTER_MAGIC = (1337).to_bytes(4, "little")

# The parts of a segment; `.pos` alone may be missing unnoticed until the first query.
SEGMENT_SUFFIXES = frozenset({".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term"})

# Another process may commit while we look; three commits within one look would be one every 10 ms.
ATTEMPTS = 3


class CommittedFiles:
    """Hashes of one folder's committed files; a segment file never changes, so each is read once."""

    def __init__(self, folder: Path, known: Mapping[str, FileStamp] | None = None) -> None:
        self._folder = folder
        self._known = dict(known or {})  # those that `verify` has just read

    def stamps(self) -> dict[str, FileStamp]:
        """Name to size and sha256 of every file of the last commit; 1 ms a megabyte for new ones, else 0.1 ms."""
        names = _committed_names(self._folder)
        stamps = {name: self._known.get(name) or _stamp(self._folder / name) for name in names}
        self._known = dict(stamps)
        if names:
            stamps[META] = _stamp(self._folder / META)
        return stamps


def verify(folder: Path, recorded: Mapping[str, FileStamp]) -> dict[str, FileStamp]:
    """Raise IndexCorrupt unless every committed file is what was written; answers with the stamps it compared.

    What is committed is what meta.json names. A file in `recorded` must have that hash; one that is not (a commit
    came after the record, then a crash) must match its own CRC. What such a commit merged away is recorded and
    gone: no damage. meta.json itself must be there if anything was recorded. It has no CRC: it may differ from
    its record only with the set of files.
    """
    attempt = 0
    while True:
        attempt += 1
        before = _content(folder / META)
        try:
            return _verify(folder, recorded)
        except (IndexCorrupt, FileNotFoundError) as error:
            if attempt == ATTEMPTS or _content(folder / META) == before:
                raise IndexCorrupt(f"{folder} is damaged: {error}", REBUILD) from error


def _verify(folder: Path, recorded: Mapping[str, FileStamp]) -> dict[str, FileStamp]:
    if recorded and not (folder / META).exists():
        raise IndexCorrupt(f"{folder / META} is missing.")
    names = _committed_names(folder)
    for name in names:
        path = folder / name
        intact = _stamp(path) == recorded[name] if name in recorded else _crc_matches(path)
        if not intact:
            raise IndexCorrupt(f"{path} does not have the content that was written.")
    same_files = names == set(recorded) - {META}
    if same_files and META in recorded and _stamp(folder / META) != recorded[META]:
        raise IndexCorrupt(f"{folder / META} does not have the content that was written.")
    return {name: recorded[name] for name in names if name in recorded}


def remove_leftovers(folder: Path) -> None:
    """Remove files that no commit names, as a crash within one leaves them; the caller is to be the only writer.

    tantivy does not remove what it has not noted itself, and fails when it comes to make a file of the same name.
    """
    kept = _committed_names(folder) | {META}
    for path in folder.iterdir():
        if path.name not in kept and not path.name.startswith("."):  # its notes and locks
            with contextlib.suppress(OSError):
                path.unlink()


def _committed_names(folder: Path) -> set[str]:
    """What meta.json names: files of live segments, and of their deletions only the current one."""
    if not (folder / META).exists():
        return set()
    prefixes, names = _segments(folder)
    names |= {prefix + suffix for prefix in prefixes for suffix in SEGMENT_SUFFIXES}
    missing = sorted(name for name in names if not (folder / name).exists())
    if missing:
        raise IndexCorrupt(f"{folder / missing[0]} is missing.")
    return names


def _segments(folder: Path) -> tuple[set[str], set[str]]:
    try:
        segments = json.loads((folder / META).read_bytes())["segments"]
        prefixes = {segment["segment_id"].replace("-", "") for segment in segments}
        deletions = {
            f"{segment['segment_id'].replace('-', '')}.{segment['deletes']['opstamp']}.del"
            for segment in segments
            if segment["deletes"]
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexCorrupt(f"{folder / META} cannot be read: {error}.") from error
    return prefixes, deletions


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _stamp(path: Path) -> FileStamp:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def _crc_matches(path: Path) -> bool:
    data = path.read_bytes()
    footer_bytes = int.from_bytes(data[-8:-4], "little")
    end = len(data) - FOOTER_TAIL_BYTES - footer_bytes
    if end < 0 or data[-4:] != FOOTER_MAGIC:
        return False
    try:
        footer = json.loads(data[end : len(data) - FOOTER_TAIL_BYTES])
    except ValueError:
        return False
    return isinstance(footer, dict) and footer.get("crc") == zlib.crc32(data[:end])
