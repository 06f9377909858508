import numpy as np
import pytest

from lasercam.errors import GeometryError, ParameterError, UsageError
from lasercam.model.confidence import Confidence
from lasercam.model.exposure import ExposureBlock
from lasercam.model.frame import Frame
from lasercam.model.toolpath import RowKind
from lasercam.preview.emission import (
    RecipeEffect,
    StepRows,
    recipe_effects,
    simulate_emission,
    toolpath_steps,
)
from lasercam.preview.emission_colours import trust_text
from lasercam.preview.exposed_rows import ExposedRows, exposed_rows, reread_rows, strokes
from tests.preview.samples import DUAL, PROCESSES, REWRITTEN, line, outcome, qr_matrix, rewritten_qr
from tests.support.builders import rows


def stripes(*ends, recipe=0, depth=100.0, kind=RowKind.LINE, count=0):
    """One step: strokes ((x0, y0), (x1, y1)) at a depth."""
    start = np.array([[*a, depth] for a, _ in ends], float)
    end = np.array([[*b, depth] for _, b in ends], float)
    n = len(ends)
    return ExposedRows(
        start, end, np.full(n, kind, np.uint8), np.full(n, count, np.int64), np.full(n, recipe, np.int64)
    )


def step(name, *blocks):
    return StepRows(name, lambda: iter(blocks))


def at(simulation, state, x, y):
    """Radiance by peak at a place."""
    grid = simulation.grid
    row, column = (int((v - low) / grid.pixel_um) for v, low in zip((y, x), grid.low_um[::-1], strict=True))
    return {e.peak_nm: round(float(image[row, column]), 4) for e, image in simulation.states[state].radiance.items()}


WIDE = ((0.0, 10.0), (100.0, 10.0))
LEFT = ((0.0, 10.0), (50.0, 10.0))
FIRST = RecipeEffect("first", DUAL, 20.0)
AGAIN = RecipeEffect("again", REWRITTEN, 20.0)
ERASE = RecipeEffect("erase", outcome("removes"), 20.0)
NOTHING = RecipeEffect("nothing", outcome("none", line(700.0)), 20.0)


def test_a_rewrite_replaces_what_it_covers_and_nothing_else():
    steps = (step("one", stripes(WIDE)), step("two", stripes(LEFT, recipe=1)))
    seen = simulate_emission(steps, (FIRST, AGAIN), pixel_um=1.0)
    assert [state.step for state in seen.states] == ["one", "two"]
    assert at(seen, 0, 20, 10) == at(seen, 0, 80, 10) == {514.0: 1.0, 613.0: 1.0}
    assert at(seen, 1, 20, 10) == {514.0: 0.0, 613.0: 0.0, 655.0: 1.0}
    assert at(seen, 1, 80, 10) == {514.0: 1.0, 613.0: 1.0, 655.0: 0.0}


@pytest.mark.parametrize("pixel_um", [0.7, 3.0, 11.0])
def test_a_rewrite_of_everything_leaves_no_ghost_at_soft_edges(pixel_um):
    steps = (step("one", stripes(WIDE)), step("two", stripes(WIDE, recipe=1)))
    seen = simulate_emission(steps, (FIRST, AGAIN), pixel_um=pixel_um)
    first = {e.peak_nm: image for e, image in seen.states[0].radiance.items()}
    left = {e.peak_nm: image for e, image in seen.states[1].radiance.items()}
    assert first[514.0].max() > 0.9
    assert left[514.0].max() == left[613.0].max() == 0.0
    assert np.array_equal(left[655.0], first[613.0])


def test_erasing_removes_and_a_pass_without_effect_does_nothing():
    steps = (
        step("write", stripes(WIDE)),
        step("nothing", stripes(WIDE, recipe=2)),
        step("erase", stripes(LEFT, recipe=1)),
    )
    seen = simulate_emission(steps, (FIRST, ERASE, NOTHING), pixel_um=1.0)
    assert at(seen, 1, 20, 10) == {514.0: 1.0, 613.0: 1.0}
    assert at(seen, 2, 20, 10) == {514.0: 0.0, 613.0: 0.0}
    assert at(seen, 2, 80, 10) == {514.0: 1.0, 613.0: 1.0}


