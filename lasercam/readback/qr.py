"""QR codes read from pictures, by a ladder of looks at them. The one module that imports zxing-cpp."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError

FloatImage = NDArray[np.float32]

LEAST_SIDE_PX = 63
"""The smallest code has 21 modules, and below three pixels per module no look reads it."""
_LEAST_RANGE = 3.0 / 255.0
"""Less difference than this between the darkest and the brightest pixel is no picture."""
_SCALES = (1.0, 0.5, 0.25, 0.125)
_BLURS_PX = (0.0, 1.0, 2.0, 4.0)
MOST_PIXELS = 8_000_000
"""Larger photographs are halved first, by means of four pixels."""
MOST_BLURRED_PIXELS = 2_500_000
"""Larger looks are not low-passed: the same look at a smaller scale is."""
_LOG_GAIN = 100.0
_SHARE_BLURS_PX = (2.0, 5.0)
_DARK_SHARE = 0.02
_COLOURS = ("red", "green", "blue")
_SRGB_LINEAR_BELOW = 0.04045


@dataclass(frozen=True)
class Rung:
    """One look at a picture.

    Attributes:
        plane: what of its colours is taken: `grey` (mean of the channels), `brightest` (of the channels), `red`,
            `green`, `blue`, or `red share` (red of red and green, low-passed).
        curve: `as it is`, `stretched` to full range, or its `logarithm` (an over-exposed picture).
        scale: of its edges.
        blur_px: standard deviation of the low-pass, in pixels of the scaled picture.
        inverted: bright modules taken for dark ones.
    """

    plane: str
    curve: str
    scale: float
    blur_px: float
    inverted: bool

    @property
    def title(self) -> str:
        """The look in words.

        >>> Rung("red", "as it is", 0.5, 1.0, inverted=True).title
        'red, scale 0.5, blur 1 px, inverted'
        """
        said = [self.plane]
        if self.curve != "as it is":
            said.append(self.curve)
        if self.scale != 1.0:
            said.append(f"scale {self.scale:g}")
        if self.blur_px:
            said.append(f"blur {self.blur_px:g} px")
        return ", ".join([*said, *(["inverted"] if self.inverted else [])])


@dataclass(frozen=True)
class QrReading:
    """A code found in a picture.

    Attributes:
        payload: its bytes.
        text: as text, in the encoding the reader takes it for.
        rung: the first look that found it.
    """

    payload: bytes
    text: str
    rung: Rung


def read_qr(picture: NDArray[Any], wanted: Collection[bytes] | None = None) -> tuple[QrReading, ...]:
    """Every QR code that a ladder of looks finds in a picture, each with the first look that found it.

    No single preprocessing reads all pictures of written codes: dots need a low-pass, uneven brightness a logarithm,
    glowing modules an inversion. The ladder tries the plain looks first; ordinary barcodes are not looked for, since
    they are found by chance in patterns of dots.

    Args:
        picture: uint8 or uint16 (rows, columns) or (rows, columns, 1 or 3), row 0 on top; colours are sRGB.
        wanted: payloads to look for; the climb ends once all are found. None: it ends with the first look that
            finds anything.

    Raises:
        PatternError: not such an array.

    Source: order and steps measured on simulated images, this project (versions 1 to 40, dots 0.5 to 1.2 pitches wide).
    """
    import zxingcpp

    formats: Any = zxingcpp.BarcodeFormat.QRCode
    found: dict[bytes, QrReading] = {}
    for rung, look in _looks(_channels(picture)):
        for code in zxingcpp.read_barcodes(look, formats=formats, try_invert=False, try_downscale=False):
            payload = bytes(code.bytes)
            found.setdefault(payload, QrReading(payload, str(code.text), rung))
        if (found and wanted is None) or (wanted is not None and all(one in found for one in wanted)):
            break
    return tuple(found.values())


def _channels(picture: NDArray[Any]) -> FloatImage:
    """float32 (rows, columns, channels), 0 to 1."""
    if picture.dtype not in (np.uint8, np.uint16) or picture.ndim not in (2, 3) or 0 in picture.shape:
        raise PatternError(f"a picture is a table of 8 or 16 bit pixels; found {picture.dtype}, {picture.shape}")
    channels = picture[:, :, None] if picture.ndim == 2 else picture
    if channels.shape[2] not in (1, 3):
        raise PatternError(f"a picture has one channel or three; found {channels.shape[2]}")
    unit = np.float32(1.0 / np.iinfo(picture.dtype).max)
    while channels.shape[0] * channels.shape[1] > MOST_PIXELS:
        rows, columns = channels.shape[0] // 2 * 2, channels.shape[1] // 2 * 2
        corners = [channels[y:rows:2, x:columns:2] for y in (0, 1) for x in (0, 1)]
        channels = np.asarray(np.mean(np.stack(corners), axis=0, dtype=np.float32))
    return np.asarray(channels * unit, np.float32)


def _looks(channels: FloatImage) -> Iterator[tuple[Rung, NDArray[np.uint8]]]:
    """All looks at a picture, the plain ones first."""
    for plane, image in _planes(channels):
        low, high = float(image.min()), float(image.max())
        if high - low < _LEAST_RANGE:
            continue
        for curve in ("as it is", "stretched", "logarithm"):
            if curve == "stretched" and high - low > 1.0 - 2.0 * _LEAST_RANGE:
                continue
            curved = _curved(image, curve, low, high)
            for scale, blur in product(_SCALES, _BLURS_PX):
                if scale < 1.0 and max(image.shape) * scale < LEAST_SIDE_PX:
                    continue
                if blur and image.size * scale**2 > MOST_BLURRED_PIXELS:
                    continue
                look = _low_passed(curved, scale, blur)
                for inverted in (False, True):
                    rung = Rung(plane, curve, scale, blur, inverted)
                    yield rung, np.ascontiguousarray(np.uint8(255) - look if inverted else look)


def _planes(channels: FloatImage) -> Iterator[tuple[str, FloatImage]]:
    if channels.shape[2] == 1 or np.ptp(channels, axis=2).max() < _LEAST_RANGE:
        yield "grey", np.ascontiguousarray(channels[:, :, 0])
        return
    yield "grey", channels.mean(axis=2, dtype=np.float32)
    yield "brightest", channels.max(axis=2)
    for index, colour in enumerate(_COLOURS):
        yield colour, np.ascontiguousarray(channels[:, :, index])
    for reach_px in _SHARE_BLURS_PX:
        yield "red share", red_share(channels, reach_px)


def red_share(channels: FloatImage, blur_px: float) -> FloatImage:
    """How much of the red and green light is red: float32 (rows, columns), 0 to 1, black where both are dark.

    It tells colours apart whatever the brightness, so that a code carried by colour is not disturbed by another one
    carried by the number of dots. The light is low-passed first, for between dots there is none to compare.

    Args:
        channels: float32 (rows, columns, 3), sRGB, 0 to 1.
        blur_px: standard deviation of the low-pass; a third of a module.

    Source: two-payload codes read from it up to a crosstalk of 0.3, simulated images, this project.
    """
    light = np.where(channels <= _SRGB_LINEAR_BELOW, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    red, green = (_blurred(light[:, :, c].astype(np.float32), blur_px) for c in (0, 1))
    both = red + green
    bright = both > _DARK_SHARE * float(both.max(initial=0.0))
    share: FloatImage = np.divide(red, both, out=np.zeros_like(both), where=bright & (both > 0))
    return share


def _curved(image: FloatImage, curve: str, low: float, high: float) -> FloatImage:
    if curve == "as it is":
        return image
    stretched = (image - np.float32(low)) * np.float32(1.0 / (high - low))
    if curve == "stretched":
        return stretched
    return np.asarray(np.log1p(_LOG_GAIN * stretched) / np.log1p(_LOG_GAIN), np.float32)


def _low_passed(image: FloatImage, scale: float, blur_px: float) -> NDArray[np.uint8]:
    from PIL import Image

    if scale != 1.0:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        # Means over whole pixels are a low-pass of their own, without which dots would alias.
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BOX))
    if blur_px:
        image = _blurred(image, blur_px)
    return np.asarray(np.rint(np.clip(image, 0.0, 1.0) * np.float32(255.0)), np.uint8)


def _blurred(image: FloatImage, sigma_px: float) -> FloatImage:
    """The image under a Gaussian, its border repeated outwards."""
    reach = max(1, round(3.0 * sigma_px))
    at = np.arange(-reach, reach + 1)
    weight = np.exp(-0.5 * (at / sigma_px) ** 2)
    weight = (weight / weight.sum()).astype(np.float32)
    for axis in (0, 1):
        width = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(image, width, mode="edge")
        n = image.shape[axis]
        total = np.zeros_like(image)
        for k, w in enumerate(weight):
            total += w * (padded[k : k + n] if axis == 0 else padded[:, k : k + n])
        image = total
    return image
