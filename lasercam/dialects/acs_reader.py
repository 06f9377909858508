"""What an ACS controller does with a program, from public ACSPL+ programs: the proof of what the encoder wrote.

Source: ACSPL+ programs in public repositories (PTP/ev with a velocity as last argument; OUT(p).b around WAIT for a
shot at standstill; XSEG, LINE, ENDS and `TILL GSEG = -1`; SegmentGate with a gate state as last argument of LINE/p;
FixedDistPulse with width, interval, start and end along the path). Nothing of this was run on a controller.

The velocity of a path is that of its axes, VEL; shots end behind the last of them, by half of their distance
or of the dark lead.
"""

import re
from collections.abc import Callable, Iterator
from math import atan2, degrees, hypot, inf
from typing import BinaryIO, Final

from lasercam.dialects.line_reading import Exposures, interpret, number
from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind

_TICK: Final = 10**7
_FM_PER_TICK: Final = 10**5
_N = r"(-?[0-9.]+)"


def read(stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
    """Exposures of a program, in order.

    Args:
        stream: the program.
        machine: names axes and outputs, as the controller's wiring does.

    Raises:
        RereadError: a line that lasercam never writes there, or that exposes wrongly.
    """
    return interpret(stream, _Program(machine))


class _Program:
    """The controller's state between lines."""

    def __init__(self, machine: Machine) -> None:
        stated = machine.controller.settings
        self._axes = [stated.get(f"{name}_axis", "") for name in "xyz"]
        plane = re.escape(f"({self._axes[0]},{self._axes[1]})")
        self._gate = f"OUT({stated.get('gate_port', '0')}).{machine.gate.output}"
        trigger = machine.trigger
        self._trigger = f"OUT({stated.get('trigger_port', '0')}).{trigger.output}" if trigger else ""
        self._width_ms = round(trigger.width * 1e3) if trigger else 0
        self._settle_ms = round(machine.controller.settle_time * 1e3)
        self._largest_corner = float(stated.get("largest_corner", "1"))
        ignores = stated.get("ignore_safety_inputs", "no") == "yes"
        enabled = " & ".join(f"MST({axis}).#ENABLED" for axis in self._axes)
        off = ["lc.LaserDisable()", *(f"{output} = 0" for output in (self._gate, self._trigger) if output)]
        self._head = [
            "GLOBAL INT LC_SHOTS", "INT ch", *off, "lc.Stop()", *(["lc.SetSafetyMasks(1, 1)"] if ignores else []),
            "lc.Init()", f"ENABLE ({','.join(self._axes)})", f"TILL ({enabled})",
            f"lc.SetMotionAxes({self._axes[0]},{self._axes[1]})",
        ]  # fmt: skip
        self._tail = [*off, "STOP"]
        first, second = (re.escape(axis) for axis in self._axes[:2])
        self._grammar: list[tuple[re.Pattern[str], Callable[..., None]]] = [
            (re.compile(pattern), do)
            for pattern, do in (
                (r"PTP/ev \(([0-9,]+)\), (.+)", self._move),
                (r"WAIT ([1-9][0-9]{0,9})", self._wait),
                (r"(OUT\([0-9]+\)\.[0-9]+) = ([01])", self._output),
                (rf"VEL\(({first}|{second})\) = {_N}", self._velocity),
                (r"ch = lc\.SegmentGate\(\)", self._gated),
                (rf"ch = lc\.FixedDistPulse\({_N}, {_N}, {_N}, {_N}\)", self._fixed_distance),
                (r"lc\.LaserEnable\(\)", self._enable),
                (rf"XSEG {plane}, {_N}, {_N}", self._begin_path),
                (rf"LINE/p {plane}, {_N}, {_N}, ([01])", self._line),
                (rf"LINE {plane}, {_N}, {_N}", self._line),
                (rf"ENDS {plane}", self._end_path),
                (rf"TILL GSEG\({first}\) = -1", self._await_path),
                (r"lc\.LaserDisable\(\)", self._disable),
                (r"LC_SHOTS = lc\.GetPulseCounts\(ch\)", self._count_shots),
                (r"DISP \"%d shots of ([1-9][0-9]{0,9})\", LC_SHOTS", self._show_shots),
                (r"lc\.Stop\(ch\)", self._stop_channel),
            )
        ]
        self._pulse_width = stated.get("pulse_width", "")
        self._at: list[int | None] = [None, None, None]
        self._done = 0
        self._count = 0
        self._speed: dict[str, int] = {}
        self._step = ""
        self._high = ""
        self._waited = self._settled = 0
        self._close_s = machine.gate.close_delay
        self._increment_ticks = machine.controller.increment * 1e4
        self._is_closing = False
        self._firing: tuple[int, int, int] | None = None
        self._path: list[tuple[tuple[int, int], str]] = []
        self._shots = 0
        self.exposures = Exposures()

    def line(self, text: str) -> None:
        """Do one line."""
        if text.startswith("! "):
            if match := re.fullmatch(r"! set the pulse counter to ([1-9][0-9]{0,9})", text):
                if self._count:
                    raise RereadError("the file tells the operator twice what to set at the pulse counter")
                self._count = int(match[1])
            return
        if self._is_closing:
            match = re.fullmatch(r"WAIT ([1-9][0-9]{0,9})", text)
            if match is None or int(match[1]) < self._close_s * 1e3 - 1e-6:
                raise RereadError("something comes before the gate has closed (gate.close_delay)")
            self._is_closing = False
            return
        if self._done < len(self._head):
            if text != self._head[self._done]:
                raise RereadError(f"the program's head should say '{self._head[self._done]}' here")
            self._done += 1
            return
        at_tail = self._done - len(self._head)
        if at_tail or (text == self._tail[0] and not self._step):
            if self._high or self._settled or at_tail >= len(self._tail) or text != self._tail[at_tail]:
                raise RereadError("the program does not end with closing every output and STOP")
            self._done += 1
            return
        for pattern, do in self._grammar:
            if match := pattern.fullmatch(text):
                do(*match.groups())
                return
        raise RereadError("the line is none that lasercam writes")

    def ended(self) -> None:
        """Judge the end of the file."""
        if self._done != len(self._head) + len(self._tail):
            raise RereadError("the program ends without closing every output and STOP")

    def _needs(self, step: str) -> None:
        if self._step != step or self._high:
            raise RereadError("the line stands where lasercam never writes it")

    def _move(self, names: str, rest: str) -> None:
        self._needs("")
        if self._settled:
            raise RereadError("a wait leads to no exposure")
        values = rest.split(", ")
        if names.split(",") != self._axes or len(values) != 4:
            raise RereadError("a move of axes that the machine profile does not name, or with other numbers")
        if number(values[3], 10**6, "a velocity") <= 0:
            raise RereadError("a move without velocity")
        to = [number(text, _TICK, "a position", padded=True) for text in values[:3]]
        if to == self._at:
            raise RereadError("a move leads to where the stage stands")
        self._at = [*to]

    def _wait(self, milliseconds: str) -> None:
        if self._step or self._waited or (self._settled and not self._high):
            raise RereadError("a wait stands where lasercam never writes one")
        if self._high:
            self._waited = int(milliseconds)
        elif int(milliseconds) != self._settle_ms:
            raise RereadError("the stage settles for another time than the machine profile says")
        else:
            self._settled = 1

    def _output(self, output: str, value: str) -> None:
        if self._step or output not in (self._gate, self._trigger):
            raise RereadError("an output switches on a path, or is none of the machine profile")
        if value == "1":
            if self._high or None in self._at or (self._settle_ms and not self._settled):
                raise RereadError("an output opens twice, at an unknown place, or before the stage has settled")
            self._high = output
            return
        if output != self._high or not self._waited:
            raise RereadError("an output closes that is not open, or at once")
        place = [value or 0 for value in self._at]
        if output == self._gate:
            self.exposures.add(RowKind.DOT, place, place, open_ns=self._waited * 1_000_000)
            self._is_closing = self._close_s > 0
        elif not self._count or self._waited != self._width_ms:
            raise RereadError("a trigger of other width than the profile's, or without a count for the operator")
        else:
            self.exposures.add(RowKind.DOT, place, place, count=self._count)
        self._high, self._waited, self._settled = "", 0, 0

    def _velocity(self, axis: str, text: str) -> None:
        self._needs("")
        self._speed[axis] = number(text, 10**6, "a velocity")

    def _gated(self) -> None:
        self._needs("")
        self._step, self._firing = "channel", None

    def _fixed_distance(self, width: str, interval: str, begin: str, end: str) -> None:
        self._needs("")
        if width != self._pulse_width:
            raise RereadError("the pulses have another width than the machine profile says")
        first, last, apart = (number(text, 10**12, "a path length") for text in (begin, end, interval))
        if apart <= 0:
            raise RereadError("shots without distance")
        self._step, self._firing = "channel", (first, last, apart)

    def _enable(self) -> None:
        self._needs("channel")
        self._step = "enabled"

    def _begin_path(self, x: str, y: str) -> None:
        self._needs("enabled")
        start = [number(text, _TICK, "a position", padded=True) for text in (x, y)]
        if None in self._at or start != self._at[:2] or self._settled:
            raise RereadError("a path starts where the stage does not stand")
        self._step, self._path = "path", []

    def _line(self, x: str, y: str, gate: str = "") -> None:
        self._needs("path")
        if (self._firing is None) != bool(gate):
            raise RereadError("lines with a gate state stand beside shots, or without one beside a gate")
        to = number(x, _TICK, "a position", padded=True), number(y, _TICK, "a position", padded=True)
        self._path.append((to, gate))

    def _end_path(self) -> None:
        self._needs("path")
        self._step = "ended"

    def _await_path(self) -> None:
        self._needs("ended")
        self._step = "awaited"

    def _disable(self) -> None:
        self._needs("awaited")
        self._step = "disabled" if self._firing is None else "uncounted"
        self._expose()

    def _count_shots(self) -> None:
        self._needs("uncounted")
        self._step = "counted"

    def _show_shots(self, shots: str) -> None:
        self._needs("counted")
        if int(shots) != self._shots:
            raise RereadError("the operator is shown another number of shots than the path fires")
        self._step = "disabled"

    def _stop_channel(self) -> None:
        self._needs("disabled")
        self._step = ""

    def _expose(self) -> None:
        """The path as rows."""
        speeds = {self._speed.get(axis, 0) for axis in self._axes[:2]}
        speed = speeds.pop()
        if speeds or speed <= 0 or len(self._path) < 3:
            raise RereadError("a path without leads, or whose axes have no velocity in common")
        at = (self._at[0] or 0, self._at[1] or 0)
        steps, heading = [], None
        for to, _ in self._path:
            step = to[0] - at[0], to[1] - at[1]
            new = degrees(atan2(step[1], step[0]))
            turn = 0.0 if heading is None else abs((new - heading + 180.0) % 360.0 - 180.0)
            if step == (0, 0) or turn > self._largest_corner + 1e-6:
                raise RereadError("a path has a line without length, or a corner larger than the profile allows")
            steps.append(step)
            at, heading = to, new
        lit = self._lit(steps)
        if lit[0] or lit[-1] or not any(lit):
            raise RereadError("the laser fires while the stage speeds up or slows down, or never")
        if self._firing is None:
            self._judge_closing(steps, lit, speed)
        z = self._at[2] or 0
        kind = RowKind.LINE if self._firing is None else RowKind.SHOTS
        for (to, _), on in zip(self._path, lit, strict=True):
            start = [value or 0 for value in self._at]
            end = [to[0], to[1], z]
            self.exposures.add(
                kind if on else RowKind.LEAD, start, end, speed, count=self._shots if on and self._firing else 0
            )
            self._at = [*end]

    def _judge_closing(self, steps: list[tuple[int, int]], lit: list[bool], speed_nm_s: int) -> None:
        """The gate has closed before it is told to open again, and before the last line, in which the stage stops."""
        # Where the command goes out is rounded to the increment.
        left_ticks = -inf
        for i, (step, on) in enumerate(zip(steps, lit, strict=True)):
            if left_ticks > 0 and (i == len(steps) - 1 or (on and not lit[i - 1])):
                raise RereadError("the path opens the gate again, or stops, before the gate has closed")
            if on:
                left_ticks = self._close_s * speed_nm_s * 10 - self._increment_ticks
            else:
                left_ticks -= hypot(*step)

    def _lit(self, steps: list[tuple[int, int]]) -> list[bool]:
        if self._firing is None:
            return [gate == "1" for _, gate in self._path]
        begin, end, apart = self._firing
        bounds = [0.0]
        for step in steps:
            bounds.append(bounds[-1] + hypot(*step) * _FM_PER_TICK)
        near = _FM_PER_TICK / 2
        first = next((i for i, at in enumerate(bounds[:-2]) if abs(at - begin) <= near), 0)
        length = bounds[first + 1] - begin
        self._shots = round(length / apart) + 1
        lead = bounds[first + 2] - bounds[first + 1]
        off = abs(apart * (self._shots - 1) - length), abs(end - bounds[first + 1] - min(apart, lead) / 2)
        if not first or max(off) > near or self._shots < 2:
            raise RereadError("shots begin or end inside a row, or with the path")
        return [i == first for i in range(len(steps))]
