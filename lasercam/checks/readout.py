"""Looking must not destroy what was written: pump fluences and pulse numbers against what it stands."""

from collections.abc import Iterator

from lasercam.checks.parameters import show
from lasercam.checks.tally import finding, info, place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.job import ReadStep
from lasercam.model.process_window import Limit, Process, Window
from lasercam.model.protocols import CheckContext

READOUT_CODES = (
    CodeInfo(
        "E_PUMP_DAMAGE",
        Severity.ERROR,
        "A read step pumps harder than the sample stands",
        "The fluence of the light a sample is looked at with, or the number of its pulses, is above the limit at which "
        "degradation was seen: about 5 to 10 mJ/cm² for CsPbBr3 films (400 nm, 120 fs, 1 kHz), printed with MJ. Judged "
        "are the limits of the read step's process and of every process that wrote before it; the message repeats "
        "under which conditions they were found. Lower the fluence, or waive this with a measurement of your own.",
        "10.1002/adom.202202407, Sec. 2.2, Fig. S7 and S8",
        can_waive=True,
    ),
    CodeInfo(
        "W_PUMP_DAMAGE",
        Severity.WARNING,
        "A read step pumps harder or longer than its source did",
        "The source stops at this fluence or number of pulses without having seen damage, or reports a loss that may "
        "be acceptable (20 % of the luminescence after 4.5 × 10⁸ pulses). What happens beyond is not known. Stay "
        "below, or waive this with a measurement of your own.",
        "10.1002/adom.202202407, Fig. S8",
        can_waive=True,
    ),
)


def harmful_reads(context: CheckContext) -> Iterator[Finding]:
    """Read steps above the limits of their process, or of what was written before."""
    for index, step in enumerate(context.job.steps):
        read = step.read
        if read is None:
            continue
        told = {"fluence": _peak(read), "pulses": read.pulses}
        said: set[tuple[str, str]] = set()
        for process, label, limit in _limits(context, index, read):
            value = told.get(limit.parameter)
            if value is None or limit.max is None or value <= limit.max * (1 + 1e-9):
                continue
            if (limit.parameter, limit.conditions + limit.note) in said:
                continue
            said.add((limit.parameter, limit.conditions + limit.note))
            about = info(READOUT_CODES, "E_PUMP_DAMAGE" if limit.outside == "fails" else "W_PUMP_DAMAGE")
            under = f"under {limit.conditions}; " if limit.conditions else ""
            found, allowed = show(limit.parameter, value), show(limit.parameter, limit.max)
            yield finding(
                about,
                f"step '{step.name}': {limit.parameter} {found} is {value / limit.max:.4g} times the {allowed} of "
                f"{process.name} ({label.replace('_', ' ')}; {under}{limit.note})",
                f"steps.{step.name}",
                place(context, "steps", index, "read", limit.parameter),
                value=value,
                limit=limit.max,
                hint="Look with less, or waive this with a measurement of your own.",
                source=limit.source or process.document.source,
            )


def _peak(read: ReadStep) -> float | None:
    """The fluence on the axis; where nobody says what it is, the finding about that stops the job anyway."""
    if read.fluence is None:
        return None
    return 2.0 * read.fluence if read.fluence_is == "mean" else read.fluence


def _limits(context: CheckContext, step: int, read: ReadStep) -> Iterator[tuple[Process, str, Limit]]:
    """Limits that a read step must keep, with the process that states them: its own first."""
    own = context.processes.get(read.process) if read.process else None
    if own is not None:
        if own.document.kind in ("limit", "read"):
            for name in ("fluence", "pulses"):
                if name in own.parameters:
                    yield own, "limit", _as_limit(name, own.parameters[name])
        yield from ((own, label, limit) for label, limit in own.limits.items())
    names: list[str] = []
    table = context.header.recipes
    for text in context.job.steps[:step]:
        for recipe in text.exposures.values():
            if recipe in table.first:
                names.append(table[table.first[recipe]].process)
    for name in dict.fromkeys(names):
        process = context.processes.get(name)
        if process is not None and process is not own:
            yield from ((process, label, limit) for label, limit in process.limits.items())


def _as_limit(name: str, window: Window) -> Limit:
    return Limit(
        parameter=name, max=window.max, outside=window.outside, confidence=window.confidence, note=window.note,
        source=window.source,
    )  # fmt: skip
