"""The query language: what a query is understood as, and the error with its column where it cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.errors import QueryError, UsageError
from codeintel.search.query import MAX_QUERY_CHARACTERS, QUALIFIERS, Query, parse


def check(raw: str, plan: str) -> Query:
    """Parse `raw` and compare the printed plan."""
    query = parse(raw)
    assert query.plan() == plan
    return query


def check_error(raw: str, column: int, message: str, remedy: str = "") -> None:
    """Parse `raw` and compare the error's 0-based column, its message and a part of its remedy."""
    with pytest.raises(QueryError) as caught:
        parse(raw)
    assert (caught.value.column, caught.value.message) == (column, message)
    assert remedy in caught.value.remedy
    assert str(caught.value).startswith(f"column {column + 1}: ")


@pytest.mark.parametrize(
    ("raw", "plan"),
    [
        ("retry backoff", "text(retry backoff)"),
        ("  retry \t\n backoff ", "text(retry backoff)"),
        ("lang:python retry", "text(retry) and lang:python"),
        ("retry lang:python backoff", "text(retry backoff) and lang:python"),
        ("path:src/**", "path:src/**"),
        ("-path:tests retry", "text(retry) and -path:tests"),
        ("kind:function def:retry", "kind:function and def:retry"),
        ("sym:Foo ref:Bar module:pkg.sub", "sym:Foo and ref:Bar and module:pkg.sub"),
        ("LANG:Python", "lang:Python"),
        ("path:/src/app", "path:/src/app"),
        ("path:2024/*.md", "path:2024/*.md"),
        ('path:"my notes/*.md" todo', 'text(todo) and path:"my notes/*.md"'),
        ('-path:"my notes"', '-path:"my notes"'),
    ],
)
def test_a_qualifier_restricts_and_the_rest_is_text(raw: str, plan: str) -> None:
    check(raw, plan)


@pytest.mark.parametrize(
    ("raw", "plan"),
    [
        ('"lease the oldest"', 'text(lease the oldest) and phrase:"lease the oldest"'),
        ('worker "due now" dies', 'text(worker due now dies) and phrase:"due now"'),
        ('retry -"test only"', 'text(retry) and -phrase:"test only"'),
        ('"lang:python"', "text(lang:python) and phrase:lang:python"),
        ('say"hello"', 'text(say"hello")'),
    ],
)
def test_a_phrase_is_searched_for_and_required(raw: str, plan: str) -> None:
    check(raw, plan)


@pytest.mark.parametrize(
    "raw",
    [
        "Foo::bar",
        "path::Path",
        "std::vector::push_back",
        "http://localhost/health",
        "https://example.org",
        "file.py:10",
        "courier/retry.py:34:5",
        "localhost:8080",
        "TypeError: unsupported operand",
        "error: cannot borrow",
        r"C:\path\to",
        "C:/path",
        "a->b",
        "-x",
        "- dash",
        "--flag",
        "key=value",
        ":",
        "::",
        "foo()",
        "line:10a",
    ],
)
def test_what_people_paste_is_plain_text(raw: str) -> None:
    query = check(raw, f"text({raw})")
    assert query.qualifiers == ()


