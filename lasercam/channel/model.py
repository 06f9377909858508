"""Imperfections of writing and looking: what happens to voxels between the beam and the camera's file."""

from typing import Annotated, Literal

from pydantic import Field

from lasercam.model.machine import Name
from lasercam.schema.document import Document
from lasercam.schema.quantities import NOT_NEGATIVE, Angle, Count, Depth, Quantity, Ratio
from lasercam.units import WAVELENGTH

Source = Annotated[str, Field(min_length=3)]


class _Sourced(Document):
    source: Source
    """A citation, a measurement with its date, or "assumed" and why."""


class RatioValue(_Sourced):
    """A share or a ratio."""

    value: Ratio
    """The number."""


class LengthValue(_Sourced):
    """A distance."""

    value: Depth
    """The number."""


class WavelengthValue(_Sourced):
    """A spread of wavelengths."""

    value: Annotated[float, Quantity(WAVELENGTH, NOT_NEGATIVE)]
    """The number."""


class CountValue(_Sourced):
    """A number of things."""

    value: Count
    """The number."""


class AngleValue(_Sourced):
    """An angle."""

    value: Angle
    """The number."""


class Writing(Document):
    """What differs from voxel to voxel."""

    dropout: RatioValue
    """Share of the voxels that do not glow at all."""
    brightness_spread: RatioValue
    """Standard deviation of the logarithm of their brightness."""
    width_spread: RatioValue
    """Standard deviation of the logarithm of their width."""
    wavelength_spread: WavelengthValue
    """Standard deviation of their peak wavelength."""
    jitter: LengthValue
    """Standard deviation of their position along x and along y."""
    flaws: RatioValue
    """Inclusions per page, on average; voxels inside one do not glow."""
    flaw_radius: LengthValue
    """Radius of an inclusion."""


class Looking(Document):
    """What the microscope and its camera make of the voxels."""

    na: RatioValue
    """Numerical aperture of the reading objective: sets blur in focus, 0.21 λ / NA, and out of focus."""
    rotation: AngleValue
    """Of the camera against the page."""
    distortion: LengthValue
    """Largest shift by quadratic distortion, in the corners of the picture."""
    misregistration: LengthValue
    """Standard deviation of the shift of each channel against the first."""
    vignetting: RatioValue
    """Share of the light that is lost in the corners."""
    background: RatioValue
    """Light everywhere, as a share of the brightest pixel."""
    photons: CountValue
    """Photons caught from a voxel of brightness 1, in all channels together."""
    read_noise: RatioValue
    """Standard deviation of a pixel's dark reading, in photons."""
    headroom: RatioValue
    """Full scale, as a multiple of what the brightest level peaks at; more is cut off."""
    pixels_per_voxel: RatioValue
    """Camera pixels per pitch."""
    channels: Literal["bands", "colour"] = "bands"
    """`bands`: one picture through a band-pass per emission peak; `colour`: one picture with a colour camera."""
    digits: Annotated[int, Field(ge=8, le=16)] = 16
    """Bits of a reading."""


class ChannelDocument(Document):
    """A channel, as written: every number with its source."""

    channel: Name
    """Its name."""
    title: Annotated[str, Field(min_length=3)]
    """One line for lists."""
    writing: Writing
    """Differences between voxels."""
    looking: Looking
    """The microscope."""
