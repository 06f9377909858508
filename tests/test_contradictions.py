"""Every contradiction found in the sources: typed as a user would, or read on the card of the process it is about.

A job can express numbers, settings, samples and read steps. What it cannot express is how a paper words things (which
glass lay under a film, which edge a filter had, how terms of a formula are named, when a paper appeared): those stand
with their arithmetic on the card that `lasercam explain PROCESS` prints, and CARDS says for each why.
"""

from pathlib import Path

import pytest

from lasercam.errors import InputError
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.process.ablation import deposition_diameter_um
from lasercam.process.card import card
from lasercam.process.library import load_library, load_process
from lasercam.process.pump import absorption_from_depth_per_cm
from lasercam.process.shock import driven_pressure_gpa
from tests.support.jobs import CONTINUOUS, DOTS, GOOD, broken, write_job

DISC = """\
job: disc
machine: fs515-linuxcnc
sample: {id: F1, material: cspbbr3_film, size: [3 mm, 3 mm, 1 mm], refractive_index: 1.5}
patterns:
  disc: {type: microdiscs, cut: imprint, counts: [1, 1], pitch: 20 um, diameter: 10 um, ring_width: 1 um, guard: 2 um,
         at: [1 mm, 1 mm]}
recipes:
  imprint: {process: film_cspbbr3_microdisc, pulse_energy: 34.56 nJ, repetition_rate: 1 kHz, pulses: 1}
steps:
  - {name: imprint, write: {disc: imprint}}
  - {name: look, read: {excitation: 400 nm, process: film_cspbbr3_readout_limit}}
supply:
  film_cspbbr3_microdisc:
    ring_inner_radius: {value: 5 um, source: "example value"}
    ring_outer_radius: {value: 6 um, source: "example value"}
"""
HEAT = "  - {name: oven, heat: {process: glass_bri_heat_treatment, temperature: 400 degC, hold_time: 2 h}}\nsupply:\n"


def findings(folder: Path, text: str) -> dict[str, str]:
    """Messages of a job's findings by code."""
    loaded = load_job(write_job(folder, text))
    found: dict[str, str] = {}
    for f in judge(loaded, plan_job(loaded)).findings:
        found[f.code] = f"{found.get(f.code, '')}{f.on}: {f.message}\n"
    return found


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        plan_job(load_job(write_job(folder, text)))
    return str(caught.value)


def heated(new: str, text: str = GOOD) -> str:
    return broken("temperature: 400 degC", new, broken("supply:\n", HEAT, text))


def test_i_01_200_uj_at_10_khz_are_not_500_mw(tmp_path):
    found = findings(tmp_path, broken("pulse_energy: 50 uJ", "pulse_energy: 200 uJ"))
    assert (
        "200 µJ × 10 kHz = 2 W, not 500 mW; 500 mW / 10 kHz = 50 µJ; 500 mW / 200 µJ = 2.5 kHz"
        in found["E_POWER_IDENTITY"]
    )
    unsaid = broken("pulse_energy: 50 uJ, ", "")
    assert "offers 200 µJ or 50 µJ: choose one" in refusal(tmp_path, unsaid)
    assert "N_CANDIDATE" in findings(tmp_path, GOOD), "the choice stays visible"


def test_i_02_the_least_exposure_of_dots_is_no_rule_for_lines(tmp_path):
    assert "1 s" in findings(tmp_path, broken("exposure: 1 s", "exposure: 0.5 s", DOTS))["E_EXPOSURE_MIN"]
    # At 0.4 mm/s a spot of 8 µm covers a point for 0.02 s, and the lines glow.
    assert "E_EXPOSURE_MIN" not in findings(tmp_path, GOOD)


def test_i_03_50_uj_in_300_fs_focus_themselves(tmp_path):
    found = findings(tmp_path, GOOD)
    assert "156.7 MW" in found["W_SELF_FOCUS"]
    assert "31.4 times" in found["W_SELF_FOCUS"]


def test_i_04_655_nm_is_no_emission_of_a_furnace(tmp_path):
    assert "613 nm at 200 °C to 647 nm at 550 °C" in refusal(tmp_path, heated("emission: 655 nm"))


def test_i_05_between_two_printed_points_nothing_is_stated(tmp_path):
    (note,) = load_job(write_job(tmp_path, heated("emission: 630 nm"))).notes
    assert "(assumed)" in note
    assert "613 nm at 200 °C and 647 nm at 550 °C" in note


def test_i_06_furnaces_beyond_what_was_checked(tmp_path):
    assert "500 °C" in findings(tmp_path, heated("temperature: 540 degC"))["W_HEAT_BACKGROUND"]
    iodide = GOOD.replace("br_i_borosilicate", "i_borosilicate")
    assert "W_HEAT_GAP" in findings(tmp_path, heated("temperature: 500 degC", iodide))
    assert "W_HEAT_GAP" not in findings(tmp_path, heated("temperature: 440 degC", iodide))
    assert "'hold_time' is missing" in refusal(tmp_path, broken(", hold_time: 2 h", "", broken("supply:\n", HEAT)))