@pytest.mark.parametrize(
    ("raw", "column", "message", "remedy"),
    [
        ("langu:python", 0, "Unknown qualifier 'langu:'.", "Did you mean 'lang:'?"),
        ("retry pth:src", 6, "Unknown qualifier 'pth:'.", "Did you mean 'path:'?"),
        ("retry -pth:src", 7, "Unknown qualifier 'pth:'.", "Did you mean 'path:'?"),
        ("std:sort", 0, "Unknown qualifier 'std:'.", 'quote it: "std:sort"'),
        ("lang:", 0, "'lang:' has no value.", "For example lang:python."),
        ("retry  lang: python", 7, "'lang:' has no value.", "For example lang:python."),
        ("lang:pyton", 5, "Unknown language 'pyton'.", "Did you mean 'python'?"),
        ("a lang:qqqq", 7, "Unknown language 'qqqq'.", "Known: "),
        ("kind:functoin", 5, "Unknown kind of chunk 'functoin'.", "Did you mean 'function'?"),
        ('"unclosed', 0, "A quote is not closed.", 'Add a closing ".'),
        ('retry "unclosed words', 6, "A quote is not closed.", 'Add a closing ".'),
        ('retry "', 6, "A quote is not closed.", 'Add a closing ".'),
        ('retry ""', 6, "There is nothing between the quotes.", "Put the exact words there."),
        ('"  "', 0, "There is nothing between the quotes.", "Put the exact words there."),
        ('path:"src', 5, "A quote is not closed.", 'Add a closing ".'),
        ('path:""', 5, "There is nothing between the quotes.", "Put the exact words there."),
    ],
)
def test_a_fault_is_an_error_at_its_column(raw: str, column: int, message: str, remedy: str) -> None:
    check_error(raw, column, message, remedy)


def test_an_empty_query_is_refused_with_its_field() -> None:
    for raw in ("", " ", "\n\t"):
        with pytest.raises(UsageError, match="empty") as caught:
            parse(raw)
        assert caught.value.field == "query"


def test_the_longest_query_is_parsed_and_a_longer_one_refused() -> None:
    assert MAX_QUERY_CHARACTERS == 16_384
    assert parse("x" * MAX_QUERY_CHARACTERS).text == "x" * MAX_QUERY_CHARACTERS
    with pytest.raises(UsageError, match="16,385 characters; at most 16,384"):
        parse("x" * (MAX_QUERY_CHARACTERS + 1))


PIECES = [
    "lang",
    "path",
    "kind",
    "def",
    "python",
    "x",
    "é",
    "9",
    ":",
    '"',
    "-",
    " ",
    "\n",
    "\u2028",
    "/",
    "\\",
    "*",
]
TRICKY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(st.text(max_size=60) | TRICKY)
def test_any_text_is_a_query_or_a_usage_error(raw: str) -> None:
    try:
        query = parse(raw)
    except QueryError as error:
        assert 0 <= error.column < len(raw)
        return
    except UsageError as error:
        assert not raw.strip() and error.field == "query"
        return
    assert {qualifier.name for qualifier in query.qualifiers} <= {*QUALIFIERS, "phrase"}
    assert query.plan()


@given(st.text(st.characters(exclude_characters='":', codec="utf-8"), min_size=1).filter(str.strip))
def test_text_without_quotes_and_colons_is_kept_word_for_word(raw: str) -> None:
    assert parse(raw).text == " ".join(raw.split())


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(["path", "sym", "def", "ref", "module"]),
            st.from_regex(r"[a-z]{1,5}", fullmatch=True),
        ),
        max_size=5,
    ),
    st.lists(st.from_regex(r"[a-z]{1,5}", fullmatch=True), max_size=3),
)
def test_every_qualifier_is_kept_in_order_at_its_column(
    qualifiers: list[tuple[bool, str, str]], words: list[str]
) -> None:
    written = [f"{'-' if negated else ''}{name}:{value}" for negated, name, value in qualifiers]
    raw = " ".join([*words, *written])
    if not raw:
        return
    query = parse(raw)
    assert query.text == " ".join(words)
    assert [(q.negated, q.name, q.value) for q in query.qualifiers] == qualifiers
    assert all(raw.startswith(f"{q.name}:", q.column) for q in query.qualifiers)


def test_a_pasted_stack_trace_is_text_with_its_quotes_and_colons() -> None:
    trace = (
        'Traceback (most recent call last):\n  File "a.py", line 3, in run\n    print("x)\nKeyError: lang:'
    )
    check(
        trace,
        'text(Traceback (most recent call last): File "a.py", line 3, in run print("x) KeyError: lang:)',
    )
