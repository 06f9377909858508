"""The smallest volume that a focus changes, when the change has a sharp threshold."""

import numpy as np

from lasercam.process.quantity import (
    FloatArray,
    Q,
    aperture,
    positive,
    refractive_index,
    require,
    same_kind,
    whole_count,
)


def voxel_width_um(spot_radius_um: Q, threshold_ratio: Q) -> Q:
    """Lateral size of the changed volume, µm: w0 √(2 ln(I0/I_th)); 0 up to the threshold.

    Args:
        spot_radius_um: 1/e² intensity radius, > 0.
        threshold_ratio: peak irradiance over threshold irradiance, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: Gaussian profile and a sharp threshold.
    """
    radius = positive(spot_radius_um, "spot_radius_um")
    # Below threshold nothing changes: 0 is the physics there, not a repair.
    ratio = np.maximum(positive(threshold_ratio, "threshold_ratio"), 1.0)
    return same_kind(radius * np.sqrt(2.0 * np.log(ratio)), spot_radius_um, threshold_ratio)


def voxel_length_um(rayleigh_um: Q, threshold_ratio: Q) -> Q:
    """Axial size of the changed volume, µm: 2 z_R √(I0/I_th − 1); 0 up to the threshold.

    Args:
        rayleigh_um: in the medium, > 0.
        threshold_ratio: peak irradiance over threshold irradiance, > 0.

    Raises:
        ParameterError: NaN or ≤ 0.

    Source: paraxial Gaussian beam and a sharp threshold.
    """
    length = 2.0 * positive(rayleigh_um, "rayleigh_um")
    ratio = np.maximum(positive(threshold_ratio, "threshold_ratio"), 1.0)
    return same_kind(length * np.sqrt(ratio - 1.0), rayleigh_um, threshold_ratio)


def axial_fwhm_um(wavelength_nm: Q, na: Q, refractive_index_n: Q) -> Q:
    """Axial full width at half maximum of a focus of high aperture, µm: 0.88 λ / (n − √(n² − NA²)).

    Args:
        wavelength_nm: vacuum wavelength, > 0.
        na: below the index of the medium.
        refractive_index_n: of the medium around the focus, 1 to 5.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: scalar high-aperture theory of a filled pupil (0.88 is rounded); cited from memory.
    """
    wavelength, numerical, index = _focus(wavelength_nm, na, refractive_index_n)
    # n − √(n² − NA²) without losing digits at small NA
    sag = numerical**2 / (index + np.sqrt(index**2 - numerical**2))
    return same_kind(0.88 * wavelength / sag, wavelength_nm, na, refractive_index_n)


def axial_extent_um(wavelength_nm: Q, na: Q, refractive_index_n: Q) -> Q:
    """Paraxial axial extent of a focus, µm: 2 n λ / NA², centre to first zero of a filled pupil.

    Raises:
        ParameterError: NaN, wavelength ≤ 0, an index outside 1 to 5, or an NA not below the index.

    Source: M. Born and E. Wolf, Principles of Optics, axial intensity; cited from memory.
    """
    wavelength, numerical, index = _focus(wavelength_nm, na, refractive_index_n)
    return same_kind(2.0 * index * wavelength / numerical**2, wavelength_nm, na, refractive_index_n)


def multiphoton_threshold_ratio(pulses: Q, photon_order: Q) -> Q:
    """Threshold irradiance for N pulses over that for one, when dose adds up as I^k: N^(−1/k).

    >>> multiphoton_threshold_ratio(100, 2)
    0.1

    Args:
        pulses: whole number, ≥ 1.
        photon_order: k, whole number, ≥ 1.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: equal dose N I^k.
    """
    count = whole_count(pulses, "pulses")
    return same_kind(count ** (-1.0 / whole_count(photon_order, "photon_order")), pulses, photon_order)


def _focus(wavelength_nm: Q, na: Q, refractive_index_n: Q) -> tuple[FloatArray, FloatArray, FloatArray]:
    wavelength = positive(wavelength_nm, "wavelength_nm") / 1000.0
    numerical = aperture(na, "na")
    index = refractive_index(refractive_index_n, "refractive_index_n")
    require(numerical < index, "na must be below the refractive index of the medium")
    return np.asarray(wavelength), numerical, index
