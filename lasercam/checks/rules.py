"""Conditions that a process window states by itself, for recipes and for what happens between passes."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from lasercam.checks.parameters import Amount, amounts
from lasercam.checks.readout import READOUT_CODES, harmful_reads
from lasercam.checks.tally import finding, place, recipe_place
from lasercam.checks.usage import RecipeCheck, Use
from lasercam.errors import Location
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.job import Step
from lasercam.model.process_window import PARAMETERS, Process, Rule, read_parameter

_GENERAL = (
    "A process window can hold rules beside its bounds: a condition on one parameter, a process that came earlier in "
    "the job, or something nobody has supplied. The rule says in its own words what follows and where it was found; "
    "`lasercam list processes` shows the window with its rules. "
)


class ProcessRules(RecipeCheck):
    """Judges the rules of every process the job uses."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "W_PROCESS_RULE",
            Severity.WARNING,
            "A rule of the process speaks",
            _GENERAL + "Do what the message says, or waive it with a reason.",
            can_waive=True,
        ),
        CodeInfo(
            "E_PROCESS_RULE",
            Severity.ERROR,
            "A rule of the process forbids this",
            _GENERAL + "Rules that forbid are errors: change the recipe, or waive it with a measurement.",
            can_waive=True,
        ),
        CodeInfo(
            "N_PROCESS_RULE",
            Severity.NOTE,
            "A rule of the process explains",
            _GENERAL + "Rules that only explain are notes: nothing is to be done.",
        ),
        CodeInfo(
            "W_HEAT_BACKGROUND",
            Severity.WARNING,
            "The furnace may make unwritten glass glow",
            "Unwritten Br+I glass was examined at 500 °C, where it stays amorphous, but heat treatments were used up "
            "to 550 °C. Above 500 °C crystals may grow everywhere and hide the pattern. Stay at or below 500 °C, or "
            "heat an unwritten piece along with the sample.",
            "10.1002/lpor.202401258, Fig. S1",
            can_waive=True,
        ),
        CodeInfo(
            "W_HEAT_GAP",
            Severity.WARNING,
            "The furnace temperature lies where nothing is reported",
            "Written iodide glass is quenched after 200 to 450 °C and bright (about three times) after 550 °C; nothing "
            "is printed for temperatures in between. The result there may be dark or bright. Choose a "
            "temperature at one of the stated ends, or waive this and measure.",
            "10.1002/lpor.202401258, Fig. 3c, S8",
            can_waive=True,
        ),
        CodeInfo(
            "W_HEAT_AFTER_REWRITE",
            Severity.WARNING,
            "Heating after a rewrite brings the two states together",
            "A heat treatment moves the red peak of all written features towards 647 nm (at 550 °C), while rewritten "
            "ones stand at 655 nm: 8 nm remain of 42 nm. Through a long-pass at 645 nm the contrast between the "
            "states falls from about 24 to about 1.3 (Gaussian lines of 40 nm width assumed), and the hidden pattern "
            "can no longer be read. Heat before the rewrite, or cooler.",
            "10.1002/lpor.202401258; contrast of Gaussian lines through an ideal long-pass",
            can_waive=True,
        ),
        CodeInfo(
            "W_PROCESS_SUBSTRATE",
            Severity.WARNING,
            "The process needs a substrate that absorbs",
            "At this wavelength the film itself does not absorb enough to heat up: the source wrote on an absorbing "
            "substrate, which passes its heat on. On plain glass nothing happens, or the dose must be far higher. "
            "Write on an absorbing substrate (metal, ITO), or choose another wavelength.",
            can_waive=True,
        ),
        CodeInfo(
            "W_PROCESS_ATMOSPHERE",
            Severity.WARNING,
            "The atmosphere matters, and nobody has said which it is",
            "The conversion of the film runs at a rate that depends on oxygen, so the same dose gives another result "
            "in nitrogen than in air. The source leaves it open for this recipe. Supply `atmosphere` for the process, "
            "with how you know, or waive this.",
            can_waive=True,
        ),
        *READOUT_CODES,
    )

    def end(self) -> Iterable[Finding]:
        """Judge recipes and furnaces."""
        header = self._context.header
        for use in self._usage.uses():
            recipe = header.recipes[use.recipe]
            process = self._context.processes.get(recipe.process)
            if process is None or not process.document.rules:
                continue
            known = amounts(recipe, self._machine(use), use)
            for rule in process.document.rules:
                if _concerns(rule, use):
                    on, key = f"recipes.{recipe.name}", rule.parameter or "process"
                    where = recipe_place(self._context, recipe.name, key)
                    step = header.sections[self._usage.steps.of_section.index(use.step)].step
                    self._judge(process, rule, known, on, where, step)
        for index, step_text in enumerate(self._context.job.steps):
            self._between(index, step_text)
        return [*self._members.findings(), *harmful_reads(self._context)]

    def _between(self, index: int, step: Step) -> None:
        """Rules of the process that a step without a beam claims."""
        text = step.heat or step.soak or step.read
        process = self._context.processes.get(text.process) if text is not None and text.process else None
        if text is None or process is None:
            return
        known = {
            name: Amount(name, float(value))
            for name in ("temperature", "hold_time", "ramp_rate")
            if (value := getattr(text, name, None)) is not None
        }
        where = place(self._context, "steps", index)
        for rule in process.document.rules:
            self._judge(process, rule, known, f"steps.{step.name}", where, index, getattr(text, "atmosphere", ""))

    def _judge(
        self,
        process: Process,
        rule: Rule,
        known: Mapping[str, Amount],
        on: str,
        where: Location,
        step: int,
        atmosphere: str = "",
    ) -> None:
        if rule.materials and self._context.job.sample.material not in rule.materials:
            return
        amount = known.get(rule.parameter) if rule.parameter else None
        earlier = self._earlier(step)
        speaks = amount is not None and rule.holds(amount.value)
        speaks |= any(name in earlier for name in rule.after)
        if rule.missing is not None:
            supplied = self._context.job.supply.get(process.name, {})
            speaks |= (
                rule.missing not in supplied
                and rule.missing not in known
                and not (rule.missing == "atmosphere" and atmosphere)
            )
        if not speaks:
            return
        ours = next((c for c in self.codes if c.code == rule.code), None)
        general = next(c for c in self.codes if c.code == f"{rule.severity[0].upper()}_PROCESS_RULE")
        about = ours if ours is not None and ours.severity.value == rule.severity else general
        named = "" if about.code == rule.code or rule.code == "W_PROCESS_RULE" else f" [{rule.code}]"
        shown = f"{amount.name.replace('_', ' ')} {amount.shown}: " if amount is not None else ""
        limit = None
        if amount is not None:
            bound = rule.below or rule.above or rule.differs_from
            limit = None if bound is None else read_parameter(amount.name, bound)

        def say(count: int) -> Finding:
            return finding(
                about,
                f"{process.name}: {shown}{rule.says}{named}",
                on,
                where,
                value=None if amount is None else amount.value,
                limit=limit,
                unit="" if amount is None else PARAMETERS[amount.name].unit,
                count=count,
                source=rule.source or process.document.source,
                hint="Do what the rule says, or waive it with a reason." if about.can_waive else "",
            )

        self._members.add(on, about.code, rule.says, abs(amount.value) if amount else 0.0, say)

    def _earlier(self, step: int) -> set[str]:
        """Processes of all steps before one of the job, and what they inherit from."""
        names: set[str] = set()
        for text in self._context.job.steps[:step]:
            for recipe in text.exposures.values():
                table = self._context.header.recipes
                if recipe in table.first:
                    names.add(table[table.first[recipe]].process)
            for other in (text.heat, text.soak, text.read):
                if other is not None and other.process:
                    names.add(other.process)
        for name in tuple(names):
            process = self._context.processes.get(name)
            names.update(process.ancestors if process else ())
        return names


def _concerns(rule: Rule, use: Use) -> bool:
    return rule.features == "any" or (use.dots > 0 if rule.features == "dots" else use.lines > 0)
