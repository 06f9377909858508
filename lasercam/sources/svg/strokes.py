"""Strokes: dashes along a line, and the area a stroke covers."""

import math
from typing import Any

import numpy as np

from lasercam.errors import PatternError
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import FloatArray, Polylines
from lasercam.sources.svg.curves import FlatPaths, flatten_table
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.lengths import IDENTITY, Matrix, inverse, multiply, numbers
from lasercam.sources.svg.mathematics import path_length
from lasercam.sources.svg.overlaps import polygons_of
from lasercam.sources.svg.path_data import read_paths

GRID_UM = 1e-6
"""Vertices of stroke areas lie on this grid, a hundredth of a tick, so that rounding cannot make them cross."""
MAX_DASHES = 2_000_000
"""Most dashes of one element."""


def stroke_width(item: Item) -> float:
    """Width of the stroke in user units; 0 paints nothing."""
    return max(item.lengths.px(item.style.get("stroke-width", "1"), "d", 1.0), 0.0)


def dash_pattern(item: Item) -> tuple[list[float], float]:
    """Lengths of dashes and gaps in user units and the offset; no lengths for a solid line.

    Source: https://www.w3.org/TR/SVG2/painting.html#StrokeDashing
    """
    text = item.style.get("stroke-dasharray", "none")
    if text == "none":
        return [], 0.0
    words = text.replace(",", " ").split()
    lengths = [item.lengths.px(word, "d", math.nan) for word in words]
    if not lengths or not all(value >= 0.0 for value in lengths) or sum(lengths) <= 0.0:
        return [], 0.0
    if len(lengths) % 2:
        lengths *= 2
    offset = item.lengths.px(item.style.get("stroke-dashoffset", "0"), "d", 0.0)
    stated = numbers(item.element.get("pathLength") or "")
    if len(stated) == 1 and stated[0] > 0.0:
        factor = path_length(read_paths([item.path])) / stated[0]
        lengths, offset = [value * factor for value in lengths], offset * factor
    return (lengths, offset) if sum(lengths) > 0.0 else ([], 0.0)


def stroke_space(item: Item) -> tuple[Matrix, Matrix]:
    """Matrix from the path to where the stroke has its width, and from there to µm."""
    if item.screen is None:
        return IDENTITY, item.matrix
    return multiply(inverse(item.screen), item.matrix), item.screen


def stroke_lines(item: Item, tolerance_um: float) -> tuple[FlatPaths, Matrix]:
    """The stroke's centre lines, dashed, in stroke space; and the matrix from there to µm."""
    inner, outer = stroke_space(item)
    stretch = max(float(np.linalg.norm(np.reshape(outer[:4], (2, 2)), ord=2)), 1e-300)
    table = read_paths([item.path])
    flat = flatten_table(table, np.array([inner]), tolerance_um / stretch)
    lengths, offset = dash_pattern(item)
    return (dashed(flat, lengths, offset) if lengths else flat), outer


def dashed(flat: FlatPaths, lengths: list[float], offset: float) -> FlatPaths:
    """Each line cut into its dashes.

    Args:
        flat: lines.
        lengths: dash, gap, dash, gap, …; an even number, each >= 0, their sum > 0.
        offset: how far into the pattern each line starts.

    Raises:
        PatternError: more than MAX_DASHES dashes.
    """
    period = sum(lengths)
    edges = np.concatenate(([0.0], np.cumsum(lengths)))
    pieces: list[FloatArray] = []
    path: list[int] = []
    for index in range(len(flat.lines)):
        xy = flat.lines.line(index)
        at = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T)))) if len(xy) > 1 else np.zeros(1)
        total = float(at[-1])
        if total == 0.0 or not flat.draws[index]:
            continue
        if total / period * len(lengths) + len(pieces) > MAX_DASHES:
            raise PatternError(
                f"a dashed line would have over {MAX_DASHES:,} dashes; check stroke-dasharray and its units."
            )
        phase = math.fmod(offset, period)
        first = -(phase if phase >= 0.0 else phase + period)
        starts = first + period * np.arange(math.ceil((total - first) / period) + 1)
        begin = (starts[:, np.newaxis] + edges[0:-1:2]).ravel()
        stop = (starts[:, np.newaxis] + edges[1::2]).ravel()
        # Dashes that touch (a gap of no length) are one.
        joined = np.concatenate(([True], begin[1:] > stop[:-1] + 1e-12 * period))
        begin = begin[joined]
        stop = np.maximum.reduceat(stop, np.flatnonzero(joined))
        kept = (stop >= 0.0) & (begin <= total)
        for one, two in zip(np.maximum(begin[kept], 0.0), np.minimum(stop[kept], total), strict=True):
            inside = xy[(at > one) & (at < two)]
            ends = np.column_stack([np.interp([one, two], at, xy[:, 0]), np.interp([one, two], at, xy[:, 1])])
            pieces.append(np.concatenate([ends[:1], inside, ends[1:]]) if two > one else ends[:1])
            path.append(int(flat.path[index]))
    return FlatPaths(
        Polylines.from_list(pieces), np.array(path, np.int64), np.zeros(len(pieces), bool), np.ones(len(pieces), bool)
    )


