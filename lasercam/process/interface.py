"""Where rays meet behind a flat interface between an immersion medium and the sample, neither of them air by need."""

from typing import Final, Literal

import numpy as np

from lasercam.errors import ParameterError
from lasercam.process.constants import BEST_FOCUS_SHARE
from lasercam.process.quantity import (
    FloatArray,
    Q,
    aperture,
    finite,
    not_negative,
    positive,
    refractive_index,
    require,
    same_kind,
)

DepthModel = Literal["paraxial", "best_focus", "marginal_ray"]
"""Which rays are meant to meet at the inscription depth."""
_SHARE: Final = {"paraxial": 0.0, "best_focus": BEST_FOCUS_SHARE.value, "marginal_ray": 1.0}
"""Share of the way from the focus of the inner rays to that of the outermost."""


def depth_scale(na: Q, refractive_index_n: Q, immersion_index_n: Q, model: DepthModel) -> Q:
    """Stage travel per inscription depth, µm/µm: the inverse of where the rays of the model meet.

    Behind a flat interface every ray meets the axis at a depth proportional to the travel, so one factor serves all
    depths: n1/n2 for paraxial rays, √((n1² − NA²) / (n2² − NA²)) for the outermost.

    >>> round(depth_scale(0.40, 1.5, 1.0, "paraxial") * 200.0, 1)
    133.3
    >>> round(depth_scale(0.40, 1.5, 1.0, "best_focus") * 204.745, 1)
    133.3

    Args:
        na: n sin θ of the beam, below both indices.
        refractive_index_n: n2 of the sample, 1 to 5.
        immersion_index_n: n1 between objective and sample, 1 to 5.
        model: paraxial, marginal_ray, or best_focus, which is `constants.BEST_FOCUS_SHARE` of the way between.

    Raises:
        ParameterError: NaN or outside the ranges above, or an unknown model.

    Source: Snell's law; best focus as `focus.best_focus_um`, published for dry lenses and taken over to immersion.
    """
    if model not in _SHARE:
        raise ParameterError(f"model is '{model}'; allowed: {', '.join(_SHARE)}.")
    numerical, sample, immersion = _media(na, refractive_index_n, immersion_index_n)
    depth_per_travel = sample / immersion + _SHARE[model] * _aberration_slope(numerical, sample, immersion)
    return same_kind(1.0 / depth_per_travel, na, refractive_index_n, immersion_index_n)


def interface_aberration_um(stage_travel_um: Q, na: Q, refractive_index_n: Q, immersion_index_n: Q) -> Q:
    """Longitudinal spherical aberration of the interface, µm: depth of the outermost minus that of the inner rays.

    Positive into an optically denser sample, negative into a thinner one, zero where the indices match.

    Args:
        stage_travel_um: below the surface, ≥ 0.
        na: n sin θ of the beam, below both indices.
        refractive_index_n: n2 of the sample, 1 to 5.
        immersion_index_n: n1 between objective and sample, 1 to 5.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: Snell's law at the margin of the pupil; P. Török et al., J. Opt. Soc. Am. A 12, 325 (1995), cited from
        memory.
    """
    travel = not_negative(stage_travel_um, "stage_travel_um")
    blur = travel * _aberration_slope(*_media(na, refractive_index_n, immersion_index_n))
    return same_kind(blur, stage_travel_um, na, refractive_index_n, immersion_index_n)


def aberrated_length_um(focus_length_um: Q, aberration_um: Q) -> Q:
    """Length of a focus along the beam with spherical aberration, µm: its own plus the aberration's magnitude.

    Rays cross the axis all the way from the paraxial to the marginal focus, each as blurred as the focus is long: an
    upper estimate of where the dose goes, not the half-width of the peak, which grows more slowly.

    Args:
        focus_length_um: without aberration, > 0.
        aberration_um: either sign.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: geometrical optics; assumed as an upper estimate.
    """
    length = positive(focus_length_um, "focus_length_um")
    return same_kind(length + np.abs(finite(aberration_um, "aberration_um")), focus_length_um, aberration_um)


def _marginal_slope(na: FloatArray, sample: FloatArray, immersion: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((sample**2 - na**2) / (immersion**2 - na**2)))


def _aberration_slope(na: FloatArray, sample: FloatArray, immersion: FloatArray) -> FloatArray:
    # Marginal minus paraxial slope, multiplied out so that small apertures keep their digits.
    both = _marginal_slope(na, sample, immersion) + sample / immersion
    slope = na**2 * (sample**2 - immersion**2) / (immersion**2 * (immersion**2 - na**2) * both)
    return np.asarray(slope)


def _media(na: Q, refractive_index_n: Q, immersion_index_n: Q) -> tuple[FloatArray, FloatArray, FloatArray]:
    numerical = aperture(na, "na")
    sample = refractive_index(refractive_index_n, "refractive_index_n")
    immersion = refractive_index(immersion_index_n, "immersion_index_n")
    require(numerical < immersion, "na must be below immersion_index_n: there is no such lens in that medium")
    require(
        numerical < sample,
        "na must be below refractive_index_n: the sample's surface reflects the outer rays totally",
    )
    return numerical, sample, immersion
