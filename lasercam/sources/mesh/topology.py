"""Whether a mesh bounds a body: open edges, turned triangles, bodies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Topology:
    """What the edges of a mesh say.

    Attributes:
        bodies: connected pieces.
        open_edges: edges with a triangle on one side only.
        turned_edges: edges whose triangles run through them in the same direction: one of them is inside out.
        crowded_edges: edges of more than two triangles; no fault where directions cancel.
        holes: connected rims of open edges.
        rim: float64 (3,), a vertex on the largest rim; None without open edges.
    """

    bodies: int
    open_edges: int
    turned_edges: int
    crowded_edges: int
    holes: int
    rim: tuple[float, float, float] | None

    @property
    def is_closed(self) -> bool:
        """Whether every edge is run through equally often both ways, so that insides and outsides are defined."""
        return self.open_edges == 0 and self.turned_edges == 0

    def __str__(self) -> str:
        shape = f"{self.bodies:,} bod{'y' if self.bodies == 1 else 'ies'}"
        crowd = f", {self.crowded_edges:,} edges of more than two triangles" if self.crowded_edges else ""
        if self.is_closed:
            return f"{shape}, closed and consistently oriented{crowd}"
        where = "" if self.rim is None else " (one at x {:.4g}, y {:.4g}, z {:.4g} of the file)".format(*self.rim)
        faults = [
            f"{self.open_edges:,} open edges in {self.holes:,} hole(s){where}" if self.open_edges else "",
            f"{self.turned_edges:,} edges between triangles that face opposite ways" if self.turned_edges else "",
        ]
        return f"{shape}, {' and '.join(f for f in faults if f)}{crowd}"


def examine(vertices: NDArray[np.float64], faces: IntArray) -> Topology:
    """The topology of a mesh whose equal vertices are merged.

    Args:
        vertices: (V, 3).
        faces: (F, 3), indices.
    """
    count = len(vertices)
    start, end = faces.reshape(-1), faces[:, [1, 2, 0]].reshape(-1)
    low, high = np.minimum(start, end), np.maximum(start, end)
    sign = np.where(start < end, 1, -1)
    key = low * count + high
    order = np.argsort(key, kind="stable")
    key, sign = key[order], sign[order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    uses = np.diff(np.append(first, len(key)))
    turns = np.add.reduceat(sign, first)
    is_open = (turns != 0) & (uses % 2 == 1)
    is_turned = (turns != 0) & (uses % 2 == 0)
    rim_low, rim_high = key[first[is_open]] // count, key[first[is_open]] % count
    holes, rim = 0, None
    if len(rim_low):
        label = components(count, rim_low, rim_high)[rim_low]
        names, sizes = np.unique(label, return_counts=True)
        holes = len(names)
        x, y, z = vertices[rim_low[label == names[int(np.argmax(sizes))]][0]].tolist()
        rim = (x, y, z)
    bodies = len(np.unique(components(count, low, high)[faces[:, 0]]))
    return Topology(bodies, int(is_open.sum()), int(is_turned.sum()), int((uses > 2).sum()), holes, rim)


def components(count: int, a: IntArray, b: IntArray) -> IntArray:
    """The smallest vertex that each vertex is connected with: int64 (count,).

    >>> components(5, np.array([0, 3]), np.array([1, 4])).tolist()
    [0, 0, 2, 3, 3]
    """
    label = np.arange(count, dtype=np.int64)
    while True:
        lower = np.minimum(label[a], label[b])
        before = label.copy()
        # The root of either end takes the lower label; then every vertex jumps to the root of its label.
        np.minimum.at(label, label[a], lower)
        np.minimum.at(label, label[b], lower)
        while True:
            jumped = label[label]
            if np.array_equal(jumped, label):
                break
            label = jumped
        if np.array_equal(before, label):
            return label
