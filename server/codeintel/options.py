"""The one table of options: their names, types, defaults and places, and the page that describes them.

What becomes of an option that a person sets is decided in settings.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

ENVIRONMENT_PREFIX = "CODEINTEL_"
EMBEDDED = "embedded"
"""What `model.folder` calls the models that come with codeintel."""
TRANSFORMERS_PREFIX = "sentence-transformers:"
"""Before the name of a model of that package, as a value of `model.folder`."""
OWN_TERMS = "encoder"
"""What `model.sparse` calls the encoder's own term weights."""
USER_CACHE, NO_CACHE = "user", "off"
"""What `model.cache` calls the user's cache folder, and having no cache."""

Place = Literal["file", "editor", "environment", "flag"]
EVERYWHERE: tuple[Place, ...] = ("file", "editor", "environment", "flag")
_IN_PROJECT: tuple[Place, ...] = ("file", "editor", "flag")
# What belongs to the user, whatever the project: a repository could ship a cache whose vectors mislead.
_OF_USER: tuple[Place, ...] = ("editor", "environment", "flag")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of option: what is expected, in words, and the check, which raises ValueError.

    `from_text` turns what an environment variable or a flag can hold into a value for the check.
    """

    expected: str
    check: Callable[[object], object]
    from_text: Callable[[str], object] = str


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table. `guarded`: not taken from the file of a workspace that is not trusted."""

    name: str
    kind: Kind
    default: Any
    description: str
    places: tuple[Place, ...] = EVERYWHERE
    guarded: bool = False
    default_in_words: str = ""

    @property
    def editor_name(self) -> str:
        """The name in an editor's configuration: index.max_file_bytes is index.maxFileBytes there."""
        return re.sub(r"_([a-z])", lambda found: found[1].upper(), self.name)

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return ENVIRONMENT_PREFIX + self.name.replace(".", "_").upper()


def _whole(low: int, high: int) -> Kind:
    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError
        return value

    return Kind(f"a whole number from {low:,} to {high:,}", check, int)


def _seconds(low: float, high: float) -> Kind:
    def check(value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError
        return float(value)

    return Kind(f"seconds, from {low:g} to {high:g}", check, float)


def _one_of(*choices: str) -> Kind:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError
        return value

    return Kind(" or ".join(f"`{choice}`" for choice in choices), check)


def _check_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _flag_from_text(text: str) -> object:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)


def _check_patterns(value: object) -> tuple[str, ...]:
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str)
        or not all(isinstance(p, str) for p in value)
    ):
        raise ValueError
    for pattern in value:
        if not pattern.strip("/ ") or pattern.startswith("#"):
            raise ValueError(f"{shown(pattern)} can never match")
        os.fsencode(pattern)  # refuses a lone surrogate, which JSON can carry and no path can
    return tuple(value)


def _check_name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value or value == TRANSFORMERS_PREFIX:
        raise ValueError
    os.fsencode(value)
    return value


_PATTERNS = Kind("a list of gitignore patterns", _check_patterns, lambda text: [text])
_FLAG = Kind("`true` or `false`", _check_flag, _flag_from_text)
_FOLDER = Kind("the path of a folder", _check_name)
_MODEL = Kind(f"`{EMBEDDED}`, the path of a folder, or `{TRANSFORMERS_PREFIX}NAME`", _check_name)
_SPARSE = Kind(f"`{OWN_TERMS}`, or the path of a folder", _check_name)
_CACHE = Kind(f"`{USER_CACHE}`, the path of a folder, or `{NO_CACHE}`", _check_name)
_COMMAND = Kind("the name of a program, or its absolute path", _check_name)

