"""SVG drawings as patterns."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, StringConstraints, model_validator

from lasercam import units
from lasercam.errors import InputError, Location, PatternError, Problem
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import IntArray, Polylines
from lasercam.model.feature import FeatureBlock, Parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.quantities import Bounds, OneOrMore, PositiveLength, Quantity
from lasercam.sources.fill import FillKeys, fill_area
from lasercam.sources.svg.build import Shapes, build_shapes
from lasercam.sources.svg.compare import Canvas, comparison
from lasercam.sources.svg.document import SvgDocument, parse_svg, style_sheets
from lasercam.sources.svg.drawing import Drawing, Walk
from lasercam.sources.svg.families import Families
from lasercam.sources.svg.lengths import LengthContext, ViewBox, read_view_box, split_length
from lasercam.sources.svg.overlaps import moved_area
from lasercam.sources.svg.part_names import build_parts
from lasercam.sources.svg.style import Cascade, Style
from lasercam.sources.svg.tree import Walker

UM_PER_INCH = 25_400.0
CSS_DPI = 96.0
"""Pixels per inch. Source: CSS Values 4, https://www.w3.org/TR/css-values-4/#absolute-lengths"""
MAX_SIZE_UM = 1e8
"""Largest side of a drawing: 100 m, far beyond any sample."""
MAX_LISTED = 40
"""Problems listed in one message."""

MIN_TOLERANCE_UM = 1e-4
"""A tick of the toolpath: what is finer is rounded away."""
Tolerance = Annotated[float, Quantity(units.LENGTH, Bounds(at_least=MIN_TOLERANCE_UM, at_most=1e6))]
FamilyName = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
PositiveNumber = Annotated[float, Quantity(units.RATIO, Bounds(above=0.0, at_most=1e6))]


class SvgKeys(Placement, FillKeys):
    """Keys of a drawing; `width` or `height` or `scale` change its size, all else stays as drawn."""

    type: Literal["svg"]
    file: str
    """The drawing, .svg or .svgz."""
    width: PositiveLength | None = None
    """Of the drawing's viewport, instead of the one in the file; alone, it keeps the proportions."""
    height: PositiveLength | None = None
    """Of the drawing's viewport, instead of the one in the file; alone, it keeps the proportions."""
    scale: PositiveNumber | None = None
    """Factor on the size in the file."""
    dpi: PositiveNumber = CSS_DPI
    """Pixels per inch the drawing was made with; programs older than CSS used 90 or 72."""
    origin: Literal["viewport", "drawing"] = "viewport"
    """What the pattern's origin is the lower-left corner of: the page, or everything written."""
    tolerance: Tolerance = 0.1
    """How far a straight piece may be from the curve it stands for."""
    stroke_mode: Literal["centreline", "outline", "none"] = "centreline"
    """`centreline`: strokes are lines along their middle; `outline`: the area they cover is filled; `none`."""
    unsupported: Literal["error", "skip"] = "error"
    """What to do with visible elements that cannot be drawn: refuse the drawing, or leave them out and say so."""
    ignore: Annotated[tuple[str, ...], OneOrMore] = ()
    """Ids of elements to leave out."""
    overlaps: Literal["hide", "keep"] = "hide"
    """Fills under other fills: written only where they show, or in full, one on top of the other."""
    duplicates: Literal["merge", "keep"] = "merge"
    """Whether coinciding lines of one colour are written once."""
    fonts: Annotated[dict[FamilyName, Annotated[tuple[str, ...], OneOrMore]], Field(max_length=100)] = {}
    """Font files by the family's name in the drawing, one for each weight and slant; DejaVu is always at hand."""
    compare: bool = True
    """Whether the drawing is compared with the picture resvg makes of it, where that is installed."""

    @model_validator(mode="after")
    def _one_size(self) -> "SvgKeys":
        if self.scale is not None and (self.width is not None or self.height is not None):
            raise ValueError("'scale' and 'width' or 'height' both say how large the drawing is; give one")
        if self.stroke_mode == "outline" and self.fill == "none":
            raise ValueError("stroke_mode: outline fills the area of strokes, and so needs a 'fill' other than none")
        return self


