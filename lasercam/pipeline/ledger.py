"""The sample ledger: an append-only file per physical sample that says what was done to it, job by job, day by day.

Each line is one executed build as JSON and holds the hash of the line before it, so that a changed or missing line is
noticed. Exposed rows lie beside the ledger, in a folder of its name with `.rows`, one file per build.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as calendar_date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from lasercam.errors import InputError, Location, Problem, UsageError, shorten
from lasercam.model.confidence import Confidence
from lasercam.model.recipe import PassKind
from lasercam.pipeline.ledger_rows import RowsEntry, save_rows
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.manifest import MANIFEST_NAME, read_manifest, section_data
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.stages import job_stages, stage_data
from lasercam.pipeline.verify import verify_build
from lasercam.process.campaign import FeatureState, LineState
from lasercam.process.heated import Condition
from lasercam.schema.document import Document

LEDGER_SCHEMA = "lasercam-ledger-1"
_MAX_BYTES = 256 * 2**20
_FIRST = "0" * 64
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class LedgerLine(Document):
    """An emission peak of a feature."""

    phase: str
    peak_nm: Annotated[float, Field(gt=0)]
    fwhm_nm: Annotated[float, Field(gt=0)]
    radiance: float | None
    confidence: Confidence
    shape_confidence: Confidence


class LedgerFeature(Document):
    """A feature as the job left it, by prediction."""

    part: str
    recipe: str
    process: str
    condition: Condition
    written: Annotated[int, Field(ge=0)]
    cycles: Annotated[int, Field(ge=0)]
    heated_c: float | None = None
    emission: tuple[LedgerLine, ...]
    as_written: tuple[LedgerLine, ...]
    notes: tuple[str, ...]

    def state(self) -> FeatureState:
        """As campaigns keep it."""
        lines, before = (
            tuple(LineState(n.phase, n.peak_nm, n.fwhm_nm, n.radiance, n.confidence, n.shape_confidence) for n in group)
            for group in (self.emission, self.as_written)
        )
        return FeatureState(
            self.part, self.recipe, self.process, self.condition, lines, self.written, self.cycles, self.heated_c,
            before, self.notes,
        )  # fmt: skip


class LedgerSection(Document):
    """A section that was run."""

    step: str
    pass_kind: PassKind
    exposures: Annotated[int, Field(ge=0)]
    repeat: Annotated[int, Field(ge=1)]
    increment_ticks: Annotated[int, Field(ge=1)]
    low_um: tuple[float, float, float]
    """Corner of the box of its rows on the stage."""
    high_um: tuple[float, float, float]
    frame: Literal["nominal", "registered", "not recorded"] = "not recorded"
    """Whether the sample lay as the job says, or as its marks said after a remount."""
    registration: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """SHA-256 of the registration it was written by."""


class LedgerEntry(Document):
    """A build that was executed on the sample."""

    kind: Literal["lasercam-ledger-1"]
    entry: Annotated[int, Field(ge=1)]
    previous: Sha256
    """Of the line before; zeros for the first."""
    sample: str
    material: str
    date: str
    job: str
    toolpath: Sha256
    manifest: Sha256
    """Of the build's manifest file."""
    sections: tuple[LedgerSection, ...]
    steps: tuple[str, ...]
    """Everything that was done, in words: verb and name."""
    parts: tuple[str, ...]
    recipes: tuple[tuple[str, str], ...]
    """Name and process, as rows count them."""
    rows: RowsEntry
    features: tuple[LedgerFeature, ...]
    """What the sample holds after it, all jobs together."""
    note: str = ""

    @property
    def exposures(self) -> int:
        """Everything the beam did."""
        return sum(section.exposures * section.repeat for section in self.sections)


@dataclass(frozen=True)
class Ledger:
    """A ledger that was read.

    Attributes:
        path: of the file.
        entries: in order; empty for a file that does not exist yet.
        head: SHA-256 of the last line; zeros when there is none.
    """

    path: Path
    entries: tuple[LedgerEntry, ...]
    head: str = _FIRST

    @property
    def features(self) -> tuple[FeatureState, ...]:
        """What the sample holds by prediction."""
        return tuple(f.state() for f in self.entries[-1].features) if self.entries else ()

    @property
    def rows_folder(self) -> Path:
        """Where exposed rows lie."""
        return self.path.with_name(f"{self.path.name}.rows")


