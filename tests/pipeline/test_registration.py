"""From measured marks to a proven build: a furnace job, turned by 0.3° and shrunken to 0.998, end to end."""

import csv
import json
from collections.abc import Callable
from math import cos, radians, sin
from pathlib import Path

import numpy as np
import pytest
import yaml

from lasercam.cli.main import run
from lasercam.errors import InputError, RefusedError, UsageError
from lasercam.model.finding import Verdict
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.judge import judge
from lasercam.pipeline.ledger import read_ledger
from lasercam.pipeline.ledger_adding import add_build
from lasercam.pipeline.load import load_job
from lasercam.pipeline.mark_table import read_marks, typed_mark
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.registering import Wishes, find_remount, register
from tests.support.jobs import broken, write_job

ROOT = Path(__file__).parents[2]
JOB = """\
job: furnace
machine: fs1030-linuxcnc
sample: {id: F1, material: br_i_borosilicate, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.52}
patterns:
  fiducials: {type: marks, shape: fiducials, size: 300 um, span: [6 mm, 6 mm], at: [1.85 mm, 1.85 mm], depth: 200 um}
  message: {type: cipher_text, visible: E, hidden: F, font: segment-14, height: 400 um, strokes: 3, stroke_pitch: 10 um, at: [4 mm, 4 mm], depth: 200 um}
  one: {type: lines, count: 2, pitch: 50 um, length: 300 um, at: [6 mm, 5 mm], depth: 200 um}
  beside: {type: lines, count: 2, pitch: 50 um, length: 300 um, at: [6 mm, 5.001 mm], depth: 200 um}
recipes:
  line: {process: glass_bri_lines, pulse_energy: 50 uJ, repetition_rate: 10 kHz, average_power: 500 mW, speed: 0.4 mm/s}
  to_red: {process: glass_bri_rewrite, like: line}
steps:
  - {name: first pass, write: {fiducials: line, message.visible: line, one: line}}
  - {name: furnace, heat: {process: glass_bri_heat_treatment, temperature: 400 degC, hold_time: 2 h, ramp_rate: 5 degC/min, atmosphere: air}}
  - {name: back on, remount: {marks: fiducials, registration: registration.yaml}}
  - {name: rewrite, rewrite: {message.hidden: to_red, one: to_red}}
supply:
  glass_bri_lines: {spot_radius: {value: 5 um, definition: 1/e^2 radius, source: "example value"}}
  glass_bri_rewrite:
    spot_radius: {value: 5 um, definition: 1/e^2 radius, source: "example value"}
    speed: {value: 0.4 mm/s, source: "example value"}
    max_rewrites: {value: "1", source: "example value"}
    reversibility: {value: one-way, source: "example value"}
  glass_bri_heat_treatment:
    hold_time: {value: 2 h, source: "example value"}
    ramp_rate: {value: 5 degC/min, source: "example value"}
    atmosphere: {value: air, source: "example value"}
"""  # noqa: E501 - a job as people write it
SHIFT, SHRINK, TURN = (1250.0, -500.0, 12.0), 0.998, radians(0.3)
RATIO = 1.0 / 1.52  # paraxial
PLACES = {"mark_1": (2000, 2000), "mark_2": (8000, 2000), "mark_3": (8000, 8000), "mark_4": (2000, 8000)}
WISHES = Wishes("similarity", "2026-05-02", "typed")


def there(x: float, y: float, depth: float) -> tuple[float, float, float]:
    """Where a place of the sample went in the furnace and on the stage, worked out by hand, µm."""
    return (
        SHIFT[0] + SHRINK * (cos(TURN) * x - sin(TURN) * y),
        SHIFT[1] + SHRINK * (sin(TURN) * x + cos(TURN) * y),
        SHIFT[2] - SHRINK * RATIO * depth,
    )


