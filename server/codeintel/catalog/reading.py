"""What a store holds and how it is read: the current rows, checked as they are read, and the writer's next generation.

Publishing is in committing.py and store.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from codeintel.catalog.folding import current_rows
from codeintel.catalog.manifest import MANIFEST_NAME, REBUILT, Manifest, Part, Provenance
from codeintel.catalog.parts import GRACE_SECONDS, Shelf
from codeintel.catalog.schemas import Group
from codeintel.errors import IndexCorrupt


class StoredTables:
    """The tables of one generation; `manifest` is the one reference that publishing and following swap.

    Reads may run in any thread beside a write.
    """

    def __init__(self, shelf: Shelf, manifest: Manifest) -> None:
        self.manifest = manifest
        self._shelf = shelf
        self._stamp: object = None

    @property
    def folder(self) -> Path | None:
        """The index folder; None in memory."""
        return self._shelf.folder

    @property
    def generation(self) -> int:
        """The number of the current generation; it only grows."""
        return self.manifest.generation

    @property
    def provenance(self) -> Provenance:
        """What the current rows were made with."""
        return self.manifest.provenance

    def read(
        self, table: str, columns: Sequence[str] | None = None, uris: frozenset[str] | None = None
    ) -> pa.Table:
        """The current rows of `table`; a document's rows stand together and in the order they were given in.

        With `uris` the rows of these documents only; parts that cannot hold them are not opened. Every file is
        checked whole when it is first read. Raises IndexCorrupt naming the damage: `repair`.
        """
        return current_rows(self._shelf, self.manifest, table, columns, uris)

    def read_part(self, part: Part) -> pa.Table:
        """All rows of one part, current or not. Raises IndexCorrupt."""
        return self._shelf.read(part, None)

    def verify_part(self, part: Part) -> None:
        """Compare a part with the manifest, whatever was read of it before. Raises IndexCorrupt."""
        self._shelf.verify(part)

    def verify_manifest(self) -> None:
        """Read the manifest again. Raises IndexCorrupt where it is gone or damaged since it was opened."""
        if self.folder is not None and self._shelf.load() is None:
            raise IndexCorrupt(f"{MANIFEST_NAME} is missing.", REBUILT)

    def orphans(self) -> list[str]:
        """Files that the next process to write will remove."""
        return self._shelf.orphans(self.manifest.files(), GRACE_SECONDS)

    def refresh(self) -> bool:
        """Follow the writer: whether there was another generation. Costs one stat where not. Raises as `follow`."""
        stamp = self._shelf.stamp()
        if stamp is not None and stamp == self._stamp:
            return False
        manifest = self._shelf.load()
        self._stamp = stamp  # taken before the reading: what was published meanwhile has another
        held = self.manifest
        if manifest is None or (manifest.origin, manifest.generation) == (held.origin, held.generation):
            return False
        self.manifest = manifest
        return True

    def changes_since(self, before: Manifest, group: Group = "text") -> frozenset[str] | None:
        """The documents whose rows in a group may differ from those of `before`; None where everything may."""
        return self.manifest.changes_since(before, group)
