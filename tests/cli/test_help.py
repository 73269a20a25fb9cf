"""Every command explains itself, and does so without loading an engine."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from cli.project import Program
from codeintel.cli.main import indexctl as program

COMMANDS = sorted(program.commands)


def test_the_commands_are_those_of_the_documentation() -> None:
    assert COMMANDS == [
        "check", "doctor", "explain", "gc", "idmap-export", "idmap-views", "index", "judge", "judgments", "model",
        "scip", "search", "similar", "sql", "status", "views", "watch", "why-not",
    ]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(indexctl: Program, name: str) -> None:
    run = indexctl(name, "--help")
    assert run.code == 0
    assert f"indexctl {name}" in run.out.partition("Options:")[0].partition("\n\n")[2], "no example"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    options = [one for one in program.commands[name].params if isinstance(one, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_the_list_of_commands_cuts_no_sentence(indexctl: Program) -> None:
    run = indexctl("-h")
    assert run.code == 0
    assert "..." not in run.out.partition("Commands:")[2]


def test_a_lone_name_shows_the_commands_and_is_a_usage_error(indexctl: Program) -> None:
    run = indexctl()
    assert run.code == 2
    assert "Commands:" in run.err


def test_an_unknown_command_is_a_usage_error(indexctl: Program) -> None:
    run = indexctl("serach", "x")
    assert (run.code, run.out) == (2, "")
    assert "No such command 'serach'" in run.err


def test_help_loads_no_engine() -> None:
    heavy = "{'duckdb', 'numpy', 'pyarrow', 'faiss', 'tantivy', 'onnxruntime', 'tokenizers', 'tree_sitter', 'pygls'}"
    script = f"import sys, codeintel.cli.main; sys.exit(str({heavy} & set(sys.modules) or ''))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.stderr.strip() == ""
