"""Photographs made of clean pictures: turned, slanted, blurred, noisy, unevenly lit."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage


@dataclass(frozen=True)
class Distortion:
    """What happens to a picture on its way into a file; lengths as shares of its longer side, light from 0 to 1."""

    turned_deg: float = 0.0
    scale: float = 1.0
    slant: float = 0.0
    mirrored: bool = False
    blur_px: float = 0.0
    noise: float = 0.0
    vignette: float = 0.0
    background: float = 0.0
    negative: bool = False
    jpeg: int = 0
    seed: int = 1


def photographed(rgb: NDArray[np.uint8], how: Distortion) -> bytes:
    """The file of a photograph of a picture (rows, columns, 3) that fills two thirds of it."""
    light = np.where(rgb <= 10, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    longest = max(rgb.shape[:2])
    side = round(1.5 * longest * how.scale)
    y, x = np.mgrid[:side, :side].astype(float) - (side - 1) / 2
    w = 1.0 + how.slant * (x + 0.5 * y) / side
    angle = np.radians(how.turned_deg)
    own_x = (np.cos(angle) * x - np.sin(angle) * y) / w / how.scale
    own_y = (np.sin(angle) * x + np.cos(angle) * y) / w / how.scale
    if how.mirrored:
        own_x = -own_x
    at = [own_y + (rgb.shape[0] - 1) / 2, own_x + (rgb.shape[1] - 1) / 2]
    fine = max(0.0, 0.5 / how.scale - 0.3)
    out = np.stack(
        [ndimage.map_coordinates(ndimage.gaussian_filter(light[:, :, c], fine), at, order=1) for c in range(3)], axis=2
    )
    if how.blur_px:
        out = ndimage.gaussian_filter(out, (how.blur_px, how.blur_px, 0))
    out = how.background + (1 - how.background) * out
    out *= (1.0 - how.vignette * (x**2 + y**2) / (side**2 / 2))[:, :, None]
    out += how.noise * np.random.default_rng(how.seed).standard_normal(out.shape)
    out = np.clip(1 - out if how.negative else out, 0, 1)
    stored = np.where(out <= 0.0031308, 12.92 * out, 1.055 * out ** (1 / 2.4) - 0.055)
    file = BytesIO()
    image = Image.fromarray(np.rint(255 * stored).astype(np.uint8))
    image.save(file, "JPEG", quality=how.jpeg) if how.jpeg else image.save(file, "PNG")
    return file.getvalue()
