"""The repositories that training pairs come from: pinned, permissively licensed, none of the benchmark's.

    python -m training.sources --mirrors DIR --excluded FILE   # writes sources.toml from what DIR holds

A mirror is a git directory in DIR/OWNER+NAME; files are read from the object store, nothing is checked out.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codeintel.analysis.languages import language_of

SOURCES = Path(__file__).with_name("sources.toml")
# The benchmark's languages as codeintel names them; a `.tsx` file counts as TypeScript.
LANGUAGES = (
    "python javascript typescript go java php ruby rust c cpp csharp kotlin scala swift elixir haskell lua bash zig"
).split()
# Source code above this is generated or data; the product's own limit for a file is 1 MB.
MAX_FILE_BYTES = 300_000
# A partial mirror must not fetch what it lacks.
_GIT = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_NOSYSTEM": "1"}

# What tells each accepted licence apart in its own text: lower-cased, anything but letters and digits as one space.
LICENCES = {
    "Apache-2.0": "apache license version 2 0",
    "MIT": "permission is hereby granted free of charge to any person obtaining a copy",
    "BSD-3-Clause": "redistribution and use in source and binary forms .*(neither the name|nor the names of)",
    "BSD-2-Clause": "redistribution and use in source and binary forms with or without modification are permitted",
    "ISC": "permission to use copy modify and( or)? distribute this software for any purpose",
    "Zlib": "this software is provided as is without any express or implied warranty",
    "Unlicense": "this is free and unencumbered software released into the public domain",
}
# Texts that speak of a licence that restricts what is derived; a file with one of them is not accepted.
_RESTRICTING = re.compile(
    "gnu (lesser |affero )?general public|mozilla public licen|business source|server side public|elastic licen"
    "|eclipse public|commons clause"
)
_LICENCE_FILE = re.compile(r"(mit-)?(licen[cs]e|copying|unlicense)(?![a-z])[\w.-]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """One repository at one commit; `language` is what most of its source is written in."""

    github: str
    commit: str
    licence: str
    language: str

    @property
    def folder(self) -> str:
        """The mirror's folder below that of all mirrors."""
        return self.github.replace("/", "+")


@dataclass(frozen=True, slots=True)
class SourceText:
    """A source file's path in its repository, and its text."""

    path: str
    text: str


class Mirror:
    """A bare git directory, read at one commit."""

    def __init__(self, folder: Path, commit: str = "HEAD") -> None:
        self._git_folder = _git_folder(folder)
        self.commit = self._output("rev-parse", f"{commit}^{{commit}}").decode().strip()

    def blobs(self) -> Iterator[tuple[str, str, int]]:
        """Path, object name and size of every regular file, in the tree's order."""
        for line in self._output("ls-tree", "-r", "-l", "-z", "--full-tree", self.commit).split(b"\0"):
            described, _, path = line.partition(b"\t")
            fields = described.split()
            if len(fields) == 4 and fields[0].startswith(b"100") and fields[3].isdigit():
                yield path.decode("utf-8", "replace"), fields[2].decode(), int(fields[3])

    def texts(self, paths: Sequence[tuple[str, str]]) -> Iterator[SourceText]:
        """The texts of (path, object name); what the mirror lacks or is not UTF-8 is left out."""
        names = "".join(f"{name}\n" for _, name in paths).encode()
        found = self._output("cat-file", "--batch", given=names)
        start = 0
        for path, _ in paths:
            end = found.index(b"\n", start)
            header = found[start:end].split()
            if header[-1] == b"missing":
                start = end + 1
                continue
            size = int(header[2])
            data = found[end + 1 : end + 1 + size]
            start = end + size + 2
            try:
                yield SourceText(path, data.decode("utf-8"))
            except UnicodeDecodeError:
                continue

    def licence(self) -> str | None:
        """The first accepted licence among the files at the top that are named after one; None for any other."""
        files = [(path, name) for path, name, _ in self.blobs() if _LICENCE_FILE.fullmatch(path)]
        return next(filter(None, (licence_of(one.text) for one in self.texts(files))), None)

    def _output(self, *arguments: str, given: bytes | None = None) -> bytes:
        command = ["git", f"--git-dir={self._git_folder}", *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True, env=_GIT).stdout


