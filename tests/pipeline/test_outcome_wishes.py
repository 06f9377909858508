"""Recipes that ask for what comes out, solved from a response that the lab has fitted."""

import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.model.confidence import Confidence
from lasercam.pipeline.build import build
from lasercam.pipeline.fitting import fit_table
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from lasercam.process.fit.predict import predicted
from lasercam.process.lab import VARIABLE
from tests.process.fit.tables import dots, lines, peaks, table
from tests.support.jobs import DOTS, GOOD, broken, write_job

DUAL = "process: glass_bri_lines, pulse_energy: 50 uJ, repetition_rate: 10 kHz, average_power: 500 mW, speed: 0.4 mm/s"
LINES = broken("  - {name: again, rewrite: {grid.odd: red}}\n", "", GOOD)
DOT = "process: glass_bri_dots, pulse_energy: 50 uJ, repetition_rate: 10 kHz, exposure: 1 s"


def shifting(exposure):
    return 600 + 12 * np.log(exposure)


def dosed():
    """Lines whose peak moves with their dose."""
    found = lines()
    dose = found["pulse_energy_uJ"] * found["repetition_rate_Hz"] / found["speed_um/s"] / 1000.0
    found["peak_nm"] = 560 + 15 * np.log(dose) + 0.3 * np.random.default_rng(4).normal(size=dose.size)
    return found


def powered():
    """Lines of which only the power was measured."""
    found = lines()
    found["average_power_uW"] = found.pop("pulse_energy_uJ") * found.pop("repetition_rate_Hz")
    return found


TABLES = {
    "width": ("line_width", "glass_bri_lines", lines()),
    "power": ("line_width", "glass_bri_lines", powered()),
    "dose": ("emission", "glass_bri_lines", dosed()),
    "spot": ("threshold", "glass_bri_dots", dots()),
    "train": ("threshold", "glass_bri_dots", dots(s=0.85, pulses=(10, 100, 1000), low=1.3, high=9)),
    "peak": ("emission", "glass_bri_dots", peaks(shifting)),
    "counted": (
        "emission",
        "glass_bri_dots",
        {"pulses": (p := peaks(shifting))["exposure_s"] * 100, "peak_nm": p["peak_nm"]},
    ),
}


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """A lab's folder with one process per fit."""
    folder = tmp_path_factory.mktemp("lab")
    for name, (model, process, columns) in TABLES.items():
        source = folder / f"{name}.csv"
        source.write_bytes(table(columns))
        fit_table(source, folder / f"{name}.yaml", process=process, model=model, name=name, date="2026-05-02")
    return folder


@pytest.fixture(autouse=True)
def _lab(monkeypatch, fits):
    monkeypatch.setenv(VARIABLE, str(fits))


def job(process: str, keys: str) -> str:
    wanted = f"process: {process}, {keys}, repetition_rate: 10 kHz"
    return broken(DOT, wanted, DOTS) if TABLES[process][1] == "glass_bri_dots" else broken(DUAL, wanted, LINES)


def solved(folder, process: str, keys: str):
    loaded = load_job(write_job(folder, job(process, keys)))
    fit = loaded.processes[process].document.fit
    assert fit is not None
    return plan_job(loaded).header.recipes[0], fit


@pytest.mark.parametrize(
    ("process", "keys", "name", "wanted"),
    [
        ("width", "line_width: 5 um, pulse_energy: 40 uJ", "speed", 5.0),
        ("width", "line_width: 5 um, speed: 0.3 mm/s", "pulse_energy", 5.0),
        ("width", "line_width: 5 um, pulse_energy: 40 uJ, exposure: 1 s", "speed", 5.0),
        ("width", "line_width: 4500 nm, pulse_pitch: 30 nm", "pulse_energy", 4.5),
        ("width", "line_width: 5 um, fluence: 160 J/cm^2, fluence_is: peak", "speed", 5.0),
        ("power", "line_width: 5 um, speed: 0.3 mm/s", "average_power", 5.0),
        ("power", "line_width: 5 um, pulse_energy: 40 uJ", "speed", 5.0),
        ("dose", "emission: 565 nm, pulse_energy: 40 uJ", "line_dose", 565.0),
        ("dose", "emission: 565 nm, speed: 0.3 mm/s", "line_dose", 565.0),
        ("spot", "dot_diameter: 1.5 um, pulses: 1", "pulse_energy", 1.5),
        ("spot", "dot_diameter: 1.5 um", "pulse_energy", 1.5),
        ("train", "dot_diameter: 1.6 um, pulses: 100", "pulse_energy", 1.6),
        ("train", "dot_diameter: 1.6 um, exposure: 10 ms", "pulse_energy", 1.6),
        ("peak", "emission: 606 nm, pulse_energy: 40 uJ", "exposure", 606.0),
    ],
)
def test_a_solved_recipe_gives_what_was_asked(tmp_path, process, keys, name, wanted):
    job_text = job(process, keys)
    if "fluence" in keys:  # A spot of the lab's own: 4 µm.
        job_text = job_text.replace("supply:\n", f"supply:\n  {process}: {SPOT}\n")
    loaded = load_job(write_job(tmp_path, job_text))
    fit = loaded.processes[process].document.fit
    recipe = plan_job(loaded).header.recipes[0]
    power, speed = recipe.laser.average_power_uw, recipe.speed_nm_s / 1000
    settings = {
        "speed": speed,
        "pulse_energy": recipe.laser.pulse_energy_uj,
        "average_power": power,
        "line_dose": power / speed / 1000 if speed else 0.0,
        "exposure": recipe.exposure_ns / 1e9,
        "pulses": float(recipe.pulses or recipe.exposure_ns / 1e9 * recipe.laser.rep_rate_hz),
    }
    value, std = predicted(fit, settings)
    assert value.value == pytest.approx(wanted, rel=2e-5)
    assert name in recipe.solved
    source = recipe.values[name].source
    assert source.startswith("solved: ")
    assert f"{process}.csv, 2026-05-02" in source
    assert "± " in recipe.solved[name]
    assert std > 0
    assert recipe.values[name].confidence in (Confidence.MEASURED, Confidence.SUPPLIED, Confidence.ASSUMED)


