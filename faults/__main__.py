"""`python -m faults [ROW]...`: inject the faults, print a line for each, and write docs/faults.md."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence

from faults.outcome import Outcome, Scale
from faults.report import PAGE, line, update
from faults.rows import ROWS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows that are named, or all; the exit code says whether any did not pass."""
    options = _parser().parse_args(arguments)
    logging.getLogger("codeintel").setLevel(logging.CRITICAL)  # damage is injected here, and said by the rows
    scale = Scale.SHORT if options.short else Scale.LONG
    outcomes: dict[int, Outcome] = {}
    for row in options.rows or ROWS:
        started = time.monotonic()
        outcomes[row] = ROWS[row](scale)
        sys.stdout.write(line(outcomes[row], time.monotonic() - started) + "\n")
        sys.stdout.flush()
        if not options.no_page:
            update(outcomes, scale)
    if not options.no_page:
        sys.stdout.write(f"written: {PAGE}\n")
    return int(any(outcome.passed is False for outcome in outcomes.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("rows", nargs="*", type=_row, metavar="ROW", help="default: all")
    parser.add_argument("--short", action="store_true", help="the short forms, as in the tests")
    parser.add_argument("--no-page", action="store_true", help="do not write docs/faults.md")
    return parser


def _row(text: str) -> int:
    if not text.isdecimal() or int(text) not in ROWS:
        raise argparse.ArgumentTypeError(f"{text!r} is no row; there are {', '.join(map(str, ROWS))}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
