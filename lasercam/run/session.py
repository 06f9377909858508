"""A session at the stage: what is left of a build, what must be so before it starts, then program after program."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lasercam.errors import RefusedError
from lasercam.model.file_control import FileLinkKeys
from lasercam.model.links import FileLink, StreamedByLines, Transport
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect
from lasercam.model.toolpath import NM_PER_UM, Section, Toolpath
from lasercam.run.attempt import Attempt
from lasercam.run.frame import frame_lines
from lasercam.run.hand_over import Desk, HandOver
from lasercam.run.journal import Journal, ProgramKey, ProgramRecord, read_journal
from lasercam.run.limits import StreamLimits
from lasercam.run.link import GrblLink
from lasercam.run.loading import what_to_load
from lasercam.run.operator import Controls, Events, Operator
from lasercam.run.preflight import (
    Controller,
    check_pass,
    connect,
    home,
    require_idle,
    setting_problems,
    speed_problems,
    travel_problems,
    work_offset,
)
from lasercam.run.program import Program, job_lines
from lasercam.run.remaining import longest_stroke
from lasercam.run.replies import Status
from lasercam.run.resume import file_sha256, remaining_program, whole_program
from lasercam.run.row_ranges import RowRanges
from lasercam.run.stop import cut_beam

STROKE_LINES: Final = 7
"""Lines of a stroke that a receive buffer of 127 bytes holds, at some 17 bytes a line."""
_DIFFERENT_HINT = "`lasercam verify` says what differs; build again"


@dataclass(frozen=True, eq=False)
class Planned:
    """One job file of a build.

    Attributes:
        path, sha256: the file, and what the manifest says its bytes are.
        section, machine, dialect: what it is.
        laser: what must be set at the source, in words.
        before: what a person does before it: furnace, remounting; empty where it follows at once.
        keys: of the link over which its controller takes whole files; None where it takes none, or a person loads them.
    """

    path: Path
    sha256: str
    section: Section
    machine: Machine
    dialect: Dialect
    laser: str
    before: str = ""
    keys: FileLinkKeys | None = None


@dataclass(frozen=True)
class Wanted:
    """What a session shall do.

    Attributes:
        resume: go on with programs that were begun.
        frame: trace the box of the next program with the beam off, and nothing else.
        check: pass every program through the controller's check mode first.
    """

    resume: bool = False
    frame: bool = False
    check: bool = False


@dataclass(eq=False)
class Session:
    """Runs a build.

    Attributes:
        toolpath: of the build.
        planned: its job files, in order.
        journal_path: beside the build.
        open_link: the transport, opened late: opening a port resets many controllers.
        operator, controls, events: the person.
        sample: in words.
        open_file_link: the link to a controller that runs whole files, opened late; None where none may be opened.
    """

    toolpath: Toolpath
    planned: Sequence[Planned]
    journal_path: Path
    open_link: Callable[[Machine], Transport]
    operator: Operator
    controls: Controls
    events: Events
    sample: str
    open_file_link: Callable[[Planned], FileLink] | None = None

    def run(self, wanted: Wanted) -> int:
        """Everything that is left is executed; the number of programs that were run.

        Raises:
            RefusedError: something is not as it must be; nothing has moved, or nothing more.
            StoppedError, AbortedError, FaultError, LinkError, JournalError: see Attempt.
        """
        todo = self._todo(wanted)
        if not todo:
            self._say("everything of this build is executed; nothing is left")
            return 0
        machines = {planned.machine.machine for planned, _ in todo}
        if len(machines) > 1:
            self._say(f"the build is for several machines; this session runs on {todo[0][0].machine.machine}")
            todo = [t for t in todo if t[0].machine.machine == todo[0][0].machine.machine]
        first = todo[0][0]
        if any(not isinstance(planned.dialect, StreamedByLines) for planned, _ in todo):
            return self._hand_over(todo, wanted)
        self._confirm_start(first, wanted)
        transport = self.open_link(first.machine)
        try:
            link = GrblLink(transport, self._say)
            return self._on_link(link, todo, wanted)
        finally:
            transport.close()

    def _hand_over(self, todo: list[tuple[Planned, ProgramKey]], wanted: Wanted) -> int:
        """Files go to the controller whole, where the profile names a link; else a person loads them."""
        first = todo[0][0]
        if first.keys is None or self.open_file_link is None:
            raise RefusedError(what_to_load(self._desk(), todo))
        if wanted.check:
            raise RefusedError("only GRBL has a check mode ($C); files handed over are read back and proven here")
        self._confirm_start(first, wanted)
        link = self.open_file_link(first)
        try:
            return HandOver(self._desk(), link).run(todo, is_resumed=wanted.resume, only_frame=wanted.frame)
        finally:
            link.close()

    def _desk(self) -> Desk:
        return Desk(
            self.toolpath, self.journal_path, self.controls, self.events,
            self._require, self._settled, self._confirm_program, self._say,
        )  # fmt: skip

    def _on_link(self, link: GrblLink, todo: list[tuple[Planned, ProgramKey]], wanted: Wanted) -> int:
        controller = connect(link)
        try:
            self._prepare(link, controller, todo, wanted)
            limits = controller.limits(todo[0][0].machine)
            if wanted.frame:
                self._frame(link, limits, todo[0][0])
                return 0
            with Journal(self.journal_path, self.toolpath.header.digest) as journal:
                return self._programs(link, limits, journal, todo, wanted)
        finally:
            ending = cut_beam(link)  # beam off is the state at every exit
            self.events.tell("end", dark=ending.is_dark, problem=ending.problem)
            if not ending.is_dark:
                self._say(f"the controller does not confirm that the beam is off: {ending.problem}")

    # Before anything moves

    def _todo(self, wanted: Wanted) -> list[tuple[Planned, ProgramKey]]:
        """Programs that are not finished; begun ones only when resuming."""
        content = read_journal(self.journal_path)
        digest = self.toolpath.header.digest
        if content.toolpath not in ("", digest):
            raise RefusedError(
                f"the journal '{self.journal_path}' is about another build; move it away only if it is about another "
                "sample, for it alone says what is exposed"
            )
        todo = []
        for planned in self.planned:
            if file_sha256(planned.path) != planned.sha256:
                raise RefusedError(f"'{planned.path.name}' is not the file that was built; {_DIFFERENT_HINT}")
            for repeat in range(planned.section.repeat):
                key = ProgramKey(planned.section.index, repeat)
                record = content.of(key)
                if record.is_finished and not self._left(planned, record):
                    continue
                if record.attempts and not wanted.resume and not wanted.frame:
                    raise RefusedError(
                        f"'{planned.path.name}' was begun already ({len(record.done):,} rows done); `--resume` goes on "
                        "with what is left"
                    )
                todo.append((planned, key))
        return todo

    def _confirm_start(self, first: Planned, wanted: Wanted) -> None:
        questions = [f"Is the sample {self.sample} on the stage?"]
        if wanted.resume:
            questions.append(
                "Will the axes be homed, and is the registration to be checked on the marks before going on?"
            )
        if not wanted.frame:
            questions.append("Does an interlock close the beam without the controller's help?")
        for question in questions:
            self._require(question)

    def _prepare(
        self, link: GrblLink, controller: Controller, todo: list[tuple[Planned, ProgramKey]], wanted: Wanted
    ) -> None:
        machine = todo[0][0].machine
        problems = list(setting_problems(controller, machine))
        fastest = max(
            (r.speed_nm_s for p, _ in todo for r in (self.toolpath.header.recipes[i] for i in p.section.recipes)),
            default=0,
        )
        problems += speed_problems(controller, fastest / NM_PER_UM)
        if problems:
            raise RefusedError("the controller is not set as the profile says:\n" + "\n".join(problems))
        status = link.status()
        if wanted.resume and not controller.number("22"):
            self._require(
                "The controller cannot home ($22=0). Is its zero exactly where it was before the interruption?"
            )
        elif status.state == "Alarm" or wanted.resume:
            self._require("Home the axes now? They move to their switches; the beam stays off.")
            status = home(link)
        require_idle(status)
        offset_um = work_offset(link)
        for planned, _ in todo:
            problems += travel_problems(controller, planned.section, offset_um)
        if problems:
            raise RefusedError("\n".join(problems))
        self.events.tell(
            "connected", banner=controller.banner, rx=controller.rx_total, blocks=controller.planner_blocks
        )
        if wanted.resume:
            self._require("Registration: are the marks where they were before the interruption?")

    def _require(self, question: str) -> None:
        self.controls.wish()
        if not self.operator.confirm(question):
            raise RefusedError(f"not confirmed: {question}")

    # Programs

    def _frame(self, link: GrblLink, limits: StreamLimits, planned: Planned) -> None:
        low, high = planned.section.low_ticks, planned.section.high_ticks
        box = " to ".join("(" + ", ".join(f"{v / 1e7:.3f}" for v in c) + ")" for c in (low, high))
        self._require(f"Trace the box of '{planned.path.name}', {box} mm, with the beam off?")
        attempt = Attempt(link, limits, None, planned.section.first_row, self.controls.wish, self._seen, self._say)
        attempt.run(frame_lines(planned.section))
        self._say("the box was traced with the beam off")

    def _programs(
        self, link: GrblLink, limits: StreamLimits, journal: Journal, todo: list[tuple[Planned, ProgramKey]],
        wanted: Wanted,
    ) -> int:  # fmt: skip
        for count, (planned, key) in enumerate(todo):
            record = read_journal(self.journal_path).of(key)
            left = self._settled(planned, key, record, journal)
            if not left:
                journal.start(key, file="", sha256="", rows=RowRanges(), first_row=planned.section.first_row)
                journal.finished(row=planned.section.first_row)
                continue
            if count and planned.before:
                self._require(f"Before '{planned.path.name}': {planned.before}. Is this done?")
            self._confirm_program(planned, key, left)
            self._one(link, limits, journal, planned, key, left, wanted)
        return len(todo)

    def _confirm_program(self, planned: Planned, key: ProgramKey, left: RowRanges) -> None:
        share = len(left) / max(1, planned.section.n_rows)
        is_streamed = isinstance(planned.dialect, StreamedByLines)
        if is_streamed and longest_stroke(self.toolpath.section_blocks(planned.section.index)) > STROKE_LINES:
            self._require(
                f"'{planned.path.name}' has strokes longer than the controller's buffer: if the link is lost within "
                "one, the beam stays on at standstill until the interlock closes it. Does the interlock see a stage "
                "that stands, or is somebody there?"
            )
        again = f", time {key.repeat + 1} of {planned.section.repeat}" if planned.section.repeat > 1 else ""
        self._require(
            f"'{planned.path.name}'{again}: step {planned.section.step_name}, about "
            f"{planned.section.duration_s * share:.0f} s left. Is the laser set to {planned.laser}, and the energy "
            "measured at the sample?"
        )

    def _left(self, planned: Planned, record: ProgramRecord) -> RowRanges:
        section = planned.section
        whole = RowRanges.of((section.first_row, section.first_row + section.n_rows))
        left = whole - record.touched
        return RowRanges() if record.is_finished and not record.open_question else left

    def _settled(self, planned: Planned, key: ProgramKey, record: ProgramRecord, journal: Journal) -> RowRanges:
        """Rows to expose, after a person has decided about those in question."""
        section = planned.section
        left = RowRanges.of((section.first_row, section.first_row + section.n_rows)) - record.touched
        question = record.open_question
        if not question:
            return left
        partly = f"; partly exposed: {record.partly - record.skipped}" if record.partly - record.skipped else ""
        answer = self.operator.decide(
            f"rows {question} of '{planned.path.name}' may be exposed already{partly}. Leave them (skip), expose them "
            "(again, perhaps), or look at the sample first (inspect)?"
        )
        self.events.tell("decided", rows=question.ranges, answer=answer)
        if answer == "skip":
            journal.decided(key, question)
            return left
        if answer == "expose":
            return left | question
        raise RefusedError(f"look at the sample: rows {question} of '{planned.path.name}' are in question")

    def _one(
        self, link: GrblLink, limits: StreamLimits, journal: Journal, planned: Planned, key: ProgramKey,
        left: RowRanges, wanted: Wanted,
    ) -> None:  # fmt: skip
        program = self._program(planned, key, left)
        if wanted.check:
            count = check_pass(link, job_lines(program), self.controls.wish)
            self._say(f"'{program.path.name}': {count:,} lines passed the controller's check mode")
            require_idle(link.status())
        first = planned.section.first_row
        journal.start(key, file=program.path.name, sha256=file_sha256(program.path), rows=left, first_row=first)
        self.events.tell("start", file=program.path.name, section=key.section, repeat=key.repeat, rows=left.ranges)
        attempt = Attempt(link, limits, journal, first, self.controls.wish, said=self._say)
        attempt.seen = lambda status: self._progress(planned, attempt, status)
        attempt.run(job_lines(program))
        self.events.tell("finished", file=program.path.name)

    def _program(self, planned: Planned, key: ProgramKey, left: RowRanges) -> Program:
        section = planned.section
        if left == RowRanges.of((section.first_row, section.first_row + section.n_rows)):
            return whole_program(planned.path, self.toolpath, section, planned.machine, planned.dialect)
        name = f"{self.journal_path.name}.{key.section}-{key.repeat}.left{planned.dialect.suffix}"
        path = self.journal_path.with_name(name)
        return remaining_program(path, self.toolpath, section, planned.machine, planned.dialect, left)

    # Telling

    def _progress(self, planned: Planned, attempt: Attempt, status: Status) -> None:
        flight, section = attempt.flight, planned.section
        over = flight.ended_to - section.first_row
        now, header = flight.exposing, self.toolpath.header
        self.events.tell(
            "progress", file=planned.path.name, part=header.parts[now.part].name if now else "",
            recipe=header.recipes[now.recipe].label if now else "", done=over, sent=flight.begun_to - section.first_row,
            rows=section.n_rows, state=status.state, place_um=attempt.link.work_um(status),
            bytes_in_flight=flight.bytes_in_flight, beam_on_ahead_s=round(flight.beam_on_s, 3),
            left_s=round(section.duration_s * (1 - over / max(1, section.n_rows)), 1),
        )  # fmt: skip

    def _seen(self, status: Status) -> None:
        self.events.tell("progress", state=status.state)

    def _say(self, text: str) -> None:
        self.events.tell("message", text=text)
