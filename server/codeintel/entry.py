"""The targets of the console scripts; light, because every worker process imports the main module again."""

from __future__ import annotations

import os
from typing import Final

ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}
"""What numpy's products read when they are loaded, of a person who has not said otherwise. Ours take a fraction of a
millisecond; divided among threads they wait for the slowest, and where both of two cores had other work, a query with
late interaction took three times as long (benchmarks/all_channels.py)."""


def server() -> None:
    """`codeintel-server`: the language server."""
    multiply_on_one_thread()
    from codeintel.lsp.main import main  # only the process that serves may pay for it

    main()


def indexctl() -> None:
    """`indexctl`: the command line."""
    multiply_on_one_thread()
    from codeintel.cli.main import main  # only the process that was called may pay for it

    main()


def multiply_on_one_thread() -> None:
    """Have numpy's products use one thread, before numpy is imported, of a person who has not said otherwise."""
    for name, count in ONE_THREAD.items():
        os.environ.setdefault(name, count)
