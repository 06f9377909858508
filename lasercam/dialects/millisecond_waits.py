"""Controllers that time exposures by waits of whole milliseconds: what they cannot, and what is refused."""

from collections.abc import Iterator, Sequence
from typing import Final

from lasercam.errors import MachineLimitError
from lasercam.model.commanded import closing_wait_ns, open_time_ns
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


def milliseconds(time_ns: int) -> int:
    """A time as the controller waits it; raises MachineLimitError off the grid."""
    if time_ns % NS_PER_MS or time_ns <= 0:
        raise MachineLimitError(
            f"a time of {time_ns / 1e9:g} s is no whole number of milliseconds, in which the controller waits"
        )
    return time_ns // NS_PER_MS


def judge_waits(recipes: Sequence[Recipe], machine: Machine) -> Iterator[Finding]:
    """Whether every time of a program is a whole number of milliseconds."""
    times = [(f"recipes.{r.label}", "open time", open_time_ns(r, machine), r.exposure_ns) for r in recipes]
    waits = [("machine", "settle time", round(machine.controller.settle_time * 1e9))]
    waits.append(("machine.trigger", "trigger width", round(machine.trigger.width * 1e9) if machine.trigger else 0))
    waits.append(("machine.controller.wait_step", "wait until the gate has closed", closing_wait_ns(machine)))
    for on, what, time_ns, asked_ns in [*times, *((on, what, ns, ns) for on, what, ns in waits)]:
        if time_ns % NS_PER_MS:
            near = max(1, round(time_ns / NS_PER_MS)) + (asked_ns - time_ns) / NS_PER_MS
            yield Finding(
                WAIT_GRID.code, Severity.ERROR,
                f"the {what} of {time_ns / 1e9:g} s is no whole number of milliseconds, in which the controller waits",
                on, time_ns / 1e9, 0.001, "s", hint=f"the nearest possible time is {near / 1000:g} s",
                source=WAIT_GRID.source,
            )  # fmt: skip
