"""Jogging to places with the beam off: the controller stays in reach, and says itself where it has stopped.

Source: GRBL 1.1 wiki, "Jogging": `$J=` lines are refused outside Idle and Jog, need F, keep their own modes, and 0x85
stops them without an alarm.
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from lasercam.errors import RefusedError
from lasercam.model.machine import Machine
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.run.faults import FaultError
from lasercam.run.link import GrblLink
from lasercam.run.operator import Operator
from lasercam.run.preflight import connect, home, require_idle, require_settings, unlock, work_offset
from lasercam.run.remaining import check_jump
from lasercam.run.replies import Place, Status
from lasercam.run.stop import NOT_CONFIRMED, Ending, cut_beam

CANCEL: Final = b"\x85"
STEP_SPEED_UM_S: Final = 1000.0
"""Of a step (assumed: slow enough to be stopped by hand)."""
TRAVEL_SHARE: Final = 0.5
"""Of the slowest axis' speed, on the way to the next mark (assumed)."""
SPARE_S: Final = 5.0
"""How much longer than its way at its speed a jog may take."""
_UM_S_PER_MM_MIN: Final = 1000.0 / 60.0
_RESOLUTION_UM: Final = 1
PlaceUm = tuple[float, float, float]


class Jogger:
    """One use of a controller for jogging; the beam is off from the first to the last.

    Args:
        link: fresh.
        machine: the profile: its axes bound every jog, its zones are kept out of.
        operator: confirms homing.
        look: asked while something moves; True stops it.
    """

    def __init__(
        self, link: GrblLink, machine: Machine, operator: Operator, look: Callable[[], bool] = lambda: False
    ) -> None:
        self._link, self._machine, self._operator, self._look = link, machine, operator, look
        self._place: Place = (0, 0, 0)

    @property
    def place_um(self) -> Place:
        """Where it stands, work coordinates, as the controller last said at rest."""
        return self._place

    def prepare(self) -> None:
        """The controller is known, idle and dark.

        Raises:
            RefusedError: it is not set as the profile says, or not homed.
            FaultError, LinkError: it does not answer.
        """
        controller = connect(self._link)
        require_settings(controller, self._machine, fastest_um_s=0.0)  # slower axes only take longer
        status = self._link.status()
        if status.state == "Alarm":
            if controller.number("22"):
                self._require("Home the axes now? They move to their switches; the beam stays off.")
                home(self._link)
            else:
                self._require("The controller is locked and cannot home ($22=0). Is its zero where it should be?")
                unlock(self._link)
        self._link.ask(b"G21G90G94G17G54M5S0", SPARE_S)
        work_offset(self._link)
        self._rest()

    def to(self, place_um: PlaceUm) -> bool:
        """Travel to a place in work coordinates; False where it was stopped on the way.

        Raises:
            RefusedError: it lies outside the axes' ranges, or on the way is a zone to keep out of; nothing moves.
            FaultError, LinkError: the controller or the link failed.
        """
        speeds = [a.max_speed for a, there, here in zip(
            self._machine.axis_list, place_um, self._place, strict=True) if round(there) != here]  # fmt: skip
        return self._jog(place_um, TRAVEL_SHARE * min(speeds, default=STEP_SPEED_UM_S))

    def step(self, axis: int, by_um: float) -> bool:
        """One step along an axis; as `to`."""
        place = [float(v) for v in self._place]
        place[axis] += by_um
        return self._jog((place[0], place[1], place[2]), min(STEP_SPEED_UM_S, self._machine.axis_list[axis].max_speed))

    def close(self) -> Ending:
        """Nothing moves, the beam is off, or the ending says that nobody knows."""
        return cut_beam(self._link)

    def _jog(self, place_um: PlaceUm, speed_um_s: float) -> bool:
        target = [round(v / _RESOLUTION_UM) * _RESOLUTION_UM for v in place_um]
        way_um = sum((b - a) ** 2 for a, b in zip(self._place, target, strict=True)) ** 0.5
        if way_um == 0:
            return True
        problem = next(self._outside(target), "")
        if problem:
            raise RefusedError(problem)
        ticks = [np.array(p, np.int64) * TICKS_PER_UM for p in (self._place, target)]
        check_jump(ticks[0], ticks[1], self._machine)
        words = "".join(f"{axis}{v / 1000:.3f}" for axis, v in zip("XYZ", target, strict=True))
        self._link.ask(f"$J=G21G90{words}F{max(1.0, speed_um_s / _UM_S_PER_MM_MIN):.3f}".encode(), SPARE_S)
        was_stopped = self._wait(SPARE_S + 2.0 * way_um / speed_um_s)
        self._rest()
        return not was_stopped

    def _outside(self, target: list[int]) -> Iterator[str]:
        for name, axis, at in zip("xyz", self._machine.axis_list, target, strict=True):
            if not axis.min <= at <= axis.max:
                yield (
                    f"{name} = {at / 1000:.3f} mm is outside the {axis.min / 1000:g} to {axis.max / 1000:g} mm of "
                    f"machine '{self._machine.machine}'; nothing was moved"
                )

    def _wait(self, longest_s: float) -> bool:
        """Until it stands; True when it was told to stop."""
        start, stopped = self._link.now_s(), False
        while True:
            status = self._link.status()
            if status.state == "Idle":
                return stopped
            if status.state != "Jog":
                raise FaultError("state", f"the controller is in state {status.state} while it jogs")
            if status.power:
                raise FaultError("power", f"S is {status.power:g} while it jogs: the beam may be on")
            if not stopped and self._look():
                self._link.write(CANCEL)
                stopped = True
            if self._link.now_s() - start > longest_s:
                raise FaultError("stuck", f"a jog has lasted longer than {longest_s:.1f} s")
            self._link.next(0.05)

    def _rest(self) -> None:
        """Where it stands."""
        status: Status = self._link.status()
        require_idle(status)
        place = self._link.work_um(status)
        if place is None:
            raise FaultError("place", "the controller does not say where it is in work coordinates")
        self._place = place

    def _require(self, question: str) -> None:
        if not self._operator.confirm(question):
            raise RefusedError(f"not confirmed: {question}")


def told(ending: Ending) -> str:
    """What to say about an ending; empty where it is dark."""
    return "" if ending.is_dark else f"{NOT_CONFIRMED} ({ending.problem})"
