"""Names that cannot be shown as they are are escaped, others left alone."""

from __future__ import annotations

import os

import pytest

from codeintel.workspace.naming import is_unicode, printable


@pytest.mark.parametrize(
    ("name", "shown", "unicode"),
    [
        ("src/plain.py", "src/plain.py", True),
        ('it\'s "quoted" 😀.py', 'it\'s "quoted" 😀.py', True),
        ("two\nlines.py", "two\\nlines.py", True),
        ("right\u202eyp.exe", "right\\u202eyp.exe", True),
        (os.fsdecode(b"caf\xe9.py"), "caf\\xe9.py", False),
        ("lone \ud800", "lone \\ud800", False),
    ],
)
def test_names(name: str, shown: str, unicode: bool) -> None:
    assert printable(name) == shown
    assert is_unicode(name) is unicode
