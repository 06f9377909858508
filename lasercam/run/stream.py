"""Character-counting streaming to GRBL and grblHAL: the buffer is kept full, the journal written ahead of it.

Lines leave in units that end with the beam off wherever the receive buffer can hold them, so that a sender that dies
leaves a controller that darkens by itself. Checkpoints drain the planner and compare place and modes with the plan.
"""

from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.run.faults import FaultError, ignored
from lasercam.run.flight import Flight
from lasercam.run.journal import Journal
from lasercam.run.limits import StreamLimits
from lasercam.run.link import GrblLink
from lasercam.run.pieces import SHARE
from lasercam.run.program import JobLine
from lasercam.run.replies import Feedback, Ok, Place, Refusal, Status
from lasercam.run.watch import POLL_S, STUCK_S, Watch

BATCH_LINES: Final = 64
"""Lines that the journal announces at once."""
BATCH_S: Final = 0.5
"""Beam-on time that it announces at once, a single unit aside."""
SETTLE_S: Final = 2.0
"""How long a drained controller may take to say that it is idle."""
READ_S: Final = 0.05
"""Longest wait in one reading: requests of the operator are looked at in between."""
SYNC: Final = b"G4P0\n"


class Wish(Enum):
    """What the operator wants."""

    GO_ON = "go on"
    PAUSE = "pause"
    STOP = "stop"


class Streamer:
    """Sends one program.

    Args:
        link: ready, idle, nothing on its way.
        flight: empty.
        limits: buffers and tolerances.
        journal: has the attempt's start; None where nothing is exposed (a trace with the beam off).
        wish: asked between two readings; raises AbortedError to cut the beam at once.
        sure: of rows that are over, those that were surely exposed; less than all where a laser is watched, too.
        seen: told of every report.
    """

    def __init__(
        self,
        link: GrblLink,
        flight: Flight,
        limits: StreamLimits,
        journal: Journal | None,
        *,
        wish: Callable[[], Wish] = lambda: Wish.GO_ON,
        sure: Callable[[int], int] = lambda row: row,
        seen: Callable[[Status], None] = ignored,
        paused: Callable[[], None] = lambda: None,
    ) -> None:
        self._link, self._flight, self._limits, self._journal = link, flight, limits, journal
        self._wish, self._sure, self._seen, self._paused = wish, sure, seen, paused
        self._watch = Watch(link, flight, limits)
        self._ahead: deque[list[JobLine]] = deque()
        self._announced = 0
        self._last: JobLine | None = None
        self._checked_s = self._sent_s = link.now_s()

    def run(self, lines: Iterator[JobLine]) -> bool:
        """Send every line, and see that all are executed.

        Returns:
            True when all is done; False when the operator stopped it where the beam was off.

        Raises:
            FaultError, LinkError: the controller or the link failed; the caller cuts the beam.
            JournalError: what must be on disk is not.
        """
        units = _units(lines, self._flight.rx_bytes, self._limits.max_ahead_s / SHARE)
        while True:
            wish = self._wish()
            is_dark = self._last is None or self._last.is_dark_after
            if wish is not Wish.GO_ON and is_dark:
                self._checkpoint()
                if wish is Wish.STOP:
                    return False
                self._wait_paused()
                continue
            if is_dark and self._link.now_s() - self._checked_s > self._limits.checkpoint_s:
                self._checkpoint()
            if not self._fill(units):
                self._checkpoint()
                return True
            self._step()

    def _fill(self, units: Iterator[list[JobLine]]) -> bool:
        """Send what fits; False when everything is sent."""
        while True:
            if not self._ahead:
                self._announce(units)
                if not self._ahead:
                    return False
            unit = self._ahead[0]
            flight = self._flight
            if flight.bytes_in_flight + sum(len(line.text) for line in unit) > flight.rx_bytes:
                return True
            beam_on_s, ahead_s = sum(line.beam_on_s for line in unit), flight.beam_on_s
            if beam_on_s and ahead_s and ahead_s + beam_on_s > self._limits.max_ahead_s:
                self._require_motion()
                return True
            self._ahead.popleft()
            for line in unit:
                flight.sent(line)
            self._last = unit[-1]
            self._link.write(b"".join(line.text for line in unit))
            self._sent_s = self._link.now_s()
            if self._last.is_dark_after and (
                self._wish() is not Wish.GO_ON or self._link.now_s() - self._checked_s > self._limits.checkpoint_s
            ):
                return True

    def _require_motion(self) -> None:
        """Waiting for the beam-on limit ends, because what is on its way gets executed."""
        waited_s = self._link.now_s() - self._sent_s
        if not self._flight.n_unacked and waited_s > STUCK_S + self._flight.beam_on_s:
            raise FaultError(
                "stuck", f"everything is acknowledged, but for {waited_s:.3g} s nothing was reported as executed"
            )

    def _announce(self, units: Iterator[list[JobLine]]) -> None:
        """Take the next lines, and put on disk that they may be sent."""
        count, beam_on_s = 0, 0.0
        for unit in units:
            self._ahead.append(unit)
            count += len(unit)
            beam_on_s += sum(line.beam_on_s for line in unit)
            if count >= BATCH_LINES or beam_on_s >= BATCH_S:
                break
        if self._ahead and self._journal is not None:
            last = self._ahead[-1][-1]
            self._journal.sent(line=last.number, row=last.begun_to, done=self._sure(self._flight.ended_to))

    def _step(self) -> None:
        """Ask, and take one reply."""
        self._watch.poll()
        reply = self._link.next(min(READ_S, POLL_S))
        if isinstance(reply, Ok):
            self._flight.acknowledged()
            self._watch.answered()
        elif isinstance(reply, Refusal):
            line = self._flight.oldest
            shown = "" if line is None else f" line {line.number}, '{line.text.decode('latin-1').strip()}',"
            raise FaultError("error", f"the controller refused{shown} with error:{reply.code}")
        elif isinstance(reply, Status):
            self._watch.judge(reply)
            self._seen(reply)

    def _checkpoint(self) -> None:
        """Everything sent is executed, and the controller stands where and as the plan says.

        Raises:
            FaultError: it does not.
        """
        self._drain()
        self._synchronise()
        status = self._idle()
        place, last = self._link.work_um(status), self._last
        if last is not None and last.end_ticks is not None:
            if place is None:
                raise FaultError("place", "the work offset is not known: places cannot be compared")
            self._compare(place, last)
        self._compare_modes()
        self._flight.drained()
        if self._journal is not None and last is not None:
            self._journal.sent(line=last.number, row=self._flight.begun_to, done=self._sure(self._flight.ended_to))
        self._checked_s = self._link.now_s()

    def _drain(self) -> None:
        while self._flight.n_unacked:
            self._wish()
            self._step()

    def _synchronise(self) -> None:
        number = 0 if self._last is None else self._last.number
        row, ended = self._flight.begun_to, self._flight.ended_to
        place = None if self._last is None else self._last.end_ticks
        line = JobLine(
            number, SYNC, moves=False, syncs=True, dwell_s=0.0, beam_on_s=0.0, is_dark_after=True, starves_dark=True,
            power=0.0, output=0.0, speed_mm_min=0.0, start_ticks=place, end_ticks=place, begun_to=row, ended_to=ended,
        )  # fmt: skip
        self._flight.sent(line)
        self._link.write(SYNC)
        self._drain()

    def _idle(self) -> Status:
        start = self._link.now_s()
        while True:
            status = self._link.status()
            self._watch.judge(status)
            self._seen(status)
            if status.state == "Idle":
                return status
            if self._link.now_s() - start > SETTLE_S:
                raise FaultError(
                    "state", f"everything is acknowledged, but the controller is still in state {status.state}"
                )

    def _compare(self, place: Place, last: JobLine) -> None:
        wanted = last.end_ticks or (0, 0, 0)
        for axis, name in enumerate("xyz"):
            off_um = place[axis] - wanted[axis] / TICKS_PER_UM
            if abs(off_um) > self._limits.place_tolerance_um:
                text = (
                    f"{name} stands at {place[axis] / 1000:.3f} mm, {off_um:+.3g} µm from where line {last.number} ends"
                )
                raise FaultError("place", f"{text}; what was written since the last checkpoint may be elsewhere")

    def _compare_modes(self) -> None:
        """A round trip that no `ok` too many survives, and the modes in force."""
        found = [r for r in self._link.ask(b"$G", 1.0) if isinstance(r, Feedback) and r.name == "GC"]
        if len(found) != 1:
            raise FaultError("replies", f"$G was answered with {len(found)} reports of modes instead of one")
        words = found[0].text.split()
        problem = mode_problem(words, self._last)
        if problem:
            raise FaultError("modes", problem)

    def _wait_paused(self) -> None:
        self._paused()
        while self._wish() is Wish.PAUSE:
            self._step()
        self._checked_s = self._link.now_s()


