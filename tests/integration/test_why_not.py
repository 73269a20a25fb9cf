"""Why-not is right about whatever keeps a thing from being shown: cases planted in a real workspace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from codeintel.errors import QueryError, UsageError
from codeintel.search.expectations import Expected
from codeintel.search.searcher import SearchRequest
from codeintel.search.why_not import WhyNot, ordinal
from codeintel.service import Service
from workspaces import indexed, opened, settings, write

SETTINGS = settings(tier="text", max_file_bytes=20_000, exclude=("generated/**",))

RETRY = '''def retry_with_backoff(call, attempts=5):
    """Call until it succeeds; wait longer after each failure."""
    for attempt in range(attempts):
        sleep(2**attempt)


class RetryPolicy:
    """How often to try again."""

    def delay(self, attempt):
        return self.base * 2**attempt
'''
FILES = {
    ".gitignore": "build/\n*.log\nsecret_*.py\n!secret_kept.py\n",
    "src/retry.py": RETRY,
    "src/client.py": "import retry\n\n\ndef fetch(url):\n    return retry_with_backoff(url.open)\n",
    "src/colour.py": "def brightness(colour):\n    return sum(colour) / 3\n",
    "src/app.go": "package app\n\nfunc Retry(times int) error {\n\treturn nil\n}\n",
    "src/secret_kept.py": "def kept_in_spite_of_the_rule():\n    return 1\n",
    "tests/test_retry.py": "def test_retry_gives_up():\n    assert retry_with_backoff(None, attempts=0)\n",
    "docs/guide.md": "# Guide\n\nHow retries work: each attempt waits twice as long.\n",
    "build/retry.py": RETRY,
    "debug.log": "retry\n",
    "secret_key.py": "retry = 1\n",
    "pkg/.gitignore": "local.py\n",
    "pkg/local.py": "retry = 1\n",
    "scratch.py": "retry = 1\n",
    "notes.personal": "retry\n",
    "large.txt": "retry later\n" * 2_000,
    "blob.dat": b"retry\0later",
    "bundle.js": "retry();" * 1_500,
    "app.min.js": "retry();\n",
    "app.js.map": "{}\n",
    "package-lock.json": "{}\n",
    "ui.snap": "retry\n",
    "generated/model.py": "retry = 1\n",
    "empty.py": "",
    "gone_tracked.py": "def gone_tracked_retry():\n    return 1\n",
    "gone_seen.py": "def gone_seen_retry():\n    return 1\n",
    "gone_unnoticed.py": "def gone_unnoticed_retry():\n    return 1\n",
    "old/moved.py": "def moved_retry():\n    return 1\n",
    "grown.py": "def grown_retry():\n    return 1\n",
    "live.py": "def saved_retry():\n    return 1\n",
    "dropped.py": "def typed_over():\n    return 1\n",
}
FILLERS = {
    f"fill/part_{n:03}.py": f"def parse_payload_{n}(json):\n    return decode(json, {n})\n"
    for n in range(230)
}
UNSAVED = "def saved_retry():\n    return 1\n\n\ndef typed_a_moment_ago():\n    return retry\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and what the answer must be: its kind, and words of the note; `cause` is the qualifier, if any."""

    planted: str
    kind: str
    query: str = "retry with backoff"
    path: str | None = None
    line: int | None = None
    symbol: str = ""
    limit: int = 10
    says: tuple[str, ...] = ()
    cause: str | None = None


