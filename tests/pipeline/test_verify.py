"""A proven build, and every way to spoil one: each is found and named."""

import hashlib
import json
import random
import re
from pathlib import Path

import pytest

from lasercam.errors import InputError
from lasercam.pipeline.manifest import MANIFEST_NAME, sealed
from lasercam.pipeline.verify import verify_build
from tests.pipeline.conftest import Built
from tests.support.jobs import DOTS, GOOD, write_job

GRBL_GOOD, GRBL_DOTS = (t.replace("fs1030-linuxcnc", "fs1030-grbl") for t in (GOOD, DOTS))
ACS_GOOD, ACS_DOTS = (t.replace("fs1030-linuxcnc", "fs1030-acs") for t in (GOOD, DOTS))
PI_DOTS = DOTS.replace("fs1030-linuxcnc", "fs1030-pi")


def reseal(folder: Path) -> None:
    """Make the manifest's hashes fit spoilt files again, as a forger would: only the readers can tell then."""
    path = folder / MANIFEST_NAME
    data = json.loads(path.read_text())
    del data["manifest"]
    for entry in [*data["programs"], *data["files"]]:
        entry["sha256"] = hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
    path.write_text(sealed(data))


@pytest.mark.parametrize("text", [GOOD, DOTS, GRBL_GOOD, GRBL_DOTS, ACS_GOOD, ACS_DOTS, PI_DOTS])
def test_a_build_is_proven(built: Built, text: str) -> None:
    proof = verify_build(built(text))
    assert proof.holds, proof.mismatches
    assert sum(proof.exposures.values()) == (8 if "grid" in text else 90)


@pytest.mark.parametrize("text", [GOOD, DOTS, GRBL_GOOD, GRBL_DOTS, ACS_GOOD, ACS_DOTS, PI_DOTS])
def test_every_flipped_byte_is_found_and_named(built: Built, text: str) -> None:
    folder = built(text)
    program = sorted(folder.glob("01-*"))[0]
    good = program.read_bytes()
    chance = random.Random(1)
    for place in chance.sample(range(len(good)), 25):
        program.write_bytes(good[:place] + bytes([good[place] ^ (1 << chance.randrange(8))]) + good[place + 1 :])
        proof = verify_build(folder)
        assert any(m.file == program.name for m in proof.mismatches), place
    program.write_bytes(good)
    assert verify_build(folder).holds


@pytest.mark.parametrize("text", [GOOD, DOTS, GRBL_GOOD, GRBL_DOTS])
def test_forged_exposures_are_found_by_the_reader_alone(built: Built, text: str) -> None:
    """With all hashes made to fit: move, repeat, drop or prolong an exposure, and the row and line are named."""
    folder = built(text)
    program = sorted(folder.glob("01-*"))[0]
    good = program.read_bytes()
    lines = good.split(b"\n")
    moving = [i for i, line in enumerate(lines) if re.search(rb"[XY]-?\d", line)]
    chance = random.Random(2)
    for number in chance.sample(moving, min(12, len(moving))):
        digit = re.search(rb"([XY]-?)(\d)", lines[number])
        assert digit is not None
        other = b"7" if digit[2] != b"7" else b"3"
        spoilt = lines[number][: digit.start(2)] + other + lines[number][digit.end(2) :]
        for forged in (
            [*lines[:number], spoilt, *lines[number + 1 :]],
            [*lines[:number], *lines[number + 1 :]],
        ):
            program.write_bytes(b"\n".join(forged))
            reseal(folder)
            named = [m for m in verify_build(folder).mismatches if m.file == program.name]
            assert named, lines[number]
            assert named[0].line > 0 or "too early" in named[0].message, named
    program.write_bytes(good)
    reseal(folder)
    assert verify_build(folder).holds


def test_a_job_edited_after_building_is_named(built: Built, tmp_path: Path) -> None:
    folder = built(GOOD)
    assert verify_build(folder, job=tmp_path / "job.yaml").holds
    edited = write_job(tmp_path, GOOD.replace("count: 5", "count: 6"), "edited.yaml")
    assert [m.file for m in verify_build(folder, job=edited).mismatches] == ["edited.yaml"]
    kept = folder / "inputs" / "job.yaml"
    kept.write_text(GOOD.replace("count: 5", "count: 6"))
    messages = [str(m) for m in verify_build(folder).mismatches]
    assert any("inputs/job.yaml" in m and "changed" in m for m in messages), messages
    assert any("does not make the toolpath" in m for m in messages), messages


def test_missing_and_added_files_are_named(built: Built) -> None:
    folder = built(GOOD)
    (folder / "02-again.ngc").unlink()
    (folder / "03-extra.ngc").write_text("G0 X0\n")
    messages = [str(m) for m in verify_build(folder).mismatches]
    assert "02-again.ngc: is missing" in messages
    assert "03-extra.ngc: was added after the build" in messages


def test_a_changed_manifest_is_refused(built: Built) -> None:
    folder = built(GOOD)
    path = folder / MANIFEST_NAME
    path.write_text(path.read_text().replace('"rows"', '"cows"', 1))
    with pytest.raises(InputError, match="changed after the build"):
        verify_build(folder)
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="damaged"):
        verify_build(folder)


def test_verification_needs_nothing_outside_the_folder(built: Built, tmp_path: Path) -> None:
    folder = built(GOOD)
    (tmp_path / "job.yaml").unlink()
    moved = tmp_path / "elsewhere" / "on a stick"
    moved.parent.mkdir()
    folder.rename(moved)
    assert verify_build(moved).holds
