"""What is to be written: dots and lines in space, without order and without exposures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError, PatternError

MAX_COORDINATE_UM = 1e9
"""A kilometre: larger coordinates are slips, and ticks of them still fit 63 bits."""
ALL_PARTS = "all"
"""The name that every pattern offers for all of it."""


@dataclass(frozen=True, eq=False)
class FeatureBlock:
    """Features of one spatial tile, unordered.

    Attributes:
        xyz_um: float64 (M, 3), vertices; x right, y up, z = depth below the surface, positive downwards.
        offsets: int64 (P+1,), vertices of feature i are `offsets[i]:offsets[i+1]`; one vertex is a dot.
        part: uint16 (P,), index into the source's atomic parts.
        variant: uint16 (P,), which member of a recipe family the feature asks for; 0 where it asks for none.
    """

    xyz_um: NDArray[np.float64]
    offsets: NDArray[np.int64]
    part: NDArray[np.uint16]
    variant: NDArray[np.uint16]

    def __post_init__(self) -> None:
        count = len(self.offsets) - 1
        if self.xyz_um.ndim != 2 or self.xyz_um.shape[1] != 3 or count < 0:
            raise GeometryError(f"a feature block has vertices of shape (M, 3), not {self.xyz_um.shape}")
        if len(self.part) != count or len(self.variant) != count:
            raise GeometryError(f"{count} features need as many parts and variants")
        if self.offsets[0] != 0 or self.offsets[-1] != len(self.xyz_um) or np.any(np.diff(self.offsets) < 1):
            raise GeometryError("offsets must rise from 0 to the number of vertices, a vertex or more per feature")
        # Two reductions without a temporary; NaN makes both comparisons false.
        low, high = self.xyz_um.min(initial=0.0), self.xyz_um.max(initial=0.0)
        if not (low >= -MAX_COORDINATE_UM and high <= MAX_COORDINATE_UM):
            raise GeometryError("coordinates must be finite and within a kilometre of the origin")
        for array in (self.xyz_um, self.offsets, self.part, self.variant):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def vertex_counts(self) -> NDArray[np.int64]:
        """int64 (P,), vertices of each feature."""
        return np.diff(self.offsets)

    @property
    def all_dots(self) -> bool:
        """Whether every feature is a single vertex."""
        return len(self.xyz_um) == len(self)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "FeatureBlock":
        """The chosen features (mask or indices), in the given order."""
        index = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        if self.all_dots:
            xyz, offsets = self.xyz_um[index], np.arange(len(index) + 1, dtype=np.int64)
        else:
            counts = self.vertex_counts[index]
            offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
            vertex = np.repeat(self.offsets[:-1][index] - offsets[:-1], counts) + np.arange(offsets[-1])
            xyz = self.xyz_um[vertex]
        return FeatureBlock(np.ascontiguousarray(xyz), offsets, self.part[index], self.variant[index])

    def moved(self, xyz_um: NDArray[np.float64]) -> "FeatureBlock":
        """The same features with other vertices (float64 (M, 3))."""
        return FeatureBlock(np.ascontiguousarray(xyz_um), self.offsets, self.part, self.variant)


def dots(
    xyz_um: NDArray[np.float64], part: int | NDArray[np.uint16] = 0, variant: int | NDArray[np.uint16] = 0
) -> FeatureBlock:
    """A block of dots at (N, 3) positions in µm.

    >>> len(dots(np.zeros((4, 3))))
    4
    """
    n = len(xyz_um)
    xyz = np.array(xyz_um, dtype=np.float64, order="C")
    return FeatureBlock(xyz, np.arange(n + 1, dtype=np.int64), per_feature(part, n), per_feature(variant, n))


def per_feature(value: int | NDArray[np.uint16], count: int) -> NDArray[np.uint16]:
    """One value per feature: uint16 (count,)."""
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, np.uint16), (count,)))


def polylines(
    xy_um: NDArray[np.float64], offsets: NDArray[np.int64], depth_um: float = 0.0, part: int | NDArray[np.uint16] = 0
) -> FeatureBlock:
    """A block of polylines in one plane: vertices (M, 2) in µm and (P+1,) offsets."""
    count = len(offsets) - 1
    xyz = np.column_stack((xy_um, np.full(len(xy_um), depth_um)))
    block_offsets = offsets.astype(np.int64)
    return FeatureBlock(np.ascontiguousarray(xyz), block_offsets, per_feature(part, count), per_feature(0, count))


@dataclass(frozen=True)
class Parts:
    """The names a pattern offers for recipes to attach to.

    Attributes:
        atoms: disjoint parts that features carry, in the order of their indices.
        unions: further names, each standing for several atoms: `dark` = finder and data modules.
    """

    atoms: tuple[str, ...]
    unions: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name a step may use, atoms first."""
        return (*self.atoms, *(name for name in self.unions if name not in self.atoms))

    def select(self, pattern: str) -> tuple[int, ...]:
        """Indices of the atoms a name or a glob stands for, rising; empty when nothing matches.

        A name stands for itself only. A glob matches atoms; where it matches none, unions other than `all`, so that
        `d*` means `data` and not everything that some union beginning with d holds.

        >>> offered = Parts(("finder", "data"), {"dark": ("finder", "data")})
        >>> offered.select("dark"), offered.select("d*"), offered.select("da?k")
        ((0, 1), (1,), (0, 1))
        """
        if pattern in self.names:
            chosen = {*self.unions.get(pattern, (pattern,))}
        else:
            chosen = {atom for atom in self.atoms if fnmatchcase(atom, pattern)}
            if not chosen:
                unions = (self.unions[n] for n in self.unions if n != ALL_PARTS and fnmatchcase(n, pattern))
                chosen = {atom for union in unions for atom in union}
        return tuple(i for i, atom in enumerate(self.atoms) if atom in chosen)


def parts(atoms: Sequence[str], **unions: Sequence[str]) -> Parts:
    """Parts from atom names and unions, with `all` standing for every atom.

    Raises:
        PatternError: one of several parts is called `all`, or two have one name.
    """
    if len(atoms) > 1 and ALL_PARTS in atoms:
        raise PatternError(f"'{ALL_PARTS}' stands for every part; give the part of that name another one")
    if len(set(atoms)) != len(atoms):
        twice = next(name for i, name in enumerate(atoms) if name in atoms[:i])
        raise PatternError(f"two parts are called '{twice}'")
    return Parts(tuple(atoms), {**{k: tuple(v) for k, v in unions.items()}, ALL_PARTS: tuple(atoms)})


def tiles(block: FeatureBlock, max_rows: int) -> Iterator[FeatureBlock]:
    """The block cut into pieces of at most `max_rows` features, in order."""
    for start in range(0, len(block), max_rows):
        yield block.take(np.arange(start, min(start + max_rows, len(block)), dtype=np.int64))


def depth_levels(block: FeatureBlock) -> Iterator[FeatureBlock]:
    """The block cut by the deepest vertex of its features: one block per depth, the deepest first.

    >>> block = dots(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 5.0], [2.0, 0.0, 1.0]]))
    >>> [level.xyz_um[:, 0].tolist() for level in depth_levels(block)]
    [[1.0], [0.0, 2.0]]
    """
    z = block.xyz_um[:, 2]
    if len(z) and z.min() == z.max():
        yield block
        return
    depth = z if block.all_dots else np.maximum.reduceat(z, block.offsets[:-1])
    order = np.argsort(-depth, kind="stable")
    for index in np.split(order, np.flatnonzero(np.diff(depth[order])) + 1):
        yield block.take(index.astype(np.int64))
