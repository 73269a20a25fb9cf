"""What each language's chunks are called: kind, breadcrumb, lines (0-based, inclusive), symbols."""

import pytest

from codeintel.analysis.chunking import chunk
from codeintel.analysis.languages import language_of

LONG = (
    "Words that say what this is, at enough length for the definition below to stand alone in a chunk: more than two "
    "hundred characters, which is what it takes, so that none of it ever joins with what comes before or after."
)


def check(uri: str, source: str, expected: list[str], limit: int = 320) -> None:
    """Chunks of `source`, where LONG stands for a comment that keeps a definition apart from its neighbours."""
    text = source.replace("LONG", LONG)
    chunked = chunk(text, language_of(uri, text), limit)
    shown = [
        f"{span.kind} {span.breadcrumb or '-'} {span.start_line}-{span.end_line} {' '.join(span.symbols)}".rstrip()
        for span in chunked.spans
    ]
    assert shown == expected


CASES: list[tuple[str, str, list[str]]] = [
    (
        "a.py",
        '''\
import os

# LONG
@decorator
def first(a):
    """Doc."""
    return a


class Store:
    """LONG"""

    size = 1

    def load(self):
        return "LONG"

    def save(self):
        return "LONG"
''',
        [
            "function first 0-8 first",
            "class Store 9-13 Store size",
            "method Store > load 14-16 load",
            "method Store > save 17-18 save",
        ],
    ),
    (
        "a.js",
        """\
const fs = require("fs");

/** LONG */
exports.read = function () {
  return 1;
};

/** LONG */
const parse = (text) => text;

/** LONG */
app.use = function use(fn) {};
""",
        [
            "function read 0-6 read",
            "function parse 7-9 parse",
            "method app > use 10-11 use",
        ],
    ),
    (
        "a.ts",
        """\
/** LONG */
export interface Shape {
  area(): number;
}

/** LONG */
export type Size = number;

/** LONG */
export abstract class Box<T> extends Base {
  /** LONG */
  open(): void {}
}

/** LONG */
describe("a box", () => {
  it("opens", () => {});
});
""",
        [
            "interface Shape 0-4 Shape",
            "type Size 5-7 Size",
            "class Box 8-9 Box",
            "method Box > open 10-13 open",
            "test a box 14-17",
        ],
    ),
    (
        "a.go",
        """\
package a

// LONG
type Context struct {
	n int
}

// LONG
func (c *Context) Bind() {}

// LONG
func (s Stack[T]) Push() {}

// LONG
const (
	A = 1
	B
)
""",
        [
            "struct Context 0-6 Context",
            "method Context > Bind 7-9 Bind",
            "method Stack > Push 10-12 Push",
            "constant - 13-17 A B",
        ],
    ),
    (
        "a.rs",
        """\
/// LONG
#[derive(Debug)]
pub struct Foo<T> {
    a: T,
}

impl<T> Display for a::Foo<T> {
    /// LONG
    fn fmt(&self) {}
    /// LONG
    fn other(&self) {}
}

mod inner {
    /// LONG
    pub fn deep() {}
}

/// LONG
macro_rules! twice {
    () => {};
}
""",
        [
            "struct Foo 0-5 Foo",
            "impl Foo 6-8 fmt",
            "method Foo > other 9-12 other",
            "function inner > deep 13-17 deep",
            "macro twice 18-21 twice",
        ],
    ),
    (
        "a.java",
        """\
package a;

/** LONG */
public class Foo {
  private int size;

  /** LONG */
  @Override
  public void run() {}

  /** LONG */
  enum Color { RED }
}
""",
        [
            "class Foo 0-5 Foo size",
            "method Foo > run 6-9 run",
            "enum Foo > Color 10-12 Color",
        ],
    ),
    (
        "a.c",
        """\
#ifndef A_H
#define A_H
/* LONG */
typedef struct point { int x; } Point;
/* LONG */
static int *area(Point *p) { return 0; }
/* LONG */
API_EXTERN int run(void);
/* LONG */
#define MAX(a, b) \\
  (a)
#endif
""",
        [
            "struct Point 0-3 A_H Point point",
            "function area 4-5 area",
            "function run 6-7",
            "macro MAX 8-11 MAX",
        ],
    ),
    (
        "a.cpp",
        """\
namespace geo {
// LONG
template <typename T>
class API_EXPORT Box : Base {
 public:
  // LONG
  int size() const { return 1; }
};
}
// LONG
int Foo::bar(int x) { return 1; }
// LONG
Foo& Foo::operator=(const Foo& x) { return *this; }
""",
        [
            "class geo > Box 0-4 Box",
            "method geo > Box > size 5-8 size",
            "method Foo > bar 9-10 bar",
            "method Foo > operator= 11-12 operator=",
        ],
    ),
    (
        "a.cs",
        """\
using System;
namespace A.B
{
    /// LONG
    [Attr]
    public class Foo
    {
        /// LONG
        public int Size { get; }

        /// LONG
        public void Run() { }
    }
}
""",
        [
            "class A > B > Foo 0-6 Foo",
            "field A > B > Foo > Size 7-9 Size",
            "method A > B > Foo > Run 10-13 Run",
        ],
    ),
    (
        "a.kt",
        """\
package a

/** LONG */
fun Column<Int>.asc(): String = ""

/** LONG */
interface Shape {
    /** LONG */
    fun area(): Int

    companion object {
        /** LONG */
        fun of() = 1
    }
}
""",
        [
            "function Column > asc 0-4 asc",
            "interface Shape 5-6 Shape",
            "method Shape > area 7-9 area",
            "class Shape > Companion 10-14 of",
        ],
    ),
    (
        "a.scala",
        """\
package a

/** LONG */
trait Shape {
  /** LONG */
  def area: Int
}

/** LONG */
object Shape {
  /** LONG */
  def apply(): Int = 1
}
""",
        [
            "trait Shape 0-3 Shape",
            "method Shape > area 4-7 area",
            "class Shape 8-9 Shape",
            "method Shape > apply 10-12 apply",
        ],
    ),
    (
        "a.swift",
        """\
/// LONG
public struct Box {
    /// LONG
    init(a: Int) {}
}

extension Box {
    /// LONG
    func open() {}
    /// LONG
    var size: Int { 1 }
}
""",
        [
            "struct Box 0-1 Box",
            "method Box > init 2-5",
            "impl Box 6-8 open",
            "field Box > size 9-11 size",
        ],
    ),
    (
        "a.rb",
        """\
require "set"

module Rack
  # LONG
  class Request < Base
    attr_reader :env

    # LONG
    def ip
      1
    end

    # LONG
    def self.build; end
  end
end
""",
        [
            "class Rack > Request 0-6 Rack Request env",
            "method Rack > Request > ip 7-11 ip",
            "method Rack > Request > build 12-15 build",
        ],
    ),
    (
        "a.php",
        """\
<?php
namespace A;

/** LONG */
abstract class Foo extends Bar {
    const A = 1;

    /** LONG */
    public function run() {}
}

/** LONG */
function help() {}
""",
        [
            "class Foo 0-6 Foo A",
            "method Foo > run 7-10 run",
            "function help 11-12 help",
        ],
    ),
    (
        "a.ex",
        """\
defmodule A.B do
  use Foo

  @doc "LONG"
  @spec run(x) :: y
  def run(x) when x > 1, do: 1
  def run(x), do: 2

  # LONG
  defp other, do: 3
end
""",
        [
            "module A.B 0-7 A.B run",
            "function A.B > other 8-10 other",
        ],
    ),
    (
        "a.hs",
        """\
module A (run) where

import B

-- | LONG
run :: Int -> Int
run 0 = 1
run x = x

-- | LONG
data Shape = Box | Ball

-- | LONG
instance Show Shape where
  show _ = ""
""",
        [
            "function run 0-8 A run",
            "type Shape 9-11 Shape",
            "impl Show Shape 12-14 show",
        ],
    ),
    (
        "a.lua",
        """\
local M = {}

-- LONG
function M.open(a) end

-- LONG
function M:close() end

-- LONG
local function help() end

-- LONG
M.later = function() end

return M
""",
        [
            "method M > open 0-4 M open",
            "method M > close 5-7 close",
            "function help 8-10 help",
            "method M > later 11-14 later",
        ],
    ),
    (
        "a.sh",
        """\
#!/bin/bash
set -e

# LONG
run() {
  echo 1
}

# LONG
function stop {
  echo 2
}
""",
        [
            "function run 0-7 run",
            "function stop 8-11 stop",
        ],
    ),
    (
        "a.zig",
        """\
const std = @import("std");

/// LONG
pub const Box = struct {
    size: u8,

    /// LONG
    pub fn open(self: Box) void {}
};

/// LONG
pub fn help() void {}

/// LONG
test "opens" {}
""",
        [
            "struct Box 0-5 Box",
            "method Box > open 6-9 open",
            "function help 10-12 help",
            "test opens 13-14",
        ],
    ),
    (
        "a.md",
        """\
intro

# Top
LONG
## Use
LONG
```sh
# not a heading
```
Under
=====
LONG
""",
        [
            "doc Top 0-3",
            "doc Top > Use 4-10",
            "doc Top > Use 11-11",
        ],
    ),
]


