"""Judge: every check and the dialects' own limits over one toolpath, with the author's waivers applied."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from lasercam.checks.cone import Cone
from lasercam.checks.duplicate import Duplicate
from lasercam.checks.subset import Subset
from lasercam.errors import nearest, shorten
from lasercam.model.finding import CodeInfo, Finding, Severity, Verdict
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline import registry
from lasercam.pipeline.families import unused_members, written_size
from lasercam.pipeline.ledger import Ledger
from lasercam.pipeline.ledger_rows import Earlier, earlier, names_ledger
from lasercam.pipeline.ledger_rows import held as held_text
from lasercam.pipeline.load import LoadedJob, machine_digest
from lasercam.pipeline.page_wear import PAGE_CODES, page_findings
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.readability import READABILITY_CODES, readability_checks
from lasercam.pipeline.registration import remount_before
from lasercam.pipeline.stages import STAGE_CODES, stage_findings
from lasercam.pipeline.survival import SURVIVAL_CODES, survival_checks
from lasercam.pipeline.timing import clocks

PIPELINE_CODES = (
    CodeInfo(
        "E_WAIVER",
        Severity.ERROR,
        "A waiver names a code that cannot be waived or does not exist",
        "Geometry, references, the limits of machine and controller, and the power identity cannot be waived: no reason"
        " makes a stage longer or two watts half a watt. Other findings are waived by code, by what they are `on`, and"
        " with a reason that is printed in every report. A code that does not exist is most likely a typing slip.",
    ),
    CodeInfo(
        "W_WAIVER_UNUSED",
        Severity.WARNING,
        "A waiver matches no finding",
        "The job waives something that was not found. Either the cause has gone and the waiver can go too, or its `on`"
        " does not name what the finding is on. A waiver left behind would silence a later, different mistake.",
    ),
    CodeInfo(
        "W_ROUNDED",
        Severity.WARNING,
        "The machine's increment is coarse for this pattern",
        "Positions are rounded once, in the plan, to the increment that the controller can be programmed in. Where a"
        " pitch is not a multiple of it, neighbouring distances alternate. The largest shift in the plane is compared"
        " with a tenth of the smallest spot radius supplied. Choose pitches that are multiples of the increment, or a"
        " finer machine.",
        can_waive=True,
    ),
    CodeInfo(
        "N_ROUNDED",
        Severity.NOTE,
        "Positions were rounded to the machine's increment",
        "The largest shift along x, y and depth that the one rounding to the programmable increment has made. Depth is"
        " rounded as stage travel, so a depth of 200 µm in glass of n = 1.52 becomes 200.002 µm on an increment of"
        " 10 nm. Nothing is rounded again after that, down to the printed digits.",
    ),
    CodeInfo(
        "W_FAMILY_UNUSED",
        Severity.WARNING,
        "Members of a recipe family are written nowhere",
        "A list or range in a recipe makes a family; patterns pick a member per feature (`vary`, a sweep's cells, a"
        " picture's levels). Members that no feature picks are not written: an experiment would miss cells, a relief or"
        " picture merely does not reach some levels. Check that this is meant.",
        can_waive=True,
    ),
    CodeInfo(
        "W_REGISTRATION",
        Severity.WARNING,
        "A step after a remount is written in the nominal frame",
        "Between the steps the sample was taken off the stage. Job files of later steps assume that it lies exactly as"
        " before. Measure the marks, run `lasercam register`, and name its file in the remount (`registration:`): steps"
        " behind it, on the machine that was measured on, are then written in the fitted frame. Without it, align the"
        " sample by its marks at the stage and check at two far points before opening the gate.",
        can_waive=True,
    ),
    *READABILITY_CODES,
    *SURVIVAL_CODES,
    *STAGE_CODES,
    *PAGE_CODES,
)
_ORDER = list(Severity)
_LISTED = 5
LEAST_ROUNDING_UM = 5e-5
"""Half a tick: below it, rounding moved nothing that could be printed."""
ROUNDING_SHARE = 0.1
"""Share of the spot radius from which a shift is worth a warning (assumed: a tenth of a spot is hard to see)."""


def judge(
    loaded: LoadedJob, toolpath: Toolpath, progress: Progress = SILENT, *, ledger: Ledger | None = None
) -> Verdict:
    """The verdict over a toolpath: findings, errors first, each with its place in the job.

    Args:
        loaded: the job.
        toolpath: its rows.
        progress: shown while judging.
        ledger: what the sample already holds: nothing is written over it, rewrites may follow it.

    Raises:
        InputError: the ledger's rows are missing or damaged.
    """
    context = check_context(loaded, toolpath)
    checks = [*registry.new_checks(), *readability_checks(loaded, toolpath), *survival_checks(loaded, toolpath)]
    before = {} if ledger is None or not ledger.entries else _before(context, ledger)
    for check in checks:
        held = before.get(type(check))
        check.begin(context if held is None else held.context)
        if held is not None:
            for block in held.blocks():
                check.block(block)
    with progress.task("checking", toolpath.header.n_rows) as advance:
        for block in toolpath.blocks():
            for check in checks:
                held = before.get(type(check))
                check.block(block if held is None else held.shifted(block))
            advance(len(block))
        found = [f for check in checks for f in check.end() if not names_ledger(f.on)]
    found += _dialect_findings(toolpath, loaded)
    found += _registration(loaded, toolpath)
    found += _unused_members(loaded, toolpath)
    found += _rounding(loaded, toolpath)
    found += stage_findings(loaded, toolpath, ledger.features if ledger is not None else ())
    found += page_findings(loaded, toolpath, ledger)
    judged = _waived(_distinct(found), loaded)
    judged.sort(
        key=lambda f: (_ORDER.index(f.severity), f.waived is not None, f.location or loaded.locate(), f.code, f.on)
    )
    notes = loaded.notes if not before or ledger is None else (*loaded.notes, held_text(ledger.current))
    return Verdict(tuple(judged), toolpath.header.digest, machine_digest(loaded), notes)


def check_context(loaded: LoadedJob, toolpath: Toolpath) -> CheckContext:
    """What checks may look at beside the rows."""
    machines = tuple(loaded.machines[s.step] for s in toolpath.header.sections)
    return CheckContext(
        toolpath.header, machines, loaded.document, loaded.processes, loaded.locate, toolpath.blocks,
        clocks(toolpath.header, machines),
    )  # fmt: skip


def _before(context: CheckContext, ledger: Ledger) -> Mapping[type[object], Earlier]:
    """Checks that look across jobs, with what the sample holds."""
    return {
        Cone: earlier(context, ledger, merge_parts=False),
        Duplicate: earlier(context, ledger, merge_parts=False, clearing=True),
        Subset: earlier(context, ledger, merge_parts=True, only_done=True),
    }


def all_codes() -> Mapping[str, CodeInfo]:
    """Every code that a verdict can hold."""
    known = {code: info for code, (_, info) in registry.check_codes().items()}
    return {**known, **{info.code: info for info in PIPELINE_CODES}}


def _dialect_findings(toolpath: Toolpath, loaded: LoadedJob) -> Iterator[Finding]:
    for section in toolpath.header.sections:
        machine = loaded.machines[section.step]
        for finding in registry.dialect(machine.controller.dialect).judge(toolpath.header, section.index, machine):
            name = finding.on.removeprefix("recipes.").partition("[")[0]
            path = ("recipes", name) if finding.on.startswith("recipes.") else ("machine",)
            yield finding if finding.location else replace(finding, location=loaded.locate(*path))


def _registration(loaded: LoadedJob, toolpath: Toolpath) -> Iterator[Finding]:
    """Once per remount whose later steps are written as if the sample lay as before."""
    told: set[int] = set()
    for section in toolpath.header.sections:
        remount = remount_before(loaded.document, section.step)
        if remount is None or remount in told or loaded.registered(section.step) is not None:
            continue
        told.add(remount)
        yield Finding(
            "W_REGISTRATION",
            Severity.WARNING,
            f"step '{section.step_name}' follows a remount and is written in the nominal frame"
            + _why_nominal(loaded, remount, section.step),
            f"steps.{section.step_name}",
            location=loaded.locate("steps", section.step),
            hint="Measure the marks and run `lasercam register`, or align the sample by them before opening the gate.",
        )


def _why_nominal(loaded: LoadedJob, remount: int, step: int) -> str:
    """Why a registration that the job names is not used."""
    found = loaded.registrations.get(remount)
    text = loaded.document.steps[remount].remount
    if found is not None:
        here = loaded.machines[step].machine
        return f": the marks were measured on {found.document.machine}, the step runs on {here}"
    if text is not None and text.registration is not None:
        return f": there is no '{shorten(text.registration)}' yet"
    return ""


def _unused_members(loaded: LoadedJob, toolpath: Toolpath) -> Iterator[Finding]:
    for name, members in unused_members(toolpath).items():
        size = written_size(toolpath.header.recipes, name)
        some = ", ".join(f"{name}[{i}]" for i in members[:_LISTED]) + (" …" if len(members) > _LISTED else "")
        yield Finding(
            "W_FAMILY_UNUSED",
            Severity.WARNING,
            f"recipe '{name}' has {size:,} members, and no feature uses {len(members):,} of them: {some}",
            f"recipes.{name}",
            value=float(len(members)),
            location=loaded.locate("recipes", name),
            hint="Let a pattern use them (`vary`, `shape`, a variant column), write another step, or fewer values.",
        )


def _rounding(loaded: LoadedJob, toolpath: Toolpath) -> Iterator[Finding]:
    """Where the one rounding to the machine's increment has moved anything by more than floating point does."""
    shifts = toolpath.header.rounding_um
    if max(shifts) < LEAST_ROUNDING_UM:
        return
    spots = [r.values["spot_radius"].value for r in toolpath.header.recipes.recipes if "spot_radius" in r.values]
    limit = ROUNDING_SHARE * min(spots) if spots else None
    is_large = limit is not None and max(shifts[:2]) > limit
    along = ", ".join(f"{name} {shift * 1000:.3g} nm" for name, shift in zip(("x", "y", "depth"), shifts, strict=True))
    against = (
        f"; {ROUNDING_SHARE:.0%} of the smallest spot radius are {limit * 1000:.3g} nm" if limit is not None else ""
    )
    yield Finding(
        "W_ROUNDED" if is_large else "N_ROUNDED",
        Severity.WARNING if is_large else Severity.NOTE,
        f"rounding to the machine's increment moves positions by up to {along}{against}",
        "machine",
        value=max(shifts),
        limit=limit,
        unit="um",
        location=loaded.locate("machine"),
        hint="Choose pitches and depths that are multiples of the increment." if is_large else "",
    )