OPTIONS: tuple[Option, ...] = (
    Option(
        "index.folder", _FOLDER, None, "Where the index is kept; a relative path starts at the root.",
        guarded=True, default_in_words="`.codeintel` in the root",
    ),
    Option(
        "index.tier", _one_of("text", "structure", "meaning"), "meaning",
        "How deep to index: `text` stops at BM25 and static vectors, `structure` adds syntax nodes, occurrences and "
        "symbols, `meaning` contextual vectors as well.",
        guarded=True,
    ),
    Option(
        "index.max_file_bytes", _whole(1_000, 100_000_000), 1_000_000,
        "Larger files are skipped.", _IN_PROJECT, guarded=True,
    ),
    Option(
        "index.exclude", _PATTERNS, (),
        "Files that are not indexed, though git knows them; wins over include.",
        _IN_PROJECT, guarded=True,
    ),
    Option(
        "index.include", _PATTERNS, (),
        "Files to index though they are lock files, generated data or in a folder left out by default.",
        _IN_PROJECT, guarded=True,
    ),
    Option(
        "index.chunk_chars", _whole(200, 20_000), 1_500,
        "About how long a chunk may grow before it is split.", _IN_PROJECT, guarded=True,
    ),
    Option(
        "model.folder", _MODEL, EMBEDDED, "The encoder: the one that comes with codeintel, or another.",
        guarded=True,
    ),
    Option(
        "model.sparse", _SPARSE, OWN_TERMS,
        "What weighs terms for `channels.splade`: the encoder's own output, or a folder with a SPLADE model, which "
        "expands texts (`model.onnx` with the `logits` of a masked language model, `tokenizer.json`, `config.json`).",
        guarded=True,
    ),
    Option(
        "model.cache", _CACHE, USER_CACHE,
        "Where the encoder's vectors are kept for every workspace: the user's cache folder, or another.",
        _OF_USER,
    ),
    Option(
        "model.max_cache_bytes", _whole(10_000_000, 1_000_000_000_000), 1_000_000_000,
        "How large that may grow before the vectors unused for longest go.", _OF_USER,
    ),
    Option(
        "channels.late", _one_of("off", "narrow", "wide"), "off",
        "Late interaction, word by word: `narrow` compares the other channels' candidates, `wide` looks through every "
        "chunk. Off, since it gave no measured gain; takes an encoder with token vectors.",
        _IN_PROJECT, guarded=True,
    ),
    Option(
        "channels.splade", _FLAG, False,
        "Term weights, as of a learned dictionary: a chunk is found by the words that say most about it. Off, since it "
        "gave no measured gain; takes an encoder with term weights, or `model.sparse`.",
        _IN_PROJECT, guarded=True,
    ),
    Option("search.limit", _whole(1, 1_000), 10, "How many hits a search returns.", _IN_PROJECT),
    Option(
        "workers.count", _whole(1, 64), 2 if (os.cpu_count() or 1) > 1 else 1,
        "Processes that parse files.", guarded=True, default_in_words="2, or 1 on a single core",
    ),
    Option(
        "workers.timeout_seconds", _seconds(0.1, 600), 10.0,
        "A file that takes longer to parse is set aside.", _IN_PROJECT, guarded=True,
    ),
    Option(
        "scip.enabled", _FLAG, True,
        "Whether indexers' symbols are used: of those installed, and of index.scip files in the workspace.",
        _IN_PROJECT, guarded=True,
    ),
    Option(
        "scip.auto", _FLAG, False,
        "Whether installed indexers run by themselves once indexing is done, or only when asked.",
        _IN_PROJECT, guarded=True,
    ),
    Option("scip.python_command", _COMMAND, "scip-python", "The indexer of Python.", _OF_USER),
    Option(
        "scip.typescript_command", _COMMAND, "scip-typescript", "The indexer of TypeScript and JavaScript.", _OF_USER
    ),
    Option(
        "scip.timeout_seconds", _seconds(1, 7_200), 600.0,
        "An indexer that takes longer is stopped.", _IN_PROJECT, guarded=True,
    ),
    Option(
        "navigation.definition", _FLAG, False,
        "Whether going to a definition is answered from the index; off, since a language's own server knows better.",
        _IN_PROJECT,
    ),
    Option(
        "navigation.references", _FLAG, False,
        "Whether finding references is answered from the index; off, since most editors show both servers' answers.",
        _IN_PROJECT,
    ),
    Option(
        "navigation.document_symbol", _FLAG, False,
        "Whether the outline of a document is answered from the index; off, since some editors ask one server alone.",
        _IN_PROJECT,
    ),
    Option(
        "code_lens.references", _FLAG, False,
        "Whether a lens above each definition counts the references to it.", _IN_PROJECT,
    ),
    Option(
        "code_lens.similar", _FLAG, False,
        "Whether a lens above each function and class looks for code like it.", _IN_PROJECT,
    ),
    Option("hover.enabled", _FLAG, True, "Whether a hover says why a search hit this place.", _IN_PROJECT),
    Option("log.level", _one_of("debug", "info", "warning", "error"), "info", "How much is logged."),
)  # fmt: skip
BY_NAME = {option.name: option for option in OPTIONS}


def settings_markdown() -> str:
    """The reference page of every option, generated from the table."""
    lines = [
        "# Settings",
        "",
        "Generated from the table of options. Put them into `codeintel.toml` at the root of the workspace,",
        "into the editor's configuration (camelCase, under `codeintel`), into the environment, or on the",
        "command line; the later of these wins. A bad option is reported and dropped. Options marked * are",
        "not taken from the `codeintel.toml` of a workspace that the editor does not trust, "
        "which it tells by the initialization option `trusted: false`.",
        "Options marked † are the user's own: no `codeintel.toml` sets them.",
        "",
        "`navigation.*` and `code_lens.*` are off, so that nothing is in the way of a language's own server: switch",
        "them on where a language has none, or where none is installed. An editor that lets servers register methods",
        "while they run follows any of these sources, at once; for any other they count as the initialization options",
        "have them when it starts.",
        "",
        "| option | expected | default | what it does | environment |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_markdown_row, OPTIONS)]) + "\n"


def _markdown_row(option: Option) -> str:
    mark = " *" if option.guarded else "" if "file" in option.places else " †"
    default = option.default_in_words or f"`{_toml(option.default)}`"
    variable = f"`{option.variable}`" if "environment" in option.places else ""
    cells = (f"`{option.name}`{mark}", option.kind.expected, default, option.description, variable)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def shown(value: object) -> str:
    """A value as it was written, cut to fit a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
