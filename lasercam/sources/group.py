"""Patterns inside a pattern: placed together, turned together, repeated together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from heapq import merge
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lasercam.errors import InputError, LasercamError, PatternError, Problem, name_problem
from lasercam.geometry.area import Area
from lasercam.geometry.placed_marks import placed_marks
from lasercam.geometry.placement import Placed, copies
from lasercam.model.feature import ALL_PARTS, FeatureBlock, Parts, depth_levels, tiles
from lasercam.model.job import PatternName, Placement
from lasercam.model.protocols import (
    MAX_TILE_ROWS,
    CarriesCodes,
    CarriesMarks,
    CodeSquare,
    LaysOutFamilies,
    OffersFiles,
    PatternSource,
    PatternUse,
    SourceContext,
)

MAX_PARTS = 65_535
"""Features point at their part with 16 bits."""
MAX_HELD = 262_144
"""Features of one plane of a child that are held while its copies are made."""


class GroupKeys(Placement):
    """Keys of a group of patterns."""

    type: Literal["group"]
    patterns: Annotated[dict[PatternName, dict[str, Any]], Field(min_length=1, max_length=1_000)]
    """The patterns inside, by name, with the keys they have anywhere else. Their `at` and `depth` count from the
    group's own; `inside` and `outside` name patterns of the same group."""


@dataclass(frozen=True, eq=False)
class Child:
    """A pattern of a group.

    Attributes:
        name: in the group.
        placement: where it lies in the group.
        source: makes its features.
        first_part: index of its first atom among those of the group.
    """

    name: str
    placement: Placement
    source: PatternSource
    first_part: int


