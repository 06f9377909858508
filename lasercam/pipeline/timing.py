"""Clocks for the rows of a job, handed to checks and pictures: rooms that know nothing of planning."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lasercam.model.machine import Machine
from lasercam.model.timing import PathClock, TimedBlock
from lasercam.model.toolpath import Toolpath, ToolpathHeader
from lasercam.plan.kinematics.clock import Clock
from lasercam.plan.kinematics.model import motion_model


def clocks(header: ToolpathHeader, machines: Sequence[Machine]) -> Callable[[int, NDArray[np.float64]], PathClock]:
    """Makes a clock for the rows of a section, given how far the ends of rows reach, per recipe (R,), µm.

    Args:
        header: of the toolpath.
        machines: of its sections.
    """
    return partial(_clock, header, tuple(machines))


def _clock(
    header: ToolpathHeader, machines: tuple[Machine, ...], section: int, near_um: NDArray[np.float64]
) -> PathClock:
    return Clock(motion_model(header.recipes, machines[section], near_um))


def timed_blocks(
    toolpath: Toolpath, machines: Sequence[Machine], near_um: NDArray[np.float64], sections: Sequence[int]
) -> Iterator[TimedBlock]:
    """Rows of some sections with their times; every section is a file of its own."""
    make = clocks(toolpath.header, machines)
    clock: PathClock | None = None
    current = -1
    for block in toolpath.blocks():
        if block.section not in sections:
            continue
        if block.section != current:
            if clock is not None:
                yield from clock.finish()
            clock, current = make(block.section, near_um), block.section
        if clock is not None:
            yield from clock.add(block)
    if clock is not None:
        yield from clock.finish()