def test_writing_twice_does_not_glow_twice_but_two_layers_do():
    same = simulate_emission(
        (step("a", stripes(WIDE), stripes(WIDE)), step("b", stripes(WIDE))), (FIRST,), pixel_um=1.0
    )
    assert at(same, 1, 50, 10) == {514.0: 1.0, 613.0: 1.0}
    deep = (stripes(WIDE), stripes(WIDE, depth=150.0))
    both = simulate_emission((step("a", *deep),), (FIRST,), pixel_um=1.0)
    assert at(both, 0, 50, 10) == {514.0: 2.0, 613.0: 2.0}
    assert len(both.layers) == 2
    one = simulate_emission((step("a", *deep),), (FIRST,), pixel_um=1.0, layer=1)
    assert at(one, 0, 50, 10) == {514.0: 1.0, 613.0: 1.0}
    assert one.layer is not None
    assert one.layer.depth_um == 150.0


def test_a_rewrite_in_one_layer_leaves_the_other():
    steps = (
        step("a", stripes(WIDE), stripes(WIDE, depth=150.0)),
        step("b", stripes(WIDE, depth=150.0002, recipe=1)),
    )
    seen = simulate_emission(steps, (FIRST, AGAIN), pixel_um=1.0)
    assert at(seen, 1, 50, 10) == {514.0: 1.0, 613.0: 1.0, 655.0: 1.0}


def test_layers_beyond_the_memory_budget_give_the_same_picture(monkeypatch):
    deep = [stripes(WIDE if i % 2 else LEFT, depth=20.0 * i) for i in range(7)]
    steps = (step("a", *deep), step("b", stripes(LEFT, depth=40.0, recipe=1)))
    whole = simulate_emission(steps, (FIRST, AGAIN), pixel_um=1.0)
    monkeypatch.setattr("lasercam.preview.emission.MASK_BUDGET_BYTES", 1)
    parts = simulate_emission(steps, (FIRST, AGAIN), pixel_um=1.0)
    for a, b in zip(whole.states, parts.states, strict=True):
        assert a.radiance.keys() == b.radiance.keys()
        assert all(np.array_equal(a.radiance[e], b.radiance[e]) for e in a.radiance)


def test_shots_of_a_run_are_dots_when_apart_and_a_line_when_not():
    run = stripes(WIDE, kind=RowKind.SHOTS, count=11)
    apart = list(strokes(run, 1.0))
    assert len(apart) == 1
    assert apart[0].start_um[:, 0].tolist() == [10.0 * i for i in range(11)]
    assert np.array_equal(apart[0].start_um, apart[0].end_um)
    close = list(strokes(run, 10.1))
    assert [len(s.recipe) for s in close] == [1]
    assert close[0].end_um[0, 0] == 100.0
    seen = simulate_emission((step("a", run),), (RecipeEffect("p", DUAL, 4.0),), pixel_um=0.5)
    assert at(seen, 0, 20.2, 10.2)[514.0] == 1.0
    assert at(seen, 0, 25, 10)[514.0] == 0.0


def test_long_runs_of_shots_never_become_long_arrays(monkeypatch):
    monkeypatch.setattr("lasercam.preview.exposed_rows.MAX_STROKES", 7)
    run = stripes(WIDE, ((0.0, 0.0), (0.0, 30.0)), kind=RowKind.SHOTS, count=16)
    pieces = list(strokes(run, 0.1))
    assert max(len(p.recipe) for p in pieces) == 7
    points = np.concatenate([p.end_um for p in pieces])
    expected = np.concatenate(
        [np.stack((np.linspace(0, 100, 16), np.full(16, 10.0)), 1), np.stack((np.zeros(16), np.linspace(0, 30, 16)), 1)]
    )
    assert points[:, :2] == pytest.approx(expected)


