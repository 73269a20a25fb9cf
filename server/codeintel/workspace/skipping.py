"""Which files are not worth indexing, and the sentence that says why; ignore files are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from codeintel.workspace.decoding import BYTE_ORDER_MARKS
from codeintel.workspace.ignoring import IgnoreRules

# What tools write and nobody reads: it would outweigh the sources in every statistic. The setting
# index.include overrides it. A list of our own, from the package managers' documentation; not measured.
LOCK_FILES = frozenset(
    {
        "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock",
        "Cargo.lock", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "composer.lock", "Gemfile.lock",
        "mix.lock", "go.sum", "flake.lock", "Podfile.lock", "Package.resolved", "pubspec.lock",
        "gradle.lockfile", "packages.lock.json",
    }
)  # fmt: skip
DATA_SUFFIXES = {
    ".min.js": "minified code",
    ".min.mjs": "minified code",
    ".min.css": "minified code",
    ".map": "source map",
    ".snap": "recorded test snapshot",
}

_SUFFIXES = tuple(DATA_SUFFIXES)
_SNIFFED_BYTES = 8192  # where git, too, looks for a NUL
_TEXT_MARKS = tuple(mark for mark, _ in BYTE_ORDER_MARKS)
# Long lines in a small file cost nothing: a one-line JSON or a README of one paragraph stays in. A guess.
_SMALL_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class SkipRules:
    """The limits a file must keep to be indexed; `exclude` and `include` are gitignore-style patterns.

    `exclude` wins over `include`; `include` brings back lock files, generated data and the folders that the
    walk leaves out by default, but neither large nor binary files.
    """

    max_bytes: int = 1_000_000
    max_mean_line_bytes: int = 500
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    def reason_by_stat(self, uri: str, size: int) -> str | None:
        """Why the file is skipped by its name or size (in bytes); None to read it."""
        return self._excluded(uri) or self._data_file(uri) or self._too_large(size)

    def reason_by_content(self, data: bytes) -> str | None:
        """Why the file is skipped now that its bytes are known; None to index it."""
        if not data.startswith(_TEXT_MARKS) and b"\0" in data[:_SNIFFED_BYTES]:
            return f"binary (a zero byte within the first {_SNIFFED_BYTES:,} bytes)"
        if len(data) <= _SMALL_BYTES:
            return None
        mean = len(data) // (line_breaks(data) + 1)
        if mean > self.max_mean_line_bytes:
            return f"minified or data (mean line {mean:,} bytes, limit {self.max_mean_line_bytes:,})"
        return None

    def includes(self, uri: str) -> bool:
        """Whether index.include asks for this file by name."""
        return bool(self.include) and _compiled(self.include).rule_for(uri) is not None

    def mentions_folder(self, name: str) -> bool:
        """Whether a pattern of index.include could lead into a folder of this name, left out by default."""
        return any(name in pattern.split("/") for pattern in self.include)

    def _excluded(self, uri: str) -> str | None:
        rule = _compiled(self.exclude).rule_for(uri) if self.exclude else None
        return f"matches {rule.text!r} of the setting index.exclude" if rule else None

    def _data_file(self, uri: str) -> str | None:
        name = uri.rpartition("/")[2]
        reason = "lock file written by a package manager" if name in LOCK_FILES else None
        if name.endswith(_SUFFIXES):
            reason = next(why for suffix, why in DATA_SUFFIXES.items() if name.endswith(suffix))
        return reason if reason and not self.includes(uri) else None

    def _too_large(self, size: int) -> str | None:
        if size <= self.max_bytes:
            return None
        return f"larger than {bytes_in_words(self.max_bytes)} ({bytes_in_words(size)})"


def line_breaks(data: bytes) -> int:
    r"""How often \n, \r\n or \r ends a line in single-byte text; near enough in UTF-16."""
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def bytes_in_words(size: int) -> str:
    """A size with decimal units: 999 B, 52.4 MB, 1 GB."""
    for unit, width in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= width:
            return f"{size / width:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> IgnoreRules:
    return IgnoreRules(pattern.encode("utf-8", "surrogateescape") for pattern in patterns)
