import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import (
    InputError,
    LasercamError,
    LinkError,
    Location,
    Problem,
    RereadError,
    UsageError,
    name_problem,
    nearest,
    shorten,
)


def test_problems_come_in_file_order_and_name_their_places() -> None:
    late, early = Problem("late", Location("job.yaml", 9, 1)), Problem("early", Location("job.yaml", 2, 7), "Mend it.")
    error = InputError([late, Problem("nowhere"), early])
    assert [p.message for p in error.problems] == ["nowhere", "early", "late"]
    assert str(error) == "nowhere\njob.yaml:2:7: early. Mend it.\njob.yaml:9:1: late"


def test_lines_count_as_numbers_not_as_text() -> None:
    places = [Location("a", line, column) for line in (100, 20, 3) for column in (10, 9)]
    error = InputError([Problem("x", place) for place in places])
    assert [p.location for p in error.problems] == sorted(places)


def test_an_error_without_a_problem_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="at least one"):
        InputError([])


def test_the_shell_sees_what_failed() -> None:
    assert (LasercamError.exit_code, UsageError.exit_code, LinkError.exit_code) == (1, 2, 3)


def test_reread_errors_name_their_line() -> None:
    assert str(RereadError("no such word", 12)) == "line 12: no such word"
    assert str(RereadError("empty")) == "empty"


@given(st.text(max_size=300), st.integers(1, 80))
def test_shortened_texts_are_printable_and_bounded(text: str, limit: int) -> None:
    shown = shorten(text, limit)
    assert len(shown) <= limit
    assert shown.isprintable() or shown == ""
    assert shown == text or not text.isprintable() or len(text) > limit


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=20, unique=True), st.data())
def test_a_name_that_exists_is_its_own_nearest(names: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(names))
    (found,) = nearest(name, names)
    assert found.casefold() == name.casefold()


def test_of_names_that_differ_in_case_the_first_is_the_likeliest() -> None:
    assert nearest("mmm", ["mm", "Mm"]) == ["mm"]
    assert nearest("completely different", ["mm", "Mm"]) == []


def test_a_name_problem_says_what_is_allowed_without_flooding() -> None:
    text = str(name_problem("part", "x\ny" * 200, [f"level_{i}" for i in range(1000)]))
    assert "(1000 in all)" in text
    assert len(text) < 500
    assert text.isprintable()
    assert "Allowed: none." in str(name_problem("part", "x", []))


def test_locations_and_problems_survive_a_process_border() -> None:
    problem = Problem("x", Location("f", 1, 2), "h")
    assert pickle.loads(pickle.dumps(problem)) == problem  # noqa: S301 # our own bytes
