"""Which language a document is in, and its parser. What the parts of a tree mean is in grammars."""

import importlib
import re
import threading
import time
from functools import cache

from tree_sitter import Language as Grammar
from tree_sitter import Parser, Point, Tree

from codeintel.analysis.grammars import CPP, LANGUAGES, C
from codeintel.analysis.syntax import Language, Syntax

MAX_PARSE_SECONDS = 5.0
"""Far above honest source (1 MB takes 0.3 s); some grammars need minutes for hostile text (measured: Kotlin, C++)."""

_READ_BYTES = 4096
"""Bytes handed to the parser at a time; also copied when a node's text is read, hence small."""

PLAIN_TEXT = Language("text", extensions=(".txt", ".text", ".log"))
MARKDOWN = Language("markdown", extensions=(".md", ".markdown", ".mdx"))

_BY_NAME_ONLY: tuple[Language, ...] = (
    PLAIN_TEXT,
    MARKDOWN,
    Language("restructuredtext", extensions=(".rst",)),
    Language("asciidoc", extensions=(".adoc", ".asciidoc")),
    Language("json", extensions=(".json", ".jsonc", ".json5", ".ipynb"), filenames=(".eslintrc", ".babelrc")),
    Language("yaml", extensions=(".yaml", ".yml")),
    Language("toml", extensions=(".toml",), filenames=("Pipfile", "poetry.lock")),
    Language("ini", extensions=(".ini", ".cfg", ".conf", ".properties", ".editorconfig")),
    Language("xml", extensions=(".xml", ".xsd", ".xsl", ".csproj", ".props", ".targets", ".plist")),
    Language("html", extensions=(".html", ".htm", ".xhtml")),
    Language("vue", extensions=(".vue",)),
    Language("svelte", extensions=(".svelte",)),
    Language("css", extensions=(".css",)),
    Language("scss", extensions=(".scss", ".sass", ".less")),
    Language("sql", extensions=(".sql",)),
    Language("graphql", extensions=(".graphql", ".gql")),
    Language("proto", extensions=(".proto",)),
    Language("thrift", extensions=(".thrift",)),
    Language("dockerfile", extensions=(".dockerfile",), filenames=("Dockerfile", "Containerfile")),
    Language("make", extensions=(".mk", ".mak"), filenames=("Makefile", "makefile", "GNUmakefile")),
    Language("cmake", extensions=(".cmake",), filenames=("CMakeLists.txt",)),
    Language("nix", extensions=(".nix",)),
    Language("hcl", extensions=(".tf", ".tfvars", ".hcl")),
    Language("powershell", extensions=(".ps1", ".psm1")),
    Language("fish", extensions=(".fish",)),
    Language("vim", extensions=(".vim",)),
    Language("perl", extensions=(".pl", ".pm"), shebangs=("perl",)),
    Language("r", extensions=(".r", ".R")),
    Language("julia", extensions=(".jl",)),
    Language("dart", extensions=(".dart",)),
    Language("groovy", extensions=(".groovy", ".gradle")),
    Language("clojure", extensions=(".clj", ".cljs", ".cljc", ".edn")),
    Language("erlang", extensions=(".erl", ".hrl")),
    Language("ocaml", extensions=(".ml", ".mli")),
    Language("fsharp", extensions=(".fs", ".fsx", ".fsi")),
    Language("objective-c", extensions=(".m", ".mm")),
    Language("assembly", extensions=(".s", ".S", ".asm")),
    Language("cython", extensions=(".pyx", ".pxd")),
    Language(
        "template", extensions=(".eex", ".leex", ".heex", ".erb", ".ejs", ".hbs", ".jinja", ".j2", ".tmpl")
    ),
)

_ALL = LANGUAGES + _BY_NAME_ONLY
LANGUAGE_NAMES = frozenset(language.name for language in _ALL)
"""Every name that `language_of` can answer, for the query language."""

_BY_NAME = {language.name: language for language in _ALL}
_BY_EXTENSION = {extension: language for language in _ALL for extension in language.extensions}
_BY_FILENAME = {filename: language for language in _ALL for filename in language.filenames}
_BY_SHEBANG = {shebang: language for language in _ALL for shebang in language.shebangs}

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([A-Za-z]+(?:-[A-Za-z]+)?)")
_CPP_ONLY = re.compile(
    r"^\s*(?:template\s*<|namespace\s|using\s+[\w:]+\s*[;=]|class\s+\w+|public:|private:|protected:)|\bstd::|\bconstexpr\b"
    r"|^#\s*include\s*<[a-z_]+>",
    re.MULTILINE,
)

_parsers = threading.local()


def language_of(uri: str, text: str = "") -> Language:
    """The language of a document by its name, else by its shebang, else plain text.

    `text` is the document or its beginning. The first line is enough for a shebang; a `.h` is C++ where any
    of `text` looks like it, and C otherwise.
    """
    filename = uri.rpartition("/")[2]
    found = _BY_FILENAME.get(filename) or _by_extension(filename)
    if found is None and (shebang := _SHEBANG.match(text)):
        found = _BY_SHEBANG.get(shebang[1])
    if found is C and filename.endswith(".h") and _CPP_ONLY.search(text):
        return CPP
    return found or PLAIN_TEXT


def language_named(name: str) -> Language:
    """The language of that name, as files have it; plain text where there is none."""
    return _BY_NAME.get(name, PLAIN_TEXT)


def _by_extension(filename: str) -> Language | None:
    stem, dot, extension = filename.rpartition(".")
    if not stem:
        return None
    return _BY_EXTENSION.get(dot + extension) or _BY_EXTENSION.get(dot + extension.lower())


def parse(data: bytes, syntax: Syntax) -> Tree:
    """The concrete tree of UTF-8 source; ValueError where the parser gives up after MAX_PARSE_SECONDS.

    Grammars load on first use, parsers are kept one per thread and language.
    """
    return parse_prepared(prepared(data, syntax), syntax)


def prepared(data: bytes, syntax: Syntax) -> bytes:
    """The source as its grammar can take it; only a line break may be added, at the end."""
    return syntax.prepare(data) if syntax.prepare is not None else data


def parse_prepared(source: bytes, syntax: Syntax, old: Tree | None = None) -> Tree:
    """The tree of prepared source, as `parse`; what an `old` tree, edited to match, has unchanged is taken over."""
    deadline = time.monotonic() + MAX_PARSE_SECONDS
    parser = _parser(syntax)

    def read(offset: int, _point: Point) -> bytes:
        return source[offset : offset + _READ_BYTES]

    def is_late(_offset: int, _has_error: bool) -> bool:
        return time.monotonic() > deadline

    try:
        if old is None:
            return parser.parse(read, progress_callback=is_late)
        return parser.parse(read, old, progress_callback=is_late)
    except ValueError:
        parser.reset()
        raise


def _parser(syntax: Syntax) -> Parser:
    kept: dict[str, Parser] = _parsers.__dict__.setdefault("by_grammar", {})
    key = f"{syntax.package}.{syntax.function}"
    if key not in kept:
        kept[key] = Parser(_grammar(syntax.package, syntax.function))
    return kept[key]


@cache
def _grammar(package: str, function: str) -> Grammar:
    return Grammar(getattr(importlib.import_module(package), function)())
