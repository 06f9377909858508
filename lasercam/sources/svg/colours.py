"""SVG paints: colours as `#rrggbb`, links to paint servers.

Colour syntax is read by tinycss2.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_CHANNEL = 255
MAX_COLOUR_TEXT = 500
"""Longer texts are no colours."""


@dataclass(frozen=True)
class Paint:
    """What fills or strokes an element.

    Attributes:
        colour: `#rrggbb`, or `currentColor` before it is resolved; empty for none.
        alpha: 0 (invisible) to 1.
        server: id of a gradient or pattern; empty for plain colours.
        context: `context-fill` or `context-stroke` when the paint is taken from what a marker or use stands for.
        has_fallback: whether `colour` was written behind a link, to be used when the link leads nowhere.
    """

    colour: str = ""
    alpha: float = 1.0
    server: str = ""
    context: str = ""
    has_fallback: bool = False

    @property
    def is_none(self) -> bool:
        """Whether nothing is painted."""
        return not (self.colour or self.server or self.context)


NO_PAINT = Paint()
BLACK = Paint("#000000")

_URL = re.compile(r"url\(\s*(?:\"#([^\"]*)\"|'#([^']*)'|#([^)\s]*))\s*\)\s*(.*)", re.DOTALL)


@lru_cache(maxsize=16_384)
def read_colour(text: str) -> tuple[str, float] | None:
    """`#rrggbb` (or `currentColor`) and alpha of a CSS colour; None when it is not one."""
    from tinycss2.color4 import parse_color

    stripped = text.strip()
    if len(stripped) > MAX_COLOUR_TEXT:
        return None
    if stripped.lower() == "currentcolor":
        return "currentColor", 1.0
    colour = parse_color(stripped)
    if colour is None or isinstance(colour, str):
        return None
    try:
        channels = colour.to("srgb").coordinates
    except NotImplementedError:
        return None
    red, green, blue = (min(max(round((c or 0.0) * MAX_CHANNEL), 0), MAX_CHANNEL) for c in channels)
    return f"#{red:02x}{green:02x}{blue:02x}", min(max(float(colour.alpha), 0.0), 1.0)


@lru_cache(maxsize=16_384)
def read_paint(text: str) -> Paint | None:
    """The paint in a `fill` or `stroke` value; None when it cannot be read, so that it counts as not written."""
    stripped = text.strip()
    lowered = stripped.lower()
    if lowered == "none":
        return NO_PAINT
    if lowered in ("context-fill", "context-stroke"):
        return Paint(context=lowered)
    match = _URL.fullmatch(stripped)
    if match is not None:
        server = next((g for g in match.groups()[:3] if g is not None), "")
        rest = match.group(4).strip()
        if not rest:
            return Paint(server=server)
        fallback = read_paint(rest) if not rest.startswith("url(") else None
        if fallback is None:
            return Paint(server=server)
        return Paint(fallback.colour, fallback.alpha, server, "", has_fallback=True)
    colour = read_colour(stripped)
    if colour is None and " icc-color(" in lowered:  # SVG 1.1: an sRGB colour, then a profile's
        colour = read_colour(stripped[: lowered.index(" icc-color(")])
    return Paint(*colour) if colour is not None else None


@lru_cache(maxsize=4096)
def read_opacity(text: str) -> float | None:
    """An opacity from 0 to 1, out-of-range values cut as CSS says; None when it cannot be read."""
    stripped = text.strip()
    try:
        value = float(stripped[:-1]) / 100.0 if stripped.endswith("%") else float(stripped)
    except ValueError:
        return None
    return min(max(value, 0.0), 1.0) if value == value else None
