"""Every way to expose a place twice is an error, and every permitted way is not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks import sweep
from lasercam.checks.duplicate import Duplicate
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind
from tests.checks.situation import codes, context, dots, judge, lines
from tests.support import builders

WRITE, REWRITE, ERASE = PassKind.WRITE, PassKind.REWRITE, PassKind.ERASE
Z = 120.0


def found(blocks, **options):
    return judge(Duplicate(), context(blocks, **options))


def test_a_dot_on_a_dot_is_found_with_its_row_and_place():
    findings = found([dots([(10, 10, Z), (20, 10, Z), (10, 10, Z)])])
    assert codes(findings) == ["E_DUPLICATE"]
    (finding,) = findings
    assert (finding.first_row, finding.count, finding.on) == (2, 1, "patterns.pattern.part")
    assert "x 10.0000, y 10.0000, depth 120.0000" in finding.message


@pytest.mark.parametrize(("apart", "expected"), [(0.0010, 1), (0.0012, 0)])
def test_the_increment_decides_what_the_same_place_is(apart, expected):
    assert len(found([dots([(10, 10, Z), (10 + apart, 10, Z)])])) == expected


@pytest.mark.parametrize(("apart", "expected"), [(0.9, 1), (1.0, 0)])
def test_grid_neighbours_of_a_coarse_grid_are_different_places(apart, expected):
    def coarse(sections):
        return tuple(replace(s, frame=replace(s.frame, increment_ticks=10_000)) for s in sections)

    assert len(found([dots([(10, 10, Z), (10 + apart, 10, Z)])], sections=coarse)) == expected


def test_dots_above_each_other_are_different_places():
    assert not found([dots([(10, 10, Z), (10, 10, Z - 1)])])


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (((50, 0, Z), (150, 0, Z)), 1),
        (((150, 0, Z), (50, 0, Z)), 1),
        (((20, 0, Z), (30, 0, Z)), 1),
        (((100, 0, Z), (150, 0, Z)), 0),
        (((0, 1, Z), (100, 1, Z)), 0),
        (((50, -5, Z), (50, 5, Z)), 0),
        (((0, 0, Z - 5), (100, 0, Z - 5)), 0),
    ],
)
def test_lines_that_run_along_each_other(second, expected):
    findings = found([lines([((0, 0, Z), (100, 0, Z)), second])])
    assert codes(findings) == ["E_DUPLICATE"] * expected


def test_a_retraced_polyline_is_a_duplicate():
    back = [((0, 0, Z), (100, 0, Z)), ((100, 0, Z), (60, 0, Z))]
    (finding,) = found([lines(back)])
    assert "40 µm" in finding.message


@pytest.mark.parametrize(("y", "expected"), [(0, 1), (0.5, 0)])
@pytest.mark.parametrize("dot_first", [True, False])
def test_a_dot_on_a_line_whichever_comes_first(y, expected, dot_first):
    dot = dots([(40, y, Z)], part=1, first_row=0 if dot_first else 1)
    line = lines([((0, 0, Z), (100, 0, Z))], first_row=1 if dot_first else 0)
    findings = found([dot, line] if dot_first else [line, dot])
    assert codes(findings) == ["E_DUPLICATE"] * expected
    if expected:
        assert findings[0].first_row == 1
        assert findings[0].on == ("patterns.pattern.part" if dot_first else "patterns.other.part")


def test_single_shots_are_dots():
    shots = builders.rows([(RowKind.SHOTS, (90, 0, 0))], count=10)
    assert codes(found([shots, dots([(30, 0, 0)], first_row=1)])) == ["E_DUPLICATE"]
    assert not found([shots, dots([(35, 0, 0)], first_row=1)])


@pytest.mark.parametrize(
    ("kinds", "over", "expected"),
    [
        ((WRITE, WRITE), None, 1),
        ((WRITE, REWRITE), None, 0),
        ((WRITE, ERASE), None, 0),
        ((WRITE, WRITE), ("*",), 0),
        ((WRITE, WRITE), ("step 0",), 0),
        ((WRITE, WRITE), ("another",), 1),
    ],
)
@pytest.mark.parametrize(
    "make", [lambda **k: dots([(10, 10, Z)], **k), lambda **k: lines([((0, 0, Z), (9, 0, Z))], **k)]
)
def test_which_steps_may_touch_which(kinds, over, expected, make):
    def named(sections):
        return (sections[0], replace(sections[1], over=over))

    blocks = [make(), make(section=1, first_row=1, part=1)]
    findings = found(blocks, kinds=kinds, sections=named)
    assert codes(findings) == ["E_DUPLICATE"] * expected
    assert all("patterns.pattern.part" in f.message for f in findings)


def test_a_rewrite_may_not_hit_the_same_place_twice_itself():
    blocks = [dots([(10, 10, Z)]), dots([(10, 10, Z), (10, 10, Z)], section=1, first_row=1)]
    assert codes(found(blocks, kinds=(WRITE, REWRITE))) == ["E_DUPLICATE"]


def test_sections_of_one_step_may_not_touch_each_other():
    def one_step(sections):
        return tuple(replace(s, step=0, step_name="both", over=("*",)) for s in sections)

    blocks = [dots([(10, 10, Z)]), dots([(10, 10, Z)], section=1, first_row=1)]
    assert codes(found(blocks, kinds=(WRITE, WRITE), sections=one_step)) == ["E_DUPLICATE"]


def test_places_are_compared_in_the_sample_not_on_the_stage():
    def moved(sections):
        shifted = replace(sections[1].frame, origin_ticks=(50_000, 0, 0))
        return (sections[0], replace(sections[1], frame=shifted))

    same_on_stage = [dots([(10, 10, Z)]), dots([(10, 10, Z)], section=1, first_row=1)]
    same_in_sample = [dots([(10, 10, Z)]), dots([(15, 10, Z)], section=1, first_row=1)]
    assert not found(same_on_stage, kinds=(WRITE, WRITE), sections=moved)
    assert codes(found(same_in_sample, kinds=(WRITE, WRITE), sections=moved)) == ["E_DUPLICATE"]


def test_a_repeated_step_is_meant():
    def repeated(sections):
        return (replace(sections[0], repeat=3),)

    assert not found([dots([(10, 10, Z)])], sections=repeated)


def test_one_finding_for_many_rows_and_a_large_lattice_has_none():
    grid = np.stack(np.meshgrid(np.arange(200.0), np.arange(150.0), [Z]), axis=-1).reshape(-1, 3)
    assert not found([dots(grid)])
    (finding,) = found([dots(grid), dots(np.add(grid, (0, 140, 0)), first_row=len(grid))])
    assert (finding.count, finding.first_row) == (2_000, len(grid))


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_what_is_found_is_what_brute_force_finds_however_rows_are_cut(seed, slabs):
    """Dots and lines along x on a small integer lattice, in two steps of which the second may touch or not."""
    random = np.random.default_rng(seed)
    blocks, items, row = [], [], 0
    for step in (0, 1):
        for _ in range(random.integers(1, 4)):
            n = int(random.integers(1, 6))
            x, y = random.integers(0, 12, n) * 5.0, random.integers(0, 3, n) * 5.0
            if random.random() < 0.5:
                blocks.append(dots(np.stack((x, y, np.full(n, Z)), axis=1), section=step, first_row=row, part=step))
                spans = [(a, a, b) for a, b in zip(x, y, strict=True)]
            else:
                end = x + random.choice([-15.0, -5.0, 5.0, 20.0], n)
                ends = np.stack((np.stack((x, y, np.full(n, Z)), 1), np.stack((end, y, np.full(n, Z)), 1)), axis=1)
                blocks.append(lines(ends, section=step, first_row=row, part=step))
                spans = [(min(a, b), max(a, b), c) for a, b, c in zip(x, end, y, strict=True)]
            items += [(step, *span) for span in spans]
            row += n

    def touches(a, b):
        both_lines = a[1] < a[2] and b[1] < b[2]
        shared = min(a[2], b[2]) - max(a[1], b[1])
        return a[3] == b[3] and (shared > 0 if both_lines else shared >= 0)

    kind = REWRITE if random.random() < 0.5 else WRITE
    twice = [
        i
        for i, later in enumerate(items)
        if any(touches(later, e) and (kind is WRITE or e[0] == later[0]) for e in items[:i])
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "MAX_EFFORT", 0 if slabs else 10**6)
        findings = found(blocks, kinds=(WRITE, kind), sections=lambda s: (s[0], replace(s[1], over=None)))
    assert bool(findings) == bool(twice)
    if twice:
        assert min(f.first_row for f in findings) == twice[0]
        assert max(f.count for f in findings) <= len(twice) <= sum(f.count for f in findings)