def mode_problem(words: list[str], last: JobLine | None) -> str:
    """What is wrong with the modes that `$G` reports; empty when they are as planned."""
    for mode in ("G54", "G17", "G21", "G90", "G94"):
        if last is not None and mode not in words:
            return f"the controller is not in mode {mode}, but in {' '.join(words)}"
    if last is not None and last.text.strip() in (b"M2", b"M30"):
        return ""  # the end of a program sets feed and power back as the firmware likes
    values = {word[0]: word[1:] for word in words if word[0] in "FS"}
    for letter, wanted in (
        ("F", None if last is None else last.speed_mm_min),
        ("S", None if last is None else last.power),
    ):
        try:
            found = float(values.get(letter, "nan"))
        except ValueError:
            return f"{letter} is '{values[letter]}', no number"
        # Reports round: F to whole mm/min, S to whole units or three decimals.
        if wanted and abs(found - wanted) > max(1.0, 1e-5 * wanted):
            return f"{letter} is {found:g} in the controller, {wanted:g} in the plan"
    return ""


def _units(lines: Iterator[JobLine], rx_bytes: int, longest_s: float) -> Iterator[list[JobLine]]:
    """Lines that leave together: up to where the beam is off, where that fits the receive buffer.

    A stroke that does not fit leaves line by line; its last lines leave with the one that ends it. So does one that
    goes dark by itself where it starves and has the beam on for longer than `longest_s`.
    """
    unit: list[JobLine] = []
    size, most, beam_on_s = 0, rx_bytes, 0.0
    for line in lines:
        unit.append(line)
        size += len(line.text)
        beam_on_s += line.beam_on_s
        while len(unit) > 1 and (size > most or (beam_on_s > longest_s and unit[0].starves_dark)):
            if size > most:
                most = rx_bytes // 2  # the rest of the stroke flows: waiting for an empty buffer would starve it
            size -= len(unit[0].text)
            beam_on_s -= unit[0].beam_on_s
            yield [unit.pop(0)]
        if line.is_dark_after:
            yield unit
            unit, size, most, beam_on_s = [], 0, rx_bytes, 0.0
    if unit:
        yield unit
