"""What furnaces and soaks do shows in pictures, findings and manifests."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lasercam.cli.main import run
from lasercam.errors import UsageError
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.pictures import draw_one, simulate
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.stages import job_stages, stage_findings
from tests.support.jobs import GOOD, broken, write_job

AGAIN = "  - {name: again, rewrite: {grid.odd: red}}\n"
FURNACE = "{{name: furnace{n}, heat: {{process: glass_bri_heat_treatment, temperature: {t} degC, hold_time: 2 h}}}}"


def furnace(celsius, n=""):
    return f"  - {FURNACE.format(t=celsius, n=n)}\n"


def loaded(folder, steps, text=GOOD):
    return load_job(write_job(folder, broken(AGAIN, steps, text)))


def emitters(state):
    return {e.peak_nm: float(image.max()) for e, image in state.radiance.items() if image.max() > 0}


def test_pictures_follow_a_furnace(tmp_path):
    job = loaded(tmp_path, furnace(550))
    seen = simulate(job, plan_job(job))
    assert [s.step for s in seen.states] == ["first", "furnace"]
    assert list(emitters(seen.states[0])) == [514, 613]
    assert list(emitters(seen.states[1])) == [514, 647]
    for before, after in ((514, 514), (613, 647)):
        old = next(i for e, i in seen.states[0].radiance.items() if e.peak_nm == before)
        new = next(i for e, i in seen.states[1].radiance.items() if e.peak_nm == after)
        np.testing.assert_array_equal(old, new)
    assert any("not stated" in note for note in seen.notes)


def test_a_furnace_between_passes_leaves_the_rewrite_as_it_is(tmp_path):
    job = loaded(tmp_path, furnace(400) + AGAIN + furnace(550, 2))
    seen = simulate(job, plan_job(job))
    assert [s.step for s in seen.states] == ["first", "furnace", "again", "furnace2"]
    assert [round(p, 3) for p in emitters(seen.states[1])] == [514, 632.429]
    assert sorted(round(p) for p in emitters(seen.states[2])) == [514, 632, 655]
    assert sorted(round(p) for p in emitters(seen.states[3])) == [514, 647, 655]
    assert any("655 nm drawn unchanged, not known" in note for note in seen.notes)


def test_states_in_pictures_and_in_the_campaign_are_the_same(tmp_path):
    job = loaded(tmp_path, furnace(300) + AGAIN)
    toolpath = plan_job(job)
    for stage, state in zip(job_stages(job, toolpath), simulate(job, toolpath).states, strict=True):
        told = {round(line.peak_nm, 6) for feature in stage.features for line in feature.lines}
        assert told == {round(p, 6) for p in emitters(state)}


def test_an_erasing_pass_takes_light_away(tmp_path):
    text = GOOD.replace("glass_bri_rewrite", "glass_direct_1ps")
    job = load_job(write_job(tmp_path, broken("rewrite: {grid.odd: red}", "erase: {grid.lines: red}", text)))
    seen = simulate(job, plan_job(job))
    assert emitters(seen.states[0])
    assert max(emitters(seen.states[1]).values(), default=0.0) < 1e-6


def test_views_can_be_drawn_after_the_furnace(tmp_path):
    job = loaded(tmp_path, furnace(550) + "  - {name: look, read: {excitation: 365 nm, filter: lp645}}\n")
    toolpath = plan_job(job)
    pictures = []
    for step in (1, 2):
        out = BytesIO()
        draw_one(job, toolpath, "uv+lp645", step, "png", out)
        pictures.append(np.asarray(Image.open(out).convert("RGB"), float).mean())
    assert pictures[0] != pictures[1], "647 nm passes the filter, 613 nm does not"
    with pytest.raises(UsageError, match="step 3 changes nothing that can be seen; steps that do: 1, 2"):
        draw_one(job, toolpath, "uv", 3, "png", BytesIO())


IODIDE = (
    GOOD.replace("br_i_borosilicate", "i_borosilicate")
    .replace("glass_bri_lines", "glass_pure_i")
    .replace("  red: {process: glass_bri_rewrite, like: dual}\n", "")
)


def test_a_quenching_furnace_is_found_and_so_is_looking_at_the_dark(tmp_path):
    look = "  - {name: look, read: {excitation: 365 nm}}\n"
    job = loaded(tmp_path, furnace(300) + look, IODIDE)
    found = {f.code: f for f in stage_findings(job, plan_job(job))}
    assert set(found) == {"W_HEAT_QUENCHED", "W_READ_DARK"}
    assert found["W_HEAT_QUENCHED"].on == "steps.furnace"
    assert "10.1002/lpor.202401258" in found["W_HEAT_QUENCHED"].source
    codes = {f.code for f in judge(job, plan_job(job)).findings}
    assert set(found) < codes
    bright = loaded(tmp_path, furnace(550) + look, IODIDE)
    assert not list(stage_findings(bright, plan_job(bright)))
    gap = loaded(tmp_path, furnace(500) + look, IODIDE)
    assert not list(stage_findings(gap, plan_job(gap))), "the gap is a rule of the process"
    assert "W_HEAT_GAP" in {f.code for f in judge(gap, plan_job(gap)).findings}
    for code in found:
        assert run(["explain", code]) == 0


def test_a_manifest_tells_the_states(tmp_path, capsys):
    text = broken("supply:\n", "supply:\n  glass_bri_heat_treatment:\n    hold_time: {value: 2 h, source: example}\n"
                  "    ramp_rate: {value: 5 degC/min, source: example}\n"
                  "    atmosphere: {value: air, source: example}\n")  # fmt: skip
    path = write_job(tmp_path, broken(AGAIN, furnace(450) + AGAIN, text))
    assert run(["build", str(path), "-o", str(tmp_path / "out"), "--no-pictures"]) == 0, capsys.readouterr()
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())["stages"]
    assert [s["step"] for s in told] == ["first", "furnace", "again"]
    assert {f["part"] for f in told[-1]["features"]} == {"grid.odd", "grid.even"}
    by_part = {f["part"]: [e["peak_nm"] for e in f["emission"]] for f in told[-1]["features"]}
    assert by_part["grid.odd"] == [655]
    assert by_part["grid.even"] == [514, pytest.approx(613 + 34 * 250 / 350, abs=1e-3)]
    assert run(["verify", str(tmp_path / "out")]) == 0
