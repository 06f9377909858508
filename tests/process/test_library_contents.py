"""What ships: every process of the literature survey, with the numbers its sources print.

Expected values were copied by hand from the survey, in internal units: nm, fs, Hz, µJ, µW, s, µm/s, µm, J/cm²,
W/cm², °C.
"""

import re
from collections.abc import Iterator
from importlib import resources

import pytest

from lasercam.model.confidence import Confidence
from lasercam.model.process_window import PARAMETERS, Process
from lasercam.model.sample import MATERIALS
from lasercam.process.library import load_library, load_process
from lasercam.schema.tree import Plain, parse_yaml

IDS = [
    "glass_bri_dots",
    "glass_bri_lines",
    "glass_pure_br",
    "glass_pure_i",
    "glass_bri_rewrite",
    "glass_bri_heat_treatment",
    "glass_cspbbr3_reversible",
    "glass_halide_colour_3d",
    "film_cspbi3_pmma_ns405",
    "film_nc_cw405_ligand",
    "film_rgb_fs",
    "film_mapbi3_fs_ablation",
    "crystal_fs_microoptics",
    "film_fs_polish",
    "film_cspbbr3_microdisc",
    "plate_cspb2br5_to_cspbbr3",
    "film_photomemory_delta_alpha",
    "film_fapbi3_delta_alpha",
    "plate_segregation_two_step",
    "glass_low_rep_class",
    "glass_high_rep_class",
    "glass_direct_1ps",
    "powder_photothermal_hide",
    "film_mapbi3_fs80MHz_growth",
    "film_cw_crystallisation",
    "film_fs400_sinter",
    "film_ligand_photolithography",
    "plate_fs_halide_redistribution",
    "plate_cw405_invisible_defect",
    "solution_photo_exchange",
    "crystal_cspb2br5_fs",
    "film_fs_shock",
    "npl_assembly_uv",
    "film_core_shell_uv_conditioning",
    "film_mapbi3_microlaser",
    "nanowire_grating",
    "film_cspbbr3_readout_limit",
    "glass_waveguide_borosilicate",
    "glass_phase_voxel",
]

