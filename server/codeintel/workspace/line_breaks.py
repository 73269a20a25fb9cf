r"""Where lines end: at \n, \r\n and \r only; str.splitlines() would also break at \x0c and U+2028."""

from __future__ import annotations

import re

_BREAK = re.compile(r"\r\n|\n|\r")


def lines_of(text: str) -> list[str]:
    """The lines with their breaks; joined they are the text, and after a last line break there is no empty line."""
    if text.count("\r") == text.count("\r\n"):  # each line ends in \n: five times as fast
        *broken, last = text.split("\n")
        return [line + "\n" for line in broken] + ([last] if last else [])
    ends = [found.end() for found in _BREAK.finditer(text)]
    if ends[-1] != len(text):
        ends.append(len(text))
    return [text[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
