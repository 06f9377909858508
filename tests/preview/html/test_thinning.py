"""What is left out is left out evenly, the same every time, and said."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from lasercam.errors import ParameterError
from lasercam.model.toolpath import PartInfo, RowKind, Toolpath, ToolpathBlock
from lasercam.preview.html.thinning import choose_thinning
from tests.support.jobs import DOTS, broken, write_job

N, SMALL, JUMPS = 60_000, 300, 60


def blocks(size: int) -> Iterator[ToolpathBlock]:
    """A block of dots of part 0 with a few of part 1 in the middle, and a jump now and then."""
    part = np.zeros(N, np.uint16)
    part[30_000 : 30_000 + SMALL] = 1
    kind = np.full(N, RowKind.DOT, np.uint8)
    kind[:: N // JUMPS] = RowKind.JUMP
    places = np.zeros((N, 3), np.int64)
    for first in range(0, N, size):
        cut = slice(first, first + size)
        zero = np.zeros(len(part[cut]), np.uint32)
        yield ToolpathBlock(
            0, first, places[cut], places[cut], kind[cut].copy(), zero, zero.astype(np.uint16), part[cut].copy()
        )


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> Toolpath:
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.planning import plan_job

    return plan_job(load_job(write_job(tmp_path_factory.mktemp("job"), broken("[6, 5, 3]", "[2, 2, 1]", DOTS))))


def test_thinning_is_even_repeatable_and_keeps_small_parts(header: Toolpath) -> None:
    about = replace(header.header, n_rows=N, parts=(PartInfo("block.a", 1), PartInfo("block.b", 2)))
    thinning = choose_thinning(about, blocks(32_768), most_rows=6_000)
    assert not thinning.is_whole
    kept = np.concatenate([thinning.keeps(block) for block in blocks(32_768)])
    again = np.concatenate([thinning.keeps(block) for block in blocks(777)])
    assert np.array_equal(kept, again), "however the rows are cut into blocks"
    assert 5_000 < kept.sum() <= 6_100
    assert kept[30_000 : 30_000 + SMALL].sum() >= SMALL - 1, "a small part is drawn whole; a jump may lie in it"
    of_large = np.delete(kept, slice(30_000, 30_000 + SMALL))
    shares = of_large[: len(of_large) // 500 * 500].reshape(-1, 500).mean(axis=1)
    every = int(thinning.every.max())
    assert np.all(np.abs(shares - 1 / every) < 0.35 / every), "every stretch of the path has its share"
    distances = np.diff(np.flatnonzero(of_large))
    assert len(np.unique(distances)) > 5, "no fixed step that would beat with the raster"
    note = thinning.note(N, int(kept.sum()))
    assert f"{int(kept.sum()):,} of 60,000 rows" in note
    assert f"one of every {every}" in note
    assert "2 parts" in note, "the small part, and the jumps"


def test_few_rows_are_all_drawn_and_nothing_is_read(header: Toolpath) -> None:
    thinning = choose_thinning(header.header, iter(()), most_rows=1_000)
    assert thinning.is_whole
    assert "All 4 rows are drawn" in thinning.note(4, 4)


def test_a_picture_of_nothing_is_refused(header: Toolpath) -> None:
    with pytest.raises(ParameterError, match="1,000 or more"):
        choose_thinning(header.header, iter(()), most_rows=10)
