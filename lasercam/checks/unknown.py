"""What the source of a process leaves open must be answered by someone, with how they know."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from lasercam.checks.definitions import DEFINITION_CODES, undefined
from lasercam.checks.tally import finding, info, place
from lasercam.checks.usage import RecipeCheck
from lasercam.errors import Location, nearest
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.job import HeatStep, ReadStep, SoakStep
from lasercam.model.machine import Machine
from lasercam.model.process_window import PARAMETERS, Process, Unknown
from lasercam.process.definitions import MEANINGS

_JUDGED_WITH = (
    "spot_radius", "feature_pitch", "ring_inner_radius", "ring_outer_radius", "ablation_threshold", "damage_threshold",
)  # fmt: skip
"""Keys that other checks use where they are known, whether a process asks for them or not."""


@dataclass
class _Used:
    """How a process is used in the job."""

    features: set[str] = field(default_factory=set)
    values: list[Mapping[str, Valued]] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    between: list[HeatStep | SoakStep | ReadStep] = field(default_factory=list)


class Unanswered(RecipeCheck):
    """Judges whether everything a used process leaves open is answered, and whether every answer is asked for."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_UNSUPPORTED",
            Severity.ERROR,
            "The source does not say, and nobody has supplied it",
            "A process window lists what its source leaves open: focal spot, polarization, pitch, the speed of a "
            "second pass. An outcome cannot be reproduced without them, so each must be answered: under `supply` of "
            "the process, with the value and how the lab knows it (a measurement with its date). Some are answered "
            "elsewhere: the aperture and polarization by the machine's profile, a conflicting energy by the recipe, a "
            "pitch by the pattern. Supplied values are marked as such in every report. What cannot be known may be "
            "waived by its name, `on: supply.PROCESS.KEY`, with a reason.",
            can_waive=True,
        ),
        CodeInfo(
            "W_SUPPLY_UNUSED",
            Severity.WARNING,
            "An answer that nothing asks for",
            "A key under `supply` is neither something its process leaves open, nor one of its parameters, nor used "
            "by a check or report (spot_radius, feature_pitch, ring radii, thresholds); or the process itself is not "
            "used by the job. It changes nothing, which is rarely what its author wanted: most often it is a "
            "misspelling, and the nearest name is suggested. Correct or remove it.",
            can_waive=True,
        ),
        *DEFINITION_CODES,
    )

    def end(self) -> Iterable[Finding]:
        """Every open question, then every answer that answers none."""
        used = self._used()
        found = [
            self._unsupported(process, unknown)
            for process, how in used.items()
            if process in self._context.processes
            for unknown in self._context.processes[process].unknown
            if not self._is_answered(process, unknown, how)
        ]
        machines = {process: how.machines for process, how in used.items()}
        return [*found, *self._unused(used), *undefined(self._context, machines)]

    def _used(self) -> dict[str, _Used]:
        """Processes by what is done with them."""
        used: dict[str, _Used] = {}
        for use in self._usage.uses():
            recipe = self._context.header.recipes[use.recipe]
            how = used.setdefault(recipe.process, _Used())
            how.features |= {kind for kind, n in (("dots", use.dots), ("lines", use.lines)) if n}
            machine = self._context.machines[self._usage.steps.of_section.index(use.step)]
            if machine not in how.machines:
                how.machines.append(machine)
            if not recipe.member:
                how.values.append(recipe.values)
        for step in self._context.job.steps:
            text = step.heat or step.soak or step.read
            if text is not None and text.process:
                used.setdefault(text.process, _Used()).between.append(text)
        return used

    def _is_answered(self, process: str, unknown: Unknown, how: _Used) -> bool:
        key = unknown.key
        if key in self._context.job.supply.get(process, {}):
            return True
        if unknown.features != "any" and unknown.features not in how.features:
            return True
        if unknown.answered_by == "pattern":
            return True
        if unknown.answered_by == "sample":
            sample = self._context.job.sample
            return key in ("sample_thickness", "refractive_index", "material") or bool(sample.description)
        if how.between and not how.values:
            return all(_says(text, key) for text in how.between)
        if unknown.answered_by == "recipe":
            return bool(how.values) and all(key in values for values in how.values)
        if unknown.answered_by == "machine" and bool(how.machines) and all(_shows(m, key) for m in how.machines):
            return True
        # A number that the machine's profile gave to the recipe; what the recipe says by itself is no answer.
        return bool(how.values) and all(
            key in values
            and values[key].confidence in (Confidence.SUPPLIED, Confidence.MEASURED)
            and not values[key].source.startswith("recipes.")
            for values in how.values
        )

    def _unsupported(self, process: str, unknown: Unknown) -> Finding:
        key = unknown.key
        # No example number: it would be pasted in, and nobody knows it.
        wanted = f"<{PARAMETERS[key].name.split(' ', 1)[-1]} with its unit>" if PARAMETERS.get(key) else "<answer>"
        why = f": {unknown.why}" if unknown.why else ""
        elsewhere = {
            "machine": f" or state it in the machine's profile ({self._machine_names()})",
            "recipe": f" or state `{key}:` in the recipe",
            "sample": " or describe it in `sample: description`",
        }.get(unknown.answered_by, "")
        source = '"how the lab knows, with the date"'
        means = f", definition: {MEANINGS[key][0].name}" if key in MEANINGS else ""
        return finding(
            info(self.codes, "E_UNSUPPORTED"),
            f"the source of {process} does not say {key}{why}, and nobody has supplied it",
            f"supply.{process}.{key}",
            self._claimed_at(process),
            hint=f"Under `supply: {process}:` write `{key}: {{value: {wanted}, source: {source}{means}}}`{elsewhere}.",
            source=self._context.processes[process].document.source,
        )

    def _claimed_at(self, process: str) -> Location:
        """Where the job names the process: under supply, else in a recipe or a step."""
        job = self._context.job
        if process in job.supply:
            return place(self._context, "supply", process)
        for name, recipe in job.recipes.items():
            if recipe.process == process:
                return place(self._context, "recipes", name, "process")
        return place(self._context, "steps")

    def _machine_names(self) -> str:
        return ", ".join(dict.fromkeys(m.machine for m in self._context.machines))

    def _unused(self, used: Mapping[str, _Used]) -> Iterator[Finding]:
        """Answers under a process that is not used, or under a key that is not asked for."""
        about = info(self.codes, "W_SUPPLY_UNUSED")
        for name, answers in self._context.job.supply.items():
            process = self._context.processes.get(name)
            if name not in used or process is None:
                yield finding(
                    about,
                    f"answers are supplied for '{name}', which no recipe or step of this job uses{_ask(name, used)}",
                    f"supply.{name}",
                    place(self._context, "supply", name),
                    count=len(answers),
                    hint=f"Used are: {', '.join(sorted(used)) or 'none'}.",
                )
                continue
            asked = _asked(process)
            for key in answers:
                if key not in asked:
                    yield finding(
                        about,
                        f"'{key}' is supplied for {name}, but neither the process nor a check asks for it"
                        f"{_ask(key, asked)}",
                        f"supply.{name}.{key}",
                        place(self._context, "supply", name, key),
                        hint=f"Asked for are: {', '.join(sorted(asked))}.",
                    )


def _asked(process: Process) -> set[str]:
    unknown = {u.key for u in process.unknown}
    missing = {r.missing for r in process.document.rules if r.missing is not None}
    return unknown | missing | set(process.parameters) | set(_JUDGED_WITH)


def _ask(found: str, allowed: Iterable[str]) -> str:
    close = nearest(found, allowed)
    return f"; did you mean '{close[0]}'?" if close else ""


def _shows(machine: Machine, key: str) -> bool:
    """Whether a machine's profile says it, in its laser or objective."""
    for owner in (machine.objective, machine.laser):
        said = owner.name if key == "objective" and owner is machine.objective else getattr(owner, key, None)
        if said is not None and str(said).strip().lower() not in ("", "unknown"):
            return True
    return False


def _says(text: HeatStep | SoakStep | ReadStep, key: str) -> bool:
    """Whether a step without a beam says it by itself."""
    return getattr(text, key, None) not in (None, "")
