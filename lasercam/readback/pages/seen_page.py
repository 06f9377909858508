"""A page as it was seen in an image, and several looks at one page taken together."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ReadingError
from lasercam.readback.pages.header_bits import HeaderReading, PageHeader
from lasercam.readback.pages.levels import LevelStatistics
from lasercam.storage.page_layout import PageLayout


@dataclass(frozen=True, eq=False)
class SeenPage:
    """What one look at a page gives.

    Attributes:
        layout: of the page, as its header says.
        header: what the judge made of the header bits.
        header_reading: those bits.
        levels: uint8 (rows, columns), the most probable ones, also where erased.
        erased: bool (rows, columns), lost, doubtful, strange or outside the image.
        margin: float32 (rows, columns), logarithm of how much more probable the level is than the next.
        lost: bool (rows, columns), in the image, but no dot to be seen.
        in_image: bool (rows, columns).
        statistics: per level.
        corners_px: float64 (4, 2), y and x of the first and last site of the first row, then of the last row.
        pitch_px: mean distance of neighbouring sites.
        residual_pitches: root mean square distance of the lattice from a smooth map.
        marks_found: of nine.
        lost_share: dots missing, of those in the image.
        title: of the image.
        notes: what a person should know: how the page lies, what is missing.
    """

    layout: PageLayout
    header: PageHeader
    header_reading: HeaderReading
    levels: NDArray[np.uint8]
    erased: NDArray[np.bool_]
    margin: NDArray[np.float32]
    lost: NDArray[np.bool_]
    in_image: NDArray[np.bool_]
    statistics: LevelStatistics
    corners_px: NDArray[np.float64]
    pitch_px: float
    residual_pitches: float
    marks_found: int
    lost_share: float
    title: str
    notes: tuple[str, ...]


def merge(seen: Sequence[SeenPage]) -> SeenPage:
    """Several looks at the same page as one: tiles of it, or repeated photographs.

    Every look votes for its level with its margin, so that two faint looks that agree outweigh one that does not.
    A site is erased when no look shows it, or when the votes leave it as doubtful as a single look may be.

    Args:
        seen: looks at one page; the caller has compared their headers.

    Raises:
        ReadingError: none, or pages of different layouts.
    """
    if not seen:
        raise ReadingError("there is no look at the page to merge")
    best = max(seen, key=lambda one: int((~one.erased).sum()))
    if len(seen) == 1:
        return best
    for one in seen:
        if one.layout != best.layout:
            raise ReadingError(
                f"'{one.title}' shows a page of {one.layout.rows} × {one.layout.columns} voxels of {one.layout.bits}"
                f" bits, '{best.title}' one of {best.layout.rows} × {best.layout.columns} of {best.layout.bits}; looks"
                " at different pages are not one page"
            )
    votes = np.zeros((best.layout.levels, *best.levels.shape), np.float32)
    for one in seen:
        vote = np.where(one.erased, 0.0, np.maximum(one.margin, np.float32(1e-3)))
        np.put_along_axis(
            votes, one.levels[None], np.take_along_axis(votes, one.levels[None].astype(np.intp), 0) + vote, 0
        )
    ordered = np.sort(votes, axis=0)
    margin = ordered[-1] - ordered[-2]
    nobody = ordered[-1] == 0
    levels = np.where(nobody, best.levels, votes.argmax(axis=0)).astype(np.uint8)
    in_image = np.logical_or.reduce([one.in_image for one in seen])
    lost = nobody & np.logical_or.reduce([one.lost for one in seen])
    return replace(
        best,
        levels=levels,
        erased=nobody | (margin < _LEAST_MERGED_MARGIN),
        margin=margin,
        lost=lost,
        in_image=in_image,
        lost_share=float(lost.sum() / max(int(in_image.sum()), 1)),
        notes=(f"{len(seen)} looks taken together", *dict.fromkeys(note for one in seen for note in one.notes)),
    )


def grouped(seen: Sequence[SeenPage], identity: Callable[[SeenPage], Hashable]) -> list[list[SeenPage]]:
    """Looks at the same page side by side, in the order of first appearance."""
    groups: dict[Hashable, list[SeenPage]] = {}
    for one in seen:
        groups.setdefault((one.layout, identity(one)), []).append(one)
    return list(groups.values())


_LEAST_MERGED_MARGIN = 0.85
"""The logarithm of 0.7 to 0.3: doubt at which a single look erases too."""