def test_i_08_800_nm_is_not_for_cspbi3(tmp_path):
    text = """\
job: wrong_light
machine: fs800-oscillator-linuxcnc
sample: {id: Z, material: perovskite_film, size: [9 mm, 9 mm, 1 mm], refractive_index: 1.5}
patterns:
  fan: {type: lines, count: 2, pitch: 20 um, length: 100 um, at: [1 mm, 1 mm]}
recipes:
  line: {process: film_cspbi3_pmma_ns405, pulse_energy: 1 nJ, repetition_rate: 80 MHz, speed: 1 mm/s}
steps:
  - {name: lines, write: {fan: line}}
"""
    assert "wavelength 800 nm is away from the only stated point, 405 nm" in findings(tmp_path, text)["W_EXTRAPOLATED"]
    assert "800 nm is not for" in words("film_cspbi3_pmma_ns405")


def test_i_09_energy_spreads_by_diffusivity_not_conductivity():
    # √(0.8² + (2 √(κ τ))²) µm with κ = 0.4043 mm²/s and τ = 100 ns; κ τ is an area, k τ would be none
    assert deposition_diameter_um(0.8, 4.043e5, 100e-9) == pytest.approx(0.895388, rel=1e-4)


def test_i_10_a_pressure_needs_an_areal_mass():
    assert driven_pressure_gpa(0.002, 0.1, 3e7, 120.0) == pytest.approx(15.0756, rel=1e-4)
    assert "areal mass" in words("film_fs_shock")
    assert "15 GPa and 15.45 GPa" in words("film_fs_shock")


def test_i_11_an_irradiance_needs_its_pulse_structure(tmp_path):
    text = broken(
        "    max_exposure:", '    irradiance: {value: 1 kW/cm^2, source: "notebook"}\n    max_exposure:', DOTS
    )
    assert "without saying whether that is average or peak" in findings(tmp_path, text)["E_IRRADIANCE_KIND"]
    assert "E_IRRADIANCE_KIND" not in findings(tmp_path, CONTINUOUS), "of continuous light they are the same"


def test_i_12_mega_is_milli(tmp_path):
    read = "process: film_cspbbr3_readout_limit, fluence: 7 MJ/cm^2, fluence_is: peak"
    found = findings(tmp_path, broken("process: film_cspbbr3_readout_limit", read, DISC))
    assert "1.4e+09 times the 5 mJ/cm^2" in found["E_PUMP_DAMAGE"]
    found = findings(tmp_path, broken("pulse_energy: 34.56 nJ", "fluence: 100 MJ/cm^2", DISC))
    assert "with another prefix it would be 100 mJ/cm^2" in found["E_UNIT_MAGNITUDE"]
    assert "of one pulse on a film or surface" in found["E_UNIT_MAGNITUDE"]


def test_i_14_the_disc_is_a_single_shot(tmp_path):
    found = findings(tmp_path, broken("pulses: 1}", "pulses: 5}", DISC))
    assert "pulses 5 is away from the only stated point, 1" in found["W_EXTRAPOLATED"]
    assert "several pulses" in found["W_EXTRAPOLATED"]


def test_i_15_which_radii_10_um_mean_is_asked(tmp_path):
    text = DISC.replace('    ring_inner_radius: {value: 5 um, source: "example value"}\n', "")
    assert "ring_inner_radius" in findings(tmp_path, text)["E_UNSUPPORTED"]
    assert "so that 10 um is the disc" in findings(tmp_path, DISC)["N_CANDIDATE"]
    outer = (
        DISC.replace("34.56 nJ", "28.27 nJ").replace("value: 5 um", "value: 4 um").replace("value: 6 um", "value: 5 um")
    )
    assert "so that 10 um is the outside" in findings(tmp_path, outer)["N_CANDIDATE"]
    for inner, energy in ((5, 0.0345575), (4, 0.0282743)):
        asked = broken("pulse_energy: 34.56 nJ", "fluence: 100 mJ/cm^2", DISC)
        asked = asked.replace("value: 6 um", f"value: {inner + 1} um").replace(
            "value: 5 um, source", f"value: {inner} um, source", 1
        )
        recipe = plan_job(load_job(write_job(tmp_path, asked))).header.recipes[0]
        assert recipe.laser.pulse_energy_uj == pytest.approx(energy, rel=1e-4)


