"""Runs every measurement one after the other and rewrites benchmarks/results.

Tuning, the comparison of watchers and those with a compiler's indexes are programs of their own.
"""

from __future__ import annotations

from benchmarks import (
    ablation,
    all_channels,
    catalog_readers,
    index_time,
    late_interaction,
    late_ranking,
    latency,
    live_checkout,
    live_edits,
    live_responsiveness,
    live_scale,
    live_structure,
    live_typing,
    overlap_join,
    retrieval,
    sparse,
    structure_speed,
)
from benchmarks.arguments import parser, places_of


def main() -> None:
    """About 50 minutes on two cores that do nothing else."""
    made = parser(__doc__ or "")
    index_time.add_arguments(made)
    late_interaction.add_arguments(made)
    all_channels.add_arguments(made)
    options = made.parse_args()
    places = places_of(options)
    retrieval.run(places)
    ablation.run(places)
    structure_speed.run(places)
    latency.run(places)
    index_time.run(places, options.semble_python, options.runs)
    late_interaction.run(options)
    late_ranking.run(options)
    all_channels.run(options)
    options.quick = False
    for live in (live_edits, live_structure, live_typing, live_scale, live_responsiveness, live_checkout):
        live.run(options)
    for made_up in (overlap_join, catalog_readers, sparse):
        made_up.run(options)


if __name__ == "__main__":
    main()
