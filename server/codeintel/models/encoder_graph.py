"""An ONNX graph on the CPU: token ids in, the states and other outputs of one text out; what they mean is encoder's.

Every text is run alone, on one thread: see encoder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from codeintel.errors import ModelError
from codeintel.models.vectors import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]

KNOWN_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
STATE_OUTPUTS = ("token_states", "last_hidden_state")
STATES = "states"
"""Under which `run` answers the last layer's states, whatever the graph calls them."""
NO_TELEMETRY = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ORT_TELEMETRY_DISABLED": "1",
}  # what 1.32 reads, and what later ones do


class EncoderGraph:
    """An open graph with states of `dim` and further outputs of known widths.

    Raises ModelError for a file that is damaged, or whose inputs or outputs are others.
    """

    def __init__(self, weights: Path, dim: int, widths: Mapping[str, int]) -> None:
        self.dim = dim
        self._session = open_session(weights)
        self._inputs = input_names(self._session, weights)
        outputs = self._session.get_outputs()
        self._states = _state_output(outputs, weights, dim)
        _require_outputs(outputs, weights, widths)

    def states(self, ids: Sequence[int]) -> Vectors:
        """The last layer's states, float32 [tokens, dim], of one text's token ids."""
        return self.run(ids, ())[STATES]

    def run(self, ids: Sequence[int], names: Sequence[str]) -> dict[str, Vectors]:
        """STATES and the outputs `names`, float32 [tokens, …], of one text in one pass."""
        found = self._session.run([self._states, *names], given(ids, self._inputs))
        return dict(zip([STATES, *names], (values[0] for values in found), strict=True))


def input_names(session: InferenceSession, weights: Path) -> list[str]:
    """What a graph takes. Raises ModelError where that is more than token ids, their mask and their types."""
    names = [node.name for node in session.get_inputs()]
    unknown = sorted(set(names) - KNOWN_INPUTS)
    if unknown or "input_ids" not in names:
        raise ModelError(
            f"{weights} takes the inputs {', '.join(names)}.",
            f"An encoder takes input_ids and may take {', '.join(sorted(KNOWN_INPUTS - {'input_ids'}))}.",
        )
    return names


def given(ids: Sequence[int], names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """One text's token ids as the inputs `names`, each int64 [1, tokens]."""
    row = np.array([ids], np.int64)
    values = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
    return {name: values[name] for name in names}


def _require_outputs(outputs: Iterable[Any], weights: Path, widths: Mapping[str, int]) -> None:
    """Raise ModelError where an output that config.json names is missing or of another width than it says."""
    shapes = {node.name: node.shape for node in outputs}
    for name, width in widths.items():
        if name not in shapes:
            raise ModelError(
                f"{weights} lacks the output {name}, which its config.json names.",
                f"It gives {', '.join(shapes)}: correct config.json, or copy the model's own.",
            )
        per_token = shapes[name][2:] or [1]
        if isinstance(per_token[0], int) and per_token != [width]:
            raise ModelError(
                f"{weights} gives {name} of {per_token[0]} dimensions, its config.json says {width}.",
                "Correct config.json, or copy the model's own.",
            )


def _state_output(outputs: Iterable[Any], weights: Path, dim: int) -> str:
    shapes = {node.name: node.shape for node in outputs}
    name = next((name for name in STATE_OUTPUTS if name in shapes), None)
    if name is None:
        raise ModelError(
            f"{weights} gives the outputs {', '.join(shapes)}.",
            f"An encoder gives {' or '.join(STATE_OUTPUTS)}.",
        )
    width = shapes[name][-1]
    if isinstance(width, int) and width != dim:
        raise ModelError(
            f"{weights} gives vectors of {width} dimensions, its config.json says {dim}.",
            "Correct config.json, or copy the model's own.",
        )
    return name


def open_session(weights: Path) -> InferenceSession:
    """A graph on one thread. Raises ModelError for a file that is none."""
    # Since 1.32 it sends telemetry from the moment it is imported, on every system, unless one of these is set by then.
    os.environ.update(NO_TELEMETRY)
    # onnxruntime takes 0.1 s to import; only the first encode pays it.
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the threads of encode() run texts side by side instead
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen unrelated classes
        raise ModelError(
            f"{weights} cannot be opened as an ONNX model: {error}.", "Export or copy it again."
        ) from error