class Group:
    """Patterns with one placement; the parts of a child are `child.part`, and `child` is all of it."""

    Keys: ClassVar[type[Placement]] = GroupKeys
    summary: ClassVar[str] = "patterns placed, turned and repeated together"

    def __init__(self, keys: GroupKeys, context: SourceContext) -> None:
        self._context = context
        self._children = self._made(keys)
        self._parts = self._joined_parts()
        self._cuts = {child.name: self._areas(child) for child in self._children}
        for child in self._children:
            list(copies(child.placement))  # too many are refused here, where the place is known

    @property
    def parts(self) -> Parts:
        """`child.part` for every part of every child, `child` for what the child's own name stands for."""
        return self._parts

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of the children."""
        return tuple(f"{c.name}: {note}" for c in self._children for note in getattr(c.source, "notes", ()))

    @property
    def family_shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Those of the children, by `child.part`."""
        return {
            f"{c.name}.{part}": shape
            for c in self._children
            if isinstance(c.source, LaysOutFamilies)
            for part, shape in c.source.family_shapes.items()
        }

    @property
    def code_squares(self) -> tuple[CodeSquare, ...]:
        """Those of the children, as `child` or `child.code`; of many copies the first, the middle and the last."""
        return tuple(
            replace(
                code,
                name=f"{c.name}.{code.name}".rstrip("."),
                corners_um=placed.points_um(np.column_stack((code.corners_um, np.zeros(4))))[:, :2],
                parts=tuple(f"{c.name}.{part}" for part in code.parts),
                border_parts=tuple(f"{c.name}.{part}" for part in code.border_parts),
            )
            for c in self._children
            if isinstance(c.source, CarriesCodes)
            for code in c.source.code_squares
            for placed in _some(tuple(copies(c.placement)))
        )

    @property
    def mark_places_um(self) -> Mapping[str, tuple[float, float, float]]:
        """Those of the children, as `child.mark`; of several copies as `child.1.mark`, counted from 1."""
        found: dict[str, tuple[float, float, float]] = {}
        for c in self._children:
            if isinstance(c.source, CarriesMarks):
                found.update({f"{c.name}.{name}": at for name, at in placed_marks(c.placement, c.source).items()})
        return found

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Features of all children in the group's frame, one depth per block, the deepest first."""
        streams = [self._stream(child, max_rows) for child in self._children]
        return merge(*streams, key=lambda block: -float(block.xyz_um[:, 2].max()))

    def area(self) -> Area | None:
        """The areas of all children together; None unless each has one, since a keep-out must not leave gaps."""
        found = [_placed_area(child) for child in self._children]
        areas = [area for area in found if area is not None]
        return Area.union_of(areas) if len(areas) == len(found) else None

    def extra_files(self, use: PatternUse) -> Mapping[str, bytes]:
        """Files of the children, as `child.name`."""
        files: dict[str, bytes] = {}
        for child in self._children:
            if not isinstance(child.source, OffersFiles):
                continue
            prefix = f"{child.name}."
            exposures = tuple(
                replace(e, part=e.part.removeprefix(prefix)) for e in use.exposures if e.part.startswith(prefix)
            )
            placed = tuple(
                partial(_through, own.points_um, outer) for outer in use.to_sample for own in copies(child.placement)
            )
            if exposures:
                offered = child.source.extra_files(PatternUse(exposures, placed))
                files.update({f"{prefix}{name}": content for name, content in offered.items()})
        return files

    def _made(self, keys: GroupKeys) -> tuple[Child, ...]:
        if self._context.child is None:
            raise PatternError("nothing can be nested here: the context makes no patterns")
        children: list[Child] = []
        problems: list[Problem] = []
        first = 0
        for name, child_keys in keys.patterns.items():
            place = self._context.locate("patterns", name, key=True)
            if name == ALL_PARTS:
                text = f"'{ALL_PARTS}' stands for the whole group; give the pattern of that name another one"
                problems.append(Problem(text, place))
                continue
            try:
                placement, source = self._context.child(("patterns", name), child_keys)
            except InputError as error:
                problems.extend(error.problems)
            except LasercamError as error:
                problems.append(Problem(f"pattern '{self._context.name}.{name}': {error}", place))
            else:
                children.append(Child(name, placement, source, first))
                first += len(source.parts.atoms)
        if first > MAX_PARTS:
            text = f"the patterns of the group have {first:,} parts; at most {MAX_PARTS:,} are allowed"
            problems.append(Problem(text, self._context.locate("patterns")))
        if problems:
            raise InputError(problems)
        return tuple(children)

    def _joined_parts(self) -> Parts:
        atoms: list[str] = []
        unions: dict[str, tuple[str, ...]] = {}
        whole: list[str] = []
        for child in self._children:
            offered = child.source.parts
            atoms.extend(f"{child.name}.{atom}" for atom in offered.atoms)
            for union, members in offered.unions.items():
                unions[f"{child.name}.{union}"] = tuple(f"{child.name}.{member}" for member in members)
            unions[child.name] = tuple(f"{child.name}.{a}" for a in offered.unions.get(ALL_PARTS, offered.atoms))
            whole.extend(unions[child.name])
        return Parts(tuple(atoms), {**unions, ALL_PARTS: tuple(whole)})

    def _areas(self, child: Child) -> tuple[tuple[Area, ...], tuple[Area, ...]]:
        """Areas of siblings that a child is kept inside and outside of."""
        siblings = {c.name: c for c in self._children if c is not child}
        found: dict[str, list[Area]] = {"inside": [], "outside": []}
        for key, areas in found.items():
            for name in getattr(child.placement, key):
                place = self._context.locate("patterns", child.name, key)
                if name not in siblings:
                    raise InputError(name_problem("pattern of the group", name, list(siblings), place))
                area = _placed_area(siblings[name])
                if area is None:
                    raise InputError(Problem(f"pattern '{name}' covers no area, so nothing can lie {key} it", place))
                areas.append(area)
        return tuple(found["inside"]), tuple(found["outside"])

    def _stream(self, child: Child, max_rows: int) -> Iterator[FeatureBlock]:
        """A child's features in the group's frame, plane by plane on every copy, deepest first."""
        placed = tuple(copies(child.placement, *self._cuts[child.name]))
        for plane in _planes(child.source.features(max_rows)):
            for copy in placed:
                for block in plane:
                    here, _ = copy.place(block)
                    for tile in tiles(here, max_rows):
                        part = (tile.part + np.uint16(child.first_part)).astype(np.uint16)
                        yield FeatureBlock(tile.xyz_um, tile.offsets, part, tile.variant)


def _planes(blocks: Iterable[FeatureBlock]) -> Iterator[list[FeatureBlock]]:
    """Blocks of one depth each in bounded groups of one plane, so that copies follow each other plane by plane."""
    group: list[FeatureBlock] = []
    held, group_depth = 0, np.inf
    for block in blocks:
        for level in depth_levels(block):
            depth = float(level.xyz_um[:, 2].max())
            if group and (depth < group_depth or held + len(level) > MAX_HELD):
                yield group
                group, held = [], 0
            group.append(level)
            held, group_depth = held + len(level), depth
    if group:
        yield group


def _placed_area(child: Child) -> Area | None:
    """The area of a child in the group's frame, all its copies together."""
    area = child.source.area()
    if area is None:
        return None
    return Area.union_of(area.transform(np.column_stack((p.matrix, p.shift_um[:2]))) for p in copies(child.placement))


Points = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _through(inner: Points, outer: Points, xyz_um: NDArray[np.float64]) -> NDArray[np.float64]:
    return outer(inner(xyz_um))


def _some(placed: tuple[Placed, ...]) -> tuple[Placed, ...]:
    """The first, the middle and the last copy."""
    return tuple(placed[i] for i in sorted({0, len(placed) // 2, len(placed) - 1}))
