"""The languages that have a grammar, one table entry each; languages known by name only are in languages.py.

To add one: its wheel in pyproject.toml, an entry in one of these modules and in LANGUAGES, a case in the outline
tests.
"""

from codeintel.analysis.grammars.compiled import CPP, GO, HASKELL, RUST, SWIFT, ZIG, C
from codeintel.analysis.grammars.managed import CSHARP, JAVA, KOTLIN, SCALA
from codeintel.analysis.grammars.scripting import (
    BASH,
    ELIXIR,
    JAVASCRIPT,
    LUA,
    PHP,
    PYTHON,
    RUBY,
    TSX,
    TYPESCRIPT,
)
from codeintel.analysis.syntax import Language

__all__ = ["CPP", "LANGUAGES", "C"]

LANGUAGES: tuple[Language, ...] = (
    *(PYTHON, JAVASCRIPT, TYPESCRIPT, TSX, GO, JAVA, PHP, RUBY, RUST, C, CPP),
    *(CSHARP, KOTLIN, SCALA, SWIFT, ELIXIR, HASKELL, LUA, BASH, ZIG),
)
