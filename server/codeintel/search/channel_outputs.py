"""Which outputs of the encoder the channels that are switched on need; how they search is channels'."""

from __future__ import annotations

from typing import Final, Literal

from codeintel.models.folder import Models
from codeintel.models.outputs import Output, Outputs
from codeintel.settings import ChannelSettings

LateMode = Literal["off", "narrow", "wide"]
OFF: Final = "off"
WIDE: Final = "wide"
_NAMES = {
    Output.TOKENS: ("token vectors", "channels.late"),
    Output.TERMS: ("term weights", "channels.splade"),
}


def wanted_outputs(channels: ChannelSettings) -> Outputs:
    """The outputs without which a channel that is switched on has nothing to search."""
    asked = {Output.TOKENS: channels.late != OFF, Output.TERMS: channels.splade}
    return frozenset(output for output, is_asked in asked.items() if is_asked)


def lacking_outputs(models: Models) -> list[str]:
    """What a person should know of channels that the model does not serve."""
    return [
        f"{models.encoder.model_id} gives no {what}: {option} has no effect."
        for output, (what, option) in _NAMES.items()
        if output in models.wanted and output not in models.layouts
    ]
