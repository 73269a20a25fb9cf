"""One gitignore wildcard pattern to one regular expression; what the pattern applies to is elsewhere.

Semantics after git's wildmatch with its path-name flag: `*` and `?` do not cross '/', `**` between
slashes does, and so does one that follows plain text.
Every repetition but the last is an atomic group that takes the leftmost match of what follows it, which is
enough (the next star can absorb the rest) and keeps a hostile pattern from backtracking exponentially.
"""

from __future__ import annotations

import re

_POSIX_CLASSES = {
    b"alnum": rb"a-zA-Z0-9", b"alpha": rb"a-zA-Z", b"blank": rb" \t", b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9", b"graph": rb"!-~", b"lower": rb"a-z", b"print": rb" -~",
    b"punct": rb"!-/:-@\[-`{-~", b"space": rb" \t-\r", b"upper": rb"A-Z", b"xdigit": rb"0-9a-fA-F",
}  # fmt: skip
_SPECIAL = re.compile(rb"[*?\[\\]")
_STARS = re.compile(rb"\*+")
_RANGE = re.compile(rb"-(?!])(?=.)", re.DOTALL)
_CLASS_ITEM = re.compile(rb"\[:([a-z]*):\]|\\(.)|(.)", re.DOTALL)


def to_regex(pattern: bytes) -> bytes | None:
    """A regular expression to be matched in full, with DOTALL; None where the pattern can match nothing."""
    groups: list[list[bytes | None]] = [[]]  # split at '**'; within a group None stands for one '*'
    at = 0
    while at < len(pattern):
        stars = _STARS.match(pattern, at)
        if stars is None:
            item, at = _single(pattern, at)
            if item is None:
                return None
            groups[-1].append(item)
            continue
        after = pattern[stars.end() :]
        if len(stars[0]) > 1 and _begins_folders(pattern, at) and after[:1] in (b"", b"/"):
            groups.append([])
            at = min(stars.end() + 1, len(pattern))
            if not after:
                return _joined(groups[:-1], tail=b".*")
        else:
            groups[-1].append(None)
            at = stars.end()
    return _joined(groups, tail=b"")


def _begins_folders(pattern: bytes, at: int) -> bool:
    """Whether `**` at `at` may stand for folders: after a slash, or first of what is no plain text.

    The latter is git's: it compares the plain beginning of a pattern by itself, so `a**/b` means `a` and `**/b`.
    """
    return pattern[at - 1 : at] in (b"", b"/") or not _SPECIAL.search(pattern, 0, at)


def _joined(groups: list[list[bytes | None]], tail: bytes) -> bytes:
    last = len(groups) - 1
    parts = []
    for number, group in enumerate(groups):
        folders = b"(?:.*?/)??" if number else b""
        final = number == last and not tail
        body = folders + _segment(group, final)
        parts.append(body if final else b"(?>%s)" % body)
    return b"".join(parts) + tail


def _segment(items: list[bytes | None], final: bool) -> bytes:
    """The items with each star tied to what follows it; the last star of the final group stays free."""
    pieces: list[list[bytes]] = [[]]
    for item in items:
        if item is None:
            pieces.append([])
        else:
            pieces[-1].append(item)
    regex = b"".join(pieces[0])
    for number, piece in enumerate(pieces[1:], start=1):
        fixed = b"".join(piece)
        free = final and number == len(pieces) - 1
        regex += b"[^/]*" + fixed if free else b"(?>[^/]*?%s)" % fixed
    return regex


def _single(pattern: bytes, at: int) -> tuple[bytes | None, int]:
    """The expression of one character of text at `at`, and where the pattern goes on; None if malformed."""
    character = pattern[at : at + 1]
    if character == b"?":
        return b"[^/]", at + 1
    if character == b"[":
        return _bracket(pattern, at + 1)
    if character == b"\\":
        escaped = pattern[at + 1 : at + 2]
        return (re.escape(escaped) if escaped else None), at + 2
    return re.escape(character), at + 1


def _bracket(pattern: bytes, at: int) -> tuple[bytes | None, int]:
    """The expression of a bracket whose content begins at `at`; it never matches a slash."""
    negated = pattern[at : at + 1] in (b"!", b"^")
    at += negated
    content: list[bytes] = []
    low: bytes | None = None  # the character that a '-' may make the start of a range
    while not content or pattern[at : at + 1] != b"]":
        is_range = low is not None and _RANGE.match(pattern, at) is not None
        item = _CLASS_ITEM.match(pattern, at + is_range)
        if item is None or (item[1] is not None and (is_range or item[1] not in _POSIX_CLASSES)):
            return None, at
        character = item[2] or item[3]
        if low is not None and is_range:
            content.append(_range(low, character))
        else:
            content.append(_POSIX_CLASSES[item[1]] if item[1] is not None else _hex(character))
        low = None if is_range else character
        at = item.end()
    return (b"(?!/)[^%s]" if negated else b"(?!/)[%s]") % b"".join(content), at + 1


def _range(low: bytes, high: bytes) -> bytes:
    """Both ends included; a range that runs backwards adds nothing to its start, which is listed already."""
    return _hex(low) + b"-" + _hex(high) if low <= high else b""


def _hex(byte: bytes) -> bytes:
    return b"\\x%02x" % byte[0]
