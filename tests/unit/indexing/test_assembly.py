"""Assembly: from what a worker found to numbered chunks, rows and lexical documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.identifiers import terms
from codeintel.catalog.ids import chunk_ids, content_hash
from codeintel.indexing.assembly import lexical_documents
from workspaces import analysed

TEXT = st.text(st.sampled_from(list("ab(){}:=\n\r\t #'\"é東😀_\u2028")), max_size=200)


@given(st.sampled_from(["a.py", "b.go", "c.md", "d.unknown"]), TEXT)
def test_chunks_are_the_file_in_order_with_ids_of_their_content(uri: str, text: str) -> None:
    file = analysed({uri: text.encode()})[uri]
    assert "".join(chunk.content for chunk in file.chunks).encode() == text.encode()
    at = 0
    for chunk in file.chunks:
        assert (chunk.start_byte, chunk.end_byte) == (at, at + len(chunk.content.encode()))
        at = chunk.end_byte
    hashes = [content_hash(chunk.content.encode()) for chunk in file.chunks]
    assert [chunk.content_hash for chunk in file.chunks] == hashes
    assert [chunk.id for chunk in file.chunks] == chunk_ids(uri, hashes)
    assert file.row.chunks == len(file.chunks)
    assert file.row.content_hash == content_hash(text.encode())


def test_a_row_tells_language_lines_and_encoding() -> None:
    row = analysed({"src/a.py": "é = 1\nx = 2\n".encode("latin-1")})["src/a.py"].row
    assert (row.uri, row.lang, row.lines, row.encoding) == ("src/a.py", "python", 2, "latin-1")
    assert (row.size, row.skip_reason, row.parse_status) == (12, None, "ok")


@pytest.mark.parametrize("bodies", [(), ("its own terms",)])
def test_a_lexical_document_has_body_names_and_path(bodies: tuple[str, ...]) -> None:
    file = analysed({"server/tokenBucket.test.py": "class TokenBucket:\n    pass\n"})[
        "server/tokenBucket.test.py"
    ]
    (document,) = lexical_documents(file, bodies)
    (chunk,) = file.chunks
    assert document.id == chunk.id
    assert document.terms == (bodies[0] if bodies else terms(chunk.content))
    assert set(document.symbols) == {"tokenbucket", "token", "bucket"}
    assert document.path == ["server"]
    assert document.stem == ["tokenbucket", "token", "bucket"]
