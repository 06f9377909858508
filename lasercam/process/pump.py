"""Optical pumping of a film: absorbed photons, carriers, gain."""

from typing import Final, Literal

import numpy as np

from lasercam.errors import ParameterError
from lasercam.process.constants import LIGHT_SPEED_M_S, PLANCK_J_S
from lasercam.process.quantity import FloatArray, Q, fraction, not_negative, positive, same_kind

PenetrationDepth = Literal["1/e", "1/e2"]

_CM_PER_UM: Final = 1e-4
_FOLDS: Final[dict[str, float]] = {"1/e": 1.0, "1/e2": 2.0}


def absorption_from_depth_per_cm(penetration_um: Q, definition: PenetrationDepth) -> Q:
    """Absorption coefficient of a penetration depth, 1/cm.

    >>> round(absorption_from_depth_per_cm(0.2, "1/e2"))
    100000

    Args:
        penetration_um: depth where the light has fallen to a share, > 0.
        definition: which share; papers use both, and they differ by a factor of two.

    Raises:
        ParameterError: NaN, ≤ 0, or an unknown definition.

    Source: Beer–Lambert law.
    """
    if definition not in _FOLDS:
        allowed = ", ".join(_FOLDS)
        raise ParameterError(f"unknown penetration depth {definition!r}; allowed: {allowed}.")
    depth_cm = positive(penetration_um, "penetration_um") * _CM_PER_UM
    return same_kind(_FOLDS[definition] / depth_cm, penetration_um)


def photons_per_cm2(fluence_j_cm2: Q, wavelength_nm: Q) -> Q:
    """Photons per area of one pulse, 1/cm²: F λ / (h c).

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: photon energy h c / λ.
    """
    return same_kind(_photons(fluence_j_cm2, wavelength_nm), fluence_j_cm2, wavelength_nm)


def carriers_per_cm3(fluence_j_cm2: Q, wavelength_nm: Q, absorption_per_cm: Q, thickness_um: Q) -> Q:
    """Mean density of carriers that one pulse excites in a film, 1/cm³: F λ/(hc) (1 − exp(−α L)) / L.

    Reflection and losses during the pulse are left out.

    Args:
        fluence_j_cm2: of one pulse, > 0.
        wavelength_nm: vacuum wavelength, > 0.
        absorption_per_cm: absorption coefficient α, > 0.
        thickness_um: film thickness L, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: 10.1002/adom.202202407, Eq. 1.
    """
    photons = _photons(fluence_j_cm2, wavelength_nm)
    thickness_cm = positive(thickness_um, "thickness_um") * _CM_PER_UM
    absorbed = -np.expm1(-positive(absorption_per_cm, "absorption_per_cm") * thickness_cm)
    density = photons * absorbed / thickness_cm
    return same_kind(density, fluence_j_cm2, wavelength_nm, absorption_per_cm, thickness_um)


def modal_gain_per_cm(
    carriers_per_cm3: Q,
    confinement: Q,
    cross_section_cm2: Q,
    threshold_per_cm3: Q,
    saturation_per_cm3: Q,
) -> Q:
    """Net gain of a mode, 1/cm: Γ σ (N − N_th) / (1 + N/N_s); negative below threshold, where it absorbs.

    Args:
        carriers_per_cm3: carrier density N, ≥ 0.
        confinement: share Γ of the mode inside the film, between 0 and 1.
        cross_section_cm2: gain cross-section σ, > 0.
        threshold_per_cm3: transparency density N_th, > 0.
        saturation_per_cm3: saturation density N_s, > 0.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: 10.1002/adom.202202407, Eq. 2, with the confinement factor that its text names.
    """
    carriers = not_negative(carriers_per_cm3, "carriers_per_cm3")
    strength = fraction(confinement, "confinement") * positive(cross_section_cm2, "cross_section_cm2")
    excess = carriers - positive(threshold_per_cm3, "threshold_per_cm3")
    gain = strength * excess / (1.0 + carriers / positive(saturation_per_cm3, "saturation_per_cm3"))
    return same_kind(gain, carriers_per_cm3, confinement, cross_section_cm2, threshold_per_cm3, saturation_per_cm3)


def _photons(fluence_j_cm2: Q, wavelength_nm: Q) -> FloatArray:
    wavelength_m = positive(wavelength_nm, "wavelength_nm") * 1e-9
    photons = positive(fluence_j_cm2, "fluence_j_cm2") * wavelength_m / (PLANCK_J_S * LIGHT_SPEED_M_S)
    return np.asarray(photons)
