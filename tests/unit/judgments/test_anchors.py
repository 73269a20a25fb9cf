"""Judgments find their code again after it was edited, moved, renamed or deleted, and say by what."""

from __future__ import annotations

from codeintel.catalog.rows import Chunk
from codeintel.judgments.anchors import Anchor, Anchors
from codeintel.judgments.records import Judgment
from workspaces import Texts, chunk_table

RETRY = '''def retry(times):
    """Try again, that often."""
    return backoff(times)
'''
QUEUE = '''class Queue:
    """Jobs in the order in which they came."""

    def put(self, job):
        self.jobs.append(job)
'''
FILLER = "".join(f"def step_{n}():\n    return {'word ' * 290!r}\n\n\n" for n in range(4))
PROSE = "# Notes\n\nHow retries work: each attempt waits twice as long.\n"


def judged(texts: Texts, uri: str, line: int = 0) -> Judgment:
    file = chunk_table(texts).file(uri)
    assert file is not None
    chunk = next(one for one in file.chunks if one.start_line <= line <= one.end_line)
    return Judgment.of("retry", "good", chunk, "2026-01-02T03:04:05+00:00")


def found(judgment: Judgment, texts: Texts) -> Anchor:
    return Anchors(chunk_table(texts)).find(judgment)


def chunk_of(anchor: Anchor) -> Chunk:
    assert anchor.chunk is not None
    return anchor.chunk


def test_code_that_did_not_change_is_itself_where_lines_above_it_moved() -> None:
    anchor = found(judged({"a.py": RETRY}, "a.py"), {"a.py": FILLER + RETRY})
    assert anchor.how == "chunk"
    assert chunk_of(anchor).start_line > 10


def test_a_renamed_file_is_known_by_its_text() -> None:
    anchor = found(judged({"a.py": RETRY}, "a.py"), {"new/b.py": RETRY})
    assert (anchor.how, chunk_of(anchor).uri) == ("content", "new/b.py")


def test_of_several_copies_the_one_in_a_file_of_that_name_is_meant() -> None:
    anchor = found(judged({"a.py": RETRY}, "a.py"), {"b.py": RETRY, "moved/a.py": RETRY})
    assert chunk_of(anchor).uri == "moved/a.py"


def test_edited_code_is_known_by_its_symbol() -> None:
    edited = QUEUE + "\n\n" + RETRY.replace("that often", "so often as it takes")
    anchor = found(judged({"a.py": RETRY}, "a.py"), {"a.py": edited, "c.py": QUEUE})
    assert anchor.how == "symbol"
    assert "so often" in chunk_of(anchor).content


def test_code_edited_and_moved_is_known_where_its_name_is_the_only_one() -> None:
    edited = RETRY.replace("often", "much")
    judgment = judged({"a.py": RETRY}, "a.py")
    assert found(judgment, {"b.py": edited}).how == "symbol"
    assert found(judgment, {"b.py": edited, "c.py": RETRY.replace("often", "long")}).how == "lost"


def test_code_that_shares_its_chunk_with_a_new_neighbour_is_known_by_its_symbol() -> None:
    neighbour = "def another():\n    return 1\n\n\n"
    assert found(judged({"a.py": RETRY}, "a.py"), {"a.py": neighbour + RETRY}).how == "symbol"


def test_a_method_is_found_in_its_class_and_the_class_in_its_methods() -> None:
    grown = QUEUE + f"\n    def take(self):\n        return {'word ' * 290!r}\n"
    whole, method = judged({"a.py": QUEUE}, "a.py"), judged({"a.py": grown}, "a.py", 7)
    assert method.symbols == ("take",)
    assert found(whole, {"a.py": grown}).how == "symbol"
    assert found(method, {"a.py": grown.replace("word " * 290, "job")}).how == "symbol"


def test_a_method_of_another_class_is_not_taken_for_it() -> None:
    method = "class Retry:\n    def put(self, job):\n        return 1\n"
    judgment = judged({"a.py": method, "b.py": PROSE}, "a.py")
    assert found(judgment, {"c.py": QUEUE}).how == "lost"


def test_prose_that_was_edited_is_where_it_stood() -> None:
    anchor = found(judged({"a.md": PROSE}, "a.md"), {"a.md": PROSE.replace("twice", "thrice")})
    assert anchor.how == "line"
    assert "thrice" in chunk_of(anchor).content


def test_deleted_code_is_lost() -> None:
    assert found(judged({"a.py": RETRY}, "a.py"), {"b.py": QUEUE}) == Anchor(None, "lost")
    assert found(judged({"a.py": RETRY}, "a.py"), {"a.py": ""}) == Anchor(None, "lost")
