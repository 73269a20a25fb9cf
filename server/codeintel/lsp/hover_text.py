"""A hit's explanation as Markdown or plain text; the workspace's text is data in it, never markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the catalog imports pyarrow, which would double the time to start
    from codeintel.search.answers import Contribution, Hit

BAR_CELLS: Final = 10
SHOWN_EVIDENCE: Final = 6
"""Terms named for each contribution: a hover is a glance."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_MARKUP: Final = re.compile(
    r"""[\\`*|<\[\]~]                       # wherever they stand
    | (?<![^\W_])_ | _(?![^\W_])             # emphasis, unless in the middle of a word
    | &(?=[#\w]+;)                          # an entity
    | :(?=//) | (?<=[wW]{3})\. | (?<=\S)@(?=\S)  # an address, which some make a link
    """,
    re.VERBOSE,
)
"""What could be markup in a cell of a table. Nothing else is escaped: terminals show the backslashes."""


def markdown(query: str, hit: Hit) -> str:
    """The explanation as Markdown, with a table of the contributions."""
    lines = [
        f"**codeintel** {hit.score:.3f} for {_code(query)}",
        "",
        "| source | added | | why |",
        "|-|-:|-|-|",
    ]
    largest = _largest(hit)
    for part in _ordered(hit):
        cells = (
            _escaped(_source(part)),
            f"{part.contribution:+.3f}",
            _bar(part, largest),
            _escaped(part.reason),
        )
        lines.append(f"| {' | '.join(cells)} |")
    terms = [_code(term) for term in _terms(hit)]
    return "\n".join(lines + (["", "Evidence: " + ", ".join(terms)] if terms else []))


def plain_text(query: str, hit: Hit) -> str:
    """The explanation as aligned plain text."""
    lines = [f"codeintel {hit.score:.3f} for {_one_line(query)}"]
    largest = _largest(hit)
    for part in _ordered(hit):
        bar = _bar(part, largest).ljust(BAR_CELLS)
        lines.append(f"{_source(part):<18} {part.contribution:+.3f} {bar} {_one_line(part.reason)}".rstrip())
    terms = [_one_line(term) for term in _terms(hit)]
    return "\n".join(lines + (["Evidence: " + ", ".join(terms)] if terms else []))


def _ordered(hit: Hit) -> list[Contribution]:
    return sorted(hit.contributions, key=lambda part: -abs(part.contribution))


def _largest(hit: Hit) -> float:
    return max((abs(part.contribution) for part in hit.contributions), default=0.0)


def _source(part: Contribution) -> str:
    return part.source if part.rank is None else f"{part.source} #{part.rank}"


def _bar(part: Contribution, largest: float) -> str:
    cells = round(BAR_CELLS * abs(part.contribution) / largest) if largest else 0
    return ("█" if part.contribution >= 0 else "░") * cells


def _terms(hit: Hit) -> list[str]:
    """The texts behind the score, those with the largest share first, each once."""
    pieces = [piece for part in hit.contributions for piece in part.evidence if piece.text.strip()]
    ordered = sorted(pieces, key=lambda piece: -abs(piece.share))
    texts = (f"{piece.text} (expanded)" if piece.expanded else piece.text for piece in ordered)
    return list(dict.fromkeys(texts))[:SHOWN_EVIDENCE]


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:200]


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", _one_line(text))


def _code(text: str) -> str:
    """A code span that no backtick inside can close."""
    line = _one_line(text)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}" if longest else f"`{line}`"
