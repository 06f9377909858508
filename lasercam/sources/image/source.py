"""Pictures as patterns: which pixel becomes which dot or line."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, PatternError, Problem, shorten
from lasercam.geometry.area import Area
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, dots
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.sources.image.calibration import Curve, read_curve
from lasercam.sources.image.diffusion import diffuse
from lasercam.sources.image.keys import ImageKeys
from lasercam.sources.image.ordered import bayer, blue_noise, ordered, rounded
from lasercam.sources.image.picture import MAX_PIXELS, Picture, read_picture
from lasercam.sources.image.tone import colour_channels, linear_light, opaque, tones

MIN_PIXEL_UM = 1e-3
"""Ten ticks of the toolpath; smaller pixels are slips of the unit."""
_DITHERED = {
    "none": "values rounded to the nearest level",
    "floyd_steinberg": "dithered by Floyd-Steinberg error diffusion, rows run there and back",
    "bayer": "dithered with a Bayer matrix",
    "blue_noise": "dithered with a blue-noise matrix of the job's seed",
    "threshold": "cut at a threshold",
}


class Image:
    """A picture of dots or raster lines, its lower-left corner at the origin.

    Parts by mode: `levels` and `lines`: `level_0` (black) to `level_N`; `halftone`: `dots`; `variant`: `dark` (level 0)
    and `lit`, the variant being the level; `emission`: the parts of the peaks. Pixels left black by `halftone` and
    `emission` carry nothing.
    """

    Keys: ClassVar[type[Placement]] = ImageKeys
    summary: ClassVar[str] = "picture as grey levels, halftone, raster lines, recipe family or emission colours"

    def __init__(self, keys: ImageKeys, context: SourceContext) -> None:
        self._keys = keys
        self._locate = context.locate
        self._seed = context.seed
        picture = self._read(context)
        self._notes = [f"'{shorten(keys.file)}': {note}" for note in picture.notes]
        self._curve = self._read_curve(context)
        self._pixel_um, size = self._scale(picture)
        self._index = self._indices(picture, size)
        self._index.flags.writeable = False
        self._parts = self._name_parts()
        if not bool((self._index >= 0).any()):
            raise InputError(
                Problem(
                    f"nothing of '{shorten(keys.file)}' is written with mode: {keys.mode}: every pixel is black or"
                    " transparent",
                    self._locate("file"),
                    "Check 'invert', 'threshold' and the picture.",
                )
            )

    @property
    def parts(self) -> Parts:
        """Parts of the mode."""
        return self._parts

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was read, resampled and rendered."""
        return tuple(self._notes)

    @property
    def indices(self) -> NDArray[np.int16]:
        """int16 (rows, columns), row 0 at the top: level, or peak from 0; -1 where nothing is written."""
        return self._index

    @property
    def pixel_um(self) -> float:
        """Side of a pixel on the sample, µm."""
        return self._pixel_um

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Dots or runs of neighbouring rows, from the lowest up, at most `max_rows` of them."""
        rows, columns = self._index.shape
        height = max(1, max_rows // columns)
        width = min(columns, max_rows)
        flipped = self._index[::-1]
        for row in range(0, rows, height):
            if self._keys.mode == "lines":
                # A row has no more runs than pixels, but a block may end inside one.
                for block in _runs(flipped[row : row + height], row, self._pixel_um):
                    yield from _pieces(block, max_rows)
                continue
            for column in range(0, columns, width):
                tile = flipped[row : row + height, column : column + width]
                if bool((tile >= 0).any()):
                    yield self._dots(tile, row, column)

    def area(self) -> Area:
        """The rectangle of the picture."""
        rows, columns = self._index.shape
        return Area.from_rectangles([(0.0, 0.0)], [(columns * self._pixel_um, rows * self._pixel_um)])

    def _dots(self, tile: NDArray[np.int16], row: int, column: int) -> FeatureBlock:
        j, i = np.nonzero(tile >= 0)
        xyz = np.zeros((len(i), 3))
        xyz[:, 0] = (i + column + 0.5) * self._pixel_um
        xyz[:, 1] = (j + row + 0.5) * self._pixel_um
        index = tile[j, i].astype(np.uint16)
        if self._keys.mode == "variant":
            return dots(xyz, (index > 0).astype(np.uint16), index)
        return dots(xyz, 0 if self._keys.mode == "halftone" else index)

    def _name_parts(self) -> Parts:
        keys = self._keys
        if keys.mode == "halftone":
            return named_parts(["dots"])
        if keys.mode == "variant":
            return named_parts(["dark", "lit"])
        if keys.mode == "emission":
            return named_parts([peak.part for peak in keys.peaks or ()])
        return named_parts([f"level_{k}" for k in range(keys.levels or 0)])

    def _read_curve(self, context: SourceContext) -> Curve | None:
        name = self._keys.calibration
        if name is None:
            return None
        try:
            curve = read_curve(context.asset(name))
        except PatternError as error:
            raise InputError(Problem(str(error), self._locate("calibration"))) from error
        self._notes.append(f"levels follow the calibration '{shorten(name)}' of {len(curve.drive)} points")
        return curve

    def _read(self, context: SourceContext) -> Picture:
        keys = self._keys
        try:
            picture = read_picture(context.asset(keys.file), keys.file, keys.page)
        except PatternError as error:
            raise InputError(Problem(str(error), self._locate("file"))) from error
        if picture.alpha is not None and keys.background is None:
            raise InputError(
                Problem(
                    f"'{shorten(keys.file)}' has transparent pixels",
                    self._locate("file"),
                    "Say what lies behind them with background: '#000000', or leave them out with background: none.",
                )
            )
        return picture

    def _scale(self, picture: Picture) -> tuple[float, tuple[int, int]]:
        """Side of a pixel, µm, and columns and rows written."""
        keys = self._keys
        columns, rows = picture.size
        if keys.width is None and keys.height is None:
            pixel, size = float(keys.pixel or 0.0), (columns, rows)
        else:
            along, extent = (columns, keys.width) if keys.width is not None else (rows, float(keys.height or 0.0))
            pixel = extent / along if keys.pixel is None else keys.pixel
            self._refuse_size(pixel, (columns, rows))
            # Proportions are the file's own, to within half a pixel.
            wanted = (extent / pixel * columns / along, extent / pixel * rows / along)
            self._refuse_size(pixel, wanted)
            size = (max(1, round(wanted[0])), max(1, round(wanted[1])))
        self._refuse_size(pixel, size)
        self._notes.append(
            f"{size[0]:,} × {size[1]:,} pixels of {pixel:g} µm, {size[0] * pixel:g} µm × {size[1] * pixel:g} µm"
        )
        if size != (columns, rows):
            way = "down" if size[0] < columns else "up"
            self._notes.append(
                f"resampled {way} from {columns:,} × {rows:,} pixels: each pixel is the mean of the surface it covers,"
                " taken after gamma"
            )
        return pixel, size

    def _refuse_size(self, pixel_um: float, size: tuple[float, float]) -> None:
        key = "pixel" if self._keys.pixel is not None else "width" if self._keys.width is not None else "height"
        columns, rows = size
        if pixel_um < MIN_PIXEL_UM:
            message = f"pixels of {pixel_um:g} µm; a pixel has at least {MIN_PIXEL_UM:g} µm"
        elif columns * rows > MAX_PIXELS:
            message = f"the picture would have {columns:.4g} × {rows:.4g} pixels; at most {MAX_PIXELS:,} are allowed"
        elif max(columns, rows) * pixel_um > MAX_COORDINATE_UM:
            message = (
                f"the picture reaches {max(columns, rows) * pixel_um:.3g} µm; at most {MAX_COORDINATE_UM:g} µm are"
                " allowed"
            )
        else:
            return
        raise InputError(Problem(message, self._locate(key), "Check the unit."))

    def _indices(self, picture: Picture, size: tuple[int, int]) -> NDArray[np.int16]:
        """Level or peak of each pixel, row 0 at the top; -1 where nothing is written."""
        keys = self._keys
        background = None if keys.background in (None, "none") else keys.background
        light = tones(picture, keys.chosen_gamma, background, size, grey=keys.mode != "emission")
        if keys.invert:
            light = np.float32(1.0) - light
        if self._curve is not None:
            light = self._curve.drive_for(light)
        self._notes.append(self._tone_note(colour=picture.values.shape[2] == 3))
        index = self._emission(light) if keys.mode == "emission" else self._levels(light[:, :, 0])
        if keys.mode == "halftone":
            index = index - np.int16(1)
        solid = opaque(picture, size) if keys.background == "none" else None
        if solid is not None:
            index[~solid] = -1
        return index

    def _levels(self, light: NDArray[np.float32]) -> NDArray[np.int16]:
        keys = self._keys
        levels = keys.levels or 2
        method = keys.chosen_dithering
        self._notes.append(_DITHERED[method])
        if method == "floyd_steinberg":
            palette = np.linspace(0.0, 1.0, levels)[:, None]
            return diffuse(light[:, :, None], palette).astype(np.int16)
        if method == "none":
            return rounded(light, levels).astype(np.int16)
        if method == "threshold":
            share = 0.5 if keys.threshold is None else keys.threshold
            return (light >= share).astype(np.int16)
        thresholds = bayer(int(keys.matrix or 8)) if method == "bayer" else blue_noise(self._seed)
        return ordered(light, thresholds, levels).astype(np.int16)

    def _emission(self, light: NDArray[np.float32]) -> NDArray[np.int16]:
        """Nearest peak, or none, in linear light; peaks are dimmed or brightened by density only."""
        keys = self._keys
        peaks, colours = keys.peaks or (), keys.colours or {}
        shades = [linear_light(colour_channels(colours[peak.part]), "srgb") for peak in peaks]
        palette = np.concatenate((np.zeros((1, 3)), np.array(shades)))
        if keys.chosen_dithering == "floyd_steinberg":
            index = diffuse(light, palette).astype(np.int16)
        else:
            index = _nearest(light, palette)
        made = palette[index].reshape(-1, 3).mean(axis=0)
        asked = light.reshape(-1, 3).mean(axis=0, dtype=np.float64)
        shown = ", ".join(f"{peak.part} {peak.peak:g} nm" for peak in peaks)
        self._notes.append(f"each pixel takes the nearest of {shown} or none, in linear sRGB light")
        self._notes.append(
            "mean red, green and blue asked for "
            + ", ".join(f"{v:.3f}" for v in asked)
            + "; made "
            + ", ".join(f"{v:.3f}" for v in made)
        )
        return index - np.int16(1)

    def _tone_note(self, *, colour: bool) -> str:
        gamma = self._keys.chosen_gamma
        how = {"stored": "values as stored", "srgb": "sRGB values as linear light"}.get(
            str(gamma), f"values to the power {gamma}"
        )
        grey = ", grey as their luminance (0.2126, 0.7152, 0.0722)" if colour and self._keys.mode != "emission" else ""
        return how + grey + (", inverted" if self._keys.invert else "")


def _nearest(light: NDArray[np.float32], palette: NDArray[np.float64]) -> NDArray[np.int16]:
    """Nearest palette entry of each pixel, the first of equally near ones: int16 (rows, columns)."""
    best = np.full(light.shape[:2], np.inf)
    index = np.zeros(light.shape[:2], np.int16)
    for k, entry in enumerate(palette):
        away = np.zeros(light.shape[:2])
        for channel in range(3):
            away += (light[:, :, channel] - entry[channel]) ** 2
        nearer = away < best
        best[nearer] = away[nearer]
        index[nearer] = k
    return index


def _runs(tile: NDArray[np.int16], row: int, pixel_um: float) -> Iterator[FeatureBlock]:
    """Raster lines of some rows: neighbours of one level are one line, from pixel edge to pixel edge."""
    rows, columns = tile.shape
    changes = np.ones((rows, columns), np.bool_)
    changes[:, 1:] = tile[:, 1:] != tile[:, :-1]
    start = np.flatnonzero(changes)
    level = tile.reshape(-1)[start]
    stop = np.append(start[1:], rows * columns)
    written = level >= 0
    start, stop, level = start[written], stop[written], level[written]
    if not len(start):
        return
    line = start // columns
    xyz = np.zeros((len(start), 2, 3))
    xyz[:, 0, 0] = (start - line * columns) * pixel_um
    xyz[:, 1, 0] = (stop - line * columns) * pixel_um
    xyz[:, :, 1] = ((line + row + 0.5) * pixel_um)[:, None]
    offsets = np.arange(0, 2 * len(start) + 1, 2, dtype=np.int64)
    part = level.astype(np.uint16)
    yield FeatureBlock(xyz.reshape(-1, 3), offsets, part, np.zeros_like(part))


def _pieces(block: FeatureBlock, max_rows: int) -> Iterator[FeatureBlock]:
    for first in range(0, len(block), max_rows):
        yield block.take(np.arange(first, min(first + max_rows, len(block)), dtype=np.int64))
