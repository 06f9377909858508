"""Files beside a job file: written, hashed, proven, and missed when they are gone or spoilt."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from lasercam.errors import LasercamError, RereadError
from lasercam.model.companions import CompanionReader, companion_folder, write_companions
from lasercam.pipeline.manifest import MANIFEST_NAME, sealed
from lasercam.pipeline.verify import verify_build
from tests.pipeline.conftest import Built
from tests.support.jobs import DOTS, GOOD

PROFILES = Path(__file__).parents[2] / "machine_profiles"
MICRODISCS = Path(__file__).parents[2] / "patterns" / "microdisc_array.yaml"


@pytest.fixture
def xps_text(tmp_path: Path) -> str:
    """A job of lines on an XPS: the machine lies beside it."""
    laser = (PROFILES / "fs1030-linuxcnc.yaml").read_text().partition("\ncontroller:")[0]
    controller = (PROFILES / "fs515-xps.yaml").read_text().partition("\ncontroller:")[2]
    folder = tmp_path / "machine_profiles"
    folder.mkdir()
    text = laser.replace("machine: fs1030-linuxcnc", "machine: fs1030-xps") + "\ncontroller:" + controller
    (folder / "fs1030-xps.yaml").write_text(text)
    return GOOD.replace("fs1030-linuxcnc", "fs1030-xps")


LINE_ARC = """
controller:
  dialect: newport_xps
  increment: 10 nm
  path_tolerance: 0.5 um
  settings: {group: XY, z_group: Z, trajectory: line-arc, lines: pulses}
  source: example value
"""


@pytest.mark.parametrize("language", ["acs", "xps"])
def test_rows_of_single_shots_are_swept(built: Built, tmp_path: Path, language: str) -> None:
    """Discs of one pulse each, on machines that fire by position: one sweep per row of discs."""
    head = (PROFILES / "fs515-linuxcnc.yaml").read_text()
    acs = (PROFILES / "fs1030-acs.yaml").read_text()
    fires = acs[acs.index("\ngate:") : acs.index("\nobjective:")]
    controller = LINE_ARC if language == "xps" else acs[acs.index("\ncontroller:") :]
    objective = head[head.index("\nobjective:") : head.index("\ncontroller:")]
    folder = tmp_path / "machine_profiles"
    folder.mkdir()
    text = head[: head.index("\ngate:")] + fires + objective + controller
    (folder / "sweeper.yaml").write_text(text.replace("machine: fs515-linuxcnc", "machine: sweeper"))
    built_folder = built(MICRODISCS.read_text().replace("fs515-linuxcnc", "sweeper"))
    proof = verify_build(built_folder)
    assert proof.holds, proof.mismatches
    (program,) = (p for p in built_folder.glob("01-*") if p.is_file())
    sweeps = re.findall(r"FixedDistPulse|XYLineArcExecution", program.read_text())
    assert len(sweeps) == 50
    if language == "xps":
        assert len(list(companion_folder(program).iterdir())) == 2, "there and back share a trajectory each"


def reseal(folder: Path) -> None:
    """Make the manifest's hashes fit, as a forger would."""
    path = folder / MANIFEST_NAME
    data = json.loads(path.read_text())
    del data["manifest"]
    listed = {e["file"] for e in data["programs"]} | {MANIFEST_NAME}
    data["files"] = [{"file": n} for p in sorted(folder.rglob("*")) if p.is_file()
                     and (n := p.relative_to(folder).as_posix()) not in listed]  # fmt: skip
    for entry in [*data["programs"], *data["files"]]:
        entry["sha256"] = hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
    path.write_text(sealed(data))


def test_jobs_with_companions_are_proven(built: Built, xps_text: str) -> None:
    folder = built(xps_text)
    proof = verify_build(folder)
    assert proof.holds, proof.mismatches
    assert sum(proof.exposures.values()) == 8
    beside = sorted(p.name for p in (folder / "01-first.xps.files").iterdir())
    assert beside
    assert beside == sorted(set(re.findall(r"lc-\w+\.trj", (folder / "01-first.xps").read_text())))
    listed = {entry["file"] for entry in json.loads((folder / MANIFEST_NAME).read_text())["files"]}
    assert {f"01-first.xps.files/{name}" for name in beside} <= listed


@pytest.mark.parametrize("text", [MICRODISCS.read_text().replace("fs515-linuxcnc", "fs515-xps"), DOTS])
def test_dots_are_proven(built: Built, xps_text: str, text: str) -> None:
    folder = built(text.replace("fs1030-linuxcnc", "fs1030-xps"))
    proof = verify_build(folder)
    assert proof.holds, proof.mismatches
    (program,) = folder.glob("01-*.xps")
    assert len(list(companion_folder(program).iterdir())) == 1
    assert proof.exposures[program.name] == (2500 if "disc" in text else 90)


def test_spoilt_companions_are_found_by_their_hash_and_by_the_reader(built: Built, xps_text: str) -> None:
    folder = built(xps_text)
    good = (folder / "01-first.xps.files").iterdir().__next__()
    name, content = good.name, good.read_bytes()
    other = content.replace(b"0.4", b"0.5")
    assert other != content
    good.write_bytes(other)
    found = [str(m) for m in verify_build(folder).mismatches]
    assert any(name in text and "changed after the build" in text for text in found)
    reseal(folder)
    found = [str(m) for m in verify_build(folder).mismatches]
    assert any("does not hold what its name was made from" in text for text in found)
    # A forger who renames the file, its calls and the hashes: the motion itself is wrong.
    good.unlink()
    forged = f"lc-{hashlib.sha256(other).hexdigest()[:16]}.trj"
    good.with_name(forged).write_bytes(other)
    program = folder / "01-first.xps"
    program.write_text(program.read_text().replace(name, forged))
    reseal(folder)
    found = [str(m) for m in verify_build(folder).mismatches]
    assert any("neither keeps its speed nor ramps evenly" in text for text in found)


def test_lost_and_superfluous_companions_are_found(built: Built, xps_text: str) -> None:
    folder = built(xps_text)
    beside = folder / "01-first.xps.files"
    (beside / "lc-0000.trj").write_bytes(b"")
    assert any("added after the build" in str(m) for m in verify_build(folder).mismatches)
    reseal(folder)
    assert any("no call of '01-first.xps' uses it" in str(m) for m in verify_build(folder).mismatches)
    shutil.rmtree(beside)
    found = [str(m) for m in verify_build(folder).mismatches]
    assert any("is missing" in text for text in found)
    assert any("missing or too large" in text for text in found)


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", ".hidden", "", "a" * 65, "x\ny", "a..b", "a\\b", "c:d"])
def test_names_are_never_paths(tmp_path: Path, name: str) -> None:
    program = tmp_path / "p.xps"
    with pytest.raises(LasercamError, match="no plain file name"):
        write_companions(program, {name: b""})
    with pytest.raises(RereadError, match="no plain file name"):
        CompanionReader(program)(name)


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LasercamError, match="upper and lower case"):
        write_companions(tmp_path / "p.xps", {"a.trj": b"", "A.trj": b""})


def test_links_are_not_followed(tmp_path: Path) -> None:
    program = tmp_path / "p.xps"
    write_companions(program, {"a.trj": b"good"})
    assert CompanionReader(program)("a.trj") == b"good"
    (tmp_path / "outside.trj").write_bytes(b"other")
    (companion_folder(program) / "b.trj").symlink_to(tmp_path / "outside.trj")
    with pytest.raises(RereadError, match="missing or too large"):
        CompanionReader(program)("b.trj")
