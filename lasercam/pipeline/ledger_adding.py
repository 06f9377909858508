"""Adding to a sample's ledger: a build that was executed, as a person says, or as far as its journal says."""

import hashlib
from collections.abc import Sequence
from datetime import date as calendar_date
from pathlib import Path
from typing import Any

from lasercam.errors import InputError, Problem, UsageError
from lasercam.model.execution import Execution
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.ledger import LEDGER_SCHEMA, Ledger, append, read_ledger
from lasercam.pipeline.ledger_documents import LedgerEntry
from lasercam.pipeline.ledger_features import applied_steps, feature_data, features_with, hand_steps
from lasercam.pipeline.ledger_pages import pages_data, touched_pages
from lasercam.pipeline.ledger_saving import Piece, executed_name, executed_pieces, save_rows, whole_pieces
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.manifest import MANIFEST_NAME, section_data
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.stages import job_stages
from lasercam.pipeline.verify import verify_build


def add_build(folder: Path, path: Path, *, date: str | None = None, again: bool = False, note: str = "") -> LedgerEntry:
    """Record that a build without a journal was executed on its sample, from its first row to its last.

    Args:
        folder: of the build; it is verified first.
        path: of the ledger; made when it is not there.
        date: of the execution, ISO; None = today.
        again: the same build was executed once more.
        note: for readers.

    Raises:
        InputError: no build, no ledger, another sample, or a build that is recorded already.
        UsageError: no date.
    """
    day = _day(date)
    ledger = read_ledger(path, may_be_new=True)
    loaded, toolpath = _verified(folder)
    _require_fitting(ledger, loaded, is_simulated=False)
    before = [e.entry for e in ledger.entries if e.toolpath == toolpath.header.digest]
    if before and not again:
        text = f"this build is recorded already, as entry {before[-1]}"
        raise InputError(Problem(text, hint="Say --again when it was executed once more."))
    last = job_stages(loaded, toolpath, ledger.features)[-1]
    pieces = whole_pieces(toolpath)
    rows = save_rows(toolpath, pieces, ledger.rows_folder, toolpath.header.digest)
    return append(
        ledger,
        {
            **_common(ledger, folder, loaded, toolpath, day, pieces),
            "steps": [f"{step.verb}: {step.name}" for step in loaded.document.steps],
            "rows": rows.model_dump(),
            "features": feature_data(last.features),
            "note": note,
        },
    )


def add_journal(
    folder: Path, path: Path, execution: Execution, *, date: str | None = None, again: bool = False, note: str = ""
) -> tuple[LedgerEntry, bool]:
    """Bring a ledger up to date with the journal of a build.

    Args:
        folder: of the build; it is verified first.
        path: of the ledger; made when it is not there.
        execution: what the journal says.
        date: of the execution, ISO; None = today.
        again: the build is recorded as a whole already, and the journal is about another execution of it.
        note: for readers.

    Returns:
        The entry that counts, and whether it was added now.

    Raises:
        InputError: no build, no ledger, another sample or build, or a journal that says less than the ledger.
        UsageError: no date.
    """
    day = _day(date)
    ledger = read_ledger(path, may_be_new=True)
    whole = [e.entry for e in ledger.entries if e.toolpath == execution.toolpath and not e.journal]
    if whole and not again and ledger.of_journal(execution.journal) is None:
        text = f"this build is recorded already as a whole, as entry {whole[-1]}"
        raise InputError(Problem(text, hint="Say --again when the journal is about another execution of it."))
    loaded, toolpath = _verified(folder)
    return take_over(ledger, folder, loaded, toolpath, execution, day=day, note=note)


def take_over(
    ledger: Ledger,
    folder: Path,
    loaded: LoadedJob,
    toolpath: Toolpath,
    execution: Execution,
    *,
    day: calendar_date,
    is_open: bool = False,
    note: str = "",
) -> tuple[LedgerEntry, bool]:
    """What a journal says becomes the newest entry for it; nothing is added where it is there already.

    Args:
        ledger: as it was read.
        folder, loaded, toolpath: the build, verified.
        execution: what the journal says.
        day: of the execution.
        is_open: a run begins now, and its end will be taken over, too.
        note: for readers.

    Raises:
        InputError: another sample or build, or a journal that says less than the ledger.
    """
    _require_fitting(ledger, loaded, is_simulated=execution.is_simulated)
    if execution.toolpath != toolpath.header.digest:
        text = f"the journal '{execution.file}' is about another build (toolpath {execution.toolpath[:12]}…)"
        raise InputError(Problem(text, hint="Name the build that it lies beside."))
    before = ledger.of_journal(execution.journal)
    already = () if before is None else before.applied
    by_hand = hand_steps(loaded, toolpath, execution)
    name = executed_name(toolpath, execution)
    if (
        before is not None
        and before.rows.file == f"{name}.npz"
        and by_hand == {step for step, part, *_ in already if part < 0}
    ):
        return (before, False) if before.is_open is is_open else (_turned(ledger, before, is_open=is_open), True)
    pieces = executed_pieces(toolpath, execution)
    rows = save_rows(toolpath, pieces, ledger.rows_folder, name)
    if before is not None and rows.rows < before.rows.rows:
        text = (
            f"the journal '{execution.file}' says that {rows.rows:,} rows may be exposed, ledger entry {before.entry} "
            f"says {before.rows.rows:,}: the journal is older than the ledger, or was changed"
        )
        raise InputError(Problem(text, hint="Take the newest journal; what was exposed stays so."))
    applied = applied_steps(pieces, by_hand)
    done = {step for step, *_ in applied}
    data = {
        **_common(ledger, folder, loaded, toolpath, day, pieces),
        "steps": [f"{step.verb}: {step.name}" for i, step in enumerate(loaded.document.steps) if i in done],
        "rows": rows.model_dump(),
        "features": feature_data(features_with(loaded, toolpath, ledger.features, applied, already)),
        "note": note,
        "journal": execution.journal,
        "journal_file": execution.file,
        "is_simulated": execution.is_simulated,
        "is_open": is_open,
        "applied": applied,
    }
    return append(ledger, data), True


