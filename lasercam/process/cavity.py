"""Whispering-gallery modes of a disc: where they lie, how sharp they are, how they move with the diameter."""

import numpy as np

from lasercam.process.quantity import FloatArray, Q, finite, positive, refractive_index, require, same_kind, within


def free_spectral_range_nm(wavelength_nm: Q, disc_diameter_um: Q, group_index: Q) -> Q:
    """Distance between neighbouring modes of a disc, nm: λ² / (n_g π D).

    Thin disc, first radial order.

    >>> round(free_spectral_range_nm(535.0, 10.0, 3.5), 3)
    2.603

    Args:
        wavelength_nm: vacuum wavelength, > 0.
        disc_diameter_um: > 0.
        group_index: 1 to 20.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: standard resonator relation.
    """
    wavelength = positive(wavelength_nm, "wavelength_nm")
    diameter_nm = positive(disc_diameter_um, "disc_diameter_um") * 1000.0
    distance = wavelength**2 / (_group(group_index) * np.pi * diameter_nm)
    return same_kind(distance, wavelength_nm, disc_diameter_um, group_index)


def mode_number(wavelength_nm: Q, disc_diameter_um: Q, effective_index: Q) -> Q:
    """Wavelengths around the rim of a disc, not rounded: π D n_eff / λ.

    Args:
        wavelength_nm: vacuum wavelength, > 0.
        disc_diameter_um: > 0.
        effective_index: of the mode, 1 to 5.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: standard resonator relation.
    """
    wavelength = positive(wavelength_nm, "wavelength_nm")
    diameter_nm = positive(disc_diameter_um, "disc_diameter_um") * 1000.0
    number = np.pi * diameter_nm * refractive_index(effective_index, "effective_index") / wavelength
    return same_kind(number, wavelength_nm, disc_diameter_um, effective_index)


def quality_factor(wavelength_nm: Q, linewidth_nm: Q) -> Q:
    """Quality factor of a resonance: λ / δλ, with its full width at half maximum.

    Raises:
        ParameterError: NaN, ≤ 0, or a line as wide as its wavelength.

    Source: definition.
    """
    wavelength = positive(wavelength_nm, "wavelength_nm")
    width = positive(linewidth_nm, "linewidth_nm")
    require(width < wavelength, "linewidth_nm must be below wavelength_nm")
    return same_kind(wavelength / width, wavelength_nm, linewidth_nm)


def mode_shift_nm(
    wavelength_nm: Q, disc_diameter_um: Q, effective_index: Q, group_index: Q, diameter_change_um: Q
) -> Q:
    """How far a mode moves when the diameter changes, nm: λ (n_eff/n_g) (ΔD/D); red for a larger disc.

    Args:
        wavelength_nm: vacuum wavelength, > 0.
        disc_diameter_um: > 0.
        effective_index: of the mode, 1 to 5.
        group_index: 1 to 20.
        diameter_change_um: either sign, smaller than the diameter.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: standard resonator relation, first order in ΔD/D.
    """
    wavelength = positive(wavelength_nm, "wavelength_nm")
    diameter = positive(disc_diameter_um, "disc_diameter_um")
    change = finite(diameter_change_um, "diameter_change_um")
    require(np.abs(change) < diameter, "diameter_change_um must be smaller than the diameter")
    index_ratio = refractive_index(effective_index, "effective_index") / _group(group_index)
    shift = wavelength * index_ratio * change / diameter
    return same_kind(shift, wavelength_nm, disc_diameter_um, effective_index, group_index, diameter_change_um)


def _group(group_index: Q) -> FloatArray:
    # Near an exciton the group index reaches several times the phase index; 20 bounds slips of the keyboard.
    return within(group_index, "group_index", 1.0, 20.0)