POINTS = [
    ("glass_bri_dots", "wavelength", 1030.0, "stated"),
    ("glass_bri_dots", "pulse_duration", 300.0, "stated"),
    ("glass_bri_dots", "repetition_rate", 10_000.0, "stated"),
    ("glass_bri_dots", "depth", 200.0, "stated"),
    ("glass_bri_lines", "wavelength", 1030.0, "stated"),
    ("glass_bri_lines", "speed", 400.0, "stated"),
    ("glass_bri_lines", "average_power", 500_000.0, "stated"),
    ("glass_bri_lines", "pulse_pitch", 0.04, "derived"),
    ("glass_bri_lines", "line_dose", 1.25, "derived"),
    ("glass_pure_br", "speed", 400.0, "stated"),
    ("glass_pure_i", "average_power", 500_000.0, "stated"),
    ("glass_bri_rewrite", "passes", 1.0, "stated"),
    ("glass_cspbbr3_reversible", "repetition_rate", 1000.0, "derived"),
    ("glass_halide_colour_3d", "pulse_duration", 1000.0, "stated"),
    ("film_cspbi3_pmma_ns405", "wavelength", 405.0, "stated"),
    ("film_nc_cw405_ligand", "wavelength", 405.0, "stated"),
    ("crystal_fs_microoptics", "wavelength", 515.0, "stated"),
    ("crystal_fs_microoptics", "passes", 2.0, "stated"),
    ("film_fs_polish", "pulse_duration", 35.0, "stated"),
    ("film_fs_polish", "repetition_rate", 1000.0, "stated"),
    ("film_cspbbr3_microdisc", "wavelength", 515.0, "stated"),
    ("film_cspbbr3_microdisc", "pulse_duration", 220.0, "stated"),
    ("film_cspbbr3_microdisc", "pulses", 1.0, "stated"),
    ("film_cspbbr3_microdisc", "fluence", 0.100, "stated"),
    ("film_cspbbr3_microdisc", "na", 0.32, "stated"),
    ("film_cspbbr3_microdisc", "magnification", 15.0, "stated"),
    ("film_cspbbr3_microdisc", "ring_diameter", 10.0, "stated"),
    ("film_cspbbr3_microdisc", "film_thickness", 0.1, "stated"),
    ("plate_cspb2br5_to_cspbbr3", "wavelength", 325.0, "stated"),
    ("plate_cspb2br5_to_cspbbr3", "exposure", 65.0, "stated"),
    ("film_photomemory_delta_alpha", "wavelength", 1064.0, "stated"),
    ("film_photomemory_delta_alpha", "average_power", 9000.0, "stated"),
    ("film_photomemory_delta_alpha", "exposure", 600.0, "stated"),
    ("film_fapbi3_delta_alpha", "wavelength", 458.0, "stated"),
    ("film_fapbi3_delta_alpha", "irradiance", 500.0, "stated"),
    ("film_fapbi3_delta_alpha", "exposure", 6000.0, "stated"),
    ("film_fapbi3_delta_alpha", "dose", 3.0e6, "derived"),
    ("plate_segregation_two_step", "wavelength", 405.0, "stated"),
    ("plate_segregation_two_step", "irradiance", 1500.0, "stated"),
    ("glass_direct_1ps", "pulse_duration", 1000.0, "stated"),
    ("powder_photothermal_hide", "wavelength", 980.0, "stated"),
    ("powder_photothermal_hide", "average_power", 2.2e6, "stated"),
    ("film_mapbi3_fs80MHz_growth", "wavelength", 800.0, "stated"),
    ("film_mapbi3_fs80MHz_growth", "repetition_rate", 80.0e6, "stated"),
    ("film_fs400_sinter", "wavelength", 400.0, "stated"),
    ("film_ligand_photolithography", "wavelength", 405.0, "stated"),
    ("plate_cw405_invisible_defect", "wavelength", 405.0, "stated"),
    ("solution_photo_exchange", "wavelength", 532.0, "stated"),
    ("film_core_shell_uv_conditioning", "wavelength", 355.0, "stated"),
    ("film_core_shell_uv_conditioning", "pulse_duration", 1.0e6, "stated"),
    ("film_core_shell_uv_conditioning", "repetition_rate", 20.0, "stated"),
    ("film_core_shell_uv_conditioning", "fluence", 1.5e-3, "stated"),
    ("glass_waveguide_borosilicate", "average_power", 200_000.0, "stated"),
    ("glass_waveguide_borosilicate", "speed", 15_000.0, "stated"),
    ("glass_phase_voxel", "pulses", 1.0, "stated"),
    ("glass_phase_voxel", "sample_thickness", 2000.0, "stated"),
]

BOUNDS = [
    ("glass_bri_dots", "exposure", 1.0, None, "fails", "stated"),
    ("glass_bri_dots", "pulses", 10_000.0, None, "fails", "derived"),
    ("glass_bri_heat_treatment", "temperature", 200.0, 550.0, "unexplored", "stated"),
    ("glass_cspbbr3_reversible", "cycles", None, 10.0, "unexplored", "stated"),
    ("glass_halide_colour_3d", "repetition_rate", 100_000.0, None, "unexplored", "assumed"),
    ("film_cspbbr3_microdisc", "stage_accuracy", None, 0.1, "unexplored", "stated"),
    ("glass_low_rep_class", "repetition_rate", None, 1000.0, "unexplored", "stated"),
    ("glass_high_rep_class", "repetition_rate", 100_000.0, None, "unexplored", "stated"),
    ("film_cspbbr3_readout_limit", "fluence", None, 5.0e-3, "fails", "derived"),
    ("glass_waveguide_borosilicate", "repetition_rate", 200_000.0, 2_000_000.0, "unexplored", "stated"),
    ("glass_waveguide_borosilicate", "pulse_energy", 0.1, 1.0, "unexplored", "derived"),
]

UNKNOWN = {
    "glass_bri_dots": "na objective spot_radius polarization feature_pitch max_exposure pulse_energy",
    "glass_bri_lines": "na objective spot_radius polarization pulse_energy",
    "glass_pure_br": "na objective spot_radius polarization pulse_energy",
    "glass_bri_rewrite": "speed exposure max_rewrites reversibility",
    "glass_bri_heat_treatment": "hold_time ramp_rate atmosphere",
    "glass_halide_colour_3d": "wavelength pulse_energy na exposure speed",
    "film_fs_polish": "wavelength fluence overlap spot_radius",
    "film_cspbbr3_microdisc": (
        "ring_inner_radius ring_outer_radius mask_transmission ablation_threshold feature_pitch"
    ),
    "film_photomemory_delta_alpha": "spot_radius relative_humidity",
    "film_fapbi3_delta_alpha": "",
    "plate_fs_halide_redistribution": (
        "wavelength pulse_duration repetition_rate pulse_energy pulses speed spot_radius na"
    ),
    "film_fs_shock": "wavelength pulse_duration fluence confinement",
    "film_core_shell_uv_conditioning": "",
    "glass_waveguide_borosilicate": "",
}


