"""The manifest: which parts make up a generation, which documents changed since, and the seal.

Which rows are current follows from two numbers. A part carries the generation that wrote it; `changed`
says for a document the last generation that changed it. A row counts if no later generation than its
part's changed its document. So a save lists its documents once, for every table of a group, and leaves
older parts as they are. Each group of tables has a history of its own: a document's structure follows its
text by some generations. How changes are remembered is in history.py.
"""

from __future__ import annotations

import json
import secrets
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from codeintel import __version__
from codeintel.catalog.durable import checksum
from codeintel.catalog.history import History
from codeintel.catalog.ownership import is_sealed, seal
from codeintel.catalog.schemas import (
    GROUPS,
    IDMAP_BY_DOCUMENT,
    READABLE_FROM,
    READABLE_SCHEMAS,
    SCHEMA_VERSION,
    TABLES,
    Dims,
    Group,
)
from codeintel.errors import IndexCorrupt, SchemaTooNew

MANIFEST_NAME = "manifest.json"
REBUILT = "It is rebuilt from the workspace."


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the rows were made with: model ids, their widths, the chunker's and the structure tier's fingerprints."""

    encoder: str
    dim: int
    static: str
    static_dim: int
    chunker: str
    structure: str = ""

    @property
    def dims(self) -> Dims:
        """The widths of the vector columns."""
        return Dims(self.dim, self.static_dim)

    def has_same_makers(self, other: Provenance, group: Group) -> bool:
        """Whether the rows of a group were made as those of `other`."""
        if group == "structure":
            return (self.chunker, self.structure) == (other.chunker, other.structure)
        return replace(self, structure=other.structure) == other


@dataclass(frozen=True, slots=True)
class Part:
    """An immutable file of one table: `kind` is 'base' or 'delta', the uris are its first and last.

    A delta holds documents that changed from generation `since` to `generation`.
    """

    table: str
    name: str
    kind: str
    generation: int
    rows: int
    bytes: int
    checksum: str
    min_uri: str
    max_uri: str
    since: int = 0

    @property
    def path(self) -> str:
        """Where the part lies in the index folder, with '/'."""
        return f"{self.table}/{self.name}"

    @property
    def group(self) -> Group:
        """The group of its table."""
        return TABLES[self.table].group


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of an engine that the manifest vouches for: its path in the index folder, with '/'."""

    name: str
    bytes: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation of the index; `origin` tells it from those of an index made anew in the same folder."""

    generation: int
    provenance: Provenance
    parts: tuple[Part, ...] = ()
    history: History = field(default_factory=History)
    structure_history: History = field(default_factory=History)
    artifacts: tuple[Artifact, ...] = ()
    created_at: str = ""
    created_by: str = ""
    origin: str = ""

    def of(self, table: str, kind: str | None = None) -> tuple[Part, ...]:
        """The parts of a table, of one kind or of both."""
        return tuple(p for p in self.parts if p.table == table and kind in (None, p.kind))

    def files(self) -> set[str]:
        """The paths of everything that it lists."""
        return {part.path for part in self.parts} | {artifact.name for artifact in self.artifacts}

    def history_of(self, group: Group) -> History:
        """Which documents changed in the tables of a group."""
        return self.structure_history if group == "structure" else self.history

    def dead_uris(self, part: Part) -> list[str]:
        """The documents whose rows in `part`, if it has any, no longer count."""
        history = self.history_of(part.group)
        changed = history.changed
        nearby = history.between(part.min_uri, part.max_uri)
        return [uri for uri in nearby if changed[uri] > part.generation]

    def living_uris(self, part: Part, uris: Sequence[str]) -> list[str]:
        """Those of `uris`, which are sorted, whose current rows may lie in `part`."""
        changed = self.history_of(part.group).changed
        nearby = uris[bisect_left(uris, part.min_uri) : bisect_right(uris, part.max_uri)]
        return [uri for uri in nearby if part.since <= changed.get(uri, 0) <= part.generation]

    def changes_since(self, before: Manifest, group: Group = "text") -> frozenset[str] | None:
        """The documents whose rows in a group may differ from those of `before`; None where that cannot be told."""
        is_older = before.origin == self.origin and before.generation <= self.generation
        if not is_older or not self.provenance.has_same_makers(before.provenance, group):
            return None
        return self.history_of(group).since(before.generation)


def first(generation: int, provenance: Provenance) -> Manifest:
    """The manifest of a new, empty index."""
    fresh = History(recent_from=generation)
    return stamped(
        generation, provenance, history=fresh, structure_history=fresh, origin=secrets.token_hex(8)
    )


def stamped(generation: int, provenance: Provenance, **rest: Any) -> Manifest:
    """A manifest made now by this version."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Manifest(generation, provenance, created_at=now, created_by=f"codeintel {__version__}", **rest)


