"""Controllers that time exposures by waits of whole milliseconds: what they cannot, and what is refused."""

from collections.abc import Iterator, Sequence
from typing import Final

from lasercam.errors import MachineLimitError
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe

NS_PER_MS: Final = 1_000_000

WAIT_GRID = CodeInfo(
    "E_WAIT_GRID", Severity.ERROR, "a time off the grid of the controller's waits",
    "ACSPL+ (WAIT) and PI's macros (DEL) wait in whole milliseconds. Other times would become longer or shorter "
    "exposures; they are refused.",
    "public ACSPL+ programs, WAIT; public lists of GCS commands, DEL",
)  # fmt: skip
NO_PROGRAM_COUNT = CodeInfo(
    "E_NO_PROGRAM_COUNT", Severity.ERROR, "this dialect cannot set pulse counts by program",
    "The profile says that the program counts pulses (`trigger: counted_by: program`), which this dialect cannot say. "
    "State counted_by: operator, with a counter at the pulse picker, or time the dots.",
    "machine profile, trigger.counted_by",
)  # fmt: skip


def milliseconds(time_ns: int) -> int:
    """A time as the controller waits it; raises MachineLimitError off the grid."""
    if time_ns % NS_PER_MS or time_ns <= 0:
        raise MachineLimitError(
            f"a time of {time_ns / 1e9:g} s is no whole number of milliseconds, in which the controller waits"
        )
    return time_ns // NS_PER_MS


def no_program_count(recipes: Sequence[Recipe]) -> Iterator[Finding]:
    """Counted pulses that the program should count, but cannot."""
    for recipe in recipes:
        if recipe.pulses:
            yield Finding(
                NO_PROGRAM_COUNT.code, Severity.ERROR,
                f"{recipe.pulses} pulses are to be counted by the program, which this dialect cannot say",
                f"recipes.{recipe.label}", recipe.pulses, None, "pulses",
                hint="state trigger: counted_by: operator, or give the dots an exposure time",
            )  # fmt: skip


def judge_waits(recipes: Sequence[Recipe], machine: Machine) -> Iterator[Finding]:
    """Whether every time of a program is a whole number of milliseconds."""
    times = [(f"recipes.{r.label}", "exposure", r.exposure_ns) for r in recipes]
    times.append(("machine", "settle time", round(machine.controller.settle_time * 1e9)))
    times.append(("machine.trigger", "trigger width", round(machine.trigger.width * 1e9) if machine.trigger else 0))
    for on, what, time_ns in times:
        if time_ns % NS_PER_MS:
            near = max(1, round(time_ns / NS_PER_MS))
            yield Finding(
                WAIT_GRID.code, Severity.ERROR,
                f"the {what} of {time_ns / 1e9:g} s is no whole number of milliseconds, in which the controller waits",
                on, time_ns / 1e9, 0.001, "s", hint=f"the nearest possible time is {near / 1000:g} s",
                source=WAIT_GRID.source,
            )  # fmt: skip
