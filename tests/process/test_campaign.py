"""The state of every feature through a campaign, against what the sources print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.model.confidence import Confidence
from lasercam.model.job import Step
from lasercam.process.campaign import Exposed, stages
from lasercam.process.emission_model import treated_peak_nm
from lasercam.process.heated import heated_line
from lasercam.process.library import load_library

LIBRARY = load_library()
LINES, REWRITE, HEAT = "glass_bri_lines", "glass_bri_rewrite", "glass_bri_heat_treatment"
WRITE = {"name": "write", "write": {"p.a": "r"}}


def heat(temperature, process=HEAT):
    claim = {"process": process} if process else {}
    return {"name": "heat", "heat": {"temperature": f"{temperature:.12g} degC", "hold_time": "1 h", **claim}}


def soak(process, hold="30 min"):
    return {"name": "soak", "soak": {"medium": "moist air", "hold_time": hold, "process": process}}


def run(*steps, process=LINES, other=REWRITE):
    """Stages of steps that expose part p.a with a process, and rewrite or erase it with another."""
    read = [Step.model_validate(s) for s in steps]
    exposed = {
        i: [Exposed("p.a", "r", process if s.write is not None else other)]
        for i, s in enumerate(read)
        if s.pass_kind is not None
    }
    return stages(read, exposed, LIBRARY)


def peaks(stage, feature=0):
    return {line.phase: line.peak_nm for line in stage.features[feature].lines}


REWRITE_STEP = {"name": "again", "rewrite": {"p.a": "r"}}
ERASE = {"name": "erase", "erase": {"p.a": "r"}}


@pytest.mark.parametrize(
    ("celsius", "red", "trust"),
    [
        (200, 613.0, Confidence.STATED),
        (550, 647.0, Confidence.STATED),
        (400, 632.429, Confidence.ASSUMED),  # worked example of the interpolation
    ],
)
def test_a_furnace_moves_the_red_phase_and_leaves_the_green(celsius, red, trust) -> None:
    written, heated = run(WRITE, heat(celsius))
    assert peaks(written) == {"CsPbBr3": 514, "CsPb(Br/I)3": 613}
    assert peaks(heated) == {"CsPbBr3": 514, "CsPb(Br/I)3": pytest.approx(red, abs=1e-3)}
    line = next(n for n in heated.features[0].lines if n.phase != "CsPbBr3")
    assert line.confidence is trust
    assert line.radiance is None, "luminescence rises by an amount nobody prints"


@given(st.floats(200, 550), st.floats(200, 550))
def test_hotter_is_redder_and_agrees_with_the_formula(one: float, two: float) -> None:
    found = [heated_line(LIBRARY[HEAT], t, LINES, "CsPb(Br/I)3", 613.0, LIBRARY).peak_nm for t in sorted((one, two))]
    assert found[0] <= found[1]
    assert found[1] == pytest.approx(treated_peak_nm(max(one, two), 200.0, 613.0, 550.0, 647.0), abs=1e-9)


@pytest.mark.parametrize(("celsius", "there"), [(199, False), (551, False), (20, False), (300, True)])
def test_outside_the_stated_temperatures_nothing_is_known(celsius, there) -> None:
    feature = run(WRITE, heat(celsius))[-1].features[0]
    assert (feature.condition == "emitting") == there
    assert bool(feature.lines) == there
    if not there:
        assert feature.condition == "unknown"
        assert any("200 to 550 °C only" in note for note in feature.notes)


@pytest.mark.parametrize(
    ("celsius", "condition", "says"),
    [
        (200, "quenched", "lifetime"),
        (449, "quenched", ""),
        (450, "quenched", ""),
        (451, "undefined", "nothing is reported"),
        (549, "undefined", ""),
        (550, "emitting", "radiance × 3"),
        (150, "unknown", "nothing is stated"),
    ],
)
def test_iodide_glass_goes_dark_and_comes_back(celsius, condition, says) -> None:
    feature = run(WRITE, heat(celsius), process="glass_pure_i")[-1].features[0]
    assert feature.condition == condition
    assert any(says in note for note in feature.notes)


def test_iodide_glass_is_bright_after_a_hotter_furnace_though_a_cooler_one_left_it_dark() -> None:
    found = [s.features[0] for s in run(WRITE, heat(300), heat(550), heat(300), process="glass_pure_i")]
    assert [f.condition for f in found] == ["emitting", "quenched", "emitting", "emitting"]
    assert any("assumed" in note for note in found[2].notes)
    assert any("hotter furnace came before" in note for note in found[3].notes)


def test_bromide_glass_keeps_its_own_model_though_it_inherits_another() -> None:
    feature = run(WRITE, heat(550), process="glass_pure_br")[-1].features[0]
    assert feature.condition == "emitting"
    one = heated_line(LIBRARY[HEAT], 550, "glass_pure_br", "CsPbBr3", 520.0, LIBRARY)
    assert one.peak_nm == 522.0
    half = heated_line(LIBRARY[HEAT], 375, "glass_pure_br", "CsPbBr3", 520.0, LIBRARY)
    assert (half.peak_nm, half.confidence) == (521.0, Confidence.ASSUMED)


def test_a_rewrite_replaces_both_peaks_and_a_furnace_after_it_is_unknown() -> None:
    _, again, heated = run(WRITE, REWRITE_STEP, heat(400))
    assert peaks(again) == {"CsPb(Br/I)3": 655}
    assert again.features[0].written == 2
    assert heated.features[0].condition == "unknown"
    assert any(REWRITE in note for note in heated.features[0].notes)


def test_a_rewrite_where_nothing_is_written_is_a_first_pass() -> None:
    (only,) = run(REWRITE_STEP)
    assert "first pass" in only.features[0].notes[0]


def test_a_cooler_furnace_after_a_hotter_one_changes_nothing() -> None:
    _, hot, cool = run(WRITE, heat(550), heat(300))
    assert peaks(cool) == peaks(hot)
    assert all(line.confidence is Confidence.ASSUMED for line in cool.features[0].lines)
    _, _, hotter = run(WRITE, heat(300), heat(550))
    assert peaks(hotter) == peaks(hot)


def test_a_furnace_without_a_process_makes_everything_unknown() -> None:
    stage = run(WRITE, heat(400, process=None))[-1]
    assert stage.features[0].condition == "unknown"
    assert stage.background == "unknown"


@pytest.mark.parametrize(
    ("celsius", "background"), [(300, "amorphous"), (500, "amorphous"), (501, "undefined"), (600, "unknown")]
)
def test_unwritten_glass_is_amorphous_as_far_as_it_was_checked(celsius, background) -> None:
    assert run(WRITE, heat(celsius))[-1].background == background


REVERSIBLE = "glass_cspbbr3_reversible"


def test_reversible_glass_glows_only_after_its_anneal_and_comes_back_after_an_erase() -> None:
    cycle = [ERASE, heat(150, REVERSIBLE)]
    found = run(WRITE, heat(450, REVERSIBLE), *cycle * 3, process=REVERSIBLE, other=REVERSIBLE)
    assert [s.features[0].condition for s in found] == ["latent", *["emitting", "erased"] * 3, "emitting"]
    assert [s.features[0].cycles for s in found] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found[-1].features[0].written == 1


def test_photomemory_is_erased_by_moisture_if_it_stays_long_enough() -> None:
    memory = "film_photomemory_delta_alpha"
    assert run(WRITE, soak(memory), process=memory)[-1].features[0].condition == "erased"
    short = run(WRITE, soak(memory, "10 min"), process=memory)[-1].features[0]
    assert short.condition == "unknown"
    assert "takes 1800 s, the step lasts 600 s" in short.notes[0]
    again = run(WRITE, soak(memory), WRITE, process=memory)[-1].features[0]
    assert (again.condition, again.written, again.cycles) == ("written", 2, 1)


def test_segregation_waits_for_the_wide_field() -> None:
    plate = "plate_segregation_two_step"
    found = run(WRITE, soak(plate, "1 min"), process=plate)
    assert [s.features[0].condition for s in found] == ["latent", "emitting"]


def test_a_soak_nobody_knows_makes_what_is_there_unknown() -> None:
    assert run(WRITE, soak(REVERSIBLE))[-1].features[0].condition == "unknown"


@given(
    st.lists(st.sampled_from(["write", "again", "erase", "heat", "soak"]), max_size=12),
    st.sampled_from(sorted(LIBRARY)),
)
def test_any_campaign_with_any_process_has_a_state_after_every_step(names, process) -> None:
    kinds = {"write": WRITE, "again": REWRITE_STEP, "erase": ERASE, "heat": heat(300), "soak": soak(process)}
    found = run(*(kinds[n] for n in names), process=process, other=process)
    assert [s.step for s in found] == list(range(len(names)))
    for stage in found:
        for feature in stage.features:
            if feature.condition in ("latent", "erased", "quenched", "undefined", "unknown"):
                assert not feature.lines
            assert all(line.peak_nm > 0 for line in feature.lines)
