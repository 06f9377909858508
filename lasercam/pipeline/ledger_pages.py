"""Pages of stored data that a build touched, as a ledger keeps them: counted from its exposed rows, by their places."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import corners, tiles
from lasercam.geometry.placement import Placed, copies
from lasercam.model.execution import RowState
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import TICKS_PER_UM, Toolpath, ToolpathBlock
from lasercam.pipeline.ledger_documents import LedgerPage, LedgerPages
from lasercam.pipeline.ledger_saving import Piece
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.page_sites import find_sites, in_pattern
from lasercam.pipeline.stored_patterns import stored_patterns
from lasercam.sources.payload.source import Payload

_STATES: Final = (RowState.DONE, RowState.PARTLY, RowState.UNCERTAIN)
_DIGITS: Final = 4
"""Of micrometres that are kept: a tick."""
Counts = NDArray[np.int64]
"""int64 (pages, 3): exposures that are done, partly made, and uncertain."""


def touched_pages(loaded: LoadedJob, toolpath: Toolpath, pieces: Sequence[Piece]) -> tuple[LedgerPages, ...]:
    """Pages of every copy of every payload on which anything was or may have been exposed.

    A pass over a page counts once, however many of its voxels it exposed and in however many files.

    Args:
        loaded, toolpath: the job.
        pieces: which rows were exposed, and how often.
    """
    tallies = [
        _Tally(name, number, source, placed, _own_parts(toolpath, name))
        for name, source in stored_patterns(loaded).items()
        for number, placed in enumerate(copies(loaded.patterns[name].placement), 1)
    ]
    if not tallies or not pieces:
        return ()
    by_section: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_section.setdefault(piece.section.index, []).append(piece)
    sections = toolpath.header.sections
    for index, blocks in groupby(toolpath.blocks(), key=attrgetter("section")):
        mine = by_section.get(index)
        if mine:
            for block in blocks:
                _count(block, mine, tallies)
            for tally in tallies:
                tally.end_section(mine, sections[index].step, sections[index].pass_kind)
    # Patterns may share places: what came last says what such a page holds.
    found = (tally.pages() for tally in sorted(tallies, key=attrgetter("last_step")))
    return tuple(pages for pages in found if pages.pages)


def pages_data(found: Sequence[LedgerPages]) -> list[dict[str, Any]]:
    """Pages as a ledger keeps them: zeros are left out."""
    return [one.model_dump(mode="json", exclude_defaults=True) for one in found]


def _own_parts(toolpath: Toolpath, pattern: str) -> NDArray[np.bool_]:
    return np.array([part.name.startswith(f"{pattern}.") for part in toolpath.header.parts], np.bool_)


@dataclass(eq=False)
class _Tally:
    """What was exposed on the pages of one copy of a payload."""

    pattern: str
    number: int
    source: Payload
    placed: Placed
    own_parts: NDArray[np.bool_]
    passes: dict[PassKind, NDArray[np.int64]] = field(default_factory=dict)
    perhaps: dict[PassKind, NDArray[np.int64]] = field(default_factory=dict)
    totals: dict[RowState, NDArray[np.int64]] = field(default_factory=dict)
    last_step: int = -1
    _section: dict[int, Counts] = field(default_factory=dict)
    _step: tuple[int, NDArray[np.int64], NDArray[np.int64]] | None = None

    def __post_init__(self) -> None:
        (width, height, depth), (px, py) = self.source.sites.size_um, self.source.sites.pitch_um
        ends = np.array([[x, y, z] for x in (-px, width + px) for y in (-py, height + py) for z in (-1.0, depth + 1.0)])
        there = self.placed.points_um(ends)
        self._box = there.min(axis=0), there.max(axis=0)

    def meets(self, low_um: NDArray[np.float64], high_um: NDArray[np.float64]) -> bool:
        """Whether a box of the sample reaches into the copy's own."""
        return bool((high_um >= self._box[0]).all() and (low_um <= self._box[1]).all())

    def add(self, piece: int, place: NDArray[np.int64], state: NDArray[np.uint8]) -> None:
        """Exposures of one piece of the section under way."""
        pages = self.source.sites.pages
        counts = self._section.setdefault(piece, np.zeros((pages, 3), np.int64))
        for column, kind in enumerate(_STATES):
            counts[:, column] += np.bincount(place[state == kind], minlength=pages)

    def end_section(self, pieces: Sequence[Piece], step: int, kind: PassKind) -> None:
        """All of a section was added. Files of one step are one pass over a page, so the largest number counts."""
        counted, self._section = self._section, {}
        if not counted:
            return
        self.last_step = step
        none = np.zeros(self.source.sites.pages, np.int64)
        sure, perhaps = none.copy(), none.copy()
        for number, counts in counted.items():
            repeat = pieces[number].repeat
            is_sure = counts[:, :2].any(axis=1)
            sure += repeat * is_sure
            perhaps += repeat * (~is_sure & (counts[:, 2] > 0))
            for column, state in enumerate(_STATES):
                self.totals[state] = self.totals.get(state, none) + repeat * counts[:, column]
        before = self._step if self._step is not None and self._step[0] == step else (step, none, none)
        both = np.maximum(before[1] + before[2], sure + perhaps)
        now = np.maximum(before[1], sure)
        self._step = step, now, both - now
        self.passes[kind] = self.passes.get(kind, none) + now - before[1]
        self.perhaps[kind] = self.perhaps.get(kind, none) + (both - now) - before[2]

    def pages(self) -> LedgerPages:
        """Those that were touched."""
        sites, plan = self.source.sites, self.source.volume.plan
        width, height = sites.page_size_um
        ends = np.array([[0.0, 0.0, 0.0], [width, 0.0, 0.0], [0.0, height, 0.0]])
        first, right, top = self.placed.points_um(ends)
        touched = np.flatnonzero(sum(self.totals.values(), start=np.zeros(sites.pages, np.int64)))
        corner = self.placed.points_um(np.array([sites.corner_um(i) for i in touched.tolist()]).reshape(-1, 3))
        return LedgerPages(
            pattern=self.pattern,
            copy_number=self.number,
            file_id=self.source.volume.file_id.hex(),
            across_um=_rounded(right - first)[:2],
            up_um=_rounded(top - first)[:2],
            pitch_um=min(sites.pitch_um),
            pages=tuple(
                self._page(i, int(plan.addresses[i]), at) for i, at in zip(touched.tolist(), corner, strict=True)
            ),
        )

    def _page(self, place: int, address: int, corner_um: NDArray[np.float64]) -> LedgerPage:
        def of(counts: dict[Any, NDArray[np.int64]], kind: object) -> int:
            return int(counts[kind][place]) if kind in counts else 0

        return LedgerPage(
            address=address,
            kind="parity" if self.source.volume.plan.is_parity(address) else "data",
            layer=self.source.sites.layer(place) + 1,
            corner_um=_rounded(corner_um),
            written=of(self.passes, PassKind.WRITE),
            rewritten=of(self.passes, PassKind.REWRITE),
            erased=of(self.passes, PassKind.ERASE),
            perhaps_erased=of(self.perhaps, PassKind.ERASE),
            exposures=of(self.totals, RowState.DONE),
            partly=of(self.totals, RowState.PARTLY),
            uncertain=of(self.totals, RowState.UNCERTAIN),
        )


def _count(block: ToolpathBlock, pieces: Sequence[Piece], tallies: Sequence[_Tally]) -> None:
    """Voxels of a block, page by page."""
    states = [_states(piece, block) for piece in pieces]
    for tile in tiles(block, pieces[0].section.frame, 0):
        dots = tile.dots
        if not len(dots):
            continue
        low, high = (ticks / TICKS_PER_UM for ticks in corners(dots.start))
        for tally in tallies:
            own = np.flatnonzero(tally.own_parts[dots.part]) if tally.meets(low, high) else ()
            if not len(own):
                continue
            at = find_sites(in_pattern(dots.start[own] / TICKS_PER_UM, tally.placed), tally.source.sites).place
            row = dots.row[own][at >= 0] - block.first_row
            if len(row):
                for number, state in enumerate(states):
                    tally.add(number, at[at >= 0], state[row])


def _states(piece: Piece, block: ToolpathBlock) -> NDArray[np.uint8]:
    """uint8 (N,), RowState of each row of a block as a piece exposed it."""
    if piece.program is None:
        return np.full(len(block), RowState.DONE, np.uint8)
    return piece.program.states(block.first_row, len(block))


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(v), _DIGITS) + 0.0 for v in values)