@dataclass(frozen=True)
class Page:
    """The viewport of a drawing.

    Attributes:
        width_px: user units.
        height_px: user units.
        um_per_px: size of a user unit.
        box: the viewBox, if any.
        is_known: False when neither the file nor the keys say a size; the drawing's own extent counts then.
    """

    width_px: float
    height_px: float
    um_per_px: float
    box: ViewBox | None
    is_known: bool = True

    @property
    def height_um(self) -> float:
        """Height of the viewport, µm."""
        return self.height_px * self.um_per_px

    def note(self, dpi: float) -> str:
        """The size as a sentence."""
        w, h = self.width_px * self.um_per_px / 1000.0, self.height_px * self.um_per_px / 1000.0
        px = f"{self.width_px:.6g} x {self.height_px:.6g} px at {dpi:g} px per inch"
        return f"The drawing's viewport is {w:.6g} mm x {h:.6g} mm ({px})."


class SvgSource:
    """A drawing: strokes as lines, fills hatched; parts by colour, layer and id.

    Parts are atoms such as `stroke:#ff0000/layer:cut/id:rect1` and their unions: `#ff0000` (fills and strokes of a
    colour), `fill:#ff0000`, `stroke:#ff0000`, `gradient:<id>`, `layer:<label or id>`, `id:<id>`, `strokes`, `fills`,
    `all`. In names of layers and ids, white space, dots and the signs of globs and YAML become `_`.

    Attributes:
        notes: what a reader should know: size, tolerance, what was cut, merged, simplified or left out.
    """

    Keys: ClassVar[type[Placement]] = SvgKeys
    summary: ClassVar[str] = "an SVG drawing: strokes as lines, fills hatched; parts by colour, layer and id"

    def __init__(self, keys: SvgKeys, context: SourceContext) -> None:
        self._keys = keys
        document = parse_svg(context.asset(keys.file), keys.file)
        page = read_page(document, keys)
        drawing = _walk(document, page, keys, context)
        viewport = None
        if page.is_known and not _overflows(document, drawing):
            viewport = Area.from_rectangles([[0.0, 0.0]], [[page.width_px * page.um_per_px, page.height_um]])
        has_fill = keys.fill != "none"
        merge, hide = keys.duplicates == "merge", keys.overlaps == "hide"
        shapes = build_shapes(drawing, viewport, keys.stroke_mode, with_fills=has_fill, merge=merge, hide=hide)
        notes = [*document.notes]
        if drawing.refused:
            _refuse(drawing, keys)
            notes += [f"Left out: {problem}." for problem in drawing.refused]
        self._shift = _shift(page, shapes, keys)
        self._painted = (drawing, viewport)
        fills = _moved_areas(shapes, self._shift)
        lines, line_key = _moved(shapes.lines, self._shift), shapes.line_key
        n_fills = 0 if has_fill else sum(not item.style.fill.is_none for item in drawing.items)
        if n_fills:
            notes.append(f"{n_fills:,} fills are not written, since 'fill' is none.")
        if fills:
            filled = [(key, fill_area(area, keys)) for key, area in fills]
            lines = Polylines.concatenate([lines, *(part for _, part in filled)])
            line_key = np.concatenate([line_key, *(np.full(len(part), key) for key, part in filled)])
        if not len(lines):
            why = "it paints nothing"
            if n_fills:
                why = "it has only fills: give 'fill: hatch' and a 'hatch_pitch'"
            elif fills:
                why = "its fills are narrower than the pitch"
            raise PatternError(f"pattern '{context.name}': nothing of {keys.file} would be written; {why}.")
        used = np.unique(line_key)
        table = build_parts([shapes.keys[int(k)] for k in used])
        self._parts = table.parts
        atom_of = np.zeros(len(shapes.keys) + 1, np.int64)
        atom_of[used] = table.atom
        self._lines, self._atom = lines, atom_of[line_key]
        size = (
            page.note(keys.dpi)
            if page.is_known
            else "The file says no size; the drawing is as large as what it paints."
        )
        said = drawing.note_lines()
        compared = self._comparison(page) if keys.compare and page.is_known else ""
        self.notes: tuple[str, ...] = (
            size,
            f"Curves are within {keys.tolerance:g} µm of the straight pieces written.",
            *notes,
            *shapes.notes,
            *table.notes,
            *drawing.families.notes(),
            *said,
            *([compared] if compared else []),
        )

    @property
    def parts(self) -> Parts:
        """Names recipes can attach to."""
        return self._parts

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """All lines and dots, in spatial tiles of at most `max_rows`."""
        lines, atom = self._lines, self._atom
        if len(lines) > max_rows:
            order = _tile_order(lines, max_rows)
            for start in range(0, len(lines), max_rows):
                index = order[start : start + max_rows]
                yield _block(lines.take(index), atom[index])
        else:
            yield _block(lines, atom)

    def area(self) -> Area | None:
        """What the drawing paints, strokes with their width, whether it is written or not; None when nothing."""
        return self._covered

    def _comparison(self, page: Page) -> str:
        """How the drawing compares with another program's picture of it."""
        drawing, viewport = self._painted
        canvas = Canvas(page.width_px, page.height_px, page.um_per_px, page.box, self._keys.dpi)
        # Finer than the picture's pixels would only take longer.
        coarse = replace(drawing, tolerance_um=max(drawing.tolerance_um, canvas.tolerance_um))

        def painted() -> list[Area]:
            shapes = build_shapes(coarse, viewport, "outline", with_fills=True, merge=False, hide=False)
            return [area for _, area in shapes.areas]

        return comparison(drawing, canvas, painted)

    @cached_property
    def _covered(self) -> Area | None:
        drawing, viewport = self._painted
        stroke_mode = "none" if self._keys.stroke_mode == "none" else "outline"
        shapes = build_shapes(drawing, viewport, stroke_mode, with_fills=True, merge=False, hide=False)
        area = Area.union_of([area for _, area in _moved_areas(shapes, self._shift)])
        return None if area.is_empty else area


