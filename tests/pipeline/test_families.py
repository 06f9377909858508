"""Recipe families against what picks their members; tables in builds; patterns inside patterns, from YAML."""

import json
from pathlib import Path

import pytest

from lasercam.errors import InputError
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from tests.pipeline.conftest import Built
from tests.support.jobs import DOTS, broken, write_job

SWEEP = DOTS.replace(
    "block: {type: voxels, counts: [6, 5, 3], pitch: [30 um, 30 um, 60 um], at: [1 mm, 1 mm], depth: 200 um}",
    "test: {type: sweep, shape: [2, 3], cell: dot, pitch: [60 um, 60 um], labels: dots, at: [1 mm, 1 mm],"
    " depth: 200 um}",
).replace("{block.all: dot}", "{test.cells: family, test.labels: dot}").replace(
    "steps:", "  family: {like: dot, pulse_energy: [50 uJ, 200 uJ], exposure: [1 s, 2 s, 3 s]}\nsteps:"
)  # fmt: skip

GROUP = DOTS.replace(
    "block: {type: voxels, counts: [6, 5, 3], pitch: [30 um, 30 um, 60 um], at: [1 mm, 1 mm], depth: 200 um}",
    """grp:
    type: group
    at: [1 mm, 1 mm]
    depth: 200 um
    patterns:
      px:
        type: group
        patterns:
          red: {type: voxels, counts: [2, 2, 1], pitch: [30 um, 30 um, 30 um]}
          blue: {type: voxels, counts: [3, 1, 1], pitch: [30 um, 30 um, 30 um], at: [200 um, 0 um]}
      py: {type: voxels, counts: [1, 5, 1], pitch: [30 um, 30 um, 30 um], at: [0 um, 200 um]}""",
).replace("{block.all: dot}", "{grp.px.red: dot}")


def problem(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        plan_job(load_job(write_job(folder, text)))
    return str(caught.value)


def test_a_sweep_writes_every_member_once(tmp_path: Path) -> None:
    toolpath = plan_job(load_job(write_job(tmp_path, SWEEP)))
    used = [int(r) for b in toolpath.blocks() for r in b.recipe[b.exposes].tolist()]
    recipes = toolpath.header.recipes
    members = [recipes[i].label for i in used if recipes[i].name == "family"]
    assert sorted(members) == [f"family[{i}]" for i in range(6)]


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("[3, 2]", "asks for a family of 3 × 2, and recipe 'family' has 2 of pulse_energy, 3 of exposure"),
        ("[2, 2]", "asks for a family of 2 × 2"),
        ("[2, 4]", "asks for a family of 2 × 4"),
        ("[6]", "asks for a family of 6,"),
    ],
)
def test_a_family_of_another_shape_is_refused(tmp_path: Path, shape: str, words: str) -> None:
    found = problem(tmp_path, broken("shape: [2, 3]", f"shape: {shape}", SWEEP))
    assert words in found
    line = next(i for i, text in enumerate(SWEEP.splitlines(), 1) if "shape:" in text)
    assert found.startswith(f"job.yaml:{line}:")


def test_an_axis_of_one_value_does_not_count(tmp_path: Path) -> None:
    plan_job(load_job(write_job(tmp_path, broken("shape: [2, 3]", "shape: [2, 1, 3]", SWEEP))))


def test_values_listed_twice_are_refused(tmp_path: Path) -> None:
    found = problem(tmp_path, broken("[1 s, 2 s, 3 s]", "[1 s, 2 s, 1 s]", SWEEP))
    assert "6 members, some of them with the same values" in found


def test_members_that_no_feature_uses_are_named(tmp_path: Path) -> None:
    def said(text: str) -> list[str]:
        loaded = load_job(write_job(tmp_path, text))
        findings = judge(loaded, plan_job(loaded)).findings
        return [f.message for f in findings if f.code == "W_FAMILY_UNUSED"]

    text = DOTS.replace("exposure: 1 s", "exposure: [1 s, 2 s, 3 s, 4 s]")
    (found,) = said(text)
    assert "has 4 members, and no feature uses 3 of them: dot[1], dot[2], dot[3]" in found
    varied = text.replace("type: voxels,", "type: voxels, vary: layer,")
    (found,) = said(varied)
    assert "no feature uses 1 of them: dot[3]" in found
    assert said(varied.replace(", 4 s]", "]")) == []


def test_the_table_is_written_hashed_and_proven(built: Built) -> None:
    folder = built(SWEEP)
    table = folder / "test.results.csv"
    rows = table.read_text().splitlines()
    assert len(rows) == 7
    assert rows[1].startswith("write,1,1-1,1,")
    listed = json.loads((folder / "manifest.json").read_text())
    assert "test.results.csv" in json.dumps(listed)
    assert verify_build(folder).holds
    table.write_text(table.read_text().replace("family[0]", "family[1]"))
    assert not verify_build(folder).holds


def test_parts_of_nested_patterns_are_written_by_name_and_by_glob(tmp_path: Path) -> None:
    counts = {"grp.px.red": 4, "grp.px": 7, "grp.*.red.*": 4, "grp.px.*": 7, "grp": 12, "grp.py": 5, "g*.p?.*": 12}
    for reference, count in counts.items():
        text = broken("{grp.px.red: dot}", f'{{"{reference}": dot}}', GROUP)
        toolpath = plan_job(load_job(write_job(tmp_path, text)))
        assert sum(s.n_exposures for s in toolpath.header.sections) == count, reference


def test_mistakes_inside_a_group_are_named_with_their_place(tmp_path: Path) -> None:
    for old, new, words in (
        ("counts: [3, 1, 1]", "count: [3, 1, 1]", "unknown key 'count'"),
        ("type: voxels, counts: [1, 5, 1]", "type: voxel, counts: [1, 5, 1]", "did you mean 'voxels'"),
        ("pitch: [30 um, 30 um, 30 um], at: [0 um, 200 um]", "pitch: [30, 30 um, 30 um]", "has no unit"),
        ("counts: [2, 2, 1]", "counts: [2, 2, 100000]", "100,000 layers"),
    ):
        text = broken(old, new, GROUP)
        line = text[: text.index(new)].count("\n") + 1
        found = problem(tmp_path, text)
        assert words in found
        assert found.startswith(f"job.yaml:{line}:"), found
