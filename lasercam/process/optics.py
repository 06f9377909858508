"""How small a focus is, how long it stays small, and what one photon carries."""

import numpy as np

from lasercam.process.constants import ELEMENTARY_CHARGE_C, LIGHT_SPEED_M_S, PLANCK_J_S
from lasercam.process.quantity import (
    Q,
    aperture,
    finite,
    fraction,
    positive,
    refractive_index,
    same_kind,
    within,
)

_RADIUS_PER_FWHM = 1.0 / np.sqrt(2.0 * np.log(2.0))


def spot_radius_um(wavelength_nm: Q, na: Q, beam_quality_m2: Q) -> Q:
    """The 1/e² intensity radius of a Gaussian focus, µm: M² λ / (π NA).

    Valid for an under-filled lens in the paraxial range (NA up to about 0.5). A flat glass surface conserves
    NA, so the radius is the same inside.

    >>> round(spot_radius_um(1030.0, 0.40, 1.0), 4)
    0.8196

    Args:
        wavelength_nm: vacuum wavelength, > 0.
        na: numerical aperture that the beam fills, n sin θ.
        beam_quality_m2: M², 1 (ideal) to 100.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: A. E. Siegman, Lasers (University Science Books, 1986), Gaussian beams; cited from memory.
    """
    wavelength = positive(wavelength_nm, "wavelength_nm") / 1000.0
    quality = within(beam_quality_m2, "beam_quality_m2", 1.0, 100.0)
    radius = quality * wavelength / (np.pi * aperture(na, "na"))
    return same_kind(radius, wavelength_nm, na, beam_quality_m2)


def beam_na(wavelength_nm: Q, spot_radius_um: Q) -> Q:
    """Aperture of an ideal Gaussian beam with a focus of that 1/e² radius: λ / (π w0).

    >>> round(beam_na(1030.0, 0.8196), 2)
    0.4

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: inverse of `spot_radius_um` at M² = 1.
    """
    wavelength = positive(wavelength_nm, "wavelength_nm") / 1000.0
    aperture_used = wavelength / (np.pi * positive(spot_radius_um, "spot_radius_um"))
    return same_kind(aperture_used, wavelength_nm, spot_radius_um)


def airy_diameter_um(wavelength_nm: Q, na: Q) -> Q:
    """First-zero diameter of the focus of a uniformly filled pupil, µm: 1.22 λ / NA.

    Raises:
        ParameterError: NaN, wavelength ≤ 0, or NA outside its range.

    Source: M. Born and E. Wolf, Principles of Optics, Airy pattern; cited from memory.
    """
    return _resolution_um(1.22, wavelength_nm, na)


def airy_fwhm_um(wavelength_nm: Q, na: Q) -> Q:
    """Full width at half maximum of the Airy pattern, µm: 0.51 λ / NA.

    Raises:
        ParameterError: NaN, wavelength ≤ 0, or NA outside its range.

    Source: M. Born and E. Wolf, Principles of Optics, Airy pattern (0.51 is rounded); cited from memory.
    """
    return _resolution_um(0.51, wavelength_nm, na)


def coherent_period_um(wavelength_nm: Q, na: Q) -> Q:
    """Smallest period that a coherent mask projection images, µm: λ / NA.

    Raises:
        ParameterError: NaN, wavelength ≤ 0, or NA outside its range.

    Source: M. Born and E. Wolf, Principles of Optics, Abbe theory; cited from memory.
    """
    return _resolution_um(1.0, wavelength_nm, na)


def incoherent_period_um(wavelength_nm: Q, na: Q) -> Q:
    """Smallest period that incoherent imaging transfers, µm: λ / (2 NA).

    Raises:
        ParameterError: NaN, wavelength ≤ 0, or NA outside its range.

    Source: M. Born and E. Wolf, Principles of Optics, Abbe theory; cited from memory.
    """
    return _resolution_um(0.5, wavelength_nm, na)


def spot_radius_from_fwhm_um(fwhm_um: Q) -> Q:
    """The 1/e² radius of a Gaussian spot of a full width at half maximum, µm: FWHM / √(2 ln 2).

    >>> round(spot_radius_from_fwhm_um(20.0), 2)
    16.99

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition of the Gaussian profile.
    """
    return same_kind(positive(fwhm_um, "fwhm_um") * _RADIUS_PER_FWHM, fwhm_um)


