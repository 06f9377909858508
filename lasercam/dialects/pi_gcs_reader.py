"""What a PI controller does with macros, from the GCS 2.0 commands: the proof of what the encoder wrote.

Source: PI's public package pipython (MOV starts all named axes at once; DEL waits whole milliseconds, in macros; DIO
sets an output), and public macros (WAC ONT? axis = 1 holds a macro until the axis is on target). Nothing of this was
run on a controller. Sent behind MAC START: the sender waits until the macro has run.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from lasercam.dialects.line_reading import Exposures, interpret, number
from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind

_TICKS: Final = {"mm": 10**7, "um": 10**4}
_OUTSIDE, _INSIDE, _DEFINED, _RUN = range(4)


def read(stream: BinaryIO, machine: Machine) -> Iterator[ExposureBlock]:
    """Exposures of a file of macros, in order.

    Args:
        stream: the file.
        machine: names axes and outputs, as the controller's wiring does.

    Raises:
        RereadError: a line that lasercam never writes there, or that exposes wrongly.
    """
    return interpret(stream, _Macros(machine))


class _Macros:
    """The controller's state between lines."""

    def __init__(self, machine: Machine) -> None:
        stated = machine.controller.settings
        self._axes = [stated.get(f"{name}_axis", "") for name in "xyz"]
        self._ticks = _TICKS.get(stated.get("unit", ""), 0)
        self._gate = machine.gate.output
        trigger = machine.trigger
        self._trigger = trigger.output if trigger else 0
        self._width_ms = round(trigger.width * 1e3) if trigger else 0
        self._settle_ms = round(machine.controller.settle_time * 1e3)
        self._max_lines = int(stated.get("max_macro_lines", "100"))
        self._outputs = [self._gate, *([self._trigger] if trigger else [])]
        self._off: list[int] = []
        self._state = _OUTSIDE
        self._macros = self._lines = self._count = 0
        self._at: list[int | None] = [None, None, None]
        self._awaited: list[str] = []
        self._high = self._waited = self._settled = 0
        self._close_s = machine.gate.close_delay
        self._is_closing = self._started = self._has_ended = False
        self.exposures = Exposures()

    def line(self, text: str) -> None:
        """Do one line."""
        if self._has_ended:
            raise RereadError("a line stands behind the end of the job")
        if text.startswith("; "):
            self._comment(text)
            return
        name, _, rest = text.partition(" ")
        if self._is_closing and name != "DEL":
            raise RereadError("something comes before the gate has closed (gate.close_delay)")
        if self._state == _INSIDE:
            self._lines += 1
            if self._lines > self._max_lines:
                raise RereadError("a macro has more lines than the machine profile allows")
        if name == "MAC":
            self._mac(rest)
        elif name == "DIO":
            self._dio(rest)
        elif self._state != _INSIDE or name not in ("MOV", "WAC", "DEL"):
            raise RereadError("the line is none that lasercam writes here")
        elif name == "MOV":
            self._mov(rest)
        elif name == "WAC":
            self._wac(rest)
        else:
            self._del(rest)

    def ended(self) -> None:
        """Judge the end of the file."""
        if not self._has_ended:
            raise RereadError("the file ends without its last line")

    def _comment(self, text: str) -> None:
        if self._state != _OUTSIDE:
            raise RereadError("a comment stands inside a macro")
        if text == "; end of job":
            if self._off != self._outputs:
                raise RereadError("the job ends without closing every output")
            self._has_ended = True
        if match := re.fullmatch(r"; set the pulse counter to ([1-9][0-9]{0,9})", text):
            if self._count:
                raise RereadError("the file tells the operator twice what to set at the pulse counter")
            self._count = int(match[1])

    def _mac(self, rest: str) -> None:
        match = re.fullmatch(r"(BEG|START|DEL) LC([0-9]{5})|END", rest)
        steps = {"BEG": _OUTSIDE, "END": _INSIDE, "START": _DEFINED, "DEL": _RUN}
        verb = match[1] or "END" if match else ""
        if match is None or self._state != steps[verb] or (verb == "BEG" and int(match[2]) != self._macros + 1):
            raise RereadError("a macro is not defined, ended, started and deleted in this order, one after another")
        if verb == "BEG":
            if not self._started and self._off != self._outputs:
                raise RereadError("a macro comes before every output is closed")
            if self._started and self._off:
                raise RereadError("a macro comes behind the closing of the outputs")
            self._started = True
            self._macros += 1
            self._lines, self._off = 0, []
        elif match[2] and int(match[2]) != self._macros:
            raise RereadError("another macro is started or deleted than was defined")
        if verb == "END" and (self._off != self._outputs or self._awaited or self._settled):
            raise RereadError("a macro ends without closing every output")
        self._off = []
        self._state = {"BEG": _INSIDE, "END": _DEFINED, "START": _RUN, "DEL": _OUTSIDE}[verb]

    def _dio(self, rest: str) -> None:
        match = re.fullmatch(r"([1-9][0-9]?) ([01])", rest)
        if match is None or int(match[1]) not in self._outputs or self._state in (_DEFINED, _RUN):
            raise RereadError("an output switches that the machine profile does not name, or where none may")
        output = int(match[1])
        if match[2] == "1":
            if self._state != _INSIDE or self._high or self._off or self._awaited or None in self._at:
                raise RereadError("an output opens twice, in motion, at an unknown place, or outside a macro")
            if self._settle_ms and not self._settled:
                raise RereadError("an output opens before the stage has settled")
            self._high = output
        elif self._high:
            if output != self._high or not self._waited:
                raise RereadError("an output closes that is not open, or at once")
            self._dot()
        elif not self._started and self._off == self._outputs:
            self._off = [output]  # a job of no dots closes at its head and at its end
        elif output in self._off or output != self._outputs[len(self._off)]:
            raise RereadError("an output is closed that is closed already")
        else:
            self._off.append(output)

    def _dot(self) -> None:
        place = [value or 0 for value in self._at]
        if self._high == self._gate:
            self.exposures.add(RowKind.DOT, place, place, open_ns=self._waited * 1_000_000)
            self._is_closing = self._close_s > 0
        elif not self._count or self._waited != self._width_ms:
            raise RereadError("a trigger of other width than the profile's, or without a count for the operator")
        else:
            self.exposures.add(RowKind.DOT, place, place, count=self._count)
        self._high = self._waited = self._settled = 0

    def _mov(self, rest: str) -> None:
        words = rest.split(" ")
        axes, values = words[::2], words[1::2]
        if self._awaited or self._high or self._settled or self._off:
            raise RereadError("a move before the one before it is done, or while an output is open")
        if len(axes) != len(values) or not set(axes) <= set(self._axes) or len(set(axes)) < len(axes):
            raise RereadError("a move of axes that the machine profile does not name")
        for axis, text in zip(axes, values, strict=True):
            place, to = self._axes.index(axis), number(text, self._ticks, "a position", padded=True)
            if self._at[place] == to:
                raise RereadError("an axis moves to where it stands")
            self._at[place] = to
        self._awaited = axes

    def _wac(self, rest: str) -> None:
        if not self._awaited or rest != f"ONT? {self._awaited[0]} = 1":
            raise RereadError("the macro does not wait for the axes that move, one after another")
        self._awaited = self._awaited[1:]

    def _del(self, rest: str) -> None:
        if not re.fullmatch(r"[1-9][0-9]{0,9}", rest) or self._awaited or self._waited or self._off:
            raise RereadError("a wait stands where lasercam never writes one, or is no whole number")
        if self._is_closing:
            if int(rest) < self._close_s * 1e3 - 1e-6:
                raise RereadError("the wait is shorter than the gate takes to close (gate.close_delay)")
            self._is_closing = False
        elif self._high:
            self._waited = int(rest)
        elif self._settled or int(rest) != self._settle_ms:
            raise RereadError("the stage settles for another time than the machine profile says")
        else:
            self._settled = 1