def _turned(ledger: Ledger, before: LedgerEntry, *, is_open: bool) -> LedgerEntry:
    """The same entry once more, with a run begun or ended that has exposed nothing yet."""
    changed = {
        "entry": len(ledger.entries) + 1, "previous": ledger.head, "is_open": is_open,
        "features": feature_data(ledger.features), "pages": None if before.pages is None else pages_data(before.pages),
    }  # fmt: skip
    return append(ledger, {**before.model_dump(mode="json"), **changed})


def _day(date: str | None) -> calendar_date:
    try:
        return calendar_date.today() if date is None else calendar_date.fromisoformat(date)
    except ValueError as error:
        raise UsageError(f"'{date}' is no date; write it as 2026-05-02") from error


def _verified(folder: Path) -> tuple[LoadedJob, Toolpath]:
    proof = verify_build(folder)
    if not proof.holds:
        text = f"'{folder}' is not what it says it is: {proof.mismatches[0]}"
        raise InputError(Problem(text, hint="Only builds that verify are recorded; see `lasercam verify`."))
    loaded = load_job(folder)
    return loaded, plan_job(loaded)


def _require_fitting(ledger: Ledger, loaded: LoadedJob, *, is_simulated: bool) -> None:
    """Refuse another sample, and to mix what was exposed with what was only simulated."""
    sample = loaded.document.sample.id
    if not ledger.entries:
        return
    if ledger.entries[0].sample != sample:
        raise InputError(Problem(f"the ledger is about sample {ledger.entries[0].sample}, the build about {sample}"))
    if ledger.is_simulated is not is_simulated:
        kinds = ("a simulation", "a real sample")
        ours, theirs = kinds if is_simulated else kinds[::-1]
        text = f"the ledger '{ledger.path.name}' is about {theirs}, the journal about {ours}"
        raise InputError(Problem(text, hint="Name another ledger; a new one is made when it is not there."))


def _common(
    ledger: Ledger, folder: Path, loaded: LoadedJob, toolpath: Toolpath, day: calendar_date, pieces: Sequence[Piece]
) -> dict[str, Any]:
    """What every entry says; its pieces were counted."""
    header, sample = toolpath.header, loaded.document.sample
    return {
        "kind": LEDGER_SCHEMA,
        "entry": len(ledger.entries) + 1,
        "previous": ledger.head,
        "sample": sample.id,
        "material": sample.material,
        "date": day.isoformat(),
        "job": header.job,
        "toolpath": header.digest,
        "manifest": hashlib.sha256((folder / MANIFEST_NAME).read_bytes()).hexdigest(),
        "sections": [_section_data(piece, loaded) for piece in pieces],
        "pages": pages_data(touched_pages(loaded, toolpath, pieces)),
        "parts": [part.name for part in header.parts],
        "recipes": [(recipe.name, recipe.process) for recipe in header.recipes.recipes],
    }


def _section_data(piece: Piece, loaded: LoadedJob) -> dict[str, Any]:
    section = piece.section
    registered = loaded.registered(section.step)
    data = {
        "step": section.step_name,
        "pass_kind": section.pass_kind.value,
        "exposures": piece.exposures,
        "repeat": piece.repeat,
        "increment_ticks": section.frame.increment_ticks,
        **{key: section_data(section)[key] for key in ("low_um", "high_um")},
        "frame": "nominal" if registered is None else "registered",
    }
    if registered is not None:
        data["registration"] = registered.digest
    if piece.program is not None:
        data |= {
            "partly": piece.partly, "uncertain": piece.uncertain, "twice": piece.twice, "run": piece.program.repeat + 1,
        }  # fmt: skip
    return data
