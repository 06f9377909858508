"""A repair writes what a reader missed, and nothing that is there; or says that none is needed."""

from pathlib import Path

import numpy as np
import pytest

from lasercam.cli.main import run
from lasercam.errors import InputError
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.repair import find_damage, load_repair, with_key
from tests.pipeline.test_stored_data import JOB


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build, and two readings of it: one with all pictures, one with a single page of the three."""
    folder = tmp_path_factory.mktemp("repair")
    (folder / "job.yaml").write_text(JOB.replace("group: [2, 2]", "group: [2, 0]\n    parity: 4"))
    assert run(["build", str(folder / "job.yaml"), "-o", str(folder / "out"), "--no-pictures"]) == 0
    simulate = ["read", "--simulate", str(folder / "out"), "--keep-images"]
    assert run([*simulate, "-o", str(folder / "bad")]) == 1
    return folder


def test_lost_voxels_are_written_and_no_others(written: Path, tmp_path: Path) -> None:
    assert run(["repair", str(written / "out"), str(written / "bad"), "-o", str(tmp_path / "fix")]) == 0
    assert run(["verify", str(tmp_path / "fix")]) == 0
    job = load_job(tmp_path / "fix")
    table = next((written / "bad").glob("missing-*.csv")).read_text().splitlines()[1:]
    toolpath = plan_job(job)
    rows = np.concatenate([b.end_ticks[b.exposes] for b in toolpath.blocks()])
    assert len(rows) == len(table) > 5
    whole = {tuple(p) for b in plan_job(load_job(written / "out")).blocks() for p in b.end_ticks[b.exposes].tolist()}
    assert {tuple(p) for p in rows.tolist()} <= whole
    with pytest.raises(InputError, match="build of a repair"):
        load_repair(tmp_path / "fix", find_damage(written / "out", written / "bad"))


def test_what_the_code_covers_is_not_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "job.yaml").write_text(JOB)
    assert run(["build", str(tmp_path / "job.yaml"), "-o", str(tmp_path / "out"), "--no-pictures"]) == 0
    assert run(["read", "--simulate", str(tmp_path / "out"), "-o", str(tmp_path / "good")]) == 0
    capsys.readouterr()
    assert run(["repair", str(tmp_path / "out"), str(tmp_path / "good"), "-o", str(tmp_path / "fix")]) == 0
    told = capsys.readouterr().out
    assert "the code covers them" in told
    assert "Nothing has to be repaired." in told
    assert not (tmp_path / "fix").exists()


def test_readings_of_other_files_are_refused(written: Path, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(JOB.replace("read for ever", "read tomorrow"))
    assert run(["build", str(tmp_path / "job.yaml"), "-o", str(tmp_path / "out"), "--no-pictures"]) == 0
    with pytest.raises(InputError, match="readings of other files"):
        find_damage(tmp_path / "out", written / "bad")
    (tmp_path / "reading.json").write_text("{}}")
    with pytest.raises(InputError, match="is not what"):
        find_damage(tmp_path / "out", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "patterns:\n  data:\n    type: payload\n    text: x\n",
        "patterns:\n  data: {type: payload, text: x}\n",
        "patterns:\n  data: {text: x, type: payload}",
        "patterns:\n  data:\n    text: type payload\n    type: 'payload' # says what\n",
        "patterns:\n    data:\n        type: payload",
        "patterns: {data: {type: payload,\n  text: x}}\n",
    ],
)
def test_a_key_is_added_and_nothing_else_is_changed(text: str) -> None:
    changed = with_key(text.encode(), ("patterns", "data"), "type", "repair", "missing.csv").decode()
    assert changed.count("repair: missing.csv") == 1
    assert all(word.strip("{},") in changed for word in text.split())


def test_pictures_are_read_as_they_were_kept(written: Path, tmp_path: Path) -> None:
    images = sorted((written / "bad" / "images").iterdir())
    assert len(images) == 4 * len({image.name.rpartition(".")[0].rpartition(".")[0] for image in images})
    assert run(["read", str(written / "bad" / "images"), "-o", str(tmp_path / "again")]) == 1
    first, second = (sorted(f.glob("pages-*.csv"))[0].read_text() for f in (written / "bad", tmp_path / "again"))
    states = [[line.split(",")[:6] for line in text.splitlines()] for text in (first, second)]
    assert states[0] == states[1]
