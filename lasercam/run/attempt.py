"""One attempt at one program: every exit leaves the beam off, and the journal says what became of the rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lasercam.errors import LasercamError
from lasercam.run.faults import AbortedError, StoppedError, ignored
from lasercam.run.flight import Flight
from lasercam.run.journal import Journal, JournalError
from lasercam.run.light import Light
from lasercam.run.limits import StreamLimits
from lasercam.run.link import GrblLink
from lasercam.run.program import JobLine
from lasercam.run.replies import Status
from lasercam.run.row_ranges import RowRanges
from lasercam.run.stop import NOT_CONFIRMED, Bounds, Ending, bounds_at, cut_beam
from lasercam.run.stream import Streamer, Wish


@dataclass
class Attempt:
    """What an attempt looks at and tells.

    Attributes:
        link: ready and idle.
        limits: of the stream.
        journal: with the attempt's start record; None for a trace with the beam off.
        first_row: of the program.
        wish: see Streamer.
        seen: see Streamer.
        said: told in words what happens.
        light: the laser, its output open; None where nobody but a person sets it.
    """

    link: GrblLink
    limits: StreamLimits
    journal: Journal | None
    first_row: int
    wish: Callable[[], Wish] = lambda: Wish.GO_ON
    seen: Callable[[Status], None] = ignored
    said: Callable[[str], None] = ignored
    light: Light | None = None

    def __post_init__(self) -> None:
        self.flight = Flight(self.limits.rx_total, self.limits.planner_blocks, self.first_row)

    def run(self, lines: Iterator[JobLine]) -> None:
        """All lines are executed when this returns.

        Raises:
            StoppedError: by the operator, where the beam was off.
            AbortedError: by the operator or a signal; the beam was cut.
            FaultError, LinkError: the controller or the link failed; the beam was cut, or nobody knows.
            JournalError: the disk is full; the beam was cut.
        """
        streamer = Streamer(
            self.link, self.flight, self.limits, self.journal,
            wish=self._wish, sure=self._sure, seen=self.seen, paused=lambda: self.said("paused where the beam is off"),
        )  # fmt: skip
        try:
            is_done = streamer.run(lines)
            if self.light is not None:
                self.light.confirm(self.flight.ended_to)
        except BaseException as error:
            self._cut(error)
            raise
        if not is_done:
            ending = cut_beam(self.link)
            self._stopped("stopped by the operator", self._bounds())
            raise StoppedError(f"stopped where the beam is off; `--resume` goes on from there{self._told(ending)}")
        if self.journal is not None:
            self.journal.finished(row=self.flight.begun_to)

    def _wish(self) -> Wish:
        if self.light is not None:
            self.light.look(self.link.now_s(), self.flight.ended_to)
        return self.wish()

    def _sure(self, ended_to: int) -> int:
        return ended_to if self.light is None else self.light.sure_to(ended_to)

    def _cut(self, error: BaseException) -> None:
        """The beam first, at both ends at once, the journal second; what went wrong stays what is raised."""
        closed = self.light.close_at_once() if self.light is not None else lambda: None
        ending = cut_beam(self.link)
        closed()
        is_trusted = isinstance(error, (AbortedError, KeyboardInterrupt, JournalError)) and ending.is_dark
        bounds = self._bounds(ending if is_trusted else None)
        reason = f"{type(error).__name__}: {error}" if isinstance(error, LasercamError) else type(error).__name__
        try:
            self._stopped(reason, bounds)
        except JournalError:
            self.said("the journal could not be written: rows count as uncertain up to what it announced last")
        if not ending.is_dark:
            self.said(f"{NOT_CONFIRMED} ({ending.problem})")
            error.add_note(NOT_CONFIRMED)

    def _bounds(self, ending: Ending | None = None) -> Bounds:
        flight = self.flight
        place = None if ending is None else ending.place_um
        tolerance_um = self.limits.place_tolerance_um + self.limits.path_tolerance_um
        bounds = bounds_at(flight.window(), place, flight.ended_to, flight.begun_to, tolerance_um)
        return replace(bounds, done=self._sure(bounds.done))

    def _stopped(self, reason: str, bounds: Bounds) -> None:
        if self.journal is not None:
            self.journal.stopped(
                reason=reason, line=self.flight.last_line, row=bounds.begun, done=bounds.done, partly=bounds.partly
            )
        if bounds.partly:
            self.said(f"row {bounds.partly} is partly exposed")
        elif bounds.begun > bounds.done:
            self.said(f"rows {RowRanges.of((bounds.done, bounds.begun))} may or may not be exposed")

    @staticmethod
    def _told(ending: Ending) -> str:
        return "" if ending.is_dark else f"; {NOT_CONFIRMED} ({ending.problem})"