@pytest.mark.parametrize(("uri", "source", "expected"), CASES, ids=[case[0] for case in CASES])
def test_definitions_are_named_in(uri: str, source: str, expected: list[str]) -> None:
    check(uri, source, expected)


def test_equations_overloads_and_clauses_of_one_name_are_one_chunk() -> None:
    check(
        "a.hs",
        "-- | LONG\nfirst :: Int\nfirst = 1\n\n-- | LONG\nrun :: Int -> Int\nrun 0 = 1\nrun x = x\n",
        ["function first 0-3 first", "function run 4-7 run"],
    )
    check(
        "a.py",
        "# LONG\n@overload\ndef read(a: int) -> int: ...\n@overload\ndef read(a: str) -> str: ...\n",
        ["function read 0-4 read"],
    )


def test_tiny_members_join_and_are_called_by_their_parent() -> None:
    getters = "".join(f"    def get{number}(self):\n        return {number}\n\n" for number in range(4))
    check(
        "a.py",
        f'class Box:\n    """LONG"""\n\n    limit = 1\n\n    def load(self):\n        "LONG"\n\n{getters}',
        ["class Box 0-4 Box limit", "method Box > load 5-7 load", "method Box 8-19 get0 get1 get2 get3"],
    )


def test_a_small_class_is_one_chunk_with_its_members_names() -> None:
    check(
        "A.java",
        "/** LONG */\nclass Box {\n  int size;\n  void open() {}\n  void close() {}\n}\n",
        ["class Box 0-5 Box size open close"],
    )