def read_ledger(path: Path, *, may_be_new: bool = False) -> Ledger:
    """A ledger, with its chain of hashes checked.

    Raises:
        InputError: it cannot be read, is no ledger, or a line was changed, removed or cut off.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if may_be_new:
            return Ledger(path, ())
        hint = "`lasercam ledger add` makes one when a build has been executed."
        raise InputError(Problem(f"there is no ledger '{path}'", hint=hint)) from error
    except OSError as error:
        raise InputError(Problem(f"the ledger '{path}' cannot be read: {error.strerror}")) from error
    if len(content) > _MAX_BYTES:
        raise InputError(Problem(f"the ledger has {len(content):,} bytes; at most {_MAX_BYTES:,} are read"))
    lines = content.split(b"\n")
    if lines.pop():
        text = "the last line is cut off: it was never finished, or the file was edited"
        raise InputError(Problem(text, Location(str(path), len(lines) + 1, 1)))
    head, entries = _FIRST, []
    for number, line in enumerate(lines, 1):
        entry = _entry(line, Location(str(path), number, 1))
        if entry.previous != head or entry.entry != number:
            text = "a line before this one was changed, added or removed: the chain of hashes breaks here"
            hint = "Take the ledger from a backup; it is only ever appended to."
            raise InputError(Problem(text, Location(str(path), number, 1), hint))
        entries.append(entry)
        head = hashlib.sha256(line).hexdigest()
    if len({e.sample for e in entries}) > 1:
        raise InputError(Problem("the ledger holds entries of several samples", Location(str(path), 1, 1)))
    return Ledger(path, tuple(entries), head)


def _entry(line: bytes, place: Location) -> LedgerEntry:
    try:
        return LedgerEntry.model_validate_json(line)
    except (ValidationError, RecursionError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else "nested too deeply"
        raise InputError(Problem(f"no entry of a ledger: {shorten(str(first))}", place)) from error


def ledger_of(loaded: LoadedJob, named: Path | None, folder: Path) -> Ledger | None:
    """The ledger that a command or else the job names; None when neither does.

    Args:
        loaded: the job.
        named: by the command; must exist.
        folder: of the job file; `sample.ledger` is a path below it, and may not exist yet.

    Raises:
        InputError: it cannot be used, or is about another sample.
    """
    inside = loaded.document.sample.ledger
    if named is None and not inside:
        return None
    if named is None and (Path(inside).is_absolute() or ".." in Path(inside).parts):
        place = loaded.locate("sample", "ledger")
        raise InputError(Problem(f"'{shorten(inside)}' leads out of the job's folder", place, "Say --ledger instead."))
    ledger = read_ledger(named) if named is not None else read_ledger(folder / inside, may_be_new=True)
    sample = loaded.document.sample.id
    if ledger.entries and ledger.entries[0].sample != sample:
        text = f"the ledger '{ledger.path.name}' is about sample {ledger.entries[0].sample}, the job about {sample}"
        raise InputError(Problem(text, loaded.locate("sample", "id"), "Name the ledger of this sample."))
    return ledger


def add_build(folder: Path, path: Path, *, date: str | None = None, again: bool = False, note: str = "") -> LedgerEntry:
    """Record that a build was executed on its sample.

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
    try:
        day = calendar_date.today() if date is None else calendar_date.fromisoformat(date)
    except ValueError as error:
        raise UsageError(f"'{date}' is no date; write it as 2026-05-02") from error
    ledger = read_ledger(path, may_be_new=True)
    proof = verify_build(folder)
    if not proof.holds:
        text = f"'{folder}' is not what it says it is: {proof.mismatches[0]}"
        raise InputError(Problem(text, hint="Only builds that verify are recorded; see `lasercam verify`."))
    loaded = load_job(folder)
    toolpath = plan_job(loaded)
    sample = loaded.document.sample
    if ledger.entries and ledger.entries[0].sample != sample.id:
        raise InputError(Problem(f"the ledger is about sample {ledger.entries[0].sample}, the build about {sample.id}"))
    digest = read_manifest(folder).toolpath
    before = [e.entry for e in ledger.entries if e.toolpath == digest]
    if before and not again:
        text = f"this build is recorded already, as entry {before[-1]}"
        raise InputError(Problem(text, hint="Say --again when it was executed once more."))
    header = toolpath.header
    last = job_stages(loaded, toolpath, ledger.features)[-1]
    told = stage_data(last)["features"]
    rows = save_rows(toolpath, ledger.rows_folder)
    data: dict[str, Any] = {
        "kind": LEDGER_SCHEMA,
        "entry": len(ledger.entries) + 1,
        "previous": ledger.head,
        "sample": sample.id,
        "material": sample.material,
        "date": day.isoformat(),
        "job": header.job,
        "toolpath": digest,
        "manifest": hashlib.sha256((folder / MANIFEST_NAME).read_bytes()).hexdigest(),
        "sections": [
            {
                "step": s.step_name,
                "pass_kind": s.pass_kind.value,
                "exposures": s.n_exposures,
                "repeat": s.repeat,
                "increment_ticks": s.frame.increment_ticks,
                **{key: section_data(s)[key] for key in ("low_um", "high_um")},
                **_frame_data(loaded, s.step),
            }
            for s in header.sections
        ],
        "steps": [f"{step.verb}: {step.name}" for step in loaded.document.steps],
        "parts": [part.name for part in header.parts],
        "recipes": [(recipe.name, recipe.process) for recipe in header.recipes.recipes],
        "rows": rows.model_dump(),
        "features": [_feature_data(f, data) for f, data in zip(last.features, told, strict=True)],
        "note": note,
    }
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    entry = _entry(line, Location(str(path), len(ledger.entries) + 1, 1))
    _append(path, line)
    return entry


def _frame_data(loaded: LoadedJob, step: int) -> dict[str, str]:
    """In which frame a step was written."""
    registered = loaded.registered(step)
    if registered is None:
        return {"frame": "nominal"}
    return {"frame": "registered", "registration": registered.digest}


def _feature_data(feature: FeatureState, told: Mapping[str, Any]) -> dict[str, Any]:
    as_written = [
        {
            "phase": n.phase,
            "peak_nm": n.peak_nm,
            "fwhm_nm": n.fwhm_nm,
            "radiance": n.radiance,
            "confidence": n.confidence.value,
            "shape_confidence": n.shape_confidence.value,
        }
        for n in feature.as_written
    ]
    return {**told, "heated_c": feature.heated_c, "as_written": as_written}


def _append(path: Path, line: bytes) -> None:
    """The line at the end of the file, on disk when this returns."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as out:
            out.write(line + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise InputError(Problem(f"the ledger '{path}' cannot be written: {error.strerror}")) from error
