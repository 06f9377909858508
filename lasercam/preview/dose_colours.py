"""Lines coloured by the dose they are predicted to receive, compared with what their recipe says."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import RowKind, Section
from lasercam.preview.palette import ColourGroup
from lasercam.preview.toolpath_survey import DrawnRows
from lasercam.process.path_dose import LineDose, line_dose

EDGES = (0.5, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0)
"""Steps of relative dose between two colours."""

COLOURS = (
    "#08306b", "#4a90c4", "#7a8b99", "#f2b632", "#e37f1d", "#c4451c", "#8f1f2b", "#551033", "#17071d",
)  # fmt: skip
"""Blue below, slate at the wanted dose, yellow to black above: lightness alone tells how far above it is."""

_WANTED = 2
_DOTS = len(COLOURS)
_DOT_COLOUR = "#8a8a8a"


class DoseColours:
    """Dresses rows by their relative dose; made for one picture."""

    n_colours = _DOTS + 1
    heading = "Dose, relative to the recipe"
    marks = ()
    shows_travel = False

    def __init__(
        self,
        timed: Callable[[Sequence[int]], Iterator[TimedBlock]],
        speeds_um_s: Sequence[NDArray[np.float64]],
        radius_um: NDArray[np.float64],
    ) -> None:
        """Dress from timed rows.

        Args:
            timed: rows of some sections with their times.
            speeds_um_s: (R,) of each section: programmed speeds.
            radius_um: (R,), radius of the spot that doses are averaged over.
        """
        self._timed = timed
        self._speeds = speeds_um_s
        self._radius = radius_um
        self._length_um = np.zeros(len(COLOURS))

    @property
    def note(self) -> str:
        """How doses are made, for the caption."""
        low, high = 2 * float(self._radius.min()), 2 * float(self._radius.max())
        spot = f"{low:.3g} µm" if low == high else f"{low:.3g} to {high:.3g} µm"
        return (
            "Predicted from speeds, accelerations and corners: time that the stage needs for a spot's diameter "
            f"({spot}), compared with that at the recipe's speed. Dots are exposed at standstill."
        )

    def labels(self) -> Sequence[tuple[float, float, str]]:
        """Nothing is pointed at."""
        return ()

    def rows(self, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
        """Lines in pieces, each with its class of dose for a colour; other rows as they are."""
        self._length_um[:] = 0.0
        frames = {section.index: section.frame for section in sections}
        for timed in self._timed(tuple(frames)):
            block = timed.block
            if not len(block):
                continue
            frame = frames[block.section]
            start, end = frame.sample_um(block.start_ticks), frame.sample_um(block.end_ticks)
            dose = line_dose(timed, self._speeds[block.section], self._radius)
            other = np.ones(len(block), np.bool_)
            other[dose.row] = False
            # Along lines that keep their speed the dose is as wanted.
            self._length_um[_WANTED] += dose.line_um.sum() - dose.place_um[:, -1].sum()
            step = np.where(block.kind_at_sample == RowKind.LINE, _WANTED, _DOTS).astype(np.uint16)
            yield DrawnRows(start[other], end[other], block.kind_at_sample[other], step[other])
            if len(dose.row):
                yield self._pieces(dose, start[dose.row], end[dose.row])

    def _pieces(self, dose: LineDose, start: NDArray[np.float64], end: NDArray[np.float64]) -> DrawnRows:
        """Lines between the places at which their dose is known."""
        size = dose.piece_um
        row, piece = np.nonzero(size > 1e-9)
        step = np.searchsorted(EDGES, dose.piece_dose[row, piece], side="right")
        self._length_um += np.bincount(step, size[row, piece], minlength=len(COLOURS))
        share = dose.place_um / dose.place_um[:, -1:]
        way = end - start
        ends = [start[row] + share[row, piece + i][:, None] * way[row] for i in range(2)]
        return DrawnRows(ends[0], ends[1], np.full(len(row), RowKind.LINE, np.uint8), step.astype(np.uint16))

    def groups(self, uses: NDArray[np.int64]) -> tuple[tuple[ColourGroup, ...], NDArray[np.intp]]:
        """The whole scale, whatever of it is there, so that pictures can be compared."""
        whole = float(self._length_um.sum()) or 1.0
        group_of = np.full(self.n_colours, -1, np.intp)
        group_of[: len(COLOURS)] = np.arange(len(COLOURS))
        groups = [
            ColourGroup(colour, class_title(step), (_share(size / whole),), draws_lines=True, draws_dots=False)
            for step, (colour, size) in enumerate(zip(COLOURS, self._length_um.tolist(), strict=True))
        ]
        if uses[_DOTS].any():
            group_of[_DOTS] = len(groups)
            groups.append(
                ColourGroup(_DOT_COLOUR, "dots and shots, as commanded", (), draws_lines=False, draws_dots=True)
            )
        return tuple(groups), group_of


def _share(share: float) -> str:
    """How much of the length.

    >>> _share(0.0), _share(0.25), _share(2e-5)
    ('none', '25.0% of the length', '2e-05 of the length')
    """
    if share == 0:
        return "none"
    return f"{share:.1%} of the length" if share >= 0.001 else f"{share:.1g} of the length"


def class_title(step: int) -> str:
    """A class in words.

    >>> class_title(0), class_title(2), class_title(8)
    ('below 0.5 ×', '0.9 to 1.1 ×', 'above 5 ×')
    """
    if step == 0:
        return f"below {EDGES[0]:g} ×"
    if step == len(EDGES):
        return f"above {EDGES[-1]:g} ×"
    return f"{EDGES[step - 1]:g} to {EDGES[step]:g} ×"