def encode(manifest: Manifest, secret: bytes) -> bytes:
    """The manifest as JSON, with a digest against damage and a seal against foreign indexes."""
    text = _canonical(_body(manifest))
    head = json.dumps({"owner": seal(text, secret), "digest": checksum(text)})
    return b'%s, "manifest": %s}' % (head[:-1].encode(), text)


def decode(data: bytes, secret: bytes) -> Manifest:
    """What `encode` wrote.

    Raises IndexCorrupt where it is damaged, foreign, or of a layout too old to read; SchemaTooNew where a
    newer codeintel of the same user wrote it.
    """
    try:
        sealed = json.loads(data)
        body, digest, owner = sealed["manifest"], str(sealed["digest"]), str(sealed["owner"])
        text = _canonical(body)
        version, readable_from = int(body["schema_version"]), int(body["readable_from"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexCorrupt(f"{MANIFEST_NAME} is damaged ({type(error).__name__}).", REBUILT) from error
    if checksum(text) != digest:
        raise IndexCorrupt(f"{MANIFEST_NAME} is damaged (its checksum does not match).", REBUILT)
    if not is_sealed(text, secret, owner):
        raise IndexCorrupt(
            f"The index of {MANIFEST_NAME} was made on another machine or shipped with the repository.",
            REBUILT,
        )
    _refuse_unreadable(version, readable_from, str(body.get("created_by", "a newer codeintel")))
    return _manifest(body)


def _refuse_unreadable(version: int, readable_from: int, writer: str) -> None:
    if readable_from > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"The index was written by {writer} in layout {version}; this one knows {SCHEMA_VERSION}.",
            "Upgrade codeintel, or remove the index folder to have it rebuilt.",
        )
    if version < SCHEMA_VERSION and version not in READABLE_SCHEMAS:
        raise IndexCorrupt(f"The index has the old layout {version}.", REBUILT)


def _body(manifest: Manifest) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "readable_from": READABLE_FROM,
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "created_by": manifest.created_by,
        "origin": manifest.origin,
        "provenance": asdict(manifest.provenance),
        "parts": [{name: getattr(part, name) for name in _PART_FIELDS} for part in manifest.parts],
        "histories": {group: _history_body(manifest.history_of(group)) for group in GROUPS},
        "artifacts": [asdict(artifact) for artifact in manifest.artifacts],
    }


def _history_body(history: History) -> dict[str, Any]:
    return {
        "changes": _by_generation(history.changed),
        "recent": _by_generation(history.recent),
        "recent_from": history.recent_from,
    }


def _manifest(body: dict[str, Any]) -> Manifest:
    parts = [Part(**_known(Part, part)) for part in body["parts"] if part["table"] in TABLES]
    if body["schema_version"] < IDMAP_BY_DOCUMENT:  # its rows name no document: it is derived again
        parts = [part for part in parts if part.table != "faiss_idmap"]
    histories = body.get("histories", {"text": body})  # layouts without structure had one history, at the top
    found = {group: _history(histories.get(group, {}), body["generation"]) for group in GROUPS}
    return Manifest(
        generation=body["generation"],
        provenance=Provenance(**_known(Provenance, body["provenance"])),
        parts=tuple(parts),
        history=found["text"],
        structure_history=found["structure"],
        artifacts=tuple(Artifact(**_known(Artifact, artifact)) for artifact in body["artifacts"]),
        created_at=body["created_at"],
        created_by=body["created_by"],
        origin=body.get("origin", ""),
    )


def _history(body: dict[str, Any], generation: int) -> History:
    recent_from = body.get("recent_from", generation)
    return History(_by_uri(body.get("changes", [])), _by_uri(body.get("recent", [])), recent_from)


def _by_generation(changes: Mapping[str, int]) -> list[dict[str, Any]]:
    found: dict[int, list[str]] = {}
    for uri, generation in changes.items():
        found.setdefault(generation, []).append(uri)
    return [{"generation": generation, "supersedes": found[generation]} for generation in sorted(found)]


def _by_uri(changes: list[dict[str, Any]]) -> dict[str, int]:
    return {uri: change["generation"] for change in changes for uri in change["supersedes"]}


def _known(kind: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Without the fields that a newer, still readable layout added, or that an older one lacks."""
    return {f.name: values[f.name] for f in fields(kind) if f.name in values}


_PART_FIELDS = tuple(f.name for f in fields(Part))


def _canonical(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
