"""Runs every measurement one after the other and rewrites benchmarks/results; tuning is a program of its own."""

from __future__ import annotations

from benchmarks import index_time, latency, retrieval
from benchmarks.arguments import parser, places_of


def main() -> None:
    """About 15 minutes on two cores that do nothing else."""
    made = parser(__doc__ or "")
    index_time.add_arguments(made)
    options = made.parse_args()
    places = places_of(options)
    retrieval.run(places)
    latency.run(places)
    index_time.run(places, options.semble_python, options.runs)


if __name__ == "__main__":
    main()
