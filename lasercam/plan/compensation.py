"""Pulse energy by depth: what a job says of it, as a law, and what a recipe cannot say beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, ParameterError, Problem
from lasercam.model.job import CompensationText, RecipeText
from lasercam.model.machine import Machine
from lasercam.process.depth_energy import MOST_PATHS, DepthEnergies, attenuated_energy_uj
from lasercam.process.inverse import ENERGY_KEYS
from lasercam.process.outcome_inverse import OUTCOMES
from lasercam.units import LENGTH, format_quantity

UNFIT_KEYS = ("fluence", "average_power", "line_dose", *OUTCOMES)
"""Keys of a recipe that hold at one energy only."""

Tables = Mapping[str, DepthEnergies]
"""Tables of energies by the name of their file in the job."""


@dataclass(frozen=True, eq=False)
class Law:
    """What energy is wanted at which depth.

    Attributes:
        text: as the job says it.
        table: the lab's table; None for the formula.
    """

    text: CompensationText
    table: DepthEnergies | None

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two laws the same; recipes of the same law share its levels."""
        return (self.text.file, self.text.attenuation_length, self.text.reference_depth, self.text.tolerance)

    @property
    def bends_um(self) -> NDArray[np.float64]:
        """float64 (B,), rising: depths between which the energy only rises or only falls."""
        return np.zeros(0) if self.table is None else self.table.depth_um

    @property
    def words(self) -> str:
        """What it rests on, for tables of values."""
        at = self.text.reference_depth
        relative = f" relative to {format_quantity(at, LENGTH)}" if at is not None else ""
        if self.table is not None:
            return f"'{self.table.name}'{relative}, {self.text.source}"
        length = format_quantity(self.text.attenuation_length or 0.0, LENGTH)
        return f"E exp(z / {length}){relative}, {self.text.source}"

    def energies_uj(self, base_uj: float, depth_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy wanted at each depth, µJ.

        Args:
            base_uj: of the recipe at the reference depth; unread where the table gives the energies themselves.
            depth_um: float64 (D,).

        Raises:
            ParameterError: a depth (or the reference) outside the table, or where no light comes.
        """
        if self.text.is_absolute and self.table is not None:
            return self.table.energies_uj(depth_um)
        reference = np.array([self.text.reference_depth or 0.0])
        return base_uj * self._shares(depth_um) / self._shares(reference)

    def _shares(self, depth_um: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.table is not None:
            return self.table.energies_uj(depth_um)
        length = self.text.attenuation_length or 0.0
        deepest, most = float(depth_um.max(initial=0.0)), MOST_PATHS * length
        if deepest > most:
            found, near = format_quantity(deepest, LENGTH), format_quantity(most, LENGTH)
            raise ParameterError(
                f"{found} is {deepest / length:.4g} attenuation lengths of {format_quantity(length, LENGTH)} deep, "
                f"where no light comes; at most {MOST_PATHS:g} are allowed, {near}. Write less deep, or measure the "
                "length anew."
            )
        return np.asarray(attenuated_energy_uj(1.0, depth_um, length), np.float64)


def law_of(chain: Sequence[RecipeText], tables: Tables) -> Law | None:
    """The law of a recipe and those it is like, itself first; None where its energy does not follow the depth.

    An energy that is said nearer takes the place of a table of energies said farther along.
    """
    is_said = False
    for text in chain:
        found = text.compensation
        if found is not None:
            replaced = is_said and found.is_absolute
            return None if replaced else Law(found, tables[found.file] if found.file is not None else None)
        is_said = is_said or any(getattr(text, key) is not None for key in ENERGY_KEYS)
    return None


def placeholder_uj(text: RecipeText, tables: Tables) -> tuple[float, ...] | None:
    """The pulse energy that stands for a table's energies until depths are known; None where no table gives them."""
    found = text.compensation
    if found is None or found.file is None or not found.is_absolute:
        return None
    return (float(tables[found.file].energy_uj[0]),)


def refuse_unfit(
    name: str,
    chain: Sequence[RecipeText],
    written: Mapping[str, tuple[float, ...]],
    machine: Machine,
    locate: Callable[..., Location],
) -> None:
    """Refuse what does not go together with energies that follow the depth.

    Raises:
        InputError: a continuous laser; an energy beside a table of energies; or a result that one energy only gives.
    """
    text = next((t for t in chain if t.compensation is not None), None)
    if text is None or text.compensation is None:
        return
    place = locate("recipes", name, "compensation")
    if machine.laser.is_cw:
        message = (
            f"recipe '{name}' compensates pulse energy, but the laser of {machine.machine} is continuous and has no "
            "pulses"
        )
        raise InputError(Problem(message, place, "Give each depth a pattern and a recipe with its own average_power."))
    twice = [key for key in ENERGY_KEYS if getattr(text, key) is not None] if text.compensation.is_absolute else []
    if twice:
        message = f"recipe '{name}' gives {twice[0]} beside a compensation whose table gives the energies themselves"
        hint = "Remove it, or say at which `reference_depth` it holds: then the table's ratios are used."
        raise InputError(Problem(message, locate("recipes", name, twice[0]), hint))
    unfit = [key for key in UNFIT_KEYS if key in written]
    if unfit:
        message = (
            f"recipe '{name}' has {' and '.join(unfit)} and a compensation: with an energy for each depth, "
            f"{'they' if len(unfit) > 1 else 'it'} would hold at one depth only"
        )
        hint = "Give `pulse_energy` at a `reference_depth` instead, and `speed`, `exposure` or `pulses`."
        raise InputError(Problem(message, locate("recipes", name, unfit[0]), hint))
