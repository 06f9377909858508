"""What every check promises, asked of every registered one."""

import ast
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from lasercam.model.finding import Severity
from lasercam.model.protocols import Check
from tests.checks.situation import context, dots, judge
from tests.support import builders

REGISTERED = {e.name: e for e in entry_points(group="lasercam.checks")}
TESTS = Path(__file__).parent.parent / "checks"
PREFIX = {Severity.ERROR: "E_", Severity.WARNING: "W_", Severity.NOTE: "N_"}


@pytest.fixture(params=sorted(REGISTERED))
def kind(request):
    return REGISTERED[request.param].load()


def test_checks_are_registered():
    assert len(REGISTERED) >= 12


def test_codes_are_explained(kind):
    assert kind.codes
    for info in kind.codes:
        assert info.code.startswith(PREFIX[info.severity])
        assert len(info.title) > 10
        assert len(info.explanation) > 80
        assert not info.title.endswith(".")


def test_codes_are_unique_across_checks():
    listed = [info.code for entry in REGISTERED.values() for info in entry.load().codes]
    assert len(listed) == len(set(listed))


def test_every_code_is_found_in_some_test(kind):
    texts = {
        node.value
        for file in TESTS.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    built = {f"{p}_PROCESS_RULE" for p in "EWN"}
    assert {info.code for info in kind.codes} <= texts | built


def test_an_empty_toolpath_yields_nothing_but_notes(kind):
    for recipes in ([], [builders.line_recipe()]):
        empty = context([], recipes)
        assert [f for f in judge(kind(), empty) if f.severity is not Severity.NOTE] == []


def test_a_block_without_rows_is_no_trouble(kind):
    assert [f for f in judge(kind(), context([dots([])])) if f.severity is not Severity.NOTE] == []


def test_judging_twice_gives_the_same(kind):
    made = context([dots([(10, 10, 0), (10, 10, 0), (-5, 10, 99_999)])])
    once = judge(kind(), made)
    assert judge(kind(), made) == once
    declared = {info.code: info.severity for info in kind.codes}
    for finding in once:
        assert declared[finding.code] is finding.severity
        assert finding.location is not None
        assert finding.on
        assert finding.message


def test_it_is_a_check(kind):
    made: Check = kind()
    assert callable(made.begin)
    assert callable(made.block)
    assert callable(made.end)
