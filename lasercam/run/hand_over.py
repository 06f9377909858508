"""Running a build on a controller that takes whole files: hand over, start, follow, journal, stop."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lasercam.errors import LasercamError, RefusedError
from lasercam.model.links import FileLink
from lasercam.model.toolpath import TICKS_PER_MM, Toolpath
from lasercam.run.faults import StoppedError
from lasercam.run.file_pieces import Piece, Pieces, frame_piece
from lasercam.run.journal import Journal, ProgramKey, ProgramRecord, read_journal
from lasercam.run.light import Light
from lasercam.run.operator import Controls, Events
from lasercam.run.piece_run import PieceRun
from lasercam.run.planned import Planned
from lasercam.run.resume import file_sha256
from lasercam.run.row_ranges import RowRanges
from lasercam.run.stop import NOT_CONFIRMED
from lasercam.run.stream import Wish

POLL_S: Final = 0.05


@dataclass(frozen=True, eq=False)
class Desk:
    """What a session lends: what is run, the person, and the journal's place.

    Attributes:
        toolpath, controls, events, journal_path: of the session.
        journal: opens the journal.
        begun: called when everything is confirmed and the journal is open.
        light: the laser; None where a person sets it.
        require: asks; raises RefusedError when it is not so.
        settled: rows of a program to expose, after a person has decided about those in question.
        ready: steps by hand, the laser's settings and the operator's consent before a program.
        say: tells in words.
    """

    toolpath: Toolpath
    controls: Controls
    events: Events
    journal_path: Path
    journal: Callable[[], Journal]
    begun: Callable[[], None]
    light: Light | None
    require: Callable[[str], None]
    settled: "Callable[[Planned, ProgramKey, ProgramRecord, Journal], RowRanges]"
    ready: "Callable[[Planned, ProgramKey, RowRanges, Journal], None]"
    say: Callable[[str], None]


class HandOver:
    """Runs programs of one machine over one link."""

    def __init__(self, desk: Desk, link: FileLink) -> None:
        self._desk, self._link = desk, link
        self._is_started = False

    def run(self, todo: list[tuple[Planned, ProgramKey]], *, is_resumed: bool, only_frame: bool) -> int:
        """Everything in `todo` is executed; the number of programs.

        Raises:
            RefusedError: something is not as it must be; nothing has moved, or nothing more.
            StoppedError: by the operator, behind a piece.
            AbortedError: by the operator or a signal; the beam was cut.
            FaultError, LinkError: the controller or the link failed; the beam was cut, or nobody knows.
            JournalError: the disk is full; the beam was cut.
        """
        desk = self._desk
        self._require_ready()
        for question in self._link.questions():
            desk.require(question)
        if is_resumed:
            desk.require("Registration: are the marks where they were before the interruption?")
        desk.events.tell("connected", link=self._link.keys.kind)
        try:
            if only_frame:
                self._frame(todo[0][0])
                return 0
            with desk.journal() as journal:
                desk.begun()
                for planned, key in todo:
                    self._program(journal, planned, key)
        finally:
            self._leave()
        return len(todo)

    def _require_ready(self) -> None:
        problems = list(self._link.problems())
        if problems:
            raise RefusedError("the controller is not ready:\n" + "\n".join(problems))

    def _leave(self) -> None:
        """Beam off is the state at every exit; what was never started is left alone."""
        if self._is_started:
            ending = self._link.cut()
            self._desk.events.tell("end", dark=ending.is_dark, problem=ending.problem)
            if not ending.is_dark:
                self._desk.say(f"{NOT_CONFIRMED} ({ending.problem})")

    # One program

    def _program(self, journal: Journal, planned: Planned, key: ProgramKey) -> None:
        desk, section = self._desk, planned.section
        left = desk.settled(planned, key, read_journal(desk.journal_path).of(key), journal)
        end = section.first_row + section.n_rows
        if not left:
            journal.start(key, file="", sha256="", rows=RowRanges(), first_row=section.first_row)
            journal.finished(row=section.first_row)
            return
        desk.ready(planned, key, left, journal)
        base = desk.journal_path.with_name(f"{desk.journal_path.name}.{key.section}-{key.repeat}")
        pieces = Pieces(
            desk.toolpath, section, planned.machine, planned.dialect, planned.path, base, self._link.keys.piece_time
        )
        digest = file_sha256(planned.path)
        journal.start(key, file=planned.path.name, sha256=digest, rows=left, first_row=section.first_row)
        desk.events.tell("start", file=planned.path.name, section=key.section, repeat=key.repeat, rows=left.ranges)
        over = section.first_row
        with nullcontext() if desk.light is None else desk.light.beam(over):
            for piece in pieces.of(left):
                try:
                    self._between(piece)
                except LasercamError as error:
                    # Nothing of this piece has left: all that came before is over.
                    journal.stopped(reason=str(error), line=0, row=over, done=over, partly=RowRanges())
                    raise
                self._is_started = True
                PieceRun(desk, self._link, journal, planned, piece).run()
                over = piece.end_row
        journal.finished(row=end)
        desk.events.tell("finished", file=planned.path.name)

    def _between(self, piece: Piece) -> None:
        """Where the beam is off: what the operator wants, and whether the controller is as it must be."""
        controls = self._desk.controls
        wish = controls.wish()
        if wish is Wish.PAUSE:
            self._desk.say("paused where the beam is off")
        while wish is Wish.PAUSE:
            self._link.status(POLL_S)
            wish = controls.wish()
        if wish is Wish.STOP:
            raise StoppedError("stopped where the beam is off; `--resume` goes on from there")
        self._require_ready()
        self._link.hand_over(piece.program.path, piece.companions)

    def _frame(self, planned: Planned) -> None:
        desk, section = self._desk, planned.section
        box = " to ".join(
            "(" + ", ".join(f"{v / TICKS_PER_MM:.3f}" for v in c) + ")" for c in (section.low_ticks, section.high_ticks)
        )
        desk.require(f"Trace the box of '{planned.path.name}', {box} mm, with the beam off?")
        base = desk.journal_path.with_name(f"{desk.journal_path.name}.frame{planned.dialect.suffix}")
        piece = frame_piece(base, desk.toolpath, section, planned.machine, planned.dialect)
        self._link.hand_over(piece.program.path, piece.companions)
        self._is_started = True
        PieceRun(desk, self._link, None, planned, piece).run()
        desk.say("the box was traced with the beam off")
