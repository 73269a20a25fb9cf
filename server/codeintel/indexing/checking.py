"""Whether an index folder keeps the contract: same ids in tables and engines, every file as it was written."""

from __future__ import annotations

from pathlib import Path

from codeintel.catalog.check import Finding, compare_ids, verify
from codeintel.catalog.manifest import MANIFEST_NAME
from codeintel.catalog.store import Store
from codeintel.engines.dense import read_meta
from codeintel.engines.lexical import LexicalIndex
from codeintel.errors import IndexTrouble
from codeintel.indexing.publishing import LEXICAL_FOLDER, META_FILE, lexical_stamps


def check_index(folder: Path) -> list[Finding]:
    """All findings about the index in `folder`; empty where everything holds. Changes nothing."""
    try:
        store = Store.follow(folder)
    except IndexTrouble as error:
        return [Finding(MANIFEST_NAME, error.message, error.remedy)]
    findings = verify(store)
    if any(finding.severity == "error" for finding in findings):
        return findings
    return [*findings, *_lexical_findings(store, folder), *_vector_findings(store, folder)]


def _lexical_findings(store: Store, folder: Path) -> list[Finding]:
    present: list[int] = []
    if recorded := lexical_stamps(store):  # without any, opening would make the folder
        try:
            with LexicalIndex.open(folder / LEXICAL_FOLDER, recorded) as lexical:
                present = lexical.ids().tolist()
        except IndexTrouble as error:
            return [Finding(LEXICAL_FOLDER, error.message)]
    wanted = store.read("chunks", ["id"]).column("id").to_numpy()
    return compare_ids(LEXICAL_FOLDER, present, wanted.tolist())


def _vector_findings(store: Store, folder: Path) -> list[Finding]:
    """Flat vectors are rebuilt from the table on opening, so its record is what can be wrong."""
    try:
        meta = read_meta(folder / META_FILE)
    except IndexTrouble as error:
        return [Finding(META_FILE, error.message)]
    vectors = store.read("faiss_idmap", ["chunk_id"]).num_rows
    if meta is None:
        return [Finding(META_FILE, "is missing")] if store.manifest.artifacts else []
    found = {"model": meta.get("model"), "dim": meta.get("dim"), "vectors": meta.get("vectors")}
    expected = {"model": store.provenance.encoder, "dim": store.provenance.dim, "vectors": vectors}
    return [
        Finding(META_FILE, f"has {key} {found[key]!r}, the tables have {value!r}")
        for key, value in expected.items()
        if found[key] != value
    ]
