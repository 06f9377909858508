"""Pieces of any length arrive in order, in writes that end at whole megabytes, however little the system takes."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from lasercam.pipeline import aligned_file
from lasercam.pipeline.aligned_file import UNIT_BYTES, AlignedFile

SIZES: list[list[int]] = [
    [], [0], [7, 0, 5], [UNIT_BYTES], [UNIT_BYTES - 1, 1, 1], [950_003] * 5, [3 * UNIT_BYTES + 5, 2], [3] * 1000,
]  # fmt: skip


def written(path: Path, sizes: Sequence[int], *, is_view: bool = False) -> bytes:
    """Write pieces of these sizes; returns what should be in the file."""
    pieces = [bytes([i % 251 + 1]) * size for i, size in enumerate(sizes)]
    with AlignedFile(path) as file:
        for piece in pieces:
            file.write(memoryview(piece) if is_view else piece)
        file.sync()
    assert file.closed
    return b"".join(pieces)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("is_view", [False, True])
def test_all_bytes_arrive_in_order(sizes: list[int], is_view: bool, tmp_path: Path) -> None:
    assert written(tmp_path / "a", sizes, is_view=is_view) == (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("sizes", SIZES)
def test_writes_that_fall_short_are_continued(
    sizes: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(stream: object, pieces: list[bytes | memoryview]) -> int:
        return os.writev(stream.fileno(), [memoryview(b"".join(pieces))[:400_001]])  # type: ignore[attr-defined]

    monkeypatch.setattr(aligned_file, "_write_some", some)
    assert written(tmp_path / "a", sizes) == (tmp_path / "a").read_bytes()


def test_a_system_that_cannot_gather_gets_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "writev", raising=False)
    assert written(tmp_path / "a", [950_003, 3, UNIT_BYTES]) == (tmp_path / "a").read_bytes()


def test_writes_end_at_whole_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    write_some = aligned_file._write_some

    def watch(stream: object, pieces: list[bytes | memoryview]) -> int:
        size = write_some(stream, pieces)
        ends.append((ends[-1] if ends else 0) + size)
        return size

    monkeypatch.setattr(aligned_file, "_write_some", watch)
    whole = written(tmp_path / "a", [950_003, 3_000_000, 950_003])
    assert ends[:-1] == [UNIT_BYTES * (i + 1) for i in range(len(ends) - 1)]
    assert ends[-1] == len(whole)


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        AlignedFile(tmp_path / "a")