def read_page(document: SvgDocument, keys: SvgKeys) -> Page:
    """Size of the viewport, from the file and the keys.

    Raises:
        InputError: a size of zero, negative, unreadable, or beyond MAX_SIZE_UM.
    """
    root = document.root
    box = read_view_box(root.get("viewBox"))
    px_um = UM_PER_INCH / keys.dpi
    lengths = LengthContext(box.width if box else 0.0, box.height if box else 0.0, keys.dpi)
    width, height = (_side(document, name, lengths) for name in ("width", "height"))
    if box is not None:
        ratio = box.width / box.height
        if width is None:
            width = height * ratio if height is not None else box.width
        if height is None:
            height = width / ratio
    if keys.width is not None and keys.height is not None:
        wanted = (keys.width / px_um, keys.height / px_um)
        if box is None and width is not None and height is not None:
            box = ViewBox(0.0, 0.0, width, height)
        return _checked(Page(*wanted, px_um, box), document)
    if width is None or height is None:
        if keys.width is not None or keys.height is not None:
            raise InputError(
                Problem(
                    "the file has no viewBox and no size, so one side cannot be set alone",
                    document.place(root),
                    "Give both 'width' and 'height', or 'scale'.",
                )
            )
        return Page(width or 300.0, height or 150.0, px_um * (keys.scale or 1.0), None, is_known=False)
    factor = keys.scale or 1.0
    if keys.width is not None:
        factor = keys.width / (width * px_um)
    elif keys.height is not None:
        factor = keys.height / (height * px_um)
    return _checked(Page(width, height, px_um * factor, box), document)


def _side(document: SvgDocument, name: str, lengths: LengthContext) -> float | None:
    """Width or height of the root in user units; None when it is left open."""
    text = document.root.get(name)
    if text is None or text.strip() == "auto":
        return None
    parts = split_length(text)
    if parts is None:
        raise InputError(
            Problem(f"the drawing's {name} '{text[:40]}' is not a length", document.place(document.root), "Write 20mm.")
        )
    if parts[1] == "%" and not lengths.width:
        return None
    value = lengths.px(text, "x" if name == "width" else "y")
    if value <= 0.0:
        raise InputError(
            Problem(f"the drawing's {name} is {text[:40]}; it must be above zero", document.place(document.root))
        )
    return value


def _checked(page: Page, document: SvgDocument) -> Page:
    if not max(page.width_px, page.height_px) * page.um_per_px <= MAX_SIZE_UM:
        raise InputError(
            Problem(
                f"the drawing would be {page.width_px * page.um_per_px:.3g} µm x {page.height_um:.3g} µm; "
                f"at most {MAX_SIZE_UM:.3g} µm a side are allowed",
                document.place(document.root),
                "Check its units, or give 'width'.",
            )
        )
    return page


