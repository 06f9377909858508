"""Basic shapes as path data."""

from lasercam.sources.svg.document import Element
from lasercam.sources.svg.lengths import LengthContext, numbers

SHAPES = frozenset(("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"))


def shape_path(tag: str, element: Element, lengths: LengthContext) -> str | None:
    """Path data of rect, circle, ellipse, line, polyline, polygon or path; None when the element draws nothing.

    Source: https://www.w3.org/TR/SVG2/shapes.html
    """
    if tag == "path":
        text = element.get("d")
        return str(text) if text and text.strip() else None
    if tag == "rect":
        return _rect(element, lengths)
    if tag == "circle":
        radius = lengths.px(element.get("r"), "d")
        return _ellipse(element, lengths, radius, radius)
    if tag == "ellipse":
        rx, ry = _radii(element, lengths)
        return _ellipse(element, lengths, rx, ry)
    if tag == "line":
        x1, y1, x2, y2 = (lengths.px(element.get(n), n[0]) for n in ("x1", "y1", "x2", "y2"))
        return f"M{x1!r} {y1!r}L{x2!r} {y2!r}"
    if tag in ("polyline", "polygon"):
        return _poly(tag, element)
    return None


def _radii(element: Element, lengths: LengthContext) -> tuple[float, float]:
    """rx and ry, each standing for the other when missing, `auto` or negative."""
    rx = lengths.px(element.get("rx"), "x", -1.0)
    ry = lengths.px(element.get("ry"), "y", -1.0)
    if rx < 0.0:
        rx = ry
    if ry < 0.0:
        ry = rx
    return max(rx, 0.0), max(ry, 0.0)


def _rect(element: Element, lengths: LengthContext) -> str | None:
    x, y = lengths.px(element.get("x"), "x"), lengths.px(element.get("y"), "y")
    width, height = lengths.px(element.get("width"), "x"), lengths.px(element.get("height"), "y")
    if width <= 0.0 or height <= 0.0:
        return None
    rx, ry = _radii(element, lengths)
    rx, ry = min(rx, width / 2.0), min(ry, height / 2.0)
    right, bottom = x + width, y + height
    if rx <= 0.0 or ry <= 0.0:
        return f"M{x!r} {y!r}H{right!r}V{bottom!r}H{x!r}Z"
    arc = f"A{rx!r} {ry!r} 0 0 1 "
    return (
        f"M{x + rx!r} {y!r}H{right - rx!r}{arc}{right!r} {y + ry!r}V{bottom - ry!r}{arc}{right - rx!r} {bottom!r}"
        f"H{x + rx!r}{arc}{x!r} {bottom - ry!r}V{y + ry!r}{arc}{x + rx!r} {y!r}Z"
    )


def _ellipse(element: Element, lengths: LengthContext, rx: float, ry: float) -> str | None:
    if rx <= 0.0 or ry <= 0.0:
        return None
    cx, cy = lengths.px(element.get("cx"), "x"), lengths.px(element.get("cy"), "y")
    arc = f"A{rx!r} {ry!r} 0 0 1 "
    return (
        f"M{cx + rx!r} {cy!r}{arc}{cx!r} {cy + ry!r}{arc}{cx - rx!r} {cy!r}{arc}{cx!r} {cy - ry!r}"
        f"{arc}{cx + rx!r} {cy!r}Z"
    )


def _poly(tag: str, element: Element) -> str | None:
    values = numbers(element.get("points") or "")
    if len(values) < 4:
        return None
    pairs = [f"{x!r} {y!r}" for x, y in zip(values[0::2], values[1::2], strict=False)]
    return "M" + "L".join(pairs) + ("Z" if tag == "polygon" else "")
