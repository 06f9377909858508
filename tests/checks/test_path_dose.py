from dataclasses import replace
from itertools import pairwise
from math import sqrt

import numpy as np
import pytest

from lasercam.checks.path_dose import PathDose
from lasercam.model.machine import Machine
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, judge, valued
from tests.support import builders

K = RowKind
SPOT_UM = 4.0


def machine(corners: str = "junction_deviation", tolerance: str = "0.5 um", **changes: object) -> Machine:
    controller = {
        **builders.machine().controller.model_dump(), "path_tolerance": tolerance, "planner": {"corners": corners},
        **changes,
    }  # fmt: skip
    return builders.machine(controller=controller)


def recipe(speed_um_s: float, **values: float):
    return builders.line_recipe(speed_um_s, values=valued(**{"spot_radius": SPOT_UM, **values}))


def zigzag(n: int = 10, size: float = 300.0, lead: float = 200.0):
    """Right angles, behind a run-up that is long enough for every speed of these tests."""
    places, step = [(0.0, 0.0, -80.0)], 1
    for i in range(n):
        x, y, z = places[-1]
        places.append((x + size, y, z) if i % 2 else (x, y + size * step, z))
        step = -step if i % 2 else step
    listed = [(K.JUMP, (0.0, -lead, -80.0)), (K.LEAD, places[0]), *((K.LINE, p) for p in places[1:])]
    last = places[-1]
    out = (last[0] + lead, last[1], last[2]) if n % 2 == 0 else (last[0], last[1] + lead, last[2])
    return builders.rows([*listed, (K.LEAD, out)])


def found(speed: float, *, block=None, made=None, **values: float):
    return judge(PathDose(), context([block or zigzag()], [recipe(speed, **values)], machine=made or machine()))


def test_corners_taken_slowly_are_reported_once_with_their_arithmetic():
    (finding,) = found(5_000.0)
    assert finding.code == "W_DOSE_CORNER"
    assert finding.on == "patterns.pattern.part"
    assert finding.count == 10
    assert finding.first_row == 2
    # 90°: an arc of radius δ s / (1 − s) at √(a r), the bisector at 45° to both axes, so √2 a is there to turn with.
    s = sqrt(0.5)
    corner = sqrt(sqrt(2) * 100_000 * 0.5 * s / (1 - s))
    ramp = (sqrt(corner**2 + 2 * 100_000 * SPOT_UM) - corner) / 100_000
    dose = 5_000 * 2 * ramp / (2 * SPOT_UM)
    assert finding.value == pytest.approx(dose, rel=1e-3)
    assert finding.limit == pytest.approx(1.1)
    for words in (f"{dose:.3g} times", "pulses per spot", "8 µm", "5 mm/s", "depth 120.000"):
        assert words in finding.message


def test_slow_lines_and_straight_lines_are_not():
    assert found(100.0) == []
    straight = builders.rows(
        [(K.JUMP, (-200.0, 0, 0)), (K.LEAD, (0, 0, 0)), (K.LINE, (300.0, 0, 0)), (K.LINE, (900.0, 0, 0)),
         (K.LEAD, (1100.0, 0, 0))]
    )  # fmt: skip
    assert found(5_000.0, block=straight) == []


def test_the_hint_holds():
    for speed in (700.0, 1_500.0, 5_000.0, 15_000.0):
        (finding,) = found(speed)
        number, unit = finding.hint.removeprefix("At ").split(" it would")[0].split()
        holds = float(number) * (1000 if unit == "mm/s" else 1)
        assert 0.01 * speed < holds < speed
        assert found(holds) == []


def test_the_profile_says_how_much_is_too_much():
    assert codes(found(700.0)) == ["W_DOSE_CORNER"]
    assert found(700.0, made=machine(dose_tolerance="40 %")) == []
    assert found(700.0, made=machine(corners="full_speed")) == []
    assert codes(found(700.0, made=machine(corners="exact_stop"))) == ["W_DOSE_CORNER"]


def test_a_wider_spot_hides_a_corner():
    def worst(spot: float) -> float:
        return float(found(2_000.0, spot_radius=spot)[0].value or 0)

    assert worst(2.0) > worst(8.0) > worst(15.0)
    assert found(2_000.0, spot_radius=400.0) == []


def test_without_a_spot_radius_the_unaberrated_focus_stands_in():
    unknown = replace(recipe(5_000.0), values=valued(na=0.4, wavelength=1030.0))
    (finding,) = judge(PathDose(), context([zigzag()], [unknown], machine=machine()))
    assert "unaberrated focus, assumed" in finding.message


def test_lines_at_standstill_without_run_up_are_hot_at_their_ends():
    bare = builders.rows([(K.JUMP, (0, 10, 0)), (K.LINE, (300.0, 10, 0)), (K.JUMP, (0, 20, 0)), (K.LINE, (300, 20, 0))])
    (finding,) = found(5_000.0, block=bare)
    # The first spot's diameter takes √(2 · 2 w / a) from rest; at the very end half of it is dark.
    assert finding.value == pytest.approx(5_000 * sqrt(2 * 2 * SPOT_UM / 100_000) / (2 * SPOT_UM), rel=1e-6)
    assert f"x {SPOT_UM:.3f}" in finding.message or f"x {300 - SPOT_UM:.3f}" in finding.message


def test_a_tiny_stroke_written_slowly_is_no_hot_spot():
    tiny = builders.rows([(K.JUMP, (0, 10, 0)), (K.LINE, (0.01, 10, 0))])
    assert found(400.0, block=tiny) == []


def test_parts_recipes_and_sections_are_told_apart():
    slow, fast = recipe(100.0), replace(recipe(5_000.0), name="fast")
    first, second = zigzag(), zigzag()
    second = replace(second, recipe=np.where(second.kind == K.JUMP, 0, 1).astype(np.uint16), part=second.part + 1)
    second = replace(second, section=1, first_row=len(first))
    made = context([first, second], [slow, fast], machine=machine(), kinds=(PassKind.WRITE, PassKind.WRITE))
    (finding,) = judge(PathDose(), made)
    assert finding.on == "patterns.other.part"
    assert "'fast'" in finding.message
    assert finding.first_row == len(first) + 2


def test_the_end_of_a_block_changes_nothing_that_matters():
    whole = zigzag(60)
    cuts = [0, 7, 8, 30, len(whole)]
    pieces = [
        builders.ToolpathBlock(0, a, *(np.ascontiguousarray(c[a:b]) for c in whole.arrays)) for a, b in pairwise(cuts)
    ]
    (one,) = found(5_000.0, block=whole)
    (cut,) = judge(PathDose(), context(pieces, [recipe(5_000.0)], machine=machine()))
    assert (cut.count, cut.first_row) == (one.count, one.first_row)
    assert cut.value == pytest.approx(one.value)