def _distinct(found: Iterable[Finding]) -> list[Finding]:
    """One finding per rule and thing: sections and checks may see the same twice."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for finding in found:
        kept.setdefault((finding.code, finding.on, finding.message), finding)
    return list(kept.values())


def _waived(found: list[Finding], loaded: LoadedJob) -> list[Finding]:
    codes = all_codes()
    result = list(found)
    for index, waiver in enumerate(loaded.document.waive):
        place = loaded.locate("waive", index)
        info = codes.get(waiver.code)
        if info is None or not info.can_waive:
            close = nearest(waiver.code, [c for c, i in codes.items() if i.can_waive]) if info is None else []
            hint = f"Did you mean {close[0]}?" if close else f"See `lasercam explain {waiver.code}`."
            what = "does not exist" if info is None else "cannot be waived"
            text = f"the code {waiver.code} {what}"
            result.append(Finding("E_WAIVER", Severity.ERROR, text, f"waive.{index}", location=place, hint=hint))
            continue
        matched = False
        for i, finding in enumerate(result):
            if finding.code == waiver.code and _is_on(finding.on, waiver.on):
                result[i] = replace(finding, waived=waiver.because)
                matched = True
        if not matched:
            text = f"the waiver of {waiver.code} on '{waiver.on}' matches no finding"
            others = sorted({f.on for f in found if f.code == waiver.code})
            hint = f"{waiver.code} was found on: {', '.join(others)}." if others else "Remove it."
            result.append(
                Finding("W_WAIVER_UNUSED", Severity.WARNING, text, f"waive.{index}", location=place, hint=hint)
            )
    return result


def _is_on(found: str, waived: str) -> bool:
    """Whether a waiver's `on` covers a finding's: the same, something below it, or a glob."""
    return found == waived or found.startswith((f"{waived}.", f"{waived}[")) or fnmatchcase(found, waived)
