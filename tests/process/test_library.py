"""Loading: inheritance, folders of the lab, and every way it can fail with its place."""

import hashlib
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from lasercam.errors import InputError
from lasercam.model.confidence import Confidence
from lasercam.process.library import load_library, load_process

HEAD = "title: A test\nsource: Lab book 7 (2026)\n"


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_library([folder])
    assert all(p.location is not None for p in caught.value.problems)
    return str(caught.value)


def shipped(name: str) -> bytes:
    return (resources.files("lasercam.process") / "library" / f"{name}.yaml").read_bytes()


def test_a_lab_process_inherits_and_measures_what_was_unknown(tmp_path: Path) -> None:
    write(
        tmp_path,
        "ours.yaml",
        "process: our_lines\ninherits: glass_bri_lines\nremoves: [polarization, lifetime_red]\n"
        + HEAD
        + "parameters:\n"
        + "  spot_radius: {typ: 4 um, tolerance: 0.5 um, confidence: measured}\n"
        + "  speed: {min: 0.2 mm/s, max: 0.8 mm/s, outside: unexplored, confidence: measured}\n"
        + "outcome: {daylight_visible: true}\n",
    )
    ours, base = load_process("our_lines", [tmp_path]), load_process("glass_bri_lines")
    assert (ours.parameters["spot_radius"].typ, ours.parameters["spot_radius"].tolerance) == (4.0, 0.5)
    assert (ours.parameters["speed"].typ, ours.parameters["speed"].min) == (None, 200.0)
    assert ours.parameters["wavelength"] == base.parameters["wavelength"]
    assert ours.parameters["speed"].source == "Lab book 7 (2026) (lab file ours.yaml)"
    assert [u.key for u in ours.unknown] == ["na", "objective", "pulse_energy"]
    assert ours.outcome.emission == base.outcome.emission
    assert ours.outcome.daylight_visible is True
    assert "lifetime_red" not in ours.outcome.facts
    assert "lifetime_green" in ours.outcome.facts
    assert ours.document.conflicts == base.document.conflicts
    assert ours.document.title == "A test"
    assert ours.document.doi == base.document.doi
    assert ours.ancestors == ("glass_bri_lines", "glass_bri_dots")
    assert (ours.origin, base.origin) == ("ours.yaml", "lasercam")


def test_removed_entries_of_the_dots_are_not_in_the_lines() -> None:
    lines = load_process("glass_bri_lines")
    assert not {"exposure", "pulses"} & set(lines.parameters)
    assert not {"feature_pitch", "max_exposure"} & {u.key for u in lines.unknown}


def test_rules_about_removed_parameters_go_too(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.yaml",
        "process: parent\n"
        + HEAD
        + "parameters: {speed: {typ: 1 mm/s, confidence: measured}, exposure: {typ: 1 s, confidence: measured}}\n"
        + "rules:\n  - {parameter: speed, above: 2 mm/s, says: blurred}\n"
        + "  - {parameter: exposure, below: 1 s, says: dim}\n",
    )
    write(tmp_path, "b.yaml", "process: child\ninherits: parent\nremoves: speed\n" + HEAD)
    rules = load_process("child", [tmp_path]).document.rules
    assert [r.says for r in rules] == ["dim"]
    assert (rules[0].holds(0.9), rules[0].holds(1.0)) == (True, False)


def test_a_process_with_new_entries_only_changes_nothing_shipped(tmp_path: Path) -> None:
    write(tmp_path, "x.yml", "process: new_one\n" + HEAD)
    library = load_library([tmp_path])
    assert set(library) - set(load_library()) == {"new_one"}
    assert all(library[n] == p for n, p in load_library().items())
    assert list(library) == sorted(library)


def test_digests_cover_every_file_involved(tmp_path: Path) -> None:
    own = write(tmp_path, "ours.yaml", "process: ours\ninherits: glass_bri_lines\n" + HEAD)
    before = load_process("ours", [tmp_path]).digest
    parts = [
        hashlib.sha256(c).digest() for c in (own.read_bytes(), shipped("glass_bri_lines"), shipped("glass_bri_dots"))
    ]
    assert before == hashlib.sha256(b"".join(parts)).hexdigest()
    write(tmp_path, "ours.yaml", own.read_text() + "# a remark\n")
    assert load_process("ours", [tmp_path]).digest != before
    assert load_process("glass_bri_lines", [tmp_path]).digest == load_process("glass_bri_lines").digest