def stroke_area(item: Item, tolerance_um: float) -> Area:
    """What the stroke of an item covers, µm.

    The line is the one that centre lines follow, within the tolerance of the curve; round ends and corners are
    polygons within the tolerance of theirs. GEOS leaves out dents of the line shallower than 1 % of half the width.
    """
    import shapely

    flat, outer = stroke_lines(item, tolerance_um)
    half = stroke_width(item) / 2.0
    if half <= 0.0 or not len(flat.lines):
        return Area.empty()
    scale = float(np.linalg.norm(np.reshape(outer[:4], (2, 2)), ord=2))
    cap, join = item.style.get("stroke-linecap", "butt"), item.style.get("stroke-linejoin", "miter")
    sagitta = min(tolerance_um / scale / half, 1.0)
    quarter = max(2, min(math.ceil(math.pi / 4.0 / math.acos(1.0 - sagitta)), 512))
    limits = numbers(item.style.get("stroke-miterlimit", "4"))
    limit = limits[0] if len(limits) == 1 else 4.0
    geometries: list[Any] = []
    for index in range(len(flat.lines)):
        xy = flat.lines.line(index)
        if not flat.draws[index]:
            continue
        if len(xy) == 1:
            if cap == "round":
                geometries.append(shapely.Point(xy[0]).buffer(half, quad_segs=quarter))
            elif cap == "square":
                geometries.append(shapely.box(*(xy[0] - half), *(xy[0] + half)))
            continue
        geometries.extend(_covered(xy, half, cap, join, limit, quarter, is_closed=bool(flat.is_closed[index])))
    if not geometries:
        return Area.empty()
    a, b, c, d, e, f = outer
    placed = shapely.transform(np.array(geometries), lambda xy: xy @ np.array([[a, b], [c, d]]) + np.array([e, f]))
    # Placing rounds, which may make the thinnest of them touch themselves.
    broken = ~shapely.is_valid(placed)
    placed[broken] = shapely.make_valid(placed[broken])
    return polygons_of(shapely.union_all(placed, grid_size=GRID_UM))


def _covered(
    xy: FloatArray, half: float, cap: str, join: str, limit: float, quarter: int, *, is_closed: bool
) -> list[Any]:
    """Polygons that together cover the stroke of one line."""
    import shapely

    caps = {"butt": "flat", "round": "round", "square": "square"}
    is_ring = bool(np.all(xy[0] == xy[-1]))
    joins = "round" if join == "round" else "bevel"
    options = {"join_style": joins, "quad_segs": quarter}
    if is_ring and not is_closed and len(xy) > 2:
        # GEOS joins the ends of a ring; an open line that returns to its start has ends there.
        middle = len(xy) // 2
        halves = [xy[: middle + 1], xy[middle:]]
        found = [shapely.LineString(h).buffer(half, cap_style=caps[cap], **options) for h in halves]
        around = xy[max(middle - 1, 0) : middle + 2]
        found.append(shapely.LineString(around).buffer(half, cap_style="flat", **options))
    else:
        found = [shapely.LineString(xy).buffer(half, cap_style=caps[cap], **options)]
        if is_ring and len(xy) == 3:  # there and back: GEOS sees no ring
            found.append(shapely.LineString(xy[:2]).buffer(half, cap_style="flat"))
    if join in ("miter", "miter-clip", "arcs"):
        found.extend(_mitres(xy, half, limit, is_closed=is_closed and is_ring))
    return found


def _mitres(xy: FloatArray, half: float, limit: float, *, is_closed: bool) -> list[Any]:
    """The tips of mitred corners, where the limit lets them stand.

    Source: https://www.w3.org/TR/SVG2/painting.html#StrokeMiterlimitProperty, ratio 1 / sin(θ/2)
    """
    import shapely

    steps = np.diff(xy, axis=0)
    unit = steps / np.hypot(*steps.T)[:, np.newaxis]
    before, after, corner = unit[:-1], unit[1:], xy[1:-1]
    if is_closed:
        before, after = np.vstack((before, unit[-1:])), np.vstack((after, unit[:1]))
        corner = np.vstack((corner, xy[:1]))
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    dot = np.einsum("ij,ij->i", before, after)
    # Half of the angle between the two lines: cos θ = -dot.
    sine = np.sqrt(np.maximum((1.0 + dot) / 2.0, 0.0))
    stands = (np.abs(cross) > 1e-9) & (sine * limit >= 1.0 - 1e-12)
    if not stands.any():
        return []
    before, after, corner, side = before[stands], after[stands], corner[stands], np.sign(cross[stands])
    sine = sine[stands]
    # The outer side lies opposite to the turn.
    normal_one = np.column_stack([before[:, 1], -before[:, 0]]) * side[:, np.newaxis] * half
    normal_two = np.column_stack([after[:, 1], -after[:, 0]]) * side[:, np.newaxis] * half
    middle = normal_one + normal_two
    length = np.hypot(*middle.T)[:, np.newaxis]
    tip = corner + middle / length * (half / sine)[:, np.newaxis]
    kites = np.stack([corner, corner + normal_one, tip, corner + normal_two, corner], axis=1)
    return [p for p in shapely.polygons(kites) if p.is_valid]
