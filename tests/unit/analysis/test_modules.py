"""Documents as modules: names by path alone, imports by text, tests and generated files by convention."""

from __future__ import annotations

import pytest

from codeintel.analysis.grammars import LANGUAGES
from codeintel.analysis.imports import MAX_IMPORTS, importing_types, imports_of
from codeintel.analysis.languages import language_of, parse
from codeintel.analysis.modules import module_of, name_of
from codeintel.analysis.syntax_nodes import syntax_nodes


def imports(uri: str, source: str) -> list[str]:
    """The imports of a document as its row has them."""
    language, data = language_of(uri, source), source.encode()
    assert language.syntax is not None
    nodes = syntax_nodes(parse(data, language.syntax), data, language)
    return list(module_of(uri, source, language, imports_of(nodes.importing, language)).imports)


@pytest.mark.parametrize(
    ("uri", "module", "package"),
    [
        ("a.py", "a", None),
        ("pkg/sub/mod.py", "pkg.sub.mod", "pkg.sub"),
        ("src/pkg/mod.pyi", "pkg.mod", "pkg"),
        ("libs/src/core/src/pkg/__init__.py", "pkg", "pkg"),
        ("src/__init__.py", "__init__", None),
        ("web/src/routes/index.tsx", "web/src/routes", "web/src/routes"),
        ("web/app.config.mts", "web/app.config", "web"),
        ("types/api.d.ts", "types/api", "types"),
        ("main.go", None, None),
        ("internal/bind/form.go", "internal/bind", "internal/bind"),
        ("core/src/main/java/com/acme/src/Box.java", "com.acme.src.Box", "com.acme.src"),
        ("src/jvmMain/kotlin/acme/Box.kt", "acme.Box", "acme"),
        ("axum-core/src/lib.rs", "axum_core", None),
        ("axum-core/src/body/mod.rs", "axum_core::body", "axum_core"),
        ("src/body.rs", "crate::body", "crate"),
        ("tests/it.rs", "tests::it", "tests"),
        ("src/Data/Aeson/Key.hs", "Data.Aeson.Key", "Data.Aeson"),
        ("lua/telescope/init.lua", "telescope", "telescope"),
        ("lib/rack/utils.rb", "rack/utils", "rack"),
        ("src/a.c", None, None),
        ("README.md", None, None),
    ],
)
def test_a_module_is_named_by_its_path(uri: str, module: str | None, package: str | None) -> None:
    assert name_of(uri, language_of(uri).name) == (module, package)


