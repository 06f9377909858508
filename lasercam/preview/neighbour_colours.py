"""Exposures coloured by how soon they follow a neighbour: where heat has no time to leave."""

from collections.abc import Callable, Iterator, Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import UsageError
from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import RowKind, Section, Toolpath
from lasercam.preview.neighbour_gaps import NeighbourGrid
from lasercam.preview.palette import ColourGroup, duration, length, si
from lasercam.preview.toolpath_survey import DrawnRows, drawn_rows

EDGES_S = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
"""Steps of waiting time between two colours: decades."""

_COLOURS = ("#000004", "#3b0f70", "#8c2981", "#de4968", "#f08a5d", "#f5b971", "#d8cfa0")
"""From dark (soon) to bright (late): lightness alone tells. Source: after magma by S. van der Walt and N. Smith."""
_FIRST_COLOUR = "#9ecae1"

_FIRST = len(_COLOURS)
_DARK = _FIRST + 1


NEIGHBOUR_SPACINGS = 1.5
"""How many times the usual spacing still is a neighbour, where nobody says: the diagonal of a square lattice is."""

_SAMPLE = 1_500


def extent_and_spacing(
    toolpath: Toolpath, sections: tuple[Section, ...]
) -> tuple[tuple[tuple[float, float], tuple[float, float]], float]:
    """Corners of everything exposed, and how far apart neighbours usually are, µm.

    The spacing is the median distance of each of the first exposures to the nearest other one of them, seen from the
    middle of lines; 1 µm where there is only one.
    """
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    sample: list[NDArray[np.float64]] = []
    n_sample = 0
    for block in drawn_rows(toolpath, sections):
        dark = (block.kind == RowKind.JUMP) | (block.kind == RowKind.LEAD)
        lit = block.of(~dark)
        if not len(lit.kind):
            continue
        start = np.where((lit.kind == RowKind.DOT)[:, None], lit.end_um, lit.start_um)
        for axis in (0, 1):
            low[axis] = min(low[axis], start[:, axis].min(), lit.end_um[:, axis].min())
            high[axis] = max(high[axis], start[:, axis].max(), lit.end_um[:, axis].max())
        if n_sample < _SAMPLE:
            sample.append((0.5 * (start + lit.end_um))[: _SAMPLE - n_sample])
            n_sample += len(sample[-1])
    if not sample:
        raise UsageError("nothing is exposed in this step, so nothing has neighbours")
    place = np.concatenate(sample)
    square = np.zeros((len(place), len(place)))
    for axis in range(3):
        apart = place[:, None, axis] - place[None, :, axis]
        square += apart * apart
    # The same place again is no neighbour but a repeat.
    square[square < 1e-6] = np.inf
    nearest = np.sqrt(square.min(axis=1))
    known = nearest[np.isfinite(nearest)]
    spacing = float(np.median(known)) if len(known) else 1.0
    return ((float(low[0]), float(low[1])), (float(high[0]), float(high[1]))), spacing


