"""Tiles of a section put in order: lattices tile by tile, everything else plane by plane, as the step wishes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

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
MAX_REMEMBERED = 16 * MAX_PLANE
"""Features of a toolpath whose orders are remembered, 80 MB."""
MIN_LATTICE = 1_024
"""Features from which a tile that is a lattice is swept by itself; smaller ones may be cells of a larger lattice."""
MAX_PIECE = 65_536
"""Features that are made into rows at a time."""


class Tile(Protocol):
    """Features of one set-up in the sample's frame."""

    @property
    def depth_um(self) -> float:
        """The plane they belong to."""
        ...

    @property
    def setup_rank(self) -> int:
        """Number of their set-up."""
        ...

    @property
    def block(self) -> FeatureBlock:
        """The features."""
        ...

    @property
    def recipe(self) -> NDArray[np.uint16]:
        """Of each, index into the toolpath's recipes."""
        ...

    @property
    def part(self) -> NDArray[np.uint16]:
        """Of each, index into the toolpath's parts."""
        ...


@dataclass(frozen=True, eq=False)
class OrderedPiece:
    """Features and the order in which some or all of them are written."""

    block: FeatureBlock
    recipe: NDArray[np.uint16]
    part: NDArray[np.uint16]
    order: Order


class OrderMemory:
    """Orders that were searched for, by what was ordered: rows are made several times, and searched for once.

    Args:
        room: features whose places are remembered.
    """

    def __init__(self, room: int = MAX_REMEMBERED) -> None:
        self._kept: dict[bytes, tuple[NDArray[np.int32], NDArray[np.uint8]]] = {}
        self._room = room

    def order(self, key: bytes, count: int, search: Callable[[], Order]) -> Order:
        """The order of that key, found once."""
        kept = self._kept.get(key)
        if kept is not None:
            return Order(kept[0].astype(np.int64), np.unpackbits(kept[1], count=count).astype(np.bool_))
        order = search()
        if count <= self._room:
            self._room -= count
            self._kept[key] = order.index.astype(np.int32), np.packbits(order.reverse)
        return order


class SectionOrder:
    """Puts the tiles of one section in order.

    Args:
        step: what it wishes.
        memory: of orders found before.
        here: where the beam stands, float64 (3,) in the sample's frame; asked whenever something is ordered.
    """

    def __init__(self, step: Step, memory: OrderMemory, here: Callable[[], NDArray[np.float64]]) -> None:
        self._step = step
        self._memory = memory
        self._here = here
        self._searched = 0
        # What decides over the whole plane needs all of it.
        self._needs_whole = step.cooling is not None or step.inner_first

    def pieces(self, tiles: Iterable[Tile]) -> Iterator[OrderedPiece]:
        """Everything in the order it is written; a piece is to be written before the next one is asked for.

        Raises:
            PatternError: what the step wishes cannot be done for these features.
        """
        waiting: list[Tile] = []
        held = 0
        for tile in tiles:
            if self._step.order == "as_given":
                yield OrderedPiece(tile.block, tile.recipe, tile.part, as_given(len(tile.block)))
                continue
            is_next_plane = waiting and (tile.depth_um, tile.setup_rank) != (waiting[0].depth_um, waiting[0].setup_rank)
            if is_next_plane or held + len(tile.block) > MAX_PLANE:
                if not is_next_plane and self._needs_whole:
                    self._refuse_plane()
                yield from self._plane(waiting)
                waiting, held = [], 0
            lattice = self._lattice(tile)
            if lattice is not None:
                yield lattice
                continue
            waiting.append(tile)
            held += len(tile.block)
            if self._searched + held > MAX_SEARCHED and not self._needs_whole:
                for one in waiting:
                    yield from self._plane([one])
                waiting, held = [], 0
        yield from self._plane(waiting)

    def _lattice(self, tile: Tile) -> OrderedPiece | None:
        """A tile that is swept by itself, whatever else lies in its plane."""
        if self._needs_whole or len(tile.block) < MIN_LATTICE:
            return None
        starts, ends, is_simple = _ends(tile.block)
        if not is_simple or (self._step.keep_direction and starts is not ends):
            return None
        sweep = find_sweep(starts, ends, self._here())
        if sweep is None or not sweep.is_regular:
            return None
        return OrderedPiece(tile.block, tile.recipe, tile.part, sweep.order)

    def _plane(self, waiting: Sequence[Tile]) -> Iterator[OrderedPiece]:
        """Tiles of one plane as one, in pieces."""
        if not waiting:
            return
        block = _joined([tile.block for tile in waiting])
        recipe = np.concatenate([tile.recipe for tile in waiting])
        part = np.concatenate([tile.part for tile in waiting])
        order = self._order(block)
        for at in range(0, len(block), MAX_PIECE):
            some = slice(at, at + MAX_PIECE)
            yield OrderedPiece(block, recipe, part, Order(order.index[some], order.reverse[some]))

    def _order(self, block: FeatureBlock) -> Order:
        here = self._here()
        kicks = None if self._searched + len(block) <= MAX_SEARCHED else 0
        self._searched += len(block)

        def search() -> Order:
            return self._search(block, here, kicks)

        if kicks == 0:
            return search()
        step = self._step
        distance = step.cooling.distance if step.cooling is not None else 0.0
        wishes = repr((step.travel, step.keep_direction, step.inner_first, distance))
        key = hashlib.blake2b(wishes.encode(), digest_size=32)
        for array in (here, block.xyz_um, block.offsets):
            key.update(np.ascontiguousarray(array).data)
        return self._memory.order(key.digest(), len(block), search)

    def _search(self, block: FeatureBlock, here: NDArray[np.float64], kicks: int | None) -> Order:
        step = self._step
        starts, ends, is_simple = _ends(block)
        if step.cooling is not None:
            return interleaved(block, starts, ends, step.cooling.distance, keep_direction=step.keep_direction)
        if step.travel == "rows":
            return self._rows(starts, ends, here, is_simple=is_simple)
        order = order_features(starts, ends, here, is_simple=is_simple, keep_direction=step.keep_direction, kicks=kicks)
        return inner_before_outer(order, block, starts, ends) if step.inner_first else order

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


def _joined(blocks: Sequence[FeatureBlock]) -> FeatureBlock:
    """Several blocks as one."""
    if len(blocks) == 1:
        return blocks[0]
    before = np.cumsum([0, *(len(block.xyz_um) for block in blocks)])
    offsets = [block.offsets[:-1] + shift for block, shift in zip(blocks, before[:-1], strict=True)]
    return FeatureBlock(
        np.concatenate([block.xyz_um for block in blocks]),
        np.concatenate([*offsets, before[-1:]]).astype(np.int64),
        np.concatenate([block.part for block in blocks]),
        np.concatenate([block.variant for block in blocks]),
    )
