"""Pulse energy against depth: what the lab measured, or what an attenuation length says, and what a window allows."""

import csv
import io
import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, ParameterError, Problem, QuantityError, shorten
from lasercam.process.quantity import Q, not_negative, positive, require, same_kind
from lasercam.units import ENERGY, LENGTH, format_quantity, parse_quantity

MOST_ROWS: Final = 10_000
_HEAD: Final = re.compile(r"\s*(\w+)\s*\[\s*([^\]]{1,10})\s*\]\s*")
_COLUMNS: Final = (("depth", LENGTH, "um"), ("pulse_energy", ENERGY, "uJ"))
_EXAMPLE: Final = "depth [um], pulse_energy [uJ]"
_EXACT: Final = 1e-9
MOST_PATHS: Final = 20.0
"""Attenuation lengths behind which 2·10⁻⁹ of the light is left."""


@dataclass(frozen=True, eq=False)
class DepthEnergies:
    """Energies on target that write alike at different depths.

    Attributes:
        name: of the table, for messages.
        depth_um: float64 (N,), rising, N ≥ 2.
        energy_uj: float64 (N,), > 0.
    """

    name: str
    depth_um: NDArray[np.float64]
    energy_uj: NDArray[np.float64]

    def energies_uj(self, depth_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy at each depth, linear between measured ones.

        Args:
            depth_um: float64 (M,).

        Raises:
            ParameterError: a depth outside the table; the nearest measured one is named.
        """
        least, most = float(self.depth_um[0]), float(self.depth_um[-1])
        margin = _EXACT * most
        outside = (depth_um < least - margin) | (depth_um > most + margin)
        if np.any(outside):
            found = float(depth_um[outside][0])
            near = least if found < least else most
            raise ParameterError(
                f"'{self.name}' holds energies from {_length(least)} to {_length(most)} of depth, and {_length(found)} "
                f"is asked for; the nearest that was measured is {_length(near)}. Measure further, or write less deep."
            )
        return np.interp(depth_um, self.depth_um, self.energy_uj)


def read_depth_energies(content: bytes, name: str) -> DepthEnergies:
    """A CSV table: a head `depth [um], pulse_energy [uJ]` (any units of length and energy), then a row per depth.

    Empty lines and lines that begin with # are skipped.

    Raises:
        InputError: no such table, numbers that are none or not above zero, or depths that do not rise; with its line.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _problem(name, 1, "is no text in UTF-8", f"Save it as CSV with a head line '{_EXAMPLE}'.") from error
    kept = [(i, text) for i, text in enumerate(lines, 1) if text.strip() and not text.lstrip().startswith("#")]
    if not kept:
        raise _problem(name, 1, "is empty", f"Begin with '{_EXAMPLE}'.")
    scale = _scales(name, *kept[0])
    if not 2 <= len(kept) - 1 <= MOST_ROWS:
        raise _problem(name, kept[0][0], f"has {len(kept) - 1:,} rows; 2 to {MOST_ROWS:,} are allowed", "")
    points = np.array([_row(name, i, text) for i, text in kept[1:]]) * scale
    fallen = np.flatnonzero(np.diff(points[:, 0]) <= 0)
    if len(fallen):
        line = kept[2 + int(fallen[0])][0]
        raise _problem(name, line, "has a depth that does not rise from row to row", "Sort it; one energy per depth.")
    depth, energy = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    for array in (depth, energy):
        array.flags.writeable = False
    return DepthEnergies(name, depth, energy)


def attenuated_energy_uj(pulse_energy_uj: Q, depth_um: Q, attenuation_length_um: Q) -> Q:
    """Energy at the surface that leaves the given energy at a depth, µJ: E exp(z / L).

    >>> round(attenuated_energy_uj(10.0, 200.0, 2000.0), 3)
    11.052

    Args:
        pulse_energy_uj: wanted at the focus, > 0.
        depth_um: of the focus, ≥ 0.
        attenuation_length_um: in which the sample takes all but 1/e of the light at this wavelength, > 0.

    Raises:
        ParameterError: NaN, outside the ranges above, or deeper than 20 attenuation lengths.

    Source: Beer and Lambert's law, linear absorption and scattering only; the length is the lab's to cite.
    """
    energy = positive(pulse_energy_uj, "pulse_energy_uj")
    paths = not_negative(depth_um, "depth_um") / positive(attenuation_length_um, "attenuation_length_um")
    require(paths <= MOST_PATHS, f"depth_um must be at most {MOST_PATHS:g} attenuation lengths: no light comes deeper")
    return same_kind(energy * np.exp(paths), pulse_energy_uj, depth_um, attenuation_length_um)


def refuse_outside(
    depth_um: NDArray[np.float64], energy_uj: NDArray[np.float64], low_uj: float, high_uj: float, whose: str
) -> None:
    """Passes when all compensated energies can be used.

    Args:
        depth_um, energy_uj: float64 (M,).
        low_uj, high_uj: what is allowed, both included.
        whose: limits these are: "the window of glass_bri_lines", "machine fs1030-linuxcnc".

    Raises:
        ParameterError: some energy lies outside; the shallowest such depth is named.
    """
    bad = (energy_uj < low_uj * (1 - _EXACT)) | (energy_uj > high_uj * (1 + _EXACT))
    if not np.any(bad):
        return
    at = int(np.flatnonzero(bad)[np.argmin(depth_um[bad])])
    found, near = float(energy_uj[at]), low_uj if energy_uj[at] < low_uj else high_uj
    raise ParameterError(
        f"{_length(float(depth_um[at]))} deep the compensation asks for {_energy(found)}; {whose} allows "
        f"{_energy(low_uj)} to {_energy(high_uj)}. The nearest is {_energy(near)}: write no deeper than that reaches."
    )


def _scales(name: str, line: int, head: str) -> NDArray[np.float64]:
    """Internal units per number of each column."""
    cells = head.split(",")
    found = [_HEAD.fullmatch(cell) for cell in cells]
    names = [match[1].lower() if match else "" for match in found]
    if names != [column for column, _, _ in _COLUMNS]:
        raise _problem(name, line, f"begins with '{shorten(head)}'", f"Begin with '{_EXAMPLE}'.")
    try:
        units = [match[2] for match in found if match]
        return np.array([parse_quantity(f"1 {u}", d) for u, (_, d, _) in zip(units, _COLUMNS, strict=True)])
    except QuantityError as error:
        raise _problem(name, line, f"has a unit that is none here: {error}", f"Begin with '{_EXAMPLE}'.") from error


def _row(name: str, line: int, text: str) -> tuple[float, float]:
    try:
        cells = next(csv.reader(io.StringIO(text)))
        depth, energy = (float(cell) for cell in cells)
    except (ValueError, csv.Error, StopIteration) as error:
        raise _problem(name, line, f"holds '{shorten(text)}'", "Write two numbers: depth, energy.") from error
    if not (0 <= depth < 1e12 and 0 < energy < 1e12):
        raise _problem(name, line, f"holds '{shorten(text)}'", "Depths are 0 or more, energies above 0.")
    return depth, energy


def _problem(name: str, line: int, text: str, hint: str) -> InputError:
    return InputError(Problem(f"the table of energies '{shorten(name)}' {text}", Location(name, line, 1), hint))


def _length(value: float) -> str:
    return format_quantity(value, LENGTH)


def _energy(value: float) -> str:
    return format_quantity(value, ENERGY)
