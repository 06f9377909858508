"""Emission colours follow the states of the sample."""

from dataclasses import replace
from pathlib import Path

from lasercam.model.confidence import Confidence
from lasercam.pipeline.interactive import job_scene
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.preview.html.glow import Pair, glow_tables
from lasercam.process.campaign import FeatureState, LineState, Stage

PATTERNS = Path(__file__).parents[3] / "patterns"


def test_the_hidden_part_turns_red_and_stays_behind_a_long_pass() -> None:
    loaded = load_job(PATTERNS / "write_heat_rewrite.yaml")
    facts = job_scene(loaded, plan_job(loaded), []).facts
    uv, behind = facts["glow"]
    assert [uv["name"], behind["name"]] == ["uv", "uv+lp645"]
    parts = [name for name, _ in facts["parts"]]
    hidden = next(i for i, (part, _) in enumerate(facts["pairs"]) if parts[part] == "message.hidden")
    seen = next(i for i, (part, _) in enumerate(facts["pairs"]) if parts[part] == "message.visible_only")

    def look(view: dict, step: int, pair: int) -> dict:
        return view["looks"][view["after"][step][pair]]

    assert "514 and 613 nm" in look(uv, 0, hidden)["says"]
    assert look(uv, 0, hidden) == look(uv, 0, seen), "before the rewrite nothing tells them apart"
    assert "632" in look(uv, 1, seen)["says"], "the furnace moves the red"
    assert "655 nm" in look(uv, 2, hidden)["says"]
    red, green, _ = (int(look(uv, 2, hidden)["colour"][i : i + 2], 16) for i in (1, 3, 5))
    assert red > 4 * green
    brightness = [
        max(int(look(behind, 2, pair)["colour"][i : i + 2], 16) for i in (1, 3, 5)) for pair in (hidden, seen)
    ]
    assert brightness[0] == 255
    assert brightness[1] < 200, "514 and 632 nm mostly stay behind the filter"


def test_what_does_not_glow_is_dark_and_what_nobody_states_is_grey() -> None:
    line = LineState("crystal", 520.0, 25.0, 1.0, Confidence.STATED, Confidence.STATED)
    states = {
        "bright": FeatureState("p.bright", "r", "x", "emitting", (line,)),
        "gone": FeatureState("p.gone", "r", "x", "quenched", (), notes=("stated by the source",)),
        "open": FeatureState("p.open", "r", "x", "unknown", (), notes=("not stated",)),
        "far": FeatureState("p.far", "r", "x", "emitting", (replace(line, peak_nm=900.0),)),
    }
    pairs = [Pair(i, 0, f"p.{name}", "r") for i, name in enumerate((*states, "absent"))]
    stage = Stage(0, "step", "write", tuple(states.values()))
    for view in ("uv", "uv+lp800"):
        (table,) = glow_tables([stage], pairs, [view])
        looks = [table["looks"][i] for i in table["after"][0][:4]]
        assert table["after"][0][4] == -1, "not written yet"
        assert looks[1] == {"colour": "#2a2a2a", "says": "quenched; stated by the source"}
        assert looks[2]["colour"] == "#7d7d7d"
        bright, far = (int(looks[i]["colour"][3:5], 16) for i in (0, 3))
        assert (bright > 200) == (view == "uv")
        assert far == 255, "invisible to the eye, drawn grey as in the pictures"
