"""How far a number can be trusted, and where it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """From the most to the least trustworthy; a computed value is as good as its worst input."""

    STATED = "stated"
    """Printed in the cited source."""
    MEASURED = "measured"
    """Measured by the lab that owns the machine or the library file."""
    DERIVED = "derived"
    """Arithmetic on stated numbers only."""
    SUPPLIED = "supplied"
    """Given in the job by its author, with a source."""
    EXTRAPOLATED = "extrapolated"
    """Away from the points a source states."""
    ASSUMED = "assumed"
    """An engineering guess."""
    UNKNOWN = "unknown"
    """Nobody has said."""


_ORDER = list(Confidence)


def worst(confidences: Iterable[Confidence]) -> Confidence:
    """The confidence of a result computed from inputs of these; stated for no inputs at all.

    >>> worst([Confidence.STATED, Confidence.ASSUMED]).value
    'assumed'
    """
    return max(confidences, key=_ORDER.index, default=Confidence.STATED)


@dataclass(frozen=True)
class Valued:
    """A number with its provenance.

    Attributes:
        value: in the house's unit for the quantity that holds it.
        confidence: how far to trust it.
        source: citation, lab run, or the place in the job that gave it.
    """

    value: float
    confidence: Confidence
    source: str
