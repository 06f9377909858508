"""Energies that follow the depth, from the job file to the proof; numbers worked out by hand."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.model.finding import Verdict
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from tests.pipeline.test_energy_control import PLATE, profile
from tests.support.jobs import DOTS, broken, write_job

TABLE = "depth [um], pulse_energy [uJ]\n100, 40\n300, 60\n500, 100\n"
"""Planes at 150, 210 … 450 µm: 45, 51, 57 (0.1 µJ/µm), then 66, 78, 90 µJ (0.2 µJ/µm)."""
LAW = 'compensation: {file: energy.csv, tolerance: 10 %, source: "diary, 2026-11-02"}'
SIX = broken(
    "counts: [6, 5, 3], pitch: [30 um, 30 um, 60 um], at: [1 mm, 1 mm], depth: 200 um",
    "counts: [3, 2, 6], pitch: [30 um, 30 um, 60 um], at: [1 mm, 1 mm], depth: 150 um",
    broken("pulse_energy: 50 uJ", LAW, DOTS),
)
"""10 %: 45 and 51 share 2·45·51 / 96 = 47.8125; 57 and 66 share 7524 / 123; 78 and 90 share 14040 / 168 µJ."""
SHARED = [47.8125, 7524 / 123, 14040 / 168]


def write(folder: Path, text: str = SIX, table: str = TABLE) -> Path:
    (folder / "energy.csv").write_text(table)
    return write_job(folder, text)


def planned(folder: Path, text: str = SIX, table: str = TABLE) -> Toolpath:
    return plan_job(load_job(write(folder, text, table)))


def verdict_of(folder: Path, text: str = SIX) -> Verdict:
    loaded = load_job(write(folder, text))
    return judge(loaded, plan_job(loaded))


def problem(folder: Path, text: str, table: str = TABLE) -> str:
    with pytest.raises(InputError) as caught:
        planned(folder, text, table)
    return str(caught.value)


def energies(toolpath: Toolpath, step: int = 0) -> dict[float, float]:
    """Energy of all exposures at each depth, as their rows say, in µJ by µm."""
    found: dict[float, set[float]] = {}
    for block in toolpath.blocks():
        section = toolpath.header.sections[block.section]
        if section.step != step:
            continue
        depth = np.round(section.frame.sample_um(block.end_ticks)[:, 2], 1)
        for at, recipe in zip(depth[block.exposes].tolist(), block.recipe[block.exposes].tolist(), strict=True):
            found.setdefault(at, set()).add(toolpath.header.recipes[recipe].laser.pulse_energy_uj)
    assert all(len(values) == 1 for values in found.values())
    return {depth: values.pop() for depth, values in sorted(found.items())}


def recipes(toolpath: Toolpath) -> tuple[Recipe, ...]:
    return toolpath.header.recipes.recipes


def test_depths_share_as_few_energies_as_the_tolerance_allows(tmp_path: Path) -> None:
    toolpath = planned(tmp_path)
    assert [r.laser.pulse_energy_uj for r in recipes(toolpath)] == pytest.approx(SHARED[::-1])
    assert [r.label for r in recipes(toolpath)] == ["dot[390-450 um]", "dot[270-330 um]", "dot[150-210 um]"]
    found = energies(toolpath)
    assert list(found) == pytest.approx([150, 210, 270, 330, 390, 450])
    assert list(found.values()) == pytest.approx(np.repeat(SHARED, 2))


def test_without_tolerance_every_depth_has_the_energy_of_the_table(tmp_path: Path) -> None:
    found = energies(planned(tmp_path, broken("10 %", "0", SIX)))
    assert list(found.values()) == pytest.approx([45, 51, 57, 66, 78, 90])


def test_each_energy_says_where_it_comes_from(tmp_path: Path) -> None:
    value = recipes(planned(tmp_path))[-1].values["pulse_energy"]
    assert value.value == pytest.approx(47.8125)
    assert value.source == "45 µJ to 51 µJ wanted by 'energy.csv', diary, 2026-11-02; within 0.1 of it"
    assert value.confidence.value == "assumed", "the source's own energies are assumed, and this is none of them"


def test_a_build_keeps_the_table_and_proves_itself_alone(tmp_path: Path) -> None:
    path = write(tmp_path)
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    (tmp_path / "energy.csv").unlink()
    path.unlink()
    assert verify_build(folder).holds
    assert len(list(folder.glob("*.ngc"))) == 3
    runbook = (folder / "runbook.md").read_text()
    told = re.findall(r"([\d.]+) µJ per pulse", runbook)
    assert told == ["83.5714", "61.1707", "47.8125"], "deep before shallow"
    assert r"dot\[270-330 um\]" in runbook
    (kept,) = (e for e in json.loads((folder / "inputs" / "index.json").read_text())["files"] if e["kind"] == "asset")
    assert kept["reference"] == "energy.csv"
    file = folder / "inputs" / kept["path"]
    file.write_text(TABLE.replace("500, 100", "500, 101"))
    assert not verify_build(folder).holds, "another table is another job"


def test_stops_of_the_operator_are_counted(tmp_path: Path) -> None:
    write(tmp_path)
    profile(tmp_path, "fs1030-linuxcnc", {"control": "operator"})
    own = tmp_path / "machine_profiles" / "own.yaml"
    own.write_text(own.read_text().replace("max_operator_stops: 20", "max_operator_stops: 2"))
    text = broken("machine: fs1030-linuxcnc", "machine: own", SIX)
    assert "E_OPERATOR_STOPS" not in [f.code for f in verdict_of(tmp_path, text).errors]
    (error,) = verdict_of(tmp_path, broken("10 %", "0", text)).errors
    assert (error.code, error.value) == ("E_OPERATOR_STOPS", 5)


def test_a_program_sets_every_level_in_one_file(tmp_path: Path) -> None:
    """E = 200 sin²(2θ), so θ = asin(√(E / 200)) / 2."""
    write(tmp_path)
    profile(tmp_path, "fs1030-linuxcnc", {"control": "analog", "output": 2, "scale": PLATE})
    loaded = load_job(write(tmp_path, broken("machine: fs1030-linuxcnc", "machine: own", SIX)))
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    assert verify_build(folder).holds
    (program,) = folder.glob("*.ngc")
    angles = [float(q) for q in re.findall(r"M68 E2 Q([\d.]+)", program.read_text())]
    assert angles == pytest.approx([np.degrees(np.arcsin(np.sqrt(e / 200))) / 2 for e in SHARED[::-1]], abs=5.1e-4)


def test_an_energy_at_a_reference_depth_takes_the_ratios_of_the_table(tmp_path: Path) -> None:
    """30 µJ at 300 µm, where the table has 60: half of everything."""
    text = broken("tolerance: 10 %", "reference_depth: 300 um, tolerance: 0", SIX)
    found = energies(planned(tmp_path, broken("repetition", "pulse_energy: 30 uJ, repetition", text)))
    assert list(found.values()) == pytest.approx([22.5, 25.5, 28.5, 33, 39, 45])


def test_an_attenuation_length_keeps_the_energy_at_the_focus(tmp_path: Path) -> None:
    law = 'pulse_energy: 10 uJ, compensation: {attenuation_length: 2 mm, tolerance: 0, source: "diary, p. 5"}'
    found = energies(planned(tmp_path, broken(LAW, law, SIX)))
    assert found[150.0] == pytest.approx(10.778842)  # e^0.075
    assert found[450.0] == pytest.approx(12.523227)  # e^0.225
    at = law.replace("2 mm", "2 mm, reference_depth: 150 um")
    found = energies(planned(tmp_path, broken(LAW, at, SIX)))
    assert found[150.0] == pytest.approx(10)
    assert found[450.0] == pytest.approx(11.618342)  # e^0.15


def test_where_no_light_comes_the_deepest_place_is_named(tmp_path: Path) -> None:
    law = 'pulse_energy: 10 uJ, compensation: {attenuation_length: 10 um, tolerance: 0, source: "diary, p. 5"}'
    found = problem(tmp_path, broken(LAW, law, SIX))
    assert "450 µm is 45 attenuation lengths of 10 µm deep" in found
    assert "at most 20 are allowed, 200 µm" in found


def test_patterns_inside_patterns_take_the_energy_of_where_they_lie(tmp_path: Path) -> None:
    nested = """grp:
    type: group
    at: [1 mm, 1 mm]
    depth: 150 um
    patterns:
      top: {type: voxels, counts: [2, 2, 1], pitch: [30 um, 30 um, 30 um]}
      deep: {type: voxels, counts: [2, 2, 1], pitch: [30 um, 30 um, 30 um], at: [200 um, 0 um], depth: 180 um}
