"""What the dialects find wrong before a file is written."""

from dataclasses import replace

import pytest

from lasercam.dialects import judgement
from lasercam.dialects.grbl import Grbl
from lasercam.dialects.linuxcnc import LinuxCnc
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.finding import Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind
from tests.dialects import planning
from tests.support import builders

CNC, GRBL = LinuxCnc(), Grbl()


def judge(dialect: Dialect, machine: Machine, *recipes: Recipe, far_um: float = 1.0) -> dict[str, Finding]:
    block = builders.rows([(RowKind.JUMP, (far_um, 0, 0))])
    found = list(dialect.judge(planning.header_for(recipes, [block], machine), 0, machine))
    known = {code.code: code for code in dialect.codes}
    for finding in found:
        assert finding.code in known
        assert finding.severity is known[finding.code].severity
        assert finding.hint
    assert len({(f.code, f.on) for f in found}) == len(found)
    return {finding.code: finding for finding in found}


def test_a_good_job_has_no_findings() -> None:
    long = planning.linuxcnc_machine(trigger={**planning.TRIGGER, "width": "0.7 ms"})
    assert judge(CNC, long, planning.RECIPES[0], planning.RECIPES[2], planning.RECIPES[4]) == {}
    assert judge(GRBL, planning.grbl_machine(), planning.RECIPES[0], planning.RECIPES[2]) == {}


def test_gate_times() -> None:
    found = judge(CNC, planning.linuxcnc_machine(), builders.dot_recipe(0.001))
    assert "0.002 s" in found["E_GATE_TIME"].hint
    assert found["E_GATE_TIME"].value == 0.001
    # 20 ms × 10 kHz = 200 pulses, up to 3 ms × 10 kHz = 30 more.
    message = judge(CNC, planning.linuxcnc_machine(), builders.dot_recipe(0.02))["W_GATE_TIMING"].message
    assert "200 pulses" in message
    assert "30 more" in message
    assert judge(CNC, planning.linuxcnc_machine(), builders.dot_recipe(0.3)) == {}
    assert "W_GATE_TIMING" in judge(CNC, planning.linuxcnc_machine(), builders.dot_recipe(0.299))
    assert "E_GATE_TIME" not in judge(CNC, planning.linuxcnc_machine(), builders.dot_recipe(0.002))


def test_the_stage_stands_until_the_picker_has_passed_its_pulses() -> None:
    """7 pulses at 10 kHz last 0.7 ms."""
    short = planning.linuxcnc_machine(trigger={**planning.TRIGGER, "width": "0.5 ms"})
    found = judge(CNC, short, builders.dot_recipe(pulses=7))["E_TRIGGER_WIDTH"]
    assert "last 0.0007 s" in found.message
    assert "`trigger: width` of 0.0007 s or more, or count at most 5 pulses" in found.hint


SLOW_GATE = {
    "min_open": "2 ms", "overhead": "0 s", "open_delay": "30 ms", "close_delay": "10 ms", "time_step": "5 ms",
    "source": "example value",
}  # fmt: skip


def test_a_slow_gate_is_open_from_command_to_command() -> None:
    """Exposure + 30 ms - 10 ms must be on the grid of 5 ms and above min_open."""
    slow = builders.machine(gate=SLOW_GATE)
    assert judge(CNC, slow, builders.dot_recipe(0.5)) == {}
    found = judge(CNC, slow, builders.dot_recipe(0.501))["E_GATE_STEP"]
    assert "0.521 s from command to command" in found.message
    assert found.hint.endswith("0.5 s")
    fast_close = builders.machine(gate={**SLOW_GATE, "open_delay": "10 ms", "close_delay": "30 ms"})
    found = judge(CNC, fast_close, builders.dot_recipe(0.02))["E_GATE_TIME"]
    assert "0.02 s (0 s from command to command)" in found.message
    assert found.hint.endswith("0.022 s"), "20 ms are lost while it opens, 2 ms must be left"


FIRING = {"step": "10 nm", "speed": "2 mm/s", "max_rate": "5 kHz", "max_shots": 1000, "source": "example value"}


def sweeps(recipe: Recipe, **firing: object) -> dict[str, Finding]:
    found = list(judgement.judge_sweeps([recipe], builders.machine(position_firing={**FIRING, **firing})))
    return {finding.code: finding for finding in found}


def test_pitches_fit_the_encoder_and_rates_the_output_and_the_laser() -> None:
    assert sweeps(builders.dot_recipe(pulses=0, pitch_ticks=10_000)) == {}
    found = sweeps(builders.dot_recipe(pulses=0, pitch_ticks=10_040))["E_PITCH_STEP"]
    assert "1.004 µm" in found.message
    assert found.hint.endswith("1 µm")
    # 2 mm/s / 0.2 um = 10 kHz: the laser gives that, the output half of it.
    found = sweeps(builders.dot_recipe(pulses=0, pitch_ticks=2_000))["E_FIRING_RATE"]
    assert "10000 shots per second, but the output fires at most 5000" in found.message
    assert found.hint.endswith("1000 µm/s")
    found = sweeps(builders.dot_recipe(pulses=0, pitch_ticks=1_000), max_rate="1 MHz")["E_FIRING_RATE"]
    assert "the laser pulses at most 10000 times" in found.message


