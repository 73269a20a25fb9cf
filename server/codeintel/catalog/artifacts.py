"""Vouching for the files of engines; what is in them only the engines know."""

from __future__ import annotations

from pathlib import Path

from codeintel.catalog.durable import file_checksum
from codeintel.catalog.manifest import Artifact


def artifact_of(folder: Path, name: str) -> Artifact:
    """Vouch for a file as it is now; `name` is its path in the index folder, with '/'. Raises OSError."""
    path = folder / name
    return Artifact(name, path.stat().st_size, file_checksum(path))


def is_artifact_sound(folder: Path | None, artifact: Artifact) -> bool:
    """Whether the file is the one that the manifest vouches for; in memory there are none to doubt."""
    if folder is None:
        return True
    try:
        return artifact_of(folder, artifact.name) == artifact
    except OSError:
        return False
