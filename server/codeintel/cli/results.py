"""Hits and explanations as people read them: place, breadcrumb, telling lines, parts of the score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from rich.console import Console
from rich.text import Text

from codeintel.cli.console import line, shown
from codeintel.cli.excerpts import WORDS_SHOWN, excerpt, has_place, line_of_byte, strongest_words
from codeintel.cli.figures import counted, duration
from codeintel.search.summaries import summary

if TYPE_CHECKING:
    from codeintel.search.answers import Answer, Contribution, Coverage, Evidence, Explanation, Hit

Level = Literal["one", "signals", "full"]

BAR_CELLS: Final = 14  # with the figures and a reason still fits 80 columns
INDENT: Final = " " * 4
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_COLOURS: Final = {"bm25": "yellow", "dense": "magenta", "static": "blue", "late": "cyan", "splade": "cyan"}


def print_answer(console: Console, answer: Answer, level: Level, *, rooted: bool) -> None:
    """Print the hits and a closing line on how complete the answer is."""
    scale = max((abs(part.contribution) for hit in answer.hits for part in hit.contributions), default=1.0)
    for place, hit in enumerate(answer.hits, 1):
        print_hit(console, hit, level, place, scale, rooted=rooted)
        console.print()
    console.print(_closing_line(answer), style="dim")


def print_hit(console: Console, hit: Hit, level: Level, place: int, scale: float, *, rooted: bool) -> None:
    """Print one hit; bars are drawn relative to `scale`, the largest contribution."""
    console.print(_heading(hit, place, rooted=rooted), no_wrap=True, overflow="ellipsis")
    for text in excerpt(hit):
        console.print(Text(INDENT).append_text(text), no_wrap=True, overflow="ellipsis")
    if level == "one":
        console.print(_reasons(hit), no_wrap=True, overflow="ellipsis")
        return
    for part in hit.contributions:
        console.print(contribution_line(part, scale), no_wrap=True, overflow="ellipsis")
        if level == "full":
            for text in _evidence_lines(hit, part):
                console.print(text, no_wrap=True, overflow="ellipsis")


def print_explanation(console: Console, explanation: Explanation, level: Level, *, rooted: bool) -> None:
    """Print where a chunk ranks, the parts of its score, what each channel adds, and the next hit."""
    if explanation.hit is None or explanation.rank is None:
        console.print(_unranked(explanation))
        return
    if level == "one":
        console.print(line(summary(explanation)))
        return
    hit, following = explanation.hit, explanation.next_hit
    parts = [*hit.contributions, *(following.contributions if following else ())]
    scale = max((abs(part.contribution) for part in parts), default=1.0)
    place = f"rank {explanation.rank:,} of {counted(explanation.candidates, 'candidate')}"
    console.print(Text(place, "bold").append(f" for {shown(explanation.query)!r}", "default"))
    console.print()
    print_hit(console, hit, level, explanation.rank, scale, rooted=rooted)
    for text in _without_lines(explanation):
        console.print(text)
    if explanation.note:
        console.print(line(explanation.note))
    if following:
        console.print(f"\n[bold]next, {hit.score - following.score:.3f} behind[/]\n")
        print_hit(console, following, "signals", explanation.rank + 1, scale, rooted=rooted)


def contribution_line(part: Contribution, scale: float) -> Text:
    """`bm25  +0.95 ██████████  matching words, rank 1: retry`, the bar relative to `scale`."""
    colour = _colour_of(part)
    return Text.assemble(
        (f"{INDENT}{shown(part.source):<11} ", colour),
        (f"{part.contribution:+7.3f} ", "bold"),
        (f"{_bar(part.contribution, scale):<{BAR_CELLS}} ", colour),
        shown(part.reason),
    )


def tiers_in_words(coverage: Coverage) -> str:
    """How far the deeper tiers reach, for a closing line."""
    shares = {"structure": coverage.structure_share, "meaning": coverage.share}
    missing = [f"{tier} {share:.0%}" for tier, share in shares.items() if share < 1]
    if not missing:
        return "structure and meaning complete"
    return f"{', '.join(missing)} (run `indexctl index` for the rest)"


def _heading(hit: Hit, place: int, *, rooted: bool) -> Text:
    chunk = hit.chunk
    location = f"{_shown_path(hit, rooted=rooted)}:{chunk.start_line + 1}"
    heading = Text.assemble((f"{place:>3} ", "dim"), (shown(location), f"bold cyan link {_link(hit)}"))
    if hit.freshness != "saved":
        heading.append(f" {hit.freshness}", "yellow")
    heading.append(f"  {hit.score:.3f}", "bold green")
    heading.append(f"  {chunk.kind}", "dim")
    if chunk.breadcrumb:
        heading.append(f"  {shown(chunk.breadcrumb)}")
    return heading


def _shown_path(hit: Hit, *, rooted: bool) -> str:
    """From the current folder where that holds the file, so that a terminal can open it; else its root."""
    path = hit.root.path / hit.chunk.uri
    if path.is_relative_to(Path.cwd()):
        return path.relative_to(Path.cwd()).as_posix()
    return f"{hit.root.name}/{hit.chunk.uri}" if rooted else hit.chunk.uri


def _link(hit: Hit) -> str:
    return (hit.root.path / hit.chunk.uri).as_uri()


def _reasons(hit: Hit) -> Text:
    """The reasons in one line, the weightiest first."""
    weighty = sorted(hit.contributions, key=lambda part: -abs(part.contribution))
    reasons = Text(INDENT)
    for at, part in enumerate(weighty):
        reasons.append(" · " if at else "", "dim")
        reasons.append(shown(part.reason), _colour_of(part))
    return reasons


def _colour_of(part: Contribution) -> str:
    if part.kind == "channel":
        return _COLOURS.get(part.source, "cyan")
    return "green" if part.contribution >= 0 else "red"


def _bar(contribution: float, scale: float) -> str:
    eighths = round(8 * BAR_CELLS * min(1.0, abs(contribution) / scale)) if scale else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + _EIGHTHS[rest].strip() or "▏"


def _evidence_lines(hit: Hit, part: Contribution) -> Iterator[Text]:
    words = strongest_words(part.evidence)
    total = sum(abs(piece.share) for piece in words) or 1.0
    for piece in words[:WORDS_SHOWN]:
        where = f"line {line_of_byte(hit, piece.start_byte)}" if has_place(piece) else _elsewhere(piece)
        share = f"{INDENT}{'':<11} {piece.share / total:>+7.0%} "
        aligned = f" for {shown(piece.query)}{' (imputed)' if piece.imputed else ''}" if piece.query else ""
        mark = ", expanded" if piece.expanded and has_place(piece) else ""
        yield Text.assemble((share, "dim"), shown(piece.text), (f"{aligned}  {where}{mark}", "dim"))
    if len(words) > WORDS_SHOWN:
        yield Text(f"{INDENT}{'':<20}and {len(words) - WORDS_SHOWN} more", "dim")


def _elsewhere(piece: Evidence) -> str:
    return "expanded" if piece.expanded else "its path or name"


def _without_lines(explanation: Explanation) -> Iterable[Text]:
    for channel, rank in explanation.without.items():
        where = "not found" if rank is None else f"rank {rank:,}"
        yield Text(f"{INDENT}without {channel}: {where}", "dim")


def _unranked(explanation: Explanation) -> Text:
    chunk = explanation.chunk
    place = f"{chunk.uri}:{chunk.start_line + 1}-{chunk.end_line + 1}"
    return Text.assemble(
        (shown(place), "bold cyan"),
        " is not among the ",
        (counted(explanation.candidates, "candidate")),
        ". ",
        shown(explanation.note),
    )


def _closing_line(answer: Answer) -> str:
    found = f"{counted(len(answer.hits), 'hit')} of {counted(answer.candidates, 'candidate')}"
    chunks = counted(answer.coverage.chunks, "chunk")
    return f"{found} · {chunks}, {tiers_in_words(answer.coverage)} · {duration(answer.elapsed_ms / 1000)}"