def test_a_large_function_is_cut_between_statements_and_named_once() -> None:
    body = "".join(f"    if flag{number}:\n        return compute(value, {number})\n" for number in range(20))
    check(
        "a.py",
        f"def choose(value):\n{body}",
        ["function choose 0-16 choose", "function choose 17-30", "function choose 31-40"],
        limit=330,
    )


def test_a_function_inside_a_large_function_keeps_its_name() -> None:
    check(
        "a.js",
        "function outer() {\n  const a = 'LONG';\n\n  // LONG\n  function inner() {\n    return 1;\n  }\n\n"
        "  // LONG\n  return inner;\n}\n",
        ["function outer 0-2 outer", "function outer > inner 3-7 inner", "function outer 8-10"],
    )


def test_a_type_whose_documentation_fills_a_chunk_keeps_its_name() -> None:
    check(
        "a.py",
        'class Box:\n    """LONG\n\n    LONG\n\n    LONG\n    """\n\n    def open(self):\n        "LONG"\n',
        ["class Box 0-2 Box", "doc Box 3-4", "doc Box 5-7", "method Box > open 8-9 open"],
    )


def test_macros_before_c_declarations_do_not_hide_them() -> None:
    check(
        "a.cpp",
        "A_BEGIN_NAMESPACE\nnamespace detail {\n// LONG\nA_EXPORT\nA_CONSTEXPR int size(int a) { return a; }\n}\n"
        "A_END_NAMESPACE\n",
        ["function detail > size 0-6 size"],
        limit=400,
    )


def test_kotlin_guards_do_not_hide_the_class_around_them() -> None:
    check(
        "a.kt",
        "/** LONG */\nclass Box {\n    fun open(a: Any) = when (a) {\n        is String if a.isEmpty() -> 1\n"
        "        else -> 2\n    }\n}\n",
        ["class Box 0-6 Box open"],
        limit=400,
    )


def test_conditional_blocks_are_looked_through() -> None:
    check(
        "a.c",
        "#ifdef _WIN32\n/* LONG */\nint run(void) { return 1; }\n"
        "#else\n/* LONG */\nint run(void) { return 2; }\n#endif\n",
        ["function run 0-2 run", "function run 3-6 run"],
    )


def test_a_script_that_wraps_everything_in_a_function_still_names_what_is_inside() -> None:
    check(
        "a.js",
        "(function () {\n  // LONG\n  function one() {}\n\n  // LONG\n  function two() {}\n})();\n",
        ["function one 0-3 one", "function two 4-6 two"],
    )
