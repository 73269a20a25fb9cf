"""A document as a module of its project: its name and package by its path alone, what it imports, what kind it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from posixpath import normpath
from typing import Final

from codeintel.analysis.places import is_generated, place_of
from codeintel.analysis.syntax import Language


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """What a document is to its project; `status` is '' or says what of its structure is missing or cut.

    `module` and `package` are None where the language has none or the path does not tell; `imports` are in
    order of appearance, without repeats.
    """

    module: str | None
    package: str | None
    is_test: bool
    is_generated: bool
    imports: tuple[str, ...]
    status: str


def module_of(
    uri: str, text: str, language: Language, imports: Sequence[str] = (), status: str = ""
) -> ModuleRow:
    """The row of a document that imports these names, as its text has them."""
    module, package = name_of(uri, language.name)
    return ModuleRow(
        module,
        package,
        place_of(uri, language.name) == "test",
        is_generated(uri, text),
        tuple(dict.fromkeys(resolved(name, uri, language.name) for name in imports)),
        status,
    )


@dataclass(frozen=True, slots=True)
class _Naming:
    """How a language names modules: what of a path comes before the name, what joins its parts.

    A file whose stem is in `folder_files` stands for its folder; where `is_folder`, every file does.
    """

    before: re.Pattern[str]
    separator: str
    folder_files: frozenset[str] = frozenset()
    is_folder: bool = False


_NOTHING: Final = re.compile(r"(?!)")
_SRC: Final = re.compile(r"(?:.*/)?src/")
_JVM = _Naming(re.compile(r"(?:.*?/)?src/[^/]+/(?:java|kotlin|scala)/|(?:.*/)?src/"), ".")
_SCRIPT = _Naming(_NOTHING, "/", frozenset({"index"}))

_NAMING: dict[str, _Naming] = {
    "python": _Naming(_SRC, ".", frozenset({"__init__"})),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "go": _Naming(_NOTHING, "/", is_folder=True),
    "java": _JVM,
    "kotlin": _JVM,
    "scala": _JVM,
    "csharp": _Naming(_SRC, "."),
    "haskell": _Naming(re.compile(r"(?:.*?/)?(?=[A-Z][^/]*(?:/[A-Z][^/]*)*$)|(?:.*/)?src/"), "."),
    "lua": _Naming(re.compile(r"(?:.*/)?(?:lua|src)/"), ".", frozenset({"init"})),
    "ruby": _Naming(re.compile(r"(?:.*/)?lib/"), "/"),
    "elixir": _Naming(re.compile(r"(?:.*/)?lib/"), "/"),
    "php": _Naming(_SRC, "/"),
    "zig": _Naming(_SRC, "/"),
}

_RUST_CRATE = re.compile(r"(?:(?:.*/)?([^/]+)/)?src/")
_RUST_ROOTS: Final = frozenset({"lib", "main"})
_SCRIPT_ENDINGS = re.compile(r"\.(?:d\.)?[cm]?[jt]sx?$")


@lru_cache(maxsize=65_536)
def name_of(uri: str, language: str) -> tuple[str | None, str | None]:
    """The module and package that a document is by its path, None where its language has no such thing.

    Python and C# `pkg.mod` from the last `src` on, Java, Kotlin and Scala from their source folder on, Rust
    `crate::mod` with the crate called like the folder that holds `src`; of scripts the path without ending; of Go the
    folder for both. A package is None for a module at the top.
    """
    folders, stem = _parts(uri)
    if language == "rust":
        return _rust(folders, stem)
    naming = _NAMING.get(language)
    if naming is None:
        return None, None
    path = "/".join([*folders, stem])
    before = naming.before.match(path)
    parts = path[before.end() :].split("/") if before else [*folders, stem]
    stands_for_folder = naming.is_folder or parts[-1] in naming.folder_files
    if stands_for_folder and len(parts) > 1:
        package = naming.separator.join(parts[:-1])
        return package, package
    package = naming.separator.join(parts[:-1])
    return (None if naming.is_folder else naming.separator.join(parts)), package or None


def _parts(uri: str) -> tuple[list[str], str]:
    """The folders of a path, and the file's name without its ending."""
    *folders, name = uri.split("/")
    plain = _SCRIPT_ENDINGS.sub("", name)
    return folders, plain if plain != name else name.rpartition(".")[0] or name


def _rust(folders: list[str], stem: str) -> tuple[str, str | None]:
    path = "/".join([*folders, stem])
    crate = _RUST_CRATE.match(path)
    if crate is None:
        parts = [*folders, stem]
    else:
        inside = path[crate.end() :].split("/")
        parts = [(crate[1] or "crate").replace("-", "_"), *inside]
        if len(inside) == 1 and stem in _RUST_ROOTS:
            parts.pop()
    if stem == "mod" and len(parts) > 1:
        parts.pop()
    return "::".join(parts), "::".join(parts[:-1]) or None


def resolved(name: str, uri: str, language: str) -> str:
    """An imported name as `name_of` names modules, where the importing path alone tells; else as it was written.

    Python's leading dots and scripts' `./` and `../` are resolved, as long as they stay within the root.
    """
    if language == "python" and name.startswith("."):
        return _resolved_python(name, uri)
    if language in ("javascript", "typescript", "tsx") and name.startswith((".", "..")):
        return _resolved_script(name, uri)
    return name


def _resolved_python(name: str, uri: str) -> str:
    rest = name.lstrip(".")
    package = name_of(uri, "python")[1]
    above = package.split(".") if package else []
    levels = len(name) - len(rest) - 1
    if levels > len(above):
        return name
    return ".".join([*above[: len(above) - levels], *([rest] if rest else [])]) or name


def _resolved_script(name: str, uri: str) -> str:
    path = normpath(f"{uri.rpartition('/')[0] or '.'}/{name}")
    if path.startswith("..") or path == ".":
        return name
    return name_of(_SCRIPT_ENDINGS.sub("", path) + ".js", "javascript")[0] or name
