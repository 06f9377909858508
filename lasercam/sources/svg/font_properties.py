"""CSS font properties that depend on the parent or stand for several others."""

import re

from lasercam.sources.svg.lengths import LengthContext, split_length

_FONT_SIZES = {
    "xx-small": 9.6, "x-small": 12.0, "small": 14.2, "medium": 16.0, "large": 19.2, "x-large": 24.0, "xx-large": 32.0,
}  # fmt: skip
_STYLES = ("italic", "oblique")


def font_px(text: str, parent_px: float, root_px: float = 16.0) -> float:
    """A font size in px; the parent's when it cannot be read or is negative."""
    value = text.strip()
    if value in _FONT_SIZES:
        return _FONT_SIZES[value]
    if value in ("larger", "smaller"):
        return parent_px * (1.2 if value == "larger" else 1 / 1.2)
    length = split_length(value)
    if length is None or length[0] < 0.0:
        return parent_px
    if length[1] == "%":
        return parent_px * length[0] / 100.0
    return LengthContext(0.0, 0.0, font_px=parent_px, root_font_px=root_px).px(value, "d", parent_px)


def font_weight(text: str, parent: str) -> str:
    """`font-weight` with `bolder` and `lighter` as numbers.

    Source: https://www.w3.org/TR/css-fonts-4/#relative-weights
    """
    if text not in ("bolder", "lighter"):
        return text
    weight = {"": 400.0, "normal": 400.0, "bold": 700.0}.get(parent)
    if weight is None:
        try:
            weight = float(parent)
        except ValueError:
            weight = 400.0
    if text == "bolder":
        return "400" if weight < 350.0 else "700" if weight < 550.0 else "900"
    return "100" if weight < 550.0 else "400" if weight < 750.0 else "700"


def is_weight(text: str) -> bool:
    """Whether a text is a font weight."""
    if text in ("normal", "bold", "bolder", "lighter"):
        return True
    try:
        return 1.0 <= float(text) <= 1000.0
    except ValueError:
        return False


def is_size(text: str) -> bool:
    """Whether a text is a font size."""
    length = split_length(text)
    return text in _FONT_SIZES or text in ("larger", "smaller") or (length is not None and length[0] >= 0.0)


def font_shorthand(text: str) -> list[tuple[str, str]]:
    """The properties that a `font` sets; none when it cannot be read.

    >>> font_shorthand("italic bold 12px/1.5 'Open Sans', serif")[:2]
    [('font-kerning', 'auto'), ('font-stretch', 'normal')]
    """
    for match in re.finditer(r"\S+", text):
        size = match.group().split("/")[0]
        # A weight may look like a size without a unit, which sizes other than 0 must have here.
        if is_size(size) and not is_weight(size):
            words = text[: match.start()].split()
            family = re.sub(r"^\s*/\s*\S+", "", text[match.end() :]).strip()
            if not family:
                return []
            style = next((word for word in words if word in _STYLES), "normal")
            variant = "small-caps" if "small-caps" in words else "normal"
            weight = next((word for word in words if word != "normal" and is_weight(word)), "normal")
            return [
                ("font-kerning", "auto"),
                ("font-stretch", "normal"),
                ("font-style", style),
                ("font-variant", variant),
                ("font-weight", weight),
                ("font-size", size),
                ("font-family", family),
            ]
    return []
