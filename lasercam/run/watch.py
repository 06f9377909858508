"""Judges status reports while a program runs: anything that the plan does not explain is a fault."""

from typing import Final

from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.run.faults import FaultError
from lasercam.run.flight import Flight
from lasercam.run.limits import StreamLimits
from lasercam.run.link import GrblLink
from lasercam.run.replies import Place, Status

POLL_S: Final = 0.125
"""Between two status requests: GRBL's documentation asks for at most 5 to 10 per second."""
SILENT_S: Final = 0.4
"""Without any reply, although asked: about three requests. The beam is cut within half a second."""
LATE_S: Final = 0.3
"""How long an idle controller may leave a line unanswered, dwell aside."""
STUCK_S: Final = 20.0
"""How long nothing at all may change while the controller says that it runs: 1 mm/min is 0.3 mm in that time."""
NOMINAL: Final = (100, 100, 100)


class Watch:
    """Follows the reports of one stream."""

    def __init__(self, link: GrblLink, flight: Flight, limits: StreamLimits) -> None:
        self._link, self._flight, self._limits = link, flight, limits
        now = link.now_s()
        self._asked_s = now - POLL_S
        self._idle_since: float | None = None
        self._changed_s = now
        self._seen: tuple[object, ...] = ()
        self._unanswered = 0

    def poll(self) -> None:
        """Ask for a report when it is time, and notice when none comes.

        Raises:
            FaultError: nothing was heard for too long.
        """
        now = self._link.now_s()
        if now - self._asked_s < POLL_S:
            return
        if self._unanswered >= 2 and now - self._link.last_heard_s > SILENT_S:
            raise FaultError(
                "silent", f"no reply for {now - self._link.last_heard_s:.2g} s: the link or the controller is gone"
            )
        self._link.write(b"?")
        self._asked_s = now
        self._unanswered += 1

    def answered(self) -> None:
        """A line was acknowledged."""
        self._idle_since = None
        self._changed_s = self._link.now_s()

    def judge(self, status: Status) -> None:
        """Hold a report against what is on its way.

        Raises:
            FaultError: an override, a state, a place, a power or a buffer that the plan does not explain.
        """
        self._unanswered = 0
        if status.overrides is not None and status.overrides != NOMINAL:
            shown = ", ".join(f"{v} %" for v in status.overrides)
            raise FaultError(
                "override", f"overrides of feed, rapids and S are {shown}, not 100 %: the dose would be wrong"
            )
        if status.state not in ("Idle", "Run"):
            raise FaultError("state", f"the controller is in state {status.state}, which nobody asked for")
        self._flight.reported(status.free_blocks, status.free_bytes, is_idle=status.state == "Idle")
        self._judge_power(status)
        place = self._link.work_um(status)
        if place is not None:
            self._judge_place(place)
        self._judge_progress(status, place)

    def _judge_power(self, status: Status) -> None:
        if not status.power:
            return
        window = self._flight.window()
        if all(line.is_dark_after and not line.beam_on_s for line in window):
            raise FaultError(
                "power", f"S is {status.power:g} while nothing that is on its way exposes: the beam may be on"
            )
        allowed = {line.output for line in window}
        if status.power not in allowed and round(status.power) not in {round(power) for power in allowed}:
            raise FaultError(
                "power", f"S is {status.power:g}; lines on their way set {', '.join(f'{p:g}' for p in sorted(allowed))}"
            )

    def _judge_place(self, place: Place) -> None:
        """Every place between the first and the last one on its way lies in the box around them."""
        window = self._flight.window()
        points = [p for line in window for p in (line.start_ticks, line.end_ticks)]
        if not points or any(p is None for p in points):
            return
        margin = self._limits.place_tolerance_um + self._limits.path_tolerance_um
        for axis, name in enumerate("xyz"):
            along = [p[axis] / TICKS_PER_UM for p in points if p is not None]
            if not min(along) - margin <= place[axis] <= max(along) + margin:
                raise FaultError(
                    "place",
                    f"{name} is {place[axis] / 1000:.3f} mm; lines on their way lead from {min(along) / 1000:.3f} to "
                    f"{max(along) / 1000:.3f} mm",
                )

    def _judge_progress(self, status: Status, place: Place | None) -> None:
        """An idle controller answers; one that runs moves on."""
        now = self._link.now_s()
        oldest = self._flight.oldest
        if status.state != "Idle" or oldest is None:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since > LATE_S + oldest.dwell_s:
            text = f"the controller is idle, but {self._flight.n_unacked} line(s) are not acknowledged"
            raise FaultError("replies", f"{text}: an `ok` or a line was lost, or one came too many")
        seen = (status.state, place, status.feed_mm_min, self._flight.n_unacked)
        if seen != self._seen or oldest is None:
            self._seen, self._changed_s = seen, now
        elif now - self._changed_s > STUCK_S + oldest.dwell_s:
            raise FaultError(
                "stuck", f"nothing has changed for {now - self._changed_s:.3g} s although the controller runs"
            )
