r"""Lines end at \n, \r\n and \r alone, and nothing of the text is lost."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from codeintel.workspace.line_breaks import lines_of

PIECES = st.sampled_from(["\r", "\n", "\r\n", "\u2028", "\x0c", "\x85", "\x1c", "a", "é"])


@given(st.lists(PIECES, max_size=12).map("".join))
@example("")
@example("\r")
@example("a\r\nb")
@example("a\n\rb")
def test_lines_are_what_a_split_at_the_three_breaks_gives(text: str) -> None:
    lines = lines_of(text)
    assert "".join(lines) == text
    contents = re.split("\r\n|\n|\r", text)
    assert [line.rstrip("\r\n") for line in lines] == (contents if contents[-1] else contents[:-1])
