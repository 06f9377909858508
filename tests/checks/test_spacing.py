"""Distances below the spot diameter, crossings, and what is left alone."""

from dataclasses import replace

import numpy as np
import pytest

from lasercam.checks.spacing import Spacing
from lasercam.model.recipe import PassKind
from tests.checks import situation
from tests.checks.situation import codes, context, dots, judge, lines, valued
from tests.support import builders

Z = 120.0
R = 2.0


def found(blocks, *recipes, **options):
    table = recipes or (builders.line_recipe(exposure_ns=10**9, values=valued(spot_radius=R)),)
    return judge(Spacing(), context(blocks, table, **options))


@pytest.mark.parametrize(("pitch", "expected"), [(4.0, []), (3.9999, ["W_SPACING"]), (0.5, ["W_SPACING"])])
def test_dots_closer_than_the_spot_diameter(pitch, expected):
    findings = found([dots([(10, 10, Z), (10 + pitch, 10, Z)])])
    assert codes(findings) == expected
    for finding in findings:
        assert (finding.value, finding.limit, finding.first_row) == (pytest.approx(pitch), 4.0, 1)


def test_the_lattice_pitch_of_the_first_row_is_reported_and_every_crowded_dot_counted():
    grid = [(3.0 * x, 50.0 * y, Z) for y in range(4) for x in range(10)]
    (finding,) = found([dots(grid)])
    assert finding.count == 4 * 9
    assert finding.value == pytest.approx(3.0)


def test_two_recipes_keep_the_sum_of_their_radii():
    small = builders.dot_recipe(name="small", values=valued(spot_radius=1.0))
    large = builders.dot_recipe(name="large", values=valued(spot_radius=5.0))
    apart = [dots([(10, 10, Z)]), dots([(16, 10, Z)], recipe=1, first_row=1)]
    close = [dots([(10, 10, Z)]), dots([(15.9, 10, Z)], recipe=1, first_row=1)]
    assert not found(apart, small, large)
    assert codes(found(close, small, large)) == ["W_SPACING"]


def test_a_supplied_pitch_counts_where_it_is_larger():
    recipe = builders.dot_recipe(values=valued(spot_radius=1.0, feature_pitch=20.0))
    assert codes(found([dots([(0, 0, Z), (19, 0, Z)])], recipe)) == ["W_SPACING"]
    assert not found([dots([(0, 0, Z), (20, 0, Z)])], recipe)


def test_duplicates_are_left_to_their_own_check():
    assert not found([dots([(10, 10, Z), (10, 10, Z)])])


@pytest.mark.parametrize(("y", "expected"), [(3.9, ["W_SPACING"]), (4.0, [])])
@pytest.mark.parametrize("dot_first", [True, False])
def test_dots_beside_lines(y, expected, dot_first):
    dot = dots([(40, y, Z)], part=1, first_row=0 if dot_first else 1)
    line = lines([((0, 0, Z), (100, 0, Z))], first_row=1 if dot_first else 0)
    assert codes(found([dot, line] if dot_first else [line, dot])) == expected


def test_lines_of_one_part_are_hatching_and_lines_of_two_parts_are_not():
    a = lines([((0, 0, Z), (100, 0, Z))])
    same = lines([((0, 1, Z), (100, 1, Z))], first_row=1)
    other = lines([((0, 1, Z), (100, 1, Z))], first_row=1, part=1)
    far = lines([((0, 4, Z), (100, 4, Z))], first_row=1, part=1)
    assert not found([a, same])
    assert codes(found([a, other])) == ["W_SPACING"]
    assert not found([a, far])


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (((50, -5, Z), (50, 5, Z)), ["W_CROSSING"]),
        (((50, 0, Z), (50, 30, Z)), ["W_CROSSING"]),
        (((100, 0, Z), (100, 30, Z)), []),
        (((50, 0.01, Z), (50, 30, Z)), []),
        (((50, -5, Z - 5), (50, 5, Z - 5)), []),
        (((20, 0, Z), (50, 0, Z)), []),
    ],
)
def test_crossings_within_a_part(second, expected):
    assert codes(found([lines([((0, 0, Z), (100, 0, Z)), second])])) == expected


def test_ends_of_lines_of_two_parts_that_touch_are_crossings():
    a = lines([((0, 0, Z), (100, 0, Z))])
    b = lines([((100, 0, Z), (100, 30, Z))], part=1, first_row=1)
    (finding,) = found([a, b])
    assert (finding.code, finding.on) == ("W_CROSSING", "patterns.other.part")


def test_an_outline_that_closes_is_no_crossing():
    corners = np.array([(0, 0, Z), (50, 0, Z), (50, 50, Z), (0, 50, Z), (0, 0, Z)])
    assert not found([lines(np.stack((corners[:-1], corners[1:]), axis=1))])


def test_a_rewrite_is_not_judged_against_what_it_rewrites():
    blocks = [dots([(10, 10, Z)]), dots([(11, 10, Z)], section=1, first_row=1)]
    assert not found(blocks, kinds=(PassKind.WRITE, PassKind.REWRITE))
    assert codes(found(blocks, kinds=(PassKind.WRITE, PassKind.WRITE))) == ["W_SPACING"]


def test_without_a_spot_radius_a_note_says_so():
    recipe = builders.dot_recipe(values={})
    (finding,) = found([dots([(10, 10, Z), (10.5, 10, Z)])], recipe)
    assert finding.code == "N_SPACING_UNKNOWN"
    assert "glass_bri_dots" in finding.message
    assert "spot_radius" in finding.hint


def test_an_unused_recipe_without_a_radius_is_not_mentioned():
    known = builders.dot_recipe(values=valued(spot_radius=R))
    assert not found([dots([(10, 10, Z)])], known, replace(known, name="idle", values={}))


def test_depth_counts_in_the_sample_not_on_the_stage():
    # 3.9 µm of depth are 2.6 µm of stage travel.
    assert codes(found([dots([(10, 10, Z), (10, 10, Z + 3.9)])])) == ["W_SPACING"]
    assert not found([dots([(10, 10, Z), (10, 10, Z + 4.01)])])
    assert situation.FRAME.index_ratio == pytest.approx(1 / 1.5)
