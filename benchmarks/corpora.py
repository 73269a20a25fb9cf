"""The benchmark's repositories, queries and published figures, as they are read from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What a query should find: a file (path from the repository's top), or its lines, 1-based and inclusive."""

    path: str
    start_line: int | None = None
    end_line: int | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkQuery:
    """A query with its targets; `category` is 'semantic', 'architecture' or 'symbol'."""

    text: str
    category: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at its pinned revision; `root` is the folder that is indexed, '' for the whole tree."""

    name: str
    language: str
    github: str
    revision: str
    root: str
    queries: tuple[BenchmarkQuery, ...]

    def folder(self, corpora: Path) -> Path:
        """What is indexed, where the repositories are laid out in `corpora`."""
        return corpora / self.name / self.root

    def path_of(self, uri: str) -> str:
        """A path relative to what is indexed, from the repository's top."""
        return f"{self.root}/{uri}" if self.root else uri


@dataclass(frozen=True, slots=True)
class Peer:
    """Another tool's published NDCG@10 by repository, and the protocol under which it was taken."""

    name: str
    protocol: str
    scores: Mapping[str, float]


PEER_PROTOCOLS = {
    "semble": ("semble", "chunk"),
    "coderankembed_hybrid": ("CodeRankEmbed hybrid", "chunk"),
    "coderankembed": ("CodeRankEmbed", "chunk"),
    "colgrep_2026_04": ("ColGREP (2026-04)", "file"),
}
"""The keys of published.json: the name in tables and the protocol (its `source` says which)."""


def read_repositories(bench: Path) -> tuple[Repository, ...]:
    """Every repository of repos.json with its queries."""
    entries = json.loads((bench / "repos.json").read_text(encoding="utf-8"))
    return tuple(
        Repository(
            entry["name"],
            entry["language"],
            entry["github"],
            entry["revision"],
            entry.get("root") or "",
            _queries(bench / "annotations", entry["name"]),
        )
        for entry in entries
    )


def read_published(bench: Path) -> tuple[Peer, ...]:
    """The figures of published.json; none where the file is missing."""
    path = bench / "published.json"
    if not path.is_file():
        return ()
    repositories = json.loads(path.read_text(encoding="utf-8"))["repos"]
    return tuple(
        Peer(name, protocol, {repository: scores[key] for repository, scores in sorted(repositories.items())})
        for key, (name, protocol) in PEER_PROTOCOLS.items()
    )


def _queries(annotations: Path, name: str) -> tuple[BenchmarkQuery, ...]:
    """From NAME.jsonl, an object a line, or NAME.json, a list of them, as the benchmark's authors publish it."""
    lines = annotations / f"{name}.jsonl"
    if not lines.is_file():
        return tuple(map(_query, json.loads((annotations / f"{name}.json").read_text(encoding="utf-8"))))
    text = lines.read_text(encoding="utf-8")
    return tuple(_query(json.loads(line)) for line in text.split("\n") if line.strip())


def _query(entry: Mapping[str, Any]) -> BenchmarkQuery:
    targets = (*entry["relevant"], *entry["secondary"])
    return BenchmarkQuery(entry["query"], entry["category"], tuple(map(_target, targets)))


def _target(entry: str | Mapping[str, Any]) -> Target:
    if isinstance(entry, str):
        return Target(entry)
    return Target(entry["path"], entry["start_line"], entry["end_line"])
