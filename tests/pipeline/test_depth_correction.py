"""What stage travel a job's depths become, by the profile's correction, through to job files that are proven."""

from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.errors import MachineLimitError
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.pipeline.inputs import shipped
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.jobs import DOTS, write_job

MACHINE = "fs1030-linuxcnc"
# F21 of the process facts: 133.333 µm of travel, n 1.5, NA 0.40
TEXT = DOTS.replace("refractive_index: 1.52", "refractive_index: 1.5").replace("[6, 5, 3]", "[6, 5, 1]")


def job(folder: Path, depth: str, objective: str) -> Path:
    with shipped("machine_profiles") as shelf:
        profile = (shelf / f"{MACHINE}.yaml").read_text()
    assert "immersion_index: 1.0" in profile
    (folder / "machine_profiles").mkdir()
    written = profile.replace("immersion_index: 1.0", objective)
    (folder / "machine_profiles" / f"{MACHINE}.yaml").write_text(written)
    return write_job(folder, TEXT.replace("depth: 200 um", f"depth: {depth}"))


@pytest.mark.parametrize(
    ("depth", "objective"),
    [
        ("200 um", "immersion_index: 1.0"),
        ("204.745 um", "depth_correction: best_focus"),
        ("210.316 um", "depth_correction: marginal_ray"),
        ("160 um", "{depth_correction: measured, depth_per_travel: 1.2}"),
        ("133.333 um", "immersion_index: 1.5"),
    ],
)
def test_the_stage_travels_what_the_correction_says(tmp_path: Path, depth: str, objective: str) -> None:
    keys = objective.strip("{}").replace(", ", "\n  ")
    path = job(tmp_path, depth, keys)
    (section,) = plan_job(load_job(path)).header.sections
    assert section.low_ticks[2] / TICKS_PER_UM == pytest.approx(-133.333, abs=0.0101)
    assert run(["build", str(path), "-o", str(tmp_path / "out"), "--no-pictures"]) == 0
    assert run(["verify", str(tmp_path / "out")]) == 0


def test_rays_that_do_not_enter_cannot_say_where_they_meet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strong = "immersion_index: 1.55\n  depth_correction: marginal_ray"
    path = job(tmp_path, "200 um", strong)
    profile = tmp_path / "machine_profiles" / f"{MACHINE}.yaml"
    profile.write_text(profile.read_text().replace("na: 0.40", "na: 1.52"))
    with pytest.raises(MachineLimitError, match=r"reflects all above NA 1\.5"):
        plan_job(load_job(path))
    assert run(["check", str(path)]) == 1
    assert "use `paraxial` or `measured`" in capsys.readouterr().err


def test_half_a_correction_is_named_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = job(tmp_path, "200 um", "depth_correction: measured")
    assert run(["check", str(path)]) == 1
    said = capsys.readouterr().err
    assert f"{MACHINE}.yaml:" in said
    assert "`depth_per_travel`, such as 1.62, go together" in said