def test_digests_do_not_depend_on_the_run_or_the_way_of_loading() -> None:
    code = "from lasercam.process.library import load_library as f; print(*(p.digest for p in f().values()))"
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    here = [p.digest for p in load_library().values()]
    assert fresh == here
    assert len(set(here)) == len(here)
    assert [load_process(n).digest for n in load_library()] == here


def test_one_process_reads_only_its_own_files() -> None:
    code = (
        "import lasercam.process.library as m; m.load_process('glass_pure_br'); m.load_process('glass_bri_rewrite'); "
        "print(m._shipped_file.cache_info().currsize)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(found) == 4, "pure_br, lines, dots and rewrite, which follows lines"


def test_the_library_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        load_library()["x"] = load_process("film_rgb_fs")  # type: ignore[index] # what is being tested


@pytest.mark.parametrize("folders", [[], None])
def test_an_unknown_name_gets_the_nearest(folders: list[Path] | None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown process 'glass_bri_line'; did you mean 'glass_bri_lines'\?"):
        load_process("glass_bri_line", [tmp_path] if folders is None else folders)


def test_a_shipped_id_is_not_replaced(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.yaml", HEAD + "process: glass_bri_lines\n")
    said = complaint(tmp_path)
    assert said.startswith(f"{path}:3:10: the process 'glass_bri_lines' is shipped already, in ")
    assert "lasercam/process/library/glass_bri_lines.yaml:1:10" in said
    assert "inherits: glass_bri_lines" in said


def test_two_lab_files_with_one_id(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yaml", "process: ours\n" + HEAD)
    second = write(tmp_path, "b.yaml", "process: ours\n" + HEAD)
    assert complaint(tmp_path).startswith(f"{second}:1:10: the process 'ours' stands twice, first in {first}:1:10")


def test_a_folder_named_twice_counts_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "process: ours\n" + HEAD)
    assert "ours" in load_library([tmp_path, tmp_path / "."])


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"process folder .*gone' cannot be read"):
        load_library([tmp_path / "gone"])
    with pytest.raises(InputError, match="no folder name"):
        load_library([Path("a\0b")])


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    assert "folder.yaml:1:1: the file cannot be read" in complaint(tmp_path)


def test_a_missing_parent(tmp_path: Path) -> None:
    path = write(tmp_path, "a.yaml", "process: ours\ninherits: glass_bri_lnes\n" + HEAD)
    assert complaint(tmp_path).startswith(
        f"{path}:2:11: unknown process 'glass_bri_lnes'; did you mean 'glass_bri_lines'?"
    )


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_circle_of_parents(tmp_path: Path, length: int) -> None:
    for i in range(length):
        write(tmp_path, f"{i}.yaml", f"process: p{i}\ninherits: p{(i + 1) % length}\n" + HEAD)
    said = complaint(tmp_path)
    assert "inherits from itself: " in said
    assert ".yaml:2:11: " in said
    with pytest.raises(InputError, match="p0 →"):
        load_process("p0", [tmp_path])


def test_a_broken_grandparent_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "process: a\ninherits: nowhere_at_all\n" + HEAD)
    write(tmp_path, "b.yaml", "process: b\ninherits: a\n" + HEAD)
    assert complaint(tmp_path).count("nowhere_at_all") == 1


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("removes: [exposure, puls]\ninherits: glass_bri_dots\n", "4:21", "unknown inherited entry 'puls'"),
        ("removes: exposure\n", "4:10", "unknown inherited entry 'exposure'"),
        ("follows: glass_bri_line\n", "4:10", "did you mean 'glass_bri_lines'?"),
        ("rules:\n  - {after: nothing_such, says: x}\n", "5:5", "unknown process 'nothing_such'"),
        ("materials: br_i_borosilicat\n", "4:12", "unknown material 'br_i_borosilicat'"),
        ("unknown:\n  - {key: na}\n  - {key: na}\n", "6:5", "the unknown 'na' stands twice"),
        ("parameters:\n  speed: {typ: 12, confidence: stated}\n", "5:16", "speed: '12' has no unit"),
        ("parameters:\n  speed: {typ: 12 mm, confidence: stated}\n", "5:16", "'12 mm' is not a speed"),
        ("parameters:\n  speed: {min: 0 mm/s, confidence: stated}\n", "5:16", "must be above zero"),
        ("parameters:\n  speed: {min: nan mm/s, confidence: stated}\n", "5:16", "is not a quantity"),
        ("parameters:\n  na: {typ: 1e99, confidence: stated}\n", "5:13", "beyond any laser or stage"),
        ("parameters:\n  speed: {min: 2 mm/s, max: 1 mm/s, confidence: stated}\n", "5:10", "ascending order"),
        ("parameters:\n  speed: {typ: 3 mm/s, max: 1 mm/s, confidence: stated}\n", "5:10", "ascending order"),
        ("parameters:\n  speed: {typ: 3 mm/s}\n", "5:3", "the key 'confidence' is missing"),
        ("parameters:\n  speed: {confidence: stated}\n", "5:10", "at least one of typ, min, max"),
        ("parameters:\n  speed: {min: 1 mm/s, tolerance: 1 um/s, confidence: stated}\n", "5:10", "tolerance is the"),
        ("parameters:\n  sped: {typ: 3 mm/s, confidence: stated}\n", "5:3", "did you mean 'speed'?"),
        ("parameters:\n  speed: {typ: 3 mm/s, confidence: sated}\n", "5:36", "did you mean 'stated'?"),
        ("parameters:\n  speed:\n    confidence: stated\n    candidates: [{value: 1 mm/s, confidence: stated}]\n",
         "6:5", "a single candidate"),
        ("parameters:\n  temperature: {typ: 300 degC, tolerance: 5 K, confidence: stated}\n", "5:43", "above zero"),
        ("limits:\n  pump: {parameter: fluence, max: 5 mJ, confidence: stated}\n", "5:35", "'5 mJ' is not a fluence"),
        ("steps:\n  - {step: s, verb: erase, agent: laser, parameters: {irradiance: {min: 1, confidence: stated}}}\n",
         "5:73", "'1' has no unit"),
        ("rules:\n  - {parameter: speed, above: fast, says: x}\n", "5:31", "'fast' is not a quantity"),
        ("rules:\n  - {parameter: speed, between: [2 mm/s, 1 mm/s], says: x}\n", "5:33", "ascending order"),
        ("rules:\n  - {parameter: speed, says: x}\n", "5:5", "exactly one of below"),
        ("rules:\n  - {above: 2 mm/s, says: x}\n", "5:5", "names a parameter exactly when"),
        ("rules:\n  - {parameter: speed, after: film_rgb_fs, says: x}\n", "5:5", "names a parameter exactly when"),
        ("outcome: {emission: [{phase: X, peak: 514, fwhm: 20 nm}]}\n", "4:39", "has no unit"),
        ("colour: red\n", "4:1", "unknown key 'colour'"),
        ("title: again\n", "4:1", "stands twice"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    path = write(tmp_path, "a.yaml", "process: ours\n" + HEAD + text)
    said = complaint(tmp_path)
    assert message in said
    assert f"{path}:{place}: " in said


def test_the_way_a_contradiction_is_written(tmp_path: Path) -> None:
    two = "[{value: 1 mm/s, confidence: stated}, {value: 1000 um/s, confidence: derived}]"
    write(
        tmp_path,
        "a.yaml",
        "process: ours\n" + HEAD + f"parameters: {{speed: {{candidates: {two}, confidence: stated}}}}\n",
    )
    assert "two candidates of speed are the same value" in complaint(tmp_path)
    both = "{typ: 1 mm/s, candidates: [{value: 1 mm/s, confidence: stated}], confidence: stated}"
    write(tmp_path, "a.yaml", "process: ours\n" + HEAD + f"parameters: {{speed: {both}}}\n")
    assert "candidates (the source contradicts itself) or a typ, not both" in complaint(tmp_path)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(
            tmp_path,
            f"{name}.yaml",
            f"process: {name}\n{HEAD}parameters:\n"
            "  speed: {typ: 1, confidence: stated}\n  na: {typ: 1 m, confidence: stated}\n",
        )
    assert len(complaint(tmp_path).splitlines()) == 4


def test_zero_and_cold_are_values_where_they_make_sense(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.yaml",
        "process: ours\n"
        + HEAD
        + "parameters:\n  depth: {typ: 0 um, confidence: measured}\n"
        + "  temperature: {typ: -40 degC, tolerance: 5 degC, confidence: measured}\n",
    )
    windows = load_process("ours", [tmp_path]).parameters
    assert (windows["depth"].typ, windows["temperature"].typ, windows["temperature"].tolerance) == (0.0, -40.0, 5.0)
    assert windows["depth"].confidence is Confidence.MEASURED
