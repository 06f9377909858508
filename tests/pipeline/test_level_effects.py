"""Stored levels show the colours that the lab gives them, and nothing is guessed where a furnace follows."""

from pathlib import Path

from lasercam.pipeline.pictures import simulate, views_of
from lasercam.pipeline.planning import plan_job
from tests.pipeline.test_stored_data import JOB, loaded


def peaks(folder: Path, text: str) -> list[float]:
    job = loaded(folder, text)
    return sorted(emitter.peak_nm for emitter in simulate(job, plan_job(job)).emitters)


def test_each_level_has_its_colour(tmp_path: Path) -> None:
    assert peaks(tmp_path / "a", JOB) == [514.0, 560.0, 613.0, 655.0]
    job = loaded(tmp_path / "b", JOB)
    assert views_of(job, plan_job(job)) == ("daylight", "uv")
    simulation = simulate(job, plan_job(job))
    lit = {e.peak_nm: float((image > 0.1).mean()) for e, image in simulation.states[-1].radiance.items()}
    # Scrambled data have every level alike; headers are of the lowest and the highest only.
    assert 0.8 < lit[560.0] / lit[613.0] < 1.25
    assert lit[514.0] > lit[560.0]
    assert lit[655.0] > lit[613.0]


def test_a_recipe_of_several_levels_has_none_of_their_colours(tmp_path: Path) -> None:
    alike = JOB.replace("[0.5 s, 1 s, 1.5 s, 2 s]", "1 s")
    assert peaks(tmp_path / "a", alike) == []
    heated = JOB.replace(
        "steps: [{name: write, write: {data: colour}}]",
        "steps:\n  - {name: write, write: {data: colour}}\n"
        "  - {name: furnace, heat: {temperature: 400 degC, hold_time: 1 h, ramp_rate: 5 degC/min, atmosphere: air}}",
    )
    assert peaks(tmp_path / "b", heated) == []
