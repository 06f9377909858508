"""A camera above the sample: voxels in and out of focus to readings of pixels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.channel.filters import BandPass
from lasercam.channel.model import ChannelDocument
from lasercam.channel.voxels import WIDTH_SIGMA, Glow, MadeSheet
from lasercam.compiling import compiled
from lasercam.model.camera_image import CameraImage

PSF_SIGMAS: Final = 0.21
"""Standard deviation of the Gaussian nearest to an Airy disc, in λ / NA.
Source: B. Zhang, J. Zerubia, J.-C. Olivo-Marin, 10.1364/AO.46.001819 (0.21 for the wide field)."""
REACH_SIGMAS: Final = 3.5
COMPILED_FROM_VOXELS: Final = 400
"""In all layers together; below, loading the kernel takes longer than it saves."""
MARGIN_PITCHES: Final = 4.0
"""Empty border of a picture."""


@dataclass(frozen=True, eq=False)
class LayerInView:
    """Voxels of one layer under the camera.

    Attributes:
        made: as they came out, in the frame of the page in focus.
        defocus_um: distance of their layer from the plane of focus.
    """

    made: MadeSheet
    defocus_um: float


@dataclass(frozen=True)
class View:
    """What the camera looks at.

    Attributes:
        size_um: width and height of the page, from first to last site.
        pitch_um: of its voxels, along x and y.
        refractive_index: of the sample.
        title: of the picture.
    """

    size_um: tuple[float, float]
    pitch_um: tuple[float, float]
    refractive_index: float
    title: str = ""


def photograph(
    layers: Sequence[LayerInView],
    glows: Sequence[Glow],
    filters: Sequence[BandPass],
    channel: ChannelDocument,
    view: View,
    seed: Sequence[int],
) -> CameraImage:
    """One picture in every channel: float32 (channels, height, width), row 0 = highest y, readings from 0 to 1.

    Dots are Gaussians as wide as the voxel, the blur in focus 0.21 λ / NA, and a cone out of focus together; light
    adds up, nothing is shadowed or scattered. Pixels count photons (Poisson), with a dark reading (Gaussian).

    Args:
        layers: in focus and around it.
        glows: kinds of voxel.
        filters: one per channel.
        channel: the faults of looking.
        view: the page in focus.
        seed: of this picture.
    """
    rng, looking = np.random.default_rng([2, *seed]), channel.looking
    pixel_um = min(view.pitch_um) / looking.pixels_per_voxel.value
    margin = MARGIN_PITCHES * max(view.pitch_um)
    angle = math.radians(looking.rotation.value)
    # A turned page needs a larger picture.
    reach = np.array([[abs(math.cos(angle)), abs(math.sin(angle))], [abs(math.sin(angle)), abs(math.cos(angle))]])
    frame_um = reach @ np.array(view.size_um) + 2.0 * margin
    width, height = (max(1, math.ceil(v / pixel_um)) for v in frame_um)
    light = np.zeros((len(filters), height, width), np.float64)
    bend = rng.uniform(-1.0, 1.0, (2, 3)) * looking.distortion.value / 3.0
    drift = rng.standard_normal((len(filters), 2)) * looking.misregistration.value
    drift[:1] = 0.0
    many = sum(len(layer.made) for layer in layers) >= COMPILED_FROM_VOXELS
    splat = compiled(_splat) if many else _splat
    for layer in layers:
        placed = _bent(_turned(layer.made.xy_um - np.array(view.size_um) / 2.0, angle), frame_um, bend)
        _expose(splat, light, layer, placed, glows, filters, channel, view, drift, frame_um, pixel_um)
    light *= _illumination(light.shape[1:], looking.vignetting.value)
    unit = _peak(glows, filters, channel, view, pixel_um)
    light += looking.background.value * unit
    counted = rng.poisson(light * looking.photons.value) + looking.read_noise.value * rng.standard_normal(light.shape)
    full = unit * looking.photons.value * looking.headroom.value
    steps = (1 << looking.digits) - 1
    readings = np.rint(np.clip(counted / full, 0.0, 1.0) * steps) / steps
    return CameraImage(readings.astype(np.float32), tuple(f.name for f in filters), view.title)


def _turned(xy_um: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    c, s = math.cos(angle), math.sin(angle)
    return np.column_stack((c * xy_um[:, 0] - s * xy_um[:, 1], s * xy_um[:, 0] + c * xy_um[:, 1]))


def _bent(xy_um: NDArray[np.float64], frame_um: NDArray[np.float64], bend: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points about the middle of the picture, shifted by u², uv and v² of their place (-1 to 1) in it."""
    u, v = (xy_um / (frame_um / 2.0)).T
    return xy_um + np.column_stack((u * u, u * v, v * v)) @ bend.T


