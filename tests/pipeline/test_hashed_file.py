"""Files written beside the work of making them: every byte, its hash, and every error."""

import errno
import hashlib
from pathlib import Path

import pytest

from lasercam.pipeline.hashed_file import HashedFile


@pytest.mark.parametrize("sizes", [[], [0], [5, 7], [1 << 20, 1, 2], [3_000_000, 10, 1 << 20, 0, 999]])
def test_all_pieces_arrive_in_order(sizes: list[int], tmp_path: Path) -> None:
    pieces = [bytes([i + 1]) * size for i, size in enumerate(sizes)]
    with HashedFile(tmp_path / "a") as file:
        for piece in pieces:
            file.write(piece)
        digest, size = file.finish()
    whole = b"".join(pieces)
    assert (tmp_path / "a").read_bytes() == whole
    assert (digest, size) == (hashlib.sha256(whole).hexdigest(), len(whole))


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        HashedFile(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"kept"


@pytest.mark.parametrize("later", [0, 5])
def test_a_full_disk_is_reported(later: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it fills while pieces still come, or with the last of them."""

    def refuse(self: HashedFile, piece: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def write_all() -> None:
        with HashedFile(tmp_path / "a") as file:
            file.write(b"x" * 1000)
            monkeypatch.setattr(HashedFile, "_append", refuse)
            for _ in range(1 + later):
                file.write(b"y" * (2 << 20))
            file.finish()

    with pytest.raises(OSError, match="No space left"):
        write_all()


def test_work_that_fails_ends_the_writing(tmp_path: Path) -> None:
    file = HashedFile(tmp_path / "a")

    def fail() -> None:
        with file:
            file.write(b"x" * (3 << 20))
            raise RuntimeError("encoder")

    with pytest.raises(RuntimeError, match="encoder"):
        fail()
    assert file._thread is None
    assert file._stream.closed
