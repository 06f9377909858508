"""A small camera for pages of dots: what a reader of pages is tested with, independent of the channel simulator."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lasercam.model.camera_image import CameraImage
from lasercam.storage.page_layout import PageLayout, Role

BANDS = np.array([[1.0, 0.12, 0.0, 0.0], [0.1, 1.0, 0.08, 0.0], [0.0, 0.1, 1.0, 0.1], [0.0, 0.0, 0.15, 0.8]])
"""Light of four emission colours in four filters; an example."""


@dataclass(frozen=True)
class Camera:
    """Faults of a camera and of the glass. Lengths in pitches unless said."""

    pitch_px: float = 6.0
    psf: float = 0.25
    rotation_deg: float = 0.0
    mirror: bool = False
    invert: bool = False
    jitter: float = 0.0
    loss: float = 0.0
    spread: float = 0.0
    """Of brightness, standard deviation of its logarithm."""
    background: float = 0.02
    noise: float = 0.005
    photons: float = 0.0
    """Of a dot of light 1; 0 is no shot noise."""
    distortion: float = 0.0
    perspective: float = 0.0
    vignetting: float = 0.0
    gain: float = 0.8
    margin: float = 5.0
    blob: float = 0.0
    """Radius of a bright round inclusion."""
    seed: int = 1


@dataclass(frozen=True)
class Written:
    """A page: its layout and what every site holds."""

    layout: PageLayout
    levels: NDArray[np.uint8]
    header: NDArray[np.bool_]
    bands: NDArray[np.float64] = field(default_factory=lambda: BANDS)
    lost: NDArray[np.bool_] | None = None
    has_marks: bool = True
    """Without them there is a dot on every site."""


def write_page(rows: int, columns: int, bits: int, seed: int = 0, bands: NDArray[np.float64] | None = None) -> Written:
    """A page of random data; header bits are the lowest and the highest level, marks the highest."""
    layout = PageLayout(rows, columns, bits)
    random = np.random.default_rng(seed)
    levels = random.integers(0, layout.levels, (rows, columns)).astype(np.uint8)
    header = random.random(384) < 0.5
    for copy in layout.header_sites:
        levels[copy[:, 0], copy[:, 1]] = np.where(header, layout.levels - 1, 0)
    levels[layout.pilot_sites[:, 0], layout.pilot_sites[:, 1]] = layout.pilot_levels
    levels[layout.roles == Role.MARK] = layout.levels - 1
    table = BANDS if bands is None else bands
    return Written(layout, levels, header, table)


def photograph(pages: "Written | list[tuple[Written, tuple[float, float]]]", camera: Camera) -> CameraImage:
    """An image of one page, or of several at (row, column) offsets in pitches."""
    placed = [(pages, (0.0, 0.0))] if isinstance(pages, Written) else pages
    random = np.random.default_rng(camera.seed)
    spots, light = [], []
    for page, (row, column) in placed:
        sites = np.argwhere((page.layout.roles != Role.DARK) | (not page.has_marks))
        lost = random.random(len(sites)) < camera.loss
        lost &= page.layout.roles[sites[:, 0], sites[:, 1]] != Role.MARK
        if page.lost is not None:
            lost |= page.lost[sites[:, 0], sites[:, 1]]
        shine = np.exp(random.normal(0.0, camera.spread, len(sites))) if camera.spread else np.ones(len(sites))
        shine *= ~lost
        light.append(page.bands[page.levels[sites[:, 0], sites[:, 1]]] * shine[:, None])
        spots.append(sites + np.array((row, column)) + random.normal(0.0, camera.jitter, sites.shape))
    at, bright = np.concatenate(spots), np.concatenate(light)
    if camera.blob:
        centre = at.mean(axis=0) * 0.8
        extra = np.argwhere(np.ones((41, 41))) / 2.0 - 10.0
        extra = extra[np.hypot(*extra.T) < camera.blob]
        at = np.concatenate((at, centre + extra))
        bright = np.concatenate((bright, np.full((len(extra), bright.shape[1]), 1.0)))
    return _expose(_project(at, camera), bright, camera, random)


def _project(at: NDArray[np.float64], camera: Camera) -> NDArray[np.float64]:
    """Places of sites in pixels."""
    middle = (at.max(axis=0) + at.min(axis=0)) / 2
    half = float(np.ptp(at, axis=0).max()) / 2
    p = (at - middle) / half
    bent = p.copy()
    bent[:, 0] += camera.distortion / half * (p[:, 0] ** 2 - 0.5 * p[:, 1] ** 2 + 0.4 * p[:, 0] * p[:, 1])
    bent[:, 1] += camera.distortion / half * (0.6 * p[:, 0] * p[:, 1] + 0.7 * p[:, 1] ** 2 - 0.3 * p[:, 0] ** 2)
    bent = bent / (1.0 + camera.perspective * (0.7 * p[:, :1] + 0.5 * p[:, 1:]))
    if camera.mirror:
        bent[:, 1] *= -1
    angle = np.deg2rad(camera.rotation_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (bent @ turn.T) * half * camera.pitch_px


def _expose(
    yx: NDArray[np.float64], bright: NDArray[np.float64], camera: Camera, random: np.random.Generator
) -> CameraImage:
    margin = camera.margin * camera.pitch_px
    yx = yx - yx.min(axis=0) + margin + random.random(2)
    height, width = (int(n) for n in np.ceil(yx.max(axis=0) + margin))
    sigma = camera.psf * camera.pitch_px
    reach = int(np.ceil(4 * sigma))
    planes = np.zeros((bright.shape[1], height * width))
    corner = np.round(yx).astype(np.int64)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            y, x = corner[:, 0] + dy, corner[:, 1] + dx
            weight = np.exp(-((y - yx[:, 0]) ** 2 + (x - yx[:, 1]) ** 2) / (2 * sigma**2))
            inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
            for c in range(len(planes)):
                np.add.at(planes[c], (y * width + x)[inside], (weight * bright[:, c])[inside])
    image = planes.reshape(-1, height, width) * camera.gain + camera.background
    if camera.vignetting:
        y, x = np.mgrid[:height, :width]
        far = ((y - height / 2) ** 2 + (x - width / 2) ** 2) / ((height / 2) ** 2 + (width / 2) ** 2)
        image *= 1.0 - camera.vignetting * far
    if camera.photons:
        per_unit = camera.photons / (camera.gain * 2 * np.pi * sigma**2)
        image = random.poisson(np.maximum(image, 0.0) * per_unit) / per_unit
    image = np.clip(image + random.normal(0.0, camera.noise, image.shape), 0.0, 1.0)
    if camera.invert:
        image = 1.0 - image
    names = tuple(f"channel {k}" for k in range(len(image)))
    return CameraImage(image.astype(np.float32), names, "a page")


def cut(image: CameraImage, top: int, left: int, bottom: int, right: int) -> CameraImage:
    """A part of an image."""
    return replace(image, planes=np.ascontiguousarray(image.planes[:, top:bottom, left:right]))
