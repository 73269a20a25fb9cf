"""The watcher reports what may have changed on a real disk, with every system's watches, and nothing private."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from codeintel.workspace import watching
from codeintel.workspace.watching import folders_holding

from .conftest import git
from .watched import Workplace, inotify_place, place, wait_until

__all__ = ["inotify_place", "place"]


# Files


def test_a_save_a_new_file_and_a_deletion_are_reported(place: Workplace) -> None:
    saved, deleted = place.write("src/saved.py", "src/deleted.py")
    place.start("src")
    saved.write_text("again")
    deleted.unlink()
    (new,) = place.write("src/new.py")
    place.record.wait_for(saved, deleted, new)


def test_an_atomic_save_gives_the_target(place: Workplace) -> None:
    (saved,) = place.write("src/saved.py")
    place.start("src")
    (draft,) = place.write("src/.saved.py.draft")
    draft.replace(saved)
    place.record.wait_for(saved)


def test_a_draft_from_outside_the_root_gives_the_target(place: Workplace) -> None:
    (saved,) = place.write("src/saved.py")
    (draft,) = place.write("../draft")
    place.start("src")
    draft.replace(saved)
    place.record.wait_for(saved)


def test_a_file_that_is_kept_open_is_reported_while_it_grows(place: Workplace) -> None:
    (grown,) = place.write("src/grown.py")
    place.start("src")
    with grown.open("a") as file:
        file.write("more\n")
        file.flush()
        place.record.wait_for(grown)


def test_a_changed_mode_is_reported(place: Workplace) -> None:
    (file,) = place.write("src/file.py")
    place.start("src")
    file.chmod(0o600)
    place.record.wait_for(file)


def test_reading_and_listing_report_nothing(place: Workplace) -> None:
    (read,) = place.write("src/read.py")
    place.start("src")
    read.read_text()
    list((place.root / "src").iterdir())
    assert place.settle() == set()


def test_a_moved_file_is_reported_at_both_ends(place: Workplace) -> None:
    (old,) = place.write("src/old.py")
    place.start("src")
    new = old.rename(place.root / "new.py")
    place.record.wait_for(old, new)


def test_a_name_that_is_not_unicode_is_reported_as_the_disk_has_it(inotify_place: Workplace) -> None:
    inotify_place.start()
    (odd,) = inotify_place.write(os.fsdecode(b"caf\xe9.py"))
    inotify_place.record.wait_for(odd)


def test_what_changed_before_the_start_is_not_reported(place: Workplace) -> None:
    place.write("src/file.py")
    (place.root / "empty" / "inner").mkdir(parents=True)
    place.start("src")
    assert place.settle() == set()


def test_a_checkout_of_many_files_is_a_handful_of_batches(place: Workplace) -> None:
    files = place.write(*(f"src/p{number % 20}/m{number}.py" for number in range(400)))
    place.start(*(f"src/p{number}" for number in range(20)))
    began = time.monotonic()
    for path in files:
        path.unlink()
        path.write_text("other\n")
    place.record.wait_for(*files)
    assert len(place.record.batches) <= 2 + (time.monotonic() - began) / watching.QUIET_S


# Folders


def test_what_is_in_a_new_folder_is_reported_however_soon_it_was_written(place: Workplace) -> None:
    place.start()
    files = place.write(*(f"new/{'in/' * depth}{number}.py" for depth in range(8) for number in range(4)))
    place.record.wait_for(place.root / "new", *files)


def test_a_new_folder_is_watched_from_then_on(place: Workplace) -> None:
    place.start()
    (file,) = place.write("new/inner/file.py")
    place.record.wait_for(file)
    place.record.forget()
    file.write_text("again")
    place.record.wait_for(file)


def test_a_folder_moved_into_the_root_is_reported_with_what_is_in_it(place: Workplace) -> None:
    place.write("../other/inner/file.py")
    place.start()
    (place.root.parent / "other").rename(place.root / "moved")
    moved = place.root / "moved" / "inner" / "file.py"
    place.record.wait_for(place.root / "moved", moved)
    place.record.forget()
    moved.write_text("again")
    place.record.wait_for(moved)


def test_a_deleted_folder_is_reported_itself(place: Workplace) -> None:
    place.write("src/inner/file.py", "src/other.py")
    place.start("src/inner")
    shutil.rmtree(place.root / "src" / "inner")
    place.record.wait_for(place.root / "src" / "inner")


def test_a_folder_that_is_deleted_and_made_again_is_watched(place: Workplace) -> None:
    (file,) = place.write("src/file.py")
    place.start("src")
    for _ in range(3):
        shutil.rmtree(place.root / "src")
        place.write("src/file.py")
    place.settle()
    place.record.forget()
    file.write_text("again")
    place.record.wait_for(file)


def test_a_renamed_folder_is_reported_at_both_ends_and_watched_under_its_new_name(place: Workplace) -> None:
    place.write("old/inner/file.py")
    place.start("old/inner")
    (place.root / "old").rename(place.root / "new")
    file = place.root / "new" / "inner" / "file.py"
    place.record.wait_for(place.root / "old", place.root / "new", file)
    place.record.forget()
    file.write_text("again")
    place.record.wait_for(file)
    assert not any(path.is_relative_to(place.root / "old") for path in place.settle())


def test_a_folder_moved_out_of_the_root_is_not_watched_any_more(place: Workplace) -> None:
    place.write("src/file.py")
    place.start("src")
    (place.root / "src").rename(place.root.parent / "away")
    place.record.wait_for(place.root / "src")
    place.record.forget()
    place.write("../away/file.py")
    assert place.settle() == set()


def test_a_file_in_a_folder_that_was_empty_is_reported(place: Workplace) -> None:
    (place.root / "empty" / "inner").mkdir(parents=True)
    place.start()
    place.record.wait_for(*place.write("empty/inner/first.py"))


def test_two_folders_that_change_names_keep_their_watches_apart(place: Workplace) -> None:
    place.write("a/file.py", "b/file.py")
    place.start("a", "b")
    (place.root / "a").rename(place.root / "c")
    (place.root / "b").rename(place.root / "a")
    (place.root / "c").rename(place.root / "b")
    place.settle()
    place.record.forget()
    changed, _ = place.write("a/file.py", "sentinel-last")
    place.record.wait_for(changed)
    assert place.settle() == {changed}


def test_a_folder_moved_over_an_empty_one_is_watched(place: Workplace) -> None:
    place.write("old/file.py")
    (place.root / "new").mkdir()
    place.start("old")
    (place.root / "old").rename(place.root / "new")
    place.record.wait_for(place.root / "new" / "file.py")
    place.settle()
    place.record.forget()
    place.record.wait_for(*place.write("new/file.py"))


def test_links_to_folders_are_not_followed(place: Workplace) -> None:
    place.write("../outside/file.py")
    place.start()
    (place.root / "link").symlink_to(place.root.parent / "outside")
    place.record.wait_for(place.root / "link")
    place.record.forget()
    place.write("../outside/file.py")
    assert place.settle() == set()


def test_a_folder_replaced_by_a_link_is_left(place: Workplace) -> None:
    place.write("src/file.py", "../outside/file.py")
    place.start("src")
    shutil.rmtree(place.root / "src")
    (place.root / "src").symlink_to(place.root.parent / "outside")
    place.settle()
    assert place.watcher
    place.watcher.follow([place.root / "src"])
    place.record.forget()
    place.write("../outside/file.py")
    assert place.settle() == set()


# What is left out


def test_nothing_in_private_folders_is_reported(place: Workplace) -> None:
    place.write(".codeintel/old.parquet", "src/.codeintel/old.parquet", ".hg/store")
    place.start("src")
    place.write(".codeintel/new.parquet", "src/.codeintel/new.parquet", ".hg/store", "new/.codeintel/x")
    place.record.wait_for(place.root / "new")
    assert place.settle() == {place.root / "new"}


def test_installed_packages_are_not_entered_unless_they_are_asked_for(place: Workplace) -> None:
    place.start("vendor/node_modules/wanted")
    place.write("node_modules/package/index.js", "src/file.py")
    (wanted,) = place.write("vendor/node_modules/wanted/index.js")
    assert place.watcher
    place.watcher.follow([place.root / "src", wanted.parent])
    place.record.wait_for(wanted)
    assert place.root / "node_modules" in place.settle()
    assert not any(path.is_relative_to(place.root / "node_modules" / "package") for path in place.settle())


def test_an_ignored_folder_that_appeared_is_left_after_two_listings_without_it(place: Workplace) -> None:
    place.start()
    (built,) = place.write("build/inner/out.js")
    place.record.wait_for(built)
    assert place.watcher
    place.watcher.follow([])  # of a listing that may have been begun before
    place.record.forget()
    place.write("build/inner/out.js")
    place.record.wait_for(built)
    place.watcher.follow([])
    place.record.forget()
    place.write("build/inner/out.js")
    assert place.settle() == set()


def test_a_folder_that_lost_its_last_file_is_watched_for_the_next(place: Workplace) -> None:
    (file,) = place.write("src/file.py")
    watcher = place.start("src")
    file.unlink()
    for _ in range(3):
        watcher.follow([])
    place.record.wait_for(file)
    place.record.forget()
    place.record.wait_for(*place.write("src/file.py"))


def test_followed_folders_are_watched_and_what_is_in_them_is_reported(place: Workplace) -> None:
    (file,) = place.write("generated/inner/file.py")
    watcher = place.start()
    watcher.follow([file.parent])
    place.record.wait_for(file)
    place.record.forget()
    file.write_text("again")
    place.record.wait_for(file)


def test_what_the_listing_must_have_seen_is_not_reported_by_following(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = place.write("src/old.py", "src/new.py")
    with monkeypatch.context() as patched:
        patched.setattr("codeintel.workspace.watching_folders.now", lambda: time.time() + 100)
        watcher = place.start()
    os.utime(new, (time.time() + 200,) * 2)
    watcher.follow([old.parent])
    assert place.settle() == {new}


def test_a_folder_that_was_moved_here_after_the_listing_is_reported_with_its_old_files(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = place.write("src/inner/file.py")
    with monkeypatch.context() as patched:
        patched.setattr("codeintel.workspace.watching_folders.now", lambda: time.time() + 100)
        watcher = place.start()
    os.utime(place.root / "src", (time.time() + 200,) * 2)  # as if it were a younger one
    watcher.follow([file.parent])
    assert place.settle() == {place.root / "src", file.parent, file}


def test_following_the_same_folders_again_reports_nothing(place: Workplace) -> None:
    place.write("src/file.py")
    watcher = place.start("src")
    watcher.follow([place.root / "src"])
    assert place.settle() == set()


def test_folders_outside_the_root_are_not_watched(place: Workplace) -> None:
    place.write("../outside/file.py")
    watcher = place.start()
    watcher.follow([place.root.parent / "outside", place.root.parent])
    place.write("../outside/file.py")
    assert place.settle() == set()


def test_the_folders_of_a_listing_are_those_that_hold_its_files() -> None:
    uris = ["a.py", "src/in/b.py", "src/in/c.py", "src/node_modules/"]
    root = Path("/root")
    assert folders_holding(root, uris) == {root, root / "src/in", root / "src"}


# Git


def test_a_checkout_is_reported_as_git_head_and_nothing_else_of_git(place: Workplace) -> None:
    place.write("src/file.py")
    git(place.root, "init", "-q")
    git(place.root, "add", ".")
    place.start("src")
    git(place.root, "commit", "-q", "-m", "first")
    git(place.root, "checkout", "-q", "-b", "other")
    place.record.wait_for(place.root / ".git" / "HEAD")
    assert place.settle() == {place.root / ".git" / "HEAD"}


def test_a_file_that_git_begins_to_track_is_reported_as_git_head(place: Workplace) -> None:
    place.write("src/file.py")
    git(place.root, "init", "-q")
    place.start("src")
    git(place.root, "add", ".")
    place.record.wait_for(place.root / ".git" / "HEAD")


def test_a_worktree_reports_its_own_head(place: Workplace) -> None:
    (place.root.parent / "main").mkdir()
    place.write("../main/file.py")
    git(place.root.parent / "main", "init", "-q")
    git(place.root.parent / "main", "add", ".")
    git(place.root.parent / "main", "commit", "-q", "-m", "first")
    git(place.root.parent / "main", "worktree", "add", "-q", str(place.root / "work"))
    shutil.move(place.root / "work" / ".git", place.root / ".git")
    place.start()
    git(place.root, "checkout", "-q", "--detach")
    place.record.wait_for(place.root / ".git" / "HEAD")


def test_a_repository_made_later_is_noticed(place: Workplace) -> None:
    place.start()
    git(place.root, "init", "-q")
    place.record.wait_for(place.root / ".git" / "HEAD")
    place.settle()
    place.record.forget()
    place.write("file.py")
    git(place.root, "add", ".")
    place.record.wait_for(place.root / ".git" / "HEAD")


# The root


def test_a_root_that_goes_and_comes_back_is_compared_as_a_whole(place: Workplace) -> None:
    (file,) = place.write("src/file.py")
    watcher = place.start("src")
    assert not watcher.gone
    away = place.root.rename(place.root.parent / "away")
    place.record.wait_for_overflow()
    assert watcher.gone
    place.record.forget()
    away.rename(place.root)
    place.record.wait_for_overflow()
    assert not watcher.gone
    place.record.forget()
    file.write_text("again")
    place.record.wait_for(file)


def test_a_root_whose_parent_is_renamed_is_gone(place: Workplace) -> None:
    place.root = place.root / "inner"
    place.root.mkdir()
    watcher = place.start()
    place.root.parent.rename(place.root.parents[1] / "away")
    place.record.wait_for_overflow()
    assert watcher.gone


def test_a_root_that_is_replaced_is_watched_again(place: Workplace) -> None:
    place.write("src/file.py")
    watcher = place.start("src")
    shutil.rmtree(place.root)
    place.write("src/file.py")
    place.record.wait(lambda: not watcher.gone and any(batch.overflow for batch in place.record.batches))
    place.settle()
    place.record.forget()
    place.record.wait_for(*place.write("src/file.py"))


def test_a_root_that_was_moved_away_is_not_taken_for_the_one_in_its_place(place: Workplace) -> None:
    place.write("src/file.py", "../other/src/file.py")
    watcher = place.start("src")
    away = place.root.rename(place.root.parent / "away")
    (place.root.parent / "other").rename(place.root)
    place.record.wait_for_overflow()
    wait_until(lambda: not watcher.gone)
    place.settle()
    place.record.forget()
    (away / "src" / "file.py").write_text("again")
    assert place.settle() == set()


def test_a_root_that_is_missing_at_the_start_is_waited_for(place: Workplace) -> None:
    place.root.rmdir()
    watcher = place.start()
    assert watcher.gone
    place.record.wait_for_overflow()
    place.record.forget()
    place.root.mkdir()
    place.record.wait_for_overflow()
    assert not watcher.gone
    place.settle()
