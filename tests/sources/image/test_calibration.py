"""Brightness to level through a measured curve, and what such a curve may not be."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from lasercam.errors import InputError, PatternError
from lasercam.sources.image.calibration import read_curve
from lasercam.sources.image.source import Image
from tests.support.sources import joined, make

CURVE = b"brightness,drive\n0,0\n0.5,0.8\n1,1\n"


def ramp() -> bytes:
    picture = io.BytesIO()
    Pillow.fromarray(np.arange(0, 256, 5, np.uint8)[None, :]).save(picture, "PNG")
    return picture.getvalue()


def levels(**keys: object) -> list[int]:
    """Variant of each pixel of a ramp, left to right."""
    asked = {"type": "image", "file": "ramp.png", "mode": "variant", "levels": "11", "pixel": "5 um", **keys}
    block = joined(make(Image, asked, assets={"ramp.png": ramp(), "curve.csv": CURVE}).features())
    return block.variant[np.argsort(block.xyz_um[:, 0])].tolist()


def test_levels_follow_the_measured_response() -> None:
    stored = np.arange(0, 256, 5) / 255
    expected = np.rint(np.interp(stored, [0, 0.5, 1], [0, 0.8, 1]) * 10).astype(int)
    found = levels(calibration="curve.csv")
    assert np.abs(np.array(found) - expected).max() <= 1, "halves may round either way"
    assert np.mean(np.array(found) == expected) > 0.9
    assert found != levels()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins with"),
        (b"a,b\n0,0\n1,1\n", "begins with"),
        (b"brightness,drive\n0,0\n", "2 to"),
        (b"brightness,drive\n0,0\n1,x\n", "row 3"),
        (b"brightness,drive\n0,0\n1,nan\n", "from 0 to 1"),
        (b"brightness,drive\n0,0\n1,2\n", "from 0 to 1"),
        (b"brightness,drive\n0,0\n0,1\n", "rises"),
        (b"brightness,drive\n0,0,0\n1,1,1\n", "two numbers"),
        (b"\xff\xfe\x00", "no CSV"),
    ],
)
def test_what_is_no_curve_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(PatternError, match=words):
        read_curve(content)


def test_outside_the_measured_range_nothing_is_guessed() -> None:
    keys = {
        "type": "image",
        "file": "ramp.png",
        "mode": "levels",
        "levels": "4",
        "pixel": "5 um",
        "calibration": "c.csv",
    }
    narrow = b"brightness,drive\n0.2,0\n0.9,1\n"
    with pytest.raises((InputError, PatternError), match=r"measured are 0\.2 to 0\.9"):
        make(Image, keys, assets={"ramp.png": ramp(), "c.csv": narrow})
