"""The journal of a build: append-only, written ahead, one record per line with its own checksum.

What may leave the computer is on disk before it does, so that after any interruption the journal says for every row:
done, not done, partly or uncertain. A last record that was torn while it was written is as if it had not been begun.
"""

import hashlib
import json
import os
import secrets
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from lasercam.errors import InputError, LasercamError, Location, Problem, RefusedError
from lasercam.run.journal_lock import hold
from lasercam.run.row_ranges import RowRanges

JOURNAL_SCHEMA: Final = "lasercam-journal-1"
_CRC_DIGITS: Final = 8
_IDENTITY_DIGITS: Final = 32
Decision = Literal["skip", "expose"]


class JournalError(LasercamError):
    """The journal cannot be written: nothing more may leave the computer."""

    exit_code = 3


@dataclass(frozen=True)
class ProgramKey:
    """One execution of a job file: sections may be run several times by the job's own wish."""

    section: int
    repeat: int = 0


@dataclass
class ProgramRecord:
    """What the journal says of one program.

    Attributes:
        done: surely exposed.
        uncertain: perhaps exposed.
        partly: the beam was cut within them.
        skipped: left as they are by a person's decision, for ever.
        again: were in question, and a person decided to expose them (perhaps for the second time).
        is_finished: the program has run to its end, or everything of it is settled.
        attempts: how often it was begun.
    """

    done: RowRanges = field(default_factory=RowRanges)
    uncertain: RowRanges = field(default_factory=RowRanges)
    partly: RowRanges = field(default_factory=RowRanges)
    skipped: RowRanges = field(default_factory=RowRanges)
    again: RowRanges = field(default_factory=RowRanges)
    is_finished: bool = False
    attempts: int = 0

    @property
    def open_question(self) -> RowRanges:
        """Rows that a person has to decide before anything goes on."""
        return (self.uncertain | self.partly) - self.skipped - self.done

    @property
    def touched(self) -> RowRanges:
        """Rows that must not be exposed by themselves."""
        return self.done | self.uncertain | self.partly | self.skipped


@dataclass
class JournalContent:
    """Everything a journal says.

    Attributes:
        toolpath: digest that all records are about; empty for a new journal.
        identity: tells executions of the same build apart; empty for a new journal.
        is_simulated: nothing was exposed but in a simulation.
        programs: by execution.
        by_hand: indices of the job's steps that a person confirmed as done by hand.
        torn_bytes: of a last record that was never finished.
        good_bytes: length of the file without them.
    """

    toolpath: str = ""
    identity: str = ""
    is_simulated: bool = False
    programs: dict[ProgramKey, ProgramRecord] = field(default_factory=dict)
    by_hand: list[int] = field(default_factory=list)
    torn_bytes: int = 0
    good_bytes: int = 0

    def of(self, key: ProgramKey) -> ProgramRecord:
        """What it says of one program; nothing yet for one that was never begun."""
        return self.programs.setdefault(key, ProgramRecord())


def read_journal(path: Path) -> JournalContent:
    """What a journal says; an empty one where there is none.

    Raises:
        InputError: it cannot be read, or a record before the last is damaged.
    """
    content = JournalContent()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return content
    except OSError as error:
        raise InputError(Problem(f"the journal '{path}' cannot be read: {error.strerror}")) from error
    lines = data.split(b"\n")
    reading = _Reading(content)
    for number, line in enumerate(lines, 1):
        whole = number < len(lines)
        record = _record(line) if whole else None
        if record is None:
            if not whole or (number == len(lines) - 1 and not lines[-1] and b"\0" in line):
                content.torn_bytes = len(data) - content.good_bytes
                break
            text = "a record of the journal is damaged: its checksum does not fit"
            hint = "Take it from a backup. Without it nobody knows which rows were exposed."
            raise InputError(Problem(text, Location(str(path), number, 1), hint))
        try:
            reading.add(record)
            if number == 1 and not content.identity:  # written before journals had one
                content.identity = hashlib.sha256(line).hexdigest()[:_IDENTITY_DIGITS]
        except (KeyError, TypeError, ValueError) as error:
            text = f"a record of the journal cannot be understood ({error})"
            raise InputError(
                Problem(text, Location(str(path), number, 1), "Use the lasercam that wrote it.")
            ) from error
        content.good_bytes += len(line) + 1
    reading.end()
    return content


def _record(line: bytes) -> dict[str, Any] | None:
    crc, _, body = line.partition(b" ")
    if len(crc) != _CRC_DIGITS or crc != b"%08x" % zlib.crc32(body):
        return None
    try:
        record = json.loads(body)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


