"""Jobs for continuous light, from the profile to the proven files."""

import json
from pathlib import Path

import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.model.machine import Machine
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from tests.support.jobs import CONTINUOUS, broken, write_job


def codes(folder: Path, text: str) -> dict[str, str]:
    loaded = load_job(write_job(folder, text))
    found: dict[str, str] = {}
    for f in judge(loaded, plan_job(loaded)).findings:
        found[f.code] = f"{found.get(f.code, '')}{f.message}\n"
    return found


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        plan_job(load_job(write_job(folder, text)))
    return str(caught.value)


def test_each_power_is_a_set_up_of_its_own(tmp_path):
    toolpath = plan_job(load_job(write_job(tmp_path, CONTINUOUS)))
    powers = [s.laser.average_power_uw for s in toolpath.header.sections]
    assert powers == [1000.0, 2000.0, 4000.0, 1000.0]
    assert all(s.laser.is_cw for s in toolpath.header.sections)


def test_the_power_is_part_of_what_the_digest_covers(tmp_path):
    digests = {
        plan_job(load_job(write_job(tmp_path, text))).header.digest
        for text in (CONTINUOUS, broken("average_power: 1 mW", "average_power: 1.5 mW", CONTINUOUS))
    }
    assert len(digests) == 2


def test_a_build_names_the_power_and_is_proven(tmp_path):
    loaded = load_job(write_job(tmp_path, CONTINUOUS))
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out")
    proof = verify_build(folder)
    assert proof.holds
    assert sum(proof.exposures.values()) == 3 + 12
    sections = json.loads((folder / "manifest.json").read_text())["sections"]
    assert [s["laser"]["average_power_uw"] for s in sections] == [1000.0, 2000.0, 4000.0, 1000.0]
    assert sections[0]["laser"]["regime"] == "cw"
    assert sections[0]["laser"]["pulse_energy_uj"] is None
    runbook = (folder / "runbook.md").read_text()
    assert "set 405 nm, continuous, 2 mW **on target**" in runbook
    assert "0 Hz" not in runbook
    program = next(folder.glob("01-lines.02*.ngc")).read_text()
    assert "laser 405 nm, continuous, 2 mW" in program


def test_irradiance_and_dose_of_a_dot_follow_from_power_and_spot(tmp_path):
    # 1 mW in a 1/e² radius of 6.515 µm: 1499.86 W/cm² (worked example of the irradiance formula)
    segregation = CONTINUOUS.replace("plate_cw405_invisible_defect", "film_fapbi3_delta_alpha")
    segregation = broken('    irradiance: {value: 1500 W/cm^2, source: "example value"}\n', "", segregation)
    found = codes(tmp_path, segregation)
    assert "1499.86 W/cm" in found["W_EXTRAPOLATED"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("average_power: 1 mW, exposure", "pulse_energy: 1 nJ, exposure", "gives pulse_energy, but the laser of"),
        ("average_power: 1 mW, exposure", "repetition_rate: 1 kHz, exposure", "gives repetition_rate"),
        ("exposure: 0.5 s}\n", "pulses: 5}\n", "gives pulses"),
        ("exposure: 0.5 s}\n", "exposure: 0.5 s, pulse_pitch: 1 um}\n", "gives pulse_pitch"),
        ("average_power: 1 mW, exposure", "exposure", "recipe 'defect' has no average_power"),
    ],
)
def test_what_only_pulses_have_is_refused(tmp_path, old, new, says):
    assert says in refusal(tmp_path, broken(old, new, CONTINUOUS))


def test_a_line_dose_gives_the_speed_and_with_a_speed_the_power(tmp_path):
    text = broken("speed: 0.1 mm/s}\n", "line_dose: 0.02 J/mm}\n", CONTINUOUS)
    recipes = plan_job(load_job(write_job(tmp_path, text))).header.recipes
    assert [r.speed_nm_s for r in recipes.recipes[:3]] == [50_000, 100_000, 200_000]  # 1 mW / (20 mJ/mm) = 50 µm/s
    asked = "line_dose: 0.02 J/mm, speed: [0.05 mm/s, 0.1 mm/s, 0.2 mm/s]"
    text = broken("average_power: [1 mW, 2 mW, 4 mW], speed: 0.1 mm/s", asked, CONTINUOUS)
    recipes = plan_job(load_job(write_job(tmp_path, text))).header.recipes
    assert np.allclose([r.laser.average_power_uw for r in recipes.recipes[:3]], [1000.0, 2000.0, 4000.0], rtol=1e-12)


def test_powers_that_cannot_be_set_are_errors(tmp_path):
    found = codes(tmp_path, broken("average_power: 1 mW, exposure", "average_power: 60 mW, exposure", CONTINUOUS))
    assert "60 mW lies outside what can be set, 1 µW to 50 mW" in found["E_POWER_RANGE"]


def test_a_power_must_be_a_multiple_of_the_step(tmp_path):
    folder = tmp_path / "machine_profiles"
    folder.mkdir()
    shipped = Path(__file__).parents[2] / "machine_profiles" / "cw405-linuxcnc.yaml"
    text = shipped.read_text().replace("max: 50 mW}", "max: 50 mW, step: 0.3 mW}")
    (folder / "cw405-linuxcnc.yaml").write_text(text)
    found = codes(tmp_path, CONTINUOUS)
    assert "is no multiple of the step of 300 µW" in found["E_POWER_RANGE"]


def test_a_process_of_another_kind_of_light_is_named(tmp_path):
    assert "W_REGIME" not in codes(tmp_path, CONTINUOUS)
    found = codes(tmp_path, CONTINUOUS.replace("plate_cw405_invisible_defect", "film_fs_polish"))
    assert "was shown with femtosecond pulsed light" in found["W_REGIME"]


def test_profiles_of_both_kinds_are_shipped():
    from lasercam.pipeline.inputs import shipped, shipped_names
    from lasercam.schema.document import read_document
    from lasercam.schema.tree import parse_yaml

    with shipped("machine_profiles") as folder:
        kinds = {
            read_document(Machine, parse_yaml((folder / f"{n}.yaml").read_bytes(), n), what="a machine").laser.regime
            for n in shipped_names("machine_profiles")
        }
    assert kinds == {"pulsed", "cw"}
