"""Which repositories may be trained on, and how they are read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from training.sources import (
    LANGUAGES,
    Mirror,
    Source,
    check_excluded,
    licence_of,
    pinned,
    read_sources,
    write_sources,
)

MIT = """MIT License

Permission is hereby granted, free of charge, to any person
obtaining a copy of this software ..."""
BSD = "Redistribution and use in source and binary forms, with or without\n# modification, are permitted provided that"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A repository of two files, kept as a mirror is."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "LICENSE").write_text(MIT)
    (work / "lib").mkdir()
    (work / "lib" / "queue.py").write_text("def push(item):\n    ...\n")
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    folder = tmp_path / "mirrors" / "someone+queues"
    folder.mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(folder / "repo")], check=True)
    return folder


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        (MIT, "MIT"),
        (BSD, "BSD-2-Clause"),
        (f"{BSD} ... Neither the name of the author", "BSD-3-Clause"),
        ("                 Apache License\n           Version 2.0, January 2004", "Apache-2.0"),
        ("Permission to use, copy, modify, and distribute this software for any purpose", "ISC"),
        ("GNU GENERAL PUBLIC LICENSE\nVersion 3", None),
        (f"{MIT}\n\nParts are under the Mozilla Public License", None),
        ("All rights reserved.", None),
    ],
)
def test_a_licence_is_told_by_its_words(text: str, licence: str | None) -> None:
    assert licence_of(text) == licence


def test_a_mirror_is_read_without_a_checkout(mirror: Path) -> None:
    opened = Mirror(mirror)
    files = {path: name for path, name, _ in opened.blobs()}
    assert set(files) == {"LICENSE", "lib/queue.py"}
    texts = list(opened.texts([("lib/queue.py", files["lib/queue.py"]), ("gone.py", "0" * 40)]))
    assert [(one.path, one.text) for one in texts] == [("lib/queue.py", "def push(item):\n    ...\n")]


def test_a_mirror_is_pinned_with_licence_and_language(mirror: Path) -> None:
    found = pinned(mirror, frozenset({"else/other"}))
    assert isinstance(found, Source)
    assert (found.github, found.licence, found.language) == ("someone/queues", "MIT", "python")
    assert len(found.commit) == 40


@pytest.mark.parametrize("listed", ["someone/queues", "another/Queues"])
def test_the_benchmarks_repositories_and_their_namesakes_are_refused(mirror: Path, listed: str) -> None:
    found = pinned(mirror, frozenset({listed.lower()}))
    assert isinstance(found, str)
    assert "benchmark" in found
    with pytest.raises(ValueError, match="someone/queues"):
        check_excluded([Source("someone/queues", "", "MIT", "python")], frozenset({listed.lower()}))


def test_the_list_is_written_as_it_is_read(tmp_path: Path) -> None:
    sources = (Source("a/b", "0" * 40, "MIT", "python"), Source("c/d", "1" * 40, "ISC", "zig"))
    write_sources(sources, tmp_path / "sources.toml")
    assert read_sources(tmp_path / "sources.toml") == sources


def test_the_pinned_list_covers_every_language_once_each_repository() -> None:
    sources = read_sources()
    assert {source.language for source in sources} == set(LANGUAGES)
    assert len({source.github.lower() for source in sources}) == len(sources)
    assert all(len(source.commit) == 40 for source in sources)
