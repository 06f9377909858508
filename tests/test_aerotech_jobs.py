"""Shipped jobs on the shipped Aerotech stages: built, written and proven by the readers, from the job to the file."""

from pathlib import Path

import pytest

from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build

PATTERNS = Path(__file__).parents[1] / "patterns"


@pytest.mark.parametrize("machine", ["fs1030-a3200", "fs1030-automation1"])
@pytest.mark.parametrize(("job", "exposures"), [("xiao2024_lines", 71), ("voxel_block", 9600)])
def test_a_shipped_job_is_written_for_aerotech(job: str, exposures: int, machine: str, tmp_path: Path) -> None:
    text = (PATTERNS / f"{job}.yaml").read_text()
    path = tmp_path / f"{job}.yaml"
    path.write_text("".join(
        f"machine: {machine}\n" if line.startswith("machine:") else line for line in text.splitlines(keepends=True)
    ))  # fmt: skip
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    proof = verify_build(folder)
    assert proof.mismatches == []
    assert sum(proof.exposures.values()) == exposures
