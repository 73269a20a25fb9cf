"""Model files written by hand, a safetensors file and an ONNX network, so that tests need no package for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WriteTable = Callable[..., Path]
DTYPE_NAMES = {"float32": "F32", "float16": "F16", "int8": "I8", "int64": "I64"}


def safetensors_bytes(tensors: dict[str, NDArray[np.generic]]) -> bytes:
    """The file that the safetensors package would write."""
    header, body = {}, b""
    for name, tensor in tensors.items():
        end = len(body) + tensor.nbytes
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype.name],
            "shape": tensor.shape,
            "data_offsets": [len(body), end],
        }
        body += tensor.tobytes()
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def identity_network(inputs: list[str], outputs: list[str]) -> bytes:
    """An ONNX model (fields numbered as in onnx.proto) that passes its first input to each output."""

    def field(number: int, content: bytes | str) -> bytes:
        data = content.encode() if isinstance(content, str) else content
        length = [len(data) & 127 | 128, len(data) >> 7] if len(data) > 127 else [len(data)]
        return bytes([number << 3 | 2, *length]) + data

    def value(name: str) -> bytes:
        dimension = field(1, field(2, "n"))
        tensor = bytes([1 << 3, 7]) + field(2, dimension * 2)  # int64 [n, n]
        return field(1, name) + field(2, field(1, tensor))

    nodes = [field(1, field(1, inputs[0]) + field(2, output) + field(4, "Identity")) for output in outputs]
    graph = b"".join(nodes) + field(2, "graph")
    graph += b"".join(field(11, value(name)) for name in inputs)
    graph += b"".join(field(12, value(name)) for name in outputs)
    version = field(8, field(1, "") + bytes([2 << 3, 13]))
    return bytes([1 << 3, 8]) + field(7, graph) + version
