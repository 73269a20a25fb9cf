"""Other languages: definitions by their grammar tables, references by name, under a scheme of our own."""

from __future__ import annotations

import pytest
from occurrence_listing import listing

from codeintel.analysis.grammars import LANGUAGES
from codeintel.analysis.languages import language_of
from codeintel.analysis.scip import occurrences_of
from codeintel.analysis.scip.reference_queries import QUERIES

CASES: list[tuple[str, str, list[str]]] = [
    (
        "lib/a.js",
        "class Cart extends Base {\n  add(item) { log(item); }\n}\nconst cart = new Cart();\ncart.add(1);\n",
        [
            "1 Cart `lib/a.js`/Cart# def",
            "1 Base Base# ?",
            "2 add `lib/a.js`/Cart#add(). def",
            "2 log log(). ?",
            "4 cart `lib/a.js`/cart. def",
            "4 Cart `lib/a.js`/Cart# ?",
            "5 add `lib/a.js`/Cart#add(). ?",
        ],
    ),
    (
        "a.ts",
        "interface Shape { area(): number }\nfunction draw(shape: Shape): void { paint(shape.area()); }\n",
        [
            "1 Shape `a.ts`/Shape# def",
            "1 area `a.ts`/Shape#area(). def",
            "2 draw `a.ts`/draw(). def",
            "2 Shape `a.ts`/Shape# ?",
            "2 paint paint(). ?",
            "2 area `a.ts`/Shape#area(). ?",
        ],
    ),
    ("a.tsx", "const App = () => <Menu/>;\n", ["1 App `a.tsx`/App(). def", "1 Menu Menu(). ?"]),
    (
        "a.go",
        "package a\ntype Box struct{}\nfunc (b *Box) Open() error { return check(b) }\nfunc run(b Box) { b.Open() }\n",
        [
            "2 Box `a.go`/Box# def",
            "3 Box `a.go`/Box# ?",
            "3 Open `a.go`/Box#Open(). def",
            "3 error error# ?",
            "3 check check(). ?",
            "4 run `a.go`/run(). def",
            "4 Box `a.go`/Box# ?",
            "4 Open `a.go`/Box#Open(). ?",
        ],
    ),
    (
        "A.java",
        "class A {\n  int size;\n  A make() { return new A().copy(); }\n}\n",
        [
            "1 A `A.java`/A# def",
            "2 size `A.java`/A#size. def",
            "3 A `A.java`/A# ?",
            "3 make `A.java`/A#make(). def",
            "3 A `A.java`/A# ?",
            "3 copy copy(). ?",
        ],
    ),
    (
        "a.php",
        "<?php\nclass A extends B { function f() { g(); } }\n(new A())->f();\n",
        [
            "2 A `a.php`/A# def",
            "2 B B# ?",
            "2 f `a.php`/A#f(). def",
            "2 g g(). ?",
            "3 A `a.php`/A# ?",
            "3 f `a.php`/A#f(). ?",
        ],
    ),
    (
        "a.rb",
        "module M\n  class A < B\n    def f; g(1); end\n  end\nend\n",
        ["1 M `a.rb`/M/ def", "2 A `a.rb`/M/A# def", "2 B B# ?", "3 f `a.rb`/M/A#f(). def", "3 g g(). ?"],
    ),
    (
        "a.rs",
        "struct S;\nimpl S { fn f(&self) -> T { go!(g()) } }\nmod m { const C: S = S; }\nfn h(s: S) { s.f() }\n",
        [
            "1 S `a.rs`/S# def",
            "2 S `a.rs`/S# ?",
            "2 f `a.rs`/S#f(). def",
            "2 T T# ?",
            "2 go go! ?",
            "3 m `a.rs`/m/ def",
            "3 C `a.rs`/m/C. def",
            "3 S `a.rs`/S# ?",
            "4 h `a.rs`/h(). def",
            "4 S `a.rs`/S# ?",
            "4 f `a.rs`/S#f(). ?",
        ],
    ),
    (
        "a.c",
        "struct box { int n; };\n#define TWICE(x) x\nint f(struct box *b) { int k; return g(b->n); }\n",
        [
            "1 box `a.c`/box# def",
            "2 TWICE `a.c`/TWICE! def",
            "3 f `a.c`/f(). def",
            "3 box `a.c`/box# ?",
            "3 g g(). ?",
        ],
    ),
    (
        "a.cpp",
        "namespace n { class A { void f(); }; }\nvoid n::A::f() { g<A>(); std::h(); }\n",
        [
            "1 n `a.cpp`/n/ def",
            "1 A `a.cpp`/n/A# def",
            "2 f `a.cpp`/n#A#f(). def",
            "2 g g(). ?",
            "2 A `a.cpp`/n/A# ?",
            "2 h h(). ?",
        ],
    ),
    (
        "A.cs",
        "class A : B { int P { get; } void F() { this.G(new C()); } }\n",
        [
            "1 A `A.cs`/A# def",
            "1 B B# ?",
            "1 P `A.cs`/A#P. def",
            "1 F `A.cs`/A#F(). def",
            "1 G G(). ?",
            "1 C C# ?",
        ],
    ),
    (
        "a.kt",
        "class A : B() { val size = 1\n fun f(c: C) { c.g(); h() } }\n",
        [
            "1 A `a.kt`/A# def",
            "1 B B# ?",
            "1 size `a.kt`/A#size. def",
            "2 f `a.kt`/A#f(). def",
            "2 C C# ?",
            "2 g g(). ?",
            "2 h h(). ?",
        ],
    ),
    (
        "a.scala",
        "object A extends B { def f(c: C) = g(c.h(1)) }\n",
        [
            "1 A `a.scala`/A# def",
            "1 B B# ?",
            "1 f `a.scala`/A#f(). def",
            "1 C C# ?",
            "1 g g(). ?",
            "1 h h(). ?",
        ],
    ),
    (
        "a.swift",
        "class A: B { var n = 1\n func f(c: C) { c.g(); h() } }\n",
        [
            "1 A `a.swift`/A# def",
            "1 B B# ?",
            "1 n `a.swift`/A#n. def",
            "2 f `a.swift`/A#f(). def",
            "2 C C# ?",
            "2 g g(). ?",
            "2 h h(). ?",
        ],
    ),
    (
        "a.ex",
        "defmodule A do\n  def f(x), do: B.g(x)\nend\n",
        ["1 A `a.ex`/A/ def", "2 f `a.ex`/A/f(). def", "2 B B# ?", "2 g g(). ?"],
    ),
    (
        "a.hs",
        "data T = K Int\nf :: T -> Int\nf x = g x\n",
        ["1 T `a.hs`/T# def", "1 K K# ?", "1 Int Int# ?", "2 f `a.hs`/f(). def", "2 T `a.hs`/T# ?"],
    ),
    (
        "a.lua",
        "local M = {}\nfunction M.f(x) return g(x) end\nM.f(1)\n",
        ["1 M `a.lua`/M. def", "2 f `a.lua`/M#f(). def", "2 g g(). ?", "3 f `a.lua`/M#f(). ?"],
    ),
    ("a.sh", "f() { echo hi; }\nf\n", ["1 f `a.sh`/f(). def", "1 echo echo(). ?", "2 f `a.sh`/f(). ?"]),
    (
        "a.zig",
        "const A = struct { fn f() void { g(); } };\n",
        ["1 A `a.zig`/A# def", "1 f `a.zig`/A#f(). def", "1 g g(). ?"],
    ),
]


