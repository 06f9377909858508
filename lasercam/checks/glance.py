"""What several checks want to know of a block: worked out once for all of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import corners
from lasercam.model.frame import Frame
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import RowKind, ToolpathBlock

Corners = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Lowest and highest of each coordinate, int64 (3,) each."""


def glance_at(context: CheckContext, block: ToolpathBlock) -> "Glance":
    """The view of a block that all checks of a judgement share while they look at it."""
    last: Glance | None = context.shared.get("glance")
    if last is None or last.block is not block:
        last = Glance(block, context.header.sections[block.section].frame)
        context.shared["glance"] = last
    return last


@dataclass(frozen=True, eq=False)
class Glance:
    """A block as checks see it.

    Attributes:
        block: its rows.
        frame: from the sample to the controller.
    """

    block: ToolpathBlock
    frame: Frame

    @cached_property
    def only_dots(self) -> bool:
        """Whether every row is a dot; so it is in arrays, and most of what can be asked is answered by that."""
        return bool((self.block.kind == RowKind.DOT).all())

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """intp (M,), rows in which the beam reaches the sample."""
        return np.arange(len(self.block)) if self.only_dots else np.flatnonzero(self.block.exposes)

    @cached_property
    def end(self) -> NDArray[np.int64]:
        """int64 (M, 3), where those rows end: ticks in the sample's frame."""
        ends = self.block.end_ticks
        return self.frame.sample_ticks(ends if len(self.rows) == len(ends) else ends[self.rows])

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """int64 (M, 3), where their beam starts; the same array as `end` where there are only dots."""
        return self.end if self.only_dots else self.frame.sample_ticks(self.block.exposed_from()[self.rows])

    @cached_property
    def recipe(self) -> int | None:
        """The recipe of all rows, if it is one."""
        return _only(self.block.recipe)

    @cached_property
    def part(self) -> int | None:
        """The part of all rows, if it is one."""
        return _only(self.block.part)

    @cached_property
    def exposed(self) -> Corners:
        """Corners of the box around both ends of all exposures, in the sample's frame; there must be one."""
        return corners(self.end) if self.start is self.end else _together(corners(self.start), corners(self.end))

    @cached_property
    def travelled(self) -> Corners:
        """Corners of the box around both ends of all rows, in the controller's coordinates; there must be one."""
        return _together(corners(self.block.start_ticks), corners(self.block.end_ticks))


def _only(column: NDArray[np.uint16]) -> int | None:
    return int(column[0]) if len(column) and bool((column == column[0]).all()) else None


def _together(a: Corners, b: Corners) -> Corners:
    return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])
