"""Options as people write them become settings that the rest relies on; the one table of options is here.

An option is a raw value from one source; settings are the resolved, checked, immutable outcome. A bad option
is reported and dropped, the rest applies. Sources, weakest first: the defaults, `codeintel.toml` at the root,
the editor, the environment, the command line.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FILE_NAME = "codeintel.toml"
ENVIRONMENT_PREFIX = "CODEINTEL_"
# What the editor's extension reads for itself and sends along.
CLIENT_GROUPS = frozenset({"server", "trace"})
_MAX_FILE_BYTES = 100_000  # of codeintel.toml; a guess far above any real one

Place = Literal["file", "editor", "environment", "flag"]
EVERYWHERE: tuple[Place, ...] = ("file", "editor", "environment", "flag")
_IN_PROJECT: tuple[Place, ...] = ("file", "editor", "flag")


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


@dataclass(frozen=True, slots=True)
class OptionWarning:
    """An option that was dropped: its name as written, where it stood, and what is wrong with it."""

    option: str
    source: str
    message: str

    def __str__(self) -> str:
        return f"{self.option} ({self.source}): {self.message}"


@dataclass(frozen=True, slots=True)
class OptionSource:
    """Options of one place by dotted name. Relative paths among them start at `base`."""

    place: Place
    label: str
    values: Mapping[str, object]
    base: Path
    troubles: tuple[OptionWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexSettings:
    folder: Path | None
    tier: Literal["text", "meaning"]
    max_file_bytes: int
    exclude: tuple[str, ...]
    include: tuple[str, ...]
    chunk_chars: int


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`folder` is 'embedded', an absolute path, or 'sentence-transformers:NAME'."""

    folder: str


