"""Layers above each other: the sum of the Rayleigh ranges decides, and only where they overlap from above."""

import math
from pathlib import Path

import pytest

from lasercam.model.finding import Finding
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.process.optics import rayleigh_um
from tests.support.jobs import DOTS, write_job

REACH_UM = 2 * rayleigh_um(4.0, 1030.0, 1.52, 1.0)


def found(folder: Path, text: str, code: str = "W_SPACING_AXIAL") -> list[Finding]:
    loaded = load_job(write_job(folder, text))
    return [f for f in judge(loaded, plan_job(loaded)).findings if f.code == code]


@pytest.mark.parametrize(("share", "pairs"), [(1.01, 0), (0.99, 2), (0.49, 3)])
def test_layers_closer_than_the_focus_is_long(tmp_path: Path, share: float, pairs: int) -> None:
    pitch_um = round(share * REACH_UM, 2)
    findings = found(tmp_path, DOTS.replace("30 um, 60 um]", f"30 um, {pitch_um} um]"))
    assert [f.count for f in findings] == [pairs] * bool(pairs)
    if findings:
        assert findings[0].on == "patterns.block"
        assert findings[0].value == pytest.approx(pitch_um, abs=0.02)
        assert findings[0].limit == pytest.approx(REACH_UM, rel=1e-6)


def test_layers_beside_each_other_do_not_meet(tmp_path: Path) -> None:
    beside = (
        "  other: {type: voxels, counts: [6, 5, 1], pitch: [30 um, 30 um, 1 um], at: [2 mm, 1 mm], depth: 230 um}\n"
    )
    text = DOTS.replace("[6, 5, 3]", "[6, 5, 1]").replace("recipes:\n", f"{beside}recipes:\n")
    text = text.replace("{block.all: dot}", "{block.all: dot, other.all: dot}")
    assert not found(tmp_path, text)
    assert found(tmp_path, text.replace("at: [2 mm, 1 mm]", "at: [1 mm, 1 mm]"))


def test_lines_above_each_other_meet(tmp_path: Path) -> None:
    above = "  up: {type: lines, count: 1, length: 400 um, rotate: 90 deg, at: [1.1 mm, 0.9 mm], depth: 260 um}\n"
    text = DOTS.replace(
        "type: voxels, counts: [6, 5, 3], pitch: [30 um, 30 um, 60 um]", "type: lines, count: 1, length: 300 um"
    )
    text = text.replace("recipes:\n", f"{above}recipes:\n").replace("{block.all: dot}", "{block: line, up: line}")
    text = (
        text.replace("glass_bri_dots", "glass_bri_lines")
        .replace("dot: {", "line: {")
        .replace("exposure: 1 s", "speed: 1 mm/s")
    )
    assert found(tmp_path, text)
    assert not found(tmp_path, text.replace("at: [1.1 mm, 0.9 mm]", "at: [1.5 mm, 0.9 mm]"))


def test_without_a_spot_radius_nothing_is_judged(tmp_path: Path) -> None:
    assert not found(tmp_path, DOTS[: DOTS.index("supply:")])


def blurred(depth_um: float) -> float:
    """LSA of the shipped machine, NA 0.40 into n 1.52, by Snell's law."""
    outer = math.tan(math.asin(0.4)) / math.tan(math.asin(0.4 / 1.52))
    return depth_um / 1.52 * (outer - 1.52)


# Layers at 200, 200 + p and 200 + 2 p µm: each pair reaches 2 z_R and half of both aberrations.
@pytest.mark.parametrize(("share", "pairs"), [(1.001, 0), (0.999, 1)])
def test_layers_closer_than_the_focus_is_long_at_their_depth(tmp_path: Path, share: float, pairs: int) -> None:
    per_um = blurred(1.0)
    deep = 2000.0  # the aberration is 101 µm there
    sharp = 2 * rayleigh_um(0.81, 1030.0, 1.52, 1.0)  # a focus that needs the whole aperture
    reach = sharp + per_um * deep
    pitch = share * reach / (1 - per_um / 2)  # the lower layer is a pitch deeper, and blurred more
    text = DOTS.replace("[6, 5, 3]", "[6, 5, 2]").replace("30 um, 60 um]", f"30 um, {pitch:.3f} um]")
    text = (
        text.replace("depth: 200 um", f"depth: {deep:g} um")
        .replace("2 mm]", "4 mm]")
        .replace("4 um, def", "0.81 um, def")
    )
    findings = found(tmp_path, text, "W_ELONGATED")
    assert [f.count for f in findings] == [pairs] * bool(pairs)
    assert not found(tmp_path, text)
    if findings:
        assert findings[0].limit == pytest.approx(sharp + blurred(2 * deep + pitch) / 2, rel=1e-4)
        assert f"{blurred(deep + pitch):.4g} µm at {deep + pitch:.4g} µm depth" in findings[0].message


def test_a_beam_that_does_not_fill_the_objective_is_hardly_blurred(tmp_path: Path) -> None:
    # 4 µm need NA 0.082: 4 µm of aberration at 2 mm instead of 101 µm
    text = DOTS.replace("[6, 5, 3]", "[6, 5, 2]").replace("depth: 200 um", "depth: 2 mm").replace("2 mm]", "4 mm]")
    assert found(tmp_path, text.replace("30 um, 60 um]", f"30 um, {REACH_UM + 3:.3f} um]"), "W_ELONGATED")
    assert not found(tmp_path, text.replace("30 um, 60 um]", f"30 um, {REACH_UM + 5:.3f} um]"), "W_ELONGATED")
