"""Indexes one corpus with codeintel's text tier and prints when it was searchable and when durable.

Light, as the product's own entry is, because every worker process imports the main module again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Index as asked; times are of the monotonic clock, which all processes of a machine share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument(
        "--warm-up", type=Path, help="a folder to index first: models and worker processes are then running"
    )
    options = parser.parse_args()
    from benchmarks.peers.searchable import measured  # only this process may pay for it, see above

    with tempfile.TemporaryDirectory() as folder:
        json.dump(measured(options.corpus, options.warm_up, Path(folder)), sys.stdout)


if __name__ == "__main__":
    main()
