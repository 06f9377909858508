"""Keys of a picture."""

import re
from math import isfinite
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from lasercam.model.job import Placement
from lasercam.model.machine import Name
from lasercam.schema.document import Document
from lasercam.schema.quantities import PositiveLength, Ratio, Wavelength

Mode = Literal["levels", "halftone", "lines", "variant", "emission"]
Dithering = Literal["none", "floyd_steinberg", "bayer", "blue_noise", "threshold"]

MAX_LEVELS = 256
"""Levels of one picture; each is a part with a name or a member of a recipe family."""
MAX_PEAKS = 32

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_RESERVED = ("all", "dark")
_READ_BY: dict[str, tuple[str, ...]] = {
    "levels": ("levels", "lines", "variant"),
    "peaks": ("emission",),
    "colours": ("emission",),
    "invert": ("levels", "halftone", "lines", "variant"),
}
_DITHERINGS: dict[str, tuple[str, ...]] = {
    "halftone": ("floyd_steinberg", "bayer", "blue_noise", "threshold"),
    "emission": ("none", "floyd_steinberg"),
}
_ANY_LEVEL = ("none", "floyd_steinberg", "bayer", "blue_noise")


def _gamma(value: object) -> object:
    """`stored`, `srgb`, or an exponent."""
    text = str(value).strip()
    if text in ("stored", "srgb"):
        return text
    try:
        exponent = float(text) if re.fullmatch(r"[0-9.]{1,12}", text) else float("nan")
    except ValueError:
        exponent = float("nan")
    if not (isfinite(exponent) and 0.1 <= exponent <= 10.0):
        raise ValueError(f"'{text[:20]}' is no gamma; give srgb, stored, or an exponent from 0.1 to 10")
    return exponent


def _colour(value: object) -> object:
    text = str(value).strip()
    if not _COLOUR.fullmatch(text):
        raise ValueError(f"'{text[:20]}' is no colour; write it '#rrggbb', in quotation marks")
    return text.lower()


def _background(value: object) -> object:
    return "none" if str(value).strip() == "none" else _colour(value)


Colour = Annotated[str, BeforeValidator(_colour)]


class Peak(Document):
    """A colour the material can glow in."""

    peak: Wavelength
    """Wavelength of the emission peak."""
    part: Name
    """The part that takes the pixels of this colour."""


class ImageKeys(Placement):
    """Keys of a picture; row 0 of the file is the upper edge."""

    type: Literal["image"]
    file: Annotated[str, Field(min_length=1, max_length=400)]
    """A PNG, TIFF or JPEG file beside the job."""
    page: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Which picture of a file with several, from 1."""
    mode: Mode
    """`levels`: a dot per pixel, a part per grey level; `halftone`: dots where the picture is bright, their density
    its brightness; `lines`: raster lines, equal neighbours merged; `variant`: a dot per pixel whose level picks the
    member of a recipe family; `emission`: a dot per pixel in the nearest colour the material can glow in."""
    pixel: PositiveLength | None = None
    """Size of a pixel on the sample; with `width` or `height` the picture is resampled to it."""
    width: PositiveLength | None = None
    """Of the whole picture on the sample; without `pixel`, pixels keep their number and take their size from it."""
    height: PositiveLength | None = None
    """Of the whole picture on the sample; give this or `width`, the other follows."""
    levels: Annotated[int, Field(ge=2, le=MAX_LEVELS)] | None = None
    """How many grey levels, black and white included: level k stands for the value k/(levels - 1)."""
    dithering: Dithering | None = None
    """How values between two levels are rendered: `none` rounds; absent: `floyd_steinberg` for halftones, else
    `none`."""
    threshold: Annotated[Ratio, Field(gt=0, lt=1)] | None = None
    """Values from here on become dots, with `dithering: threshold`; absent: 0.5."""
    matrix: Literal["2", "4", "8", "16"] | None = None
    """Side of the Bayer matrix; absent: 8."""
    gamma: Annotated[Literal["stored", "srgb"] | float, BeforeValidator(_gamma)] | None = None
    """How stored values become light: `srgb`, an exponent, or `stored` to use them as they are; absent: `srgb` for
    halftone and emission, which render light, `stored` for the others, which sort values."""
    invert: bool = False
    """Swap black and white, after `gamma`."""
    calibration: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    """A CSV file beside the job with the columns brightness and drive, both 0 to 1: which share of the range of
    levels (in a recipe family: from its first to its last energy) was measured to give which brightness. Applied
    after `gamma` and `invert`; a brightness outside the measured range is refused."""
    background: Annotated[str, BeforeValidator(_background)] | None = None
    """What lies behind transparent pixels: a colour '#rrggbb', or `none` to leave out what is less than half
    opaque."""
    peaks: Annotated[tuple[Peak, ...], Field(min_length=1, max_length=MAX_PEAKS)] | None = None
    """Colours the material can glow in."""
    colours: dict[Name, Colour] | None = None
    """What each part of `peaks` looks like, '#rrggbb' in sRGB; black is no emission."""

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> "ImageKeys":
        if self.pixel is None and self.width is None and self.height is None:
            raise ValueError("say how large the picture is on the sample: 'pixel', 'width' or 'height'")
        if self.width is not None and self.height is not None:
            raise ValueError("give 'width' or 'height'; the other follows from the picture's proportions")
        for key, modes in _READ_BY.items():
            given = key in self.model_fields_set and getattr(self, key) not in (None, False)
            if given and self.mode not in modes:
                raise ValueError(f"'{key}' means nothing with mode: {self.mode}; it belongs to {', '.join(modes)}")
            if key != "invert" and self.mode in modes and not getattr(self, key):
                raise ValueError(f"mode: {self.mode} needs the key '{key}'")
        allowed = _DITHERINGS.get(self.mode, _ANY_LEVEL)
        if self.chosen_dithering not in allowed:
            raise ValueError(f"mode: {self.mode} takes dithering {', '.join(allowed)}; found {self.dithering}")
        if self.calibration is not None and self.mode == "emission":
            raise ValueError("'calibration' means nothing with mode: emission, which chooses colours")
        for key, method in (("threshold", "threshold"), ("matrix", "bayer")):
            if getattr(self, key) is not None and self.chosen_dithering != method:
                raise ValueError(f"'{key}' means nothing without dithering: {method}")
        self._check_peaks()
        return self

    def _check_peaks(self) -> None:
        if self.peaks is None or self.colours is None:
            return
        names = [peak.part for peak in self.peaks]
        for name in names:
            if name in _RESERVED or names.count(name) > 1:
                raise ValueError(f"peak part '{name}' is taken; every peak needs a name of its own, not all or dark")
            if name not in self.colours:
                raise ValueError(f"'colours' says nothing of the part '{name}'; add {name}: '#rrggbb'")
        for name in self.colours:
            if name not in names:
                raise ValueError(f"'colours' names '{name}', which no peak has; peaks are {', '.join(names)}")
        if "#000000" in self.colours.values():
            raise ValueError("'colours' gives a peak black, which is no emission; leave that peak out")
        if len(set(self.colours.values())) < len(names):
            raise ValueError("two peaks have the same colour, so that no pixel could choose between them")

    @property
    def chosen_dithering(self) -> Dithering:
        """The dithering, default included."""
        return self.dithering or ("floyd_steinberg" if self.mode == "halftone" else "none")

    @property
    def chosen_gamma(self) -> Literal["stored", "srgb"] | float:
        """The tone curve, default included."""
        if self.gamma is not None:
            return self.gamma
        return "srgb" if self.mode in ("halftone", "emission") else "stored"
