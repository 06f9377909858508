"""Where time and energy go, against sums that can be done by hand."""

import io
from pathlib import Path

import pytest

from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.time_budget import time_budget
from lasercam.preview.time_budget import (
    EXPOSING,
    GATE,
    MOVING,
    SETTLING,
    WITHOUT_BEAM,
    StepTime,
    TimeBudget,
    TimeShare,
)
from lasercam.preview.time_figure import draw_time
from tests.support.jobs import CONTINUOUS, DOTS, GOOD, write_job

PATTERNS = Path(__file__).parents[2] / "patterns"


def budget_of(folder, text):
    loaded = load_job(write_job(folder, text))
    toolpath = plan_job(loaded)
    return loaded, toolpath, time_budget(loaded, toolpath)


@pytest.mark.parametrize(
    "text", [GOOD, DOTS, CONTINUOUS, DOTS.replace("write: {block.all", "repeat: 3, write: {block.all")]
)
def test_all_kinds_together_are_the_duration_of_the_sections(tmp_path, text):
    _, toolpath, budget = budget_of(tmp_path, text)
    planned = sum(section.duration_s for section in toolpath.header.sections)
    assert budget.beam_s == pytest.approx(planned, rel=1e-9)
    assert all(seconds >= 0 for share in budget.shares() for seconds in share.seconds.values())


@pytest.mark.parametrize("name", ["microdisc_fly", "two_step_segregation", "photodetector_bars", "sweep_energy_speed"])
def test_shipped_jobs_of_all_kinds_add_up(name):
    loaded = load_job(PATTERNS / f"{name}.yaml")
    toolpath = plan_job(loaded)
    budget = time_budget(loaded, toolpath)
    planned = sum(section.duration_s for section in toolpath.header.sections)
    assert budget.beam_s == pytest.approx(planned, rel=1e-6)
    exposures = sum(s.n_exposures * s.repeat for s in toolpath.header.sections)
    assert sum(share.exposures for share in budget.shares()) == exposures


def test_dots_get_their_exposure_and_their_pulses(tmp_path):
    loaded, _, budget = budget_of(tmp_path, DOTS)
    (share,) = budget.shares()
    assert share.exposures == 90
    assert share.seconds[EXPOSING] == pytest.approx(90 * 1.0)
    assert share.seconds[SETTLING] == pytest.approx(90 * loaded.machines[0].controller.settle_time)
    # F32: N = f t, E = N E_pulse.
    assert share.pulses == pytest.approx(90 * 10_000)
    assert share.energy_uj == pytest.approx(90 * 10_000 * 50.0)
    assert share.seconds[MOVING] > 0


def test_lines_get_power_times_the_time_of_the_open_gate(tmp_path):
    _, _, budget = budget_of(tmp_path, GOOD)
    first = next(budget.shares())
    # Five lines of 300 µm at 0.4 mm/s and 0.5 W; run-ups see to it that the speed is reached.
    assert first.seconds[EXPOSING] == pytest.approx(5 * 0.75, rel=0.01)
    assert first.energy_uj == pytest.approx(5 * 0.75 * 500_000.0, rel=0.01)
    assert first.pulses == pytest.approx(5 * 0.75 * 10_000, rel=0.01)


def test_continuous_light_has_energy_and_no_pulses(tmp_path):
    _, _, budget = budget_of(tmp_path, CONTINUOUS)
    dots = budget.steps[1].shares[0]
    assert budget.pulses == 0
    assert dots.energy_uj == pytest.approx(12 * 0.5 * 1_000.0)
    lines = {share.recipe: share.energy_uj for share in budget.steps[0].shares}
    assert lines["powers[1]"] == pytest.approx(2 * lines["powers[0]"], rel=0.02)


def test_single_shots_get_one_pulse_each():
    loaded = load_job(PATTERNS / "microdisc_fly.yaml")
    toolpath = plan_job(loaded)
    budget = time_budget(loaded, toolpath)
    assert budget.pulses == sum(s.n_exposures * s.repeat for s in toolpath.header.sections)
    energy = sum(
        share.pulses * toolpath.header.recipes[i].laser.pulse_energy_uj for i, share in enumerate(budget.shares())
    )
    assert budget.energy_uj == pytest.approx(energy)


def test_slow_gates_wait_and_furnaces_hold():
    loaded = load_job(PATTERNS / "write_heat_rewrite.yaml")
    budget = time_budget(loaded, plan_job(loaded))
    assert budget.of(WITHOUT_BEAM) == 7200.0
    assert [step.stops for step in budget.steps] == [1, 1, 1, 1]
    assert "time not known" in budget.steps[3].note


def example():
    kinds = {EXPOSING: 10.0, MOVING: 5.0, GATE: 1.0, SETTLING: 0.5}
    steps = (
        StepTime("write <&>", "write", (TimeShare("a", kinds, 3), TimeShare("b", kinds, 3)), 1),
        StepTime("furnace", "heat", (TimeShare("", {WITHOUT_BEAM: 7200.0}),), 1, "held"),
        StepTime("look", "read", (), 1, "by hand, time not known"),
    )
    return TimeBudget("job", steps, ("a note",))


def test_kinds_differ_by_hatching_too_and_the_drawing_repeats():
    drawn = []
    for _ in range(2):
        out = io.BytesIO()
        draw_time(example(), out, fmt="svg")
        drawn.append(out.getvalue())
    assert drawn[0] == drawn[1]
    hatched = drawn[0].count(b"<pattern ")
    assert hatched >= 4, "every kind but the first has a hatching of its own"
    assert b"<&>" not in drawn[0]


def test_hundreds_of_recipes_are_cut_and_said_so():
    shares = tuple(TimeShare(f"r[{i}]", {EXPOSING: 1.0}) for i in range(500))
    out = io.BytesIO()
    draw_time(TimeBudget("job", (StepTime("many", "write", shares, 1),)), out, fmt="pdf")
    assert out.getvalue().startswith(b"%PDF")
