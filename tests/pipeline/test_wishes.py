"""Jobs that say what they want instead of how: fluences, doses, pitches, emissions."""

from pathlib import Path

import pytest

from lasercam.errors import InputError
from lasercam.model.confidence import Confidence
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from tests.support.jobs import GOOD, broken, write_job

DUAL = "pulse_energy: 50 uJ, repetition_rate: 10 kHz, average_power: 500 mW, speed: 0.4 mm/s"


def recipes(folder: Path, text: str):
    return plan_job(load_job(write_job(folder, text))).header.recipes


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        plan_job(load_job(write_job(folder, text)))
    return str(caught.value)


def spot(value: str) -> str:
    """The job with another spot for its first pass."""
    return broken(
        "lines: {spot_radius: {value: 4 um, definition: 1/e^2 radius,", f"lines: {{spot_radius: {{value: {value},"
    )


def asked(keys: str) -> str:
    return broken(DUAL, keys)


@pytest.mark.parametrize(
    "keys",
    [
        "pulse_energy: 50 uJ, line_dose: 1.25 J/mm",
        "pulse_energy: 50 uJ, pulse_pitch: 40 nm",
        "pulse_energy: 50 uJ, pulses_per_spot: 200",
        "line_dose: 1.25 J/mm, speed: 0.4 mm/s",
        "fluence: 198.943679 J/cm^2, fluence_is: peak, speed: 0.4 mm/s",
        "fluence: 99.4718394 J/cm^2, fluence_is: mean, line_dose: 1.25 J/mm",
    ],
)
def test_the_same_line_is_reached_from_every_side(tmp_path, keys):
    dual = recipes(tmp_path, asked(f"{keys}, repetition_rate: 10 kHz"))[0]
    assert dual.laser.pulse_energy_uj == pytest.approx(50.0, rel=1e-8)
    assert dual.speed_nm_s == 400_000
    name = "speed" if "speed" not in keys else "pulse_energy"
    assert dual.values[name].source.startswith("solved: ")
    assert dual.values[name].confidence not in (Confidence.STATED, Confidence.UNKNOWN)


def test_a_family_of_doses_is_a_family(tmp_path):
    text = asked("pulse_energy: 50 uJ, repetition_rate: 10 kHz, line_dose: [1 J/mm, 2 J/mm, 4 J/mm]")
    text = broken("length: 300 um,", "length: 300 um, vary: line,", text).replace("count: 5", "count: 3")
    text = broken("  - {name: again, rewrite: {grid.odd: red}}\n", "", text)
    speeds = [r.speed_nm_s for r in recipes(tmp_path, text).recipes]
    assert speeds == [500_000, 250_000, 125_000]


def test_what_a_recipe_says_takes_the_place_of_all_it_inherits_on_the_matter(tmp_path):
    text = broken("like: dual}", "like: dual, line_dose: 2.5 J/mm}")
    found = {r.name: r for r in recipes(tmp_path, text).recipes}
    assert (found["dual"].speed_nm_s, found["red"].speed_nm_s) == (400_000, 200_000)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("pulse_energy: 50 uJ, fluence: 1 J/cm^2, fluence_is: peak, speed: 1 mm/s", "are both given"),
        ("pulse_energy: 50 uJ, line_dose: 1.25 J/mm, speed: 0.5 mm/s", "50 µJ × 10 kHz / 1.25 J/mm = 0.4 mm/s"),
        ("pulse_energy: 50 uJ, pulse_pitch: 40 nm, pulses_per_spot: 9", "give one of them"),
    ],
)
def test_over_determined_recipes_are_refused_with_the_arithmetic(tmp_path, keys, says):
    text = refusal(tmp_path, asked(f"{keys}, repetition_rate: 10 kHz"))
    assert says in text
    assert "job.yaml:7" in text


def test_an_under_determined_recipe_names_what_to_supply(tmp_path):
    text = asked("fluence: 1 J/cm^2, fluence_is: peak, repetition_rate: 10 kHz, speed: 1 mm/s")
    text = broken(
        '  glass_bri_lines: {spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}}\n', "", text
    )
    assert "needs spot_radius, which nobody has given" in refusal(tmp_path, text)


def test_a_supplied_spot_diameter_is_a_radius_of_half(tmp_path):
    text = spot("8 um, definition: 1/e^2 diameter")
    read = recipes(tmp_path, text)[0].values["spot_radius"]
    assert (read.value, read.source) == (4.0, "example value (1/e^2 diameter, times 0.5)")
    text = spot("20 um, definition: fwhm")
    assert recipes(tmp_path, text)[0].values["spot_radius"].value == pytest.approx(16.9864, rel=1e-5)


