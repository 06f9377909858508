"""Elements by what becomes of them."""

from lasercam.sources.svg.shapes import SHAPES

NOT_DRAWN = frozenset(
    """
    defs title desc metadata style script symbol clipPath mask marker pattern linearGradient radialGradient stop filter
    animate animateTransform animateMotion animateColor set view cursor font font-face glyph missing-glyph solidColor
    hatch mesh meshgradient color-profile tspan textPath tref
    """.split()  # noqa: SIM905 - a list of words is easier to read and to change as words
)
UNSUPPORTED = {
    "flowRoot": "flowed text was never part of SVG and is not read; convert it to paths",
    "image": "raster images are another pattern type, 'image'",
    "foreignObject": "embedded foreign content cannot be drawn",
    "video": "video cannot be drawn",
    "audio": "audio cannot be drawn",
    "canvas": "a canvas cannot be drawn",
    "iframe": "embedded pages cannot be drawn",
}
MOVING = frozenset(("script", "animate", "animateTransform", "animateMotion", "animateColor", "set"))
CONTAINERS = frozenset(("g", "a", "svg", "use", "switch", "text"))
USE_TARGETS = SHAPES | {"g", "a", "svg", "symbol", "use", "switch", "text", *UNSUPPORTED}
