"""Energies against depth: read, interpolated, refused outside, and shared between depths."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import InputError, ParameterError
from lasercam.process.depth_energy import attenuated_energy_uj, read_depth_energies, refuse_outside
from lasercam.process.energy_levels import energy_levels

TABLE = b"""\
# power meter behind a plate of each thickness, 2026-05-02
depth [um], pulse_energy [nJ]

100, 500
200, 540
400, 700
"""


def at(*depths: float) -> list[float]:
    return read_depth_energies(TABLE, "depth.csv").energies_uj(np.array(depths)).tolist()


def test_units_come_from_the_head_and_points_are_joined_by_lines() -> None:
    assert at(100, 150, 200, 300, 400) == pytest.approx([0.5, 0.52, 0.54, 0.62, 0.7])
    metres = TABLE.replace(b"[um]", b"[mm]").replace(b"\n100,", b"\n0.1,").replace(b"\n200,", b"\n0.2,")
    metres = metres.replace(b"\n400,", b"\n0.4,")
    assert read_depth_energies(metres, "x").energies_uj(np.array([150.0])) == pytest.approx(0.52)


@pytest.mark.parametrize(("depth", "near"), [(99.0, "100 µm"), (401.0, "400 µm")])
def test_outside_the_table_nothing_is_guessed(depth: float, near: str) -> None:
    with pytest.raises(ParameterError, match=f"'depth.csv' holds energies.*nearest that was measured is {near}"):
        at(150.0, depth)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (b"depth [um], pulse_energy [nJ]", b"depth, pulse_energy", 2, "Begin with 'depth [um], pulse_energy [uJ]'"),
        (b"[nJ]", b"[nm]", 2, "unit that is none here"),
        (b"pulse_energy", b"energy", 2, "Begin with"),
        (b"200, 540", b"200; 540", 5, "two numbers"),
        (b"200, 540", b"200, 540, 3", 5, "two numbers"),
        (b"200, 540", b"200, nan", 5, "energies above 0"),
        (b"200, 540", b"200, -1", 5, "energies above 0"),
        (b"200, 540", b"-200, 540", 5, "Depths are 0 or more"),
        (b"400, 700", b"200, 700", 6, "does not rise"),
        (b"200, 540\n400, 700\n", b"", 2, "1 rows; 2 to"),
        (b"# power", b"\xff power", 1, "UTF-8"),
    ],
)
def test_a_slip_in_the_table_is_named_with_its_line(old: bytes, new: bytes, line: int, says: str) -> None:
    assert old in TABLE
    with pytest.raises(InputError) as raised:
        read_depth_energies(TABLE.replace(old, new), "depth.csv")
    assert f"depth.csv:{line}:1" in str(raised.value)
    assert says in str(raised.value)


def test_an_empty_table() -> None:
    with pytest.raises(InputError, match="is empty"):
        read_depth_energies(b"# nothing\n", "depth.csv")


@given(st.floats(0.01, 1e3), st.floats(0, 5e3), st.floats(600, 1e5))
def test_attenuation_takes_the_same_share_of_every_length(energy: float, depth: float, length: float) -> None:
    once = attenuated_energy_uj(energy, depth, length)
    assert once * math.exp(-depth / length) == pytest.approx(energy, rel=1e-9)
    assert attenuated_energy_uj(once, depth, length) == pytest.approx(attenuated_energy_uj(energy, 2 * depth, length))


def test_where_no_light_comes_no_energy_helps() -> None:
    with pytest.raises(ParameterError, match="no light comes deeper"):
        attenuated_energy_uj(1.0, 2001.0, 100.0)


def test_energies_outside_a_window_are_refused_at_the_shallowest_such_depth() -> None:
    depth, energy = np.array([400.0, 100.0, 300.0]), np.array([70.0, 50.0, 62.0])
    refuse_outside(depth, energy, 50.0, 70.0, "machine x")
    with pytest.raises(ParameterError) as raised:
        refuse_outside(depth, energy, 40.0, 60.0, "the window of glass")
    assert "300 µm deep the compensation asks for 62 µJ; the window of glass allows 40 µJ to 60 µJ" in str(raised.value)


@given(st.lists(st.floats(0.1, 100.0), min_size=1, max_size=60), st.floats(0.0, 0.4))
def test_each_is_near_enough_and_there_are_no_more_than_needed(wanted: list[float], tolerance: float) -> None:
    energies = np.array(wanted)
    found = energy_levels(energies, tolerance)
    taken = found.energy_uj[found.level]
    assert np.all(np.abs(taken - energies) <= tolerance * energies * (1 + 1e-6) + 1e-12)
    assert np.all(np.diff(found.energy_uj) > 0)
    # Energies of neighbouring levels cannot share one: the first of the upper is too far from the first of the lower.
    firsts = [energies[found.level == i].min() for i in range(len(found.energy_uj))]
    assert all(b * (1 - tolerance) > a * (1 + tolerance) for a, b in pairwise(firsts))


@given(st.lists(st.floats(1.0, 50.0), min_size=1, max_size=40), st.sampled_from([0.05, 0.1, 0.5]))
def test_energies_are_multiples_of_the_step(wanted: list[float], step: float) -> None:
    energies = np.array(wanted)
    found = energy_levels(energies, 0.3, step)
    assert np.allclose(found.energy_uj / step, np.rint(found.energy_uj / step))
    assert np.all(np.abs(found.energy_uj[found.level] - energies) <= 0.3 * energies * (1 + 1e-6))


def test_what_no_step_reaches_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParameterError, match=r"the nearest are 1 µJ or 1\.5 µJ"):
        energy_levels(np.array([1.23]), 0.05, 0.5)
    with pytest.raises(ParameterError, match="tolerance is 1"):
        energy_levels(np.array([1.0]), 1.0)
