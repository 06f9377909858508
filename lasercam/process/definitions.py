"""What a number means where people mean different things by one word: spots, fluences, irradiances."""

from dataclasses import dataclass
from math import log, sqrt
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Meaning:
    """One way to give a quantity.

    Attributes:
        name: as `definition` in a job spells it.
        factor: to what windows and formulas use; None where nothing follows without knowing more.
        why: of a factor of None, what is missing.
    """

    name: str
    factor: float | None
    why: str = ""


SPOT: Final = (
    Meaning("1/e^2 radius", 1.0),
    Meaning("1/e^2 diameter", 0.5),
    Meaning("FWHM", 1.0 / sqrt(2.0 * log(2.0))),
    Meaning("Airy diameter", None, "an Airy pattern has no 1/e² radius; measure the profile, or the FWHM"),
)
"""Source: Gaussian profile, w0 = FWHM / √(2 ln 2)."""
FLUENCE: Final = (Meaning("peak", 1.0), Meaning("mean", 2.0))
"""Source: the peak of a Gaussian is twice the mean over its 1/e² disc."""
IRRADIANCE: Final = (
    Meaning("average", 1.0),
    Meaning("peak", None, "a peak irradiance says nothing about the average without pulse duration and rate"),
)
"""Windows hold irradiances averaged over time."""

MEANINGS: Final = MappingProxyType(
    {
        "spot_radius": SPOT,
        "fluence": FLUENCE,
        "ablation_threshold": FLUENCE,
        "damage_threshold": FLUENCE,
        "irradiance": IRRADIANCE,
    }
)
"""Parameters whose supplied number needs a `definition`, with what it can be."""