class NeighbourColours:
    """Dresses exposures by the time since the last one nearby; made for one picture."""

    n_colours = _DARK + 1
    heading = "Time since a neighbour"
    marks = ()
    shows_travel = False

    def __init__(
        self,
        timed: Callable[[Sequence[int]], Iterator[TimedBlock]],
        open_s: NDArray[np.float64],
        box_um: tuple[tuple[float, float], tuple[float, float]],
        distance_um: float,
    ) -> None:
        """Dress from timed rows.

        Args:
            timed: rows of some sections with their times.
            open_s: float64 (R,), how long a dot of each recipe is exposed.
            box_um: corners of everything exposed.
            distance_um: exposures nearer than this are neighbours.
        """
        self._timed, self._open_s, self._box, self._distance = timed, open_s, box_um, distance_um
        self._shortest = inf
        self._cell_um = 0.0

    @property
    def note(self) -> str:
        """What a neighbour is, for the caption."""
        worst = "" if self._shortest == inf else f" The shortest wait is {duration(self._shortest)}."
        return (
            f"Neighbours are exposures of other features nearer than {length(self._distance)}. The time is from the end"
            " of the last one nearby to the beginning, predicted from speeds, accelerations and exposures; operator"
            f" stops count as no time. Every place of {length(self._cell_um)} remembers its last exposure.{worst}"
        )

    def labels(self) -> Sequence[tuple[float, float, str]]:
        """Nothing is pointed at."""
        return ()

    def rows(self, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
        """Exposures, each with its class of waiting time for a colour; travel as it is."""
        grid = NeighbourGrid(*self._box, self._distance)
        self._shortest, self._cell_um = inf, grid.cell_um
        frames = {section.index: section.frame for section in sections}
        clock_s, features, was_line = 0.0, 0, False
        for timed in self._timed(tuple(frames)):
            block = timed.block
            if not len(block):
                continue
            frame = frames[block.section]
            start, end = frame.sample_um(block.start_ticks), frame.sample_um(block.end_ticks)
            kind = block.kind_at_sample
            ends_s = clock_s + np.cumsum(timed.seconds)
            clock_s = float(ends_s[-1])
            is_line, is_dot = kind == RowKind.LINE, kind == RowKind.DOT
            lit = is_line | is_dot | (kind == RowKind.SHOTS)
            # Lines that follow each other are one feature.
            goes_on = is_line & np.concatenate(([was_line], is_line[:-1]))
            was_line = bool(is_line[-1])
            feature = features + np.cumsum(lit & ~goes_on)
            features = int(feature[-1])
            step = np.full(len(block), _DARK, np.uint16)
            if lit.any():
                row = np.flatnonzero(lit)
                dot = is_dot[row]
                begin = np.where(dot, ends_s[row] - self._open_s[block.recipe[row]], ends_s[row] - timed.seconds[row])
                first = np.where(dot[:, None], end[row], start[row])
                gap = grid.gaps(first, end[row], begin, ends_s[row], feature[row])
                gap = np.minimum(gap, self._between_shots(timed, row))
                self._shortest = min(self._shortest, float(gap.min()))
                step[row] = np.where(np.isinf(gap), _FIRST, np.searchsorted(EDGES_S, gap, side="right"))
            yield DrawnRows(start, end, kind, step)

    def _between_shots(self, timed: TimedBlock, row: NDArray[np.intp]) -> NDArray[np.float64]:
        """Shots of one run are neighbours of each other, a moment apart: float64 (N,), s; infinite for other rows."""
        block = timed.block
        is_run = (block.kind[row] == RowKind.SHOTS) & (block.count[row] > 1)
        apart = np.maximum(block.count[row].astype(np.float64) - 1.0, 1.0)
        near = is_run & (timed.length_um[row] / apart <= self._distance)
        return np.where(near, timed.seconds[row] / apart, np.inf)

    def groups(self, uses: NDArray[np.int64]) -> tuple[tuple[ColourGroup, ...], NDArray[np.intp]]:
        """The whole scale, whatever of it is there, so that pictures can be compared."""
        counts = uses.sum(axis=1)
        whole = max(int(counts[:_DARK].sum()), 1)
        group_of = np.full(self.n_colours, -1, np.intp)
        group_of[: len(_COLOURS)] = np.arange(len(_COLOURS))
        groups = [_group(colour, _range(step), uses[step], whole) for step, colour in enumerate(_COLOURS)]
        if counts[_FIRST]:
            group_of[_FIRST] = len(groups)
            groups.append(_group(_FIRST_COLOUR, "no neighbour yet", uses[_FIRST], whole))
        return tuple(groups), group_of


def _group(colour: str, title: str, uses: NDArray[np.int64], whole: int) -> ColourGroup:
    count = int(uses.sum())
    share = f"{count:,} rows, {count / whole:.1%}" if count else "none"
    dots = int(uses[RowKind.DOT])
    return ColourGroup(colour, title, (share,), draws_lines=count > dots or not count, draws_dots=dots > 0)


def _range(step: int) -> str:
    """A class in words.

    >>> _range(0), _range(2), _range(5), _range(6)
    ('below 1 ms', '10 ms to 100 ms', '10 s to 100 s', 'above 100 s')
    """
    if step == 0:
        return f"below {si(EDGES_S[0], 's')}"
    if step == len(EDGES_S):
        return f"above {si(EDGES_S[-1], 's')}"
    return f"{si(EDGES_S[step - 1], 's')} to {si(EDGES_S[step], 's')}"