def test_i_18_62_mg_of_lead_bromide_are_not_0_3_mmol(tmp_path):
    weighed = "weighed_in: {PbBr2: {mass: 62 mg, amount: 0.3 mmol}, CsBr: {mass: 110 mg, amount: 0.3 mmol}}"
    found = findings(tmp_path, broken("refractive_index: 1.5}", f"refractive_index: 1.5, {weighed}}}", DISC))
    assert "are 110.1 mg, not 62 mg" in found["E_SUM_RULE"]
    assert "are 63.8" in found["E_SUM_RULE"]
    right = weighed.replace("62", "x").replace("110", "63.8").replace("x", "110.1")
    assert "E_SUM_RULE" not in findings(
        tmp_path, broken("refractive_index: 1.5}", f"refractive_index: 1.5, {right}}}", DISC)
    )


def test_i_22_a_penetration_depth_needs_its_definition():
    assert absorption_from_depth_per_cm(0.2, "1/e2") == pytest.approx(1e5)
    assert absorption_from_depth_per_cm(0.2, "1/e") == pytest.approx(5e4)
    assert "1/e²" in words("film_cspbbr3_microdisc")


def test_i_28_three_halides_go_with_one_lead(tmp_path):
    def made_of(formula: str) -> dict[str, str]:
        return findings(
            tmp_path, broken("refractive_index: 1.52}", f"refractive_index: 1.52, composition: {formula}}}")
        )

    assert "2 halides too few" in made_of("CsPbBr0.4I0.6")["E_SUM_RULE"]
    assert "use numbers" in made_of("CsPbBr1-xIx")["E_SUM_RULE"]
    assert "E_SUM_RULE" not in made_of("CsPb(Br0.5I0.5)3")


@pytest.mark.parametrize(
    ("new", "says"), [("depth: 105", "has no unit"), ("rotate: 3.6", "has no unit"), ("depth: 10⁵ um", "depth")]
)
def test_i_29_numbers_without_unit_and_lost_powers_are_refused(tmp_path, new, says):
    assert says in refusal(tmp_path, broken("depth: 200 um", new))


def test_i_31_fluences_need_their_definition(tmp_path):
    found = findings(tmp_path, broken("400 nm, process", "400 nm, fluence: 14 uJ/cm^2, process", DISC))
    assert "without saying whether it is the peak or the mean" in found["E_FLUENCE_DEF"]
    assert "definitions of fluence" in words("film_mapbi3_microlaser")


CARDS = {
    "I-04": ("glass_bri_rewrite", "655 > 647"),
    "I-05": ("glass_bri_heat_treatment", "34 nm over 350 K"),
    "I-07": ("crystal_fs_microoptics", "CsPbI3 in the text and on CsPbBr3 in the caption"),
    "I-13": ("film_cspbbr3_microdisc", "30 > 14"),
    "I-16": ("film_cspbbr3_microdisc", "540 < 550"),
    "I-17": ("film_cspbbr3_microdisc", "silica glass in one place"),
    "I-19": ("film_core_shell_uv_conditioning", "3.36 times the latter and 3356 times the former"),
    "I-20": ("film_cspbbr3_microdisc", "2 × 110 = 220 < 250"),
    "I-21": ("film_cspbbr3_microdisc", "G = Γ·g_m"),
    "I-23": ("film_cspbbr3_readout_limit", "at 125 kHz the former are 3600 s, at 1 kHz the latter are 27.8 h"),
    "I-24": ("film_cspbbr3_microdisc", "38 / 16.2 = 2.3"),
    "I-25": ("film_core_shell_uv_conditioning", "losses of 40 and 10 %"),
    "I-26": ("npl_assembly_uv", "500 / 20 = 25"),
    "I-27": ("nanowire_grating", "541 nm / 0.08 nm = 6763"),
    "I-30": ("glass_cspbbr3_reversible", "one work with one DOI"),
    "I-32": ("glass_bri_heat_treatment", "limits depend on glass and time"),
    "I-33": ("glass_halide_colour_3d", "170 nm"),
}
"""Contradictions about what a paper says, not about what a user sets: the material of a lens (07), a detection limit
(13), a filter and a substrate of a set-up not ours (16, 17), a lasing threshold (19), thickness by addition (20), a
symbol (21), cycles and line widths of different set-ups (23, 24), words for a loss or a factor (25, 26), rounding (27),
a year (30), heat that other glass stands (32), ranges of older methods (33). 04 and 05 are jobs above, too."""


def words(name: str) -> str:
    """The card of a process as running text."""
    return " ".join(" ".join(card(load_process(name))).split())


@pytest.mark.parametrize("number", sorted(CARDS))
def test_contradictions_a_job_cannot_express_stand_on_the_card(number):
    name, says = CARDS[number]
    assert says in words(name)


def test_none_of_the_33_is_left_out():
    here = {name.split("_")[2] for name in globals() if name.startswith("test_i_")}
    assert here | {number[2:] for number in CARDS} == {f"{i:02d}" for i in range(1, 34)}


def test_one_work_has_one_doi():
    works = {
        p.document.original_doi or p.document.doi for p in load_library().values() if "Huang et al" in p.document.source
    }
    assert works == {"10.1038/s41566-019-0538-8"}
