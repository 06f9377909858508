"""Few energies for many depths: the operator acts once per energy, so depths that nearly agree share one."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import ParameterError
from lasercam.units import ENERGY, format_quantity

_EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class EnergyLevels:
    """Energies that are set, and which each depth is written with.

    Attributes:
        energy_uj: float64 (L,), rising.
        level: int64 (M,), index into `energy_uj` for each wanted energy.
    """

    energy_uj: NDArray[np.float64]
    level: NDArray[np.int64]


def energy_levels(wanted_uj: NDArray[np.float64], tolerance: float, step_uj: float | None = None) -> EnergyLevels:
    """The fewest energies of which each wanted one is near enough to one.

    Args:
        wanted_uj: float64 (M,), > 0.
        tolerance: largest deviation of what is set from what is wanted, as a share of it: 0 (exact) to below 1.
        step_uj: smallest step that can be set: energies are its multiples; None = any.

    Raises:
        ParameterError: a tolerance out of range, or a wanted energy with no multiple of the step near enough; the
            nearest multiples are named.
    """
    if not 0.0 <= tolerance < 1.0:
        raise ParameterError(f"tolerance is {tolerance:g}; allowed: 0 up to but not including 1.")
    order = np.argsort(wanted_uj, kind="stable")
    sorted_uj = wanted_uj[order]
    level = np.zeros(len(wanted_uj), np.int64)
    energies: list[float] = []
    first = 0
    while first < len(sorted_uj):
        chosen = _shared(float(sorted_uj[first]), float(sorted_uj[first]), tolerance, step_uj)
        if chosen is None:
            raise _unreachable(float(sorted_uj[first]), tolerance, step_uj or 0.0)
        last = first
        while last + 1 < len(sorted_uj):
            wider = _shared(float(sorted_uj[first]), float(sorted_uj[last + 1]), tolerance, step_uj)
            if wider is None:
                break
            chosen, last = wider, last + 1
        level[order[first : last + 1]] = len(energies)
        energies.append(chosen)
        first = last + 1
    return EnergyLevels(np.array(energies), level)


def _shared(least: float, most: float, tolerance: float, step: float | None) -> float | None:
    """An energy within the tolerance of both and so of all between, as far from either as from the other."""
    low, high = most * (1.0 - tolerance), least * (1.0 + tolerance)
    if low > high * (1.0 + _EXACT):
        return None
    middle = 2.0 * least * most / (least + most)
    if step is None:
        return middle
    multiples = [k * step for k in (math.floor(middle / step), math.floor(middle / step) + 1) if k > 0]
    near = [m for m in multiples if low * (1.0 - _EXACT) <= m <= high * (1.0 + _EXACT)]
    return min(near, key=lambda m: abs(m - middle), default=None)


def _unreachable(wanted: float, tolerance: float, step: float) -> ParameterError:
    below = math.floor(wanted / step) * step
    near = " or ".join(format_quantity(m, ENERGY) for m in (below, below + step) if m > 0)
    return ParameterError(
        f"{format_quantity(wanted, ENERGY)} is wanted to {tolerance:.3g} of it, and energies are set in steps of "
        f"{format_quantity(step, ENERGY)}; the nearest are {near}. Allow a larger tolerance, or set finer steps."
    )