def test_planned_and_reread_rows_are_the_same_exposures():
    frame = Frame((10_000, 20_000, 5_000), 1 / 1.5, 10)
    block = rows(
        [(RowKind.JUMP, (5, 5, -10)), (RowKind.LEAD, (6, 5, -10)), (RowKind.LINE, (16, 5, -10)),
         (RowKind.DOT, (20, 9, -10)), (RowKind.SHOTS, (30, 9, -10))], count=4,
    )  # fmt: skip
    lit = block.kind != RowKind.JUMP
    start = np.where((block.kind == RowKind.DOT)[:, None], block.end_ticks, block.start_ticks)
    n = int(lit.sum())
    listed = ExposureBlock(
        block.kind[lit], start[lit], block.end_ticks[lit], np.ones(n, np.int64), np.zeros(n, np.int64),
        block.count[lit].astype(np.int64), np.arange(n),
    )  # fmt: skip
    ours, theirs = exposed_rows(block, frame), reread_rows(listed, frame, block.recipe[lit])
    for a, b in zip(vars(ours).values(), vars(theirs).values(), strict=True):
        assert np.array_equal(a, b)
    assert len(ours) == 3
    assert ours.start_um[1].tolist() == [19.0, 7.0, pytest.approx(15.75)]
    with pytest.raises(ParameterError, match="recipes"):
        reread_rows(listed, frame, block.recipe)


def test_the_area_that_glows_is_the_area_of_the_modules():
    text, module_um = "AREA", 20.0
    toolpath = rewritten_qr(text, module_um)
    seen = simulate_emission(
        toolpath_steps(toolpath), recipe_effects(toolpath, PROCESSES, [2.0, 2.0]), smallest_um=module_um
    )
    dark = qr_matrix(text)
    glow = max(seen.states[0].radiance.items())[1]
    pixels = glow.sum() * seen.grid.pixel_um**2
    assert pixels == pytest.approx(dark.sum() * module_um**2, rel=0.02)
    assert module_um / seen.grid.pixel_um >= 4
    assert trust_text(seen.emitters) == "peaks stated, widths and radiances assumed"
    assert set(seen.emitters.values()) == {(Confidence.STATED, Confidence.ASSUMED)}


def test_what_cannot_be_simulated_is_refused():
    with pytest.raises(GeometryError, match="nothing to see"):
        simulate_emission((step("a"),), (FIRST,))
    with pytest.raises(ParameterError, match="recipe 3"):
        simulate_emission((step("a", stripes(WIDE, recipe=3)),), (FIRST,))
    with pytest.raises(UsageError, match="no layer 2"):
        simulate_emission((step("a", stripes(WIDE)),), (FIRST,), layer=1)
    with pytest.raises(ParameterError, match="above 0"):
        RecipeEffect("p", DUAL, float("nan"))
    toolpath = rewritten_qr("X")
    with pytest.raises(ParameterError, match="2 recipes"):
        recipe_effects(toolpath, PROCESSES, [1.0])
    with pytest.raises(ParameterError, match="glass_bri_rewrite"):
        recipe_effects(toolpath, {"glass_bri_lines": PROCESSES["glass_bri_lines"]}, [1.0, 1.0])


def test_a_picture_too_coarse_for_the_modules_says_so():
    long = stripes(((0.0, 0.0), (90_000.0, 0.0)))
    seen = simulate_emission((step("a", long),), (FIRST,), smallest_um=10.0)
    assert any("pixels per smallest module" in note for note in seen.notes)
    mute = RecipeEffect("mute", outcome("adds"), 5.0)
    seen = simulate_emission((step("a", stripes(WIDE)),), (mute,))
    assert seen.notes == ("no emission is stated for mute",)
