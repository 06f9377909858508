"""What the laser can be set to: energies, rates behind the picker, pulse duration, and how often someone must."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar

from lasercam.checks.parameters import show
from lasercam.checks.tally import finding, info, place, recipe_place
from lasercam.checks.usage import RecipeCheck
from lasercam.errors import ParameterError
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.laser import EnergySetting, Laser, PowerSetting
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS
from lasercam.model.recipe import LaserSettings, Recipe
from lasercam.process.picker import nearest_dividers, picker_divider
from lasercam.process.set_point import recipe_set_point

_EXACT = 1e-9


def _by_hand(laser: LaserSettings, *, ours: bool) -> LaserSettings:
    """The settings of which a person must take care: not energy or power where program or adapter sets them."""
    return replace(laser, pulse_energy_uj=0.0, cw_power_uw=0.0) if ours else laser


class SourceLimits(RecipeCheck):
    """Judges the laser settings of every recipe that is used."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_ENERGY_RANGE",
            Severity.ERROR,
            "The pulse energy cannot be set",
            "The energy on target must lie between the `min` and `max` of the machine's `pulse_energy`, and be a "
            "multiple of its `step` where it has one. Another energy would be written than the recipe says, or the "
            "optics would be damaged. Nothing is rounded to the nearest level: choose one, the message names those "
            "on both sides.",
            "machine profile, `laser: pulse_energy`",
        ),
        CodeInfo(
            "E_POWER_RANGE",
            Severity.ERROR,
            "The power of continuous light cannot be set",
            "The power on target must lie between the `min` and `max` of the machine's `average_power`, and be a "
            "multiple of its `step` where it has one. Nothing is rounded to the nearest level: choose one, the message "
            "names those on both sides.",
            "machine profile, `laser: average_power`",
        ),
        CodeInfo(
            "E_SET_POINT",
            Severity.ERROR,
            "No setting of the machine gives this energy",
            "The profile's `scale` says what is set to get an energy: an angle by Malus' law, a linear word, or a "
            "measured table, with the transmission of the objective where amounts were measured before it. An energy "
            "outside the scale is not extrapolated, and one between two steps that are further away than `tolerance` "
            "is not rounded. The message names what can be reached.",
            "machine profile, `laser: pulse_energy: scale`",
        ),
        CodeInfo(
            "E_PICKER",
            Severity.ERROR,
            "The pulse picker cannot make this repetition rate",
            "A pulse picker passes every k-th pulse of the source: the rates it can make are base_rate / k for whole "
            "k from 1 to `max_divider`, and no others. With another rate, dose and pulse pitch differ from the "
            "recipe's. The message names the nearest rates that exist. Choose one of them and adapt energy or speed.",
            "machine profile, `laser: base_rate`, `max_divider`",
        ),
        CodeInfo(
            "E_PULSE_DURATION",
            Severity.ERROR,
            "The machine's pulses have another duration",
            "Pulse duration is a property of the machine's source: nothing in a job can change it. A recipe that "
            "states another one would be written with the machine's, at another peak power (0.94 E / τ). Remove "
            "`pulse_duration` from the recipe, correct the machine's profile when the compressor was set anew, or "
            "choose another machine.",
            "machine profile, `laser: pulse_duration`",
        ),
        CodeInfo(
            "E_OPERATOR_STOPS",
            Severity.ERROR,
            "Someone would have to change the laser too often",
            "Pulse energy and rate are set by a person between job files. Each change between neighbouring sections "
            "is a stop; more than `max_operator_stops` of the machine are refused, because hours of changes by hand "
            "end in a wrong one. Use fewer members in a recipe family, write with `order: by_setup` so that each "
            "setting comes once, or raise the limit in the machine's profile.",
            "machine profile, `max_operator_stops`",
        ),
    )

    def end(self) -> Iterable[Finding]:
        """Judge recipes, then the changes between sections."""
        for use in self._usage.uses():
            recipe = self._context.header.recipes[use.recipe]
            laser = self._machine(use).laser
            self._scale(recipe, self._machine(use))
            if laser.average_power is not None:
                power = recipe.laser.cw_power_uw
                self._level(recipe, "E_POWER_RANGE", "average_power", power, laser.average_power)
                continue
            if laser.pulse_energy is not None:
                energy = recipe.laser.pulse_energy_uj
                self._level(recipe, "E_ENERGY_RANGE", "pulse_energy", energy, laser.pulse_energy)
            self._rate(recipe, laser)
            self._duration(recipe, laser)
        return [*self._members.findings(), *self._stops()]

    def _level(self, recipe: Recipe, code: str, key: str, value: float, setting: EnergySetting | PowerSetting) -> None:
        """An energy or power that the operator sets."""
        shown, unit = show(key, value), PARAMETERS[key].unit
        if not setting.min * (1 - _EXACT) <= value <= setting.max * (1 + _EXACT):
            limit = setting.min if value < setting.min else setting.max
            low, high = show(key, setting.min), show(key, setting.max)
            text = f"{shown} lies outside what can be set, {low} to {high}"
            self._add(recipe, code, key, text, value, limit, unit, f"Choose {low} to {high}.")
        elif setting.step is not None:
            steps = value / setting.step
            if abs(steps - round(steps)) > 1e-6:
                below, above = (show(key, (int(steps) + i) * setting.step) for i in (0, 1))
                text = f"{shown} is no multiple of the step of {show(key, setting.step)}"
                nearest = round(steps) * setting.step
                self._add(recipe, code, key, text, value, nearest, unit, f"Choose {below} or {above}.")

    def _scale(self, recipe: Recipe, machine: Machine) -> None:
        """Whether what is set at the machine gives the recipe's energy or power."""
        try:
            recipe_set_point(recipe, machine)
        except ParameterError as error:
            key = "average_power" if machine.laser.is_cw else "pulse_energy"
            value = recipe.laser.cw_power_uw if machine.laser.is_cw else recipe.laser.pulse_energy_uj
            hint = "Choose an energy that can be set, or measure the scale of the machine's profile anew."
            self._add(recipe, "E_SET_POINT", key, str(error), value, 0.0, PARAMETERS[key].unit, hint)

    def _rate(self, recipe: Recipe, laser: Laser) -> None:
        rate, base = recipe.laser.rep_rate_hz, laser.base_rate
        if base is None:
            return
        if picker_divider(base, rate, laser.max_divider) is not None:
            return
        options = nearest_dividers(base, rate, laser.max_divider)
        near = " or ".join(f"{show('repetition_rate', base / k)} (every {k}. pulse)" for k in options)
        nearest = base / min(options, key=lambda k: abs(base / k - rate))
        text = (
            f"{show('repetition_rate', rate)} is not {show('repetition_rate', base)} / k with a whole k up to "
            f"{laser.max_divider:,}: k would be {base / rate:.6g}"
        )
        self._add(recipe, "E_PICKER", "repetition_rate", text, rate, nearest, "Hz", f"Choose {near}.")

    def _duration(self, recipe: Recipe, laser: Laser) -> None:
        wanted, given = recipe.laser.pulse_duration_fs, laser.pulse_duration
        if given is not None and abs(wanted - given) > _EXACT * given:
            text = f"asks for pulses of {show('pulse_duration', wanted)}; the machine's last "
            text += show("pulse_duration", given)
            hint = "Remove `pulse_duration` from the recipe, or choose another machine."
            self._add(recipe, "E_PULSE_DURATION", "pulse_duration", text, wanted, given, "fs", hint)

    def _add(
        self, recipe: Recipe, code: str, key: str, text: str, value: float, limit: float, unit: str, hint: str
    ) -> None:
        def say(count: int) -> Finding:
            members = f" ({count} members are affected)" if count > 1 else ""
            return finding(
                info(self.codes, code),
                f"recipe '{recipe.label}': {text}{members}",
                f"recipes.{recipe.name}",
                recipe_place(self._context, recipe.name, key),
                value=value,
                limit=limit,
                unit=unit,
                count=count,
                hint=hint,
            )

        self._members.add(recipe.name, code, key, abs(value - limit), say, recipe.member)

    def _stops(self) -> Iterable[Finding]:
        """Changes of laser settings from section to section, per machine."""
        pairs = list(zip(self._context.header.sections, self._context.machines, strict=True))
        for machine in dict.fromkeys(m.machine for _, m in pairs):
            mine = [(s, m) for s, m in pairs if m.machine == machine]
            by_hand = mine[0][1].laser.strength
            ours = by_hand is not None and by_hand.control != "operator"
            set_by_hand = [_by_hand(s.laser, ours=ours) for s, _ in mine]
            stops = sum(a != b for a, b in pairwise(set_by_hand))
            limit = mine[0][1].max_operator_stops
            if stops > limit:
                yield finding(
                    info(self.codes, "E_OPERATOR_STOPS"),
                    f"laser settings change {stops} times between {len(mine)} sections on {machine}; at most {limit} "
                    "changes by hand are allowed",
                    "machine",
                    place(self._context, "machine"),
                    value=float(stops),
                    limit=float(limit),
                    count=stops,
                    hint="Use fewer members, `order: by_setup`, or another machine.",
                )
