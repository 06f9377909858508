"""A container cut into pages comes back from those that can be read."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import ParameterError
from lasercam.storage.page import PageCode, decode_page
from lasercam.storage.page_layout import PageLayout
from lasercam.storage.volume import Volume, VolumePlan, assemble, plan_volume

CODE = PageCode(PageLayout(48, 60, 2), 16)
SIZE = CODE.content_bytes


def volume(size: int, group: tuple[int, int] = (5, 2), seed: int = 0) -> Volume:
    return Volume(np.random.default_rng(seed).bytes(size), plan_volume(size, CODE, *group))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40 * SIZE), st.integers(1, 9), st.integers(0, 4), st.randoms(use_true_random=False))
def test_every_loss_that_parity_covers_is_made_good(size: int, k: int, m: int, random: object) -> None:
    whole = volume(size, (k, m))
    plan = whole.plan
    contents = {a: whole.content(a) for a in plan.addresses.tolist()}
    assert len(contents) == plan.data_pages + m * plan.groups
    for column in range(plan.groups):
        written = [a for a in contents if a % plan.groups == column]
        for address in random.sample(written, min(m, len(written))):  # type: ignore[attr-defined]
            del contents[address]
    found = assemble(whole.header(0), contents)
    assert found.complete
    assert found.container == whole.container
    assert set(found.recovered) == {a for a in plan.addresses.tolist() if a not in contents and not plan.is_parity(a)}


def test_what_is_lost_is_named_and_what_is_there_is_kept() -> None:
    whole = volume(20 * SIZE - 7, (5, 2))
    plan = whole.plan
    assert (plan.groups, plan.rows) == (4, 7)
    contents = {a: whole.content(a) for a in plan.addresses.tolist()}
    for address in (9, 13, 17):  # three of the group of column 1; two of parity
        del contents[address]
    found = assemble(whole.header(3), contents)
    assert not found.complete
    assert found.lost == (9, 13, 17)
    assert found.missing == (9, 13, 17)
    assert found.available(SIZE) == 9 * SIZE
    assert found.container[: 9 * SIZE] == whole.container[: 9 * SIZE]
    assert found.container[9 * SIZE : 10 * SIZE] == bytes(SIZE)
    assert found.container[10 * SIZE : 13 * SIZE] == whole.container[10 * SIZE : 13 * SIZE]


def test_neighbours_belong_to_different_groups() -> None:
    plan = volume(20 * SIZE, (5, 2)).plan
    columns = [a % plan.groups for a in plan.addresses.tolist()]
    assert all(a != b for a, b in pairwise(columns))


def test_pages_hold_what_their_header_says() -> None:
    whole = volume(3 * SIZE + 5, (2, 1))
    for address, levels in whole.pages():
        read = decode_page(whole.header(address), levels, np.zeros(levels.shape, np.bool_))
        assert read.content == whole.content(address)
    small = volume(5, (16, 4))
    assert small.plan.group_data == 1  # groups are no larger than the file
    assert len(small.plan.addresses) == 5


def test_too_many_pages_have_no_address() -> None:
    with pytest.raises(ParameterError, match="have addresses"):
        VolumePlan(CODE, (1 << 24) * SIZE, 16, 4)
