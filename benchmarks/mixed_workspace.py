"""A workspace of a wanted number of chunks, put together from the benchmark's repositories as its folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.corpora import Repository
from benchmarks.workspaces import settings_with
from codeintel.indexing.analysis import AnalysisRules, analyse_file
from codeintel.workspace.discovery import discover
from codeintel.workspace.roots import open_root
from codeintel.workspace.skipping import SkipRules


def assemble(repositories: Sequence[Repository], corpora: Path, workspace: Path, chunks: int) -> int:
    """Copy whole files, repository by repository, until `chunks` are reached; answers how many chunks they give.

    A workspace that is there already is left as it is and counted.
    """
    if workspace.exists():
        return sum(count for _, count in _counted(workspace))
    total = 0
    for repository in repositories:
        source = repository.folder(corpora)
        for uri, count in _counted(source):
            if total + count > chunks:
                continue
            total += count
            target = workspace / repository.name / uri
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / uri, target)
    return total


def _counted(folder: Path) -> Iterator[tuple[str, int]]:
    """Every file that would be indexed, with its number of chunks."""
    settings = settings_with(None).index
    rules = AnalysisRules(SkipRules(settings.max_file_bytes), settings.chunk_chars)
    for file in discover(open_root(folder), rules.skip).files:
        analysis = analyse_file(file, rules)
        if analysis.skip_reason is None:
            yield file.uri, len(analysis.chunks)
