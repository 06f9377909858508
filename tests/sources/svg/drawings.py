"""Drawings for tests: a source from SVG text, and its raster."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.sources.svg.source import SvgSource
from tests.support.sources import joined, make

SIZE = 200
"""Pixels of a side of every raster."""


def source(body: str, *, root: str = 'width="200" height="200"', raw: bool = False, **keys: Any) -> SvgSource:
    """A drawing of 200 x 200 px around a body (or a whole file)."""
    namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    text = body if raw else f"<svg {namespaces} {root}>{body}</svg>"
    return make(SvgSource, {"type": "svg", "file": "d.svg", **keys}, assets={"d.svg": text.encode()})


def lines(drawn: SvgSource) -> list[NDArray[np.float64]]:
    """x, y of every feature in px of a 200 px drawing, y down as in the file."""
    block = joined(drawn.features())
    xy = block.xyz_um[:, :2] * 96.0 / 25_400.0
    xy[:, 1] = SIZE - xy[:, 1]
    return [xy[a:b] for a, b in zip(block.offsets[:-1], block.offsets[1:], strict=True)]


def mask(drawn: SvgSource, sub: int = 4) -> NDArray[np.bool_]:
    """Which pixels of a 200 px drawing its area covers by half or more, rows from the top."""
    shift = (np.arange(SIZE * sub) + 0.5) / sub
    x, y = np.meshgrid(shift, SIZE - shift)
    points = np.column_stack([x.ravel(), y.ravel()]) * 25_400.0 / 96.0
    area = drawn.area()
    if area is None:
        return np.zeros((SIZE, SIZE), bool)
    inside = area.contains(points).reshape(SIZE, sub, SIZE, sub)
    covered: NDArray[np.bool_] = inside.mean(axis=(1, 3)) >= 0.5
    return covered
