"""The query language: qualifiers, phrases and free text. What they select lives in search/filters.py.

    lang:python path:src/** -path:tests kind:function sym:Foo def:retry ref:Bar module:pkg.sub "exact phrase" free text

A qualifier is `name:value` with a known name; `-` before it negates; a value or a phrase with spaces is quoted.
An unknown name is an error with its column, never a silent literal. `Foo::bar`, `http://host`, `file.py:10`,
`TypeError: text` and Lua's `Picker:find` or `self:close` are plain text, since that is how people paste them. A pasted
stack trace is plain text as a whole, quotes and all.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from codeintel.analysis.kinds import KINDS
from codeintel.analysis.languages import LANGUAGE_NAMES
from codeintel.errors import QueryError, UsageError
from codeintel.search.locations import is_stack_trace

MAX_QUERY_CHARACTERS = 16_384  # a long stack trace is about 8 kB; beyond, people mean a file
QUALIFIERS = ("lang", "path", "kind", "sym", "def", "ref", "module")

_TOKEN = re.compile(
    r"""\s*(?P<minus>-)?(?:
        (?P<name>(?i:lang|path|kind|sym|def|ref|module)(?=:[^\s:])|(?!self:)[a-z_]+(?=:[^\s:/\\\d])):
            (?P<qualified>"[^"]*"?|\S+)
      | (?P<bare>lang|path|kind|sym|def|ref|module):(?=\s|$)
      | (?P<phrase>"[^"]*"?)
      | (?P<word>\S+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Qualifier:
    """One restriction: `name:value`, perhaps negated, at `column` of the query; a phrase has the name `phrase`."""

    name: str
    value: str
    negated: bool = False
    column: int = 0

    def __str__(self) -> str:
        value = f'"{self.value}"' if re.search(r"\s", self.value) else self.value
        return f"{'-' if self.negated else ''}{self.name}:{value}"


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: free text to rank by, qualifiers (a quoted phrase is one) that restrict."""

    raw: str
    text: str
    qualifiers: tuple[Qualifier, ...] = ()

    def plan(self) -> str:
        """The query as it was understood, in one line."""
        text = [f"text({self.text})"] if self.text else []
        return " and ".join(text + [str(qualifier) for qualifier in self.qualifiers])


def parse(raw: str) -> Query:
    """Parse `raw`; raises UsageError for an empty or oversized query and QueryError for a bad qualifier or quote."""
    _check_size(raw)
    if is_stack_trace(raw):
        return Query(raw, " ".join(raw.split()))
    words: list[str] = []
    qualifiers: list[Qualifier] = []
    for match in _TOKEN.finditer(raw):
        column = match.start(match.lastgroup or 0)
        if match["name"]:
            qualifiers.append(_qualifier(match))
        elif match["bare"]:
            raise QueryError(f"'{match['bare']}:' has no value.", _example(match["bare"]), column)
        elif match["phrase"]:
            phrase = Qualifier(
                "phrase", _unquote(match["phrase"], column), match["minus"] is not None, column
            )
            qualifiers.append(phrase)
            words += [] if phrase.negated else [phrase.value]
        elif match["word"]:
            words.append((match["minus"] or "") + match["word"])
    return Query(raw, " ".join(words), tuple(qualifiers))


def _check_size(raw: str) -> None:
    if not raw.strip():
        raise UsageError(
            "The query is empty.", "Type what you are looking for, e.g. where are retries handled?", "query"
        )
    if len(raw) > MAX_QUERY_CHARACTERS:
        raise UsageError(
            f"The query has {len(raw):,} characters; at most {MAX_QUERY_CHARACTERS:,} are searched for.",
            "Use the lines that say most.",
            "query",
        )


def _qualifier(match: re.Match[str]) -> Qualifier:
    name, column = match["name"].lower(), match.start("name")
    if name not in QUALIFIERS:
        close = difflib.get_close_matches(name, QUALIFIERS, n=1)
        hint = (
            f"Did you mean '{close[0]}:'?" if close else f"Known: {', '.join(f'{q}:' for q in QUALIFIERS)}."
        )
        literal = match[0].strip().replace('"', "")
        raise QueryError(
            f"Unknown qualifier '{name}:'.",
            f'{hint} To search for the text itself, quote it: "{literal}".',
            column,
        )
    value = match["qualified"]
    if value.startswith('"'):
        value = _unquote(value, match.start("qualified"))
    _check_value(name, value, match.start("qualified"))
    return Qualifier(name, value, match["minus"] is not None, column)


def _unquote(quoted: str, column: int) -> str:
    if len(quoted) < 2 or not quoted.endswith('"'):
        raise QueryError("A quote is not closed.", 'Add a closing ".', column)
    if not quoted[1:-1].strip():
        raise QueryError("There is nothing between the quotes.", "Put the exact words there.", column)
    return quoted[1:-1]


def _check_value(name: str, value: str, column: int) -> None:
    known = {"lang": LANGUAGE_NAMES, "kind": KINDS}.get(name)
    if known is None or value.lower() in known:
        return
    close = difflib.get_close_matches(value.lower(), known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(known))}."
    noun = {"lang": "language", "kind": "kind of chunk"}[name]
    raise QueryError(f"Unknown {noun} '{value}'.", hint, column)


def _example(name: str) -> str:
    values = {
        "lang": "python",
        "path": "src/**",
        "kind": "function",
        "sym": "Client",
        "def": "retry",
        "ref": "Client",
        "module": "pkg.sub",
    }
    return f"For example {name}:{values[name]}."
