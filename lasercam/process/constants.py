"""Numbers that formulas may be given, each with how far it can be trusted.

No formula of this room uses one of the `Constant`s by itself: a caller passes it on, and so decides to trust
it. Only the exact constants of the SI are plain numbers.
"""

from dataclasses import dataclass
from typing import Final, Literal

PLANCK_J_S: Final = 6.62607015e-34
"""Planck constant. Source: exact in the SI (BIPM, 2019)."""

LIGHT_SPEED_M_S: Final = 299_792_458.0
"""Speed of light. Source: exact in the SI (BIPM, 2019)."""

ELEMENTARY_CHARGE_C: Final = 1.602176634e-19
"""Elementary charge. Source: exact in the SI (BIPM, 2019)."""

BOLTZMANN_J_K: Final = 1.380649e-23
"""Boltzmann constant. Source: exact in the SI (BIPM, 2019)."""

BOLTZMANN_EV_K: Final = BOLTZMANN_J_K / ELEMENTARY_CHARGE_C
"""Boltzmann constant in eV/K. Source: quotient of exact SI constants."""


@dataclass(frozen=True)
class Constant:
    """A number that is not exact: a property of a material or a convention.

    Attributes:
        value: in `unit`.
        unit: as printed in a report; "1" for a ratio.
        confidence: "stated" is printed in the source, "derived" follows from stated numbers by arithmetic,
            "assumed" is a usual value that was not looked up.
        source: DOI or other place where it can be checked.
    """

    value: float
    unit: str
    confidence: Literal["stated", "derived", "assumed"]
    source: str


_UNCHECKED = "usual textbook value, cited from memory; check before relying on it"
_LEE_2017 = "10.1073/pnas.1711744114 (nanowires)"
_LORENC_2023 = "arXiv:2312.04946, near 1 µm"
_TAN_2022 = "10.29026/oes.2022.220014"
_XIAO_2024 = "10.1002/lpor.202401258"

BOROSILICATE_CONDUCTIVITY: Final = Constant(1.14, "W/m/K", "assumed", _UNCHECKED)
BOROSILICATE_DENSITY: Final = Constant(2230.0, "kg/m^3", "assumed", _UNCHECKED)
BOROSILICATE_HEAT_CAPACITY: Final = Constant(830.0, "J/kg/K", "assumed", _UNCHECKED)
BOROSILICATE_INDEX: Final = Constant(1.5, "1", "assumed", _UNCHECKED)

SILICA_INDEX: Final = Constant(1.45, "1", "assumed", _UNCHECKED)
SILICA_KERR_INDEX: Final = Constant(2.2e-20, "m^2/W", "assumed", _UNCHECKED)

CSPBBR3_CONDUCTIVITY: Final = Constant(0.42, "W/m/K", "stated", f"{_LEE_2017}; ± 0.04")
CSPBBR3_DENSITY: Final = Constant(4830.0, "kg/m^3", "assumed", _UNCHECKED)
CSPBBR3_HEAT_CAPACITY: Final = Constant(215.1, "J/kg/K", "derived", "Dulong–Petit rule, 15 R / M of CsPbBr3")
CSPBBR3_INDEX: Final = Constant(1.9, "1", "assumed", f"at 1 µm; {_UNCHECKED}")
CSPBBR3_KERR_INDEX: Final = Constant(2.1e-18, "m^2/W", "stated", _LORENC_2023)
CSPBBR3_MODE_INDEX: Final = Constant(2.0, "1", "assumed", f"effective index of a disc mode; {_UNCHECKED}")
CSPBBR3_GROUP_INDEX: Final = Constant(3.5, "1", "assumed", f"group index of a disc mode; {_UNCHECKED}")
CSPBI3_CONDUCTIVITY: Final = Constant(0.45, "W/m/K", "stated", f"{_LEE_2017}; ± 0.05")
MAPBBR3_KERR_INDEX: Final = Constant(6e-19, "m^2/W", "stated", _LORENC_2023)

IODIDE_MIGRATION_ENERGY: Final = Constant(0.2, "eV", "stated", f"{_TAN_2022}; in perovskite, not glass")
INCUBATION_LOW: Final = Constant(0.8, "1", "assumed", f"lower end, common; {_UNCHECKED}")
INCUBATION_HIGH: Final = Constant(0.9, "1", "assumed", f"upper end, common; {_UNCHECKED}")
SHOCK_INTERNAL_SHARE: Final = Constant(0.1, "1", "stated", f"{_TAN_2022}; thermal share of plasma energy")
BEST_FOCUS_SHARE: Final = Constant(
    0.46, "1", "stated", "A. Laskin, abstract on focusing through a flat boundary; full text not read"
)

DUAL_PHASE_COOL_TREATMENT: Final = Constant(200.0, "degC", "stated", _XIAO_2024)
DUAL_PHASE_COOL_PEAK: Final = Constant(613.0, "nm", "stated", f"{_XIAO_2024}; red, 200 °C")
DUAL_PHASE_HOT_TREATMENT: Final = Constant(550.0, "degC", "stated", _XIAO_2024)
DUAL_PHASE_HOT_PEAK: Final = Constant(647.0, "nm", "stated", f"{_XIAO_2024}; red, 550 °C")
DUAL_PHASE_REWRITTEN_PEAK: Final = Constant(655.0, "nm", "stated", f"{_XIAO_2024}; red, second pass")
DUAL_PHASE_FILTER: Final = Constant(645.0, "nm", "stated", f"{_XIAO_2024}; kind of filter not said")
DUAL_PHASE_WIDTH: Final = Constant(40.0, "nm", "assumed", "for estimates; the source prints no width")
