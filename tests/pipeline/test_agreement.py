"""The compiled comparison of a file with its plan says what the plain one says."""

from dataclasses import fields, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.model.commanded import feed_speeds_nm_s, open_times_ns
from lasercam.model.exposure import NO_SETTING, ExposureBlock
from lasercam.model.toolpath import ToolpathBlock
from lasercam.pipeline import verify
from lasercam.pipeline.agreement import Commands, shows
from tests.dialects import planning

COLUMNS = ("kind", "start_ticks", "end_ticks", "speed_nm_s", "open_ns", "count", "setting")


def changed(found: ExposureBlock, column: str, place: int, by: int) -> ExposureBlock:
    """The exposures with one number changed."""
    values = getattr(found, column).copy()
    flat = values.reshape(-1)
    at = place % values.size
    # No reader ever shows a jump.
    flat[at] = 1 + (int(flat[at]) - 1 + by) % 4 if column == "kind" else flat[at] + by
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
    st.booleans(),
)
def test_compiled_comparison_is_the_plain_one(
    block: ToolpathBlock, column: str, place: int, by: int, how_many: str, sets: bool
) -> None:
    machine = planning.linuxcnc_machine()
    table = planning.header_for(planning.RECIPES, [block], machine).recipes
    settings = np.arange(len(table)) if sets else np.full(len(table), NO_SETTING)
    commands = Commands(feed_speeds_nm_s(table, machine), open_times_ns(table, machine), settings)
    expected = verify._expected(block, commands)
    aspects = [np.array(getattr(expected, name)) for name in COLUMNS]
    found = ExposureBlock(*aspects[:-1], np.arange(len(expected)), aspects[-1])
    assert shows(block, commands, found)
    if len(found):
        found = changed(found, column, place, by)
        if how_many == "without the last":
            found = cut(found, 0, len(found) - 1)
        elif how_many == "without the first":
            found = cut(found, 1, len(found))
    same = verify._first_difference(expected, found) is None
    assert shows(block, commands, found) == same
    if same and how_many == "one more" and len(found):
        twice = ExposureBlock(*(np.concatenate((getattr(found, f.name),) * 2) for f in fields(found)))
        assert not shows(block, commands, twice)
