"""`indexctl status`: what is indexed, how far, and where it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import click
from rich.text import Text

from codeintel.cli.console import fact, line, stdout_console
from codeintel.cli.documents import print_document, status_document
from codeintel.cli.figures import counted, size
from codeintel.cli.opening import opened
from codeintel.cli.options import Surface, common_options

if TYPE_CHECKING:
    from codeintel.indexing.reports import RootStatus, Status

LANGUAGES_SHOWN: Final = 6
OUTPUTS: Final = {"tokens": "token vectors", "terms": "term weights"}


@click.command()
@common_options
def status(surface: Surface) -> None:
    """Show what is indexed, how far, and where it lies.

    \b
    indexctl status
    """
    with opened(surface, readonly=True) as service:
        found = service.status()
    if surface.for_people:
        for text in _rendered(found):
            stdout_console().print(text)
    else:
        print_document(status_document(found), surface.format)


def _rendered(found: Status) -> Iterator[Text]:
    for root in found.roots:
        yield from _root(root)
        yield Text()
    yield line("models", "bold cyan")
    yield fact("encoder", found.encoder)
    yield fact("static", found.static)
    if found.stage:
        yield fact("now", str(found.stage))


def _root(root: RootStatus) -> Iterator[Text]:
    yield line(root.name, "bold cyan")
    yield fact("folder", str(root.path))
    yield fact("index", _index_line(root))
    skipped = f" ({sum(root.skipped.values()):,} skipped)" if root.skipped else ""
    yield fact("files", f"{root.files:,}{skipped}")
    if root.languages:
        yield fact("languages", _languages(root.languages))
    structured, meaning = _share(root.structured, root.documents), _share(root.meaning, root.chunks)
    yield fact("documents", f"{root.documents:,} ({structured} with structure)")
    further = "".join(f", {_share(n, root.chunks)} with {OUTPUTS[name]}" for name, n in root.outputs.items())
    yield fact("chunks", f"{root.chunks:,} ({meaning} with meaning{further})")
    yield fact("indexed", root.last_indexed_at)


def _index_line(root: RootStatus) -> str:
    if root.index_folder is None:
        return f"in memory, generation {root.generation}"
    return f"{root.index_folder} ({size(root.size_bytes)}, generation {root.generation})"


def _share(part: int, whole: int) -> str:
    return "all" if part >= whole else f"{part / whole:.0%}"


def _languages(languages: Mapping[str, int]) -> str:
    commonest = sorted(languages.items(), key=lambda entry: (-entry[1], entry[0]))
    names = [f"{name} {count:,}" for name, count in commonest[:LANGUAGES_SHOWN]]
    if len(commonest) > LANGUAGES_SHOWN:
        names.append(f"and {counted(len(commonest) - LANGUAGES_SHOWN, 'other')}")
    return ", ".join(names)