def marks(*, heights: bool = True, **moved: tuple[float, float]) -> list[str]:
    """What an operator types, in mm; `moved` are slips in µm."""
    typed = []
    for name, place in PLACES.items():
        x, y, z = there(*place, 200.0)
        dx, dy = moved.get(name, (0.0, 0.0))
        typed.append(f"{name}={(x + dx) / 1e3:.7f},{(y + dy) / 1e3:.7f}" + (f",{z / 1e3:.7f}" if heights else ""))
    return typed


def registered(path: Path, typed: list[str], *options: str) -> int:
    arguments = [word for text in typed for word in ("--mark", text)]
    return run(["register", str(path), *arguments, "--date", "2026-05-02", *options])


def judged(path: Path) -> tuple[Toolpath, Verdict]:
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    return toolpath, judge(loaded, toolpath)


def codes(verdict: Verdict) -> set[str]:
    return {finding.code for finding in verdict.findings}


def test_the_rewrite_is_written_where_the_marks_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_job(tmp_path, JOB)
    before, verdict = judged(path)
    assert "W_REGISTRATION" in codes(verdict)
    assert any("there is no 'registration.yaml' yet" in f.message for f in verdict.findings)
    assert registered(path, marks()) == 0
    assert "4 marks" in capsys.readouterr().out
    assert (tmp_path / "registration.png").read_bytes().startswith(b"\x89PNG")
    toolpath, verdict = judged(path)
    assert "W_REGISTRATION" not in codes(verdict)
    assert not verdict.errors  # E_SUBSET: what is rewritten is still recognised
    assert any("steps.back on: fitted (similarity) to 4 marks" in note for note in verdict.notes)
    fitted = yaml.safe_load((tmp_path / "registration.yaml").read_text(encoding="utf-8"))["frame"]
    assert float(fitted["rotation"].split()[0]) == pytest.approx(0.3, abs=2e-6)
    assert fitted["scale"] == pytest.approx([0.998] * 3, abs=2e-8)
    first, rewrite = toolpath.header.sections
    assert first.frame == before.header.sections[0].frame
    assert np.abs(rewrite.frame.shift_um).max() <= 0.005  # the corner lies on the increment, and beside it the rest
    assert rewrite.frame.origin_ticks == (12_500_000, -5_000_000, 120_000)
    # The one line of `one`, by hand: (6, 5) to (6.3, 5) mm at 200 µm.
    wanted = np.array([there(6000.0, 5000.0, 200.0), there(6300.0, 5000.0, 200.0)])
    number = [part.name for part in toolpath.header.parts].index("one.odd")
    ends = [
        np.stack((block.start_ticks[rows], block.end_ticks[rows]), axis=1) / 1e4
        for block in toolpath.section_blocks(1)
        if (rows := np.flatnonzero(block.exposes & (block.part == number))).size
    ]
    (line,) = np.concatenate(ends)
    line = line[np.argsort(line[:, 0])]
    assert np.abs(line - wanted).max() <= 0.005 + 1e-4  # half the increment of 10 nm


def test_the_build_stands_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_job(tmp_path, JOB)
    assert registered(path, marks(mark_2=(0.1, -0.2)), "--by", "A. B.") == 0
    out = tmp_path / "out"
    assert run(["build", str(path), "-o", str(out)]) == 0
    (tmp_path / "registration.yaml").unlink()
    path.unlink()
    assert run(["verify", str(out)]) == 0
    assert (out / "registration-03-back-on.png").is_file()
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert "registration:registration.yaml" in manifest["inputs"]
    assert manifest["sections"][0]["frame"] != manifest["sections"][1]["frame"]
    (told,) = manifest["registrations"]
    assert told["sha256"] == manifest["inputs"]["registration:registration.yaml"]
    assert told["off_um"]["mark_2"][0] > 0 > told["off_um"]["mark_2"][1]
    runbook = (out / "runbook.md").read_text(encoding="utf-8")
    assert "| mark\\_2 |" in runbook
    assert "align it by" not in runbook
    entry = add_build(out, tmp_path / "F1.ledger", date="2026-05-03")
    assert [s.frame for s in entry.sections] == ["nominal", "registered"]
    assert entry.sections[1].registration == told["sha256"]
    assert read_ledger(tmp_path / "F1.ledger").entries == (entry,)
    # A kept registration that was changed afterwards is noticed.
    (kept,) = (out / "inputs" / "registration").iterdir()
    kept.write_text(kept.read_text(encoding="utf-8").replace("rotation: 0.2", "rotation: 0.1"), encoding="utf-8")
    assert run(["verify", str(out)]) == 1
    capsys.readouterr()


