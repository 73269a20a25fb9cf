"""The gitignore pattern language, exactly as git reads it; walking the tree is elsewhere.

A pattern here decides about one entry, never about what lies below it: the walk does not enter what is
ignored. That is what makes `*`, `!*/`, `!*.py` mean what git means by it. Matching is on bytes, as git's is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from codeintel.workspace.wildcards import to_regex

# No path is longer (PATH_MAX), and a longer pattern of stars takes a minute to compile: it matches nothing here.
_MAX_PATTERN_BYTES = 4096
_UTF8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file. `regex` is matched against the name alone or the path below the file."""

    text: str
    regex: bytes
    negated: bool
    folders_only: bool
    by_name: bool


def parse_rule(line: bytes) -> Rule | None:
    """The rule a line states; None for a blank line, a comment and a pattern that cannot match anything."""
    pattern = _without_trailing_spaces(line.rstrip(b"\n").removesuffix(b"\r"))
    if not pattern or pattern.startswith(b"#") or len(pattern) > _MAX_PATTERN_BYTES:
        return None
    text = os.fsdecode(pattern)
    negated = pattern.startswith(b"!")
    pattern = pattern[negated:]
    folders_only = pattern.endswith(b"/")
    pattern = pattern[: len(pattern) - folders_only]
    by_name = b"/" not in pattern
    regex = to_regex(pattern.removeprefix(b"/"))
    if not pattern or regex is None:
        return None
    return Rule(text, regex, negated, folders_only, by_name)


class IgnoreRules:
    """The rules of one ignore file, the last matching one deciding; immutable."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        rules = [rule for rule in map(parse_rule, lines) if rule is not None]
        self._rules = [(rule, re.compile(rule.regex, re.DOTALL)) for rule in reversed(rules)]
        # Most entries match nothing: one alternation each for names and paths settles those in two calls.
        self._any_name = _alternation(rule.regex for rule in rules if rule.by_name)
        self._any_path = _alternation(rule.regex for rule in rules if not rule.by_name)

    def deciding(self, path: bytes, is_folder: bool) -> Rule | None:
        """The rule that decides about this one entry; `path` is relative to the ignore file's folder."""
        name = path.rpartition(b"/")[2]
        if not (self._any_name.fullmatch(name) or self._any_path.fullmatch(path)):
            return None
        for rule, regex in self._rules:
            if (is_folder or not rule.folders_only) and regex.fullmatch(name if rule.by_name else path):
                return rule
        return None

    def rule_for(self, uri: str) -> Rule | None:
        """The rule that ignores the file, by itself or through the outermost ignored folder above it."""
        path = os.fsencode(uri)
        ends = [i for i, byte in enumerate(path) if byte == 0x2F]
        for end in [*ends, len(path)]:
            rule = self.deciding(path[:end], is_folder=end < len(path))
            if rule is not None and not rule.negated:
                return rule
        return None


def read_ignore_lines(data: bytes) -> list[bytes]:
    """The lines of an ignore file, a byte order mark dropped."""
    return data.removeprefix(_UTF8_MARK).split(b"\n")


def _alternation(regexes: Iterable[bytes]) -> re.Pattern[bytes]:
    joined = b"|".join(b"(?:%s)" % regex for regex in regexes)
    return re.compile(joined or b"(?!)", re.DOTALL)


def _without_trailing_spaces(line: bytes) -> bytes:
    kept = line.rstrip(b" ")
    backslashes = len(kept) - len(kept.rstrip(b"\\"))
    return kept + b" " if kept != line and backslashes % 2 else kept
