"""Reliefs: the doses of every point rebuild the wanted height to half a dose."""

from itertools import pairwise

import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.sources.relief import Relief
from tests.support.sources import joined, make

REMOVAL = {"depth": "20 nm", "source": "example value"}
LENS = {"type": "relief", "shape": "lens", "size": "10 um", "sag": "400 nm", "pitch": "250 nm", "removal": REMOVAL}
AXICON = {"type": "relief", "shape": "axicon", "size": "10 um", "angle": "5 deg", "flat": "2 um", "pitch": "250 nm",
          "removal": REMOVAL}  # fmt: skip
GRATING = {"type": "relief", "shape": "grating", "size": "10 um", "sag": "400 nm", "period": "2 um", "pitch": "250 nm",
           "removal": REMOVAL}  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "depth"),
    [
        (LENS, lambda x, y, r: 0.4 * (r / 5) ** 2),
        (AXICON, lambda x, y, r: np.tan(np.radians(5)) * np.maximum(r - 1, 0)),
        (GRATING, lambda x, y, r: 0.4 * (1 - np.cos(2 * np.pi * x / 2)) / 2),
    ],
)
def test_doses_rebuild_the_height(keys: dict[str, object], depth: object) -> None:
    source = make(Relief, keys)
    block = joined(source.features())
    x, y = block.xyz_um[:, 0], block.xyz_um[:, 1]
    wanted = depth(x, y, np.hypot(x - 5, y - 5))  # type: ignore[operator]
    removed = (block.variant.astype(float) + 1) * 0.020
    assert np.abs(removed - wanted).max() <= 0.010 + 1e-9
    assert [source.parts.atoms[p] for p in block.part[:3]] == [f"level_{v + 1}" for v in block.variant[:3]]


def test_passes_nest() -> None:
    parts = make(Relief, LENS).parts
    assert len(parts.atoms) == 20
    chosen = [set(parts.select(f"pass_{k}")) for k in range(1, 21)]
    assert chosen[0] == set(range(20))
    assert all(b < a for a, b in pairwise(chosen))


def test_tiles_agree_with_the_whole() -> None:
    source = make(Relief, AXICON)
    whole, cut = joined(source.features()), joined(source.features(7))
    assert np.array_equal(np.sort(whole.xyz_um.view("f8,f8,f8"), axis=0), np.sort(cut.xyz_um.view("f8,f8,f8"), axis=0))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sag": None}, "needs `sag`"),
        ({"period": "1 um"}, "does not read `period`"),
        ({"removal": {"depth": "1 um", "source": "lab"}}, "doses"),
        ({"removal": {"depth": "0.1 nm", "source": "lab"}}, "doses"),
        ({"pitch": "0.1 nm"}, "points"),
    ],
)
def test_what_cannot_be_cut_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises((InputError, ValueError), match=words):
        make(Relief, {**LENS, **changes})
