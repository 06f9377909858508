"""A link to GRBL or grblHAL: whole replies, real-time bytes, and resets that make everything said before them void."""

from collections.abc import Callable
from typing import Final

from lasercam.errors import shorten
from lasercam.model.links import Transport
from lasercam.run.faults import FaultError, ignored
from lasercam.run.replies import Alarm, Banner, Feedback, Ok, Refusal, Reply, Setting, Status, Unknown, parse

STATUS, HOLD, RESUME, RESET = b"?", b"!", b"~", b"\x18"
NO_OVERRIDES: Final = b"\x90\x95\x99"
"""Feed, rapids and S back to 100 %. Source: GRBL 1.1 wiki, "Commands", real-time overrides."""
MAX_UNKNOWN: Final = 3
"""Lines without a meaning that are put up with in a run; the next one is a fault."""
RESET_S: Final = 5.0
"""Longest wait for the banner: an Arduino's boot loader takes some 2 s."""
_READ_S: Final = 0.05

ERRORS: Final = {
    1: "a word without a letter", 2: "a bad number", 3: "an unknown $ command", 4: "a negative value",
    5: "homing is not enabled", 7: "settings could not be read", 8: "$ command while not idle",
    9: "locked by an alarm or a jog", 10: "soft limits need homing", 11: "the line is too long", 13: "the door is open",
    14: "the line is too long to keep", 15: "travel exceeded", 17: "laser mode needs PWM", 20: "an unknown G or M code",
    21: "two codes of one group", 22: "no feed rate", 23: "a whole number is needed", 24: "two codes need axis words",
    25: "a word stands twice", 26: "no axis words", 27: "a bad line number", 28: "a missing value",
    33: "an impossible target", 36: "unused words",
}  # fmt: skip
"""Source: GRBL 1.1 wiki, error_codes_en_US.csv."""
ALARMS: Final = {
    1: "hard limit: the position is lost", 2: "soft limit: a target beyond the machine's travel",
    3: "reset in motion: the position is lost", 4: "probe", 5: "probe", 6: "homing was reset",
    7: "the door opened while homing", 8: "homing could not leave the switch", 9: "homing did not find the switch",
}  # fmt: skip
"""Source: GRBL 1.1 wiki, alarm_codes_en_US.csv."""


class GrblLink:
    """One use of a transport.

    Attributes:
        generation: counts resets: a reply to what was sent before one is never seen after it.
        last_status: the newest report, with offset and overrides kept from earlier ones.
    """

    def __init__(self, transport: Transport, said: Callable[[str], None] = ignored) -> None:
        self._transport = transport
        self._said = said
        self._unknown = 0
        self.generation = 0
        self.last_status: Status | None = None
        self.offset_um: tuple[int, int, int] | None = None
        self.last_heard_s = transport.now_s()

    def now_s(self) -> float:
        """The link's clock."""
        return self._transport.now_s()

    def write(self, data: bytes) -> None:
        """Hand bytes over; raises LinkError."""
        self._transport.write(data)

    def next(self, timeout_s: float = _READ_S) -> Reply | None:
        """The next reply, or None.

        Raises:
            LinkError: the link is gone.
            FaultError: the controller was reset, locked itself, or says too much that means nothing.
        """
        reply = self._read(timeout_s)
        if isinstance(reply, Banner):
            self.generation += 1
            raise FaultError("reset", f"the controller was reset while it ran ('{shorten(reply.text)}')")
        if isinstance(reply, Alarm):
            raise FaultError("alarm", f"ALARM:{reply.code}, {ALARMS.get(reply.code, 'see the firmware manual')}")
        if isinstance(reply, Unknown):
            self._unknown += 1
            if self._unknown > MAX_UNKNOWN:
                text = f"the controller said {self._unknown} lines without a meaning, last '{shorten(reply.text)}'"
                raise FaultError("replies", text)
        return reply

    def reset(self, before: bytes = b"") -> str:
        """Stop everything and begin anew; the banner. `before` are real-time bytes that leave in the same piece.

        Raises:
            LinkError, FaultError: no banner in time.
        """
        self.write(before + RESET)
        self.generation += 1
        self.last_status = None
        start = self.now_s()
        while self.now_s() - start < RESET_S:
            reply = self._read(_READ_S)
            if isinstance(reply, Banner):
                self._unknown = 0
                return reply.text
        raise FaultError(
            "silent", f"no banner of GRBL or grblHAL within {RESET_S:g} s of a reset; is this the right port?"
        )

    def ask(self, line: bytes, timeout_s: float) -> list[Reply]:
        """Everything a command answers before its `ok`; only when nothing else is on its way.

        Raises:
            FaultError: it is refused, or not answered in time.
        """
        self.write(line + b"\n")
        found: list[Reply] = []
        start = self.now_s()
        shown = line.decode("latin-1")
        while self.now_s() - start < timeout_s:
            reply = self.next()
            if isinstance(reply, Ok):
                return found
            if isinstance(reply, Refusal):
                meaning = ERRORS.get(reply.code, "see the firmware manual")
                raise FaultError("error", f"'{shown}' was refused with error:{reply.code}, {meaning}")
            if isinstance(reply, (Feedback, Setting)):
                found.append(reply)
        raise FaultError("silent", f"'{shown}' was not answered within {timeout_s:g} s")

    def status(self, timeout_s: float = 1.0) -> Status:
        """A fresh report.

        Raises:
            FaultError: none in time.
        """
        self.write(STATUS)
        start = self.now_s()
        while self.now_s() - start < timeout_s:
            reply = self.next()
            if isinstance(reply, Status):
                return reply
            if isinstance(reply, Ok):
                raise FaultError("replies", "an `ok` that nothing was sent for: replies are not trusted any more")
        raise FaultError("silent", f"no status report within {timeout_s:g} s")

    def _read(self, timeout_s: float) -> Reply | None:
        raw = self._transport.read_line(timeout_s)
        if raw is None:
            return None
        reply = parse(raw)
        self.last_heard_s = self.now_s()
        if isinstance(reply, Status):
            self.last_status = reply
            if reply.offset_um is not None:
                self.offset_um = reply.offset_um
        elif isinstance(reply, (Refusal, Alarm, Banner, Unknown)) or (
            isinstance(reply, Feedback) and reply.name == "MSG"
        ):
            self._said(shorten(raw.decode("latin-1"), 120))
        return reply

    def work_um(self, status: Status) -> tuple[int, int, int] | None:
        """Place of a report in work coordinates; None until the offset is known."""
        if status.work_um is not None:
            return status.work_um
        if status.machine_um is None or self.offset_um is None:
            return None
        x, y, z = (m - w for m, w in zip(status.machine_um, self.offset_um, strict=True))
        return x, y, z
