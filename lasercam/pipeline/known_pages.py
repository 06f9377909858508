"""Pages that a sample holds, each recognised by its place: whatever job or file comes back to it, its count goes on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.pipeline.ledger_documents import LedgerEntry, LedgerPage, LedgerPages

TOLERANCE_PITCHES: Final = 0.5
"""Pages that overlap by no more than this, or lie that much apart in depth, are different places (assumed: half of the
smaller pitch, beyond which a voxel stands nearer to a site of the other page)."""


@dataclass(frozen=True)
class PagePlace:
    """A rectangle of the sample.

    Attributes:
        corner_um: x, y, depth of its lowest left voxel, as its writer saw it.
        across_um, up_um: x and y of its edges.
        tolerance_um: how much of it does not count.
    """

    corner_um: tuple[float, float, float]
    across_um: tuple[float, float]
    up_um: tuple[float, float]
    tolerance_um: float

    @property
    def ends_um(self) -> NDArray[np.float64]:
        """float64 (4, 2), its corners in the plane."""
        first, across, up = np.array(self.corner_um[:2]), np.array(self.across_um), np.array(self.up_um)
        return np.stack((first, first + across, first + up, first + across + up))

    def box(self) -> tuple[float, float, float, float]:
        """Lowest x and y, highest x and y."""
        xs, ys = zip(
            *(
                (self.corner_um[0] + i * self.across_um[0] + j * self.up_um[0],
                 self.corner_um[1] + i * self.across_um[1] + j * self.up_um[1])
                for i in (0, 1) for j in (0, 1)
            ),
            strict=True,
        )  # fmt: skip
        return min(xs), min(ys), max(xs), max(ys)

    def is_at(self, other: "PagePlace") -> bool:
        """Whether it is the very same place, whichever corner its writer began at."""
        far = min(self.tolerance_um, other.tolerance_um)
        mine, theirs = self.ends_um, other.ends_um
        gaps = np.abs(mine[:, None] - theirs[None]).max(axis=2)
        return abs(self.corner_um[2] - other.corner_um[2]) <= far and bool((gaps.min(axis=1) <= far).all())

    def overlaps(self, other: "PagePlace") -> bool:
        """Whether they share more than the tolerance along every axis: that of the smaller pitch."""
        far = min(self.tolerance_um, other.tolerance_um)
        if abs(self.corner_um[2] - other.corner_um[2]) > far:
            return False
        a, b = self.ends_um, other.ends_um
        for edge in (self.across_um, self.up_um, other.across_um, other.up_um):
            axis = np.array(edge) / np.hypot(*edge)
            one, two = a @ axis, b @ axis
            if min(one.max(), two.max()) - max(one.min(), two.min()) <= far:
                return False
        return True


@dataclass(frozen=True)
class KnownPage:
    """A page of a sample, with everything that happened at its place.

    Attributes:
        place: where it is.
        pattern, copy_number, file_id, page: what was written, rewritten or erased there last.
        entry: ledger entry of that; 0 = the job that is judged.
        written, rewritten: passes, over all jobs.
        cycles: erasures over all jobs, those that are uncertain included.
        in_question: exposures made in part or perhaps, over all jobs.
    """

    place: PagePlace
    pattern: str
    copy_number: int
    file_id: str
    page: LedgerPage
    entry: int = 0
    written: int = 0
    rewritten: int = 0
    cycles: int = 0
    in_question: int = 0


class KnownPages:
    """Pages by place.

    Where pages of different sizes overlap, the most of what any of them went through counts for all: never too few.

    Args:
        entries: of a ledger, in order; those without pages add none.
    """

    def __init__(self, entries: Iterable[LedgerEntry] = ()) -> None:
        self._pages: list[KnownPage] = []
        self._numbers: dict[PagePlace, int] = {}
        self._beside: list[list[int]] = []  # of each page those that overlap it, itself too
        self._cells: dict[tuple[int, int, int], list[int]] = {}
        self._cell_um = self._depth_um = 0.0
        told = list(entries)
        self.widen(pages for entry in told for pages in entry.pages or ())
        for entry in told:
            self.add(entry.pages or (), entry.entry)

    def __iter__(self) -> Iterator[KnownPage]:
        return iter(self._pages)

    def __len__(self) -> int:
        return len(self._pages)

    def widen(self, found: Iterable[LedgerPages]) -> None:
        """Make room for pages of any of these sizes: cells as large as the largest, as deep as its tolerance."""
        told = list(found)
        size = max((abs(v) for pages in told for v in (*pages.across_um, *pages.up_um)), default=0.0)
        depth = TOLERANCE_PITCHES * max((pages.pitch_um for pages in told), default=0.0)
        if size > self._cell_um or depth > self._depth_um:
            self._cell_um, self._depth_um = max(size, self._cell_um), max(depth, self._depth_um)
            self._cells = {}
            for number, known in enumerate(self._pages):
                self._file(number, known.place)

    def add(self, found: Sequence[LedgerPages], entry: int = 0) -> list[KnownPage]:
        """What a job did to pages, after everything before; the pages as they are now, in order."""
        self.widen(found)
        return [self._one(pages, page, entry) for pages in found for page in pages.pages]

    def at(self, place: PagePlace) -> list[KnownPage]:
        """Known pages that overlap a place."""
        return [self._pages[i] for i in self._overlapping(place)]

    def _one(self, pages: LedgerPages, page: LedgerPage, entry: int) -> KnownPage:
        place = place_of(pages, page)
        # Pages mostly come back to where they were, to the digit.
        same = self._numbers.get(place)
        near = self._beside[same] if same is not None else self._overlapping(place)
        before = [self._pages[i] for i in near]
        now = KnownPage(
            place, pages.pattern, pages.copy_number, pages.file_id, page, entry,
            page.written + max((k.written for k in before), default=0),
            page.rewritten + max((k.rewritten for k in before), default=0),
            page.erased + page.perhaps_erased + max((k.cycles for k in before), default=0),
            page.partly + page.uncertain + max((k.in_question for k in before), default=0),
        )  # fmt: skip
        if same is None:
            same = next((i for i in near if self._pages[i].place.is_at(place)), None)
        if same is None:
            self._append(now, near)
            return now
        # The place keeps the name it was first given, so that small shifts do not add up.
        self._pages[same] = replace(now, place=self._pages[same].place)
        return self._pages[same]

    def _append(self, page: KnownPage, near: list[int]) -> None:
        number = len(self._pages)
        self._pages.append(page)
        self._numbers[page.place] = number
        self._beside.append([*near, number])
        for other in near:
            self._beside[other].append(number)
        self._file(number, page.place)

    def _overlapping(self, place: PagePlace) -> list[int]:
        near = sorted({i for cell in self._cells_of(place, (-1, 0, 1)) for i in self._cells.get(cell, ())})
        return [i for i in near if self._pages[i].place.overlaps(place)]

    def _file(self, number: int, place: PagePlace) -> None:
        for cell in self._cells_of(place, (0,)):
            self._cells.setdefault(cell, []).append(number)

    def _cells_of(self, place: PagePlace, beside: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
        low_x, low_y, high_x, high_y = (int(v // self._cell_um) for v in place.box())
        depth = int(place.corner_um[2] // self._depth_um)
        for x in range(low_x, high_x + 1):
            for y in range(low_y, high_y + 1):
                for other in beside:
                    yield x, y, depth + other


def place_of(pages: LedgerPages, page: LedgerPage) -> PagePlace:
    """Where a page lies."""
    return PagePlace(page.corner_um, pages.across_um, pages.up_um, TOLERANCE_PITCHES * pages.pitch_um)
