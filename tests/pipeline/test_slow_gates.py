"""Jobs for machines whose gate closes slowly, from the text to the proof, in every language."""

from pathlib import Path

import pytest
import yaml

from lasercam.model.finding import Verdict
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from tests.support.jobs import DOTS, GOOD, write_job

PROFILES = Path(__file__).resolve().parents[2] / "machine_profiles"
BASES = ["fs1030-linuxcnc", "fs1030-grbl", "fs1030-a3200", "fs1030-automation1", "fs1030-acs", "fs1030-pi", "fs515-xps"]
WAITS = {
    "fs1030-linuxcnc": "G4 P0.02", "fs1030-grbl": "G4P0.05", "fs1030-acs": "WAIT 20", "fs1030-pi": "DEL 20",
    "fs1030-a3200": "G4 P1.021", "fs1030-automation1": "Dwell(1.021)",
}  # fmt: skip


def slow_job(folder: Path, base: str, text: str) -> Path:
    """A job on a shipped machine whose gate opens and closes 20 ms late, without another laser than the job's."""
    data = yaml.safe_load((PROFILES / f"{base}.yaml").read_text())
    data["machine"] = "slow"
    data["gate"] |= {"open_delay": "20 ms", "close_delay": "20 ms"}
    data["laser"] = yaml.safe_load((PROFILES / "fs1030-linuxcnc.yaml").read_text())["laser"]
    (folder / "machine_profiles").mkdir()
    (folder / "machine_profiles" / "slow.yaml").write_text(yaml.safe_dump(data))
    return write_job(folder, text.replace("fs1030-linuxcnc", "slow"))


def built(path: Path, out: Path) -> Verdict:
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath)
    assert not verdict.errors, verdict.errors
    build(loaded, toolpath, verdict, out, pictures=False)
    proof = verify_build(out)
    assert proof.holds, proof.mismatches
    return verdict


@pytest.mark.parametrize("base", BASES)
def test_dots_wait_for_the_gate(tmp_path: Path, base: str) -> None:
    built(slow_job(tmp_path, base, DOTS), tmp_path / "out")
    (program,) = (p for p in (tmp_path / "out").glob("01-*") if p.is_file())
    if base in WAITS:
        assert program.read_text().count(WAITS[base]) >= 3


@pytest.mark.parametrize("base", [base for base in BASES if base != "fs1030-pi"])
def test_lines_close_before_their_run_out(tmp_path: Path, base: str) -> None:
    built(slow_job(tmp_path, base, GOOD), tmp_path / "out")
