"""Frames from what a job says of its sample: origin, turn, scale, tilt, and a grid of heights."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lasercam.errors import PatternError
from lasercam.model.frame import LEVEL
from lasercam.model.sample import Sample
from lasercam.plan.frames import frame_of, placement_notes
from lasercam.plan.heights import read_heights
from tests.support import builders

MACHINE = builders.machine()
SOURCE = "example value"


def sample(**placement: Any) -> Sample:
    data: dict[str, Any] = {"id": "a", "material": "other", "size": ["10 mm"] * 3, "refractive_index": 1.5}
    return Sample.model_validate({**data, "origin": ["1 mm", "2 mm", "3 um"], "placement": placement})


def grid(heights: Any, step_um: float = 1000.0) -> bytes:
    lines = ["x_um,y_um,height_um"]
    lines += [f"{i * step_um},{j * step_um},{h!r}" for j, row in enumerate(heights) for i, h in enumerate(row)]
    return "\n".join(lines).encode()


def surface() -> dict[str, str]:
    return {"file": "heights.csv", "source": SOURCE}


def test_a_placement_that_says_nothing_changes_nothing() -> None:
    assert frame_of(sample(), MACHINE).is_plain
    assert frame_of(sample(), MACHINE) == frame_of(sample().model_copy(update={"placement": None}), MACHINE)


def test_a_quarter_turn_and_a_shrinkage() -> None:
    turned = sample(
        rotation={"value": "90 deg", "source": SOURCE}, scale={"value": ["0.998", "99.9 %", "0.5"], "source": SOURCE}
    )
    frame = frame_of(turned, MACHINE)
    (ticks,) = frame.ticks(np.array([[1000.0, 500.0, 30.0]])).tolist()
    assert ticks == [10**7 - 4_995_000, 2 * 10**7 + 9_980_000, 30_000 - 100_000]
    same = sample(scale={"value": 0.998, "source": SOURCE})
    (ticks,) = frame_of(same, MACHINE).ticks(np.array([[1000.0, 500.0, 30.0]])).tolist()
    assert ticks == [10**7 + 9_980_000, 2 * 10**7 + 4_990_000, 30_000 - 199_600]


def test_three_heights_are_met_exactly() -> None:
    readings = [((0.0, 0.0), 2.0), ((8000.0, 0.0), 10.0), ((0.0, 5000.0), -3.0), ((8000.0, 5000.0), 5.0)]
    tilt = {"heights": [{"at": list(at), "height": height} for at, height in readings], "source": SOURCE}
    made = sample(tilt=tilt, rotation={"value": "30 deg", "source": SOURCE}, scale={"value": 0.99, "source": SOURCE})
    frame = frame_of(made, MACHINE)
    places = np.array([(*at, 0.0) for at, _ in readings])
    assert frame.ticks(places)[:, 2].tolist() == [30_000 + round(h * 10_000) for _, h in readings]
    assert "1 µm/mm along x and -1 µm/mm along y" in placement_notes(made)[0]
    assert "stray up to" in placement_notes(made)[0]


def test_angles_tilt_by_their_sine() -> None:
    frame = frame_of(sample(tilt={"along_x": "1 deg", "along_y": "-2 deg", "source": SOURCE}), MACHINE)
    rise = frame.travel_um(np.array([[1000.0, 0.0, 0.0], [0.0, 1000.0, 0.0]]))
    assert rise[:, 2] == pytest.approx([1000 * np.sin(np.pi / 180), -1000 * np.sin(np.pi / 90)])
    assert np.linalg.norm(rise, axis=1) == pytest.approx([1000, 1000]), "a rigid sample"


@given(st.lists(st.lists(st.floats(-5, 5), min_size=4, max_size=4), min_size=3, max_size=5), st.floats(0, 360))
def test_a_measured_grid_is_met_at_its_places(heights: list[list[float]], turn: float) -> None:
    made = sample(surface=surface(), rotation={"value": turn, "source": SOURCE})
    frame = frame_of(made, MACHINE, grid(heights))
    x, y = np.meshgrid(np.arange(4) * 1000.0, np.arange(len(heights)) * 1000.0)
    ticks = frame.ticks(np.column_stack((x.ravel(), y.ravel(), np.zeros(x.size))))
    assert np.abs(ticks[:, 2] - 30_000 - np.ravel(heights) * 10_000).max() <= 5 + 1e-3, "to half a machine's increment"


def test_a_grid_along_a_plane_is_that_plane() -> None:
    x, y = np.meshgrid(np.arange(4), np.arange(3))
    by_grid = frame_of(sample(surface=surface()), MACHINE, grid((7.0 + 2.0 * x - 1.0 * y).tolist()))
    heights = [{"at": [0, 0], "height": 7}, {"at": [1000, 0], "height": 9}, {"at": [0, 1000], "height": 6}]
    by_plane = frame_of(sample(tilt={"heights": heights, "source": SOURCE}), MACHINE)
    assert np.array(by_grid.matrix) == pytest.approx(np.array(by_plane.matrix), abs=1e-15)
    assert by_grid.surface is not None
    assert by_grid.surface.relief_um < 1e-12
    assert by_plane.surface is None
    assert by_plane.matrix != LEVEL


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; the first line names the columns"),
        (b"x,y,height\n0,0,0", "the first line reads 'x,y,height'; the first line names the columns with their units"),
        (b"x_mm,y_mm,height_um\n0,0,a\n", "line 2 reads '0,0,a', which is not three numbers"),
        (b"x_mm,y_mm,height_um\n0,0,nan\n", "not three numbers"),
        (b"x_mm,y_mm,height_um\n0,0,1\n1,0,1\n", "2 places along x and 1 along y"),
        (b"x_mm,y_mm,height_um\n0,0,1\n1,0,1\n0,1,1\n", "at x 1000, y 1000 µm is not there"),
        (b"x_mm,y_mm,height_um\n0,0,1\n1,0,1\n0,1,1\n1,1,2\n1,1,2\n", "is there more than once"),
        (b"\xff\xfe", "no UTF-8"),
    ],
)
def test_tables_that_are_no_grid_are_refused(content: bytes, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        read_heights(content)


def test_units_and_order_of_columns_are_the_files_own() -> None:
    read = read_heights(b"height_nm;y_mm;x_um\n500;0;0\n100;1;0\n200;0;250\n300;1;250\n")
    assert read.x_um.tolist() == [0, 250]
    assert read.y_um.tolist() == [0, 1000]
    assert read.height_um.tolist() == [[0.5, 0.2], [0.1, 0.3]]


@pytest.mark.parametrize(
    ("placement", "said"),
    [
        ({"scale": {"value": [1, 1], "source": SOURCE}}, "one number for x, y and depth, or three"),
        ({"scale": {"value": "3", "source": SOURCE}}, "must be at most"),
        ({"tilt": {"source": SOURCE}}, "found neither"),
        ({"tilt": {"along_x": "11 deg", "source": SOURCE}}, "at most 10 deg"),
        ({"tilt": {"heights": [{"at": [0, 0], "height": 0}], "source": SOURCE}}, "three heights"),
        ({"tilt": {"along_x": "1 deg", "source": SOURCE}, "surface": surface()}, "either tilt or surface"),
        ({"rotation": {"value": "1 deg"}}, "source"),
    ],
)
def test_what_cannot_be_meant_is_refused(placement: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        sample(**placement)


def test_steep_heights_and_heights_in_line_are_refused() -> None:
    steep = [{"at": [0, 0], "height": 0}, {"at": [1000, 0], "height": 200}, {"at": [0, 1000], "height": 0}]
    with pytest.raises(PatternError, match=r"rise by 200 µm per mm; at most 173\.6 µm per mm"):
        frame_of(sample(tilt={"heights": steep, "source": SOURCE}), MACHINE)
    line = [{"at": [v, v], "height": 0} for v in (0, 1000, 2000)]
    with pytest.raises(PatternError, match=r"one line, .* is not known; measure a place beside it"):
        frame_of(sample(tilt={"heights": line, "source": SOURCE}), MACHINE)
