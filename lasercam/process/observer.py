"""The CIE 1931 2° standard observer: what a wavelength is to the eye, tabulated and read between the table's points.

The numbers are those of the library colour-science (`MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]`); a test holds
table and interpolation against it. They are kept here because every check of a job with emissions needs them, and
importing the library takes longer than the whole check.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FIRST_NM: Final = 360.0
LAST_NM: Final = 830.0
STEP_NM: Final = 5.0

# Source: CIE 018:2019 "The Basis of Physical Photometry" and ISO/CIE 11664-1:2019, x̄, ȳ, z̄ every 5 nm.
_TABLE: Final = (
    (0.0001299, 3.917e-06, 0.0006061),
    (0.0002321, 6.965e-06, 0.001086),
    (0.0004149, 1.239e-05, 0.001946),
    (0.0007416, 2.202e-05, 0.003486),
    (0.001368, 3.9e-05, 0.00645),
    (0.002236, 6.4e-05, 0.01055),
    (0.004243, 0.00012, 0.02005),
    (0.00765, 0.000217, 0.03621),
    (0.01431, 0.000396, 0.06785),
    (0.02319, 0.00064, 0.1102),
    (0.04351, 0.00121, 0.2074),
    (0.07763, 0.00218, 0.3713),
    (0.13438, 0.004, 0.6456),
    (0.21477, 0.0073, 1.03905),
    (0.2839, 0.0116, 1.3856),
    (0.3285, 0.01684, 1.62296),
    (0.34828, 0.023, 1.74706),
    (0.34806, 0.0298, 1.7826),
    (0.3362, 0.038, 1.77211),
    (0.3187, 0.048, 1.7441),
    (0.2908, 0.06, 1.6692),
    (0.2511, 0.0739, 1.5281),
    (0.19536, 0.09098, 1.28764),
    (0.1421, 0.1126, 1.0419),
    (0.09564, 0.13902, 0.81295),
    (0.05795, 0.1693, 0.6162),
    (0.03201, 0.20802, 0.46518),
    (0.0147, 0.2586, 0.3533),
    (0.0049, 0.323, 0.272),
    (0.0024, 0.4073, 0.2123),
    (0.0093, 0.503, 0.1582),
    (0.0291, 0.6082, 0.1117),
    (0.06327, 0.71, 0.07825),
    (0.1096, 0.7932, 0.05725),
    (0.1655, 0.862, 0.04216),
    (0.22575, 0.91485, 0.02984),
    (0.2904, 0.954, 0.0203),
    (0.3597, 0.9803, 0.0134),
    (0.43345, 0.99495, 0.00875),
    (0.51205, 1, 0.00575),
    (0.5945, 0.995, 0.0039),
    (0.6784, 0.9786, 0.00275),
    (0.7621, 0.952, 0.0021),
    (0.8425, 0.9154, 0.0018),
    (0.9163, 0.87, 0.00165),
    (0.9786, 0.8163, 0.0014),
    (1.0263, 0.757, 0.0011),
    (1.0567, 0.6949, 0.001),
    (1.0622, 0.631, 0.0008),
    (1.0456, 0.5668, 0.0006),
    (1.0026, 0.503, 0.00034),
    (0.9384, 0.4412, 0.00024),
    (0.85445, 0.381, 0.00019),
    (0.7514, 0.321, 0.0001),
    (0.6424, 0.265, 5e-05),
    (0.5419, 0.217, 3e-05),
    (0.4479, 0.175, 2e-05),
    (0.3608, 0.1382, 1e-05),
    (0.2835, 0.107, 0),
    (0.2187, 0.0816, 0),
    (0.1649, 0.061, 0),
    (0.1212, 0.04458, 0),
    (0.0874, 0.032, 0),
    (0.0636, 0.0232, 0),
    (0.04677, 0.017, 0),
    (0.0329, 0.01192, 0),
    (0.0227, 0.00821, 0),
    (0.01584, 0.005723, 0),
    (0.0113592, 0.004102, 0),
    (0.00811092, 0.002929, 0),
    (0.00579035, 0.002091, 0),
    (0.00410946, 0.001484, 0),
    (0.00289933, 0.001047, 0),
    (0.00204919, 0.00074, 0),
    (0.00143997, 0.00052, 0),
    (0.000999949, 0.0003611, 0),
    (0.000690079, 0.0002492, 0),
    (0.000476021, 0.0001719, 0),
    (0.000332301, 0.00012, 0),
    (0.000234826, 8.48e-05, 0),
    (0.000166151, 6e-05, 0),
    (0.000117413, 4.24e-05, 0),
    (8.30753e-05, 3e-05, 0),
    (5.87065e-05, 2.12e-05, 0),
    (4.15099e-05, 1.499e-05, 0),
    (2.93533e-05, 1.06e-05, 0),
    (2.06738e-05, 7.4657e-06, 0),
    (1.45598e-05, 5.2578e-06, 0),
    (1.0254e-05, 3.7029e-06, 0),
    (7.22146e-06, 2.6078e-06, 0),
    (5.08587e-06, 1.8366e-06, 0),
    (3.58165e-06, 1.2934e-06, 0),
    (2.52253e-06, 9.1093e-07, 0),
    (1.77651e-06, 6.4153e-07, 0),
    (1.25114e-06, 4.5181e-07, 0),
)


def colour_matching(wavelength_nm: FloatArray) -> FloatArray:
    """CIE 1931 2° colour matching functions x̄, ȳ, z̄, float64 (N, 3), at wavelengths (N,) in nm; 0 where unseen.

    Between the table's points they follow the quintic polynomial through the six around.
    Source: CIE 15:2018, 7.2.2 (interpolation at equal intervals: a fifth-order method).
    """
    nm = np.asarray(wavelength_nm, np.float64)
    table = _padded()
    at = np.clip((nm - FIRST_NM) / STEP_NM, 0.0, len(_TABLE) - 1.0)
    first = np.minimum(at.astype(np.int64), len(_TABLE) - 2)
    t = at - first
    found = np.zeros((len(nm), 3))
    for k in range(-2, 4):
        weight = np.ones_like(t)
        for other in range(-2, 4):
            if other != k:
                weight *= (t - other) / (k - other)
        found += weight[:, None] * table[first + k + 2]
    seen = (nm >= FIRST_NM) & (nm <= LAST_NM)
    return np.asarray(np.where(seen[:, None], np.maximum(found, 0.0), 0.0), np.float64)


@cache
def _padded() -> FloatArray:
    """The table with two rows before and behind that go on as its ends do."""
    table = np.array(_TABLE, np.float64)
    return np.concatenate((table[:1], table[:1], table, table[-1:], table[-1:]))