def _expose(
    splat: Callable[..., Any],
    light: NDArray[np.float64],
    layer: LayerInView,
    xy_um: NDArray[np.float64],
    glows: Sequence[Glow],
    filters: Sequence[BandPass],
    channel: ChannelDocument,
    view: View,
    drift: NDArray[np.float64],
    frame_um: NDArray[np.float64],
    pixel_um: float,
) -> None:
    """Add the light of one layer, in brightness of a voxel (1 spread over its pixels)."""
    made = layer.made
    for number, glow in enumerate(glows):
        own = np.flatnonzero(made.glow == number)
        for line in glow.lines if len(own) else ():
            sigma = _sigmas_um(glow, line.peak_nm, layer.defocus_um, channel, view) * np.sqrt(
                _width_factor(made.width[own], glow, line.peak_nm, layer.defocus_um, channel, view)
            )
            for index, one in enumerate(filters):
                share = one.share(line.peak_nm + made.shift_nm[own], np.full(len(own), line.fwhm_nm))
                amount = line.radiance * made.brightness[own] * share
                x = (xy_um[own, 0] + drift[index, 0] + frame_um[0] / 2.0) / pixel_um
                y = (frame_um[1] / 2.0 - xy_um[own, 1] - drift[index, 1]) / pixel_um
                splat(light[index], x, y, sigma / pixel_um, amount)


def _width_factor(
    factor: NDArray[np.float64], glow: Glow, peak_nm: float, defocus_um: float, channel: ChannelDocument, view: View
) -> NDArray[np.float64]:
    """Square of a voxel's whole sigma over that of one of plain width."""
    whole = _sigmas_um(glow, peak_nm, defocus_um, channel, view) ** 2
    own = (WIDTH_SIGMA * glow.width_um) ** 2
    return np.asarray((whole + own * (factor**2 - 1.0)) / whole)


def _sigmas_um(glow: Glow, peak_nm: float, defocus_um: float, channel: ChannelDocument, view: View) -> float:
    """Standard deviation of a voxel's picture, µm: its own width, diffraction, and the cone out of focus."""
    na = channel.looking.na.value
    focus = PSF_SIGMAS * peak_nm / 1000.0 / na
    cone = abs(defocus_um) * math.tan(math.asin(min(na / view.refractive_index, 0.999))) / 2.0
    return math.sqrt((WIDTH_SIGMA * glow.width_um) ** 2 + focus**2 + cone**2)


def _peak(
    glows: Sequence[Glow], filters: Sequence[BandPass], channel: ChannelDocument, view: View, pixel_um: float
) -> float:
    """Brightest pixel of the brightest kind of voxel in any channel, alone and in focus."""
    best = 0.0
    for glow in glows:
        for one in filters:
            found = 0.0
            for line in glow.lines:
                sigma = _sigmas_um(glow, line.peak_nm, 0.0, channel, view) / pixel_um
                share = float(one.share(np.array([line.peak_nm]), np.array([line.fwhm_nm]))[0])
                found += line.radiance * share * math.erf(0.5 / (math.sqrt(2.0) * sigma)) ** 2
            best = max(best, found)
    return best or 1.0


def _illumination(shape: tuple[int, ...], vignetting: float) -> NDArray[np.float64]:
    """1 in the middle, 1 - vignetting in the corners, falling with the square of the distance."""
    y, x = (np.linspace(-1.0, 1.0, n) for n in shape)
    return np.asarray(1.0 - vignetting * (x[None, :] ** 2 + y[:, None] ** 2) / 2.0)


def _splat(image: Any, xs: Any, ys: Any, sigmas: Any, amounts: Any) -> None:
    """Add Gaussians whose light sums up to `amounts`; pixel i spans i to i + 1."""
    height, width = image.shape
    for k in range(len(xs)):
        x, y, s = xs[k], ys[k], sigmas[k]
        reach = REACH_SIGMAS * s + 1.0
        left, right = max(0, math.floor(x - reach)), min(width, math.ceil(x + reach) + 1)
        top, bottom = max(0, math.floor(y - reach)), min(height, math.ceil(y + reach) + 1)
        if left >= right or top >= bottom:
            continue
        scale = 1.0 / (math.sqrt(2.0) * s)
        columns = np.empty(right - left)
        last = math.erf((left - x) * scale)
        for i in range(left, right):
            edge = math.erf((i + 1 - x) * scale)
            columns[i - left] = 0.5 * (edge - last)
            last = edge
        last = math.erf((top - y) * scale)
        for j in range(top, bottom):
            edge = math.erf((j + 1 - y) * scale)
            part = 0.5 * (edge - last) * amounts[k]
            last = edge
            for i in range(left, right):
                image[j, i] += part * columns[i - left]
