"""Drawings for tests: a source from SVG text, and its raster."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
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


def mask(drawn: SvgSource, sub: int = 4, zoom: int = 1) -> NDArray[np.bool_]:
    """Which pixels of a 200 px drawing, enlarged, its area covers by half or more, rows from the top."""
    shift = (np.arange(SIZE * zoom * sub) + 0.5) / sub / zoom
    x, y = np.meshgrid(shift, SIZE - shift)
    points = np.column_stack([x.ravel(), y.ravel()]) * 25_400.0 / 96.0
    area = drawn.area()
    if area is None:
        return np.zeros((SIZE * zoom, SIZE * zoom), bool)
    inside = area.contains(points).reshape(SIZE * zoom, sub, SIZE * zoom, sub)
    covered: NDArray[np.bool_] = inside.mean(axis=(1, 3)) >= 0.5
    return covered


def agreement(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    """Intersection over union of two rasters, differences of a pixel's width left out."""

    def widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        steps = (-1, 0, 1)
        return np.asarray(np.any([np.roll(mask, (i, j), (0, 1)) for i in steps for j in steps], axis=0))

    differ = (one & ~widened(two)) | (two & ~widened(one))
    return 1.0 - float(differ.sum() / (one | two).sum())


def rendered(body: str, zoom: int = 1) -> NDArray[np.bool_]:
    """Which pixels resvg covers by half or more, of a 200 px drawing, enlarged, with the fonts that lasercam has."""
    import resvg_py
    from PIL import Image

    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="200">'
        f"{body}</svg>"
    )
    families = {"font_family": "DejaVu Sans", "serif_family": "DejaVu Serif", "sans_serif_family": "DejaVu Sans"}
    png = resvg_py.svg_to_bytes(
        svg_string=text,
        skip_system_fonts=True,
        dpi=96.0,
        zoom=zoom,
        font_dirs=[str(Path(mpl.get_data_path()) / "fonts" / "ttf")] if "<text" in text else None,
        monospace_family="DejaVu Sans Mono",
        **families,
    )
    with Image.open(io.BytesIO(bytes(png))) as image:
        alpha = np.array(image.convert("RGBA"))[..., 3]
    assert alpha.shape == (SIZE * zoom, SIZE * zoom)
    covered: NDArray[np.bool_] = alpha >= 128
    return covered
