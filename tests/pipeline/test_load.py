"""Broken jobs: each mistake is named with its place, what was found, what is allowed and the nearest name."""

from pathlib import Path

import pytest

from lasercam.errors import InputError
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.jobs import DOTS, GOOD, broken, write_job


def problems(folder: Path, text: str) -> list[str]:
    """Messages of loading and planning a job."""
    with pytest.raises(InputError) as caught:
        plan_job(load_job(write_job(folder, text)))
    return [str(p) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "token", "words"),
    [
        ("pulse_energy: 50 uJ", "puls_energy: 50 uJ", "puls_energy", "did you mean 'pulse_energy'"),
        ("50 uJ", "50", "50, rep", "has no unit"),
        ("50 uJ", "50 kHz", "50 kHz, rep", "is not an energy"),
        ("0.4 mm/s}", "0.4 mn/s}", "0.4 mn/s", "unknown unit"),
        ("process: glass_bri_lines,", "process: glass_bri_line,", "glass_bri_line,", "did you mean 'glass_bri_lines'"),
        ("machine: fs1030-linuxcnc", "machine: fs1030-linuxcmc", "fs1030-linuxcmc", "did you mean 'fs1030-linuxcnc'"),
        ("{grid.lines: dual}", "{grid.lines: duel}", "duel", "did you mean 'dual'"),
        ("{grid.lines: dual}", "{grid.line: dual}", "grid.line:", "did you mean 'lines'"),
        ("{grid.lines: dual}", "{gird.lines: dual}", "gird.lines", "did you mean 'grid'"),
        ("{grid.lines: dual}", "{grid.lines: dual, grid.odd: dual}", "grid.odd: dual", "both take grid.odd"),
        ("type: lines", "type: line", "line, count", "did you mean 'lines'"),
        ("count: 5", "count: five", "five", "count"),
        ("pitch: 50 um", "pitch: -50 um", "-50 um", "above"),
        ("br_i_borosilicate", "bri_borosilicate", "bri_boro", "did you mean 'br_i_borosilicate'"),
        ("refractive_index: 1.52", "refractive_index: nan", "nan", "refractive_index"),
        ("name: again", "name: first", "first, rewrite", "two steps are called 'first'"),
        ("{name: first, write:", "{name: first, manual: x, write:", "{name: first, manual", "exactly one verb"),
        ("like: dual}", "like: red}", "red}", "circle"),
        ("job: good", "job: good\njob: again", "job: again", "stands twice"),
        ("speed: 0.4 mm/s}", "speed: [0.4 mm/s, 10]}", "10]", "has no unit"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, old: str, new: str, token: str, words: str) -> None:
    text = broken(old, new)
    before = text[: text.index(token)]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    found = problems(tmp_path, text)
    assert any(words in problem for problem in found), found
    assert any(problem.startswith(f"job.yaml:{place}: ") and words in problem for problem in found), found


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = broken("pulse_energy", "puls_energy", broken("depth: 200 um", "dept: 200 um"))
    assert len(problems(tmp_path, text)) == 1  # the shape of the job comes first
    text = broken("process: glass_bri_lines,", "process: lines,", broken("type: lines", "type: line"))
    assert len(problems(tmp_path, text)) == 2


def test_a_good_job_plans_the_same_rows_every_time(tmp_path: Path) -> None:
    path = write_job(tmp_path)
    first, second = plan_job(load_job(path)), plan_job(load_job(path))
    assert first.header.digest == second.header.digest
    assert first.header.n_rows == 5 * 4 + 3 * 4
    assert [s.n_exposures for s in first.header.sections] == [5, 3]


def test_deep_layers_come_before_shallow_ones(tmp_path: Path) -> None:
    toolpath = plan_job(load_job(write_job(tmp_path, DOTS)))
    z = [int(v) for block in toolpath.blocks() for v in block.end_ticks[:, 2]]
    assert len(set(z)) == 3
    assert z == sorted(z), "z rises out of the sample: the deepest layer is written first"


@pytest.mark.parametrize("reference", ["../secret.svg", "/etc/passwd", "a/../../b.svg", "..\\x.svg", "."])
def test_files_outside_the_jobs_folder_are_refused(tmp_path: Path, reference: str) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (tmp_path / "secret.svg").write_text("<svg/>")
    text = broken("machine: fs1030-linuxcnc", f"machine: '{reference}.yaml'")
    assert any("folder" in p or "unknown" in p for p in problems(folder, text))


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("machine: secret")
    (folder / "m.yaml").symlink_to(tmp_path / "secret.yaml")
    found = problems(folder, GOOD.replace("machine: fs1030-linuxcnc", "machine: m.yaml", 1))
    assert any("leads out" in p for p in found)


def test_a_lab_profile_beside_the_job_is_found(tmp_path: Path) -> None:
    shipped = load_job(write_job(tmp_path)).inputs.read_files["machine", "fs1030-linuxcnc"].content
    (tmp_path / "machine_profiles").mkdir()
    own = shipped.replace(b"machine: fs1030-linuxcnc", b"machine: ours")
    (tmp_path / "machine_profiles" / "ours.yaml").write_bytes(own)
    loaded = load_job(write_job(tmp_path, broken("machine: fs1030-linuxcnc", "machine: ours")))
    assert loaded.machines[0].machine == "ours"


def test_a_profile_is_called_what_it_calls_itself(tmp_path: Path) -> None:
    shipped = load_job(write_job(tmp_path)).inputs.read_files["machine", "fs1030-linuxcnc"].content
    (tmp_path / "machine_profiles").mkdir()
    (tmp_path / "machine_profiles" / "ours.yaml").write_bytes(shipped)
    (found,) = problems(tmp_path, broken("machine: fs1030-linuxcnc", "machine: ours"))
    assert "the profile calls itself 'fs1030-linuxcnc', the job calls it 'ours'" in found
    assert found.startswith("ours.yaml:")


def test_an_aperture_needs_its_medium(tmp_path: Path) -> None:
    shipped = load_job(write_job(tmp_path)).inputs.read_files["machine", "fs1030-linuxcnc"].content
    (tmp_path / "machine_profiles").mkdir()
    dry = shipped.replace(b"machine: fs1030-linuxcnc", b"machine: dry").replace(b"na: 0.40", b"na: 1.40")
    (tmp_path / "machine_profiles" / "dry.yaml").write_bytes(dry)
    (found,) = problems(tmp_path, broken("machine: fs1030-linuxcnc", "machine: dry"))
    assert "NA of 1.4 needs an immersion medium" in found


def test_a_placeholder_is_no_answer(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, broken('{value: "1", source', '{value: "<answer>", source'))
    assert "still the placeholder" in found
