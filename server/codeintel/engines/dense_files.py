"""Dense artifacts on disk: atomic writes of FAISS files, the record beside them, and faiss.meta.json."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import faiss

from codeintel.errors import IndexCorrupt, IndexTrouble

REMEDY = "Delete it; the index is rebuilt from the chunks table."

META_VERSION = 2
"""Raised with every change of what the records hold. 1: no digest."""

TEMPORARY_PREFIX = ".new-"
"""As the store has it, which removes such files where a crash has left them."""


def write_meta(path: Path, meta: Mapping[str, Any]) -> None:
    """Replace `path` with `meta` as JSON, atomically and durably, with a digest of its own.

    The digest is why no manifest need vouch for it: the file may be of the generation before or after the manifest's,
    as a crash between the two writes leaves it, and is still told from a damaged one.
    """
    text = json.dumps({**meta, "digest": _digest(meta)}, indent=2, sort_keys=True) + "\n"
    replace_file(path, lambda temporary: _write_text(temporary, text))


def read_meta(path: Path) -> dict[str, Any] | None:
    """What `write_meta` wrote, None without a file; raises IndexCorrupt where it is not as it was written."""
    try:
        meta = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise IndexCorrupt(f"{path} is not JSON: {error}.", REMEDY) from error
    if not isinstance(meta, dict):
        raise IndexCorrupt(f"{path} is not a JSON object.", REMEDY)
    digest = meta.pop("digest", None)
    if digest != _digest(meta) and (digest is not None or meta.get("version") != 1):
        raise IndexCorrupt(f"{path} is not as it was written.", REMEDY)
    return meta


def require_same(meta: Mapping[str, Any], **expected: Any) -> None:
    """Raise IndexCorrupt, naming both values, where `meta` is of another dimension, metric or model."""
    for key, value in expected.items():
        if meta.get(key) != value:
            raise IndexCorrupt(
                f"faiss.meta.json has {key} {meta.get(key)!r}, this index has {value!r}.",
                "Delete faiss.meta.json and tune again.",
            )


def write_index(path: Path, index: Any) -> dict[str, Any]:
    """Write a FAISS index atomically; answers its `bytes`, `sha256` and `count`."""
    replace_file(path, lambda temporary: faiss.write_index(index, str(temporary)))
    return {"count": int(index.ntotal), **_stamp(path)}


def read_index(path: Path, record: Mapping[str, Any], dim: int) -> Any:
    """Read a FAISS index that is exactly what `record` (of `write_index`) says, or IndexCorrupt naming it.

    The hash is compared before FAISS sees a byte: it trusts the sizes in a file.
    """
    try:
        stamp = _stamp(path)
        if stamp != {"bytes": record.get("bytes"), "sha256": record.get("sha256")}:
            raise IndexCorrupt(f"{path} is not the file that was written.", REMEDY)
        index = faiss.read_index(str(path))
    except (OSError, RuntimeError) as error:
        raise IndexCorrupt(f"{path} cannot be read: {error}.", REMEDY) from error
    if (index.d, index.ntotal) != (dim, record.get("count")):
        raise IndexCorrupt(
            f"{path} holds {index.ntotal} vectors of {index.d} dimensions, "
            f"not {record.get('count')} of {dim}.",
            REMEDY,
        )
    return index


def _digest(meta: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(meta, sort_keys=True).encode()).hexdigest()


def _stamp(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": digest}


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside, fsync, rename over, fsync the folder: a crash leaves the old file or the new one."""
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{path.name}")
    try:
        temporary.unlink(missing_ok=True)  # a link planted under the name must not be followed
        write(temporary)
        _fsync(temporary, os.O_RDWR)
        temporary.replace(path)
        _fsync(path.parent, os.O_RDONLY)
    except (OSError, RuntimeError) as error:  # FAISS reports a full disk as RuntimeError
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        message = f"{path} could not be written: {error}."
        raise IndexTrouble(message, "Free disk space or check the folder's permissions.") from error


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
