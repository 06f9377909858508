"""The picture of what is left at the marks: drawn for few and many, in every format, the same bytes again."""

from io import BytesIO

import pytest

from lasercam.model.registration import RegistrationDocument
from lasercam.preview.registration_figure import _magnification, draw_registration


def registration(n: int, off_um: float) -> RegistrationDocument:
    marks = {
        f"{i}.mark_{'x' * (i % 40)}": {
            "nominal": [100.0 * i, 50.0 * (i * i % 7), 0.0],
            "measured": [100.0 * i + 7.0, 50.0 * (i * i % 7)],
            "off": [off_um, -off_um],
            "sigma": 1.0,
        }
        for i in range(n)
    }
    return RegistrationDocument.model_validate(
        {
            "registration": "lasercam-registration-1", "job": "a $job$", "job_sha256": "0" * 64, "step": "back",
            "pattern": "p", "machine": "m", "date": "2026-05-02", "source": "typed", "model": "rigid",
            "heights": "nominal", "tolerance": 1.0, "height_tolerance": 5.0, "rms": 0.1,
            "frame": {"corner": [7.0, 0.0, 0.0], "rotation": 0.0,
                      "scale": [1.0] * 3, "shear": 0.0, "slope": [0.0, 0.0]},
            "marks": marks,
        }
    )  # fmt: skip


@pytest.mark.parametrize(("n", "off_um"), [(2, 0.0), (5, 0.3), (60, 1.0)])
def test_pictures(n: int, off_um: float) -> None:
    pictures = []
    for _ in range(2):
        out = BytesIO()
        draw_registration(registration(n, off_um), out)
        pictures.append(out.getvalue())
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(b"\x89PNG")
    lines = BytesIO()
    draw_registration(registration(n, off_um), lines, fmt="svg")
    assert b"<svg" in lines.getvalue()


@pytest.mark.parametrize(("longest", "width", "wanted"), [(0.5, 9000.0, 2000), (1.0, 625.0, 100), (10.0, 100.0, 1)])
def test_arrows_are_as_long_as_fits(longest: float, width: float, wanted: float) -> None:
    assert _magnification(longest, width) == pytest.approx(wanted)
