"""Layers above each other: the sum of the Rayleigh ranges decides, and only where they overlap from above."""

from pathlib import Path

import pytest

from lasercam.model.finding import Finding
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job, plan_job
from lasercam.process.optics import rayleigh_um
from tests.support.jobs import DOTS, write_job

REACH_UM = 2 * rayleigh_um(4.0, 1030.0, 1.52, 1.0)


def found(folder: Path, text: str) -> list[Finding]:
    loaded = load_job(write_job(folder, text))
    return [f for f in judge(loaded, plan_job(loaded)).findings if f.code == "W_SPACING_AXIAL"]


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
