"""Opening the product on a corpus without writing anything into the corpus."""

from __future__ import annotations

from pathlib import Path

from codeintel.service import Service, Tier
from codeintel.settings import Settings, from_flags


def settings_with(
    index_folder: Path | None, tier: Tier = Tier.MEANING, *, every_channel: bool = False
) -> Settings:
    """The defaults, with the index in `index_folder` (None: in the workspace) and no further than `tier`.

    With `every_channel` also those are on which are off by default.
    """
    flags = {
        "index.folder": index_folder and str(index_folder),
        "index.tier": tier.name.lower(),
        "model.cache": "off",  # else a second run would not measure the encoder
        "channels.splade": every_channel,
    }
    settings, dropped = Settings.resolve([from_flags(flags)])
    assert not dropped, dropped
    return settings


def indexed(folder: Path, index_folder: Path, tier: Tier, *, every_channel: bool = False) -> Service:
    """A service on `folder`, complete up to `tier`; the caller closes it."""
    index_folder.mkdir(parents=True, exist_ok=True)
    service = Service.open([folder], settings_with(index_folder, tier, every_channel=every_channel))
    service.index(until=tier)
    return service
