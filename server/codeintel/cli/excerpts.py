"""The lines of a chunk that show why it matched, with the matched words marked."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rich.text import Text

from codeintel.cli.console import line, shown

if TYPE_CHECKING:
    from codeintel.search.answers import Evidence, Hit

EXCERPT_LINES: Final = 3  # of a hit in a result list: ten hits still fit on two screens
WORDS_SHOWN: Final = 6  # of a contribution's evidence: the rest adds little
MATCH_STYLE: Final = "bold yellow"

_LINE_BREAK: Final = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a chunk: its 0-based number in the file, its bytes, and where they begin in the file."""

    number: int
    content: bytes
    start_byte: int

    @property
    def end_byte(self) -> int:
        return self.start_byte + len(self.content)

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


def excerpt(hit: Hit, limit: int = EXCERPT_LINES) -> list[Text]:
    """The chunk's most telling line and the lines with the strongest evidence, in order, numbered from 1."""
    lines = _lines_of(hit)
    evidence = _marked(hit)
    chosen = _strongest(lines, evidence, limit)
    width = len(str(max((one.number + 1 for one in chosen), default=0)))
    indent = _common_indent(chosen)
    return [_rendered(one, evidence, width, indent) for one in chosen]


def line_of_byte(hit: Hit, byte: int) -> int:
    """The 1-based line of the file that holds `byte`, which lies in the hit's chunk."""
    before = hit.chunk.content.encode()[: max(0, byte - hit.chunk.start_byte)]
    return hit.chunk.start_line + 1 + len(_LINE_BREAK.findall(before))


def _lines_of(hit: Hit) -> list[_Line]:
    lines: list[_Line] = []
    content, start = hit.chunk.content.encode(), 0
    for match in [*_LINE_BREAK.finditer(content), None]:
        end = match.start() if match else len(content)
        if end > start or match:
            lines.append(
                _Line(hit.chunk.start_line + len(lines), content[start:end], hit.chunk.start_byte + start)
            )
        start = match.end() if match else end
    return lines


def strongest_words(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Evidence by word, the strongest first: tokens that touch are parts of one, and equal words count together.

    A word stands where it first occurs; one that matched only the path or a breadcrumb has an empty range.
    """
    words: dict[tuple[str, str], Evidence] = {}
    for piece in _joined(evidence):
        key = piece.text.lower(), piece.query
        seen = words.get(key)
        words[key] = piece if seen is None else _together(seen, piece)
    return sorted(words.values(), key=lambda piece: -abs(piece.share))


def has_place(piece: Evidence) -> bool:
    """Whether the evidence lies in the chunk's text, rather than in its path or breadcrumb."""
    return piece.end_byte > piece.start_byte


def _joined(evidence: Iterable[Evidence]) -> list[Evidence]:
    joined: list[Evidence] = []
    for piece in sorted(evidence, key=lambda piece: piece.start_byte):
        last = joined[-1] if joined else None
        touch = last and has_place(last) and has_place(piece) and last.end_byte == piece.start_byte
        if last and touch and last.query == piece.query:
            text, share = last.text + piece.text, last.share + piece.share
            expanded = last.expanded and piece.expanded
            joined[-1] = replace(last, text=text, end_byte=piece.end_byte, share=share, expanded=expanded)
        else:
            joined.append(piece)
    return joined


def _together(first: Evidence, again: Evidence) -> Evidence:
    placed = first if has_place(first) or not has_place(again) else again
    return replace(placed, share=first.share + again.share, expanded=first.expanded and again.expanded)


def _marked(hit: Hit) -> list[Evidence]:
    words = (word for part in hit.contributions for word in strongest_words(part.evidence)[:WORDS_SHOWN])
    return [word for word in words if has_place(word)]


def _strongest(lines: Sequence[_Line], evidence: Iterable[Evidence], limit: int) -> list[_Line]:
    weight: dict[int, float] = defaultdict(float)
    for piece in evidence:
        for one in lines:
            if one.start_byte <= piece.start_byte < one.end_byte:
                weight[one.number] += abs(piece.share)
    telling = _most_telling(lines)
    if telling is not None:
        weight[telling.number] += 1.0  # as much as everything else together: a list needs the name first
    ranked = sorted(
        (one for one in lines if weight[one.number]), key=lambda one: (-weight[one.number], one.number)
    )
    return sorted(ranked[:limit], key=lambda one: one.number)


def _most_telling(lines: Sequence[_Line]) -> _Line | None:
    # Imported here because it brings Arrow along, which help and usage errors should not wait for.
    from codeintel.catalog.rows import preview

    wanted = preview("\n".join(one.text for one in lines))
    return next((one for one in lines if wanted and one.text.strip().startswith(wanted)), None)


def _common_indent(lines: Sequence[_Line]) -> int:
    """How many leading bytes of white space all the lines share."""
    indents = [one.content[: len(one.content) - len(one.content.lstrip(b" \t"))] for one in lines]
    shortest = min(indents, key=len, default=b"")
    return next(
        (at for at, byte in enumerate(shortest) if any(i[at] != byte for i in indents)), len(shortest)
    )


def _rendered(one: _Line, evidence: Iterable[Evidence], width: int, indent: int) -> Text:
    rendered = line(f"{one.number + 1:>{width}} │ ", "dim")
    at = indent
    for start, end in sorted(
        {(e.start_byte - one.start_byte, e.end_byte - one.start_byte) for e in evidence}
    ):
        if at <= start < end <= len(one.content):
            rendered.append(_part(one, at, start), "not dim")
            rendered.append(_part(one, start, end), f"not dim {MATCH_STYLE}")
            at = end
    return rendered.append(_part(one, at, len(one.content)), "not dim")


def _part(one: _Line, start: int, end: int) -> str:
    return shown(one.content[start:end].decode(errors="replace"))
