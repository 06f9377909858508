"""How bright the lines of dual-phase writing look to the eye, one compared with the other."""

from lasercam.process.colour import SpectralLine, luminance

FIRST_PASS_GREEN = SpectralLine(514.0, 20.0)
FIRST_PASS_RED = SpectralLine(613.0, 30.0)
REWRITTEN = SpectralLine(655.0, 35.0)
"""Peaks of dual-phase writing and of the rewrite. Source: peaks 10.1002/lpor.202401258; the paper prints no widths, so
those are assumed."""


def rewrite_dimming() -> float:
    """How many times dimmer a rewritten line looks than the red line it was, at equal radiated power.

    >>> round(rewrite_dimming(), 1)
    4.6
    """
    return luminance(FIRST_PASS_RED) / luminance(REWRITTEN)
