"""How far apart one place may come to lie when two steps round it on grids of their own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lasercam.checks.exposures import have_one_lattice, met_again_ticks, same_place_ticks
from lasercam.geometry.attitude import attitude
from lasercam.model.frame import Frame
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import Section
from tests.support.builders import LASER


def section(frame: Frame) -> Section:
    return Section(0, 0, "a", PassKind.WRITE, None, LASER, frame)


frames = st.builds(
    lambda turn, scale, u, v, shift, increment, ratio: Frame(
        (3 * increment, -7 * increment, 0), ratio, increment, attitude(turn, (scale,) * 3, (u, v)),
        (shift, -shift, shift),
    ),
    st.floats(-180, 180), st.floats(0.97, 1.03), st.sampled_from([0.0, 0.01]), st.sampled_from([0.0, -0.03]),
    st.floats(0, 5), st.sampled_from([1, 100, 10_000]), st.floats(0.4, 1.0),
)  # fmt: skip


@given(frames, frames, st.integers(0, 2**32 - 1))
def test_one_place_is_met_again_in_every_pair_of_frames(a: Frame, b: Frame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = np.column_stack((rng.uniform(0, 1e4, (200, 2)), rng.integers(0, 300, 200)))
    first, second = (frame.sample_ticks(frame.ticks(places)) for frame in (a, b))
    apart = np.sqrt(((first - second).astype(np.float64) ** 2).sum(axis=1))
    assert apart.max() <= met_again_ticks([section(a), section(b)])


def test_frames_that_are_only_moved_round_alike() -> None:
    plain, moved = Frame((0, 0, 0), 0.66, 100), Frame((500, -300, 100), 0.66, 100)
    assert have_one_lattice([section(plain), section(moved)])
    assert met_again_ticks([section(plain), section(moved)]) == same_place_ticks([section(plain)]) == 100
    turned = Frame((0, 0, 0), 0.66, 100, attitude(1.0))
    assert met_again_ticks([section(plain), section(turned)]) > 141  # two half diagonals of the increment, and depth


def test_neighbours_on_a_coarse_grid_stay_different_places() -> None:
    coarse = [section(Frame((0, 0, 0), 1.0, 10_000)), section(Frame((0, 0, 0), 1.0, 10_000, attitude(1.0)))]
    assert same_place_ticks(coarse) == 9_999
    assert met_again_ticks(coarse) > 14_142
