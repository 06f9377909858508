"""A rewrite hits what was written, all of it, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from lasercam.checks.subset import Subset
from lasercam.checks.sweep import Sweep
from lasercam.model.recipe import PassKind
from tests.checks.situation import codes, context, dots, judge, lines, process
from tests.support import builders

WRITE, REWRITE, ERASE = PassKind.WRITE, PassKind.REWRITE, PassKind.ERASE
Z = 120.0
FIRST = builders.line_recipe(name="first", exposure_ns=10**9)
AGAIN = builders.line_recipe(name="again", exposure_ns=10**9, process="glass_bri_rewrite")
REWRITE_PROCESS = process("glass_bri_rewrite", {"passes": {"typ": 1.0}}, follows=["glass_bri_lines"], passes="rewrite")


def found(blocks, kinds=(WRITE, REWRITE), recipes=(FIRST, AGAIN), **options):
    return judge(Subset(), context(blocks, recipes, kinds=kinds, **options))


def again(block_of, items, **options):
    return block_of(items, section=1, first_row=1000, recipe=1, **options)


@pytest.mark.parametrize("kind", [REWRITE, ERASE])
@pytest.mark.parametrize(
    ("second", "missed"),
    [
        ([(10, 10, Z)], 0),
        ([(10, 10, Z), (20, 10, Z)], 0),
        ([(20, 10, Z), (10, 10, Z)], 0),
        ([(10, 10, Z), (30, 10, Z)], 1),
        ([(10, 10.01, Z)], 1),
        ([(10, 10, Z - 1)], 1),
    ],
)
def test_dots_lie_on_dots(second, missed, kind):
    findings = found([dots([(10, 10, Z), (20, 10, Z)]), again(dots, second)], (WRITE, kind))
    assert [f.count for f in findings if f.code == "E_SUBSET"] == [missed] * bool(missed)


@pytest.mark.parametrize(
    ("second", "missed"),
    [
        ([((0, 0, Z), (100, 0, Z))], 0),
        ([((100, 0, Z), (0, 0, Z))], 0),
        ([((20, 0, Z), (60, 0, Z))], 0),
        ([((50, 0, Z), (150, 0, Z))], 0),
        ([((50, 0, Z), (200.01, 0, Z))], 1),
        ([((0, 1, Z), (100, 1, Z))], 1),
        ([((0, 0, Z), (100, 0, Z)), ((0, 50, Z), (9, 50, Z))], 1),
    ],
)
def test_lines_lie_along_lines(second, missed):
    first = lines([((0, 0, Z), (100, 0, Z)), ((100, 0, Z), (200, 0, Z))])
    findings = found([first, again(lines, second)])
    assert [f.count for f in findings if f.code == "E_SUBSET"] == [missed] * bool(missed)


def test_a_gap_between_written_lines_is_not_written():
    first = lines([((0, 0, Z), (100, 0, Z)), ((101, 0, Z), (200, 0, Z))])
    assert codes(found([first, again(lines, [((0, 0, Z), (200, 0, Z))])])) == ["E_SUBSET"]


def test_a_dot_may_be_rewritten_on_a_line():
    assert not found([lines([((0, 0, Z), (100, 0, Z))]), again(dots, [(40, 0, Z)])])


def test_what_another_part_wrote_counts():
    assert not found([dots([(10, 10, Z)]), again(dots, [(10, 10, Z)], part=1)])


@pytest.mark.parametrize("kind", [PassKind.REWRITE, PassKind.ERASE])
def test_the_very_first_step_has_nothing_to_rewrite(kind):
    (finding,) = [f for f in found([dots([(10, 10, Z), (20, 10, Z)])], (kind,)) if f.code == "E_SUBSET"]
    assert finding.count == 2


def test_a_later_step_does_not_help():
    blocks = [
        dots([(10, 10, Z)]),
        again(dots, [(20, 10, Z)]),
        dots([(20, 10, Z)], section=2, first_row=2000),
    ]
    (finding,) = found(blocks, (WRITE, REWRITE, WRITE))
    assert (finding.code, finding.first_row) == ("E_SUBSET", 1000)


def test_the_same_part_in_full_is_recognised_without_comparing(monkeypatch):
    monkeypatch.setattr(Sweep, "scenes", lambda self: pytest.fail("compared"))
    grid = [(5.0 * x, 5.0 * y, Z) for y in range(20) for x in range(20)]
    assert not found([dots(grid), again(dots, grid[::-1])])
    segments = np.random.default_rng(1).uniform(0, 900, (50, 2, 3))
    assert not found([lines(segments), again(lines, segments[::-1, ::-1])])


def test_one_exposure_written_twice_is_not_the_same_as_two():
    blocks = [dots([(10, 10, Z), (20, 10, Z)]), again(dots, [(10, 10, Z), (30, 10, Z)])]
    assert codes(found(blocks)) == ["E_SUBSET"]


def test_without_a_rewrite_nothing_is_compared():
    assert not found([dots([(10, 10, Z)]), dots([(99, 10, Z)], section=1, first_row=1)], (WRITE, WRITE))


def test_the_process_that_is_followed_must_have_written():
    blocks = [dots([(10, 10, Z)]), again(dots, [(10, 10, Z)])]
    assert not found(blocks, processes=[REWRITE_PROCESS])
    other = replace(FIRST, process="glass_pure_br")
    (finding,) = found(blocks, recipes=(other, AGAIN), processes=[REWRITE_PROCESS])
    assert (finding.code, finding.on) == ("W_NOT_FOLLOWING", "recipes.again")
    assert "glass_pure_br" in finding.message
    assert "glass_bri_lines" in finding.message


@pytest.mark.parametrize(("repeats", "count", "expected"), [(1, 1, 0), (2, 1, 1), (1, 2, 1)])
def test_more_rewrites_than_shown(repeats, count, expected):
    def repeated(sections):
        return (sections[0], *(replace(s, repeat=repeats) for s in sections[1:]))

    blocks = [dots([(10, 10, Z)])]
    blocks += [dots([(10, 10, Z)], section=k, first_row=k, recipe=1) for k in range(1, count + 1)]
    kinds = (WRITE, *[REWRITE] * count)
    findings = found(blocks, kinds, sections=repeated, processes=[REWRITE_PROCESS])
    assert codes(findings) == ["W_REWRITES"] * expected
    assert all((f.value, f.limit) == (2, 1) for f in findings)
