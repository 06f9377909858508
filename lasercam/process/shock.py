"""Pressure that an intense pulse exerts on a film: two models, both orders of magnitude only.

They describe different situations (a mass that is pushed, a plasma between two walls) and do not agree in general.
"""

from typing import Final

import numpy as np

from lasercam.process.quantity import Q, fraction, positive, same_kind

_W_M2_PER_W_CM2: Final = 1e4
_GW_PER_W: Final = 1e-9


def driven_pressure_gpa(areal_mass_kg_m2: Q, thermal_share: Q, irradiance_w_cm2: Q, pulse_fs: Q) -> Q:
    """Pressure on a mass pushed by a pulse, GPa: √(m α I0 / (2 τ (α + 1))).

    The source calls m a mass; only an areal mass gives a pressure.

    Args:
        areal_mass_kg_m2: > 0.
        thermal_share: α, share of the plasma's energy that is thermal, between 0 and 1.
        irradiance_w_cm2: peak, > 0.
        pulse_fs: full width at half maximum, > 0.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: 10.29026/oes.2022.220014 and the work it cites there, units corrected.
    """
    mass = positive(areal_mass_kg_m2, "areal_mass_kg_m2")
    share = fraction(thermal_share, "thermal_share")
    irradiance = positive(irradiance_w_cm2, "irradiance_w_cm2") * _W_M2_PER_W_CM2
    duration_s = positive(pulse_fs, "pulse_fs") * 1e-15
    pressure_pa = np.sqrt(mass * share * irradiance / (2.0 * duration_s * (share + 1.0)))
    return same_kind(pressure_pa * 1e-9, areal_mass_kg_m2, thermal_share, irradiance_w_cm2, pulse_fs)


def confined_pressure_gpa(thermal_share: Q, impedance_g_cm2_s: Q, irradiance_w_cm2: Q) -> Q:
    """Pressure of a plasma confined between two walls, GPa: 0.01 √(α/(2α + 3)) √(Z I0[GW/cm²]).

    Args:
        thermal_share: α, share of the plasma's energy that is thermal, between 0 and 1.
        impedance_g_cm2_s: shock impedance of the walls, g/(cm² s), > 0.
        irradiance_w_cm2: > 0.

    Raises:
        ParameterError: NaN or outside the ranges above.

    Source: R. Fabbro et al., J. Appl. Phys. 68, 775 (1990), 10.1063/1.346783; cited from memory.
    """
    share = fraction(thermal_share, "thermal_share")
    impedance = positive(impedance_g_cm2_s, "impedance_g_cm2_s")
    irradiance = positive(irradiance_w_cm2, "irradiance_w_cm2") * _GW_PER_W
    pressure = 0.01 * np.sqrt(share / (2.0 * share + 3.0)) * np.sqrt(impedance * irradiance)
    return same_kind(pressure, thermal_share, impedance_g_cm2_s, irradiance_w_cm2)