ALL = 1_000
CASES = [
    # ranked
    Case("first hit", "found", path="src/retry.py", line=0, says=("1st of 10 shown",)),
    Case("a line within the hit", "found", path="src/retry.py", line=3),
    Case("a blank line next to the hit", "found", path="src/retry.py", line=4),
    Case("any chunk of a file", "found", path="src/retry.py", says=("src/retry.py:1",)),
    Case("symbol that is a hit", "found", symbol="retry_with_backoff", says=("src/retry.py:1",)),
    Case("symbol as C++ writes it", "found", symbol="RetryPolicy::delay", limit=ALL),
    Case("symbol in a file", "found", path="src/client.py", symbol="fetch", limit=ALL),
    Case(
        "below a limit of one", "below", path="src/client.py", line=3, limit=1, says=("1 are shown", "ahead")
    ),
    Case(
        "symbol ranked below", "below", symbol="test_retry_gives_up", limit=1, says=("tests/test_retry.py:1",)
    ),
    Case("below, for being a test", "below", path="tests/test_retry.py", limit=1, says=("Add ",)),
    Case("a whole file below", "below", path="docs/guide.md", limit=1, says=("docs/guide.md:1",)),
    Case("mentioned, not defined", "below", symbol="url", limit=1),
    Case(
        "beyond every channel's candidates",
        "notCandidate",
        "parse json payload",
        "src/app.go",
        2,
        says=("none of the query's words", "Add its name, Retry"),
    ),
    # filtered
    Case(
        "lang:",
        "filtered",
        "lang:go retry",
        "src/retry.py",
        0,
        says=("language is python", "(column 1)"),
        cause="lang:go",
    ),
    Case(
        "-lang:",
        "filtered",
        "retry -lang:python",
        "src/retry.py",
        0,
        says=("(column 8)",),
        cause="-lang:python",
    ),
    Case(
        "path:",
        "filtered",
        "retry path:docs/**",
        "src/retry.py",
        0,
        says=("src/retry.py",),
        cause="path:docs/**",
    ),
    Case("-path:", "filtered", "-path:tests retry", "tests/test_retry.py", 0, cause="-path:tests"),
    Case(
        "module:",
        "filtered",
        "module:docs retry",
        "src/retry.py",
        0,
        says=("src.retry",),
        cause="module:docs",
    ),
    Case("-module:", "filtered", "-module:src retry", "src/retry.py", 0, cause="-module:src"),
    Case(
        "kind:",
        "filtered",
        "kind:class retry",
        "src/retry.py",
        0,
        says=("kind is function",),
        cause="kind:class",
    ),
    Case("-kind:", "filtered", "-kind:function retry", "src/retry.py", 0, cause="-kind:function"),
    Case(
        "def:",
        "filtered",
        "def:fetch retry",
        "src/retry.py",
        0,
        says=("retry_with_backoff",),
        cause="def:fetch",
    ),
    Case(
        "-def:",
        "filtered",
        "-def:fetch retry",
        "src/client.py",
        3,
        says=("defines fetch",),
        cause="-def:fetch",
    ),
    Case(
        "ref: of what it defines itself",
        "filtered",
        "ref:retry_with_backoff x",
        "src/retry.py",
        0,
        says=("it defines retry_with_backoff",),
        cause="ref:retry_with_backoff",
    ),
    Case(
        "ref: of what it does not know",
        "filtered",
        "ref:fetch retry",
        "src/colour.py",
        0,
        says=("does not refer to fetch",),
        cause="ref:fetch",
    ),
    Case(
        "-ref:",
        "filtered",
        "-ref:retry_with_backoff fetch",
        "src/client.py",
        3,
        says=("refers to retry_with_backoff",),
        cause="-ref:retry_with_backoff",
    ),
    Case("sym:", "filtered", "sym:fetch retry", "src/retry.py", 0, says=("neither",), cause="sym:fetch"),
    Case("-sym:", "filtered", "-sym:sleep retry", "src/retry.py", 0, cause="-sym:sleep"),
    Case(
        "a phrase",
        "filtered",
        '"wait twice" retry',
        "src/retry.py",
        0,
        says=("exactly",),
        cause='"wait twice"',
    ),
    Case("-a phrase", "filtered", '-"wait longer" retry', "src/retry.py", 0, cause='-"wait longer"'),
    Case(
        "two qualifiers at once",
        "filtered",
        "lang:go kind:class retry",
        "src/retry.py",
        0,
        says=("`lang:go` (column 1)", "`kind:class` (column 9)", "Without them, it would rank 1st"),
        cause="lang:go",
    ),
    Case(
        "a qualifier alone", "filtered", "lang:go", "src/retry.py", 0, says=("Leave it out",), cause="lang:go"
    ),
    Case(
        "every definition of a symbol", "filtered", "path:docs retry", symbol="RetryPolicy", cause="path:docs"
    ),
    Case("a whole file", "filtered", "kind:class json", "src/colour.py", cause="kind:class"),
    # not indexed
    Case(
        "folder ignored by git",
        "notIndexed",
        path="build/retry.py",
        line=0,
        says=("'build/' (.gitignore, line 1)",),
    ),
    Case(
        "ignored by git",
        "notIndexed",
        path="debug.log",
        says=("'*.log' (.gitignore, line 2)", "git add --force"),
    ),
    Case("ignored, next to an exception", "notIndexed", path="secret_key.py", says=("'secret_*.py'",)),
    Case("kept by an exception", "found", "kept in spite of the rule", "src/secret_kept.py"),
    Case("ignored by an inner file", "notIndexed", path="pkg/local.py", says=("(pkg/.gitignore, line 1)",)),
    Case("ignored by info/exclude", "notIndexed", path="scratch.py", says=("(.git/info/exclude, line 1)",)),
    Case("ignored by the user's own rules", "notIndexed", path="notes.personal", says=("core.excludesFile",)),
    Case(
        "too large",
        "notIndexed",
        path="large.txt",
        line=3,
        says=("larger than 20 kB", "index.max_file_bytes"),
    ),
    Case("binary", "notIndexed", path="blob.dat", says=("binary",)),
    Case("minified by its lines", "notIndexed", path="bundle.js", says=("mean line 12,000",)),
    Case("minified by its name", "notIndexed", path="app.min.js", says=("minified code", "index.include")),
    Case("source map", "notIndexed", path="app.js.map", says=("source map",)),
    Case("lock file", "notIndexed", path="package-lock.json", says=("lock file", "index.include")),
    Case("recorded snapshot", "notIndexed", path="ui.snap", says=("recorded test snapshot",)),
    Case(
        "excluded by the setting",
        "notIndexed",
        path="generated/model.py",
        says=("'generated/**'", "index.exclude"),
    ),
    Case("empty", "notIndexed", path="empty.py", says=("no text",)),
    Case("link to a listed file", "notIndexed", path="link.py", says=("src/retry.py, listed itself",)),
    Case("link that leads out", "notIndexed", path="out.py", says=("leads out",)),
    Case("link to nowhere", "notIndexed", path="broken.py", says=("leads nowhere",)),
    Case("below a linked folder", "notIndexed", path="linked/retry.py", says=("linked is a symbolic link",)),
    Case("another name of a file", "notIndexed", path="src/zz_second.py", says=("hard link",)),
    Case("a named pipe", "notIndexed", path="pipe", says=("named pipe",)),
    Case("private to git", "notIndexed", path=".git/config", says=("private",)),
    Case("private to the index", "notIndexed", path=".codeintel/manifest.json", says=("private",)),
    Case("outside the roots", "notIndexed", path="../elsewhere.py", says=("outside the workspace",)),
    Case("not read yet", "notIndexed", path="new.py", says=("not been read yet",)),
    Case(
        "a line that came after indexing", "notIndexed", path="grown.py", line=5, says=("has changed since",)
    ),
    # deleted
    Case("deleted, still in git", "deleted", path="gone_tracked.py", says=("git restore gone_tracked.py",)),
    Case("deleted, never in git", "deleted", path="gone_seen.py", says=("deleted since",)),
    Case("deleted a moment ago", "deleted", path="gone_unnoticed.py", line=0, says=("in a moment",)),
    Case("moved", "deleted", path="old/moved.py", says=("now/moved.py has the same name",)),
    # unknown
    Case("no such file", "unknown", path="nowhere.py", says=("no such file",)),
    Case("no such line", "unknown", path="src/colour.py", line=99, says=("has 2 lines",)),
    Case("a folder", "unknown", path="src", says=("folder",)),
    Case("no such symbol", "unknown", symbol="retry_with_backof", says=("`retry_with_backoff`",)),
    Case(
        "no such symbol in the file",
        "unknown",
        path="src/colour.py",
        symbol="RetryPolicy",
        says=("src/colour.py",),
    ),
    # unsaved
    Case("typed, not saved", "found", "typed a moment ago", "live.py", 4),
    Case("a symbol typed, not saved", "found", "typed a moment ago", symbol="typed_a_moment_ago"),
    Case("typed and filtered", "filtered", "lang:go typed", "live.py", 4, cause="lang:go"),
    Case("a new file, not saved", "found", "freshly typed", "unsaved.py", 0),
    Case(
        "a new file that git will ignore",
        "notIndexed",
        "freshly typed",
        "secret_new.py",
        says=("'secret_*.py'",),
    ),
    Case("typed over", "unknown", symbol="typed_over"),
    Case("typed and reverted", "unknown", symbol="typed_and_reverted"),
]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service in the middle of its life: some files changed after indexing, some documents are open."""
    folder = tmp_path_factory.mktemp("planted") / "work"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder.parent / "config"))
        write(folder.parent, {"config/git/ignore": "*.personal\n", "elsewhere.py": "retry = 1\n"})
        _plant(write(folder, FILES | FILLERS))
        with indexed(folder, settings=SETTINGS) as service:
            _live(service, folder)
            yield service


def _plant(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    (folder / ".git/info/exclude").write_text("scratch.py\n")
    subprocess.run([*git, "add", "gone_tracked.py"], check=True)
    (folder / "link.py").symlink_to("src/retry.py")
    (folder / "out.py").symlink_to(folder.parent / "elsewhere.py")
    (folder / "broken.py").symlink_to("not-there.py")
    (folder / "linked").symlink_to("src")
    (folder / "src/zz_second.py").hardlink_to(folder / "src/colour.py")
    os.mkfifo(folder / "pipe")


def _live(service: Service, folder: Path) -> None:
    """What happens after indexing: deletions that are noticed and not, new and changed files, unsaved text."""
    for name in ("gone_tracked.py", "gone_seen.py"):
        (folder / name).unlink()
    write(folder, {"now/moved.py": FILES["old/moved.py"]})
    (folder / "old/moved.py").unlink()
    service.index()
    (folder / "gone_unnoticed.py").unlink()
    write(
        folder, {"new.py": "retry = 1\n", "grown.py": FILES["grown.py"] + "\n\n\ndef more():\n    return 2\n"}
    )
    service.edit(folder / "live.py", UNSAVED)
    service.edit(folder / "unsaved.py", "def freshly_typed():\n    return 1\n")
    service.edit(folder / "dropped.py", "def something_else():\n    return 1\n")
    service.edit(folder / "secret_new.py", "def freshly_typed():\n    return 1\n")
    service.edit(folder / "src/colour.py", "def typed_and_reverted():\n    return 1\n")
    service.revert(folder / "src/colour.py")


def asked(service: Service, case: Case) -> WhyNot:
    path = service.roots[0].path / case.path if case.path is not None else None
    return service.why_not(case.query, Expected(path, case.line, case.symbol), case.limit)


def test_at_least_fifty_cases_are_planted() -> None:
    assert len(CASES) >= 50
    assert len({case.planted for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.planted)
def test_says_what_keeps_it_from_being_shown(planted: Service, case: Case) -> None:
    found = asked(planted, case)
    assert found.kind == case.kind, found.note
    assert [words for words in case.says if words not in found.note] == [], found.note
    assert found.qualifier == case.cause


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.planted)
def test_agrees_with_the_search_itself(planted: Service, case: Case) -> None:
    """Ranks are the search's own, and what is said not to be among the hits is not."""
    found = asked(planted, case)
    hits = planted.search(SearchRequest(case.query, 1_000)).hits
    if found.hit is not None and found.rank is not None:
        assert hits[found.rank - 1] == found.hit
        assert found.hit.score == pytest.approx(sum(part.contribution for part in found.hit.contributions))
        assert (found.kind == "found") == (found.rank <= case.limit)
    elif case.path is not None and case.line is not None:
        places = [(hit.chunk.uri, hit.chunk.start_line, hit.chunk.end_line) for hit in hits]
        covering = [uri for uri, start, end in places if uri == case.path and start <= case.line <= end]
        assert covering == [] or found.kind == "deleted"
    if found.last_shown is not None:
        assert found.shown == min(case.limit, len(hits))
        assert hits[found.shown - 1] == found.last_shown


