"""Rotation, scale and tilt of a sample as one matrix, the same bits on every machine."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError
from lasercam.model.frame import Matrix3

FloatArray = NDArray[np.float64]

_DIGITS = 60
_ONE_LINE = 1e-9
"""Share of the spread across a line below which places are in it."""
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")

Plane = tuple[float, float, float]
"""Height at the origin (µm), and rise per length along x and along y."""


def cos_sin(angle_deg: float) -> tuple[float, float]:
    """Cosine and sine, correctly rounded: libraries differ in the last bit, and coordinates follow from it.

    >>> cos_sin(90.0), cos_sin(-180.0), cos_sin(60.0)[0]
    ((0.0, 1.0), (-1.0, 0.0), 0.5)
    """
    quarter, rest = divmod(Fraction(angle_deg), 90)
    with localcontext() as context:
        context.prec = _DIGITS
        radians = Decimal(rest.numerator) / Decimal(rest.denominator) * _PI / 180
        cosine, sine = float(_series(radians, Decimal(1), 0)), float(_series(radians, radians, 1))
    for _ in range(int(quarter) % 4):
        cosine, sine = -sine, cosine
    return cosine + 0.0, sine + 0.0  # no negative zeros


def _series(x: Decimal, first: Decimal, power: int) -> Decimal:
    """Taylor series of cosine (first term 1, power 0) or sine (x, 1), for 0 ≤ x < π/2."""
    total = term = first
    while term and abs(term) > Decimal(10) ** -(_DIGITS - 5):
        term *= -x * x / ((power + 1) * (power + 2))
        power += 2
        total += term
    return total


def attitude(
    rotation_deg: float = 0.0,
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0),
    slopes: tuple[float, float] = (0.0, 0.0),
) -> Matrix3:
    """A frame's matrix: shrink along the sample's axes, tilt without twisting, then turn about the stage's z.

    Args:
        rotation_deg: counterclockwise, from the stage's x to the sample's; exact at quarter turns.
        scale: actual over nominal size along x, y and the normal.
        slopes: rise in the controller's z per nominal length along the sample's x and y.

    Raises:
        GeometryError: slopes of a vertical sample, a scale that is not positive.
    """
    if not all(factor > 0.0 for factor in scale):
        raise GeometryError(f"a scale must be above zero; found {scale}")
    u, v = slopes[0] / scale[0], slopes[1] / scale[1]
    level = 1.0 - u * u - v * v
    if not level > 0.0:
        raise GeometryError(f"slopes of {slopes[0]:g} and {slopes[1]:g} belong to no sample that light can reach")
    w = sqrt(level)
    # The least rotation whose last row is (u, v, w): heights come out as measured, nothing is twisted.
    tilt = (
        (1.0 - u * u / (1.0 + w), -u * v / (1.0 + w), -u),
        (-u * v / (1.0 + w), 1.0 - v * v / (1.0 + w), -v),
        (u, v, w),
    )
    cosine, sine = cos_sin(rotation_deg)
    rows = (
        [cosine * a - sine * b for a, b in zip(tilt[0], tilt[1], strict=True)],
        [sine * a + cosine * b for a, b in zip(tilt[0], tilt[1], strict=True)],
        list(tilt[2]),
    )
    first, second, third = (tuple(value * s + 0.0 for value, s in zip(row, scale, strict=True)) for row in rows)
    return first, second, third  # type: ignore[return-value]


def plane_through(x_um: FloatArray, y_um: FloatArray, height_um: FloatArray) -> Plane:
    """The plane nearest to heights (N,), by least squares; sums are rounded once, the same on every machine.

    Raises:
        GeometryError: the places lie in one line.
    """
    means = [fsum(values.tolist()) / len(values) for values in (x_um, y_um, height_um)]
    x, y, h = (values - mean for values, mean in zip((x_um, y_um, height_um), means, strict=True))
    xx, xy, yy, xh, yh = (fsum((a * b).tolist()) for a, b in ((x, x), (x, y), (y, y), (x, h), (y, h)))
    whole = xx * yy - xy * xy
    if not whole > _ONE_LINE * xx * yy:
        raise GeometryError("the places of the heights lie in one line, so the slope across it is not known")
    along_x, along_y = (xh * yy - yh * xy) / whole, (yh * xx - xh * xy) / whole
    return means[2] - along_x * means[0] - along_y * means[1], along_x, along_y