@dataclass(frozen=True, slots=True)
class SearchSettings:
    limit: int


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    count: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class HoverSettings:
    enabled: bool


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can choose, checked; `index.folder` None is `.codeintel` in the root."""

    index: IndexSettings
    model: ModelSettings
    search: SearchSettings
    workers: WorkerSettings
    hover: HoverSettings
    log: LogSettings

    @classmethod
    def resolve(
        cls, sources: Iterable[OptionSource] = (), trusted: bool = True
    ) -> tuple[Settings, list[OptionWarning]]:
        """The settings that the sources (weakest first) amount to, and a warning for each option dropped.

        In a workspace that is not trusted, its codeintel.toml decides nothing about paths, models, the index
        or processes. Never raises.
        """
        values = {option.name: option.default for option in OPTIONS}
        warnings: list[OptionWarning] = []
        for source in sources:
            warnings += source.troubles
            for name, raw in source.values.items():
                try:
                    values[name] = _accepted(name, raw, source, trusted)
                except ValueError as error:
                    warnings.append(OptionWarning(_as_written(name, source), source.label, str(error)))
        return cls._from(values), warnings

    @classmethod
    def _from(cls, values: Mapping[str, Any]) -> Settings:
        groups: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            group, _, field = name.partition(".")
            groups.setdefault(group, {})[field] = value
        return cls(
            IndexSettings(**groups["index"]),
            ModelSettings(**groups["model"]),
            SearchSettings(**groups["search"]),
            WorkerSettings(**groups["workers"]),
            HoverSettings(**groups["hover"]),
            LogSettings(**groups["log"]),
        )


def settings_of(
    editor_options: object, root: Path | None = None, trusted: bool = True
) -> tuple[Settings, list[OptionWarning]]:
    """What an editor's session goes by: the root's file (if there is a root), the editor, the environment."""
    sources = [from_editor(editor_options, root or Path.cwd()), from_environment()]
    return Settings.resolve([from_file(root), *sources] if root else sources, trusted)


def from_file(root: Path) -> OptionSource:
    """The options of `codeintel.toml` in the root; a file that cannot be read becomes a warning."""
    path = root / FILE_NAME
    try:
        if not path.is_file():
            return OptionSource("file", FILE_NAME, {}, root)
        with path.open("rb") as file:
            text = file.read(_MAX_FILE_BYTES + 1)
        if len(text) > _MAX_FILE_BYTES:
            raise ValueError(f"larger than {_MAX_FILE_BYTES:,} bytes")
        values = _flat(tomllib.loads(text.decode("utf-8-sig")))
    except (OSError, ValueError, RecursionError) as error:
        trouble = OptionWarning(FILE_NAME, _escaped(root), f"ignored, it cannot be read: {_escaped(error)}")
        return OptionSource("file", FILE_NAME, {}, root, (trouble,))
    return OptionSource("file", FILE_NAME, values, root)


def from_editor(options: object, root: Path) -> OptionSource:
    """The options of an editor, in camelCase, nested or dotted, under `codeintel` or not; null is unset."""
    if not isinstance(options, Mapping):
        wrong = OptionWarning("codeintel", "the editor", f"expected an object, found {_shown(options)}")
        return OptionSource("editor", "the editor", {}, root, () if options is None else (wrong,))
    inner = options.get("codeintel", options)
    flat = _flat(inner) if isinstance(inner, Mapping) else {"codeintel": inner}
    values = {
        _snake_case(name.removeprefix("codeintel.")): value
        for name, value in flat.items()
        if value is not None and name.removeprefix("codeintel.").partition(".")[0] not in CLIENT_GROUPS
    }
    return OptionSource("editor", "the editor", values, root)


def from_environment(environment: Mapping[str, str] | None = None) -> OptionSource:
    """The options in CODEINTEL_* variables; an empty variable is unset, an unknown one is not ours."""
    variables = os.environ if environment is None else environment
    values = {option.name: text for option in OPTIONS if (text := variables.get(option.variable))}
    return OptionSource("environment", "the environment", values, Path.cwd())


def from_flags(options: Mapping[str, object]) -> OptionSource:
    """The options of the command line by dotted name; None is a flag that was not given."""
    values = {name: value for name, value in options.items() if value is not None}
    return OptionSource("flag", "the command line", values, Path.cwd())


def settings_markdown() -> str:
    """The reference page of every option, generated from the table."""
    lines = [
        "# Settings",
        "",
        "Generated from the table of options. Put them into `codeintel.toml` at the root of the workspace,",
        "into the editor's configuration (camelCase, under `codeintel`), into the environment, or on the",
        "command line; the later of these wins. A bad option is reported and dropped. Options marked * are",
        "not taken from the `codeintel.toml` of a workspace that is not trusted.",
        "",
        "| option | expected | default | what it does | environment |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_markdown_row, OPTIONS)]) + "\n"


def _markdown_row(option: Option) -> str:
    star = " *" if option.guarded else ""
    default = option.default_in_words or f"`{_toml(option.default)}`"
    variable = f"`{option.variable}`" if "environment" in option.places else ""
    cells = (f"`{option.name}`{star}", option.kind.expected, default, option.description, variable)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _accepted(name: str, raw: object, source: OptionSource, trusted: bool) -> object:
    """The checked value of one option; ValueError says why it is dropped."""
    option = _BY_NAME.get(name)
    if option is None:
        raise ValueError(f"there is no such option{_suggestion(name, source)}")
    if source.place not in option.places:
        raise ValueError("cannot be set here")
    if option.guarded and source.place == "file" and not trusted:
        raise ValueError("ignored, since this workspace is not trusted")
    textual = source.place in ("environment", "flag")
    try:
        value = option.kind.check(_parsed(option.kind, raw) if textual and isinstance(raw, str) else raw)
    except ValueError as error:
        detail = f" ({error})" if str(error) else ""
        raise ValueError(f"expected {option.kind.expected}, found {_shown(raw)}{detail}") from error
    return _located(name, value, source)


def _parsed(kind: Kind, text: str) -> object:
    """What a text stands for; the text itself where it is malformed, for the check to refuse."""
    try:
        return kind.from_text(text)
    except ValueError:
        return text


def _located(name: str, value: object, source: OptionSource) -> object:
    """A path made absolute from where its source stands; other values as they are."""
    if name == "index.folder":
        folder = _absolute(str(value), source.base)
        if source.place in ("file", "editor") and source.base.is_relative_to(folder):
            raise ValueError("the index needs a folder of its own, not one that holds the workspace")
        return folder
    is_path = name == "model.folder" and value != _EMBEDDED and not str(value).startswith(_TRANSFORMERS)
    return str(_absolute(str(value), source.base)) if is_path else value


def _absolute(text: str, base: Path) -> Path:
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("there is no home folder for '~'") from error
    return Path(os.path.normpath(base / path))


def _suggestion(name: str, source: OptionSource) -> str:
    near = difflib.get_close_matches(name, _BY_NAME, n=1)
    return f"; did you mean {_as_written(near[0], source)}?" if near else ""


def _as_written(name: str, source: OptionSource) -> str:
    option = _BY_NAME.get(name)
    if option and source.place == "environment":
        return option.variable
    return option.editor_name if option and source.place == "editor" else _escaped(name)


def _flat(options: Mapping[str, object]) -> dict[str, object]:
    """Groups of options as dotted names, one level deep."""
    flat: dict[str, object] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": content for inner, content in value.items()}
        else:
            flat[key] = value
    return flat


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: f"_{found[0]}", str(name)).lower()


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _escaped(text: object) -> str:
    """Text from outside, fit for a message: control characters and undecodable bytes as escapes."""
    return repr(str(text))[1:-1]


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
            raise ValueError(f"{_shown(pattern)} can never match")
        os.fsencode(pattern)  # refuses a lone surrogate, which JSON can carry and no path can
    return tuple(value)


def _check_name(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value or value == _TRANSFORMERS:
        raise ValueError
    os.fsencode(value)
    return value


_EMBEDDED = "embedded"
_TRANSFORMERS = "sentence-transformers:"
_PATTERNS = Kind("a list of gitignore patterns", _check_patterns, lambda text: [text])
_FLAG = Kind("`true` or `false`", _check_flag, _flag_from_text)
_FOLDER = Kind("the path of a folder", _check_name)
_MODEL = Kind(f"`{_EMBEDDED}`, the path of a folder, or `{_TRANSFORMERS}NAME`", _check_name)

OPTIONS: tuple[Option, ...] = (
    Option(
        "index.folder", _FOLDER, None, "Where the index is kept; a relative path starts at the root.",
        guarded=True, default_in_words="`.codeintel` in the root",
    ),
    Option(
        "index.tier", _one_of("text", "meaning"), "meaning",
        "How deep to index: `text` stops at BM25 and static vectors, `meaning` adds contextual ones.",
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
        "model.folder", _MODEL, _EMBEDDED, "The encoder: the one that comes with codeintel, or another.",
        guarded=True,
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
    Option("hover.enabled", _FLAG, True, "Whether a hover says why a search hit this place.", _IN_PROJECT),
    Option("log.level", _one_of("debug", "info", "warning", "error"), "info", "How much is logged."),
)  # fmt: skip
_BY_NAME = {option.name: option for option in OPTIONS}