def test_a_build_from_before_the_registration_stays_nominal(tmp_path: Path) -> None:
    path = write_job(tmp_path, JOB)
    out = tmp_path / "out"
    assert run(["build", str(path), "-o", str(out), "--no-pictures"]) == 0
    assert registered(path, marks()) == 0
    assert run(["verify", str(out)]) == 0
    assert "do not run the job files behind this step" in (out / "runbook.md").read_text(encoding="utf-8")


def test_what_lies_beside_is_still_refused(tmp_path: Path) -> None:
    path = write_job(tmp_path, broken("one: to_red", "beside: to_red", JOB))
    assert registered(path, marks()) == 0
    _, verdict = judged(path)
    assert {(f.code, f.on) for f in verdict.errors} == {("E_SUBSET", f"patterns.beside.{p}") for p in ("odd", "even")}
    path = write_job(tmp_path, broken("rewrite: {message.hidden: to_red, one: to_red}", "write: {one: line}", JOB))
    _, verdict = judged(path)
    assert {(f.code, f.on) for f in verdict.errors} == {("E_DUPLICATE", f"patterns.one.{p}") for p in ("odd", "even")}


@pytest.mark.parametrize("increment", ["1 nm", "100 nm", "1 um"])
def test_rounding_on_two_grids_is_no_miss(tmp_path: Path, increment: str) -> None:
    profile = yaml.safe_load((ROOT / "machine_profiles" / "fs1030-linuxcnc.yaml").read_text(encoding="utf-8"))
    profile |= {"machine": "lab", "controller": {**profile["controller"], "increment": increment}}
    (tmp_path / "machine_profiles").mkdir()
    (tmp_path / "machine_profiles" / "lab.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    text = JOB.replace("fs1030-linuxcnc", "lab").replace(
        "at: [4 mm, 4 mm]", "at: [4.00037 mm, 4.00041 mm], rotate: 3 deg"
    )
    path = write_job(tmp_path, text)
    assert registered(path, marks()) == 0
    _, verdict = judged(path)
    assert not verdict.errors


BENT = """refractive_index: 1.52, origin: [-4 mm, 1 mm, 20 um], placement: {
  rotation: {value: 12.5 deg, source: "example value"}, scale: {value: 0.999, source: "example value"},
  surface: {file: heights.csv, source: "example value"}}}"""


def test_a_bent_sample_keeps_its_bend(tmp_path: Path) -> None:
    """Turned by 2° about the stage's z and shifted, as a rigid body: every place goes where the old frame had it."""
    (tmp_path / "heights.csv").write_text("x_mm,y_mm,height_um\n0,0,1\n10,0,21\n0,10,-4\n10,10,10\n0,5,-2\n10,5,17\n")
    path = write_job(tmp_path, JOB.replace("refractive_index: 1.52}", BENT, 1))
    remount = find_remount(load_job(path), None)
    turn, shift = radians(2.0), (300.0, -200.0, 15.0)

    def moved(places: list[tuple[float, float, float]]) -> np.ndarray:
        x, y, z = (remount.frame.travel_um(np.array(places)) + np.array(remount.frame.origin_ticks) / 1e4).T
        turned = (cos(turn) * x - sin(turn) * y, sin(turn) * x + cos(turn) * y, z)
        return np.column_stack([axis + by for axis, by in zip(turned, shift, strict=True)])

    found = moved([(*place, 200.0) for place in PLACES.values()]) / 1e3
    typed = [f"{name}={x:.7f},{y:.7f},{z:.7f}" for name, (x, y, z) in zip(PLACES, found.tolist(), strict=True)]
    with pytest.raises(RefusedError, match="slope of the sample, measured before"):
        register(remount, [typed_mark(text.rpartition(",")[0]) for text in typed], WISHES)
    assert registered(path, typed, "--model", "rigid") == 0
    toolpath, verdict = judged(path)
    assert not verdict.errors
    places = [(1000.0, 9000.0, 50.0), (5000.0, 5000.0, 200.0), (9500.0, 300.0, 0.0)]
    there_now = toolpath.header.sections[1].frame.ticks(np.array(places)) / 1e4
    assert np.abs(there_now - moved(places)).max() < 0.006