"""
    text = re.sub(r"block: \{.*\}\n", nested, SIX).replace("block.all", "grp")
    found = energies(planned(tmp_path, broken("10 %", "0", text)))
    assert found == pytest.approx({150: 45, 330: 66})


REWRITTEN = """\
steps:
  - {name: write, write: {block.all: dot, low.all: dot}}
  - {name: again, rewrite: {low.all: AGAIN}}
"""
TWICE = re.sub(r"steps:\n.*\n", REWRITTEN, SIX).replace(
    "recipes:",
    "  low: {type: voxels, counts: [3, 2, 1], pitch: [30 um, 30 um, 60 um], at: [2 mm, 1 mm], depth: 210 um}\nrecipes:",
)


def test_a_rewrite_has_the_energies_of_its_first_pass(tmp_path: Path) -> None:
    """The plane at 210 µm alone would get 51 µJ; like the first pass it gets the level that it shares with 150 µm."""
    toolpath = planned(tmp_path, TWICE.replace("AGAIN", "red").replace("steps:", "  red: {like: dot}\nsteps:"))
    assert energies(toolpath, 1) == pytest.approx({210: 47.8125})
    assert energies(toolpath)[210.0] == pytest.approx(47.8125)


def test_a_rewrite_may_have_a_compensation_or_an_energy_of_its_own(tmp_path: Path) -> None:
    own = "red: {like: dot, pulse_energy: 20 uJ, compensation: {attenuation_length: 1 mm, tolerance: 0, source: book}}"
    toolpath = planned(tmp_path, TWICE.replace("AGAIN", "red").replace("steps:", f"  {own}\nsteps:"))
    assert energies(toolpath, 1) == pytest.approx({210: 20 * 1.2336781})  # e^0.21
    flat = "red: {like: dot, pulse_energy: 20 uJ}"
    toolpath = planned(tmp_path, TWICE.replace("AGAIN", "red").replace("steps:", f"  {flat}\nsteps:"))
    assert energies(toolpath, 1) == {210: 20}
    assert recipes(toolpath)[-1].label == "red"


SWEEP = re.sub(
    r"block: \{.*\}",
    "test: {type: sweep, shape: [2, 3], cell: dot, pitch: [60 um, 60 um], labels: none, at: [1 mm, 1 mm],"
    " depth: 330 um}",
    broken("exposure: 1 s", "pulse_energy: [20 uJ, 30 uJ], exposure: [1 s, 2 s, 3 s]", SIX),
).replace("block.all", "test.cells").replace("tolerance: 10 %", "reference_depth: 300 um, tolerance: 0")  # fmt: skip


def test_a_sweep_lays_out_its_family_at_the_energies_of_its_depth(tmp_path: Path) -> None:
    """330 µm has 66 / 60 of the energy at 300 µm: 22 and 33 µJ."""
    loaded = load_job(write(tmp_path, SWEEP))
    toolpath = plan_job(loaded)
    assert [r.laser.pulse_energy_uj for r in recipes(toolpath)] == pytest.approx([22] * 3 + [33] * 3)
    assert recipes(toolpath)[4].label == "dot[4, 330 um]"
    verdict = judge(loaded, toolpath)
    assert "W_FAMILY_UNUSED" not in [f.code for f in verdict.findings]
    folder = build(loaded, toolpath, verdict, tmp_path / "out", pictures=False)
    assert verify_build(folder).holds
    rows = list(csv.DictReader((folder / "test.results.csv").read_text().splitlines()))
    assert sorted(float(r["pulse_energy_uJ"]) for r in rows) == pytest.approx([22] * 3 + [33] * 3)
    assert {r["recipe"]: r["member"] for r in rows} == {f"dot[{i}, 330 um]": str(i) for i in range(6)}


def test_a_sweep_of_another_shape_is_still_refused(tmp_path: Path) -> None:
    assert "asks for a family of 3 × 2, and recipe 'dot' has 2 of pulse_energy, 3 of exposure" in problem(
        tmp_path, broken("[2, 3]", "[3, 2]", SWEEP)
    )


def test_a_member_is_unused_only_if_no_depth_uses_it(tmp_path: Path) -> None:
    layers = broken("depth: 150 um}", "depth: 150 um, vary: layer}", SIX)
    full = broken("exposure: 1 s", "exposure: {from: 1 s, to: 6 s, count: 6}", layers)
    assert "W_FAMILY_UNUSED" not in [f.code for f in verdict_of(tmp_path, full).findings]
    more = broken("to: 6 s, count: 6", "to: 7 s, count: 7", full)
    (unused,) = (f for f in verdict_of(tmp_path, more).findings if f.code == "W_FAMILY_UNUSED")
    assert "'dot' has 7 members, and no feature uses 1 of them: dot[6]" in unused.message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("depth: 150 um", "depth: 250 um", "from 100 µm to 500 µm of depth, and 550 µm is asked for; the nearest"),
        ("depth: 150 um", "depth: 90 um", "90 µm is asked for; the nearest that was measured is 100 µm"),
        ("tolerance: 10 %", "tolerance: 100 %", "a tolerance of 1 leaves no energy"),
        ("file: energy.csv, ", "", "needs either file or attenuation_length; found neither"),
        ("file: energy", "attenuation_length: 1 mm, file: energy", "file or attenuation_length; found both"),
        ("energy.csv", "energie.csv", "did you mean 'energy.csv'?"),
        ("repetition", "pulse_energy: 50 uJ, repetition", "gives pulse_energy beside a compensation"),
        ("repetition", "average_power: 500 mW, repetition", "has average_power and a compensation"),
        ("exposure: 1 s", "line_dose: 1 J/mm", "has line_dose and a compensation"),
        ("source:", "sauce:", "sauce"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = broken(old, new, SIX)
    found = problem(tmp_path, text)
    assert says in found
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines, 1) if "compensation:" in line)
    assert found.startswith(f"job.yaml:{first}:"), found


def test_a_slip_in_the_table_names_its_line(tmp_path: Path) -> None:
    assert problem(tmp_path, SIX, TABLE.replace("300, 60", "300, -60")).startswith("energy.csv:3:")


def test_what_the_machine_cannot_give_is_refused(tmp_path: Path) -> None:
    """60 µJ and 1.7 µJ/µm from 300 µm on: 213 µJ at 390 µm is possible, 315 µJ at 450 µm is not."""
    found = problem(tmp_path, SIX, TABLE.replace("500, 100", "500, 400"))
    assert "450 µm deep the compensation asks for 315 µJ; machine fs1030-linuxcnc allows 100 nJ to 220 µJ" in found


def test_levels_keep_to_the_steps_of_the_machine(tmp_path: Path) -> None:
    """Steps of 5 µJ, 10 %: none for 45 and 51 (45.9 to 49.5); 51 and 57 share 55; 66 has 65; 78 and 90 share 85."""
    write(tmp_path)
    profile(tmp_path, "fs1030-linuxcnc", {"control": "operator", "step": "5 uJ"})
    text = broken("machine: fs1030-linuxcnc", "machine: own", SIX)
    assert [r.laser.pulse_energy_uj for r in recipes(planned(tmp_path, text))] == pytest.approx([85, 65, 55, 45])
    found = problem(tmp_path, broken("10 %", "1 %", text))
    assert "51 µJ is wanted to 0.01 of it, and energies are set in steps of 5 µJ; the nearest are 50 µJ or 55" in found


def test_continuous_light_has_no_pulse_energy_to_compensate(tmp_path: Path) -> None:
    text = broken("machine: fs1030-linuxcnc", "machine: cw405-linuxcnc", SIX)
    assert "the laser of cw405-linuxcnc is continuous and has no pulses" in problem(tmp_path, text)


def test_lines_of_one_depth_have_its_energy(tmp_path: Path) -> None:
    given = "pulse_energy: 50 uJ, repetition_rate: 10 kHz, average_power: 500 mW"
    text = broken(given, f"{LAW}, repetition_rate: 10 kHz")
    assert energies(planned(tmp_path, text)) == pytest.approx({200: 50})
    assert energies(planned(tmp_path, text), 1) == pytest.approx({200: 50}), "red is like dual"
