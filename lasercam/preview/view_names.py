"""Names of views: what the sample is lit with, and the filters before the camera."""

import re
from dataclasses import dataclass

from lasercam.errors import UsageError, shorten
from lasercam.process.colour import OPEN, Filter, read_filter

UV_NM = 365.0
"""What `uv` means. Source: the excitation used for the dual-phase glass, 10.1002/lpor.202401258."""

_LIGHT = re.compile(r"uv|ex(\d{3,4})")


@dataclass(frozen=True)
class Viewing:
    """How the sample is looked at.

    Attributes:
        excitation_nm: wavelength that makes it glow; None in daylight.
        through: filter before the camera.
    """

    excitation_nm: float | None
    through: Filter = OPEN

    @property
    def title(self) -> str:
        """In words: `UV, 645 nm long-pass`."""
        if self.excitation_nm is None:
            return "daylight"
        light = "UV" if self.excitation_nm == UV_NM else f"{self.excitation_nm:g} nm"
        return light if self.through == OPEN else f"{light}, {self.through.title}"


def read_view(name: str) -> Viewing:
    """The view of a name: `daylight`, `uv`, `ex405` (another excitation), each glow with filters: `uv+lp500+sp600`.

    >>> read_view("uv+lp645").title, read_view("ex405+bp600-630").title
    ('UV, 645 nm long-pass', '405 nm, 600–630 nm band-pass')

    Raises:
        UsageError: there is no such view, or its filters pass nothing together.
    """
    if name == "daylight":
        return Viewing(None)
    light, *filters = name.split("+")
    match = _LIGHT.fullmatch(light)
    if match is None:
        raise UsageError(
            f"there is no view '{shorten(name)}'; views are daylight, uv, uv+lp645, uv+sp600, uv+bp613/20 and "
            "uv+bp600-630, with any wavelengths in nm, and ex405 instead of uv for another excitation"
        )
    low, high = 0.0, float("inf")
    for text in filters:
        one = read_filter(text)
        low, high = max(low, one.low_nm), min(high, one.high_nm)
    if not low < high:
        raise UsageError(f"the filters of the view '{shorten(name)}' pass nothing together; leave one of them out")
    return Viewing(float(match[1]) if match[1] else UV_NM, Filter(low, high))
