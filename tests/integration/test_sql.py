"""A person's SQL through the service: over what is saved, and over an unsaved document of any size."""

from __future__ import annotations

from pathlib import Path

from workspaces import indexed, settings, write

PIPE_BYTES = 65_536
"""What a pipe takes before its reader must."""


def test_an_unsaved_document_of_more_rows_than_a_pipe_holds_is_asked(tmp_path: Path) -> None:
    folder = write(tmp_path / "ws", {"big.py": "before = 1\n", "small.py": "def kept():\n    pass\n"})
    functions = [f"def step_{number}(value):\n    return value + {number}\n" for number in range(600)]
    with indexed(folder, settings=settings(tier="structure")) as service:
        service.edit(folder / "big.py", "\n\n".join(functions))
        while service.structure_some():
            pass
        (source,) = (index.source() for index in service._indexes)
        assert sum(rows.nbytes for rows in source.rows.values()) > PIPE_BYTES
        answer = service.sql(
            "SELECT uri, count(*) FROM scip_symbols WHERE kind = 'function' GROUP BY uri ORDER BY uri"
        )
        assert answer.rows == (("big.py", len(functions)), ("small.py", 1))
        service.revert(folder / "big.py")
        assert service.sql("SELECT name FROM scip_occurrences WHERE uri = 'big.py' AND name = 'before'").rows
