"""The files of one model folder: presence, identity and checksums; encoder and static read their contents."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from codeintel.errors import ModelError
from codeintel.models.passage import PASSAGE_FORM

CHECKSUMS = "checksums.json"
_COPY_AGAIN = "Copy the folder again, or leave the model setting empty to use the embedded model."


@dataclass(frozen=True)
class ModelFiles:
    """The three files that make a model; they exist, their contents are not yet checked."""

    weights: Path
    tokenizer: Path
    config: Path

    @property
    def folder(self) -> Path:
        """The folder that holds the three files."""
        return self.config.parent

    @cached_property
    def settings(self) -> dict[str, Any]:
        """config.json. Raises ModelError where it is not a JSON object."""
        return read_object(self.config)

    @property
    def name(self) -> str:
        """What the model calls itself, else its folder's name."""
        return str(self.settings.get("name") or self.folder.name)

    @cached_property
    def model_id(self) -> str:
        """'name@<12 hex>' over weights, tokenizer, config and the passage form: about 50 ms for 23 MB, once.

        It is taken from the bytes rather than from checksums.json, so that a damaged file cannot pass for the
        model. Raises ModelError where checksums.json lists other bytes.
        """
        recorded = _recorded_checksums(self.folder)
        digest = hashlib.sha256(f"passage form {PASSAGE_FORM}".encode())
        for path in (self.weights, self.tokenizer, self.config):
            if path.name in recorded:
                check_file(path, recorded[path.name])
            digest.update(_sha256(path).digest())
        return f"{self.name}@{digest.hexdigest()[:12]}"

    def integer(self, *keys: str, default: int | None = None) -> int:
        """The first of `keys` that config.json has. Raises ModelError unless it is a positive integer."""
        value = next((self.settings[key] for key in keys if key in self.settings), default)
        if not isinstance(value, int) or value < 1:
            raise ModelError(
                f"{self.config} has no usable {keys[0]!r}: {value!r}.",
                f"It must be a positive integer (also read: {', '.join(keys[1:]) or 'nothing else'}).",
            )
        return value

    def open_tokenizer(self) -> Tokenizer:
        """The tokenizer without padding or truncation. Raises ModelError where it cannot be read."""
        try:
            tokenizer = Tokenizer.from_file(str(self.tokenizer))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError(f"{self.tokenizer} is not a tokenizer: {error}.", _COPY_AGAIN) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def find_files(folder: Path, weight_names: tuple[str, ...]) -> ModelFiles:
    """The files of the model in `folder`, whose weights have the first of `weight_names` that exists.

    Raises ModelError where the folder or a file is missing.
    """
    if not folder.is_dir():
        raise ModelError(
            f"The model folder {folder} does not exist.", "Give a folder, or leave the setting empty."
        )
    weights = next((folder / name for name in weight_names if (folder / name).is_file()), None)
    if weights is None:
        raise ModelError(f"The model folder {folder} has no {' or '.join(weight_names)}.", _COPY_AGAIN)
    files = ModelFiles(weights, folder / "tokenizer.json", folder / "config.json")
    for path in (files.tokenizer, files.config):
        if not path.is_file():
            raise ModelError(f"The model folder {folder} has no {path.name}.", _COPY_AGAIN)
    return files


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in `path`. Raises ModelError where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read as JSON: {error}.", _COPY_AGAIN) from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} does not hold a JSON object.", _COPY_AGAIN)
    return content


def check_file(path: Path, recorded: dict[str, Any]) -> None:
    """Raise ModelError unless `path` has the recorded length and sha256."""
    if not path.is_file():
        raise ModelError(f"The model file {path} is missing.", _COPY_AGAIN)
    size = path.stat().st_size
    if size != recorded["bytes"]:
        raise ModelError(f"{path} has {size:,} bytes instead of {recorded['bytes']:,}.", _COPY_AGAIN)
    if _sha256(path).hexdigest() != recorded["sha256"]:
        raise ModelError(f"{path} does not have the sha256 that {CHECKSUMS} records.", _COPY_AGAIN)


def _recorded_checksums(folder: Path) -> dict[str, dict[str, Any]]:
    """What a checksums.json in the folder or above it records for the folder's files, by file name."""
    own, above = folder / CHECKSUMS, folder.parent / CHECKSUMS
    if own.is_file():
        return read_object(own)
    if not above.is_file():
        return {}
    prefix = f"{folder.name}/"
    return {
        key.removeprefix(prefix): value for key, value in read_object(above).items() if key.startswith(prefix)
    }


def _sha256(path: Path) -> hashlib._Hash:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256")
