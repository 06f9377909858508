"""Microdisc arrays: packing, circles that keep the disc's diameter, and what a mask cannot do."""

import numpy as np
import pytest

from lasercam.errors import InputError, PatternError
from lasercam.sources.microdiscs import Microdiscs
from tests.support.sources import joined, make

IMPRINT = {"type": "microdiscs", "cut": "imprint", "counts": ["6", "5"], "pitch": "20 um", "diameter": "10 um",
           "ring_width": "1 um"}  # fmt: skip
TREPAN = {**IMPRINT, "cut": "trepan", "ring_width": "2 um"}


def refused(**changes: object) -> str:
    with pytest.raises((InputError, PatternError, ValueError)) as caught:
        make(Microdiscs, {**TREPAN, **changes})
    return str(caught.value)


def test_a_hexagonal_array_has_six_neighbours_one_pitch_away() -> None:
    xy = joined(make(Microdiscs, IMPRINT).features()).xyz_um[:, :2]
    assert len(xy) == 30
    assert xy.min() == pytest.approx(6.0), "the outermost ring starts at the pattern's corner"
    distance = np.hypot(*(xy[:, None] - xy[None, :]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    assert distance.min() == pytest.approx(20.0)
    inner = np.argmin(np.hypot(*(xy - xy.mean(axis=0)).T))
    assert np.count_nonzero(np.isclose(distance[inner], 20.0)) == 6


def test_a_trepanned_disc_keeps_its_diameter() -> None:
    block = joined(make(Microdiscs, TREPAN).features())
    for first, last in zip(block.offsets[:-1], block.offsets[1:], strict=True):
        ring = block.xyz_um[first:last, :2]
        assert np.array_equal(ring[0], ring[-1]), "the circle is closed"
        centre = ring[:-1].mean(axis=0)
        radius = np.hypot(*(ring - centre).T)
        assert radius == pytest.approx(5.0 + 1.0), "half a cut of 2 µm outside a disc of 10 µm"
        middle = np.hypot(*((ring[1:] + ring[:-1]) / 2 - centre).T)
        assert (6.0 - middle).max() <= 0.01 + 1e-9, "chords stay within the tolerance"


def test_a_gradient_runs_over_the_columns() -> None:
    keys = {**TREPAN, "diameter": {"from": "6 um", "to": "11 um", "count": "6"}, "lattice": "square"}
    block = joined(make(Microdiscs, keys).features())
    widths = [np.ptp(block.xyz_um[a:b, 0]) - 2.0 for a, b in zip(block.offsets[:6], block.offsets[1:7], strict=True)]
    assert widths == pytest.approx([6, 7, 8, 9, 10, 11], abs=0.03)


def test_what_cannot_be_made_is_refused() -> None:
    assert "need a pitch of 14 µm" in refused(pitch="13.9 um")
    assert "need a pitch of 16 µm" in refused(pitch="15 um", guard="2 um")
    assert "ring_width" in refused(ring_width=None)
    assert "belongs to the machine" in refused(cut="imprint", diameter=["8 um"] * 6)
    assert "3 values for 6 columns" in refused(diameter=["8 um", "9 um", "10 um"])


def test_a_square_centimetre_stays_a_stream() -> None:
    """0.5 to 0.6 million discs at 14 µm, never more than a tile at a time."""
    keys = {**IMPRINT, "pitch": "14 um", "counts": ["714", "825"], "guard": "2 um"}
    source = make(Microdiscs, keys)
    assert sum(len(block) for block in source.features(4096)) == 589_050
    assert "1 cm²" in source.notes[0]
    assert "free of pinholes" in source.notes[1]
    assert len(make(Microdiscs, IMPRINT).notes) == 1


def test_the_mode_spacing_is_stated_per_diameter() -> None:
    (_, spacing) = make(Microdiscs, {**IMPRINT, "lasing_wavelength": "535 nm"}).notes
    assert "2.603 nm" in spacing
    assert "assumed" in spacing
