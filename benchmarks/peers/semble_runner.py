"""Indexes one corpus with semble and prints when it was done; runs in semble's own environment, needs nothing else."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from semble import SembleIndex  # type: ignore[import-not-found]


def main() -> None:
    """Index as asked; times are of the monotonic clock, which all processes of a machine share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", required=True, help="a model2vec folder")
    parser.add_argument(
        "--warm-up", type=Path, help="a folder to index first: imports, model and code are then loaded"
    )
    options = parser.parse_args()
    if options.warm_up:
        SembleIndex.from_path(options.warm_up, model_path=options.model)
    started = time.monotonic()
    index = SembleIndex.from_path(options.corpus, model_path=options.model)
    searchable = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        durable = time.monotonic()
    json.dump(
        {
            "version": version("semble"),
            "started": started,
            "searchable": searchable,
            "durable": durable,
            "files": index.stats.indexed_files,
            "chunks": index.stats.total_chunks,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
