"""Keys that say how an area is filled, and the filling itself, shared by every source with areas."""

from math import hypot
from typing import Literal

import numpy as np
from pydantic import model_validator

from lasercam.errors import PatternError
from lasercam.geometry.area import Area
from lasercam.geometry.hatch import hatch_contours, hatch_parallel, hatch_spiral
from lasercam.geometry.polylines import Polylines, ramp
from lasercam.geometry.transform import cos_sin
from lasercam.schema.document import Document
from lasercam.schema.quantities import Angle, Depth, PositiveLength

MAX_LINES = 4_000_000
"""Most hatch rows, rings or rows of dots one fill may have."""
MAX_DOTS = 50_000_000
"""Most dots the bounding rectangle of one fill may hold."""
MIN_LENGTH_UM = 1e-4
"""A tick of the toolpath: shorter lines would become dots."""

_NEEDS = {
    "none": (),
    "hatch": ("hatch_pitch",),
    "crosshatch": ("hatch_pitch",),
    "contour": ("hatch_pitch",),
    "spiral": ("hatch_pitch",),
    "dots": ("dot_pitch",),
}
_READS = {
    "none": frozenset[str](),
    "hatch": frozenset({"hatch_pitch", "hatch_angle", "inset"}),
    "crosshatch": frozenset({"hatch_pitch", "hatch_angle", "inset"}),
    "contour": frozenset({"hatch_pitch", "inset"}),
    "spiral": frozenset({"hatch_pitch", "inset"}),
    "dots": frozenset({"dot_pitch", "inset"}),
}
_KEYS = ("hatch_pitch", "hatch_angle", "inset", "dot_pitch")


class FillKeys(Document):
    """Keys of anything that fills an area."""

    fill: Literal["none", "hatch", "crosshatch", "contour", "spiral", "dots"] = "none"
    """`hatch`: parallel lines; `crosshatch`: the same and once more across; `contour`: rings parallel to the
    outline, the first one on it unless `inset`; `spiral`: a spiral about the middle of each connected piece, cut at
    its outline; `dots`: a square grid of dots."""
    hatch_pitch: PositiveLength | None = None
    """Distance from line to line, ring to ring or turn to turn."""
    hatch_angle: Angle = 0.0
    """Direction of hatch lines, counterclockwise from x."""
    inset: Depth = 0.0
    """How far inside the outline the fill ends: about half the written width keeps edges true."""
    dot_pitch: PositiveLength | None = None
    """Distance from dot to dot along x and y."""

    @model_validator(mode="after")
    def _fill_has_its_keys(self) -> "FillKeys":
        for key in _NEEDS[self.fill]:
            if getattr(self, key) is None:
                raise ValueError(f"fill: {self.fill} needs the key '{key}'")
        for key in _KEYS:
            if key in self.model_fields_set and getattr(self, key) is not None and key not in _READS[self.fill]:
                readers = ", ".join(fill for fill, keys in _READS.items() if key in keys)
                raise ValueError(f"'{key}' means nothing with fill: {self.fill}; it belongs to {readers}")
        return self


def fill_area(area: Area, keys: FillKeys, anchor: tuple[float, float] = (0.0, 0.0)) -> Polylines:
    """Lines and dots (polylines of one vertex) that fill an area.

    Hatch rows and dots lie on a grid fixed at the anchor, half a pitch off it, and a row or dot on a border that
    two areas share belongs to one of them: the same keys fill touching areas without writing anything twice.

    Args:
        area: what is filled.
        keys: how.
        anchor: x and y, µm, of a corner of the grid.

    Raises:
        PatternError: more lines or dots than `MAX_LINES`, `MAX_DOTS`.
        GeometryError: refused coordinates, or a pitch too fine to number the lines.
    """
    if keys.fill == "none" or area.is_empty:
        return Polylines.empty()
    if keys.fill == "dots":
        return _dots(area, _given(keys.dot_pitch), keys.inset, anchor)
    pitch = _given(keys.hatch_pitch)
    _refuse_too_many_lines(area, pitch)
    if keys.fill == "contour":
        return hatch_contours(area, pitch_um=pitch, inset_um=keys.inset, min_length_um=MIN_LENGTH_UM)
    if keys.fill == "spiral":
        return Polylines.concatenate([_spiral(piece, pitch, keys.inset) for piece in area.pieces()])
    angles = (keys.hatch_angle,) if keys.fill == "hatch" else (keys.hatch_angle, keys.hatch_angle + 90.0)
    return Polylines.concatenate([_hatch(area, pitch, angle, keys.inset, anchor) for angle in angles])


def _hatch(area: Area, pitch_um: float, angle_deg: float, inset_um: float, anchor: tuple[float, float]) -> Polylines:
    """Rows at a direction, half a pitch off the anchor: outlines on multiples of the pitch are then clear of them."""
    cosine, sine = cos_sin(angle_deg)
    origin = (anchor[0] - 0.5 * pitch_um * sine, anchor[1] + 0.5 * pitch_um * cosine)
    return hatch_parallel(
        area,
        pitch_um=pitch_um,
        angle_deg=angle_deg,
        origin_um=origin,
        inset_um=inset_um,
        min_length_um=MIN_LENGTH_UM,
    )


def _spiral(piece: Area, pitch_um: float, inset_um: float) -> Polylines:
    """A spiral about the middle of a connected piece."""
    x_min, y_min, x_max, y_max = piece.bounds_um()
    centre = ((x_min + x_max) / 2.0, (y_min + y_max) / 2.0)
    return hatch_spiral(piece, pitch_um=pitch_um, centre_um=centre, inset_um=inset_um, min_length_um=MIN_LENGTH_UM)


def _dots(area: Area, pitch_um: float, inset_um: float, anchor: tuple[float, float]) -> Polylines:
    """A square grid of dots: those of every hatch row, from its start on and before its end."""
    _refuse_too_many_lines(area, pitch_um)
    x_min, y_min, x_max, y_max = area.bounds_um()
    asked = (x_max - x_min) / pitch_um * ((y_max - y_min) / pitch_um)
    if asked > MAX_DOTS:
        raise PatternError(
            f"dots {pitch_um:g} µm apart would fill the bounds of the area with {asked:.3g}; at most {MAX_DOTS:,} are"
            " allowed. Check the unit of 'dot_pitch', or divide the area."
        )
    rows = _hatch(area, pitch_um, 0.0, inset_um, anchor)
    if not len(rows):
        return rows
    start, end, _ = rows.segments()
    column = anchor[0] + 0.5 * pitch_um
    first, stop = (np.ceil((x - column) / pitch_um).astype(np.int64) for x in (start[:, 0], end[:, 0]))
    counts = stop - first
    x = column + (np.repeat(first, counts) + ramp(counts)) * pitch_um
    xy = np.column_stack([x, np.repeat(start[:, 1], counts)])
    return Polylines(xy, np.arange(len(xy) + 1, dtype=np.int64))


def _refuse_too_many_lines(area: Area, pitch_um: float) -> None:
    x_min, y_min, x_max, y_max = area.bounds_um()
    across = hypot(x_max - x_min, y_max - y_min) / pitch_um
    if across > MAX_LINES:
        raise PatternError(
            f"lines {pitch_um:g} µm apart would cross the area {across:.3g} times; at most {MAX_LINES:,} are allowed."
            " Check the unit of 'hatch_pitch' or 'dot_pitch', or divide the area."
        )


def _given(pitch_um: float | None) -> float:
    """The pitch, which the keys' own check has proven to be there."""
    if pitch_um is None:
        raise PatternError("a fill without its pitch; build its keys with FillKeys(...)")
    return pitch_um
