"""Areas of the plane: fill rules, union and difference, offsets. The one module that imports shapely."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lasercam.errors import GeometryError
from lasercam.geometry.polylines import (
    BoolArray,
    FloatArray,
    IntArray,
    Polylines,
    finite_number,
    finite_points,
    ramp,
)
from lasercam.geometry.rectangles import rectangle_outlines

FillRule = Literal["nonzero", "evenodd"]
Joins = Literal["round", "mitre", "bevel"]

MITRE_LIMIT = 5.0
"""Mitred corners reach at most this many offset distances; sharper ones are cut off there."""
MAX_MEETINGS = 4_000_000
"""Most pairs of ring edges near each other, besides 20 per edge; each may cost 1 KB and 10 µs to untangle."""
MIN_OFFSET_UM = 1e-4
"""Smallest offset other than 0: one tick of 0.1 nm."""
OVERLAY_GRID_UM = 1e-6
"""Set operations snap to this grid, a hundredth of a tick: in full floating point, GEOS 3.14 gives grossly wrong areas
for edges that are collinear but for the last digit of a crossing."""
_PAIRS_AT_ONCE = 8_000_000
_QUERY_PIECES = 64
_UNITED_AT_ONCE = 64


def _shapely() -> Any:
    import shapely

    return shapely


class Area:
    """A part of the plane bounded by straight edges, holes and several pieces included; immutable.

    Attributes:
        geometry: The shapely Polygon or MultiPolygon, valid, in µm.
    """

    __slots__ = ("geometry",)

    geometry: Any

    def __init__(self, geometry: Any) -> None:
        shapely = _shapely()
        if geometry.geom_type not in ("Polygon", "MultiPolygon"):
            raise GeometryError(f"an area is made of polygons; found a {geometry.geom_type}.")
        finite_points(shapely.get_coordinates(geometry), "area vertices")
        if not shapely.is_valid(geometry):
            raise GeometryError(
                f"the outline does not bound an area: {shapely.is_valid_reason(geometry)}. "
                "Build it from rings with a fill rule."
            )
        object.__setattr__(self, "geometry", geometry)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an area does not change; make a new one instead of setting {name}")

    def __repr__(self) -> str:
        return f"Area({self.area_um2:g} µm², {_shapely().get_num_geometries(self.geometry)} pieces)"

    @classmethod
    def empty(cls) -> Area:
        """The area without points."""
        return cls(_shapely().MultiPolygon())

    @classmethod
    def _of(cls, geometry: Any) -> Area:
        """The polygons of any result; touching lines and points enclose nothing and are left out."""
        shapely = _shapely()
        parts = shapely.get_parts(shapely.get_parts(np.atleast_1d(geometry)))
        polygons = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
        return cls(polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons))

    @classmethod
    def from_rings(cls, rings: Polylines, fill_rule: FillRule = "nonzero") -> Area:
        """The area that rings enclose together, however they cross themselves and each other.

        The rings are cut where they cross; every face of the resulting net is in or out by the winding
        number of the *original* rings around it: other than 0 for ``nonzero``, odd for ``evenodd``.

        Args:
            rings: Each is closed by a straight edge when its ends differ. Dots, and lines there and
                back, enclose nothing.
            fill_rule: As in SVG.

        Raises:
            GeometryError: unknown fill rule, or edges that meet each other too often (see
                ``MAX_MEETINGS``).

        Source: winding number, https://www.w3.org/TR/SVG2/painting.html#FillRuleProperty
        """
        if fill_rule not in ("nonzero", "evenodd"):
            raise GeometryError(f"fill rule {fill_rule!r}; give 'nonzero' or 'evenodd'.")
        shapely = _shapely()
        start, end, owner = rings.segments()
        first, last = rings.xy_um[rings.offsets[:-1]], rings.xy_um[rings.offsets[1:] - 1]
        start, end = np.concatenate([start, last]), np.concatenate([end, first])
        owner = np.concatenate([owner, np.arange(len(rings))])
        order = np.argsort(owner, kind="stable")
        order = order[np.any(start[order] != end[order], axis=1)]
        start, end = start[order], end[order]
        if not len(start):
            return cls.empty()
        _refuse_tangle(start, end)
        net = shapely.union_all(shapely.linestrings(np.stack([start, end], axis=1)))
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(net)))
        if not len(faces):
            return cls.empty()
        winding = _winding_numbers(shapely.get_coordinates(shapely.point_on_surface(faces)), start, end)
        kept = faces[winding != 0 if fill_rule == "nonzero" else winding % 2 == 1]
        # The faces share whole edges, which is what the much faster coverage union asks for.
        merged = shapely.coverage_union_all(kept)
        return cls._of(merged if shapely.is_valid(merged) else shapely.union_all(kept))

    @classmethod
    def from_polygons(cls, rings: Polylines) -> Area:
        """Points inside at least one of the rings, whichever way each turns.

        Args:
            rings: each is closed by a straight edge when its ends differ, and encloses by itself what it winds around;
                rings of fewer than three vertices enclose nothing.

        Raises:
            GeometryError: a ring crosses itself too often (see ``MAX_MEETINGS``).
        """
        shapely = _shapely()
        wide = np.flatnonzero(rings.n_vertices >= 3)
        if not len(wide):
            return cls.empty()
        lines = [rings.line(int(i)) for i in wide]
        closed = [line if (line[0] == line[-1]).all() else np.concatenate([line, line[:1]]) for line in lines]
        long = [line for line in closed if len(line) >= 4]
        if not long:
            return cls.empty()
        owner = np.repeat(np.arange(len(long)), [len(line) for line in long])
        polygons = shapely.polygons(shapely.linearrings(np.concatenate(long), indices=owner))
        sound = shapely.is_valid(polygons)
        crossed = [cls.from_rings(Polylines.from_list([long[i]])).geometry for i in np.flatnonzero(~sound)]
        return cls._of(np.array(_united(np.array([*polygons[sound], *crossed], dtype=object)), dtype=object))

    @classmethod
    def from_rectangles(cls, lower_um: npt.ArrayLike, upper_um: npt.ArrayLike) -> Area:
        """The union of many axis-aligned rectangles, such as the modules of a QR code.

        Edges less than 1e-6 µm (a hundredth of a tick) apart become one edge, so that modules placed by
        multiplying a pitch meet without slits.

        Args:
            lower_um: (N,2) lower left corners, µm.
            upper_um: (N,2) upper right corners, µm.

        Raises:
            GeometryError: unequal counts, refused coordinates, or a rectangle not wider and higher than
                1e-6 µm.
        """
        shapely = _shapely()
        outlines = rectangle_outlines(lower_um, upper_um)
        if outlines is None:
            return cls.empty()
        if outlines.edges_um is None:  # too scattered for a common grid
            return cls._of(shapely.union_all(shapely.box(*outlines.lower_um.T, *outlines.upper_um.T)))
        faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(outlines.edges_um)))
        inside = outlines.is_covered(shapely.get_coordinates(shapely.point_on_surface(faces)))
        return cls._of(faces[inside])

    @property
    def is_empty(self) -> bool:
        """True when there is no point inside."""
        return bool(_shapely().is_empty(self.geometry))

    @property
    def area_um2(self) -> float:
        """Surface in µm²."""
        return float(_shapely().area(self.geometry))

    def bounds_um(self) -> tuple[float, float, float, float]:
        """x_min, y_min, x_max, y_max in µm.

        Raises:
            GeometryError: the area is empty.
        """
        if self.is_empty:
            raise GeometryError("an empty area has no bounds.")
        x_min, y_min, x_max, y_max = _shapely().bounds(self.geometry).tolist()
        return x_min, y_min, x_max, y_max

    def pieces(self) -> list[Area]:
        """The connected pieces, each with its holes."""
        return [Area(part) for part in _shapely().get_parts(self.geometry) if not part.is_empty]

    def rings(self) -> Polylines:
        """Every outline as a closed polyline: outer ones anticlockwise, holes clockwise.

        Rings stand piece by piece, the outer one first. The same area always gives the same rings.
        """
        shapely = _shapely()
        if self.is_empty:
            return Polylines.empty()
        # Orders pieces, holes and first vertices, and turns outer rings clockwise, holes anticlockwise.
        normal = shapely.normalize(self.geometry)
        _, xy, offsets = shapely.to_ragged_array([shapely.multipolygons(shapely.get_parts(normal))])
        return Polylines(np.array(xy[:, :2]), np.array(offsets[0], dtype=np.int64)).reversed_lines()

    def edges(self) -> tuple[FloatArray, FloatArray]:
        """Every border edge with the area on its left: start_um (E,2), end_um (E,2), µm."""
        start, end, _ = self.rings().segments()
        return start, end

    def union(self, *others: Area) -> Area:
        """Points in this or any other area."""
        return Area.union_of([self, *others])

    @classmethod
    def union_of(cls, areas: Iterable[Area]) -> Area:
        """Points in at least one area; empty when there are no areas."""
        geometries = [area.geometry for area in areas]
        return cls._of(_shapely().union_all(geometries, grid_size=OVERLAY_GRID_UM)) if geometries else cls.empty()

    def difference(self, other: Area) -> Area:
        """Points in this area and not in the other."""
        return Area._of(_shapely().difference(self.geometry, other.geometry, grid_size=OVERLAY_GRID_UM))

    def intersection(self, other: Area) -> Area:
        """Points in both areas; where they only touch there is none."""
        return Area._of(_shapely().intersection(self.geometry, other.geometry, grid_size=OVERLAY_GRID_UM))

    def transform(self, matrix: npt.ArrayLike) -> Area:
        """The area placed by a (2,3) matrix, see ``Polylines.transform``.

        Raises:
            GeometryError: as there.
        """
        if self.is_empty:
            return self
        shapely = _shapely()
        xy = shapely.get_coordinates(self.geometry)
        moved = Polylines(xy, np.array([0, len(xy)])).transform(matrix).xy_um
        return Area(shapely.transform(self.geometry, lambda _: moved))

    def offset(self, distance_um: float, *, joins: Joins = "round", tolerance_um: float = 0.01) -> Area:
        """The area grown (distance > 0) or shrunk (distance < 0) by a distance.

        Args:
            distance_um: µm; 0 returns the area itself, others are at least ``MIN_OFFSET_UM``.
            joins: How outlines go round the corners they turn away from: an arc, a mitre (up to
                ``MITRE_LIMIT`` distances), or a bevel.
            tolerance_um: Arcs are polygons inside the true arc, at most this far from it, µm, > 0.
                Independently of it, GEOS leaves out dents of the outline shallower than 1 % of the
                distance, which may move the result by as much.

        Raises:
            GeometryError: distance or tolerance not finite, the distance nearer to 0 than
                ``MIN_OFFSET_UM`` without being 0, tolerance <= 0, or joins unknown.
        """
        distance = finite_number(distance_um, "offset distance_um")
        tolerance = finite_number(tolerance_um, "offset tolerance_um", above=0.0)
        if joins not in ("round", "mitre", "bevel"):
            raise GeometryError(f"joins {joins!r}; give 'round', 'mitre' or 'bevel'.")
        if distance == 0.0:
            return self
        if abs(distance) < MIN_OFFSET_UM:
            raise GeometryError(
                f"offset distance_um is {distance:g}; give 0 or at least {MIN_OFFSET_UM:g} µm, below which "
                "outlines cannot be moved reliably."
            )
        return Area._of(
            _shapely().buffer(
                self.geometry,
                distance,
                quad_segs=_quarter_segments(abs(distance), tolerance),
                join_style=joins,
                mitre_limit=MITRE_LIMIT,
            )
        )

    def simplified(self, tolerance_um: float) -> Area:
        """The area with fewer vertices, none of the old ones farther from the new border than the tolerance.

        Raises:
            GeometryError: tolerance negative or not finite.
        """
        tolerance = finite_number(tolerance_um, "tolerance_um", at_least=0.0)
        shapely = _shapely()
        less = Area._of(shapely.simplify(self.geometry, tolerance, preserve_topology=True))
        if self.is_empty or less.is_empty:
            return less
        # GEOS oversteps the tolerance where it removes the vertex at which a ring starts.
        moved = shapely.distance(
            shapely.boundary(less.geometry), shapely.points(shapely.get_coordinates(self.geometry))
        )
        return less if float(moved.max()) <= tolerance else self

    def contains(self, points_um: npt.ArrayLike, *, border: bool = True, within_um: float = 0.0) -> BoolArray:
        """Which points lie in the area.

        Args:
            points_um: (N,2), µm.
            border: Whether points exactly on the border count as inside. On edges along an axis that is
                exact; on slanted ones few points have coordinates that lie on the edge.
            within_um: With a border, how far outside a point still counts as on it, µm, >= 0.

        Returns:
            (N,) bool.

        Raises:
            GeometryError: refused coordinates, or ``within_um`` negative or not finite.
        """
        reach = finite_number(within_um, "within_um", at_least=0.0)
        shapely = _shapely()
        points = finite_points(points_um, "points")
        shapely.prepare(self.geometry)
        test = shapely.intersects_xy if border else shapely.contains_xy
        found: BoolArray = np.array(test(self.geometry, points[:, 0], points[:, 1]), dtype=np.bool_)
        if border and reach > 0.0 and not found.all():
            near = np.flatnonzero(~found)
            found[near] = shapely.dwithin(self.geometry, shapely.points(points[near]), reach)
        return found


def _united(polygons: npt.NDArray[Any]) -> list[Any]:
    """The union of many polygons: those that meet no other stay, the rest is joined in ever larger groups.

    GEOS unites with a grid in quadratic time, which groups of neighbours avoid.
    """
    shapely = _shapely()
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    n = len(polygons)
    _, group = connected_components(
        coo_array((np.ones(len(one), np.bool_), (one, other)), shape=(n, n)), directed=False
    )
    order = np.argsort(group, kind="stable")
    united: list[Any] = []
    for members in np.split(order, np.cumsum(np.bincount(group))[:-1]):
        pieces = polygons[members]
        if len(pieces) > _UNITED_AT_ONCE:
            box = shapely.bounds(pieces)
            pieces = pieces[np.lexsort((box[:, 1], np.floor(box[:, 0] / max(np.ptp(box[:, 0]) / 64.0, 1e-9))))]
        while len(pieces) > 1:
            cuts = range(_UNITED_AT_ONCE, len(pieces), _UNITED_AT_ONCE)
            joined = [shapely.union_all(some, grid_size=OVERLAY_GRID_UM) for some in np.split(pieces, list(cuts))]
            pieces = np.array(joined, dtype=object)
        united.append(pieces[0])
    return united


def _quarter_segments(radius_um: float, tolerance_um: float) -> int:
    """Edges per quarter turn that keep arcs of any length within the tolerance, >= 2.

    A step h has the sagitta r (1 - cos(h/2)) = 2 r sin²(h/4). GEOS divides an arc into a rounded number of
    steps, so a step may be 1.5 times as long as asked for.
    """
    step = 4.0 * math.asin(math.sqrt(min(tolerance_um / (2.0 * radius_um), 0.5)))
    return max(2, math.ceil(1.5 * (math.pi / 2.0) / step))


def _refuse_tangle(start: FloatArray, end: FloatArray) -> None:
    allowed = MAX_MEETINGS + 20 * len(start)
    found = 0
    for edge, _ in near_segments(start, end, start, end, 0.0):
        found += len(edge)
        if found > allowed:
            raise GeometryError(
                f"{len(start)} ring edges meet each other more than {allowed} times; that is a tangle, not an "
                "outline. Divide the drawing, or check its units and scale."
            )


def _winding_numbers(points: FloatArray, start: FloatArray, end: FloatArray) -> IntArray:
    """Signed turns of the directed edges around each point, (N,) int64.

    A ray to the right meets an edge when the edge's lower end is at or below it and the upper end above,
    so an edge end on the ray counts once.
    """
    shapely = _shapely()
    x_max = float(max(start[:, 0].max(), end[:, 0].max()))
    tree = shapely.STRtree(shapely.linestrings(np.stack([start, end], axis=1)))
    winding = np.zeros(len(points), dtype=np.int64)
    chunk = max(1, _PAIRS_AT_ONCE // len(start))
    for first in range(0, len(points), chunk):
        part = points[first : first + chunk]
        far = np.column_stack([np.full(len(part), x_max), part[:, 1]])
        index, edge = tree.query(shapely.linestrings(np.stack([part, far], axis=1)))
        x, y = part[index].T
        (x0, y0), (x1, y1) = start[edge].T, end[edge].T
        turn = (y0 <= y).astype(np.int64) - (y1 <= y)
        meets = np.flatnonzero(turn)
        x, y, x0, y0, x1, y1 = (a[meets] for a in (x, y, x0, y0, x1, y1))
        right = x0 + (y - y0) * (x1 - x0) / (y1 - y0) > x
        np.add.at(winding, first + index[meets[right]], turn[meets[right]])
    return winding


def near_segments(
    start_um: FloatArray, end_um: FloatArray, other_start_um: FloatArray, other_end_um: FloatArray, reach_um: float
) -> Iterator[tuple[IntArray, IntArray]]:
    """Pairs (segment, other segment) that may come within a reach of each other, in bounded batches.

    Every pair that does come so near is found, exactly once; so are some that do not: the test compares
    bounding boxes, long segments in pieces so that slanted ones do not meet everything.

    Args:
        start_um: (N,2), µm.
        end_um: (N,2), µm.
        other_start_um: (E,2), µm.
        other_end_um: (E,2), µm.
        reach_um: >= 0, µm.

    Yields:
        Two (K,) int64 arrays, indices into the segments (ascending over all batches) and into the others.
    """
    if not len(start_um) or not len(other_start_um):
        return
    shapely = _shapely()
    low = np.minimum(other_start_um, other_end_um) - reach_um
    high = np.maximum(other_start_um, other_end_um) + reach_um
    tree = shapely.STRtree(shapely.linestrings(np.stack([low, high], axis=1)))
    typical = max(float(np.median(np.abs(high - low).max(axis=1))), 1e-12)
    # Pieces only help where both sides of the box are long.
    narrow = np.abs(end_um - start_um).min(axis=1)
    pieces = np.clip(np.ceil(narrow / typical), 1, min(_QUERY_PIECES, len(other_start_um))).astype(np.int64)
    chunk = int(np.clip(_PAIRS_AT_ONCE // len(other_start_um), 256, 262_144))
    for first in range(0, len(start_um), chunk):
        count = pieces[first : first + chunk]
        owner = np.repeat(np.arange(first, first + len(count)), count)
        step, n = ramp(count)[:, np.newaxis], np.repeat(count, count)[:, np.newaxis]
        a, d = start_um[owner], end_um[owner] - start_um[owner]
        whole = n == 1
        from_um = np.where(whole, a, a + d * (step / n))
        to_um = np.where(step + 1 == n, end_um[owner], a + d * ((step + 1) / n))
        index, other = tree.query(shapely.linestrings(np.stack([from_um, to_um], axis=1)))
        pair = np.unique(owner[index] * len(other_start_um) + other)
        yield pair // len(other_start_um), pair % len(other_start_um)
