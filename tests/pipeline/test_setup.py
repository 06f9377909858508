"""From what was measured of a sample and a stage to a proven build: placement, zones, play and fields in one job."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from lasercam.errors import InputError
from lasercam.model.finding import Severity, Verdict
from lasercam.model.frame import frame_from
from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from tests.support.jobs import DOTS, GOOD, write_job

ROOT = Path(__file__).parents[2]
HEIGHTS = "x_mm,y_mm,height_um\n0,0,1\n10,0,21\n0,10,-4\n10,10,10\n0,5,-2\n10,5,17\n"
LIE = """refractive_index: 1.52, origin: [-4 mm, 1 mm, 20 um], placement: {
  rotation: {value: 12.5 deg, source: "example value"}, scale: {value: 0.998, source: "example value"},
  surface: {file: heights.csv, source: "example value"}}}"""
PLAY = {"approach": "positive", "overshoot": "3 um", "source": "example value"}
FIELD = {"size": ["120 um", "90 um"], "guard": "15 um", "stitch": "cut", "source": "example value"}

Judged = tuple[Toolpath, Verdict]


def laid(text: str) -> str:
    """The job, its sample turned, shrunken and bent."""
    assert "refractive_index: 1.52}" in text
    return text.replace("refractive_index: 1.52}", LIE, 1)


@pytest.fixture
def lab(tmp_path: Path) -> Callable[..., Path]:
    """A folder with a machine of its own and a surface map; gives the job written there."""

    def make(text: str, heights: str = HEIGHTS, **machine: object) -> Path:
        profile = yaml.safe_load((ROOT / "machine_profiles" / "fs1030-linuxcnc.yaml").read_text(encoding="utf-8"))
        for axis, play in machine.pop("play", {}).items():
            profile["axes"][axis]["backlash"] = dict(play)  # its own: aliases are not read
        profile |= {"machine": "lab", **machine}
        (tmp_path / "machine_profiles").mkdir(exist_ok=True)
        (tmp_path / "machine_profiles" / "lab.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        (tmp_path / "heights.csv").write_text(heights, encoding="utf-8")
        return write_job(tmp_path, text.replace("fs1030-linuxcnc", "lab"))

    return make


def judged(path: Path) -> Judged:
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    return toolpath, judge(loaded, toolpath)


def errors(verdict: Verdict) -> list[str]:
    return sorted({f.code for f in verdict.findings if f.severity is Severity.ERROR})


def warnings(verdict: Verdict) -> set[tuple[str, str]]:
    return {(f.code, f.on) for f in verdict.findings if f.severity is Severity.WARNING}


@pytest.mark.parametrize("text", [GOOD, DOTS])
@pytest.mark.parametrize("options", [{}, {"play": {"x": PLAY, "y": PLAY}}, {"field": FIELD, "play": {"z": PLAY}}])
def test_a_lain_job_is_proven_and_judged_as_the_straight_one(
    lab: Callable[..., Path], tmp_path: Path, text: str, options: dict[str, object]
) -> None:
    _, straight = judged(lab(text))
    path = lab(laid(text), **dict(options))
    toolpath, verdict = judged(path)
    assert errors(verdict) == errors(straight) == []
    stitched = {("W_STITCH", f"patterns.grid.{part}") for part in ("odd", "even")}
    assert warnings(verdict) - stitched == warnings(straight)
    loaded = load_job(path)
    folder = build(loaded, toolpath, verdict, tmp_path / "out", pictures=False)
    proof = verify_build(folder)
    assert proof.holds, proof.mismatches
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    frames = [frame_from(facts) for facts in manifest["frames"]]
    assert [frames[s["frame"]] for s in manifest["sections"]] == [s.frame for s in toolpath.header.sections]
    assert "**Lies** turned by 12.5 deg" in (folder / "runbook.md").read_text(encoding="utf-8")
    assert any("sample.placement: the surface rises" in note for note in verdict.notes)


def test_exposures_lie_where_the_job_says_below_the_surface_that_was_measured(lab: Callable[..., Path]) -> None:
    """Independent of the frame: the place by complex numbers, the height by the grid's own formula."""
    toolpath, _ = judged(lab(laid(DOTS)))
    block = next(iter(toolpath.blocks()))
    ends = block.end_ticks[block.kind == RowKind.DOT] / 10_000
    turned = (ends[:, 0] + 4000 + 1j * (ends[:, 1] - 1000)) * np.exp(-1j * np.radians(12.5)) / 0.998
    steps = np.array([turned.real - 1000, turned.imag - 1000]) / 30
    assert np.abs(steps - np.rint(steps)).max() * 30 < 0.75, "a tilt of 2 µm/mm moves places at 200 µm by some 0.4 µm"
    x, y = np.clip(turned.real / 10_000, 0, 1), turned.imag / 5_000
    low, high = (1 - x) * 1 + x * 21, (1 - x) * -2 + x * 17
    height = 20 + low + (high - low) * y
    depth = (height - ends[:, 2]) * 1.52 / 0.998
    assert np.abs(depth - np.rint(depth / 60 - 200 / 60) * 60 - 200).max() < 0.02


def test_whoever_measures_again_builds_again(lab: Callable[..., Path], tmp_path: Path) -> None:
    path = lab(laid(DOTS))
    toolpath, verdict = judged(path)
    folder = build(load_job(path), toolpath, verdict, tmp_path / "out", pictures=False)
    kept = next(f for f in (folder / "inputs" / "asset").iterdir() if f.suffix == ".csv")
    kept.write_text(HEIGHTS.replace("10,10,10", "10,10,10.001"), encoding="utf-8")
    proof = verify_build(folder)
    assert any("does not make the toolpath" in m.message for m in proof.mismatches)


@pytest.mark.parametrize(
    ("heights", "said"),
    [
        (HEIGHTS.replace("0,5,-2\n", ""), r"heights\.csv': the height at x 0, y 5000 µm is not there"),
        ("x_mm,y_mm,height_um\n5,5,0\n10,5,0\n5,10,0\n10,10,0\n", r"surface was not measured; the first at x 1000\."),
    ],
)
def test_what_was_not_measured_is_refused(lab: Callable[..., Path], heights: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        judged(lab(laid(DOTS), heights))


def test_zones_of_both_kinds_are_kept_clear(lab: Callable[..., Path]) -> None:
    box = {"name": "post", "low": ["1.05 mm", "0.9 mm"], "high": ["1.08 mm", "1.2 mm"], "source": "example value"}
    _, verdict = judged(lab(DOTS, keep_out=[box]))
    assert errors(verdict) == ["E_KEEP_OUT"]
    mark = 'keep_out: [{name: mark, low: [1.05 mm, 0.9 mm], high: [1.08 mm, 1.2 mm], dark_travel: true, source: "abc"}]'
    _, verdict = judged(lab(DOTS.replace("refractive_index: 1.52}", f"refractive_index: 1.52, {mark}}}")))
    found = [f for f in verdict.findings if f.code == "E_KEEP_OUT"]
    assert {(f.on, f.count) for f in found} == {(f"patterns.block.layer_{k}", 5) for k in (1, 2, 3)}, "x 1.06 mm"
