"""The sample ledger: an append-only file per physical sample that says what was done to it, job by job, day by day.

Each line is one executed build as JSON and holds the hash of the line before it, so that a changed or missing line is
noticed. Exposed rows lie beside the ledger, in a folder of its name with `.rows`. A build that is run with a journal
has a line for every state of it that was taken over; the newest one counts, and the journal is the truth behind it.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lasercam.errors import InputError, Location, Problem, shorten
from lasercam.pipeline.ledger_documents import LedgerEntry
from lasercam.pipeline.load import LoadedJob
from lasercam.process.campaign import FeatureState

LEDGER_SCHEMA = "lasercam-ledger-1"
_MAX_BYTES = 256 * 2**20
_FIRST = "0" * 64


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
    def is_simulated(self) -> bool:
        """Whether it is a trial: what it holds was exposed in a simulation only."""
        return bool(self.entries) and self.entries[0].is_simulated

    @property
    def current(self) -> tuple[LedgerEntry, ...]:
        """Entries that count: of each journal the newest, at the place of its first."""
        counting: dict[str, LedgerEntry] = {}
        for entry in self.entries:
            counting[entry.journal or f"entry {entry.entry}"] = entry
        return tuple(counting.values())

    def of_journal(self, journal: str) -> LedgerEntry | None:
        """The entry that counts for a journal; None while it has none."""
        return next((e for e in reversed(self.entries) if e.journal == journal), None)

    def without(self, journal: str) -> "Ledger":
        """What the sample holds beside what one journal says, all of it for a journal without a name; for reading."""
        if not journal:
            return self
        return replace(self, entries=tuple(e for e in self.entries if e.journal != journal))

    def require_closed(self) -> None:
        """Refuse a ledger that does not know how a run ended.

        Raises:
            InputError: a run has begun, and its end is not in the ledger.
        """
        for entry in self.current:
            if entry.is_open:
                text = (
                    f"the ledger '{self.path.name}' does not know what a run of '{entry.job}' has exposed that was "
                    f"begun on {entry.date} (journal {entry.journal_file}): it still runs, or was killed"
                )
                hint = (
                    f"When it has ended: `lasercam ledger add DIR --ledger {self.path}` with the folder of its build."
                )
                raise InputError(Problem(text, hint=hint))

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
        InputError: it cannot be used, is about another sample, or does not know how a run ended.
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
    ledger.require_closed()
    return ledger


def append(ledger: Ledger, data: Mapping[str, Any]) -> LedgerEntry:
    """One more entry, on disk when this returns; the file is complete at every moment.

    Raises:
        InputError: it cannot be written, or somebody else has written to it meanwhile.
    """
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    path = ledger.path.resolve()
    entry = _entry(line, Location(str(ledger.path), len(ledger.entries) + 1, 1))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                before = path.read_bytes() if path.exists() else b""
                if _head(before) != ledger.head:
                    text = f"the ledger '{ledger.path}' was changed while this was prepared"
                    raise InputError(Problem(text, hint="Run the command again."))
                out.write(before + line + b"\n")
                out.flush()
                os.fsync(out.fileno())
            Path(unfinished).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            Path(unfinished).replace(path)
        finally:
            Path(unfinished).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(Problem(f"the ledger '{ledger.path}' cannot be written: {error.strerror}")) from error
    return entry


def _head(content: bytes) -> str:
    """SHA-256 of the last line of a ledger."""
    lines = content.split(b"\n")
    return hashlib.sha256(lines[-2]).hexdigest() if len(lines) > 1 else _FIRST
