"""Every site of a page has one role, and every data site belongs to one byte."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import ParameterError
from lasercam.storage.page_layout import (
    HEADER_BITS,
    LEAST_SIDE,
    UNIT_BYTES,
    PageLayout,
    Role,
    permutation,
    xorshift32,
)

SIDES = st.integers(LEAST_SIDE // 2, 90).map(lambda half: 2 * half)


@given(SIDES, SIDES, st.integers(1, 4))
def test_roles_share_out_the_page(rows: int, columns: int, bits: int) -> None:
    bands = max(6, 2 * math.ceil((384 + 3 * 36) / columns / 2))
    if rows < 2 * bands + 6:
        with pytest.raises(ParameterError, match="rows or more"):
            PageLayout(rows, columns, bits)
        return
    layout = PageLayout(rows, columns, bits)
    counts = np.bincount(layout.roles.reshape(-1), minlength=5)
    assert counts[Role.DARK] == 9 * 8 + 1
    assert counts[Role.MARK] == 9 * 17 - 1
    assert counts[Role.HEADER] == 2 * HEADER_BITS
    sites = layout.unit_sites.reshape(-1, 2)
    assert len(np.unique(sites, axis=0)) == len(sites) == counts[Role.DATA]
    assert (layout.roles[sites[:, 0], sites[:, 1]] == Role.DATA).all()
    # Whole bytes in every unit, and no voxel to spare in it.
    assert len(sites) * bits == layout.data_bytes * 8
    assert len(layout.unit_sites) * UNIT_BYTES[bits] == layout.data_bytes
    assert set(layout.pilot_levels.tolist()) == set(range(2**bits))


def test_the_voxels_of_a_unit_are_neighbours() -> None:
    for bits in (1, 2, 3, 4):
        spread = np.ptp(PageLayout(96, 96, bits).unit_sites, axis=1)
        # Two cells of a unit lie side by side, but for those that a mark or an edge parts.
        assert np.median(spread.max(axis=1)) <= 3
        assert spread[:, 0].max() <= 3


def test_neighbouring_bytes_of_a_codeword_lie_far_apart() -> None:
    sites = PageLayout(96, 96, 2).unit_sites[:, 0]
    steps = np.linalg.norm(np.diff(sites, axis=0), axis=1)
    # Two random places in a square are half its edge apart, more or less.
    assert 40 < steps.mean() < 60


def test_the_order_is_the_one_written_in_the_format() -> None:
    # By hand: 3 states of the register from LCV1 = 0x4C435631.
    states = [0x4C435631]
    for _ in range(3):
        s = states[-1]
        s ^= (s << 13) % 2**32
        s ^= s >> 17
        s ^= (s << 5) % 2**32
        states.append(s)
    assert [xorshift32(s) for s in states[:-1]] == states[1:]
    order = [0, 1, 2, 3]
    for last, state in zip((3, 2, 1), states[1:], strict=True):
        other = state % (last + 1)
        order[last], order[other] = order[other], order[last]
    assert permutation(4).tolist() == order


def test_both_headers_are_hit_by_no_single_edge_flaw() -> None:
    upper, lower = PageLayout(96, 96, 2).header_sites
    left = [set(np.flatnonzero(copy[:, 1] < 32) // 8) for copy in (upper, lower)]
    assert len(left[0] & left[1]) < 0.75 * len(left[0])
    assert upper[:, 0].max() < 6
    assert lower[:, 0].min() >= 90


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((31, 96, 2), "even number of rows from 32 to 510, not 31"),
        ((96, 512, 2), "columns from 32 to 510, not 512"),
        ((96, 96, 5), "1 to 4 bits, not 5"),
        ((32, 32, 1), "needs 38 rows or more, not 32"),
    ],
)
def test_impossible_pages_are_refused(shape: tuple[int, int, int], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        PageLayout(*shape)