def all_processes() -> list[Process]:
    return list(load_library().values())


def shipped_texts() -> dict[str, str]:
    folder = resources.files("lasercam.process") / "library"
    return {f.name: f.read_text(encoding="utf-8") for f in folder.iterdir()}


def test_exactly_the_surveyed_processes_are_shipped() -> None:
    assert sorted(load_library()) == sorted(IDS)
    assert len(IDS) == len(set(IDS)) == 39


def test_a_file_is_named_after_its_process() -> None:
    for file, text in shipped_texts().items():
        data = parse_yaml(text, file).data
        assert isinstance(data, dict)
        assert file == f"{data['process']}.yaml"


@pytest.mark.parametrize(("name", "parameter", "value", "confidence"), POINTS)
def test_stated_point(name: str, parameter: str, value: float, confidence: str) -> None:
    window = load_process(name).parameters[parameter]
    assert window.typ == pytest.approx(value, rel=1e-12)
    assert window.confidence.value == confidence
    assert (window.min, window.max) == (None, None), "one stated point is not a window"


@pytest.mark.parametrize(("name", "parameter", "low", "high", "outside", "confidence"), BOUNDS)
def test_stated_bounds(
    name: str, parameter: str, low: float | None, high: float | None, outside: str, confidence: str
) -> None:
    window = load_process(name).parameters[parameter]
    assert window.min == (None if low is None else pytest.approx(low, rel=1e-12))
    assert window.max == (None if high is None else pytest.approx(high, rel=1e-12))
    assert window.typ is None
    assert window.outside == outside
    assert window.confidence.value == confidence


def test_every_number_of_the_windows_is_one_of_those_above() -> None:
    """No window was added that the survey does not have."""
    expected = {(n, p) for n, p, *_ in POINTS} | {(n, p) for n, p, *_ in BOUNDS}
    inherited = {"glass_bri_lines", "glass_pure_br", "glass_pure_i", "glass_bri_rewrite"}
    with_candidates = {
        ("glass_bri_dots", "pulse_energy"),
        ("film_cspbbr3_microdisc", "pulse_energy"),
        ("film_cw_crystallisation", "wavelength"),
    }
    found = {(p.name, w) for p in all_processes() if p.name not in inherited for w in p.parameters}
    assert found == {pair for pair in expected if pair[0] not in inherited} | with_candidates


def test_too_short_an_exposure_has_a_code_of_its_own() -> None:
    with_code = {(p.name, n): w.code for p in all_processes() for n, w in p.parameters.items() if w.code}
    assert with_code == {
        ("glass_bri_dots", "exposure"): "E_EXPOSURE_MIN",
        ("glass_bri_dots", "pulses"): "E_EXPOSURE_MIN",
    }


@pytest.mark.parametrize("name", ["glass_bri_dots", "glass_bri_lines", "glass_pure_i"])
def test_the_two_pulse_energies_stay_a_choice(name: str) -> None:
    window = load_process(name).parameters["pulse_energy"]
    assert [(c[0], c[1].value) for c in window.candidates] == [(200.0, "stated"), (50.0, "derived")]
    assert window.typ is None


def test_energies_of_the_disc_follow_from_fluence_and_ring() -> None:
    disc = load_process("film_cspbbr3_microdisc")
    fluence_uj_um2 = (disc.parameters["fluence"].typ or 0.0) * 1e6 / 1e8
    outer, inner = (3.141592653589793 * (b**2 - a**2) * fluence_uj_um2 for a, b in ((5, 6), (4, 5)))
    assert [c[0] for c in disc.parameters["pulse_energy"].candidates] == pytest.approx([outer, inner], rel=2e-4)
    assert disc.parameters["fluence"].tolerance == pytest.approx(0.01)


def test_derived_line_numbers_follow_from_stated_ones() -> None:
    lines = {n: w.typ or 0.0 for n, w in load_process("glass_bri_lines").parameters.items()}
    assert lines["pulse_pitch"] == pytest.approx(lines["speed"] / lines["repetition_rate"])
    assert lines["line_dose"] == pytest.approx(lines["average_power"] * 1e-6 / (lines["speed"] * 1e-3))


