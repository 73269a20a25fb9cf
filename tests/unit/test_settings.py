"""Options from four places become settings; a bad one is reported, dropped, and does no other harm."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeintel.analysis.chunking import DEFAULT_LIMIT
from codeintel.options import OPTIONS, settings_markdown
from codeintel.settings import (
    OptionSource,
    Settings,
    from_editor,
    from_environment,
    from_file,
    from_flags,
)
from codeintel.workspace.skipping import SkipRules

ROOT = Path("/work-tree/project")


def resolved(*sources: OptionSource, trusted: bool = True) -> tuple[Settings, list[str]]:
    settings, warnings = Settings.resolve(sources, trusted)
    return settings, [str(warning) for warning in warnings]


def toml(folder: Path, text: str) -> OptionSource:
    (folder / "codeintel.toml").write_text(text)
    return from_file(folder)


def test_the_defaults_need_no_source() -> None:
    settings, warnings = resolved()
    assert warnings == []
    assert settings.index.folder is None
    assert settings.search.limit == 10
    assert settings.workers.count in (1, 2)


def test_every_option_is_a_setting_and_every_setting_an_option() -> None:
    settings, _ = resolved()
    groups = dataclasses.fields(Settings)
    names = {f"{g.name}.{f.name}" for g in groups for f in dataclasses.fields(getattr(settings, g.name))}
    assert names == {option.name for option in OPTIONS}


def test_every_default_passes_its_own_check() -> None:
    for option in OPTIONS:
        if option.default is not None:
            assert option.kind.check(option.default) == option.default


def test_the_defaults_are_those_of_the_parts_they_steer() -> None:
    settings, _ = resolved()
    assert settings.index.max_file_bytes == SkipRules().max_bytes
    assert settings.index.chunk_chars == DEFAULT_LIMIT


def test_a_file_sets_groups_and_dotted_names(tmp_path: Path) -> None:
    text = 'search.limit = 25\n[index]\nexclude = ["docs/", "*.gen.py"]\nmax_file_bytes = 5000\n'
    settings, warnings = resolved(toml(tmp_path, text))
    assert warnings == []
    assert (settings.search.limit, settings.index.exclude) == (25, ("docs/", "*.gen.py"))
    assert settings.index.max_file_bytes == 5000


def test_no_file_is_no_options(tmp_path: Path) -> None:
    assert from_file(tmp_path).values == {}
    (tmp_path / "codeintel.toml").mkdir()
    assert from_file(tmp_path).troubles == ()


@pytest.mark.parametrize(
    "content", [b"limit = = 3", b"\xff\xfe", b"a = " + b"[" * 5000, b"#" * 200_000, b"a = 1\na = 2\n"]
)
def test_a_file_that_is_no_toml_is_one_warning(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "codeintel.toml").write_bytes(content)
    settings, warnings = resolved(from_file(tmp_path))
    assert settings == resolved()[0]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"codeintel.toml ({tmp_path}): ignored, it cannot be read")


def test_the_paths_of_a_file_that_is_named_from_here_are_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml(tmp_path, '[index]\nfolder = "kept"\n')
    monkeypatch.chdir(tmp_path)
    assert resolved(from_file(Path()))[0].index.folder == tmp_path / "kept"
    toml(tmp_path, '[index]\nfolder = ".."\n')
    assert "not one that holds the workspace" in resolved(from_file(Path()))[1][0]


def test_a_file_that_may_not_be_read_is_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "codeintel.toml").touch()
    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in resolved(from_file(tmp_path))[1][0]


@pytest.mark.parametrize(
    "options",
    [
        {"index": {"maxFileBytes": 5000}, "hover": {"enabled": False}},
        {"codeintel": {"index": {"maxFileBytes": 5000}, "hover": {"enabled": False, "unset": None}}},
        {"index.maxFileBytes": 5000, "hover.enabled": False},
        {"codeintel.index.maxFileBytes": 5000, "codeintel.hover.enabled": False, "trace": {"server": "off"}},
    ],
)
def test_an_editor_may_nest_or_dot_its_options(options: object) -> None:
    settings, warnings = resolved(from_editor(options, ROOT))
    assert warnings == []
    assert (settings.index.max_file_bytes, settings.hover.enabled) == (5000, False)


def test_an_editor_that_sends_nothing_or_nonsense() -> None:
    assert resolved(from_editor(None, ROOT)) == resolved()
    assert resolved(from_editor([1], ROOT))[1] == ["codeintel (the editor): expected an object, found [1]"]
    assert resolved(from_editor({"codeintel": 3}, ROOT))[1] == [
        "codeintel (the editor): there is no such option"
    ]


def test_the_environment_is_text() -> None:
    source = from_environment(
        {"CODEINTEL_WORKERS_COUNT": "3", "CODEINTEL_LOG_LEVEL": "", "CODEINTEL_OTHER": "x"}
    )
    settings, warnings = resolved(source)
    assert (settings.workers.count, settings.log.level, warnings) == (3, "info", [])
    assert resolved(from_environment({"CODEINTEL_WORKERS_COUNT": "many"}))[1] == [
        "CODEINTEL_WORKERS_COUNT (the environment): expected a whole number from 1 to 64, found 'many'"
    ]


def test_an_option_that_has_no_variable_is_refused_there() -> None:
    warning = resolved(from_environment({"CODEINTEL_SEARCH_LIMIT": "3"}))[1]
    assert warning == ["CODEINTEL_SEARCH_LIMIT (the environment): cannot be set here"]


def test_flags_may_be_typed_or_text() -> None:
    flags = from_flags(
        {"search.limit": "7", "hover.enabled": "0", "index.exclude": ["a"], "index.tier": None}
    )
    settings, warnings = resolved(flags)
    assert warnings == []
    assert (settings.search.limit, settings.hover.enabled, settings.index.exclude) == (7, False, ("a",))


def test_later_sources_win_and_a_bad_one_does_not() -> None:
    editor = from_editor({"search": {"limit": 20}, "log": {"level": "debug"}}, ROOT)
    settings, warnings = resolved(editor, from_flags({"search.limit": 30, "log.level": "loud"}))
    assert (settings.search.limit, settings.log.level) == (30, "debug")
    assert warnings == [
        "log.level (the command line): expected `debug` or `info` or `warning` or `error`, found 'loud'"
    ]


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        ({"index": {"maxFileByte": 1}}, "there is no such option; did you mean index.maxFileBytes?"),
        ({"search": {"limit": True}}, "expected a whole number from 1 to 1,000, found True"),
        ({"search": {"limit": 0}}, "expected a whole number from 1 to 1,000, found 0"),
        ({"search": {"limit": "5"}}, "expected a whole number from 1 to 1,000, found '5'"),
        ({"workers": {"timeoutSeconds": float("nan")}}, "expected seconds, from 0.1 to 600, found nan"),
        ({"index": {"exclude": "docs"}}, "expected a list of gitignore patterns, found 'docs'"),
        (
            {"index": {"include": ["ok", "# x"]}},
            "expected a list of gitignore patterns, found ['ok', '# x'] ('# x' can never match)",
        ),
        ({"hover": {"enabled": 1}}, "expected `true` or `false`, found 1"),
        ({"index": {"folder": ""}}, "expected the path of a folder, found ''"),
        ({"index": {"folder": "."}}, "the index needs a folder of its own, not one that holds the workspace"),
        (
            {"index": {"folder": "../.."}},
            "the index needs a folder of its own, not one that holds the workspace",
        ),
        (
            {"index": {"exclude": ["\ud800"]}},
            "expected a list of gitignore patterns, found ['\\ud800'] "
            "('utf-8' codec can't encode character '\\ud800' in position 0: surrogates not allowed)",
        ),
        ({"qqq": 3}, "there is no such option"),
    ],
)
def test_a_bad_option_says_what_is_expected(options: object, warning: str) -> None:
    settings, warnings = resolved(from_editor(options, ROOT))
    assert settings == resolved()[0]
    assert len(warnings) == 1
    assert warnings[0].split(" (the editor): ")[1] == warning


def test_paths_start_where_they_were_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    project = tmp_path / "project"
    project.mkdir()
    settings, _ = resolved(toml(project, '[index]\nfolder = "../idx"\n[model]\nfolder = "models/x"\n'))
    assert (settings.index.folder, settings.model.folder) == (tmp_path / "idx", str(project / "models/x"))
    settings, _ = resolved(from_flags({"index.folder": "idx", "model.folder": "~/m"}))
    assert (settings.index.folder, settings.model.folder) == (Path.cwd() / "idx", "/home/someone/m")


@pytest.mark.parametrize("name", ["embedded", "sentence-transformers:all-MiniLM-L6-v2"])
def test_model_names_are_not_paths(name: str) -> None:
    assert resolved(from_flags({"model.folder": name}))[0].model.folder == name


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (from_flags({"model.cache": "off"}), "off"),
        (from_environment({"CODEINTEL_MODEL_CACHE": "user"}), "user"),
        (from_editor({"model": {"cache": "kept/here"}}, ROOT), str(ROOT / "kept/here")),
        (from_flags({"model.cache": "./off"}), str(Path.cwd() / "off")),
    ],
)
def test_the_vector_cache_is_on_off_or_a_folder(source: OptionSource, expected: str) -> None:
    settings, warnings = resolved(source)
    assert (settings.model.cache, warnings) == (expected, [])


def test_no_file_of_a_workspace_chooses_the_users_cache(tmp_path: Path) -> None:
    """Trusted or not: it could ship vectors that mislead, or shrink what every workspace shares."""
    text = '[model]\ncache = "shipped"\nmax_cache_bytes = 10000000\n'
    for trusted in (True, False):
        settings, warnings = resolved(toml(tmp_path, text), trusted=trusted)
        assert settings == resolved()[0]
        assert warnings == [
            "model.cache (codeintel.toml): cannot be set here",
            "model.max_cache_bytes (codeintel.toml): cannot be set here",
        ]


def test_a_cache_that_could_hold_next_to_nothing_is_refused() -> None:
    warnings = resolved(from_environment({"CODEINTEL_MODEL_MAX_CACHE_BYTES": "1000"}))[1]
    assert warnings == [
        "CODEINTEL_MODEL_MAX_CACHE_BYTES (the environment): "
        "expected a whole number from 10,000,000 to 1,000,000,000,000, found '1000'"
    ]


def test_an_untrusted_workspace_chooses_no_path_model_index_or_process(tmp_path: Path) -> None:
    text = (
        '[index]\nfolder = "/etc"\nexclude = ["*"]\n[model]\nfolder = "evil"\n'
        "[workers]\ncount = 64\n[search]\nlimit = 3\n"
    )
    settings, warnings = resolved(toml(tmp_path, text), trusted=False)
    assert settings == dataclasses.replace(
        resolved()[0], search=dataclasses.replace(settings.search, limit=3)
    )
    assert [warning.split(" ")[0] for warning in warnings] == [
        "index.folder",
        "index.exclude",
        "model.folder",
        "workers.count",
    ]
    assert all(warning.endswith("ignored, since this workspace is not trusted") for warning in warnings)
    assert resolved(toml(tmp_path, text))[0].workers.count == 64


def test_the_person_may_still_choose_in_an_untrusted_workspace() -> None:
    assert resolved(from_flags({"model.folder": "/m"}), trusted=False)[0].model.folder == "/m"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([option.editor_name for option in OPTIONS]) | st.text(max_size=6)


@given(st.dictionaries(KEYS, JSON, max_size=5))
def test_no_options_of_an_editor_break_anything(options: dict[str, object]) -> None:
    settings, warnings = resolved(from_editor(options, ROOT))
    assert 1 <= settings.search.limit <= 1000
    assert all(warning.encode() for warning in warnings)


def test_the_reference_page_has_a_row_for_every_option() -> None:
    page = settings_markdown()
    for option in OPTIONS:
        assert page.count(f"| `{option.name}`") == 1
    assert (
        "| `search.limit` | a whole number from 1 to 1,000 | `10` | How many hits a search returns. |  |"
        in page
    )
    assert "| `index.folder` * | the path of a folder | `.codeintel` in the root |" in page
    assert '| `model.cache` † | `user`, the path of a folder, or `off` | `"user"` |' in page