class _Reading:
    """Follows the records of attempts, one after the other."""

    def __init__(self, content: JournalContent) -> None:
        self._content = content
        self._program: ProgramRecord | None = None
        self._rows = RowRanges()
        self._sent = self._done = 0

    def add(self, record: dict[str, Any]) -> None:
        kind = record["t"]
        if kind == "journal":
            if record["schema"] != JOURNAL_SCHEMA:
                raise ValueError(f"of kind {record['schema']}, not {JOURNAL_SCHEMA}")
            self._content.toolpath = str(record["toolpath"])
            self._content.identity = str(record.get("id", ""))
            self._content.is_simulated = bool(record.get("simulated", False))
        elif kind == "start":
            self.end()
            self._program = self._content.of(ProgramKey(int(record["section"]), int(record["repeat"])))
            self._program.attempts += 1
            self._rows = RowRanges.of(*record["rows"])
            # What is exposed again by decision is no longer in question: it is in this attempt's hands.
            again = self._rows & self._program.open_question
            self._program.uncertain -= again
            self._program.partly -= again
            self._program.again |= again
            self._sent = self._done = int(record["first_row"])
        elif kind == "sent":
            self._sent, self._done = max(self._sent, int(record["row"])), max(self._done, int(record["done"]))
        elif kind == "stopped":
            self._sent, self._done = int(record["row"]), max(self._done, int(record["done"]))
            partly = RowRanges.of(*record["partly"])
            self.end(partly)
        elif kind == "finished":
            self._done = self._sent = int(record["row"])
            if self._program is not None:
                self._program.is_finished = True
            self.end()
        elif kind == "decided":
            rows = RowRanges.of(*record["rows"])
            program = self._content.of(ProgramKey(int(record["section"]), int(record["repeat"])))
            program.skipped |= rows
        elif kind == "executed":
            program = self._content.of(ProgramKey(int(record["section"]), int(record["repeat"])))
            program.done |= RowRanges.of(*record["rows"])
            program.is_finished = bool(record["finished"])
        elif kind == "by_hand":
            self._content.by_hand.append(int(record["step"]))
        elif kind != "note":
            raise ValueError(f"of an unknown kind '{kind}'")

    def end(self, partly: RowRanges | None = None) -> None:
        """The attempt is over, whatever ended it."""
        program = self._program
        if program is None:
            return
        partly = RowRanges() if partly is None else partly
        first = self._rows.ranges[0][0] if self._rows else 0
        program.done |= self._rows & RowRanges.of((first, self._done))
        perhaps = self._rows & RowRanges.of((max(self._done, first), self._sent))
        program.partly |= perhaps & partly
        program.uncertain |= perhaps - partly
        self._program, self._rows = None, RowRanges()


class Journal:
    """A journal that is being written; what a method records is on disk when it returns.

    Every method raises JournalError when that cannot be.
    """

    def __init__(self, path: Path, toolpath: str, *, simulated: bool = False) -> None:
        """Open for appending; a torn last record is cut off.

        Raises:
            InputError: it is damaged, or about another toolpath.
            RefusedError: another run holds it.
            JournalError: it cannot be written.
        """
        content = read_journal(path)
        if content.toolpath not in ("", toolpath):
            text = f"the journal '{path}' is about another build (toolpath {content.toolpath[:12]}…)"
            hint = "Built anew since? What was exposed is in the ledger; keep this journal and name another build."
            raise InputError(Problem(text, hint=hint))
        self.path, self.toolpath = path, toolpath
        try:
            self._stream = path.open("r+b" if path.exists() else "xb", buffering=0)
            try:
                hold(self._stream, path)
            except RefusedError:
                self._stream.close()
                raise
            self._stream.truncate(content.good_bytes)
            self._stream.seek(0, os.SEEK_END)
        except OSError as error:
            raise JournalError(f"the journal '{path}' cannot be written: {error.strerror}") from error
        if not content.toolpath:
            identity = secrets.token_hex(_IDENTITY_DIGITS // 2)
            self._append(t="journal", schema=JOURNAL_SCHEMA, toolpath=toolpath, id=identity, simulated=simulated)
            self._sync_folder()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()

    def start(self, key: ProgramKey, *, file: str, sha256: str, rows: RowRanges, first_row: int) -> None:
        """An attempt begins; `rows` are those it may expose."""
        self._append(
            t="start", section=key.section, repeat=key.repeat, file=file, sha256=sha256, rows=rows.ranges,
            first_row=first_row,
        )  # fmt: skip

    def sent(self, *, line: int, row: int, done: int) -> None:
        """Lines up to `line` may leave from now on: rows below `row` may begin; those below `done` are over."""
        self._append(t="sent", line=line, row=row, done=done)

    def stopped(self, *, reason: str, line: int, row: int, done: int, partly: RowRanges) -> None:
        """Nothing more is sent: only rows below `row` can have begun, and `partly` was being written."""
        self._append(t="stopped", reason=reason, line=line, row=row, done=done, partly=partly.ranges)

    def finished(self, *, row: int) -> None:
        """All rows of the attempt are over."""
        self._append(t="finished", row=row)

    def decided(self, key: ProgramKey, rows: RowRanges) -> None:
        """A person leaves these rows as they are."""
        self._append(t="decided", section=key.section, repeat=key.repeat, rows=rows.ranges)

    def executed(self, key: ProgramKey, rows: RowRanges, *, finished: bool, source: str) -> None:
        """A person says that these rows were executed by a controller that loads its files itself."""
        self._append(
            t="executed", section=key.section, repeat=key.repeat, rows=rows.ranges, finished=finished, source=source
        )

    def by_hand(self, step: int, *, name: str, how: str) -> None:
        """A person says that a step without the beam is done; `how` it was said: asked, or by which option."""
        self._append(t="by_hand", step=step, name=name, how=how)

    def note(self, text: str) -> None:
        """Anything worth keeping."""
        self._append(t="note", text=text)

    def _append(self, **record: object) -> None:
        body = json.dumps(record, separators=(",", ":"), ensure_ascii=True).encode()
        line = b"%08x %b\n" % (zlib.crc32(body), body)
        try:
            if self._stream.write(line) != len(line):
                raise JournalError(f"the journal '{self.path}' cannot be written: the disk is full")
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise JournalError(f"the journal '{self.path}' cannot be written: {error.strerror}") from error

    def _sync_folder(self) -> None:
        """The new file's name is on disk, too; not every system can say so."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY)
        except OSError:
            return
        try:
            os.fsync(folder)
        except OSError:
            pass
        finally:
            os.close(folder)