def licence_of(text: str) -> str | None:
    """The SPDX name of the accepted licence that `text` is; None where it is another or restricts."""
    plain = " ".join(re.findall("[a-z0-9]+", text.lower()))
    if _RESTRICTING.search(plain):
        return None
    return next((name for name, mark in LICENCES.items() if re.search(mark, plain)), None)


def source_language(path: str) -> str | None:
    """The benchmark language of a source file by its name; None for any other file."""
    name = language_of(path).name
    name = {"tsx": "typescript"}.get(name, name)
    return name if name in LANGUAGES else None


def read_excluded(path: Path) -> frozenset[str]:
    """The lower-cased owner/name lines of a list; `#` begins a comment."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line.lower() for line in lines if line and not line.startswith("#"))


def check_excluded(sources: Sequence[Source], excluded: frozenset[str]) -> None:
    """Raise ValueError for a source that is listed, or whose name alone is that of a listed one (a fork, a mirror)."""
    names = {entry.rpartition("/")[2] for entry in excluded}
    for source in sources:
        github = source.github.lower()
        if github in excluded or github.rpartition("/")[2] in names:
            raise ValueError(f"{source.github} is, or is named like, a repository that the benchmark uses")


def read_sources(path: Path = SOURCES) -> tuple[Source, ...]:
    """The pinned list."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
    return tuple(Source(**entry) for entry in entries)


def write_sources(sources: Sequence[Source], path: Path = SOURCES) -> None:
    """Write the list, one repository a line, by language and name."""
    ordered = sorted(sources, key=lambda one: (LANGUAGES.index(one.language), one.github.lower()))
    lines = [
        f'  {{ github = "{one.github}", commit = "{one.commit}", licence = "{one.licence}", '
        f'language = "{one.language}" }},'
        for one in ordered
    ]
    head = (
        "# Where training pairs come from; made by training/sources.py, which checks licence and exclusion.\n"
    )
    path.write_text(head + "source = [\n" + "\n".join(lines) + "\n]\n", encoding="utf-8")


def pinned(folder: Path, excluded: frozenset[str]) -> Source | str:
    """The source that a mirror's folder holds, or why it is not one."""
    github = folder.name.replace("+", "/", 1)
    try:
        check_excluded([Source(github, "", "", "")], excluded)
        mirror = Mirror(folder)
    except (ValueError, subprocess.CalledProcessError, FileNotFoundError) as error:
        return str(error)
    licence = mirror.licence()
    if licence is None:
        return f"{github} has no licence file of an accepted licence"
    sizes: Counter[str] = Counter()
    for path, _, size in mirror.blobs():
        if size <= MAX_FILE_BYTES and (language := source_language(path)) is not None:
            sizes[language] += size
    if not sizes:
        return f"{github} has no source in the benchmark's languages"
    return Source(github, mirror.commit, licence, sizes.most_common(1)[0][0])


def _git_folder(folder: Path) -> Path:
    """The git directory in a mirror's folder, at most two levels down."""
    candidates = (folder, *(folder / name for name in ("repo", ".git", "repo/.git")))
    found = next((one for one in candidates if (one / "HEAD").is_file()), None)
    if found is None:
        raise FileNotFoundError(f"{folder} holds no git directory")
    return found


def main() -> None:
    """Pin what the mirrors hold and print what was left out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mirrors", type=Path, required=True, metavar="DIR")
    parser.add_argument("--excluded", type=Path, required=True, metavar="FILE", help="owner/name a line")
    parser.add_argument("--out", type=Path, default=SOURCES, metavar="FILE")
    options = parser.parse_args()
    excluded = read_excluded(options.excluded)
    found = [pinned(folder, excluded) for folder in sorted(options.mirrors.iterdir()) if "+" in folder.name]
    write_sources([one for one in found if isinstance(one, Source)], options.out)
    print("\n".join(one for one in found if isinstance(one, str)))  # noqa: T201


if __name__ == "__main__":
    main()
