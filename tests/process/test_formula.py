"""Formulas of halides."""

import pytest

from lasercam.errors import ParameterError
from lasercam.process.formula import atoms, charge, molar_mass_g_mol


@pytest.mark.parametrize(
    ("formula", "total"),
    [
        ("CsPbBr3", 0), ("CsPb(Br0.5I0.5)3", 0), ("CsPbBr1.5I1.5", 0), ("FAPbBr3", 0), ("MAPbI3", 0), ("CsPb2Br5", 0),
        ("Cs4PbBr6", 0), ("CsPbBr0.4I0.6", 2), ("CsPbBr4", -1),
    ],
)  # fmt: skip
def test_charges(formula, total):
    assert charge(formula) == pytest.approx(total)


def test_molar_masses_of_the_printed_salts():
    assert molar_mass_g_mol("CsBr") == pytest.approx(212.81, abs=0.02)
    assert molar_mass_g_mol("PbBr2") == pytest.approx(367.01, abs=0.02)
    assert molar_mass_g_mol("MAPbI3") == pytest.approx(619.97, abs=0.05)


def test_unknown_charges_are_not_guessed():
    assert charge("CH3NH3PbI3") is None


@pytest.mark.parametrize("formula", ["", "CsPbBrxI1-x", "CsPb(Br3", "CsPb)3", "cspbbr3", "XePb", "C" * 90])
def test_what_is_no_formula_is_refused(formula):
    with pytest.raises(ParameterError):
        atoms(formula)
