"""Tiles of a section put in order: lattices tile by tile, everything else plane by plane, as the step wishes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.feature import FeatureBlock
from lasercam.model.job import Step
from lasercam.plan.cooling import interleaved
from lasercam.plan.nested import inner_before_outer
from lasercam.plan.order import Order, as_given, order_features
from lasercam.plan.sweep import find_sweep

MAX_PLANE = 1_048_576
"""Features of one depth and set-up that are ordered together, a few hundred MB at most."""
MAX_SEARCHED = 4 * MAX_PLANE
"""Features of a section whose paths are searched thoroughly; those beyond are ordered tile by tile, and quickly."""
MIN_LATTICE = 1_024
"""Features from which a tile that is a lattice is swept by itself; smaller ones may be cells of a larger lattice."""
MAX_PIECE = 65_536
"""Features that are made into rows at a time."""

Tile = TypeVar("Tile", bound=Any)
"""Features of one set-up in the sample's frame: a dataclass with depth_um, setup_rank, block, recipe and part."""


class SectionOrder:
    """Puts the features of one section in order: first brings tiles together that are ordered as one, then orders them.

    Args:
        step: what it wishes.
        here: where the beam stands, float64 (3,) in the sample's frame; asked whenever something is ordered.
    """

    def __init__(self, step: Step, here: Callable[[], NDArray[np.float64]]) -> None:
        self._step = step
        self._here = here
        self._searched = 0
        self._plane: FeatureBlock | None = None
        self._sweep: Order | None = None
        # What decides over the whole plane needs all of it.
        self._needs_whole = step.cooling is not None or step.inner_first

    def planes(self, tiles: Iterable[Tile]) -> Iterator[Tile]:
        """Tiles of one depth and set-up as one, unless they are lattices or too many.

        What is yielded is to be ordered and written before the next one is asked for.

        Raises:
            PatternError: the step wishes for something that needs more features together than can be held.
        """
        waiting: list[Tile] = []
        held = 0
        for tile in tiles:
            if self._step.order == "as_given":
                yield self._begun(tile)
                continue
            is_next = waiting and (tile.depth_um, tile.setup_rank) != (waiting[0].depth_um, waiting[0].setup_rank)
            if is_next or held + len(tile.block) > MAX_PLANE:
                if not is_next and self._needs_whole:
                    self._refuse_plane()
                if waiting:
                    yield self._begun(_joined(waiting))
                waiting, held = [], 0
            if self._is_lattice(tile.block):
                yield tile
                continue
            waiting.append(tile)
            held += len(tile.block)
            if self._searched + held > MAX_SEARCHED and not self._needs_whole:
                for one in waiting:
                    yield self._begun(one)
                waiting, held = [], 0
        if waiting:
            yield self._begun(_joined(waiting))

    def orders(self, block: FeatureBlock) -> Iterator[Order]:
        """How the features of a plane, or those of it in one writing field, are written, some at a time.

        Raises:
            PatternError: what the step wishes cannot be done for these features.
        """
        if self._sweep is not None and block is self._plane:
            order = self._sweep
        elif self._step.order == "as_given":
            order = as_given(len(block))
        else:
            order = self._search(block)
        for at in range(0, len(block), MAX_PIECE):
            some = slice(at, at + MAX_PIECE)
            yield Order(order.index[some], order.reverse[some])

    def _begun(self, plane: Tile) -> Tile:
        self._plane, self._sweep = plane.block, None
        return plane

    def _is_lattice(self, block: FeatureBlock) -> bool:
        """Whether a tile is swept by itself, whatever else lies in its plane."""
        if self._needs_whole or len(block) < MIN_LATTICE:
            return False
        starts, ends, is_simple = _ends(block)
        if not is_simple or (self._step.keep_direction and starts is not ends):
            return False
        sweep = find_sweep(starts, ends, self._here())
        if sweep is None or not sweep.is_regular:
            return False
        self._plane, self._sweep = block, sweep.order
        return True

    def _search(self, block: FeatureBlock) -> Order:
        step, here = self._step, self._here()
        kicks = None if self._searched + len(block) <= MAX_SEARCHED else 0
        self._searched += len(block)
        starts, ends, is_simple = _ends(block)
        if step.cooling is not None:
            return interleaved(block, starts, ends, step.cooling.distance, keep_direction=step.keep_direction)
        if step.travel == "rows":
            return self._rows(starts, ends, here, is_simple=is_simple)
        order = order_features(starts, ends, here, is_simple=is_simple, keep_direction=step.keep_direction, kicks=kicks)
        if not step.inner_first:
            return order
        if self._plane is not None and len(block) != len(self._plane):
            raise PatternError(
                f"step '{step.name}' has `inner_first`, but its features of one depth and laser setting lie in several"
                " writing fields, which are written one after the other; move the pattern into one field, or share it"
                " out over several steps, the inner one first"
            )
        return inner_before_outer(order, block, starts, ends)

    def _rows(
        self, starts: NDArray[np.float64], ends: NDArray[np.float64], here: NDArray[np.float64], *, is_simple: bool
    ) -> Order:
        if len(starts) < 2:
            return as_given(len(starts))
        sweep = find_sweep(starts, ends, here) if is_simple else None
        if sweep is None:
            kind = (
                "dots of one depth form no rows" if starts is ends else "lines of one depth run in several directions"
            )
            raise PatternError(
                f"step '{self._step.name}' wishes `travel: rows`, but its {kind}; remove `travel`, or write in"
                " a step of its own what forms rows"
            )
        order = sweep.order
        return Order(order.index, np.zeros_like(order.reverse)) if self._step.keep_direction else order

    def _refuse_plane(self) -> None:
        key = "cooling" if self._step.cooling is not None else "inner_first"
        raise PatternError(
            f"step '{self._step.name}' has `{key}`, which looks at all features of one depth and laser setting"
            f" together, and there are more than {MAX_PLANE:,}; share them out over several steps"
        )


def _ends(block: FeatureBlock) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """First and last vertices, one and the same array for dots, and whether all are dots or straight lines."""
    if block.all_dots:
        return block.xyz_um, block.xyz_um, True
    starts, ends = block.xyz_um[block.offsets[:-1]], block.xyz_um[block.offsets[1:] - 1]
    return starts, ends, bool(np.all(block.vertex_counts <= 2))


def _joined(tiles: Sequence[Tile]) -> Tile:
    """Several tiles as one."""
    if len(tiles) == 1:
        return tiles[0]
    blocks = [tile.block for tile in tiles]
    before = np.cumsum([0, *(len(block.xyz_um) for block in blocks)])
    offsets = [block.offsets[:-1] + shift for block, shift in zip(blocks, before[:-1], strict=True)]
    block = FeatureBlock(
        np.concatenate([block.xyz_um for block in blocks]),
        np.concatenate([*offsets, before[-1:]]).astype(np.int64),
        np.concatenate([block.part for block in blocks]),
        np.concatenate([block.variant for block in blocks]),
    )
    recipe, part = np.concatenate([t.recipe for t in tiles]), np.concatenate([t.part for t in tiles])
    joined: Tile = replace(tiles[0], block=block, recipe=recipe, part=part)
    return joined
