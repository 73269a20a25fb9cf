"""Kotlin that its grammar does not know yet, rewritten before parsing without moving a byte."""

import re

_GUARD = re.compile(
    rb"^([ \t]*(?:!?is|!?in|else|[\w.]+)\b[^\n]*?)([ \t]if\b[^\n]*?)(?=[ \t]*->)", re.MULTILINE
)
"""The guard of a `when` branch, Kotlin 2.1: `is Text if text.isEmpty() ->`."""

_ACCESSOR_ANNOTATION = re.compile(rb"^()([ \t]*@\w+(?:\([^()\n]*\))?)(?=[ \t]*\n\s*[gs]et\()", re.MULTILINE)
"""An annotation on its own line before a property's getter or setter."""

_WHERE = re.compile(rb"\bwhere(?=\s*(?:\?\.|\.|\?:))")
"""The soft keyword as a variable."""


def without_guards(source: bytes) -> bytes:
    """The source with such guards and annotations as spaces, and the variable `where` under another name."""
    for pattern in (_GUARD, _ACCESSOR_ANNOTATION):
        source = pattern.sub(lambda found: found[1] + b" " * len(found[2]), source)
    return _WHERE.sub(b"wherE", source)
