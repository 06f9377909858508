"""SVG and CSS transform lists as matrices."""

import math
import re
from functools import lru_cache

from lasercam.sources.svg.lengths import IDENTITY, LengthContext, Matrix, multiply, split_length

_FUNCTION = re.compile(r"\s*,*\s*([A-Za-z]+)\s*\(([^()]*)\)\s*,*\s*")
_ARGUMENT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z%]*)")
_DEGREES = {"": 1.0, "deg": 1.0, "rad": 180.0 / math.pi, "grad": 0.9, "turn": 360.0}


@lru_cache(maxsize=65_536)
def read_transform(text: str) -> Matrix | None:
    """The matrix of a transform list; None when the list cannot be read.

    Source: https://www.w3.org/TR/css-transforms-1/#svg-syntax
    """
    matrix: Matrix = IDENTITY
    position = 0
    stripped = text.strip()
    if stripped in ("", "none"):
        return IDENTITY
    while position < len(stripped):
        match = _FUNCTION.match(stripped, position)
        if match is None:
            return None
        one = _function(match.group(1), match.group(2))
        if one is None or not all(map(math.isfinite, one)):
            return None
        matrix = multiply(matrix, one)
        position = match.end()
    return matrix


def _values(name: str, text: str) -> list[float] | None:
    if _ARGUMENT.sub("", text).strip(" \t\r\n\f,"):
        return None
    values: list[float] = []
    for index, (number, unit) in enumerate(_ARGUMENT.findall(text)):
        value = float(number)
        is_angle = name in ("skewx", "skewy") or (name == "rotate" and index == 0)
        if is_angle:
            if unit.lower() not in _DEGREES:
                return None
            value *= _DEGREES[unit.lower()]
        elif unit:
            length = split_length(number + unit)
            if not name.startswith("translate") or length is None or unit.lower() != "px":
                return None
        values.append(value)
    return values


def _function(raw_name: str, text: str) -> Matrix | None:
    name = raw_name.lower()
    v = _values(name, text)
    if v is None:
        return None
    n = len(v)
    if name == "matrix" and n == 6:
        return (v[0], v[1], v[2], v[3], v[4], v[5])
    if name == "translate" and n in (1, 2):
        return (1.0, 0.0, 0.0, 1.0, v[0], v[1] if n == 2 else 0.0)
    if name in ("translatex", "translatey") and n == 1:
        return (1.0, 0.0, 0.0, 1.0, v[0], 0.0) if name[-1] == "x" else (1.0, 0.0, 0.0, 1.0, 0.0, v[0])
    if name == "scale" and n in (1, 2):
        return (v[0], 0.0, 0.0, v[1] if n == 2 else v[0], 0.0, 0.0)
    if name in ("scalex", "scaley") and n == 1:
        return (v[0], 0.0, 0.0, 1.0, 0.0, 0.0) if name[-1] == "x" else (1.0, 0.0, 0.0, v[0], 0.0, 0.0)
    if name == "rotate" and n in (1, 3):
        return _rotation(v[0], *(v[1:] or (0.0, 0.0)))
    if name == "skewx" and n == 1:
        return (1.0, 0.0, math.tan(math.radians(v[0])), 1.0, 0.0, 0.0)
    if name == "skewy" and n == 1:
        return (1.0, math.tan(math.radians(v[0])), 0.0, 1.0, 0.0, 0.0)
    return None


def _rotation(angle_deg: float, cx: float, cy: float) -> Matrix:
    quarter, rest = divmod(math.fmod(angle_deg, 360.0), 90.0)
    cos, sin = (1.0, 0.0) if rest == 0.0 else (math.cos(math.radians(rest)), math.sin(math.radians(rest)))
    for _ in range(int(quarter) % 4):
        cos, sin = -sin, cos
    return (cos, sin, -sin, cos, cx - cos * cx + sin * cy, cy - sin * cx - cos * cy)


def read_origin(text: str, lengths: LengthContext) -> tuple[float, float]:
    """transform-origin in user units."""
    x_words = {"left": "0%", "right": "100%"}
    y_words = {"top": "0%", "bottom": "100%"}
    words = [word.rstrip(",") for word in text.split()[:2]]
    if len(words) == 1:
        words = ["center", words[0]] if words[0] in y_words else [words[0], "center"]
    if len(words) == 2 and (words[0] in y_words or words[1] in x_words):
        words.reverse()
    if len(words) != 2:
        return 0.0, 0.0
    x = lengths.px(x_words.get(words[0], "50%" if words[0] == "center" else words[0]), "x")
    y = lengths.px(y_words.get(words[1], "50%" if words[1] == "center" else words[1]), "y")
    return x, y
