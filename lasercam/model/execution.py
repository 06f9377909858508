"""What became of the rows of a build at the stage, as a journal says it: nothing, done, partly or perhaps exposed."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Ranges = tuple[tuple[int, int], ...]
"""Rows as half-open ranges [from, to) of row numbers, in order, without overlap."""


class RowState(IntEnum):
    """What a row is."""

    UNTOUCHED = 0
    """Surely not exposed."""
    DONE = 1
    """Surely exposed."""
    PARTLY = 2
    """The beam was cut within it."""
    UNCERTAIN = 3
    """Perhaps exposed: nobody knows."""


@dataclass(frozen=True)
class ProgramRows:
    """Rows of one execution of a job file; ranges may overlap, what is surer counts.

    Attributes:
        section, repeat: which.
        done: surely exposed.
        partly: the beam was cut within them.
        uncertain: perhaps exposed.
        again: were in question, and a person decided to expose them again; perhaps exposed, whatever came of it.
        is_finished: nothing of it is left.
    """

    section: int
    repeat: int = 0
    done: Ranges = ()
    partly: Ranges = ()
    uncertain: Ranges = ()
    again: Ranges = ()
    is_finished: bool = False

    @property
    def is_touched(self) -> bool:
        """Whether anything of it may be exposed."""
        return bool(self.done or self.partly or self.uncertain or self.again)

    def states(self, first_row: int, n_rows: int) -> NDArray[np.uint8]:
        """uint8 (n_rows,), RowState of each row from `first_row` on."""
        states = np.zeros(n_rows, np.uint8)
        for ranges, state in (
            (self.again, RowState.UNCERTAIN),
            (self.uncertain, RowState.UNCERTAIN),
            (self.partly, RowState.PARTLY),
            (self.done, RowState.DONE),
        ):
            _fill(states, ranges, first_row, state)
        return states

    def twice(self, first_row: int, n_rows: int) -> NDArray[np.bool_]:
        """bool (n_rows,), rows that were exposed after they were in question: perhaps twice."""
        again = np.zeros(n_rows, np.uint8)
        _fill(again, self.again, first_row, 1)
        return np.asarray((again == 1) & (self.states(first_row, n_rows) == RowState.DONE))


def _fill(column: NDArray[np.uint8], ranges: Ranges, first_row: int, value: int) -> None:
    for start, stop in ranges:
        low, high = max(start - first_row, 0), min(stop - first_row, len(column))
        if low < high:
            column[low:high] = value


@dataclass(frozen=True)
class Execution:
    """Everything a journal says of a build.

    Attributes:
        journal: identity of the journal, hexadecimal; another execution of the same build has another.
        file: its name, for people.
        toolpath: digest of the toolpath it is about.
        is_simulated: nothing but a simulation was exposed.
        programs: by section, then repeat; those that were never begun may be missing.
        by_hand: indices of steps that a person confirmed as done: furnaces, soaks, remounts, instructions.
    """

    journal: str
    file: str
    toolpath: str
    is_simulated: bool = False
    programs: tuple[ProgramRows, ...] = ()
    by_hand: tuple[int, ...] = ()

    def of(self, section: int, repeat: int) -> ProgramRows:
        """One execution of a job file; untouched where the journal does not name it."""
        named = (p for p in self.programs if (p.section, p.repeat) == (section, repeat))
        return next(named, ProgramRows(section, repeat))

    def of_section(self, section: int) -> tuple[ProgramRows, ...]:
        """All its executions that were touched."""
        return tuple(p for p in self.programs if p.section == section and p.is_touched)


@dataclass(frozen=True)
class HandStep:
    """A step of a job that a person does, away from the beam: furnace, soak, remount, reading, an instruction.

    Attributes:
        step: its index in the job.
        name: as the job calls it.
        text: verb and name.
    """

    step: int
    name: str
    text: str
