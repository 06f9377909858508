"""A session at the stage: what is left of a build, what must be so before it starts, then program after program."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from lasercam.errors import RefusedError
from lasercam.model.execution import HandStep
from lasercam.model.links import FileLink, LaserAdapter, StreamedByLines, Transport
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NM_PER_UM, Toolpath
from lasercam.run.attempt import Attempt
from lasercam.run.by_hand import StepsByHand, places
from lasercam.run.frame import box_text, frame_lines
from lasercam.run.hand_over import Desk, HandOver
from lasercam.run.journal import Journal, ProgramKey, ProgramRecord, read_journal
from lasercam.run.light import Light, light_of
from lasercam.run.limits import StreamLimits
from lasercam.run.link import GrblLink
from lasercam.run.loading import what_to_load
from lasercam.run.operator import Controls, Events, Operator
from lasercam.run.pieces import in_pieces
from lasercam.run.planned import Planned, Wanted
from lasercam.run.preflight import (
    Controller,
    check_pass,
    connect,
    home,
    require_idle,
    require_settings,
    travel_problems,
    unlock,
    work_offset,
)
from lasercam.run.program import Program, job_lines
from lasercam.run.replies import Status
from lasercam.run.resume import file_sha256, remaining_program, whole_program
from lasercam.run.row_ranges import RowRanges
from lasercam.run.starving import lit_strokes, long_dots
from lasercam.run.stop import cut_beam


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
        after: what a person does behind the last job file.
        open_laser: the laser's link; None where a person sets the laser.
        begun: called when everything is confirmed and the journal is open, before the first job file.
        is_simulated: the controller is a simulation, its time not the clock's.
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
    after: tuple[HandStep, ...] = ()
    open_laser: Callable[[Machine], LaserAdapter | None] = lambda _: None
    begun: Callable[[], None] = lambda: None
    is_simulated: bool = False
    open_file_link: Callable[[Planned], FileLink] | None = None

    def __post_init__(self) -> None:
        folder = str(self.planned[0].path.parent) if self.planned else "DIR"
        folder += " --simulate" if self.is_simulated else ""
        self._by_hand = StepsByHand(self.journal_path, self._journal, self.operator, folder)

    def run(self, wanted: Wanted) -> int:
        """Everything that is left is executed; the number of programs that were run.

        Raises:
            UsageError, RefusedError: something is not as it must be; nothing has moved, or nothing more.
            WaitingError: a step by hand comes next that nobody has confirmed.
            StoppedError, AbortedError, FaultError, LinkError, JournalError: see Attempt.
        """
        todo = self._todo(wanted)
        still = {planned.path.name for planned, _ in todo}
        files = [(p.path.name, p.before, p.path.name in still) for p in self.planned]
        for step in self._by_hand.confirm(wanted.confirmed, places(files, self.after)):
            self._say(f"{step.text}: noted as done")
        if not todo:
            self._say(f"everything of this build is executed; {self._told_after() or 'nothing is left'}")
        if not todo or wanted.only_note:
            return 0
        todo = self._on_one_machine(todo)
        first = todo[0][0]
        if not wanted.frame:
            self._by_hand.require(first.before, first.path.name)
        is_whole = any(not isinstance(planned.dialect, StreamedByLines) for planned, _ in todo)
        if is_whole and (first.keys is None or self.open_file_link is None):
            raise RefusedError(what_to_load(self._desk(None), todo))
        if is_whole and wanted.check:
            raise RefusedError("only GRBL has a check mode ($C); files handed over are read back and proven here")
        self._confirm_start(first, wanted)
        with light_of(self.open_laser(first.machine), self._say, in_background=not self.is_simulated) as light:
            if light is not None and first.targets is not None:
                light.look_at_start(first.targets, first.path.name)
            if is_whole and self.open_file_link is not None:
                return self._hand_over(self.open_file_link(first), light, todo, wanted)
            transport = self.open_link(first.machine)
            try:
                link = GrblLink(transport, self._say)
                return self._on_link(link, light, todo, wanted)
            finally:
                transport.close()

    def _hand_over(
        self, link: FileLink, light: Light | None, todo: list[tuple[Planned, ProgramKey]], wanted: Wanted
    ) -> int:
        """Files go to the controller whole."""
        try:
            count = HandOver(self._desk(light), link).run(todo, is_resumed=wanted.resume, only_frame=wanted.frame)
        finally:
            link.close()
        if told := self._told_after():
            self._say(told)
        return count

    def _desk(self, light: Light | None) -> Desk:
        def ready(planned: Planned, key: ProgramKey, left: RowRanges, journal: Journal) -> None:
            self._ready(light, planned, key, left, journal)

        return Desk(
            self.toolpath, self.controls, self.events, self.journal_path, self._journal, self.begun, light,
            self._require, self._settled, ready, self._say,
        )  # fmt: skip

    def _on_link(
        self, link: GrblLink, light: Light | None, todo: list[tuple[Planned, ProgramKey]], wanted: Wanted
    ) -> int:
        controller = connect(link)
        try:
            self._prepare(link, controller, todo, wanted)
            limits = controller.limits(todo[0][0].machine)
            if wanted.frame:
                self._frame(link, limits, todo[0][0])
                return 0
            with self._journal() as journal:
                self.begun()
                return self._programs(link, limits, light, journal, todo, wanted)
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
                text = f"'{planned.path.name}' is not the file that was built; `lasercam verify` says what differs"
                raise RefusedError(f"{text}; build again")
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
        fastest = max((r.speed_nm_s for p, _ in todo for r in self._recipes(p)), default=0)
        require_settings(controller, machine, fastest / NM_PER_UM)
        status = link.status()
        is_locked = status.state == "Alarm"
        if (wanted.resume or is_locked) and not controller.number("22"):
            self._require(
                "The controller cannot home ($22=0). Is its zero exactly where it was before the interruption?"
            )
            status = unlock(link) if is_locked else status
        elif wanted.resume or is_locked:
            self._require("Home the axes now? They move to their switches; the beam stays off.")
            status = home(link)
        require_idle(status)
        offset_um = work_offset(link)
        problems = [text for p, _ in todo for text in travel_problems(controller, p.section, offset_um)]
        if problems:
            raise RefusedError("\n".join(problems))
        self.events.tell(
            "connected", banner=controller.banner, rx=controller.rx_total, blocks=controller.planner_blocks
        )
        if wanted.resume:
            self._require("Registration: are the marks where they were before the interruption?")

    def _confirmed(self, question: str) -> bool:
        self.controls.wish()
        return self.operator.confirm(question)

    def _require(self, question: str) -> None:
        if not self._confirmed(question):
            raise RefusedError(f"not confirmed: {question}")

    # Programs

    def _frame(self, link: GrblLink, limits: StreamLimits, planned: Planned) -> None:
        self._require(f"Trace the box of '{planned.path.name}', {box_text(planned.section)}, with the beam off?")
        attempt = Attempt(link, limits, None, planned.section.first_row, self.controls.wish, self._seen, self._say)
        attempt.run(frame_lines(planned.section))
        self._say("the box was traced with the beam off")

    def _programs(
        self, link: GrblLink, limits: StreamLimits, light: Light | None, journal: Journal,
        todo: list[tuple[Planned, ProgramKey]], wanted: Wanted,
    ) -> int:  # fmt: skip
        for planned, key in todo:
            record = read_journal(self.journal_path).of(key)
            left = self._settled(planned, key, record, journal)
            if not left:
                journal.start(key, file="", sha256="", rows=RowRanges(), first_row=planned.section.first_row)
                journal.finished(row=planned.section.first_row)
                continue
            self._ready(light, planned, key, left, journal)
            self._one(link, limits, light, journal, planned, key, left, wanted)
        if told := self._told_after():
            self._say(told)
        return len(todo)

    def _ready(self, light: Light | None, planned: Planned, key: ProgramKey, left: RowRanges, journal: Journal) -> None:
        """Steps by hand are done, the laser is set, and the operator agrees."""
        self._by_hand.require(planned.before, planned.path.name, journal)
        laser = ""
        if light is not None and planned.targets is not None:
            laser = light.make_ready(planned.targets, planned.path.name, self._confirmed, journal.note)
        self._confirm_program(planned, key, left, laser)

    def _confirm_program(self, planned: Planned, key: ProgramKey, left: RowRanges, laser: str) -> None:
        share = len(left) / max(1, planned.section.n_rows)
        if isinstance(planned.dialect, StreamedByLines):
            self._say_what_outlasts_a_link(planned)
        again = f", time {key.repeat + 1} of {planned.section.repeat}" if planned.section.repeat > 1 else ""
        self._require(
            f"'{planned.path.name}'{again}: step {planned.section.step_name}, about "
            f"{planned.section.duration_s * share:.0f} s left. "
            + (f"The laser reads back: {laser}; its output opens after this. " if laser else "")
            + f"Is the laser set to {planned.laser}, and the energy measured at the sample?"
        )

    def _say_what_outlasts_a_link(self, planned: Planned) -> None:
        """Dots and strokes that stay lit for longer than is sent ahead, should the link be lost."""
        name = planned.path.name
        if told := long_dots(name, self._recipes(planned), planned.machine):
            self._say(told)
        if question := lit_strokes(name, self.toolpath.section_blocks(planned.section.index), planned.machine):
            self._require(question)

    def _recipes(self, planned: Planned) -> list[Recipe]:
        return [self.toolpath.header.recipes[index] for index in planned.section.recipes]

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
        self, link: GrblLink, limits: StreamLimits, light: Light | None, journal: Journal, planned: Planned,
        key: ProgramKey, left: RowRanges, wanted: Wanted,
    ) -> None:  # fmt: skip
        program = self._program(planned, key, left)
        if wanted.check:
            count = check_pass(link, job_lines(program), self.controls.wish)
            self._say(f"'{program.path.name}': {count:,} lines passed the controller's check mode")
            require_idle(link.status())
        first = planned.section.first_row
        with nullcontext() if light is None else light.beam(first):
            journal.start(key, file=program.path.name, sha256=file_sha256(program.path), rows=left, first_row=first)
            self.events.tell("start", file=program.path.name, section=key.section, repeat=key.repeat, rows=left.ranges)
            attempt = Attempt(link, limits, journal, first, self.controls.wish, said=self._say, light=light)
            attempt.seen = lambda status: self._progress(planned, attempt, status)
            attempt.run(in_pieces(job_lines(program), limits.max_ahead_s, planned.machine.controller.increment))
        self.events.tell("finished", file=program.path.name)

    def _program(self, planned: Planned, key: ProgramKey, left: RowRanges) -> Program:
        section = planned.section
        if left == RowRanges.of((section.first_row, section.first_row + section.n_rows)):
            return whole_program(planned.path, self.toolpath, section, planned.machine, planned.dialect)
        name = f"{self.journal_path.name}.{key.section}-{key.repeat}.left{planned.dialect.suffix}"
        path = self.journal_path.with_name(name)
        return remaining_program(path, self.toolpath, section, planned.machine, planned.dialect, left)

    def _journal(self) -> Journal:
        return Journal(self.journal_path, self.toolpath.header.digest, simulated=self.is_simulated)

    # Steps by hand

    def _told_after(self) -> str:
        """What is left by hand where no job file is left, on no machine."""
        if not self.after:
            return ""
        content = read_journal(self.journal_path)
        keys = [ProgramKey(p.section.index, repeat) for p in self.planned for repeat in range(p.section.repeat)]
        return self._by_hand.told_after(self.after) if all(content.of(key).is_finished for key in keys) else ""

    def _on_one_machine(self, todo: list[tuple[Planned, ProgramKey]]) -> list[tuple[Planned, ProgramKey]]:
        """What comes before the first job file for another machine: steps keep their order across machines."""
        name = todo[0][0].machine.machine
        here = list(takewhile(lambda one: one[0].machine.machine == name, todo))
        if len(here) < len(todo):
            other = todo[len(here)][0]
            text = f"this session runs {len(here)} job file(s) on {name}; '{other.path.name}' comes next"
            self._say(f"{text}, on {other.machine.machine}")
        return here

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
