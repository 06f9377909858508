"""Codes are read back from simulated views before anything is written."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lasercam.cli.main import run
from lasercam.model.finding import Finding, Severity
from lasercam.pipeline.judge import all_codes, judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.readability import READABILITY_CODES, _distance_to_square, payloads, readability_checks
from tests.support.jobs import GOOD, write_job

ROOT = Path(__file__).parents[2]

JOB = """\
job: label
machine: fs1030-linuxcnc
sample: {{id: A7, material: br_i_borosilicate, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.52}}
patterns:
  label: {{type: qr, text: lasercam, module: {module}, at: [3 mm, 3 mm], depth: 200 um, {keys}}}
{patterns}
recipes:
  dual: {{process: glass_bri_lines, pulse_energy: 50 uJ, repetition_rate: 10 kHz, speed: 0.4 mm/s}}
  dot: {{process: glass_bri_dots, pulse_energy: 50 uJ, repetition_rate: 10 kHz, exposure: 1 s}}
steps:
  - {{name: first, write: {{{writes}}}}}
supply:
  glass_bri_lines: {{spot_radius: {{value: 5 um, definition: 1/e^2 radius, source: "example value"}}}}
  glass_bri_dots:
    spot_radius: {{value: 5 um, definition: 1/e^2 radius, source: "example value"}}
    max_exposure: {{value: 10 s, source: "example value"}}
