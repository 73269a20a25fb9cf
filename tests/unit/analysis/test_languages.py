"""Which language a document is in."""

import pytest

from codeintel.analysis.grammars import LANGUAGES
from codeintel.analysis.languages import language_of, parse
from codeintel.analysis.syntax import Language


@pytest.mark.parametrize(
    ("uri", "text", "name"),
    [
        ("src/app.py", "", "python"),
        ("web/App.TSX", "", "tsx"),
        ("include/uv.h", "struct uv_s { int a; };\n", "c"),
        ("include/fmt.h", "#include <a.h>\nnamespace fmt {\n}\n", "cpp"),
        ("include/fmt.h", "/* c */\ntemplate <typename T> class A;\n", "cpp"),
        ("src/uv.c", 'char* a = "std::";\n', "c"),
        ("bin/run", "#!/usr/bin/env python3\n", "python"),
        ("bin/run", "#!/bin/sh -e\n", "bash"),
        ("bin/run", "#!/usr/bin/env -S node --flag\n", "javascript"),
        ("bin/run", "#!\n", "text"),
        ("Makefile", "", "make"),
        ("docs/Dockerfile", "", "dockerfile"),
        ("README.md", "", "markdown"),
        (".py", "", "text"),
        ("noextension", "", "text"),
        ("", "", "text"),
    ],
)
def test_a_document_is_recognised_by_name_then_shebang(uri: str, text: str, name: str) -> None:
    assert language_of(uri, text).name == name


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_grammar_loads_and_knows_the_node_types_of_its_table(language: Language) -> None:
    syntax = language.syntax
    assert syntax is not None
    grammar = parse(b"", syntax).language
    used = {*syntax.definitions, *syntax.imports, *syntax.wrappers, *syntax.transparent, *syntax.bodies}
    known = {grammar.node_kind_for_id(number) for number in range(grammar.node_kind_count)}
    assert used - known == set()
