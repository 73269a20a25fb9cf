"""The per-user secret that tells an index made here from one that a repository ships.

The secret is 32 random bytes in the user's state folder. Every manifest is sealed with it, and since the
manifest holds the checksum of every part, nothing in an index folder is believed that was not written here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
from functools import cache
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path

log = logging.getLogger(__name__)

_SECRET_BYTES = 32


def seal(body: bytes, secret: bytes) -> str:
    """The keyed blake2b-160 of a manifest's body."""
    return blake2b(body, key=secret, digest_size=20).hexdigest()


def is_sealed(body: bytes, secret: bytes, token: str) -> bool:
    """Whether `token` was made from `body` by the holder of `secret`."""
    return compare_digest(seal(body, secret).encode(), token.encode())


def user_secret() -> bytes:
    """This user's secret, made on first use; a passing one where there is nowhere to keep it."""
    path = _secret_path()
    if path is None:
        return _passing_secret()
    try:
        return _read(path) or _create(path)
    except OSError as error:
        log.warning(
            "cannot keep the index secret in %s (%s): indexes are rebuilt at every start", path, error
        )
        return _passing_secret()


@cache
def _passing_secret() -> bytes:
    return secrets.token_bytes(_SECRET_BYTES)


def _secret_path() -> Path | None:
    state = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    if state and Path(state).is_absolute():
        return Path(state) / "codeintel" / "index-secret"
    try:
        home = Path.home()  # also without HOME, as under cron: from the user database
    except RuntimeError:
        return None
    return home / ".local" / "state" / "codeintel" / "index-secret" if home.is_absolute() else None


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return data if len(data) == _SECRET_BYTES else None


def _create(path: Path) -> bytes:
    """Write a new secret, unless another process was quicker: then its secret is the one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = secrets.token_bytes(_SECRET_BYTES)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(descriptor, secret)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        kept = _read(path)
        if kept is None:
            temporary.replace(path)
        return kept or secret
    finally:
        temporary.unlink(missing_ok=True)
