"""What a client says it can do, read with leniency: what this version of the protocol cannot read is not there.

Newer clients name values that did not exist when the types were written, and the protocol wants those ignored.
Everything outside the capabilities is read strictly, by the converter.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cattrs import BaseValidationError

from codeintel.lsp import faults

log = logging.getLogger(__name__)

T = TypeVar("T")

_Place = tuple[Any, str | int]
"""A container and the key or index in it."""


def read_leniently(initialize: dict[str, Any], read: Callable[[dict[str, Any]], T]) -> T:
    """What `read` makes of the request without its unreadable capabilities; raises what is wrong elsewhere."""
    request = copy.deepcopy(initialize)
    while True:
        try:
            return read(request)
        except BaseValidationError as error:
            fields = faults.fields(error)
            places = [place for field in fields if (place := _place(request["params"], field))]
            if not places:
                raise
            log.info("ignored unreadable capabilities: %s", ", ".join(fields))
            _drop(places)


def _place(params: Any, field: str) -> _Place | None:
    """The deepest part of a wire path that is there; None unless it lies within the capabilities."""
    first, *names = re.findall(r"[^.\[\]]+", field)
    if first != "capabilities" or not isinstance(params, dict):
        return None
    found: _Place | None = None
    value: Any = params.get(first)
    for name in names:
        key = int(name) if isinstance(value, list) and name.isdecimal() else name
        there = key in value if isinstance(value, dict) else isinstance(value, list) and isinstance(key, int)
        if not there:
            break
        found, value = (value, key), value[key]
    return found


def _drop(places: Sequence[_Place]) -> None:
    """Remove each once; from the end of lists, so that the indexes before it stay true."""
    once = {(id(container), key): (container, key) for container, key in places}
    for container, key in sorted(once.values(), key=lambda place: str(place[1]).zfill(8), reverse=True):
        del container[key]
