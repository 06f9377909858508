"""SVG lengths in pixels, and viewBoxes on viewports."""

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache

MAX_PX = 1e12
"""Larger numbers are read as errors of the drawing."""

_LENGTH = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(%|[A-Za-z]*)\s*")
_NUMBERS = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")

PER_INCH = {"in": 1.0, "cm": 2.54, "mm": 25.4, "q": 101.6, "pt": 72.0, "pc": 6.0}
"""Units in one inch. Source: CSS Values 4, https://www.w3.org/TR/css-values-4/#absolute-lengths"""

Matrix = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f as in SVG: x' = a x + c y + e, y' = b x + d y + f."""

IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@lru_cache(maxsize=8192)
def split_length(text: str) -> tuple[float, str] | None:
    """Number and unit (lower case) of a length; None when the text is not one."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        return None
    number, unit = float(match.group(1)), match.group(2).lower()
    known = unit in ("", "%", "px", "em", "ex", "rem", "ch", "vw", "vh", "vmin", "vmax") or unit in PER_INCH
    return (number, unit) if known and abs(number) <= MAX_PX else None


@dataclass(frozen=True)
class LengthContext:
    """What relative lengths relate to.

    Attributes:
        width: of the nearest viewport, user units.
        height: of the nearest viewport, user units.
        dpi: pixels per inch; CSS says 96.
        font_px: font size for em; ex and ch count as half of it, as without a font they must.
        root_font_px: font size of the root, for rem.
    """

    width: float
    height: float
    dpi: float = 96.0
    font_px: float = 16.0
    root_font_px: float = 16.0

    @property
    def diagonal(self) -> float:
        """What percentages of lengths without a direction relate to."""
        return math.hypot(self.width, self.height) / math.sqrt(2.0)

    def px(self, text: str | None, axis: str, default: float = 0.0) -> float:
        """A length in user units; `axis` is x, y or d (diagonal). Unreadable text gives the default."""
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value) and abs(value) <= MAX_PX and "_" not in text:
            return value
        parts = split_length(text)
        if parts is None:
            return default
        number, unit = parts
        if unit in ("", "px"):
            return number
        if unit == "%":
            whole = self.width if axis == "x" else self.height if axis == "y" else self.diagonal
            return number / 100.0 * whole
        if unit == "em":
            return number * self.font_px
        if unit == "rem":
            return number * self.root_font_px
        if unit in ("ex", "ch"):
            return number * self.font_px / 2.0
        if unit in ("vw", "vh", "vmin", "vmax"):
            w, h = self.width, self.height
            return number / 100.0 * {"vw": w, "vh": h, "vmin": min(w, h), "vmax": max(w, h)}[unit]
        return number / PER_INCH[unit] * self.dpi


def numbers(text: str) -> list[float]:
    """All numbers of a list separated by white space and commas; empty when anything else stands between."""
    found = _NUMBERS.findall(text)
    return [float(n) for n in found] if not _NUMBERS.sub("", text).strip(" \t\r\n\f,") else []


def read_lengths(text: str, lengths: LengthContext, axis: str) -> list[float]:
    """All lengths of a list in user units; empty when any cannot be read."""
    found = [lengths.px(word, axis, math.nan) for word in text.replace(",", " ").split()]
    return found if all(map(math.isfinite, found)) else []


def with_font(lengths: LengthContext, font_px: float) -> LengthContext:
    """The same lengths with another size of font."""
    return lengths if lengths.font_px == font_px else replace(lengths, font_px=font_px)


def multiply(first: Matrix, second: Matrix) -> Matrix:
    """The matrix that applies `second` and then `first`, as nested elements do."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (
        a * g + c * h,
        b * g + d * h,
        a * i + c * j,
        b * i + d * j,
        a * k + c * m + e,
        b * k + d * m + f,
    )


def inverse(matrix: Matrix) -> Matrix:
    """The matrix that undoes an invertible one."""
    a, b, c, d, e, f = matrix
    det = a * d - b * c
    return (d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det)


def is_invertible(matrix: Matrix) -> bool:
    """Whether the matrix is finite and keeps areas above nothing."""
    determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2]
    return all(map(math.isfinite, matrix)) and determinant != 0.0 and math.isfinite(determinant)


@dataclass(frozen=True)
class ViewBox:
    """A rectangle in user units; width and height above zero."""

    x: float
    y: float
    width: float
    height: float


def read_view_box(text: str | None) -> ViewBox | None:
    """The viewBox in an attribute; None when absent, not four numbers, or without extent."""
    values = numbers(text) if text else []
    if len(values) != 4 or values[2] <= 0.0 or values[3] <= 0.0:
        return None
    return ViewBox(*values) if all(abs(v) <= MAX_PX for v in values) else None


def fit_view_box(box: ViewBox, width: float, height: float, aspect: str | None) -> tuple[Matrix, bool]:
    """Map a viewBox onto a viewport from (0, 0) to (width, height).

    Args:
        box: what is shown.
        width: of the viewport, > 0.
        height: of the viewport, > 0.
        aspect: the preserveAspectRatio attribute; unreadable text counts as `xMidYMid meet`.

    Returns:
        The matrix, and whether the viewBox may be cut by the viewport (`slice`).

    Source: https://www.w3.org/TR/SVG2/coords.html#ComputingAViewportsTransform
    """
    words = (aspect or "").replace("defer", " ").split()
    align = words[0] if words else "xMidYMid"
    is_slice = len(words) > 1 and words[1] == "slice"
    sx, sy = width / box.width, height / box.height
    if align == "none":
        return (sx, 0.0, 0.0, sy, -box.x * sx, -box.y * sy), False
    match = re.fullmatch(r"x(Min|Mid|Max)Y(Min|Mid|Max)", align)
    x_align, y_align = match.groups() if match else ("Mid", "Mid")
    scale = max(sx, sy) if is_slice else min(sx, sy)
    share = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
    tx = -box.x * scale + share[x_align] * (width - box.width * scale)
    ty = -box.y * scale + share[y_align] * (height - box.height * scale)
    return (scale, 0.0, 0.0, scale, tx, ty), is_slice
