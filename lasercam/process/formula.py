"""Chemical formulas of halides: how many of each atom, whether charges add up, what a mole weighs."""

import re
from types import MappingProxyType
from typing import Final

from lasercam.errors import ParameterError

_IONS: Final = MappingProxyType(
    {"Cs": 1, "Rb": 1, "K": 1, "Na": 1, "FA": 1, "MA": 1, "Pb": 2, "Sn": 2, "F": -1, "Cl": -1, "Br": -1, "I": -1}
)
"""Charges in halide perovskites and their precursors; FA and MA are the organic cations."""

_MASSES: Final = MappingProxyType(
    {
        "H": 1.008, "C": 12.011, "N": 14.007, "F": 18.998, "Na": 22.990, "Cl": 35.45, "K": 39.098, "Br": 79.904,
        "Rb": 85.468, "Sn": 118.71, "I": 126.90, "Cs": 132.91, "Pb": 207.2, "FA": 45.066, "MA": 32.066,
    }
)  # fmt: skip
"""Standard atomic weights, abridged, g/mol. Source: IUPAC CIAAW (2021); FA is CH5N2, MA is CH6N."""

_TOKEN = re.compile(r"(FA|MA|[A-Z][a-z]?)(\d{1,4}(?:\.\d{1,6})?)?|(\()|\)(\d{1,4}(?:\.\d{1,6})?)?")
_MAX_LENGTH = 80


def atoms(formula: str) -> dict[str, float]:
    """How many of each atom or organic cation a formula has.

    >>> atoms("CsPb(Br0.5I0.5)3")
    {'Cs': 1.0, 'Pb': 1.0, 'Br': 1.5, 'I': 1.5}

    Raises:
        ParameterError: not a formula with numbers only, or with elements that are not known here.
    """
    if not formula or len(formula) > _MAX_LENGTH:
        raise ParameterError(f"a formula has 1 to {_MAX_LENGTH} characters")
    levels: list[dict[str, float]] = [{}]
    at = 0
    while at < len(formula):
        match = _TOKEN.match(formula, at)
        if match is None:
            raise ParameterError(f"'{formula}' is no formula: '{formula[at:]}' is not understood (use numbers, no x)")
        at = match.end()
        if match[1]:
            if match[1] not in _MASSES:
                raise ParameterError(f"'{formula}': {match[1]} is not among {', '.join(_MASSES)}")
            levels[-1][match[1]] = levels[-1].get(match[1], 0.0) + float(match[2] or 1)
        elif match[3]:
            levels.append({})
        else:
            if len(levels) < 2:
                raise ParameterError(f"'{formula}' closes a bracket that was not opened")
            for atom, count in levels.pop().items():
                levels[-1][atom] = levels[-1].get(atom, 0.0) + count * float(match[4] or 1)
    if len(levels) != 1:
        raise ParameterError(f"'{formula}' leaves a bracket open")
    return levels[0]


def charge(formula: str) -> float | None:
    """Sum of the ions' charges per formula unit; None where an atom's charge is not known here.

    >>> charge("CsPbBr3"), charge("CsPbBr0.5I0.5")
    (0.0, 2.0)

    Raises:
        ParameterError: see atoms.
    """
    found = atoms(formula)
    if not set(found) <= set(_IONS):
        return None
    return sum(_IONS[atom] * count for atom, count in found.items())


def molar_mass_g_mol(formula: str) -> float:
    """Mass of a mole of formula units, g/mol.

    >>> round(molar_mass_g_mol("PbBr2"), 1)
    367.0

    Raises:
        ParameterError: see atoms.
    """
    return sum(_MASSES[atom] * count for atom, count in atoms(formula).items())
