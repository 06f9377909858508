"""What the shipped processes leave behind: emission, heat, stages, limits, contradictions; copied from the survey."""

import pytest

from lasercam.model.confidence import Confidence
from lasercam.model.recipe import PassKind
from lasercam.process.library import load_library, load_process


def test_emission_of_dual_phase_glass() -> None:
    for name in ("glass_bri_dots", "glass_bri_lines"):
        outcome = load_process(name).outcome
        found = [(e.phase, e.peak, e.fwhm, e.radiance) for e in outcome.emission]
        assert found == [("CsPbBr3", 514.0, 20.0, 1.0), ("CsPb(Br/I)3", 613.0, 40.0, 1.0)]
        assert {e.confidence for e in outcome.emission} == {Confidence.STATED}
        assert {e.shape_confidence for e in outcome.emission} == {Confidence.ASSUMED}
        assert outcome.daylight_visible is False
        assert outcome.effect == "adds"


def test_the_rewrite_replaces_the_emission() -> None:
    rewrite = load_process("glass_bri_rewrite")
    assert [(e.peak, e.fwhm) for e in rewrite.outcome.emission] == [(655.0, 40.0)]
    assert rewrite.outcome.effect == "replaces"
    assert rewrite.document.one_way
    assert rewrite.document.follows == ("glass_bri_lines",)
    assert rewrite.passes == (PassKind.REWRITE,)
    assert rewrite.parameters["average_power"].same_as_first_pass


def test_no_peak_is_invented() -> None:
    """Only three emission centres are printed for written features."""
    peaks = {e.peak for p in load_library().values() for e in p.outcome.emission}
    assert peaks == {514.0, 613.0, 655.0}
    for name in ("glass_pure_br", "glass_pure_i"):
        assert load_process(name).outcome.emission == ()


def test_heat_treatment_of_each_glass() -> None:
    models = load_process("glass_bri_heat_treatment").document.heat
    red, green, bromide, iodide, bare = models
    assert [(p.temperature, p.peak) for p in red.points] == [(200.0, 613.0), (550.0, 647.0)]
    assert red.between_confidence is Confidence.ASSUMED
    assert {(p.peak, p.confidence) for p in green.points} == {(514.0, Confidence.ASSUMED)}
    assert (bromide.kind, bromide.total_shift) == ("shift", 2.0)
    assert [(p.temperature, p.until, p.state) for p in iodide.points] == [
        (200.0, 450.0, "quenched"),
        (450.0, 550.0, "undefined"),
        (550.0, None, "emitting"),
    ]
    assert iodide.points[2].radiance_factor == 3.0
    assert (bare.points[0].temperature, bare.points[0].state, bare.written_by) == (500.0, "amorphous", ())
    for model in models:
        temperatures = [p.temperature for p in model.points]
        assert temperatures == sorted(temperatures)


def test_heat_models_speak_of_phases_their_processes_emit() -> None:
    heat = load_process("glass_bri_heat_treatment").document.heat
    for model in heat:
        for name in model.written_by:
            phases = {e.phase for e in load_process(name).outcome.emission}
            assert not phases or model.subject in phases


def test_rules_of_the_heat_treatment() -> None:
    background, gap, after = load_process("glass_bri_heat_treatment").document.rules
    assert [background.holds(t) for t in (500.0, 500.1, 550.0)] == [False, True, True]
    assert [gap.holds(t) for t in (450.0, 451.0, 549.0, 550.0)] == [False, True, True, False]
    assert gap.materials == ("i_borosilicate",)
    assert after.after == ("glass_bri_rewrite",)
    assert not after.holds(300.0)


def test_stages_and_cases() -> None:
    reversible = load_process("glass_cspbbr3_reversible").document
    assert [(s.step, s.verb, s.required) for s in reversible.steps] == [
        ("write", "write", True),
        ("anneal", "heat", True),
        ("erase", "erase", False),
        ("recover", "heat", False),
    ]
    assert reversible.steps[2].parameters["irradiance"].min == "1 kW/cm^2"
    segregation = load_process("plate_segregation_two_step").document
    assert [s.parameters["irradiance"].typ for s in segregation.steps[1:]] == ["550 W/cm^2", "50 W/cm^2"]
    cases = load_process("npl_assembly_uv").document.cases
    found = [(c.parameters["irradiance"].typ, getattr(c.parameters.get("wavelength"), "typ", None)) for c in cases]
    assert found == [
        ("20 mW/cm^2", "325 nm"),
        ("500 mW/cm^2", "325 nm"),
        ("200 mW/cm^2", "365 nm"),
        ("170 mW/cm^2", None),
        ("170 mW/cm^2", "360 nm"),
    ]


def test_limits_after_writing() -> None:
    disc = load_process("film_cspbbr3_microdisc").limits
    assert disc["pump_fluence"].max == pytest.approx(5e-3)
    assert disc["pump_fluence"].outside == "fails"
    assert (disc["pump_pulses"].parameter, disc["pump_pulses"].max) == ("pulses", 4.5e8)
    colour = load_process("glass_halide_colour_3d").limits
    assert (colour["uv_reading"].max, colour["storage"].max) == (32.0, 250.0)


def test_finest_features() -> None:
    found = {p.name: p.outcome.smallest_feature for p in load_library().values() if p.outcome.smallest_feature}
    assert found == pytest.approx(
        {
            "glass_halide_colour_3d": 6.0,
            "film_cspbi3_pmma_ns405": 0.9,
            "film_nc_cw405_ligand": 3.3,
            "film_rgb_fs": 1.58,
            "film_mapbi3_fs_ablation": 0.25,
            "crystal_fs_microoptics": 0.07357,
            "glass_direct_1ps": 0.8,
            "solution_photo_exchange": 50.0,
        }
    )


