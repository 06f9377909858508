"""The height of a sample's surface, as it was measured on a rectangular grid."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError

MAX_KNOTS = 1_000_000
"""Most places of a grid; a surface that needs more is rougher than any stage follows."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Surface:
    """Heights on a rectangular grid over the sample, bilinear in between.

    Attributes:
        x_um, y_um: float64 (X,) and (Y,), rising, two or more: where it was measured, in the sample's frame.
        height_um: float64 (Y, X), along the sample's normal, out of it.

    Raises:
        GeometryError: fewer than two columns or rows, places that do not rise, heights that are not finite.
    """

    x_um: FloatArray
    y_um: FloatArray
    height_um: FloatArray

    def __post_init__(self) -> None:
        for name, knots in (("x", self.x_um), ("y", self.y_um)):
            if knots.ndim != 1 or len(knots) < 2 or not np.all(np.diff(knots) > 0):
                raise GeometryError(f"a surface needs two or more rising places along {name}")
        if self.height_um.shape != (len(self.y_um), len(self.x_um)) or not np.isfinite(self.height_um).all():
            raise GeometryError("a surface needs one finite height for each of its places")
        if self.height_um.size > MAX_KNOTS:
            raise GeometryError(f"a surface of {self.height_um.size:,} places; at most {MAX_KNOTS:,} are allowed")
        for array in (self.x_um, self.y_um, self.height_um):
            array.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surface) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all places and heights."""
        whole = hashlib.sha256()
        for array in (self.x_um, self.y_um, self.height_um):
            whole.update(np.ascontiguousarray(array, "<f8").tobytes())
        return whole.hexdigest()

    @property
    def relief_um(self) -> float:
        """From its lowest place to its highest."""
        return float(self.height_um.max() - self.height_um.min())

    @cached_property
    def steepest(self) -> tuple[float, float]:
        """Largest slope along x and along y."""
        along_x = np.abs(np.diff(self.height_um, axis=1) / np.diff(self.x_um)[None, :])
        along_y = np.abs(np.diff(self.height_um, axis=0) / np.diff(self.y_um)[:, None])
        return float(along_x.max()), float(along_y.max())

    def outside(self, x_um: FloatArray, y_um: FloatArray) -> NDArray[np.bool_]:
        """bool (N,), places (N,) where nothing was measured."""
        within_x = (x_um >= self.x_um[0]) & (x_um <= self.x_um[-1])
        within_y = (y_um >= self.y_um[0]) & (y_um <= self.y_um[-1])
        return np.asarray(~(within_x & within_y), np.bool_)

    def heights_um(self, x_um: FloatArray, y_um: FloatArray) -> FloatArray:
        """float64 (N,), heights at places (N,); beside the measured area that of its nearest edge.

        One operation per element and step, so that every machine gets the same bits.
        """
        column, u = _cell(self.x_um, x_um)
        row, v = _cell(self.y_um, y_um)
        low = _between(self.height_um[row, column], self.height_um[row, column + 1], u)
        high = _between(self.height_um[row + 1, column], self.height_um[row + 1, column + 1], u)
        return _between(low, high, v)

    def facts(self) -> dict[str, Any]:
        """Everything it is, as plain data."""
        return {"x_um": self.x_um.tolist(), "y_um": self.y_um.tolist(), "height_um": self.height_um.tolist()}


def surface_of(facts: dict[str, Any]) -> Surface:
    """The surface that `Surface.facts` told of."""
    x, y, height = (np.array(facts[key], np.float64) for key in ("x_um", "y_um", "height_um"))
    return Surface(x, y, height)


def _cell(knots: FloatArray, at_um: FloatArray) -> tuple[NDArray[np.intp], FloatArray]:
    """Index of the cell that each place lies in, and how far across it, 0 to 1."""
    index = np.clip(np.searchsorted(knots, at_um, side="right") - 1, 0, len(knots) - 2)
    across = (at_um - knots[index]) / (knots[index + 1] - knots[index])
    return index, np.clip(across, 0.0, 1.0)


def _between(first: FloatArray, last: FloatArray, share: FloatArray) -> FloatArray:
    # Written so that both ends come out exactly.
    return np.asarray(first * (1.0 - share) + last * share, np.float64)
