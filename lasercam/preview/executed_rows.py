"""Rows dressed by what became of them at the stage, told by colour, line and mark, so that none depends on colour."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lasercam.model.execution import Execution, RowState
from lasercam.model.toolpath import RowKind, Section, Toolpath, ToolpathBlock
from lasercam.preview.palette import ColourGroup, counted
from lasercam.preview.toolpath_scene import Marks
from lasercam.preview.toolpath_survey import DrawnRows, drawn_rows

_AGAIN = len(RowState)
"""Done, with further runs of its section to come."""
_N_CLASSES = _AGAIN + 1
_LISTED = 8

# Okabe and Ito's colours, and beside them lines and marks that differ.
_LOOKS = {
    RowState.UNTOUCHED: ("not done", "#8c8c8c", (1.0, 1.6), ""),
    _AGAIN: ("done, to be run again", "#56B4E9", (4.0, 1.5), ""),
    RowState.DONE: ("done", "#0072B2", None, ""),
    RowState.PARTLY: ("partly: the beam was cut", "#D55E00", None, "x"),
    RowState.UNCERTAIN: ("uncertain: perhaps exposed", "#CC79A7", (3.0, 1.0), "D"),
}
"""In the order in which they are drawn: what matters most lies on top."""


class ExecutedRows:
    """Dresses rows by what a journal says of them; made for one picture."""

    n_colours = _N_CLASSES
    heading = "What the journal says"

    def __init__(self, toolpath: Toolpath, execution: Execution) -> None:
        self._toolpath = toolpath
        self._execution = execution
        self._places: dict[int, list[NDArray[np.float64]]] = {}
        self._question: list[NDArray[np.int64]] = []
        self._shown: set[int] = set()

    @property
    def note(self) -> str:
        """What is in question, and how far other steps are, for the caption."""
        told = f"As {self._execution.file} says."
        if self._question:
            rows = np.concatenate(self._question)
            told += f" In question: {counted(len(rows), 'row')}, {_listed(rows)}."
        others = dict.fromkeys(s.step for s in self._toolpath.header.sections if s.step not in self._shown)
        if others:
            told += f" Other steps: {', '.join(self._progress(step) for step in others)}."
        return told

    def _progress(self, step: int) -> str:
        """How far a step is, in words."""
        sections = [s for s in self._toolpath.header.sections if s.step == step]
        runs = [self._execution.of(s.index, repeat) for s in sections for repeat in range(s.repeat)]
        if not any(run.is_touched for run in runs):
            return f"{sections[0].step_name} not begun"
        return f"{sections[0].step_name} {'finished' if all(run.is_finished for run in runs) else 'begun'}"

    shows_travel = False

    def labels(self) -> Sequence[tuple[float, float, str]]:
        """Nothing but marks."""
        return ()

    @property
    def marks(self) -> Sequence[Marks]:
        """Every row in question at its middle, once rows were read."""
        found = []
        for state, pieces in sorted(self._places.items(), reverse=True):  # where the beam was cut lies on top
            title, colour, _, shape = _LOOKS[state]
            places = np.concatenate(pieces)
            found.append(Marks(title, colour, shape, places))
        return found

    def rows(self, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
        """Rows with their class in place of the recipe."""
        self._places, self._question = {}, []
        by_index = {section.index: section for section in sections}
        self._shown = {section.step for section in sections}

        def stream() -> Iterator[ToolpathBlock]:
            for block in self._toolpath.blocks():
                if block.section in by_index and len(block):
                    classes = self._classes(block, by_index[block.section])
                    self._list(block, classes)
                    yield replace(block, recipe=classes.astype(np.uint16))

        for rows in drawn_rows(replace(self._toolpath, stream=stream), sections):
            self._gather(rows)
            yield rows

    def _classes(self, block: ToolpathBlock, section: Section) -> NDArray[np.uint8]:
        """uint8 (N,), what the most doubtful run of a section made of each row."""
        n_rows = len(block)
        runs = [self._execution.of(section.index, repeat) for repeat in range(section.repeat)]
        states = [run.states(block.first_row, n_rows) for run in runs if run.is_touched]
        found = np.full(n_rows, RowState.UNTOUCHED, np.uint8)
        times = np.zeros(n_rows, np.int64)
        for state in states:
            times += state == RowState.DONE
        found[times > 0] = _AGAIN
        found[times == section.repeat] = RowState.DONE
        for state in states:
            found[state == RowState.PARTLY] = RowState.PARTLY
        for state in states:
            found[state == RowState.UNCERTAIN] = RowState.UNCERTAIN
        return found

    def _list(self, block: ToolpathBlock, classes: NDArray[np.uint8]) -> None:
        rows = np.flatnonzero(block.exposes & ((classes == RowState.PARTLY) | (classes == RowState.UNCERTAIN)))
        if len(rows):
            self._question.append(block.first_row + rows)

    def _gather(self, rows: DrawnRows) -> None:
        lit = (rows.kind != RowKind.JUMP) & (rows.kind != RowKind.LEAD)
        for state in (RowState.PARTLY, RowState.UNCERTAIN):
            mine = rows.of(lit & (rows.recipe == state))
            if len(mine.kind):
                start = np.where((mine.kind == RowKind.DOT)[:, None], mine.end_um, mine.start_um)
                self._places.setdefault(int(state), []).append(0.5 * (start + mine.end_um))

    def groups(self, uses: NDArray[np.int64]) -> tuple[tuple[ColourGroup, ...], NDArray[np.intp]]:
        """The four classes that always matter, and what is to be run again where there is any, with their counts."""
        group_of = np.full(_N_CLASSES, -1, np.intp)
        groups: list[ColourGroup] = []
        whole = max(1, int(uses.sum()))
        for state, (title, colour, dashes, mark) in _LOOKS.items():
            count = int(uses[state].sum())
            if not count and state == _AGAIN:
                continue
            group_of[state] = len(groups)
            lines = bool(uses[:, RowKind.LINE].any() or uses[:, RowKind.SHOTS].any())
            share = f"{count / whole:.1%} of all" if count else "none"
            groups.append(
                ColourGroup(
                    colour, title, (counted(count, "exposure"), share), lines, bool(uses[:, RowKind.DOT].any()),
                    dashes=dashes, mark=mark, is_hollow=state == RowState.UNTOUCHED,
                )
            )  # fmt: skip
        return tuple(groups), group_of


def _listed(rows: NDArray[np.int64]) -> str:
    """Row numbers, those that follow each other as ranges.

    >>> _listed(np.array([3, 7, 8, 9]))
    '3, 7 to 9'
    """
    pieces = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    told = [f"{p[0]}" if len(p) == 1 else f"{p[0]} to {p[-1]}" for p in pieces[:_LISTED]]
    return ", ".join(told) + (" and more" if len(pieces) > _LISTED else "")
