"""Energy times rate is power; and a number a thousand times too large is usually a prefix."""

from collections.abc import Callable, Iterable
from math import inf, log10
from typing import ClassVar

from lasercam.checks.material import SURFACE_MATERIALS
from lasercam.checks.parameters import Amount, amounts, show
from lasercam.checks.tally import finding, recipe_place
from lasercam.checks.usage import RecipeCheck, Use
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS, Window
from lasercam.model.recipe import Recipe
from lasercam.process.dose import average_power_uw, power_mismatch, pulse_energy_from_power_uj, rep_rate_from_power_hz

MAX_MISMATCH = 0.05
"""Share of the power by which energy times rate may miss it."""

MAX_SURFACE_FLUENCE_J_CM2 = 1e4
"""No film or surface is written with more in one pulse; tight foci inside glass reach it on paper."""

_DECADES = 3.0
_SLIP = 0.25  # decades by which a slipped prefix may still miss the known value


class Power(RecipeCheck):
    """Judges whether the numbers of a recipe can belong together."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_POWER_IDENTITY",
            Severity.ERROR,
            "Pulse energy times repetition rate is not the stated power",
            "The average power of a pulse train is P = E f, exactly, when all three are taken at the same place (on "
            "the sample) and after the pulse picker. A recipe that states all three must agree within 5 % of the "
            "power: more than a good meter errs, less than any useful choice. A published optimum of 200 µJ, 10 kHz "
            "and 500 mW fails it: 200 µJ × 10 kHz = 2 W, 500 mW / 10 kHz = 50 µJ, 500 mW / 200 µJ = 2.5 kHz. Nothing "
            "is corrected: the program cannot know which of the three was read wrongly, before which optics. Measure "
            "the power at the sample, decide, and state two of the three, or three that agree. It cannot be waived.",
            "definition of power; conflict as printed in 10.1002/lpor.202401258",
        ),
        CodeInfo(
            "E_UNIT_MAGNITUDE",
            Severity.ERROR,
            "A value is off by a factor of a thousand or more",
            "A value that is at least three decades away from the one the process states, and would match it after a "
            "change of prefix (n, µ, m, k, M, G: a power of 1000, within a factor of 1.8), is most probably a slip: "
            "50 mJ for 50 µJ. Printed sources do it too: a degradation threshold of "
            "5 to 10 MJ/cm² stands where mJ/cm² is meant, a factor of 10⁹. Also, a fluence of one pulse above "
            "10⁴ J/cm² on a film or a surface is refused; tight foci inside glass reach it on paper. Correct "
            "the prefix. A sweep that spans decades on purpose may waive it with that reason.",
            "10.1002/adom.202202407 prints MJ/cm² for mJ/cm²",
            can_waive=True,
        ),
    )

    def end(self) -> Iterable[Finding]:
        """Judge the recipes that are used."""
        header = self._context.header
        for index, use in self._usage.recipes().items():
            recipe = header.recipes[index]
            machine = self._machine(use)
            self._identity(recipe)
            self._magnitudes(recipe, use, machine)
        return self._members.findings()

    def _identity(self, recipe: Recipe) -> None:
        power, laser = recipe.average_power_uw, recipe.laser
        if power is None or laser.is_cw:
            return
        mismatch = power_mismatch(laser.pulse_energy_uj, laser.rep_rate_hz, power)
        if mismatch <= MAX_MISMATCH:
            return

        def say(count: int) -> Finding:
            return finding(
                self.codes[0],
                f"recipe '{recipe.label}': {three_readings(recipe)}",
                f"recipes.{recipe.name}",
                recipe_place(self._context, recipe.name, "average_power"),
                value=mismatch,
                limit=MAX_MISMATCH,
                count=count,
                hint="Measure the power at the sample and state two of the three, or three that agree.",
            )

        self._members.add(recipe.name, "E_POWER_IDENTITY", "average_power", mismatch, say, recipe.member)

    def _magnitudes(self, recipe: Recipe, use: Use, machine: Machine) -> None:
        process = self._context.processes.get(recipe.process)
        if process is None:
            return
        known = amounts(recipe, machine, use)
        for name, window in process.parameters.items():
            if name in known and known[name].how is None:
                self._prefix(recipe, known[name], window)
        fluence = known.get("fluence")
        surface = "film_thickness" in process.parameters or self._context.job.sample.material in SURFACE_MATERIALS
        limit = MAX_SURFACE_FLUENCE_J_CM2
        if fluence is not None and surface and fluence.value > limit:
            text = f"of one pulse on a film or surface; more than {show('fluence', limit)} is never meant"
            self._wrong(recipe, fluence, fluence.value, limit, lambda: f"{fluence.shown} {text}", "surface")

    def _prefix(self, recipe: Recipe, amount: Amount, window: Window) -> None:
        points = [v for v in (window.typ, *(c[0] for c in window.candidates), window.min, window.max) if v is not None]
        if not points or amount.value <= 0 or any(v <= 0 for v in points):
            return
        is_bounded = window.min is not None or window.max is not None
        if is_bounded and (window.min or 0.0) <= amount.value <= (window.max or inf):
            return
        # Decades of the value from each known point; a slip is near a power of 1000 away, and near to none of them.
        away = {point: log10(amount.value / point) for point in points}
        known = min(points, key=lambda p: abs(away[p] - _DECADES * (round(away[p] / _DECADES) or inf)))
        decades, swaps = away[known], round(away[known] / _DECADES)
        is_near = min(abs(d) for d in away.values()) < _DECADES - 1.0
        if is_near or not swaps or abs(decades - _DECADES * swaps) > _SLIP:
            return

        def text() -> str:
            other = show(amount.name, amount.value / 1000.0**swaps)
            return (
                f"{amount.name.replace('_', ' ')} {amount.shown} is a factor of 10^{decades:.1f} away from "
                f"{show(amount.name, known)}; with another prefix it would be {other}"
            )

        self._wrong(recipe, amount, abs(decades), known, text)

    def _wrong(
        self, recipe: Recipe, amount: Amount, badness: float, limit: float, text: Callable[[], str], topic: str = ""
    ) -> None:
        def say(count: int) -> Finding:
            return finding(
                self.codes[1],
                f"recipe '{recipe.label}': {text()}",
                f"recipes.{recipe.name}",
                recipe_place(self._context, recipe.name, amount.name),
                value=amount.value,
                limit=limit,
                unit=PARAMETERS[amount.name].unit,
                count=count,
                hint="Correct the prefix of the unit.",
            )

        self._members.add(recipe.name, "E_UNIT_MAGNITUDE", topic or amount.name, badness, say, recipe.member)


def three_readings(recipe: Recipe) -> str:
    """The conflict of energy, rate and power, read in all three ways."""
    laser, power = recipe.laser, recipe.average_power_uw or 0.0
    e, f, p = (
        show("pulse_energy", laser.pulse_energy_uj),
        show("repetition_rate", laser.rep_rate_hz),
        show("average_power", power),
    )
    product = show("average_power", average_power_uw(laser.pulse_energy_uj, laser.rep_rate_hz))
    energy = show("pulse_energy", pulse_energy_from_power_uj(power, laser.rep_rate_hz))
    rate = show("repetition_rate", rep_rate_from_power_hz(power, laser.pulse_energy_uj))
    return f"{e} × {f} = {product}, not {p}; {p} / {f} = {energy}; {p} / {e} = {rate}"
