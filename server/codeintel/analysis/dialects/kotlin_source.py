"""Kotlin that its grammar cannot take, rewritten before parsing without moving a byte."""

import re

# Repetitions are possessive or bounded, so that no document makes them slow.
_GUARD = re.compile(
    rb"^([ \t]*+(?:!?is|!?in|else|[\w.]++)\b[^\n]{0,120}?)([ \t]if\b[^\n]{0,200}?)(?=[ \t]{0,40}->)",
    re.MULTILINE,
)
"""The guard of a `when` branch, Kotlin 2.1: `is Text if text.isEmpty() ->`."""

_ACCESSOR_ANNOTATION = re.compile(
    rb"^()([ \t]*+@\w++(?:\([^()\n]{0,200}\))?)(?=[ \t]*+\n\s{0,80}[gs]et\()", re.MULTILINE
)
"""An annotation on its own line before a property's getter or setter."""

_WHERE = re.compile(rb"\bwhere(?=\s{0,80}(?:\?\.|\.|\?:))")
"""The soft keyword as a variable."""


def parsable(source: bytes) -> bytes:
    """The source with such guards and annotations as spaces, the variable `where` renamed, and a last line break.

    Without that break the grammar's scanner (1.1.0) loops for ever on an annotation at the very end of the text.
    """
    for pattern in (_GUARD, _ACCESSOR_ANNOTATION):
        source = pattern.sub(lambda found: found[1] + b" " * len(found[2]), source)
    return _WHERE.sub(b"wherE", source) + (b"" if source.endswith(b"\n") else b"\n")
