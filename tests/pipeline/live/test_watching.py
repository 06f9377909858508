"""Changes are noticed however an editor saves, and only once it has finished."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lasercam.pipeline.live.watching import look, wait_for_change


def overwrite(path: Path) -> None:
    path.write_text("new content")


def rename_over(path: Path) -> None:
    beside = path.with_suffix(".tmp")
    beside.write_text("new")
    beside.replace(path)


def same_size_and_time(path: Path) -> None:
    """A file put in the place of another, with its age kept."""
    stat, beside = path.stat(), path.with_suffix(".tmp")
    beside.write_text("x" * stat.st_size)
    os.utime(beside, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    beside.replace(path)


@pytest.mark.parametrize("save", [overwrite, rename_over, same_size_and_time, Path.unlink])
def test_every_way_of_saving_is_noticed(tmp_path: Path, save: Callable[[Path], None]) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("old")
    before = look([path])
    assert look([path]) == before
    save(path)
    assert wait_for_change([path], before, sleep=lambda _: None)


def test_a_file_that_was_missing_is_noticed_and_so_is_one_in_a_folder(tmp_path: Path) -> None:
    missing, folder = tmp_path / "asset.svg", tmp_path / "processes"
    folder.mkdir()
    before = look([missing, folder])
    missing.write_text("<svg/>")
    assert look([missing, folder]) != before
    before = look([missing, folder])
    (folder / "notes.txt").write_text("not read by anybody")
    assert look([missing, folder]) == before
    (folder / "own.yaml").write_text("process: own")
    assert look([missing, folder]) != before


def test_it_waits_until_the_editor_has_finished(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("0")
    before, slept = look([path]), 0

    def sleep(_: float) -> None:
        nonlocal slept
        slept += 1
        if slept <= 5:
            path.write_text("0" * (slept + 1))

    assert wait_for_change([path], before, sleep=sleep)
    assert slept == 6, "one look that saw nothing, four with changes between, one with none"


def test_waiting_ends_when_nobody_waits(tmp_path: Path) -> None:
    asked = iter([True, True, False])
    assert not wait_for_change([tmp_path], look([tmp_path]), goes_on=lambda: next(asked), sleep=lambda _: None)