@pytest.mark.parametrize(
    ("definition", "says"),
    [("Airy diameter", "an Airy pattern has no 1/e² radius"), ("radius", "unknown definition of spot_radius 'radius'")],
)
def test_spots_that_cannot_be_read_are_refused(tmp_path, definition, says):
    text = spot(f"4 um, definition: {definition}")
    assert says in refusal(tmp_path, text)


HEATED = GOOD.replace(
    "supply:\n",
    "  - {name: oven, heat: {process: glass_bri_heat_treatment, emission: 632 nm, hold_time: 2 h}}\nsupply:\n",
).replace("  - {name: again, rewrite: {grid.odd: red}}\n", "")  # fmt: skip


def test_a_furnace_step_is_solved_and_says_how_sure_that_is(tmp_path):
    loaded = load_job(write_job(tmp_path, HEATED))
    heat = loaded.document.steps[1].heat
    assert heat is not None
    assert heat.temperature == pytest.approx(395.588, rel=1e-6)
    (note,) = loaded.notes
    assert "step 'oven' (assumed): CsPb(Br/I)3: two stated points" in note
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath)
    assert not [f for f in verdict.findings if f.on == "steps.oven" and f.code == "E_WINDOW"]
    waived = HEATED + "waive:\n" + "".join(
        f'  - {{code: {f.code}, on: "{f.on}", because: "a test"}}\n' for f in verdict.findings if f.blocks
    )  # fmt: skip
    loaded = load_job(write_job(tmp_path, waived))
    folder = build(loaded, toolpath := plan_job(loaded), judge(loaded, toolpath), tmp_path / "out", pictures=False)
    runbook = (folder / "runbook.md").read_text()
    assert "Furnace: 395.588 degC (for an emission at 632 nm, see the notes) for 7200 s" in runbook
    assert "any temperature between 200 °C and 550 °C" in runbook
    assert verify_build(folder).holds


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("emission: 632 nm", "emission: 655 nm", "613 nm at 200 °C to 647 nm at 550 °C"),
        ("emission: 632 nm", "emission: 632 nm, temperature: 400 degC", "either temperature or emission; found both"),
        ("emission: 632 nm, ", "", "either temperature or emission; found neither"),
        ("process: glass_bri_heat_treatment, emission", "emission", "names no process"),
    ],
)
def test_furnace_steps_outside_the_data_are_refused(tmp_path, old, new, says):
    assert says in refusal(tmp_path, broken(old, new, HEATED))


def test_an_experiment_can_be_a_grid_of_results(tmp_path):
    from lasercam.pipeline.inputs import shipped

    with shipped("patterns") as folder:
        text = (folder / "sweep_energy_speed.yaml").read_text()
    energies = "pulse_energy: {from: 20 uJ, to: 80 uJ, count: 4}"
    text = broken(energies, "fluence: {from: 20 J/cm^2, to: 80 J/cm^2, count: 4}\n    fluence_is: mean", text)
    speeds = "speed: {from: 0.1 mm/s, to: 3.2 mm/s, count: 6, scale: log}"
    text = broken(speeds, "pulses_per_spot: {from: 50, to: 300, count: 6}", text)
    found = recipes(tmp_path, text)
    members = [r for r in found.recipes if r.name == "tested"]
    assert len(members) == 24
    assert [m.values["fluence"].value for m in members[::6]] == pytest.approx([40.0, 80.0, 120.0, 160.0]), "as peaks"
    assert members[0].laser.pulse_energy_uj == pytest.approx(0.2 * 3.14159265 * 25, rel=1e-8)
    assert members[1].speed_nm_s == 1_000_000  # 2 × 5 µm × 10 kHz / 100


def test_editors_know_the_new_keys(tmp_path):
    import jsonschema

    from lasercam.pipeline.job_schema import job_schema
    from lasercam.schema.tree import parse_yaml

    text = broken("emission: 632 nm", "emission: 632 nm, ramp_rate: 5 degC/min", HEATED)
    text = broken("speed: 0.4 mm/s}\n", "line_dose: [1 J/mm, 2 J/mm]}\n", text)
    sample = "composition: CsPbBr3, weighed_in: {CsBr: {mass: 63.8 mg, amount: 0.3 mmol}}"
    text = broken("refractive_index: 1.52}", f"refractive_index: 1.52, {sample}}}", text)
    read = "  - {name: look, read: {excitation: 365 nm, fluence: 1 mJ/cm^2, fluence_is: peak, pulses: 5}}\nsupply:\n"
    text = "processes: lab\n" + broken("supply:\n", read, text)
    jsonschema.validate(parse_yaml(text.encode(), "job").data, job_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            parse_yaml(text.replace("fluence_is: peak", "fluence_is: top").encode(), "job").data, job_schema()
        )
