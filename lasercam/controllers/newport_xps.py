"""Newport XPS over TCP: trajectory files by FTP, then the calls of a job file, one by one, each awaited.

Source: XPS-Q8 user's and programmer's manuals; the public package newportxps (folders, FTP, replies); EPICS' driver and
laboratory code (abort over a second socket; -22 where nothing moves; -83 where there is no event).
"""

import os
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field

from lasercam.controllers.trajectory_files import upload
from lasercam.controllers.xps_calls import XpsCalls
from lasercam.dialects.newport_xps_settings import XpsSettings, xps_settings
from lasercam.errors import InputError, LinkError, Problem, shorten
from lasercam.model.file_control import FileEnding, FileLinkKeys, FileStatus, Place
from lasercam.model.machine import Machine

NOTHING_MOVES: Final = -22
"""GroupMoveAbort where nothing moves."""
NO_EVENT: Final = -83
"""EventExtendedAllGet where there is no event, EventExtendedRemove of one that is over."""
STANDS_S: Final = 3.0
"""How long a group may take to stand after an abort."""
POLL_S: Final = 0.02
CUTS: Final = 2
_MM: Final = 1000.0
_CALL: Final = re.compile(r"([A-Za-z]{4,60})\(([^()]{0,200})\)")
_SENT: Final = frozenset(
    (
        "GPIODigitalSet", "GroupMoveAbsolute", "EventExtendedConfigurationTriggerSet",
        "EventExtendedConfigurationActionSet", "EventExtendedStart", "MultipleAxesPVTVerification",
        "MultipleAxesPVTPulseOutputSet", "MultipleAxesPVTExecution", "XYLineArcVerification",
        "XYLineArcPulseOutputSet", "XYLineArcExecution",
    )
)  # fmt: skip
"""Every call that job files of the dialect hold; nothing else is sent for them."""
_BY_SFTP: Final = ("XPS-D", "XPS-RL", "HXP-D")
"""Controllers that take files by SFTP only. Source: package newportxps."""


class XpsKeys(FileLinkKeys):
    """Keys of the kind `xps_calls`."""

    port: Annotated[int, Field(ge=1, le=65_535)] = 5001
    """Its TCP port for calls."""
    ftp_port: Annotated[int, Field(ge=1, le=65_535)] = 21
    """Its TCP port for files."""
    folder: Annotated[str, Field(pattern=r"^/?[A-Za-z0-9_./-]{1,200}$")]
    """Where it looks for trajectories, as its FTP names it: /Admin/Public/Trajectories on an XPS-C8,
    Public/Trajectories on an XPS-Q8."""
    user: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")] = "Administrator"
    """Who logs in to its FTP; the password comes from the environment, LASERCAM_XPS_PASSWORD."""


