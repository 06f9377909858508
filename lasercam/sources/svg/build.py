"""Items as polylines and areas by part: strokes, fills, clips, coinciding lines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lasercam.geometry.area import Area
from lasercam.geometry.clip import clip_inside
from lasercam.geometry.dedupe import merge_duplicates
from lasercam.geometry.polylines import BoolArray, FloatArray, IntArray, Polylines
from lasercam.sources.svg.curves import FlatPaths, flatten_items, rings_area
from lasercam.sources.svg.drawing import Drawing
from lasercam.sources.svg.items import Item
from lasercam.sources.svg.overlaps import visible_areas
from lasercam.sources.svg.paints import Paints
from lasercam.sources.svg.strokes import dash_pattern, stroke_area, stroke_lines, stroke_width

MERGED_UP_TO = 300_000
"""Straight pieces up to which every coinciding stretch is found; above, only lines that coincide as a whole."""

PartKey = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Shapes:
    """A drawing, flattened.

    Attributes:
        keys: combinations of paint, colour, layers and ids.
        lines: centre lines of strokes, µm.
        line_key: int64 (P,), index into keys.
        areas: what is filled, with the index into keys, in painting order.
        notes: what was found on the way.
        extent_um: x_min, y_min, x_max, y_max of everything drawn; None when nothing is.
    """

    keys: tuple[PartKey, ...]
    lines: Polylines
    line_key: IntArray
    areas: tuple[tuple[int, Area], ...]
    notes: tuple[str, ...]

    @property
    def extent_um(self) -> tuple[float, float, float, float] | None:
        """Bounds of all lines and areas."""
        boxes = [area.bounds_um() for _, area in self.areas]
        if len(self.lines):
            boxes.append(self.lines.bounds_um())
        if not boxes:
            return None
        box = np.array(boxes)
        low, high = box[:, :2].min(axis=0), box[:, 2:].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def build_shapes(
    drawing: Drawing, viewport: Area | None, stroke_mode: str, *, with_fills: bool, merge: bool, hide: bool
) -> Shapes:
    """Everything the drawing paints.

    Args:
        drawing: items; refusals and notes are added to it.
        viewport: what may be painted at all, µm; None for everything.
        stroke_mode: `centreline`, `outline` or `none`.
        with_fills: whether insides are wanted.
        merge: whether coinciding lines of one colour become one.
        hide: whether areas are left out where later ones are painted over them.
    """
    paints = Paints(drawing)
    keys: dict[PartKey, int] = {}
    strokes: list[tuple[int, int]] = []
    fills: list[tuple[int, int]] = []
    widths: dict[tuple[int, int], float] = {}  # styles and lengths live as long as the items
    for index, item in enumerate(drawing.items):
        fill = paints.label(item, "fill") if with_fills else ""
        stroke = paints.label(item, "stroke") if stroke_mode != "none" else ""
        if stroke:
            key = (id(item.style), id(item.lengths))
            width = widths.get(key)
            if width is None:
                width = widths[key] = stroke_width(item)
            stroke = stroke if width > 0.0 else ""
        if fill:
            fills.append((index, keys.setdefault(("fill", fill, item.names), len(keys))))
        if stroke:
            strokes.append((index, keys.setdefault(("stroke", stroke, item.names), len(keys))))
    painted = sorted({index for index, _ in (*strokes, *fills)})
    place = {index: at for at, index in enumerate(painted)}
    flat = flatten_items([drawing.items[i] for i in painted], drawing.tolerance_um)
    for path, byte in flat.errors:
        element = drawing.items[painted[path]].element
        drawing.note(
            f"Path data of {drawing.document.describe(element)} cannot be read from character {byte + 1} on; "
            "what stands before is drawn",
            element,
        )
    areas = [
        (index, key, rings_area(flat.of_path(place[index]), drawing.items[index].style.fill_rule))
        for index, key in fills
    ]
    lines, line_key, line_item = Polylines.empty(), np.zeros(0, np.int64), np.zeros(0, np.int64)
    if stroke_mode == "outline":
        areas += [(index, key, stroke_area(drawing.items[index], drawing.tolerance_um)) for index, key in strokes]
        areas.sort(key=lambda entry: entry[0])
    elif strokes:
        lines, line_item = _centre_lines(drawing, flat, strokes, place)
        key_of = np.zeros(len(drawing.items), np.int64)
        key_of[[index for index, _ in strokes]] = [key for _, key in strokes]
        line_key = key_of[line_item]
    notes: list[str] = []
    clipped_areas, n_cut = _clip_areas(drawing.items, areas, viewport)
    if hide:
        clipped_areas, n_hidden = visible_areas(clipped_areas)
        if n_hidden:
            notes.append(f"{n_hidden:,} fills lie under others and are written only where they show.")
    lines, line_key, n_cut_lines = _clip_lines(drawing.items, lines, line_key, line_item, viewport)
    if n_cut + n_cut_lines:
        notes.append(
            f"{n_cut + n_cut_lines:,} shapes or lines reach over the edge of the drawing's viewport and were cut there."
        )
    if merge and len(lines):
        lines, line_key, text = _merged(lines, line_key, tuple(keys))
        notes += text
    used = sorted({int(k) for k in np.unique(line_key)} | {key for key, _ in clipped_areas})
    number = {key: n for n, key in enumerate(used)}
    all_keys = tuple(keys)
    renumber = np.zeros(len(all_keys) + 1, np.int64)
    renumber[used] = np.arange(len(used))
    return Shapes(
        tuple(all_keys[k] for k in used),
        lines,
        renumber[line_key],
        tuple((number[key], area) for key, area in clipped_areas),
        tuple(notes),
    )


def _centre_lines(
    drawing: Drawing, flat: FlatPaths, strokes: Sequence[tuple[int, int]], place: dict[int, int]
) -> tuple[Polylines, IntArray]:
    """Centre lines of strokes and the item of each; dots where a line without extent has caps."""
    plain: list[int] = []
    special: list[tuple[int, Polylines]] = []
    for index, _ in strokes:
        item = drawing.items[index]
        if item.style.is_dashed and dash_pattern(item)[0]:
            dashes, (a, b, c, d, e, f) = stroke_lines(item, drawing.tolerance_um)
            kept = _written(dashes, np.full(len(dashes.lines), item.style.has_caps))
            if len(kept):
                special.append((index, dashes.lines.take(kept).transform(np.array([[a, c, e], [b, d, f]]))))
        else:
            plain.append(index)
    is_plain = np.zeros(len(place) + 1, bool)
    has_caps = np.zeros(len(place) + 1, bool)
    item_of = np.zeros(len(place) + 1, np.int64)
    for index in plain:
        at = place[index]
        is_plain[at] = True
        item_of[at] = index
        has_caps[at] = drawing.items[index].style.has_caps
    kept = _written(flat, has_caps[flat.path])
    kept = kept[is_plain[flat.path[kept]]]
    lines = flat.lines if len(kept) == len(flat.lines) else flat.lines.take(kept)
    owner = item_of[flat.path[kept]]
    if not special:
        return lines, owner
    all_lines = Polylines.concatenate([lines, *(dashes for _, dashes in special)])
    owner = np.concatenate([owner, np.repeat([i for i, _ in special], [len(d) for _, d in special])])
    order = np.argsort(owner, kind="stable")
    return all_lines.take(order), owner[order]


def _written(flat: FlatPaths, has_caps: BoolArray) -> IntArray:
    """Subpaths a stroke shows: those with extent, and those without when caps give them one."""
    return np.flatnonzero(flat.draws & (~flat.lines.is_dot | has_caps))


def _clip_areas(
    items: Sequence[Item], areas: Sequence[tuple[int, int, Area]], viewport: Area | None
) -> tuple[list[tuple[int, Area]], int]:
    """Areas after their clips, empty ones left out; and how many the viewport cut."""
    found: list[tuple[int, Area]] = []
    n_cut = 0
    box = viewport.bounds_um() if viewport is not None else None
    for index, key, whole in areas:
        clip, area = items[index].clip, whole
        if area.is_empty:
            continue
        if clip is not None:
            area = area.intersection(clip)
        if viewport is not None and box is not None and not area.is_empty and not _within(area.bounds_um(), box):
            area = area.intersection(viewport)
            n_cut += 1
        if not area.is_empty:
            found.append((key, area))
    return found, n_cut


def _within(inner: tuple[float, float, float, float], outer: tuple[float, float, float, float]) -> bool:
    slack = 1e-9 * max(outer[2] - outer[0], outer[3] - outer[1])
    return (
        inner[0] >= outer[0] - slack
        and inner[1] >= outer[1] - slack
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )


def _clip_lines(
    items: Sequence[Item], lines: Polylines, key: IntArray, owner: IntArray, viewport: Area | None
) -> tuple[Polylines, IntArray, int]:
    """Lines after their clips and the viewport, their keys, and how many the viewport cut."""
    if not len(lines):
        return lines, key, 0
    clips = {id(item.clip): item.clip for item in items if item.clip is not None}
    order = np.arange(len(lines))
    if clips:
        numbers = {identity: number for number, identity in enumerate(clips, start=1)}
        clip_of = np.array([0 if item.clip is None else numbers[id(item.clip)] for item in items])
        of_line = clip_of[owner]
        parts, keys, orders = [lines.take(of_line == 0)], [key[of_line == 0]], [order[of_line == 0]]
        for number, area in enumerate(clips.values(), start=1):
            index = np.flatnonzero(of_line == number)
            if not len(index):
                continue
            cut = clip_inside(lines.take(index), area)
            parts.append(cut.lines)
            keys.append(key[index][cut.source])
            orders.append(order[index][cut.source])
        lines, key, order = Polylines.concatenate(parts), np.concatenate(keys), np.concatenate(orders)
        again = np.argsort(order, kind="stable")
        lines, key = lines.take(again), key[again]
    if viewport is None or not len(lines):
        return lines, key, 0
    x0, y0, x1, y1 = viewport.bounds_um()
    slack = 1e-9 * max(x1 - x0, y1 - y0)
    x, y = lines.xy_um[:, 0], lines.xy_um[:, 1]
    beyond = (x < x0 - slack) | (x > x1 + slack) | (y < y0 - slack) | (y > y1 + slack)
    outside = (
        np.flatnonzero(np.logical_or.reduceat(beyond, lines.offsets[:-1])) if beyond.any() else np.zeros(0, np.int64)
    )
    if not len(outside):
        return lines, key, 0
    inside = np.setdiff1d(np.arange(len(lines)), outside)
    cut = clip_inside(lines.take(outside), viewport)
    order = np.concatenate([inside, outside[cut.source]])
    again = np.argsort(order, kind="stable")
    merged = Polylines.concatenate([lines.take(inside), cut.lines]).take(again)
    return merged, key[order][again], len(outside)


def _boxes(lines: Polylines) -> tuple[FloatArray, FloatArray]:
    """Lower and upper corner of each polyline, (P, 2)."""
    first = lines.offsets[:-1]
    return np.minimum.reduceat(lines.xy_um, first, axis=0), np.maximum.reduceat(lines.xy_um, first, axis=0)


def _merged(lines: Polylines, line_key: IntArray, keys: tuple[PartKey, ...]) -> tuple[Polylines, IntArray, list[str]]:
    """Every stretch of one colour once, whichever element draws it; the first keeps it."""
    colours = {colour: n for n, colour in enumerate(dict.fromkeys(key[1] for key in keys))}
    colour_of = np.array([colours[key[1]] for key in keys])[line_key]
    n_pieces = len(lines.xy_um) - len(lines)
    if n_pieces > MERGED_UP_TO:
        return _merged_whole(lines, line_key, colour_of)
    parts: list[Polylines] = []
    owners: list[IntArray] = []
    n_segments, n_dots, length = 0, 0, 0.0
    for colour in range(len(colours)):
        index = np.flatnonzero(colour_of == colour)
        if not len(index):
            continue
        mine = lines.take(index)
        kept, report = merge_duplicates(mine)
        n_segments, n_dots, length = (
            n_segments + report.n_segments,
            n_dots + report.n_dots,
            length + report.overlapped_um,
        )
        parts.append(kept)
        owners.append(line_key[index][_origin_of(mine, kept)] if kept is not mine else line_key[index])
    if not n_segments and not n_dots:
        return lines, line_key, []
    text = (
        f"{n_segments:,} pieces ({length:,.6g} µm) and {n_dots:,} dots lay on others of the same colour and are "
        "written once."
    )
    return Polylines.concatenate(parts), np.concatenate(owners), [text]


def _origin_of(before: Polylines, after: Polylines) -> IntArray:
    """For each merged line, the line it stems from: the first with its first vertex, or with its first piece."""
    first: dict[tuple[float, ...], int] = {}
    start, end, owner = before.segments()
    for a, b, line in zip(start.tolist(), end.tolist(), owner.tolist(), strict=True):
        first.setdefault((*a, *b), line)
        first.setdefault((*a,), line)
        first.setdefault((*b,), line)
    for line in np.flatnonzero(before.is_dot).tolist():
        first.setdefault(tuple(before.line(line)[0].tolist()), line)
    found = []
    for line in range(len(after)):
        head = after.line(line)[:2].ravel().tolist()
        found.append(first.get(tuple(head), first.get(tuple(head[:2]), 0)))
    return np.array(found, np.int64)


def _merged_whole(lines: Polylines, line_key: IntArray, colour_of: IntArray) -> tuple[Polylines, IntArray, list[str]]:
    """Lines that coincide as a whole, in either direction, once; for drawings too large for more."""
    low, high = _boxes(lines)
    ends = np.stack([lines.xy_um[lines.offsets[:-1]], lines.xy_um[lines.offsets[1:] - 1]], axis=1)
    swap = (ends[:, 0, 0] > ends[:, 1, 0]) | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[swap] = ends[swap][:, ::-1]
    table = np.column_stack([colour_of, lines.n_vertices, low, high, ends.reshape(-1, 4)])
    _, first, inverse = np.unique(table, axis=0, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[inverse.ravel()] != np.arange(len(lines)))
    doubled: list[int] = []
    for line in again.tolist():
        one, two = lines.line(int(first[inverse.ravel()[line]])), lines.line(line)
        if np.array_equal(one, two) or np.array_equal(one, two[::-1]):
            doubled.append(line)
    text = [
        f"The strokes have over {MERGED_UP_TO:,} straight pieces: only lines that coincide as a whole were looked for, "
        f"and {len(doubled):,} were left out; the duplicate check judges the rest."
    ]
    if not doubled:
        return lines, line_key, text
    kept = np.setdiff1d(np.arange(len(lines)), doubled)
    return lines.take(kept), line_key[kept], text
