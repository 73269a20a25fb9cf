"""Options as people write them become settings that the rest relies on; what options there are is in options.py.

An option is a raw value from one source; settings are the resolved, checked, immutable outcome. A bad option
is reported and dropped, the rest applies. Sources, weakest first: the defaults, `codeintel.toml` at the root,
the editor, the environment, the command line.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from codeintel.options import (
    BY_NAME,
    EMBEDDED,
    NO_CACHE,
    OPTIONS,
    OWN_TERMS,
    TRANSFORMERS_PREFIX,
    USER_CACHE,
    Kind,
    Place,
    shown,
)

FILE_NAME = "codeintel.toml"
# What the editor's extension reads for itself and sends along.
CLIENT_GROUPS = frozenset({"server", "trace"})
_MAX_FILE_BYTES = 100_000  # of codeintel.toml; a guess far above any real one


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
    tier: Literal["text", "structure", "meaning"]
    max_file_bytes: int
    exclude: tuple[str, ...]
    include: tuple[str, ...]
    chunk_chars: int


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`folder` is 'embedded', an absolute path, or 'sentence-transformers:NAME'.

    `sparse` is 'encoder' or an absolute path, `cache` is 'user', an absolute path, or 'off'.
    """

    folder: str
    sparse: str
    cache: str
    max_cache_bytes: int


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    late: Literal["off", "narrow", "wide"]
    splade: bool


@dataclass(frozen=True, slots=True)
class SearchSettings:
    limit: int


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    count: int
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class ScipSettings:
    enabled: bool
    auto: bool
    python_command: str
    typescript_command: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class NavigationSettings:
    definition: bool
    references: bool
    document_symbol: bool


@dataclass(frozen=True, slots=True)
class CodeLensSettings:
    references: bool
    similar: bool


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
    channels: ChannelSettings
    search: SearchSettings
    workers: WorkerSettings
    scip: ScipSettings
    navigation: NavigationSettings
    code_lens: CodeLensSettings
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
            ChannelSettings(**groups["channels"]),
            SearchSettings(**groups["search"]),
            WorkerSettings(**groups["workers"]),
            ScipSettings(**groups["scip"]),
            NavigationSettings(**groups["navigation"]),
            CodeLensSettings(**groups["code_lens"]),
            HoverSettings(**groups["hover"]),
            LogSettings(**groups["log"]),
        )


def from_file(root: Path) -> OptionSource:
    """The options of `codeintel.toml` in the root; a file that cannot be read becomes a warning."""
    root = root.absolute()
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
        wrong = OptionWarning("codeintel", "the editor", f"expected an object, found {shown(options)}")
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


def _accepted(name: str, raw: object, source: OptionSource, trusted: bool) -> object:
    """The checked value of one option; ValueError says why it is dropped."""
    option = BY_NAME.get(name)
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
        raise ValueError(f"expected {option.kind.expected}, found {shown(raw)}{detail}") from error
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
    return str(_absolute(str(value), source.base)) if _is_path(name, value) else value


def _is_path(name: str, value: object) -> bool:
    """Whether the value of an option that takes paths beside words is a path."""
    if name == "model.folder":
        return value != EMBEDDED and not str(value).startswith(TRANSFORMERS_PREFIX)
    if name == "model.sparse":
        return value != OWN_TERMS
    return name == "model.cache" and value not in (USER_CACHE, NO_CACHE)


def _absolute(text: str, base: Path) -> Path:
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError("there is no home folder for '~'") from error
    return Path(os.path.normpath(base / path))


def _suggestion(name: str, source: OptionSource) -> str:
    near = difflib.get_close_matches(name, BY_NAME, n=1)
    return f"; did you mean {_as_written(near[0], source)}?" if near else ""


def _as_written(name: str, source: OptionSource) -> str:
    option = BY_NAME.get(name)
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


def _escaped(text: object) -> str:
    """Text from outside, fit for a message: control characters and undecodable bytes as escapes."""
    return repr(str(text))[1:-1]