@pytest.mark.parametrize(
    ("uri", "source", "expected"),
    [
        (
            "a.py",
            "import os.path as p, re\nfrom x.y import z\nfrom __future__ import q\n",
            ["os.path", "re", "x.y", "__future__"],
        ),
        (
            "src/p/q/r.py",
            "from . import a, b as c\nfrom .d import e\nfrom ..f import *\nfrom .. import g\n",
            ["p.q.a", "p.q.b", "p.q.d", "p.f", "p.g"],
        ),
        ("p/__init__.py", "from .a import b\ndef f():\n    import late\n", ["p.a", "late"]),
        ("a.py", "from . import b\nfrom .c import d\nfrom ....x import y\n", ["b", "c", "....x"]),
        (
            "web/a.ts",
            'import x from "./b.js"; import type {y} from "react";export * from "../lib"; import "../../z"',
            ["web/b", "react", "lib", "../../z"],
        ),
        (
            "web/a.cjs",
            "const fs = require('fs'), b = require('./c');import('late'); other('no'); require(x)",
            ["fs", "web/c", "late"],
        ),
        ("a.ts", 'import fs = require("fs");', ["fs"]),
        ("a.go", 'package p\nimport "fmt"\nimport (\n x "a/b"\n _ `c`\n)\n', ["fmt", "a/b", "c"]),
        ("A.java", "import static a.b.C.d;\nimport x.*;\n", ["a.b.C.d", "x.*"]),
        (
            "a.rs",
            "use std::{fs, io::{self, Read as R}, x::*};\nextern crate serde as s;\nuse a as b;",
            ["std::fs", "std::io", "std::io::Read", "std::x::*", "serde", "a"],
        ),
        ("a.kt", "import x.y.Z\nimport a.b as c\n", ["x.y.Z", "a.b"]),
        ("a.scala", "import x.y.{A, B => C}\nimport z._, w.V\n", ["x.y.A", "x.y.B", "z._", "w.V"]),
        ("a.cs", "using System;\nusing static A.B;\nusing X = A.B.C;\n", ["System", "A.B", "A.B.C"]),
        ("a.c", '#include <stdio.h>\n#include "a.h"\n', ["stdio.h", "a.h"]),
        ("a.swift", "import A.B\n@testable import C\n", ["A.B", "C"]),
        ("a.hs", "import qualified Data.Map as M\nimport Data.List (sort)\n", ["Data.Map", "Data.List"]),
        ("a.zig", 'const std = @import("std"); const x = @embedFile("y");', ["std"]),
        ("a.php", "<?php\nuse X\\Y as Z, W;\nuse function P\\{q, r as s};\n", ["X\\Y", "W", "P\\q", "P\\r"]),
        ("a.rb", 'require "a"\nrequire_relative("b/c")\nputs "d"\nrequire name\n', ["a", "b/c"]),
        ("a.ex", "defmodule A do\n use X, opt: 1\n alias Y.{P, Q}\nend\n", ["X", "Y.P", "Y.Q"]),
        ("a.lua", 'local a = require("x.y")\nlocal b = require "z"\nprint("q")\n', ["x.y", "z"]),
        ("a.sh", 'source ./a.sh\n. "b.sh"\necho c\n', ["./a.sh", "b.sh"]),
    ],
)
def test_imports_are_spelled_out_and_resolved_by_path(uri: str, source: str, expected: list[str]) -> None:
    assert imports(uri, source) == expected


def test_imports_stand_once_and_are_bounded() -> None:
    source = "import a\nimport a\n" + "".join(f"import m{number}\n" for number in range(2 * MAX_IMPORTS))
    assert imports("x.py", source) == ["a", *(f"m{number}" for number in range(MAX_IMPORTS - 1))]


def test_groups_without_end_stay_bounded() -> None:
    found = imports("a.rs", "use " + "abc::{" * 5_000 + "x" + "}" * 5_000 + ";")
    assert all(len(name) <= 300 for name in found)


def test_every_language_with_a_grammar_has_imports() -> None:
    assert [language.name for language in LANGUAGES if not importing_types(language)] == []


@pytest.mark.parametrize(
    ("uri", "is_test"),
    [
        ("tests/a.py", True),
        ("pkg/test_a.py", True),
        ("pkg/a_test.go", True),
        ("web/a.spec.ts", True),
        ("src/test/java/ATest.java", True),
        ("pkg/attest.py", False),
        ("pkg/contest/a.py", False),
    ],
)
def test_tests_are_told_by_their_path(uri: str, is_test: bool) -> None:
    assert module_of(uri, "", language_of(uri)).is_test is is_test


@pytest.mark.parametrize(
    ("uri", "text", "is_generated"),
    [
        ("a.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n", True),
        ("a.py", "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# @generated\n", True),
        ("a.py", '"""Automatically generated from the grammar."""\n', True),
        ("a.cs", "// <auto-generated />\n", True),
        ("a.py", "def f():\n    return 'generated by hand'  # DO NOT EDIT\n", False),
        ("a.py", "x = 1\n" * 30 + "# @generated\n", False),
        ("a.py", "# This generates code.\n", False),
        ("api/a_pb2.py", "", True),
        ("api/a.pb.go", "", True),
        ("web/a.min.js", "", True),
        ("a.kt", "/**\n * Wraps data generated by a statement.\n */\n", False),
        ("a.kt", "/** The key will be auto-generated. */\n", False),
        ("a.ts", "// This file was automatically generated.\n", True),
        ("package-lock.json", "", True),
        ("web/admin.js", "", False),
    ],
)
def test_generated_files_are_told_by_name_or_header(uri: str, text: str, is_generated: bool) -> None:
    assert module_of(uri, text, language_of(uri)).is_generated is is_generated
