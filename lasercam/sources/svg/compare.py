"""The drawing beside the picture another program makes of it."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from lasercam.geometry.area import Area
from lasercam.geometry.polylines import BoolArray, FloatArray, Polylines, ramp
from lasercam.sources.svg.document import Element
from lasercam.sources.svg.drawing import Drawing
from lasercam.sources.svg.lengths import ViewBox
from lasercam.sources.svg.render import is_available, render

SIDE_PX = 600
"""Longer side of the pictures compared."""
MIN_SIDE_PX = 8
SUB = 3
"""Samples along each side of a pixel."""
MAX_ITEMS = 300
"""Shapes above which the comparison would take longer than a second."""
MAX_PATH_BYTES = 200_000
AGREES_FROM = 0.98
_SEEN, _HALF = 0.1, 0.5
_TAKEN_OUT = ("image", "feImage", "foreignObject")
"""Elements that are taken out before the other program sees the file: some may fetch other files."""


@dataclass(frozen=True)
class Canvas:
    """The page of a drawing.

    Attributes:
        width_px: user units.
        height_px: user units.
        um_per_px: size of a user unit.
        box: the viewBox, if any.
        dpi: pixels per inch.
    """

    width_px: float
    height_px: float
    um_per_px: float
    box: ViewBox | None
    dpi: float

    @property
    def tolerance_um(self) -> float:
        """A tenth of a pixel of the picture."""
        return max(self.width_px, self.height_px) * self.um_per_px / SIDE_PX / 10.0


def comparison(drawing: Drawing, canvas: Canvas, areas: Callable[[], Sequence[Area]]) -> str:
    """What a reader should know of the comparison, as a sentence; empty when it cannot be made.

    Args:
        drawing: what was read.
        canvas: its page.
        areas: gives everything it paints, strokes with their width, µm from the page's lower left corner.
    """
    if not is_available():
        return ""
    why = _obstacle(drawing)
    if why:
        return f"The drawing was not compared with resvg's picture of it: {why}."
    scale = SIDE_PX / max(canvas.width_px, canvas.height_px)
    columns, rows = round(canvas.width_px * scale), round(canvas.height_px * scale)
    if min(columns, rows) < MIN_SIDE_PX:
        return ""
    picture = _picture(drawing, canvas, rows, columns)
    if picture is None:
        return "The drawing was not compared with resvg's picture of it: resvg cannot make one."
    rows, columns = picture.shape
    per_um = np.array([columns, rows]) / (np.array([canvas.width_px, canvas.height_px]) * canvas.um_per_px)
    ours = coverage(areas(), per_um, rows, columns)
    threshold = _SEEN if drawing.half_transparent else _HALF
    share = agreement(ours, picture, threshold)
    if share is None:
        return ""
    said = f"Compared with resvg's picture of it, {columns} x {rows} px: {share:.3f} of what either paints agrees"
    if share >= AGREES_FROM:
        return f"{said} within a pixel (intersection over union)."
    return (
        f"WARNING: {said} within a pixel (intersection over union), less than {AGREES_FROM:g}. "
        "Look at the preview before writing."
    )


def agreement(ours: FloatArray, theirs: FloatArray, threshold: float = _HALF) -> float | None:
    """Intersection over union of two pictures, differences of a pixel's width left out; None for empty pictures.

    Args:
        ours: (R, C), share of each pixel that is covered.
        theirs: the same of the other.
        threshold: from where a pixel counts as covered in either.
    """
    one, two = ours >= threshold, theirs >= threshold
    union = int((one | two).sum())
    if not union:
        return None
    differ = (one & ~_widened(theirs > _SEEN)) | (two & ~_widened(ours > _SEEN))
    return 1.0 - int(differ.sum()) / union


def coverage(areas: Sequence[Area], per_um: FloatArray, rows: int, columns: int) -> FloatArray:
    """Share of each pixel that areas cover.

    Args:
        areas: µm, y up.
        per_um: pixels per µm along x and y.
        rows: pixels from the top, the last ends at y = 0.
        columns: pixels from x = 0.

    Returns:
        (rows, columns), 0 to 1, in steps of 1 / SUB².
    """
    lines = Polylines.concatenate([area.rings() for area in areas]) if areas else Polylines.empty()
    start, end, _ = lines.segments()
    scale = per_um * SUB
    flip = np.array([1.0, -1.0])
    offset = np.array([0.0, rows * SUB])
    start, end = start * scale * flip + offset, end * scale * flip + offset
    swap = start[:, 1] > end[:, 1]
    sign = np.where(swap, -1, 1)
    low, high = np.where(swap[:, np.newaxis], end, start), np.where(swap[:, np.newaxis], start, end)
    # Row r is met where low <= r + 1/2 < high; areas to the right of an edge count it once, with its direction.
    first = np.clip(np.ceil(low[:, 1] - 0.5), 0, rows * SUB).astype(np.int64)
    stop = np.clip(np.ceil(high[:, 1] - 0.5), 0, rows * SUB).astype(np.int64)
    count = stop - first
    edge = np.repeat(np.arange(len(start)), count)
    row = first[edge] + ramp(count)
    share = (row + 0.5 - low[edge, 1]) / (high[edge, 1] - low[edge, 1])
    x = low[edge, 0] + share * (high[edge, 0] - low[edge, 0])
    column = np.clip(np.ceil(x - 0.5), 0, columns * SUB).astype(np.int64)
    width = columns * SUB + 1
    turns = np.bincount(row * width + column, weights=sign[edge], minlength=rows * SUB * width)
    inside = np.cumsum(turns.reshape(rows * SUB, width), axis=1)[:, :-1] != 0.0
    return np.asarray(inside.reshape(rows, SUB, columns, SUB).mean(axis=(1, 3)), np.float64)


def _obstacle(drawing: Drawing) -> str:
    """Why a comparison would tell nothing; empty when it would."""
    if len(drawing.items) > MAX_ITEMS or sum(len(item.path) for item in drawing.items) > MAX_PATH_BYTES:
        return "it is too large for that to be quick"
    tags = {drawing.document.tag(element) for element in drawing.undrawn}
    if tags & {"mask", "pattern", "clipPath"}:
        return "masks, patterns or clip paths of it are not read"
    if drawing.families.renamed:
        return "'fonts' calls a family by another name than its file does"
    return ""


def _picture(drawing: Drawing, canvas: Canvas, rows: int, columns: int) -> FloatArray | None:
    """Opacity of each pixel, (R, C), 0 to 1; None where resvg fails."""
    from PIL import Image

    text = _cleaned(drawing, canvas, rows, columns)
    with TemporaryDirectory() as folder:
        for number, content in enumerate(drawing.families.read.values()):
            (Path(folder) / f"{number}.ttf").write_bytes(content)
        options = {"font_dirs": [folder], **drawing.families.generic()} if drawing.families.read else {}
        png = render(text, {"skip_system_fonts": True, "dpi": canvas.dpi, "languages": ["en"], **options})
    if png is None:
        return None
    with Image.open(io.BytesIO(png)) as image:
        alpha: NDArray[np.uint8] = np.array(image.convert("RGBA"))[..., 3]
    return np.asarray(alpha / 255.0, np.float64)


def _cleaned(drawing: Drawing, canvas: Canvas, rows: int, columns: int) -> str:
    """The file without what is not drawn, in the size of the picture."""
    from lxml import etree

    document = drawing.document
    root = copy.deepcopy(document.root)
    left_out = set(drawing.undrawn)
    gone: list[Element] = []
    for ours, theirs in zip(document.root.iter(), root.iter(), strict=True):
        if ours in left_out or ours.get("id") in drawing.ignored or document.tag(ours) in _TAKEN_OUT:
            gone.append(theirs)
    for element in gone:
        parent = element.getparent()
        if parent is None:
            continue
        before = element.getprevious()
        if element.tail and before is not None:
            before.tail = (before.tail or "") + element.tail
        elif element.tail:
            parent.text = (parent.text or "") + element.tail
        parent.remove(element)
    # resvg rounds sizes to whole pixels, so it is given whole ones.
    root.set("width", str(columns))
    root.set("height", str(rows))
    box = canvas.box or ViewBox(0.0, 0.0, canvas.width_px, canvas.height_px)
    root.set("viewBox", f"{box.x!r} {box.y!r} {box.width!r} {box.height!r}")
    return str(etree.tostring(root, encoding="unicode"))


def _widened(mask: BoolArray) -> BoolArray:
    """The mask and every pixel beside it."""
    padded = np.pad(mask, 1)
    rows, columns = mask.shape
    found = np.zeros_like(mask)
    for i in range(3):
        for j in range(3):
            found |= padded[i : i + rows, j : j + columns]
    return found
