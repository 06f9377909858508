"""Thermally activated diffusion during a heat treatment.

The activation energy decides everything and is not known for these glasses; the published 0.2 eV belong to iodide in
the perovskite itself.
"""

import numpy as np

from lasercam.process.constants import BOLTZMANN_EV_K
from lasercam.process.quantity import FloatArray, Q, kelvin, positive, same_kind


def activated_diffusivity_um2_s(prefactor_um2_s: Q, activation_ev: Q, temperature_c: Q) -> Q:
    """Diffusivity at a temperature, µm²/s: D0 exp(−Ea / (k_B T)).

    Args:
        prefactor_um2_s: D0, > 0.
        activation_ev: activation energy Ea, > 0.
        temperature_c: above absolute zero.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: Arrhenius law; for perovskites 10.29026/oes.2022.220014.
    """
    prefactor = positive(prefactor_um2_s, "prefactor_um2_s")
    energy = positive(activation_ev, "activation_ev")
    exponent = energy / (BOLTZMANN_EV_K * kelvin(temperature_c, "temperature_c"))
    return same_kind(prefactor * np.exp(-exponent), prefactor_um2_s, activation_ev, temperature_c)


def diffusivity_ratio(activation_ev: Q, from_temperature_c: Q, to_temperature_c: Q) -> Q:
    """How many times faster an activated process runs at the second temperature.

    >>> round(diffusivity_ratio(0.2, 200.0, 550.0), 2)
    8.05

    Args:
        activation_ev: activation energy Ea, > 0.
        from_temperature_c: above absolute zero.
        to_temperature_c: above absolute zero.

    Raises:
        ParameterError: NaN, outside the ranges above, or a ratio that overflows.

    Source: Arrhenius law.
    """
    start_k = kelvin(from_temperature_c, "from_temperature_c")
    end_k = kelvin(to_temperature_c, "to_temperature_c")
    ratio = _speed_up(activation_ev, start_k, end_k)
    return same_kind(ratio, activation_ev, from_temperature_c, to_temperature_c)


def equivalent_time_s(time_s: Q, activation_ev: Q, from_temperature_c: Q, to_temperature_c: Q) -> Q:
    """Time at the second temperature that does what `time_s` does at the first, s.

    It is t1 exp[(Ea/k_B) (1/T2 − 1/T1)], for one activated process.

    Args:
        time_s: at the first temperature, > 0.
        activation_ev: activation energy Ea, > 0.
        from_temperature_c: above absolute zero.
        to_temperature_c: above absolute zero.

    Raises:
        ParameterError: NaN, outside the ranges above, or a time that overflows.

    Source: Arrhenius law.
    """
    start_k = kelvin(from_temperature_c, "from_temperature_c")
    end_k = kelvin(to_temperature_c, "to_temperature_c")
    time = positive(time_s, "time_s") * _speed_up(activation_ev, end_k, start_k)
    return same_kind(time, time_s, activation_ev, from_temperature_c, to_temperature_c)


def _speed_up(activation_ev: Q, start_k: FloatArray, end_k: FloatArray) -> FloatArray:
    scale = positive(activation_ev, "activation_ev") / BOLTZMANN_EV_K
    with np.errstate(over="ignore"):  # same_kind refuses what overflowed
        return np.asarray(np.exp(scale * (end_k - start_k) / (start_k * end_k)))