class NewportXpsCalls:
    """Two sockets: one for the calls of the file, one for questions and the abort."""

    Keys: ClassVar[type[FileLinkKeys]] = XpsKeys
    dialects: ClassVar[tuple[str, ...]] = ("newport_xps",)
    summary: ClassVar[str] = "Newport XPS-C8 and -Q8: trajectory files by FTP, calls over TCP port 5001"
    explanation: ClassVar[str] = """\
Before anything starts the groups must be ready (homed), no event be left over and the gate's output low.
Trajectory files go to the controller by FTP and are read back; the password comes from the environment,
LASERCAM_XPS_PASSWORD ("Administrator" if it is not set), and travels unencrypted: use a network of your own. An XPS-D
takes files by SFTP only: this link refuses it, and the operator loads the files.

The calls of the job file are sent one by one, each when the one before has been answered by 0; none but those that the
dialect writes. What is executed is known to the call: a lost link leaves at most the call under way.
To cut, over a second socket: the gate's output low, GroupMoveAbort, the events of this run removed, the outputs low
again and read back. Assumed: output pulses of a trajectory end with it.

Proven: against a protocol double written from the public sources. Unproven: never run on an XPS, for none was at hand.
Try it with the laser off first.
"""

    def __init__(self, keys: XpsKeys, machine: Machine) -> None:
        self.keys: FileLinkKeys = keys
        self._keys = keys
        settings, findings = xps_settings(machine)
        if settings is None:
            raise InputError([Problem(f.message, hint=f.hint) for f in findings])
        self._set: XpsSettings = settings
        self._outputs = [output for output in (settings.gate, settings.trigger) if output is not None]
        self._control = XpsCalls(keys.host, keys.port)
        self._work: XpsCalls | None = None
        self._calls: list[tuple[int, str]] = []
        self._next = self._last_line = 0
        self._events: list[str] = []
        self._held: set[str] = set()

    def now_s(self) -> float:
        """Real time."""
        return time.monotonic()

    @property
    def last_line(self) -> int | None:
        """Of the last call that was sent."""
        return self._last_line

    def problems(self) -> Iterable[str]:
        """What must be set right at the controller."""
        control = self._control
        _, firmware = control.ask("FirmwareVersionGet(char *)")
        if any(name in firmware for name in _BY_SFTP):
            yield (
                f"this is a {shorten(firmware, 40)}, which takes files by SFTP only; remove `link` from the profile: "
                "the operator loads the files"
            )
        for group in self._groups():
            state = self._state(group)
            if not _is_ready(state):
                yield f"group {group} is in state '{state}'; home it, so that it is ready"
        code, events = control.ask("EventExtendedAllGet(char *)", (NO_EVENT,))
        if code == 0 and events.strip(" ,;"):
            yield f"events are left over on the controller ({shorten(events)}): remove them (EventExtendedRemove)"
        for port, mask in self._outputs:
            if self._is_high(port, mask):
                yield f"output {port}, mask {mask}, is high: the beam may be on; set it low (GPIODigitalSet)"

    def questions(self) -> Iterable[str]:
        """What is not proven."""
        yield "This link has never been run on an XPS: has this job been tried with the laser off?"

    def hand_over(self, path: Path, companions: Mapping[str, bytes]) -> None:
        """Take the trajectory files there; read the calls."""
        calls = []
        for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            match = _CALL.fullmatch(text)
            if match is None or match[1] not in _SENT:
                raise LinkError(
                    f"line {number} of '{path.name}', '{shorten(text)}', is no call that this link knows; the operator "
                    "loads this file"
                )
            calls.append((number, text))
        new = {name: content for name, content in companions.items() if name not in self._held}
        if new:
            password = os.environ.get("LASERCAM_XPS_PASSWORD", "Administrator")
            keys = self._keys
            upload(keys.host, keys.ftp_port, keys.user, password, keys.folder, new)
            self._held |= set(new)
        self._calls, self._next, self._last_line = calls, 0, 0

    def start(self) -> None:
        """From the first call; each status sends what can be sent."""
        if self._work is None:
            self._work = XpsCalls(self._keys.host, self._keys.port)

    def status(self, wait_s: float) -> FileStatus:
        """Send calls for a while, each when the one before is done."""
        deadline, problem = time.monotonic() + wait_s, ""
        while self._work is not None and self._next < len(self._calls) and not problem:
            if not self._work.pending:
                self._last_line, call = self._calls[self._next]
                self._work.post(call)
            problem, is_answered = self._taken(self._work, deadline)
            if not is_answered or time.monotonic() >= deadline:
                break
        is_running = self._work is not None and self._next < len(self._calls)
        line = self._calls[self._next][0] if is_running else 0
        name = self._calls[self._next][1].partition("(")[0] if is_running else "done"
        return FileStatus(name, is_running, line, self._place(), problem)

    def _taken(self, work: XpsCalls, deadline: float) -> tuple[str, bool]:
        """What is wrong with the reply to the call under way, and whether there is one."""
        number, call = self._calls[self._next]
        found = work.reply(max(0.0, deadline - time.monotonic()))
        if found is None:
            return "", False
        code, results = found
        if code != 0:
            _, said = self._control.ask(f"ErrorStringGet({code},char *)", tuple(range(-1000, 0)))
            return f"line {number}, {shorten(call)}, is answered by error {code}: {shorten(said, 120)}", True
        if call.startswith("EventExtendedStart("):
            self._events.append(results.strip())
        elif "Execution(" in call:
            self._events.clear()  # each happens once, in the trajectory that it was set for
        self._next += 1
        return "", True

    def cut(self) -> FileEnding:
        """Gate low, abort, events removed, outputs low again and read back."""
        problem = ""
        for _ in range(CUTS):
            try:
                return self._cut()
            except LinkError as error:
                problem = str(error)
            self._control.close()
            try:
                self._control = XpsCalls(self._keys.host, self._keys.port)
            except LinkError as error:
                problem = str(error)
        return FileEnding(is_dark=False, problem=problem)

    def _cut(self) -> FileEnding:
        control = self._control
        self._set_low()
        for group in self._groups():
            control.ask(f"GroupMoveAbort({group})", (NOTHING_MOVES,))
        start = time.monotonic()
        while not all(_is_ready(self._state(group)) for group in self._groups()):
            if time.monotonic() - start > STANDS_S:
                raise LinkError(f"a group does not stand {STANDS_S:g} s after an abort")
            time.sleep(POLL_S)
        for number in self._events:
            control.ask(f"EventExtendedRemove({number})", tuple(range(-1000, 0)))
        self._events.clear()
        self._set_low()
        if self._work is not None:
            self._work.close()
            self._work = None
        high = [port for port, mask in self._outputs if self._is_high(port, mask)]
        problem = f"{', '.join(high)} is still high" if high else ""
        return FileEnding(is_dark=not high, place_um=self._place(), problem=problem)

    def close(self) -> None:
        """Hang up."""
        if self._work is not None:
            self._work.close()
            self._work = None
        self._control.close()

    def _groups(self) -> list[str]:
        return [name for name in (self._set.group, self._set.z_group) if name]

    def _state(self, group: str) -> str:
        _, code = self._control.ask(f"GroupStatusGet({group},int *)")
        _, text = self._control.ask(f"GroupStatusStringGet({code.strip()},char *)")
        return shorten(text.strip())

    def _set_low(self) -> None:
        for port, mask in self._outputs:
            self._control.ask(f"GPIODigitalSet({port},{mask},0)")

    def _is_high(self, port: str, mask: int) -> bool:
        _, text = self._control.ask(f"GPIODigitalGet({port},unsigned short *)")
        if not text.strip().isdecimal():
            raise LinkError(f"the XPS answers '{shorten(text)}' when asked for {port}")
        return bool(int(text) & mask)

    def _place(self) -> Place:
        """Setpoints of x, y and z, µm."""
        values: list[float] = []
        counts = (3,) if self._set.is_pvt else (2, 1)
        for group, count in zip(self._groups(), counts, strict=True):
            _, text = self._control.ask(f"GroupPositionSetpointGet({group},{','.join(['double *'] * count)})")
            try:
                values += [float(word) * _MM for word in text.split(",")[:count]]
            except ValueError:
                raise LinkError(f"the XPS answers '{shorten(text)}' when asked where {group} is") from None
        if len(values) != 3:
            raise LinkError(f"the XPS names {len(values)} places for x, y and z")
        return values[0], values[1], values[2]


def _is_ready(state: str) -> bool:
    return state.lower().startswith("ready state")