def test_the_next_remount_begins_anew(tmp_path: Path) -> None:
    more = "  - {name: off again, remount: {marks: fiducials}}\n  - {name: last, rewrite: {one: to_red}}\nsupply:\n"
    path = write_job(tmp_path, broken("supply:\n", more, JOB))
    with pytest.raises(UsageError, match=r"2 remounts: 3 \(back on\), 5 \(off again\)"):
        find_remount(load_job(path), None)
    assert registered(path, marks(), "--step", "3") == 0
    toolpath, verdict = judged(path)
    frames = [s.frame for s in toolpath.header.sections]
    assert frames[2] == frames[0] != frames[1]
    assert [f.on for f in verdict.findings if f.code == "W_REGISTRATION"] == ["steps.last"]


def test_the_table_goes_out_and_comes_back(tmp_path: Path) -> None:
    path = write_job(tmp_path, JOB)
    table = tmp_path / "marks.csv"
    assert run(["register", str(path), "--template", str(table)]) == 0
    assert run(["register", str(path), "--template", str(table)]) == 1
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["mark"] for row in rows] == list(PLACES)
    assert (rows[1]["nominal_x_mm"], rows[1]["nominal_z_mm"]) == ("8.000000", "-0.131580")
    lines = ["mark;x_um;y_mm;sigma_um;note", "mark_1;1000.5;2;0.5;good", "mark_2;;;;lost"]
    (mark,) = read_marks("\n".join(lines).encode(), "a.csv")
    assert (mark.name, mark.place_um[:2], mark.sigma_um) == ("mark_1", (1000.5, 2000.0), 0.5)
    assert typed_mark("a.mark_1 = 1.5, 200 um, -3nm").place_um == (1500.0, 200.0, -0.003)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("mark,x,y\na,1,2\n", "unknown column 'x'"),
        ("mark,x_mm\na,1\n", "the first line reads"),
        ("mark,x_mm,y_mm\nmark_1,nan,2\n", "'nan' under x is no finite number"),
        ("mark,x_mm,y_mm\nmark_1,1,\n", "needs its name, x and y"),
        ("mark,x_mm,y_mm,sigma_um\nmark_1,1,2,0\n", "above zero"),
        ("mark,x_mm,y_mm\nmark_1,1,5,2,5\n", "5 cells stand under 3 columns"),
        ("", "the file is empty"),
    ],
)
def test_tables_that_are_refused(content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_marks(content.encode(), "a.csv")


@pytest.fixture
def tried(tmp_path: Path) -> Callable[..., str]:
    """What `register` says to marks that it refuses."""

    def make(typed: list[str], **wishes: object) -> str:
        remount = find_remount(load_job(write_job(tmp_path, JOB)), None)
        with pytest.raises((InputError, RefusedError)) as caught:
            register(remount, [typed_mark(text) for text in typed], Wishes(**{**WISHES.__dict__, **wishes}))
        assert not list(tmp_path.glob("registration*"))
        return str(caught.value)

    return make


def test_refusals_say_what_to_do(tried: Callable[..., str]) -> None:
    said = tried(marks(mark_3=(9.0, -12.0)))
    assert "0.5 µm are allowed" in said  # a tenth of the spot of 5 µm
    assert "mark_3 lies" in said
    assert "--model similarity would fit within" in tried(marks(), model="rigid")
    assert "needs 3 marks or more" in tried(marks()[:2])
    assert "was measured twice" in tried([*marks(), marks()[0]])
    assert "mark_4" in tried([*marks()[:3], "mark_5=1,2"])
    first, second, *others = marks(heights=False)
    swapped = [first.replace("mark_1", "mark_2"), second.replace("mark_2", "mark_1"), *others]
    assert "mark_1 and mark_2 exchanged, all would fit" in tried(swapped)
    metres = [f"{name}={there(*place, 0.0)[0]},{there(*place, 0.0)[1]}" for name, place in PLACES.items()]
    assert "the sample is 998 × 998 × 998 of its nominal size" in tried(metres)


def test_one_wrong_mark_is_named(tried: Callable[..., str]) -> None:
    said = tried(marks(mark_3=(60.0, -80.0)))
    away = float(said.split("mark_3 spoils it: it lies ")[1].split(" µm")[0])
    assert away == pytest.approx(100.0, abs=0.1)
    assert "cannot be told from 3 marks" in tried(marks(mark_3=(60.0, -80.0))[:3])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("at: [1.85 mm, 1.85 mm]", "at: [1.85 mm, 1.86 mm]", "mark 'mark_1' of the registration was moved in the job"),
        ("span: [6 mm, 6 mm]", "count: 3, span: [6 mm, 6 mm]", "was moved in the job"),
        ("name: back on", "name: again", "was made for step 'back on'"),
        ("job: furnace", "job: oven", "was made for job 'furnace'"),
        ("refractive_index: 1.52", "refractive_index: 1.6", "do not make what `off` says"),
    ],
)
def test_a_registration_of_something_else_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write_job(tmp_path, JOB)
    assert registered(path, marks()) == 0
    write_job(tmp_path, broken(old, new, JOB))
    with pytest.raises(InputError, match=said):
        load_job(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rotation: 0.3000000 deg", "rotation: 0.3100000 deg", "do not make what `off` says"),
        ("tolerance: 0.5 um\nheight", "tolerance: 0.1 um\nheight", "0.1 µm are allowed"),
        ("model: ", "modell: ", "modell"),
        ("rms:", "rms_um:", "rms"),
        ("rms: ", "rms: 1", "the marks make"),
        ("slope: [", "slope: [2", "belong to no sample that light can reach"),
        ("scale: [", "scale: [-", "must be at least"),
    ],
)
def test_a_registration_changed_by_hand_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = write_job(tmp_path, JOB)
    assert registered(path, marks(mark_1=(0.3, 0.3))) == 0
    file = tmp_path / "registration.yaml"
    text = file.read_text(encoding="utf-8")
    turn = text.split("rotation: ")[1].split(" deg")[0]
    file.write_text(broken(old.replace("0.3000000", turn), new, text), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load_job(path)


def test_the_same_marks_give_the_same_bytes(tmp_path: Path) -> None:
    path = write_job(tmp_path, JOB)
    assert registered(path, marks()) == 0
    first = [(tmp_path / name).read_bytes() for name in ("registration.yaml", "registration.png")]
    assert registered(path, marks()) == 1  # never replaced unasked
    assert registered(path, marks(), "--replace") == 0
    assert first == [(tmp_path / name).read_bytes() for name in ("registration.yaml", "registration.png")]


def test_programs_are_told_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_job(tmp_path, JOB)
    assert registered(path, marks(), "--format", "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said["registration"]["marks"]) == set(PLACES)
    assert said["file"].endswith("registration.yaml")
    assert registered(path, marks(mark_1=(50.0, 0.0)), "--replace", "--format", "json") == 1
    assert "mark_1 spoils it" in json.loads(capsys.readouterr().out)["problems"][0]["message"]