def fwhm_from_spot_radius_um(spot_radius_um: Q) -> Q:
    """The full width at half maximum of a Gaussian spot of a 1/e² radius, µm.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition of the Gaussian profile.
    """
    return same_kind(positive(spot_radius_um, "spot_radius_um") / _RADIUS_PER_FWHM, spot_radius_um)


def rayleigh_um(spot_radius_um: Q, wavelength_nm: Q, refractive_index_n: Q, beam_quality_m2: Q) -> Q:
    """Distance from the focus at which a Gaussian beam's area has doubled, µm, inside the medium.

    It is π n w0² / (M² λ); the depth of focus is twice that. Paraxial, without aberration.

    Args:
        spot_radius_um: 1/e² radius at the focus (with M² already in it), > 0.
        wavelength_nm: vacuum wavelength, > 0.
        refractive_index_n: of the medium around the focus, 1 to 5.
        beam_quality_m2: M², 1 to 100.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: A. E. Siegman, Lasers (1986), Gaussian beams; cited from memory.
    """
    radius = positive(spot_radius_um, "spot_radius_um")
    wavelength = positive(wavelength_nm, "wavelength_nm") / 1000.0
    index = refractive_index(refractive_index_n, "refractive_index_n")
    quality = within(beam_quality_m2, "beam_quality_m2", 1.0, 100.0)
    length = np.pi * index * radius**2 / (quality * wavelength)
    return same_kind(length, spot_radius_um, wavelength_nm, refractive_index_n, beam_quality_m2)


def depth_of_focus_um(rayleigh_um: Q) -> Q:
    """Length over which the spot's area stays within a factor of two, µm: 2 z_R.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: definition.
    """
    return same_kind(2.0 * positive(rayleigh_um, "rayleigh_um"), rayleigh_um)


def defocused_radius_um(spot_radius_um: Q, rayleigh_um: Q, defocus_um: Q) -> Q:
    """The 1/e² radius away from the focus, µm: w0 √(1 + (z/z_R)²).

    Args:
        spot_radius_um: at the focus, > 0.
        rayleigh_um: in the medium, > 0.
        defocus_um: distance along the axis, either sign.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: A. E. Siegman, Lasers (1986), Gaussian beams; cited from memory.
    """
    radius = positive(spot_radius_um, "spot_radius_um")
    distance = finite(defocus_um, "defocus_um") / positive(rayleigh_um, "rayleigh_um")
    return same_kind(radius * np.sqrt(1.0 + distance**2), spot_radius_um, rayleigh_um, defocus_um)


def defocus_fluence_ratio(defocus_um: Q, rayleigh_um: Q) -> Q:
    """On-axis fluence away from the focus, as a share of that in it: 1 / (1 + (z/z_R)²).

    Raises:
        ParameterError: NaN, or a Rayleigh range ≤ 0.

    Source: A. E. Siegman, Lasers (1986), Gaussian beams; cited from memory.
    """
    distance = finite(defocus_um, "defocus_um") / positive(rayleigh_um, "rayleigh_um")
    return same_kind(1.0 / (1.0 + distance**2), defocus_um, rayleigh_um)


def defocus_for_fluence_drop_um(rayleigh_um: Q, drop: Q) -> Q:
    """Distance from the focus at which the on-axis fluence has fallen by a share, µm.

    Args:
        rayleigh_um: in the medium, > 0.
        drop: lost share, between 0 and 1; 0.1 is a tenth less.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: inverse of `defocus_fluence_ratio`.
    """
    length = positive(rayleigh_um, "rayleigh_um")
    lost = fraction(drop, "drop")
    return same_kind(length * np.sqrt(lost / (1.0 - lost)), rayleigh_um, drop)


def photon_energy_ev(wavelength_nm: Q) -> Q:
    """Energy of one photon, eV: 1239.84 / λ[nm].

    >>> round(photon_energy_ev(514.0), 3)
    2.412

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: h c / λ with the exact constants of the SI (BIPM, 2019).
    """
    wavelength = positive(wavelength_nm, "wavelength_nm")
    scale = PLANCK_J_S * LIGHT_SPEED_M_S / ELEMENTARY_CHARGE_C * 1e9
    return same_kind(scale / wavelength, wavelength_nm)


def _resolution_um(factor: float, wavelength_nm: Q, na: Q) -> Q:
    wavelength = positive(wavelength_nm, "wavelength_nm") / 1000.0
    return same_kind(factor * wavelength / aperture(na, "na"), wavelength_nm, na)
