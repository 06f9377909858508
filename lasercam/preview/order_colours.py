"""Rows coloured by when they come, from first to last, with the travel between them."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import RowKind, Section, Toolpath
from lasercam.preview.palette import ColourGroup, length
from lasercam.preview.toolpath_survey import DrawnRows, drawn_rows

N_STEPS = 8

_COLOURS = ("#fde725", "#a0da39", "#4ac16d", "#1fa187", "#277f8e", "#365c8d", "#46327e", "#440154")
"""From bright to dark, so that lightness alone tells what comes later.
Source: viridis by S. van der Walt and N. Smith (public domain, CC0)."""


class OrderColours:
    """Dresses rows by their place in the order; made for one picture."""

    n_colours = N_STEPS
    heading = "Order of writing"
    marks = ()
    shows_travel = True

    def __init__(self, toolpath: Toolpath) -> None:
        self._toolpath = toolpath
        self._ends: list[tuple[float, float]] = []
        self._travel_um = 0.0
        self._longest_um = 0.0
        self._written_um = 0.0

    def rows(self, sections: tuple[Section, ...]) -> Iterator[DrawnRows]:
        """Rows, each with its eighth of all rows as colour."""
        self._ends, self._travel_um, self._longest_um, self._written_um = [], 0.0, 0.0, 0.0
        # Shots that are drawn one by one are more rows than the section has; the order is that of the rows.
        total, done = max(sum(section.n_rows for section in sections), 1), 0
        wanted = {section.index for section in sections}
        sizes = (len(block) for block in self._toolpath.blocks() if block.section in wanted and len(block))
        for block, size in zip(drawn_rows(self._toolpath, sections), sizes, strict=True):
            n = len(block.kind)
            at = done + np.arange(n) * (size / max(n, 1))
            step = np.minimum(at * (N_STEPS / total), N_STEPS - 1).astype(np.uint16)
            done += size
            self._measure(block)
            yield DrawnRows(block.start_um, block.end_um, block.kind, step)

    def _measure(self, block: DrawnRows) -> None:
        """Add up the ways, and keep where the first exposure begins and the last one ends."""
        lit = np.flatnonzero((block.kind != RowKind.JUMP) & (block.kind != RowKind.LEAD))
        if len(lit):
            first, last = int(lit[0]), int(lit[-1])
            begins = block.end_um[first] if block.kind[first] == RowKind.DOT else block.start_um[first]
            start = self._ends[0] if self._ends else (float(begins[0]), float(begins[1]))
            self._ends = [start, (float(block.end_um[last, 0]), float(block.end_um[last, 1]))]
        way = block.end_um - block.start_um
        size = np.sqrt(way[:, 0] * way[:, 0] + way[:, 1] * way[:, 1] + way[:, 2] * way[:, 2])
        dark = (block.kind == RowKind.JUMP) | (block.kind == RowKind.DOT)
        if dark.any():
            self._travel_um += float(size[dark].sum())
            self._longest_um = max(self._longest_um, float(size[dark].max()))
        self._written_um += float(size[block.kind == RowKind.LINE].sum())

    @property
    def note(self) -> str:
        """How far it travels, for the caption."""
        lines = f" {length(self._written_um)} are written as lines." if self._written_um else ""
        return (
            f"Colours go from bright (first) to dark (last). Dark travel between exposures is {length(self._travel_um)}"
            f" long, the longest {length(self._longest_um)}.{lines}"
        )

    def labels(self) -> Sequence[tuple[float, float, str]]:
        """Where it starts and ends."""
        names = ("start", "end")
        return [(x, y, name) for (x, y), name in zip(self._ends, names, strict=False)]

    def groups(self, uses: NDArray[np.int64]) -> tuple[tuple[ColourGroup, ...], NDArray[np.intp]]:
        """The whole scale."""
        shown = uses.sum(axis=1)
        groups = [
            ColourGroup(
                colour,
                f"{step * 100 // N_STEPS}–{(step + 1) * 100 // N_STEPS} % of the rows",
                (),
                draws_lines=bool(uses[step].sum() - uses[step][RowKind.DOT]),
                draws_dots=bool(uses[step][RowKind.DOT]),
            )
            for step, colour in enumerate(_COLOURS)
            if shown[step]
        ]
        group_of = np.full(N_STEPS, -1, np.intp)
        group_of[np.flatnonzero(shown)] = np.arange(len(groups))
        return tuple(groups), group_of