def test_a_shot_leaves_with_the_next_pulse_of_the_laser() -> None:
    """2 mm/s / 100 kHz = 20 nm: too much for a spot of 0.1 um, not for one of 1 um."""

    def with_spot(radius_um: float) -> Recipe:
        return builders.dot_recipe(pulses=1, values={"spot_radius": Valued(radius_um, Confidence.SUPPLIED, "lab")})

    assert sweeps(with_spot(1.0)) == {}
    found = sweeps(with_spot(0.1))["W_FIRING_JITTER"]
    assert "0.02 µm" in found.message
    assert found.hint.endswith("1000 µm/s or slower")


def test_a_profile_that_fires_by_position_needs_a_language_that_can() -> None:
    found = judge(CNC, builders.machine(position_firing=FIRING), builders.dot_recipe(1.0))
    assert "no position-synchronised output" in found["E_CONTROLLER_SETTING"].message


@pytest.mark.parametrize(
    ("exposure_s", "near"), [(0.06, "0.05 s"), (0.09, "0.1 s"), (0.01, "0.05 s"), (1.03, "1.05 s")]
)
def test_grbl_dwell_grid(exposure_s: float, near: str) -> None:
    found = judge(GRBL, planning.grbl_machine(), builders.dot_recipe(exposure_s))
    assert found["E_DWELL_GRID"].hint.endswith(near)
    assert "E_DWELL_GRID" not in judge(CNC, planning.linuxcnc_machine(), builders.dot_recipe(exposure_s))


def test_counted_pulses() -> None:
    seven = builders.dot_recipe(pulses=7)
    found = judge(CNC, builders.machine(), seven)["E_NO_TRIGGER"]
    # 2 ms at 10 kHz; 7 pulses in 2 ms are 3500 Hz.
    assert "would pass 20" in found.message
    assert "3500 Hz" in found.hint
    found = judge(GRBL, planning.grbl_machine(), seven)["E_NO_TRIGGER"]
    assert "would pass 500" in found.message
    assert "140 Hz" in found.hint
    assert (
        "1 s passes 10000 pulses"
        in judge(CNC, builders.machine(), builders.dot_recipe(pulses=10_000))["E_NO_TRIGGER"].hint
    )
    many = judge(CNC, planning.linuxcnc_machine(), builders.dot_recipe(pulses=1001))["E_PULSE_COUNT"]
    assert (many.value, many.limit) == (1001, 1000)
    mixed = judge(CNC, planning.linuxcnc_machine(), seven, builders.dot_recipe(pulses=9, name="nine"))
    assert "7, 9" in mixed["E_MIXED_COUNTS"].message


def test_recipes_of_other_laser_settings_are_not_judged() -> None:
    other = replace(builders.dot_recipe(0.001), laser=replace(builders.LASER, pulse_energy_uj=1.0))
    assert judge(CNC, planning.linuxcnc_machine(), other) == {}


@pytest.mark.parametrize(("dialect", "machine"), [(CNC, planning.linuxcnc_machine()), (GRBL, planning.grbl_machine())])
def test_firing_by_position(dialect: Dialect, machine: Machine) -> None:
    recipe = builders.line_recipe(pitch_ticks=5_000)
    assert "5000 µm/s" in judge(dialect, machine, recipe)["E_NO_POSITION_FIRING"].hint


def test_increments() -> None:
    machine = planning.grbl_machine()
    block = builders.rows([(RowKind.JUMP, (1.5, 0, 0))])
    header = planning.header_for(planning.TIMED_RECIPES[:1], [block], builders.machine())
    assert [f.code for f in GRBL.judge(header, 0, machine)] == ["E_INCREMENT"]
    assert [f.code for f in CNC.judge(header, 0, planning.linuxcnc_machine())] == []
    # 24 bits at 1 nm end within a millimetre, at 1 µm within a metre.
    assert "E_INCREMENT" in judge(GRBL, planning.grbl_machine(increment="1 nm"), far_um=1_100)
    assert judge(GRBL, planning.grbl_machine(increment="1 nm"), far_um=1_000) == {}
    assert judge(GRBL, machine, far_um=1_000_000) == {}


def test_grbl_feeds_and_settings() -> None:
    assert "16.667 µm/s" in judge(GRBL, planning.grbl_machine(), builders.line_recipe(16.0))["E_FEED_FLOOR"].hint
    assert "E_FEED_FLOOR" not in judge(GRBL, planning.grbl_machine(), builders.line_recipe(16.667))
    found = judge(GRBL, planning.grbl_machine(), builders.line_recipe(19_999.999))["E_INCREMENT"]
    near_um_s = float(found.hint.split()[-2])
    assert judge(GRBL, planning.grbl_machine(), builders.line_recipe(near_um_s)) == {}
    for settings in ({"32": "1"}, {"30": "1000"}, {"30": "0", "32": "1"}, {"30": "1000", "32": "1", "31": "3"}):
        assert list(judge(GRBL, planning.grbl_machine(settings))) == ["E_CONTROLLER_SETTING"]


def test_gate_and_trigger_need_their_own_outputs() -> None:
    machine = planning.linuxcnc_machine(trigger={**planning.TRIGGER, "output": 0})
    assert list(judge(CNC, machine)) == ["E_CONTROLLER_SETTING"]