"""
HATCH = "fill: hatch, hatch_pitch: {pitch}"


def findings(folder: Path, text: str) -> list[Finding]:
    """Findings about codes."""
    loaded = load_job(write_job(folder, text))
    return [f for f in judge(loaded, plan_job(loaded)).findings if "_QR_" in f.code]


def job(
    module: str = "40 um",
    keys: str = "fill: hatch, hatch_pitch: 10 um",
    patterns: str = "",
    writes: str = "label.dark: dual",
) -> str:
    return JOB.format(module=module, keys=keys, patterns=patterns, writes=writes)


def codes(found: list[Finding]) -> list[str]:
    return [f.code for f in found]


def test_the_two_state_label_reads_as_the_paper_shows(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, (ROOT / "patterns" / "qr_two_state.yaml").read_text(encoding="utf-8"))
    assert found.code == "N_QR_READABLE"
    before, after = found.message.split("; ")
    assert "after 'first pass' it reads in uv, not in daylight, uv+lp645" in before
    assert "black below 5 % is assumed: exposed longer it reads" in before
    assert after == "after 'rewrite' it reads in uv and uv+lp645, not in daylight"
    assert found.source == "measured on simulated images, this project"


def test_modules_below_the_spot_are_an_error(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, job("3 um", "fill: hatch, hatch_pitch: 1 um"))
    assert (found.code, found.severity) == ("E_QR_UNREADABLE", Severity.ERROR)
    assert found.blocks
    assert (found.value, found.limit, found.unit) == (pytest.approx(3.0), pytest.approx(20.0), "µm")
    assert "10 µm wide on modules of 3 µm" in found.message
    assert codes(findings(tmp_path, job("20 um"))) == ["N_QR_READABLE"]


def test_half_a_code_is_an_error_that_can_be_waived(tmp_path: Path) -> None:
    text = job(writes="label.finder: dual")
    assert codes(findings(tmp_path, text)) == ["E_QR_UNREADABLE"]
    waiver = (
        'waive:\n  - {code: E_QR_UNREADABLE, on: patterns.label, because: "finder patterns alone, for alignment"}\n'
    )
    (found,) = findings(tmp_path, text + waiver)
    assert not found.blocks


def test_glowing_light_modules_read_with_their_border(tmp_path: Path) -> None:
    keys = "fill: hatch, hatch_pitch: 10 um, polarity: light_written, quiet_zone: 2"
    assert codes(findings(tmp_path, job(keys=keys, writes="label: dual"))) == ["N_QR_READABLE"]


def test_an_unused_code_is_not_judged(tmp_path: Path) -> None:
    patterns = "  bar: {type: lines, count: 3, pitch: 50 um, length: 300 um, at: [1 mm, 1 mm], depth: 200 um}"
    assert findings(tmp_path, job("3 um", "fill: hatch, hatch_pitch: 1 um", patterns, "bar.lines: dual")) == []


# The symbol of 21 modules of 40 µm with a quiet zone of 4 begins at 3.16 mm and ends at 4.00 mm; lines are 10 µm wide.
@pytest.mark.parametrize(
    ("x_um", "expected", "modules"),
    [
        (4170, [], None),
        (4125, ["W_QR_QUIET_ZONE"], 3.0),
        (4050, ["W_QR_QUIET_ZONE"], 1.125),
        (4040, ["E_QR_QUIET_ZONE"], 0.875),
        (4005, ["E_QR_QUIET_ZONE"], 0.0),
    ],
)
def test_neighbours_keep_out_of_the_quiet_zone(
    tmp_path: Path, x_um: int, expected: list[str], modules: float | None
) -> None:
    bar = f"  bar: {{type: lines, count: 1, length: 900 um, at: [{x_um} um, 3.1 mm], rotate: 90 deg, depth: 200 um}}"
    found = findings(tmp_path, job(patterns=bar, writes="label.dark: dual, bar.lines: dual"))
    zone = [f for f in found if "QUIET" in f.code]
    assert codes(zone) == expected
    if modules is not None:
        assert zone[0].value == pytest.approx(modules, abs=0.01)
        assert "pattern 'bar'" in zone[0].message
        assert zone[0].on == "patterns.label"


def test_copies_of_a_label_are_neighbours_too(tmp_path: Path) -> None:
    keys = "fill: hatch, hatch_pitch: 10 um, array: {{counts: [3, 1], pitch: [{} um, 2 mm]}}"
    found = findings(tmp_path, job(keys=keys.format(940)))
    # 940 µm from corner to corner leave 100 µm, less half the width of the neighbour's lines.
    close = [f for f in found if f.code == "W_QR_QUIET_ZONE"]
    assert len(close) == 3
    assert all("another copy of it" in f.message for f in close)
    assert [f.value for f in close] == [pytest.approx(2.375, abs=0.01)] * 3
    (found_far,) = findings(tmp_path, job(keys=keys.format(1100)))
    assert "copy 1 of 3" in found_far.message


def test_a_turned_label_keeps_its_quiet_zone(tmp_path: Path) -> None:
    bar = "  bar: {type: lines, count: 1, length: 400 um, at: [2.95 mm, 2.95 mm], rotate: -45 deg, depth: 200 um}"
    found = findings(
        tmp_path,
        job(keys="fill: hatch, hatch_pitch: 10 um, rotate: 45 deg", patterns=bar, writes="label.dark: dual, bar: dual"),
    )
    # From the symbol's edge to the line through (2.95, 2.95) parallel to it: 160 µm of border and 70.7 µm more.
    assert codes(found) == ["N_QR_READABLE"]


def test_codes_on_top_of_each_other_are_judged_by_reading(tmp_path: Path) -> None:
    keys = "module: 40 um, at: [3 mm, 3 mm], depth: 260 um, fill: hatch, hatch_pitch: 10 um"
    other = f"  other: {{type: qr, text: another one, {keys}}}"
    found = findings(tmp_path, job(patterns=other, writes="label.dark: dual, other.dark: dual"))
    assert codes(found) == ["E_QR_UNREADABLE"] * 2


def test_design_rules(tmp_path: Path) -> None:
    dots = job(keys="fill: dots, solid_finder: false, error_correction: L", writes="label.dark: dot")
    said = {f.message.partition(": ")[2]: f for f in findings(tmp_path, dots) if f.code == "W_QR_DESIGN"}
    assert len(said) == 4
    assert any(m.startswith("error correction L") for m in said)
    assert any(m.startswith("one dot per module") for m in said)
    assert any(m.startswith("finder patterns of separate dots") for m in said)
    ratio = next(f for m, f in said.items() if "pitches wide" in m)
    assert (ratio.value, ratio.limit) == (pytest.approx(0.25), 0.8)
    good = job("22 um", "fill: dot_cluster", writes="label.dark: dot")
    assert "W_QR_DESIGN" not in codes(findings(tmp_path, good))
    wide = findings(tmp_path, job("16 um", "fill: dot_cluster", writes="label.dark: dot"))
    assert [f.value for f in wide if f.code == "W_QR_DESIGN"] == [pytest.approx(1.25)]


def test_codes_in_groups_are_read(tmp_path: Path) -> None:
    lines = job().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  label:"))
    keys = "module: 40 um, at: [100 um, -1.2 mm], fill: hatch, hatch_pitch: 10 um"
    lines[at : at + 1] = [
        "  label:",
        "    {type: group, at: [3 mm, 3 mm], rotate: 90 deg, depth: 200 um,",
        f"    patterns: {{code: {{type: qr, text: lasercam, {keys}}}}}}}",
    ]
    text = "\n".join(lines)
    (found,) = findings(tmp_path, text.replace("label.dark", "label.code.dark"))
    assert (found.code, found.on) == ("N_QR_READABLE", "patterns.label.code")
    assert payloads(load_job(write_job(tmp_path, text))) == {b"lasercam": "label.code"}


def test_processes_without_emission_are_said_to_be_unread(tmp_path: Path) -> None:
    text = job().replace("process: glass_bri_lines", "process: glass_waveguide_borosilicate")
    (found,) = findings(tmp_path, text)
    assert found.code == "N_QR_READABLE"
    assert "state no emission" in found.message


def test_jobs_without_codes_load_no_reader(tmp_path: Path) -> None:
    loaded = load_job(write_job(tmp_path, GOOD))
    assert readability_checks(loaded, plan_job(loaded)) == []
    code = (
        "import sys\nfrom pathlib import Path\nfrom lasercam.pipeline.judge import judge\n"
        "from lasercam.pipeline.load import load_job\n"
        "from lasercam.pipeline.planning import plan_job\n"
        f"loaded = load_job(Path({str(tmp_path / 'job.yaml')!r}))\n"
        "judge(loaded, plan_job(loaded))\n"
        "print(sorted({'zxingcpp', 'PIL', 'matplotlib'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("info", READABILITY_CODES, ids=lambda i: i.code)
def test_codes_are_explained(info: object, capsys: pytest.CaptureFixture[str]) -> None:
    code = info.code  # type: ignore[attr-defined]
    assert all_codes()[code] is info
    assert run(["explain", code]) == 0
    assert code in capsys.readouterr().out


coordinate = st.floats(-30.0, 50.0, allow_nan=False).map(lambda v: round(v, 3))


@given(st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), min_size=1, max_size=20))
def test_distance_from_a_square(strokes: list[tuple[float, float, float, float]]) -> None:
    table = np.array(strokes)
    found = _distance_to_square(table[:, :2], table[:, 2:], 21.0)
    square = shapely.box(0.0, 0.0, 21.0, 21.0)
    wanted = [shapely.LineString([(a, b), (c, d)]).distance(square) for a, b, c, d in strokes]
    assert found == pytest.approx(np.array(wanted), abs=1e-9)
