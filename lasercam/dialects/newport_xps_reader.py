"""What a Newport XPS does with a job file, from its manual: the proof of what the encoder wrote.

Source: XPS-Q8 user's manual and programmer's manual (GroupMoveAbsolute answers when the motion is done; a trajectory
runs from where the group stands; PVT output pulses run from the start of the first element named to the start of the
last, one at once and one per interval; events without `Always` happen once), behaviour of the pulses' end as noted by
EPICS' driver. Nothing of this was run on a controller.

Files of trajectories are opened by the names that the calls give them. What the job relies on beside its calls stands
in comments that are read: the period at which output pulses fire, and what the operator sets at the pulse counter.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import numpy as np

from lasercam.dialects.line_reading import Exposures, interpret, number
from lasercam.dialects.newport_xps_files import (
    PS,
    RAMP,
    REST,
    Stretch,
    arc_kinds,
    checked,
    judge_closing,
    line_arc,
    pvt,
)
from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind

_TICK: Final = 10**7
_CALL = re.compile(r"([A-Za-z]{4,60})\(([^()]*)\)")
_PERIOD = re.compile(r"# output pulses fire the laser, one every (\S+) s")
_COUNT = re.compile(r"# set the pulse counter to ([1-9][0-9]{0,9})")
_END = "# end of job"
_ACTION = "EventExtendedConfigurationActionSet"
_Point = tuple[int, int, int]


def read(stream: BinaryIO, machine: Machine, companion: Callable[[str], bytes]) -> Iterator[ExposureBlock]:
    """Exposures of a job file, in order.

    Args:
        stream: the calls.
        machine: names groups and outputs, as the controller's system.ini does.
        companion: the content of a trajectory file by name.

    Raises:
        RereadError: a call the controller would refuse or that lasercam never writes, or one that exposes wrongly.
    """
    return interpret(stream, _Script(machine, companion))


class _Script:
    """The controller's state between calls."""

    def __init__(self, machine: Machine, companion: Callable[[str], bytes]) -> None:
        stated = machine.controller.settings
        self._companion = companion
        self._tolerance_um = machine.controller.path_tolerance
        self._settle_ps = round(machine.controller.settle_time * 1e9) * 1000
        self._close_s = machine.gate.close_delay
        self._increment_ticks = machine.controller.increment * 1e4
        self._group, self._z_group = stated.get("group", ""), stated.get("z_group", "")
        self._is_pvt = stated.get("trajectory", "pvt") == "pvt"
        self._corner = float(stated.get("discontinuity_angle", "0.01"))
        self._gate = f"{stated.get('gate_gpio', '')},{1 << machine.gate.output}"
        trigger = machine.trigger
        operator = trigger is not None and trigger.counted_by == "operator"
        port = stated.get("trigger_gpio", "")
        self._trigger = f"{port},{1 << trigger.output}" if trigger and operator and self._is_pvt else ""
        self._width_ps = round(trigger.width * 1e9) * 1000 if trigger else 0
        self._outputs = [o for o in (self._gate, self._trigger) if o] if self._is_pvt else []
        self._off: list[str] = []
        self._has_moved = self._closed_twice = False
        self._at: list[int | None] = [None, None, None]
        self._trajectories: dict[str, list[Stretch]] = {}
        self._event: list[str] = []
        self._events: list[tuple[int, str, bool]] = []
        self._pulses: tuple[int, ...] | None = None
        self._period_ps = self._count = 0
        self._has_ended = False
        self.exposures = Exposures()
        self._calls: dict[str, Callable[[list[str]], None]] = {
            "GPIODigitalSet": self._digital,
            "GroupMoveAbsolute": self._move,
            "MultipleAxesPVTVerification": self._verify_pvt,
            "XYLineArcVerification": self._verify_arc,
            "EventExtendedConfigurationTriggerSet": self._event_trigger,
            _ACTION: self._event_action,
            "EventExtendedStart": self._event_start,
            "MultipleAxesPVTPulseOutputSet": self._pvt_pulses,
            "XYLineArcPulseOutputSet": self._arc_pulses,
            "MultipleAxesPVTExecution": self._pvt_run,
            "XYLineArcExecution": self._arc_run,
        }

    def line(self, text: str) -> None:
        """Do one line."""
        if self._has_ended:
            raise RereadError("a line stands behind the end of the job")
        if text.startswith("# "):
            self._comment(text)
            return
        match = _CALL.fullmatch(text)
        if match is None:
            raise RereadError("the line is neither a comment nor a call")
        name, arguments = match[1], match[2].split(",")
        if self._event and name != ("EventExtendedStart" if len(self._event) > 1 else _ACTION):
            raise RereadError("an event is configured, but not its action and start right behind it")
        do = self._calls.get(name)
        if do is None:
            raise RereadError(f"'{name}' is no call that lasercam writes")
        do(arguments)

    def ended(self) -> None:
        """Judge the end of the file."""
        if not self._has_ended:
            raise RereadError("the file ends without its last line")

    def _comment(self, text: str) -> None:
        if text == _END:
            if sorted(self._off) != sorted(self._outputs) or self._events or self._pulses or self._event:
                raise RereadError("the job ends without closing every output, or with firing still configured")
            self._has_ended = True
        if match := _PERIOD.fullmatch(text):
            self._period_ps = self._once(self._period_ps, number(match[1], PS, "a period"))
        if match := _COUNT.fullmatch(text):
            self._count = self._once(self._count, int(match[1]))

    def _once(self, known: int, found: int) -> int:
        if known:
            raise RereadError("the file says twice how the laser is to be fired")
        return found

    def _digital(self, arguments: list[str]) -> None:
        output = ",".join(arguments[:-1])
        if output not in self._outputs or arguments[-1] != "0":
            raise RereadError("an output is set that the machine profile does not name, or not set to 0")
        if output in self._off:
            # A job of no rows closes at its head and at its end.
            if self._has_moved or self._closed_twice:
                raise RereadError("an output is closed that is closed already")
            self._off, self._closed_twice = [], True
        self._off.append(output)

    def _before_motion(self) -> None:
        """Every output is closed before anything moves, and nothing moves behind the closing at the end."""
        if not self._has_moved and sorted(self._off) != sorted(self._outputs):
            raise RereadError("the stage moves before every output is closed")
        if self._has_moved and self._off:
            raise RereadError("the stage moves behind the closing of the outputs")
        self._off, self._has_moved = [], True

    def _move(self, arguments: list[str]) -> None:
        self._before_motion()
        if self._events or self._pulses is not None:
            raise RereadError("the stage moves while the firing of a trajectory is configured")
        axes = (0, 1, 2) if self._is_pvt else {self._group: (0, 1), self._z_group: (2,)}.get(arguments[0], ())
        if (self._is_pvt and arguments[0] != self._group) or len(arguments) != len(axes) + 1 or not axes:
            raise RereadError("the move names a group or a number of positions that the machine profile does not")
        to = [number(text, _TICK, "a position", padded=True) for text in arguments[1:]]
        if [self._at[axis] for axis in axes] == to:
            raise RereadError("a move leads to where the stage stands")
        for axis, value in zip(axes, to, strict=True):
            self._at[axis] = value

    def _verify_pvt(self, arguments: list[str]) -> None:
        name, text = self._verified(arguments, is_pvt=True)
        self._trajectories[name] = pvt(text, self._tolerance_um)

    def _verify_arc(self, arguments: list[str]) -> None:
        name, text = self._verified(arguments, is_pvt=False)
        self._trajectories[name] = line_arc(text, self._corner)

    def _verified(self, arguments: list[str], *, is_pvt: bool) -> tuple[str, str]:
        self._before_motion()
        if len(arguments) != 2 or arguments[0] != self._group or is_pvt != self._is_pvt:
            raise RereadError("a trajectory is verified for a group that the machine profile does not name")
        name = arguments[1]
        if name in self._trajectories:
            raise RereadError("a trajectory is verified twice")
        return name, checked(name, self._companion)

    def _event_trigger(self, arguments: list[str]) -> None:
        if len(arguments) != 5 or arguments[0] != f"{self._group}.PVT.ElementNumberStart" or arguments[2:] != ["0"] * 3:
            raise RereadError("the event is not the start of a numbered element of the group's PVT trajectory")
        self._event = [arguments[1]]

    def _event_action(self, arguments: list[str]) -> None:
        if not self._event or len(arguments) != 5 or arguments[3:] != ["0", "0"]:
            raise RereadError("an action without event, or with other parameters than lasercam writes")
        self._event += arguments[:3]

    def _event_start(self, arguments: list[str]) -> None:
        if len(self._event) != 4 or arguments != ["int *"]:
            raise RereadError("an event is started that is not configured")
        element, action, mask, value = self._event
        output = f"{action.removesuffix('.DOSet')},{mask}"
        if not action.endswith(".DOSet") or output not in self._outputs or value not in ("0", mask):
            raise RereadError("the event's action is not an output of the machine profile going on or off")
        self._events.append((number(element, 1, "an element"), output, value == mask))
        self._event = []

    def _pvt_pulses(self, arguments: list[str]) -> None:
        if len(arguments) != 4 or arguments[0] != self._group or not self._is_pvt:
            raise RereadError("output pulses are configured for another group, or with other arguments")
        first, last = (number(text, 1, "an element") for text in arguments[1:3])
        self._fired_by((first, last, number(arguments[3], PS, "an interval")))

    def _arc_pulses(self, arguments: list[str]) -> None:
        if len(arguments) != 4 or arguments[0] != self._group or self._is_pvt:
            raise RereadError("output pulses are configured for another group, or with other arguments")
        self._fired_by(tuple(number(text, 10**12, "a path length") for text in arguments[1:]))

    def _fired_by(self, pulses: tuple[int, ...]) -> None:
        if self._pulses is not None or self._events:
            raise RereadError("the firing of a trajectory is configured twice")
        self._pulses = pulses

    def _pvt_run(self, arguments: list[str]) -> None:
        if len(arguments) != 3 or arguments[0] != self._group or arguments[2] != "1" or not self._is_pvt:
            raise RereadError("the execution names another group, or runs a trajectory more than once")
        stretches = self._known(arguments[1])
        output, lit = self._lit(len(stretches))
        if stretches[0].motion == REST:
            self._stand(stretches, output, lit)
        else:
            if output and output == self._trigger:
                raise RereadError("the trigger of the pulse counter switches while the stage moves")
            if not output and (not self._period_ps or self._pulses is None or self._pulses[2] != self._period_ps):
                raise RereadError("the pulses of a line come at another period than the file's head says")
            self._follow(stretches, lit)
        self._events, self._pulses = [], None

    def _known(self, name: str) -> list[Stretch]:
        if name not in self._trajectories:
            raise RereadError(f"the trajectory '{name[:40]}' was not verified before")
        self._before_motion()
        if None in self._at:
            raise RereadError("a trajectory runs from a place that no move has set")
        return self._trajectories[name]

    def _lit(self, n_elements: int) -> tuple[str, list[bool]]:
        """Which output is on in which elements; an empty name for output pulses."""
        if self._pulses is not None:
            first, last, _ = self._pulses
            if not 1 < first < last <= n_elements:
                raise RereadError("output pulses are configured for elements that the trajectory has not")
            return "", [first <= i + 1 < last for i in range(n_elements)]
        if not self._events:
            raise RereadError("a trajectory runs without firing")
        if len({output for _, output, _ in self._events}) > 1:
            raise RereadError("two outputs switch in one trajectory")
        lit = [False] * n_elements
        is_on, at = False, 1
        for element, _, goes_on in self._events:
            if not at < element <= n_elements or goes_on == is_on:
                raise RereadError("the events of a trajectory are out of order, or name an element it has not")
            lit[at - 1 : element - 1] = [is_on] * (element - at)
            is_on, at = goes_on, element
        if is_on:
            raise RereadError("the output stays on behind the trajectory")
        return self._events[0][1], lit

    def _stand(self, stretches: list[Stretch], output: str, lit: list[bool]) -> None:
        if lit != [False, True, False] or stretches[0].duration_ps < self._settle_ps:
            raise RereadError("a standing trajectory is not settling, exposure and rest, or settles too shortly")
        duration = stretches[1].duration_ps
        if not output:
            # One pulse at once and one per interval; half of it from either neighbour, so that the count is sure. The
            # interval is the laser's period, but for a single pulse, which needs none.
            interval = self._pulses[2] if self._pulses else 0
            count, rest = divmod(2 * duration + interval, max(2 * interval, 1))
            if rest or (count > 1 and interval != self._period_ps) or not self._period_ps:
                raise RereadError("the time of counted pulses does not end midway between two of them")
            self._row(RowKind.DOT, (0, 0, 0), 0, 0, count)
        elif output == self._trigger:
            if not self._count or duration != self._width_ps:
                raise RereadError("a trigger of other width than the profile's, or without a count for the operator")
            self._row(RowKind.DOT, (0, 0, 0), 0, 0, self._count)
        elif duration % 1000:
            raise RereadError("an exposure is not a whole number of ns")
        elif stretches[2].duration_ps < self._close_s * PS - 1:
            raise RereadError("a standing trajectory ends before the gate has closed (gate.close_delay)")
        else:
            self._row(RowKind.DOT, (0, 0, 0), 0, duration // 1000, 0)

    def _follow(self, stretches: list[Stretch], lit: list[bool]) -> None:
        judge_closing(stretches, lit, [s.speed_nm_s for s in stretches], self._close_s, self._increment_ticks)
        for stretch, on in zip(stretches, lit, strict=True):
            if on and stretch.motion == RAMP:
                raise RereadError("the beam is on while the stage speeds up or slows down")
            self._row(RowKind.LINE if on else RowKind.LEAD, stretch.delta, stretch.speed_nm_s, 0, 0)

    def _arc_run(self, arguments: list[str]) -> None:
        if len(arguments) != 5 or arguments[0] != self._group or arguments[4] != "1" or self._is_pvt:
            raise RereadError("the execution names another group, or runs a trajectory more than once")
        stretches = self._known(arguments[1])
        speed = number(arguments[2], 10**6, "a velocity")
        acceleration = number(arguments[3], 10**3, "an acceleration")
        if speed <= 0 or acceleration <= 0 or self._pulses is None:
            raise RereadError("a trajectory without velocity, acceleration or firing")
        # nm/s and 10^-3 mm/s²: v² / 2a is speed² / (2000 × acceleration) nm, 10 ticks each.
        ramp_ticks = speed * speed / (200 * acceleration)
        if min(np.hypot(*stretches[i].delta[:2]) for i in (0, -1)) < 0.98 * ramp_ticks:
            raise RereadError("the dark leads are too short to speed up and slow down in")
        kinds, count, interval = arc_kinds(stretches, *self._pulses)
        if RowKind.LINE in kinds and interval * 10**6 != speed * self._period_ps:
            raise RereadError("the pulses of a line come at another period than the file's head says")
        if RowKind.LINE in kinds:
            lit = [kind == RowKind.LINE for kind in kinds]
            judge_closing(stretches, lit, [speed] * len(stretches), self._close_s, self._increment_ticks)
        for stretch, kind in zip(stretches, kinds, strict=True):
            self._row(kind, stretch.delta, speed, 0, count if kind == RowKind.SHOTS else 0)
        self._pulses = None

    def _row(self, kind: RowKind, delta: _Point, speed_nm_s: int, open_ns: int, count: int) -> None:
        start = [value or 0 for value in self._at]
        end = [a + b for a, b in zip(start, delta, strict=True)]
        self._at = [*end]
        self.exposures.add(kind, start, end, speed_nm_s, open_ns, count)
