"""docs/cli.md, written from the commands themselves: `python -m codeintel.cli.reference > docs/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import click

from codeintel.cli.console import write_line
from codeintel.cli.main import indexctl

WIDTH: Final = 88

OPENING: Final = """\
# indexctl

<!-- Written by `make docs` from the commands' own help; a test compares. -->

Everything that the language server answers, on the command line. Results go to stdout, progress and remarks
to stderr; where stdout is no terminal there is no colour, and no line is cut or wrapped.\
"""

DOCUMENTS: Final = """\
## JSON

`--format jsonl` prints one object a line, `--format json` one indented document (an array where there are
several). Lines count from 1 and are inclusive, paths are relative to their workspace folder; if several
folders are open each hit names its `root`. Fields are only ever added.

`search --queries FILE --format jsonl` answers each line of FILE with one line, in order. A line of FILE is a
plain query or an object with `query`; blank lines are passed over.

    {"query": "where are retries handled",
     "hits": [{"path": "src/client.py", "startLine": 120, "endLine": 158, "score": 2.31,
               "contributions": [{"source": "bm25", "kind": "channel", "rank": 1, "score": 14.2,
                                  "weight": 1.0, "contribution": 1.0, "reason": "matching words, …"}, …]},
              …],
     "tiers": {"text": 1.0, "structure": 1.0, "meaning": 0.87},
     "elapsedMs": 8.4}

The `contribution`s of a hit, of channels and priors alike, sum to its `score`. `tiers` says how much of the
index each tier reaches. With `--explain full` a contribution also has `evidence`: `text`, `startByte`,
`endByte` and `share`, and in the channel `late` the `query`'s word that it is aligned with, `imputed` where
finding the hit did without it. A query that cannot be answered costs its own line only, and the exit code is then 2
(`column` counts from 1):

    {"query": "lnag:python retry",
     "error": {"message": "Unknown qualifier 'lnag:'. …", "field": "query", "column": 1}}

## Exit codes

| code | means |
| --- | --- |
| 0 | done |
| 1 | nothing found |
| 2 | a mistake in the command, the query or the name of a folder |
| 3 | the index or a model needs attention; stderr says what to do |
| 130 | interrupted; what was finished is kept |\
"""


def reference() -> str:
    """The page: what the program is, every command's help, the documents, the exit codes."""
    program = indexctl.make_context("indexctl", [], resilient_parsing=True, terminal_width=WIDTH)
    return "\n\n".join([OPENING, _help_of(program), *_commands(program), DOCUMENTS]) + "\n"


def _commands(program: click.Context) -> Iterator[str]:
    for name, command in indexctl.commands.items():
        yield f"## indexctl {name}"
        context = command.make_context(name, [], program, resilient_parsing=True, terminal_width=WIDTH)
        yield _help_of(context)
        for inner, subcommand in getattr(command, "commands", {}).items():
            yield f"### indexctl {name} {inner}"
            yield _help_of(
                subcommand.make_context(inner, [], context, resilient_parsing=True, terminal_width=WIDTH)
            )


def _help_of(context: click.Context) -> str:
    return f"```text\n{context.get_help().rstrip()}\n```"


if __name__ == "__main__":
    write_line(reference().rstrip("\n"))