SPOT = '{spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}}'


def test_the_uncertainty_said_is_that_of_the_outcome_there(tmp_path):
    recipe, fit = solved(tmp_path, "width", "line_width: 5 um, pulse_energy: 40 uJ")
    _, std = predicted(fit, {"speed": recipe.speed_nm_s / 1000, "pulse_energy": 40.0})
    told = float(recipe.solved["speed"].split("± ")[1].split(" ")[0])
    unit = recipe.solved["speed"].split("± ")[1].split(" ")[1]
    assert told / {"nm": 1000.0, "µm": 1.0}[unit] == pytest.approx(std, rel=1e-3)
    assert recipe.values["speed"].confidence is Confidence.MEASURED


def test_a_family_of_widths_is_a_family_of_speeds(tmp_path):
    text = job("width", "line_width: [4.5 um, 5 um, 5.5 um], pulse_energy: 40 uJ")
    text = broken("length: 300 um,", "length: 300 um, vary: line,", text).replace("count: 5", "count: 3")
    speeds = [r.speed_nm_s for r in plan_job(load_job(write_job(tmp_path, text))).header.recipes.recipes]
    assert speeds == sorted(speeds, reverse=True)
    assert len(set(speeds)) == 3


def test_a_build_shows_it_and_verifies(tmp_path):
    text = job("width", "line_width: 5 um, pulse_energy: 40 uJ")
    loaded = load_job(write_job(tmp_path, text))
    toolpath = plan_job(loaded)
    waived = text + "waive:\n" + "".join(
        f'  - {{code: {f.code}, on: "{f.on}", because: "a test"}}\n'
        for f in judge(loaded, toolpath).findings
        if f.blocks
    )  # fmt: skip
    loaded = load_job(write_job(tmp_path, waived))
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out", pictures=False)
    assert "5 µm ± " in (folder / "runbook.md").read_text()
    assert verify_build(folder).holds


@pytest.mark.parametrize(
    ("process", "keys", "says"),
    [
        ("width", "dot_diameter: 1 um, exposure: 1 s", "has a fit of line width only; processes with one: spot, train"),
        ("peak", "line_width: 3 um, speed: 1 mm/s", "lasercam fit RESULTS -o FILE --process peak --model line_width"),
        ("width", "line_width: 50 um, pulse_energy: 40 uJ", "is outside the data of width.csv"),
        ("width", "line_width: 5 um, pulse_energy: 90 uJ", "90 uJ is outside the data of the fit"),
        ("spot", "dot_diameter: 9 um, pulses: 1", "is outside the data of spot.csv"),
        ("peak", "emission: 700 nm, pulse_energy: 40 uJ", "700 nm is outside the data of peak.csv"),
        ("width", "line_width: 5 um, pulse_energy: 40 uJ, speed: 0.3 mm/s", "are all given, and the latter give"),
        ("width", "line_width: 5 um, pulse_energy: 40 uJ, line_dose: 1 J/mm", "each say how fast to write"),
        ("width", "line_width: 5 um", "leaves speed and pulse_energy open"),
        ("train", "dot_diameter: 1.6 um", "leaves pulse_energy and pulses open"),
        ("spot", "dot_diameter: 1.5 um, exposure: 1 s", "pulses 10000 is outside the data of the fit"),
        ("counted", "emission: 606.1 nm, pulse_energy: 40 uJ", "pulses are whole: "),
        ("dose", "emission: 565 nm, pulse_energy: 40 uJ, speed: 0.3 mm/s", "are all given"),
    ],
)
def test_what_the_data_do_not_support_is_refused_with_its_place(tmp_path, process, keys, says):
    with pytest.raises(InputError) as caught:
        plan_job(load_job(write_job(tmp_path, job(process, keys))))
    assert says in str(caught.value)
    assert "job.yaml:7" in str(caught.value)


def test_a_setting_that_was_held_at_something_else_is_refused(tmp_path):
    text = job("width", "line_width: 5 um, pulse_energy: 40 uJ").replace(
        "repetition_rate: 10 kHz", "repetition_rate: 20 kHz"
    )
    with pytest.raises(InputError, match="20 kHz is outside the data of the fit, which were taken at 10 kHz"):
        plan_job(load_job(write_job(tmp_path, text)))


def test_a_supplied_setting_is_one_of_the_inputs(tmp_path):
    text = job("width", "line_width: 5 um")
    text = text.replace("supply:\n", 'supply:\n  width: {pulse_energy: {value: 40 uJ, source: "example value"}}\n')
    recipe = plan_job(load_job(write_job(tmp_path, text))).header.recipes[0]
    _, fit = solved(tmp_path, "width", "line_width: 5 um, pulse_energy: 40 uJ")
    value, _ = predicted(fit, {"speed": recipe.speed_nm_s / 1000, "pulse_energy": 40.0})
    assert value.value == pytest.approx(5.0, rel=2e-5)
    assert recipe.values["speed"].confidence is not Confidence.MEASURED


def test_a_process_without_a_fit_is_refused(tmp_path):
    text = broken(DUAL, "process: glass_bri_lines, repetition_rate: 10 kHz, speed: 1 mm/s, line_width: 3 um", LINES)
    with pytest.raises(InputError, match="'glass_bri_lines' has no fitted response; processes with one: power, width"):
        plan_job(load_job(write_job(tmp_path, text)))
