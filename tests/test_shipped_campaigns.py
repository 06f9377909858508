"""Shipped jobs that follow a sample through furnaces, erasures and rewrites end where their papers say."""

from pathlib import Path

import pytest

from lasercam.pipeline.load import load_job
from lasercam.pipeline.pictures import simulate
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.stages import job_stages
from lasercam.process.campaign import Stage

PATTERNS = Path(__file__).parents[1] / "patterns"


def campaign(name: str) -> tuple[Stage, ...]:
    """Stages of a shipped job."""
    loaded = load_job(PATTERNS / f"{name}.yaml")
    return job_stages(loaded, plan_job(loaded))


def conditions(name: str) -> list[str]:
    """What all features are after each furnace, soak and pass."""
    found = []
    for stage in campaign(name):
        if stage.verb not in ("read", "remount", "manual"):
            (one,) = {f.condition for f in stage.features}
            found.append(one)
    return found


def test_the_red_phase_moves_from_613_to_647_nm() -> None:
    reds = [
        line.peak_nm
        for stage in campaign("heat_treatment_series")
        if stage.verb in ("write", "heat")
        for line in stage.features[0].lines
        if line.phase == "CsPb(Br/I)3"
    ]
    assert (reds[0], reds[1], reds[-1]) == (613, 613, 647)
    assert reds == sorted(reds)
    assert len(set(reds)) == 5


def test_iodide_glass_is_dark_until_550_c() -> None:
    assert conditions("heat_treatment_iodide") == ["emitting", "quenched", "quenched", "emitting"]
    assert set(conditions("heat_treatment_bromide")) == {"emitting"}


def test_ten_cycles_end_as_they_began() -> None:
    assert conditions("reversible_cycles") == ["latent", "emitting", *["erased", "emitting"] * 10]
    assert {f.cycles for f in campaign("reversible_cycles")[-1].features} == {10}


def test_photomemory_is_written_erased_and_written_again() -> None:
    assert conditions("photomemory") == ["written", "erased", "written"]
    assert conditions("two_step_segregation") == ["latent", "emitting"]


def test_three_reds_stand_in_one_plate() -> None:
    last = campaign("write_heat_rewrite")[-1]
    peaks = {round(line.peak_nm, 1) for f in last.features for line in f.lines}
    assert peaks == {514.0, 632.4, 655.0}
    loaded = load_job(PATTERNS / "write_heat_rewrite.yaml")
    seen = simulate(loaded, plan_job(loaded))
    glowing = {round(e.peak_nm, 1) for e, image in seen.states[-1].radiance.items() if image.max() > 0}
    assert glowing == peaks


@pytest.mark.parametrize("name", ["direct_1ps", "cspb2br5_conversion"])
def test_jobs_without_a_furnace_need_none(name: str) -> None:
    assert conditions(name) == ["written"]
