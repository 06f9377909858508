"""Numbers that mean nothing until someone says what they are: spots, fluences, irradiances."""

from collections.abc import Iterator, Mapping

from lasercam.checks.tally import finding, info, place, recipe_place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.job import JobDocument
from lasercam.model.machine import Machine
from lasercam.model.protocols import CheckContext
from lasercam.process.definitions import FLUENCE, IRRADIANCE, MEANINGS, SPOT

DEFINITION_CODES = (
    CodeInfo(
        "E_SPOT_DEF",
        Severity.ERROR,
        "A spot size is supplied without saying which size",
        "Of one and the same Gaussian spot the 1/e² radius is w0, the 1/e² diameter 2 w0, the full width at half "
        "maximum 1.177 w0; an Airy diameter belongs to another profile. Fluence goes with the square: taking a "
        "diameter for a radius makes it four times too small. Write `definition:` beside the value: "
        "`1/e^2 radius`, `1/e^2 diameter` or `FWHM`; the number is converted, and reports say so.",
        "Gaussian profile: w0 = FWHM / √(2 ln 2)",
    ),
    CodeInfo(
        "E_FLUENCE_DEF",
        Severity.ERROR,
        "A fluence is given without saying whether peak or mean",
        "The fluence on the axis of a Gaussian spot, 2 E / (π w0²), is twice the mean over its 1/e² disc, E / (π w0²). "
        "Thresholds of different papers often differ by just that, so they are never compared without the definition. "
        "Say `fluence_is: peak` or `mean` in a recipe or read step, `definition: peak` or `mean` under `supply`. A "
        "flat-top ring has one fluence only and needs none.",
        "J. M. Liu, Opt. Lett. 7, 196 (1982), 10.1364/OL.7.000196; cited from memory",
    ),
    CodeInfo(
        "E_IRRADIANCE_KIND",
        Severity.ERROR,
        "An irradiance of pulses is given without saying whether peak or average",
        "1 kW/cm² averaged over time at 1 kHz is 1 J/cm² in each pulse; as the peak of a 120 fs pulse it is "
        "1.3 × 10⁻¹⁰ J/cm² and does nothing. Windows hold averages. Say `definition: average` or `peak` beside the "
        "value; of continuous light both are the same, and nothing is asked.",
        "10.1016/j.isci.2022.105371 compares 1 and 3.6 kW/cm² without pulse structure",
    ),
)

_CODE_OF = {SPOT: "E_SPOT_DEF", FLUENCE: "E_FLUENCE_DEF", IRRADIANCE: "E_IRRADIANCE_KIND"}


def undefined(context: CheckContext, machines: Mapping[str, list[Machine]]) -> Iterator[Finding]:
    """Supplied numbers and fluences of recipes and read steps whose meaning nobody has said.

    Args:
        context: of the judgement.
        machines: those that expose with each process, by its id.
    """
    yield from _of_supplies(context, machines)
    yield from _of_recipes(context)
    for index, step in enumerate(context.job.steps):
        if step.read is not None and step.read.fluence is not None and step.read.fluence_is is None:
            yield finding(
                info(DEFINITION_CODES, "E_FLUENCE_DEF"),
                f"step '{step.name}' reads with a fluence, without saying whether it is the peak or the mean",
                f"steps.{step.name}",
                place(context, "steps", index, "read", "fluence"),
                hint="Add `fluence_is: peak` or `fluence_is: mean`.",
            )


def _of_supplies(context: CheckContext, machines: Mapping[str, list[Machine]]) -> Iterator[Finding]:
    for process, answers in context.job.supply.items():
        for key, text in answers.items():
            meanings = MEANINGS.get(key)
            if meanings is None or text.definition or not _matters(_CODE_OF[meanings], machines.get(process, [])):
                continue
            options = " or ".join(m.name for m in meanings)
            yield finding(
                info(DEFINITION_CODES, _CODE_OF[meanings]),
                f"{key} of {process} is supplied as {text.value}, without saying whether that is {options}",
                f"supply.{process}.{key}",
                place(context, "supply", process, key),
                hint=f"Add `definition: {meanings[0].name}` (or {', '.join(m.name for m in meanings[1:])}).",
            )


def _matters(code: str, machines: list[Machine]) -> bool:
    if code == "E_IRRADIANCE_KIND":
        return any(not m.laser.is_cw for m in machines)
    return any(m.laser.beam == "gaussian" for m in machines)


def _of_recipes(context: CheckContext) -> Iterator[Finding]:
    machine_of: dict[str, Machine] = {}
    for section, machine in zip(context.header.sections, context.machines, strict=True):
        for recipe in context.job.steps[section.step].exposures.values():
            machine_of.setdefault(recipe, machine)
    for name, machine in machine_of.items():
        if machine.laser.beam == "gaussian" and _asks_undefined(context.job, name):
            yield finding(
                info(DEFINITION_CODES, "E_FLUENCE_DEF"),
                f"recipe '{name}' asks for a fluence without saying whether it is the peak or the mean, half of it",
                f"recipes.{name}",
                recipe_place(context, name, "fluence"),
                hint="Add `fluence_is: peak` or `fluence_is: mean`.",
            )


def _asks_undefined(job: JobDocument, name: str) -> bool:
    """Whether a recipe, or what it is like, asks for a fluence that nothing along the way defines."""
    asks = False
    settled = False
    seen: set[str] = set()
    current: str | None = name
    while current is not None and current in job.recipes and current not in seen:
        seen.add(current)
        text = job.recipes[current]
        if text.fluence_is is not None:
            return False
        if not settled and (text.fluence is not None or text.pulse_energy is not None):
            asks, settled = text.fluence is not None, True
        current = text.like
    return asks