@pytest.mark.parametrize(("uri", "source", "expected"), CASES, ids=[case[0] for case in CASES])
def test_each_language_has_definitions_and_references(uri: str, source: str, expected: list[str]) -> None:
    found = listing(uri, source)
    assert found[: len(expected)] == expected


def test_every_language_with_a_grammar_has_a_case_and_a_query() -> None:
    known = {language.name for language in LANGUAGES}
    assert {language_of(uri, source).name for uri, source, _ in CASES} == known - {"python"}
    assert set(QUERIES) == known


def test_the_symbols_name_language_project_and_path() -> None:
    columns, symbols = occurrences_of("src/a.go", "package a\nfunc F() {}\n", language_of("a.go"), "shop")
    assert columns["symbol"] == symbols["symbol"] == ["codeintel go shop 0.0.0 `src/a.go`/F()."]
    assert columns["symbol_norm"] == ["src/a.go.F"]
    assert symbols["signature"] == ["func F()"]
    assert symbols["kind"] == ["function"]


def test_a_name_defined_twice_is_known_by_name_only() -> None:
    source = "class A { void f() {} }\nclass B { void f() {} }\nclass C { void g(A a) { a.f(); } }\n"
    assert listing("A.java", source)[-1] == "3 f f(). ?"


def test_a_document_without_a_grammar_has_no_rows() -> None:
    columns, symbols = occurrences_of("a.md", "# f()\n", language_of("a.md"), "pkg")
    assert not columns["symbol"]
    assert not symbols["symbol"]