def test_leaving_the_qualifier_out_gives_the_promised_rank(planted: Service) -> None:
    found = asked(planted, Case("", "filtered", "kind:class retry with backoff", "src/client.py", 3))
    hits = planted.search(SearchRequest("retry with backoff", 1_000)).hits
    rank = 1 + [(hit.chunk.uri, hit.chunk.start_line) for hit in hits].index(("src/client.py", 0))
    assert f"Without it, it would rank {ordinal(rank)}." in found.note


def test_another_root_is_asked_about_like_the_first(tmp_path: Path) -> None:
    first = write(tmp_path / "first", {"a.py": "def retry():\n    return 1\n"})
    second = write(tmp_path / "second", {"b.py": "def retry():\n    return 1\n", "c.min.js": "x\n"})
    with indexed(first, second) as service:
        assert service.why_not("retry", Expected(second / "b.py", 0)).kind == "found"
        assert service.why_not("retry", Expected(second / "c.min.js")).kind == "notIndexed"
        assert service.why_not("lang:go retry", Expected(symbol="retry")).kind == "filtered"


def test_without_git_a_folder_left_out_by_default_is_named(tmp_path: Path) -> None:
    files = {
        "a.py": "retry = 1\n",
        "node_modules/pkg/index.js": "retry()\n",
        ".gitignore": "*.tmp\n",
        "x.tmp": "retry\n",
    }
    with indexed(write(tmp_path / "plain", files)) as service:
        root = service.roots[0].path
        left_out = service.why_not("retry", Expected(root / "node_modules/pkg/index.js"))
        ignored = service.why_not("retry", Expected(root / "x.tmp"))
    assert (left_out.kind, "installed dependencies" in left_out.note) == ("notIndexed", True)
    assert (ignored.kind, "'*.tmp' (.gitignore, line 1)" in ignored.note) == ("notIndexed", True)
    assert "git add" not in ignored.note


def test_a_reader_of_the_index_says_that_a_file_has_changed(tmp_path: Path) -> None:
    folder = write(tmp_path / "read", {"a.py": "def retry():\n    return 1\n"})
    with indexed(folder):
        pass
    write(folder, {"a.py": "def retry():\n    return 2\n\n\ndef more():\n    return 3\n"})
    with opened(folder, readonly=True) as service:
        found = service.why_not("retry", Expected(folder / "a.py", 0))
    assert found.kind == "found"
    assert "has changed since it was indexed" in found.note


def test_a_mistake_in_the_question_is_an_error_and_no_answer(planted: Service) -> None:
    with pytest.raises(QueryError):
        planted.why_not("lnag:go retry", Expected(symbol="retry"))
    with pytest.raises(UsageError, match="expected"):
        planted.why_not("retry", Expected())
    with pytest.raises(UsageError, match="limit"):
        planted.why_not("retry", Expected(symbol="retry"), limit=0)


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (112, "112th"), (1_021, "1,021st")]
)
def test_ordinals(number: int, text: str) -> None:
    assert ordinal(number) == text
