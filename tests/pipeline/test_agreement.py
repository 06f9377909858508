"""The compiled comparison of a file with its plan says what the plain one says."""

from dataclasses import fields, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.model.commanded import feed_speeds_nm_s, open_times_ns
from lasercam.model.exposure import ExposureBlock
from lasercam.model.toolpath import ToolpathBlock
from lasercam.pipeline import verify
from lasercam.pipeline.agreement import shows
from tests.dialects import planning

COLUMNS = ("kind", "start_ticks", "end_ticks", "speed_nm_s", "open_ns", "count")


def changed(found: ExposureBlock, column: str, place: int, by: int) -> ExposureBlock:
    """The exposures with one number changed."""
    values = getattr(found, column).copy()
    flat = values.reshape(-1)
    number = int(flat[place % values.size]) + by
    flat[place % values.size] = number % 256 if column == "kind" else number
    return replace(found, **{column: values})


def cut(found: ExposureBlock, start: int, stop: int) -> ExposureBlock:
    """Some of the exposures."""
    return ExposureBlock(*(getattr(found, field.name)[start:stop] for field in fields(found)))


@settings(deadline=None, max_examples=200)
@given(
    planning.plans(10, counted=True),
    st.sampled_from(COLUMNS),
    st.integers(0, 1000),
    st.sampled_from([-1, 0, 1, 5]),
    st.sampled_from(["all", "without the last", "without the first", "one more"]),
)
def test_compiled_comparison_is_the_plain_one(
    block: ToolpathBlock, column: str, place: int, by: int, how_many: str
) -> None:
    machine = planning.linuxcnc_machine()
    table = planning.header_for(planning.RECIPES, [block], machine).recipes
    speed, opened = feed_speeds_nm_s(table, machine), open_times_ns(table, machine)
    expected = verify._expected(block, speed, opened)
    aspects = [np.array(getattr(expected, name)) for name in COLUMNS]
    found = ExposureBlock(*aspects, np.arange(len(expected)))
    assert shows(block, speed, opened, found)
    if len(found):
        found = changed(found, column, place, by)
        if how_many == "without the last":
            found = cut(found, 0, len(found) - 1)
        elif how_many == "without the first":
            found = cut(found, 1, len(found))
    same = verify._first_difference(expected, found) is None
    assert shows(block, speed, opened, found) == same
    if same and how_many == "one more" and len(found):
        twice = ExposureBlock(*(np.concatenate((getattr(found, f.name),) * 2) for f in fields(found)))
        assert not shows(block, speed, opened, twice)
