"""Cells of a layout, and what they come to when references and arrays are followed: counted first, then expanded."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, shorten

MAX_VERTICES = 10_000_000
"""Of the whole layout, references followed: 160 MB."""
MAX_COPIES = 5_000_000
"""Places of one cell."""
CHUNK_VERTICES = 262_144

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Repetitions:
    """Places of things that stand several times.

    Attributes:
        grid: float64 (N, 6): columns, rows, x and y of their steps; columns 0 = place by place.
        places_um: float64 (M, 2), of those.
        owners: int64 (M,), whose each place is.
    """

    grid: FloatArray
    places_um: FloatArray
    owners: IntArray

    def count(self, index: int) -> int:
        """How many places there are."""
        columns, rows = int(self.grid[index, 0]), int(self.grid[index, 1])
        return columns * rows if columns else int(np.count_nonzero(self.owners == index))

    def offsets_um(self, index: int) -> FloatArray:
        """The places, float64 (N, 2), from the first."""
        columns, rows, *steps = self.grid[index]
        if not columns:
            own: FloatArray = self.places_um[self.owners == index]
            return own
        i, j = np.divmod(np.arange(int(columns) * int(rows)), int(rows))
        step = np.array(steps)
        places: FloatArray = i[:, None] * step[:2] + j[:, None] * step[2:]
        return places


@dataclass(frozen=True, eq=False)
class Cells:
    """A library of cells.

    Attributes:
        names: of the cells.
        xy_um: float64 (M, 2), vertices of all shapes.
        offsets: int64 (P+1,), vertices of shape i are `offsets[i]:offsets[i+1]`.
        shape: int64 (P, 4), its cell, layer, data type, and 1 where it is closed.
        places: where each shape stands in its cell.
        reference: float64 (R, 7), cell, cell inside it, x, y, rotation (radians), magnification, mirrored.
        copies: where each reference stands.
    """

    names: tuple[str, ...]
    xy_um: FloatArray
    offsets: IntArray
    shape: IntArray
    places: Repetitions
    reference: FloatArray
    copies: Repetitions

    @cached_property
    def tops(self) -> list[int]:
        """Cells that are in no other."""
        inside = set(self.reference[:, 1].astype(int).tolist())
        return [i for i in range(len(self.names)) if i not in inside]

    def expanded(self, top: int) -> Iterator[tuple[int, int, bool, FloatArray]]:
        """Shapes of a cell and all cells in it, in the cell's frame, copies of one shape at a time.

        Yields:
            layer, data type, whether it is closed, and vertices of K copies, float64 (K, V, 2), µm.

        Raises:
            PatternError: cells that hold themselves, or more copies or vertices than are allowed.
        """
        order = self._order(top)
        self._refuse_too_many(order)
        matrices: dict[int, list[FloatArray]] = {top: [np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])]}
        for cell in order:
            here = np.concatenate(matrices.pop(cell))
            for index in self._references.get(cell, ()):
                inside = int(self.reference[index, 1])
                matrices.setdefault(inside, []).append(_within(here, self._own(index)))
            for layer, kind, closed, local in self._alike.get(cell, ()):
                step = max(1, CHUNK_VERTICES // (local.shape[0] * local.shape[1]))
                for start in range(0, len(here), step):
                    matrix = here[start : start + step]
                    moved = np.einsum("kij,vj->kvi", matrix[:, :, :2], local.reshape(-1, 2)) + matrix[:, None, :, 2]
                    yield layer, kind, closed, moved.reshape(-1, local.shape[1], 2)

    @cached_property
    def _references(self) -> dict[int, list[int]]:
        """Indices of references, by the cell that holds them."""
        found: dict[int, list[int]] = {}
        for index, cell in enumerate(self.reference[:, 0].astype(int).tolist()):
            found.setdefault(cell, []).append(index)
        return found

    @cached_property
    def _alike(self) -> dict[int, list[tuple[int, int, bool, FloatArray]]]:
        """By cell: layer, data type, whether closed, and vertices of its shapes alike in these and in their number."""
        sizes = np.diff(self.offsets)
        keys, group = np.unique(np.column_stack((self.shape, sizes)), axis=0, return_inverse=True)
        order = np.argsort(group, kind="stable")
        found: dict[int, list[tuple[int, int, bool, FloatArray]]] = {}
        for (cell, layer, kind, closed, size), members in zip(
            keys.tolist(), np.split(order, np.cumsum(np.bincount(group.ravel()))[:-1]), strict=True
        ):
            xy = self.xy_um[self.offsets[members][:, None] + np.arange(size)]
            single = (self.places.grid[members] == (1, 1, 0, 0, 0, 0)).all(axis=1)
            stacks = [xy[single]] if single.any() else []
            for i in np.flatnonzero(~single):
                stacks.append(xy[i] + self.places.offsets_um(int(members[i]))[:, None, :])
            found.setdefault(cell, []).append((layer, kind, bool(closed), np.concatenate(stacks)))
        return found

    def _own(self, index: int) -> FloatArray:
        """Places of a reference in its cell: float64 (N, 2, 3)."""
        _, _, x, y, angle, scale, mirrored = self.reference[index]
        cosine, sine, flip = np.cos(angle) * scale, np.sin(angle) * scale, -1.0 if mirrored else 1.0
        quarter = angle / (np.pi / 2)
        if abs(quarter - round(quarter)) < 1e-12:
            turned = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(quarter) % 4]
            cosine, sine = turned[0] * scale, turned[1] * scale
        offsets = self.copies.offsets_um(index) + np.array([x, y])
        matrix = np.empty((len(offsets), 2, 3))
        matrix[:, :, :2] = [[cosine, -sine * flip], [sine, cosine * flip]]
        matrix[:, :, 2] = offsets
        return matrix

    def _order(self, top: int) -> list[int]:
        """Cells below the top, each after all cells that hold it.

        Raises:
            PatternError: a cell holds itself.
        """
        below: dict[int, set[int]] = {}
        for holder, inside in self.reference[:, :2].astype(int).tolist():
            below.setdefault(holder, set()).add(inside)
        done: list[int] = []
        state: dict[int, int] = {}
        stack = [(top, iter(sorted(below.get(top, ()))))]
        state[top] = 1
        while stack:
            cell, inner = stack[-1]
            child = next(inner, None)
            if child is None:
                state[cell] = 2
                done.append(cell)
                stack.pop()
            elif state.get(child) == 1:
                raise PatternError(f"the cell '{shorten(self.names[child])}' holds itself")
            elif child not in state:
                state[child] = 1
                stack.append((child, iter(sorted(below.get(child, ())))))
        return done[::-1]

    def _refuse_too_many(self, order: list[int]) -> None:
        """Count copies and vertices from the references alone."""
        copies = dict.fromkeys(order, 0)
        own: dict[int, int] = {}
        for index, (cell, size) in enumerate(
            zip(self.shape[:, 0].tolist(), np.diff(self.offsets).tolist(), strict=True)
        ):
            own[cell] = own.get(cell, 0) + size * self.places.count(index)
        copies[order[0]] = 1
        n_vertices = 0
        for cell in order:
            if copies[cell] > MAX_COPIES:
                raise PatternError(
                    f"the cell '{shorten(self.names[cell])}' stands {copies[cell]:,} times; at most {MAX_COPIES:,}"
                    " copies are allowed. Let the job's `array` repeat a smaller layout"
                )
            for index in self._references.get(cell, ()):
                copies[int(self.reference[index, 1])] += copies[cell] * self.copies.count(index)
            n_vertices += copies[cell] * own.get(cell, 0)
        if n_vertices > MAX_VERTICES:
            raise PatternError(
                f"the layout has {n_vertices:,} vertices with all its copies; at most {MAX_VERTICES:,} are allowed."
                " Let the job's `array` repeat a smaller layout"
            )


def _within(outer: FloatArray, inner: FloatArray) -> FloatArray:
    """Every inner place at every outer one: float64 (K N, 2, 3)."""
    turned = np.einsum("kij,njl->knil", outer[:, :, :2], inner)
    turned[..., 2] += outer[:, None, :, 2]
    places: FloatArray = turned.reshape(-1, 2, 3)
    return places