@pytest.mark.parametrize(("name", "keys"), UNKNOWN.items())
def test_what_the_sources_leave_open(name: str, keys: str) -> None:
    assert sorted(u.key for u in load_process(name).unknown) == sorted(keys.split())


def test_who_answers_an_unknown() -> None:
    usual = {"na": "machine", "objective": "machine", "polarization": "machine", "feature_pitch": "pattern"}
    usual["layer_pitch"] = "pattern"
    for process in all_processes():
        for unknown in process.unknown:
            by = usual.get(unknown.key, "supply")
            if unknown.key == "pulse_energy" and process.name in IDS[:4]:
                by = "recipe"
            assert unknown.answered_by == by, f"{process.name}.{unknown.key}"


def test_unknowns_are_not_known_at_the_same_time() -> None:
    for process in all_processes():
        for unknown in process.unknown:
            window = process.parameters.get(unknown.key)
            assert window is None or window.candidates, f"{process.name}.{unknown.key}"


def test_every_number_has_a_source_and_a_confidence() -> None:
    for process in all_processes():
        document = process.document
        assert re.search(r"\((19|20)\d\d\)", document.source), process.name
        for window in (*process.parameters.values(), *process.limits.values()):
            assert isinstance(window.confidence, Confidence)
            assert re.search(r"\((19|20)\d\d\)", window.source), process.name


def test_dois_stand_in_the_citation() -> None:
    for process in all_processes():
        document = process.document
        for doi in filter(None, (document.doi, document.original_doi)):
            assert re.fullmatch(r"10\.\d{4,9}/\S+", doi)
            assert f"doi:{doi}" in document.source, process.name
    without = {p.name for p in all_processes() if not p.document.doi}
    assert without == {"glass_waveguide_borosilicate"}


def test_inherited_windows_keep_their_own_citation() -> None:
    lines = load_process("glass_bri_lines").parameters
    assert lines["wavelength"].source.endswith("Fig. 1a-c")
    assert "Fig. 1d-f" in lines["speed"].source
    assert "Fig. 1d-f" in load_process("glass_pure_br").parameters["speed"].source


QUANTITY_KEYS = {"peak", "fwhm", "excitation", "smallest_feature", "temperature", "until", "total_shift"}


def scalars(data: Plain, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from scalars(value, (*path, key))
    elif isinstance(data, list):
        for value in data:
            yield from scalars(value, path)
    elif data is not None:
        yield path, data


def test_no_dimension_without_a_unit() -> None:
    """Judged on the text alone, without the program's own reader of quantities."""
    number = re.compile(r"[+-]?[\d.]+(?:e[+-]?\d+)?")
    n_checked = 0
    for file, text in shipped_texts().items():
        for path, value in scalars(parse_yaml(text, file).data):
            owner = next((p for p in reversed(path[:-1]) if p in PARAMETERS), "")
            if owner == "temperature" and "parameters" not in path:
                owner = ""
            is_bound = path[-1] in ("typ", "min", "max", "tolerance") or path[-2:] == ("candidates", "value")
            if path[0] == "limits" and is_bound:
                assert number.match(value)
                continue  # their parameter stands beside them; every one is looked at in test_limits_after_writing
            if not (is_bound or path[-1] in QUANTITY_KEYS):
                continue
            n_checked += 1
            match = number.match(value)
            assert match, f"{file}: {path} = {value}"
            has_unit = bool(value[match.end() :].strip())
            wants_unit = path[-1] in QUANTITY_KEYS or bool(PARAMETERS[owner].unit)
            assert has_unit == wants_unit, f"{file}: {path} = {value}"
    assert n_checked > 120


def test_materials_can_be_samples() -> None:
    for process in all_processes():
        assert set(process.document.materials) <= set(MATERIALS)
        assert process.document.materials or process.document.kind == "class_rule", process.name


def test_recipes_cannot_use_what_is_no_exposure() -> None:
    without = {p.name for p in all_processes() if not p.passes}
    assert without == {
        "glass_bri_heat_treatment",
        "glass_low_rep_class",
        "glass_high_rep_class",
        "film_cspbbr3_readout_limit",
    }


def test_texts_name_papers_only() -> None:
    for file, text in shipped_texts().items():
        assert "http" not in text, file
        assert not re.search(r"/(work|tmp|home)\b|\bI-\d\d\b|\bP\d\d\b", text), file