def _walk(document: SvgDocument, page: Page, keys: SvgKeys, context: SourceContext) -> Drawing:
    """Everything the drawing paints."""
    cascade = Cascade(list(style_sheets(document)), document.root)
    families = Families(keys.fonts, context.asset, context.locate("fonts") if keys.fonts else context.locate("file"))
    drawing = Drawing(document, cascade, keys.tolerance, families, frozenset(keys.ignore))
    for what, line in cascade.unread:
        drawing.notes.setdefault(f"A style sheet was not read in full: {what}", []).append(Location(keys.file, line, 1))
    k = page.um_per_px
    # SVG's y axis points down, the sample's up.
    to_um = (k, 0.0, 0.0, -k, 0.0, page.height_um)
    walk = Walk(Style.initial, to_um, LengthContext(page.width_px, page.height_px, keys.dpi))
    Walker(drawing).draw_root(document.root, walk, page.box, page.width_px, page.height_px)
    missing = sorted(set(keys.ignore) - drawing.used_ignores)
    if missing:
        raise InputError(
            Problem(
                f"'ignore' names {', '.join(missing[:8])}, which the drawing does not show",
                context.locate("ignore"),
                "Name ids of visible elements.",
            )
        )
    if keys.ignore:
        drawing.notes[f"Left out by 'ignore': {', '.join(sorted(keys.ignore))[:200]}"] = [document.place(document.root)]
    return drawing


def _refuse(drawing: Drawing, keys: SvgKeys) -> None:
    """Raise what cannot be drawn, unless it is to be left out."""
    if keys.unsupported == "skip":
        return
    listed = drawing.refused[:MAX_LISTED]
    rest = len(drawing.refused) - len(listed)
    hint = "Convert it, name its id under 'ignore', or write 'unsupported: skip'."
    problems = [Problem(p.message, p.location, hint if n == 0 else "") for n, p in enumerate(listed)]
    if rest:
        problems.append(Problem(f"and {rest} more elements that cannot be drawn", listed[-1].location))
    raise InputError(problems)


def _overflows(document: SvgDocument, drawing: Drawing) -> bool:
    style = drawing.cascade.style(document.root, Style.initial)
    return style.get("overflow") in ("visible", "auto")


def _shift(page: Page, shapes: Shapes, keys: SvgKeys) -> tuple[float, float]:
    """What brings the origin to the lower-left corner, µm."""
    if keys.origin == "viewport" and page.is_known:
        return 0.0, 0.0
    extent = shapes.extent_um
    return (-extent[0], -extent[1]) if extent is not None else (0.0, 0.0)


def _moved(lines: Polylines, shift: tuple[float, float]) -> Polylines:
    if not len(lines) or shift == (0.0, 0.0):
        return lines
    xy = lines.xy_um + np.array(shift)
    xy.flags.writeable = False
    return Polylines(xy, lines.offsets)


def _moved_areas(shapes: Shapes, shift: tuple[float, float]) -> list[tuple[int, Area]]:
    return [(key, moved_area(area, *shift) if any(shift) else area) for key, area in shapes.areas]


def _block(lines: Polylines, atom: IntArray) -> FeatureBlock:
    xyz = np.empty((len(lines.xy_um), 3))
    xyz[:, :2] = lines.xy_um
    xyz[:, 2] = 0.0
    return FeatureBlock(xyz, lines.offsets, atom.astype(np.uint16), np.zeros(len(lines), np.uint16))


def _tile_order(lines: Polylines, max_rows: int) -> IntArray:
    """Lines in rows of square tiles, to and fro, by their first vertices; as drawn within a tile."""
    first = lines.xy_um[lines.offsets[:-1]]
    low, high = first.min(axis=0), first.max(axis=0)
    n = max(1, int(np.sqrt(4.0 * len(lines) / max_rows)))
    cell = np.minimum(((first - low) / np.maximum(high - low, 1e-9) * n).astype(np.int64), n - 1)
    column = np.where(cell[:, 1] % 2 == 1, n - 1 - cell[:, 0], cell[:, 0])
    return np.lexsort((np.arange(len(lines)), column, cell[:, 1])).astype(np.int64)