@pytest.mark.parametrize(
    ("name", "arithmetic"),
    [
        ("glass_bri_dots", "200 µJ × 10 kHz = 2 W"),
        ("glass_bri_lines", "500 mW / 10 kHz = 50 µJ"),
        ("glass_bri_lines", "0.02 mm / 0.4 mm/s = 0.05 s"),
        ("glass_bri_lines", "156.7 MW is 31.4 times"),
        ("glass_bri_rewrite", "655 > 647"),
        ("glass_bri_heat_treatment", "34 nm over 350 K"),
        ("glass_bri_heat_treatment", "checked at 500 °C"),
        ("glass_bri_heat_treatment", "quenched from 200 °C"),
        ("crystal_fs_microoptics", "CsPbI3 in the text and on CsPbBr3 in the caption"),
        ("film_mapbi3_fs80MHz_growth", "800 nm is not for CsPbI3"),
        ("film_fs_shock", "no pressure"),
        ("glass_cspbbr3_reversible", "1.3 × 10⁻¹⁰ J/cm²"),
        ("glass_cspbbr3_reversible", "one DOI"),
        ("film_cspbbr3_readout_limit", "wrong by 10⁹"),
        ("film_cspbbr3_microdisc", "30 > 14"),
        ("film_cspbbr3_microdisc", "single-shot"),
        ("film_cspbbr3_microdisc", "34.56 nJ"),
        ("film_cspbbr3_microdisc", "540 < 550"),
        ("film_cspbbr3_microdisc", "n = 1.45"),
        ("film_cspbbr3_microdisc", "63.8 mg"),
        ("film_cspbbr3_microdisc", "220 < 250"),
        ("film_cspbbr3_microdisc", "G = Γ·g_m"),
        ("film_cspbbr3_microdisc", "2 / 200 nm"),
        ("film_cspbbr3_microdisc", "27.8 h"),
        ("film_cspbbr3_microdisc", "38 / 16.2 = 2.3"),
        ("film_core_shell_uv_conditioning", "3356 times"),
        ("film_core_shell_uv_conditioning", "40 and 10 %"),
        ("npl_assembly_uv", "500 / 20 = 25"),
        ("nanowire_grating", "6763"),
        ("plate_fs_halide_redistribution", "1 ≠ 3"),
        ("film_mapbi3_microlaser", "not to be compared"),
        ("glass_halide_colour_3d", "170 nm"),
    ],
)
def test_contradictions_are_carried_with_their_arithmetic(name: str, arithmetic: str) -> None:
    assert any(arithmetic in conflict for conflict in load_process(name).document.conflicts)


@pytest.mark.parametrize(
    ("name", "fact", "value", "confidence"),
    [
        ("glass_bri_dots", "crystal_size_green", "3.77 nm", "stated"),
        ("glass_bri_lines", "crystal_size_red", "5.80 nm", "stated"),
        ("glass_bri_lines", "lifetime_green", "28.89 ns", "stated"),
        ("glass_bri_dots", "lifetime_red", "35.97 ns", "stated"),
        ("glass_pure_i", "lifetime", "120 ns", "stated"),
        ("glass_cspbbr3_reversible", "crystal_size", "below 5 nm", "stated"),
        ("glass_halide_colour_3d", "range_br_i", "520 to 690 nm", "stated"),
        ("film_cspbi3_pmma_ns405", "quantum_yield", "92 %", "stated"),
        ("film_fs_polish", "removed", "20 nm", "stated"),
        ("film_cspbbr3_microdisc", "lasing_peak", "530 to 540 nm", "stated"),
        ("film_cspbbr3_microdisc", "lasing_threshold", "14 to 16 µJ/cm²", "stated"),
        ("film_cspbbr3_microdisc", "linewidth", "0.3 nm", "stated"),
        ("plate_cspb2br5_to_cspbbr3", "exponent", "2.83", "stated"),
        ("film_photomemory_delta_alpha", "temperature_rise", "160 K", "stated"),
        ("film_photomemory_delta_alpha", "energy_per_pixel", "5.4 J", "derived"),
        ("glass_direct_1ps", "quantum_efficiency", "23 %", "stated"),
        ("powder_photothermal_hide", "temperature", "460 °C", "stated"),
        ("solution_photo_exchange", "range", "410 to 650 nm", "stated"),
        ("film_fs_shock", "pressure", "15.45 GPa", "stated"),
        ("film_fs_shock", "bandgap_shift", "-150 meV", "stated"),
        ("film_core_shell_uv_conditioning", "ase_threshold", "447 µJ/cm²", "derived"),
        ("film_core_shell_uv_conditioning", "ase_width", "3.1 nm", "stated"),
        ("film_mapbi3_microlaser", "threshold_fs", "7 µJ/cm²", "stated"),
        ("film_mapbi3_microlaser", "threshold_ns", "150 µJ/cm²", "stated"),
        ("nanowire_grating", "lasing_peak", "541 nm", "stated"),
        ("nanowire_grating", "linewidth", "0.08 nm", "stated"),
        ("glass_waveguide_borosilicate", "depth_range", "520 µm", "stated"),
        ("glass_waveguide_borosilicate", "thermal_stability", "800 °C", "stated"),
        ("glass_phase_voxel", "density", "0.678 Gbit/mm³", "stated"),
        ("glass_phase_voxel", "throughput", "18.4 Mbit/s", "stated"),
    ],
)
def test_stated_facts(name: str, fact: str, value: str, confidence: str) -> None:
    found = load_process(name).outcome.facts[fact]
    assert value in found.value
    assert found.confidence.value == confidence
