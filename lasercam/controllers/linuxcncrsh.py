"""LinuxCNC through its remote shell: `linuxcncrsh` listens on a TCP port beside whatever display runs.

Source: linuxcncrsh(1) of LinuxCNC 2.9, and its own answers as measured on a headless LinuxCNC 2.9.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field, field_validator, model_validator

from lasercam.controllers.handed_over import Folders, placed_copy
from lasercam.controllers.remote_shell import RemoteShell
from lasercam.errors import InputError, LinkError, Problem, shorten
from lasercam.model.file_control import FileEnding, FileLinkKeys, FileStatus, Place
from lasercam.model.machine import Machine

AXES: Final = 3
MODES_S: Final = 2.0
"""How long a change of mode, a start or an abort may take until it is reported."""
POLL_S: Final = 0.02
DONE_S: Final = 0.1
"""From when a command is received to when it is done or an error is reported: several cycles of LinuxCNC's task."""
CUTS: Final = 2
"""The second time over a new connection: the old one may be what failed."""
_LONGEST_PATH: Final = 200
"""LinuxCNC keeps file names in 255 bytes."""
_MM: Final = 1000.0
_OFFSET_UM: Final = 0.01


class LinuxCncKeys(FileLinkKeys):
    """Keys of the kind `linuxcncrsh`."""

    port: Annotated[int, Field(ge=1, le=65_535)] = 5007
    """Its TCP port."""
    folder: Annotated[str, Field(max_length=200)] = ""
    """Where files are put for LinuxCNC to open, as this computer sees it: a whole path. Empty: LinuxCNC runs on this
    computer and opens the job files where they are."""
    folder_there: Annotated[str, Field(max_length=200)] = ""
    """The same folder as LinuxCNC's computer sees it. Empty: it sees it under the same path."""

    @field_validator("folder", "folder_there")
    @classmethod
    def _whole(cls, folder: str) -> str:
        if folder and (not folder.startswith("/") or not folder.isprintable() or " " in folder):
            raise ValueError(f"folder '{shorten(folder)}' must be a whole path without spaces, such as /home/cnc/jobs")
        return folder

    @model_validator(mode="after")
    def _both(self) -> "LinuxCncKeys":
        if self.folder_there and not self.folder:
            raise ValueError("folder_there is `folder` as LinuxCNC sees it; say `folder` too")
        return self


class LinuxCncRemoteShell:
    """One connection to linuxcncrsh."""

    Keys: ClassVar[type[FileLinkKeys]] = LinuxCncKeys
    dialects: ClassVar[tuple[str, ...]] = ("linuxcnc",)
    summary: ClassVar[str] = "LinuxCNC through linuxcncrsh, its remote shell over TCP"
    explanation: ClassVar[str] = """\
Start linuxcncrsh beside LinuxCNC's display: `loadusr linuxcncrsh` at the end of a HAL file, or
`linuxcncrsh -- -ini FILE` in a terminal. Passwords other than EMC and EMCTOO come from the environment:
LASERCAM_LINUXCNC_HELLO and LASERCAM_LINUXCNC_ENABLE. They travel unencrypted: use a network of your own.

Nothing starts unless the emergency stop is reset, the machine on, x, y and z homed, no program running, the spindle
off, the feed override at 100 % and G54 in force without a tool offset. lasercam neither resets the emergency stop nor
homes: do that at the machine. The file is opened (set open, get program), run (set run) and followed by
get program_line, which is the line of the motion under way; dots stand behind the line of the move that led to them.

Pauses are never LinuxCNC's own: set pause stops the motion and leaves the gate open. They land between pieces.
To cut: set abort, which stops the motion and the spindle at once but leaves outputs as they are, then M65 and M5 by
MDI. The beam must be gated by spindle-on AND output in HAL (see `lasercam explain linuxcnc`); then it is off with the
abort. What linuxcncrsh cannot say: the state of outputs. A lost link leaves the piece that was started running.

Proven: against a whole LinuxCNC 2.9 without hardware, its gate sampled every millisecond, in the slow lane of tests.
"""

    def __init__(self, keys: LinuxCncKeys, machine: Machine) -> None:
        self.keys: FileLinkKeys = keys
        self._keys, self._machine = keys, machine
        self._outputs = [machine.gate.output, *([machine.trigger.output] if machine.trigger else [])]
        if keys.folder and not Path(keys.folder).is_dir():
            text = f"the folder for LinuxCNC's files, '{keys.folder}', does not exist on this computer"
            raise InputError(Problem(text, hint="Correct `folder` under `controller: link:` of the profile."))
        self._shell = self._connected()
        self._opened = ""

    def now_s(self) -> float:
        """Real time."""
        return time.monotonic()

    @property
    def last_line(self) -> int | None:
        """LinuxCNC has the whole file."""
        return None

    def problems(self) -> Iterable[str]:
        """What must be set right at the machine."""
        shell = self._shell
        if shell.get("estop") != "OFF":
            yield "LinuxCNC is in emergency stop; find out why, then reset it at the machine"
            return
        if shell.get("machine") != "ON":
            yield "the machine is off; switch it on at LinuxCNC (F2)"
            return
        shell.set("linear_unit_conversion mm")  # refused while the machine is off
        homed = shell.get("joint_homed").split()[:AXES]
        away = [name for name, state in zip("xyz", homed, strict=False) if state != "YES"]
        if away or len(homed) < AXES:
            yield f"not homed: {', '.join(away) or 'axes are missing'}; home all axes at LinuxCNC"
        state = shell.get("program_status")
        if state != "IDLE":
            yield f"LinuxCNC is {state}: a program is under way; wait for its end, or abort it there"
        spindle = self._spindle()
        if spindle != "OFF":
            yield f"the spindle is {spindle}, which arms the beam; stop it (M5)"
        override = shell.get("feed_override")
        if override != "100":
            yield f"the feed override is {override} %, not 100 %: the dose would be wrong"
        yield from self._modes()

    def _modes(self) -> Iterator[str]:
        codes = self._shell.get("program_codes").split()
        if "G54" not in codes:
            system = next((c for c in codes if c.startswith("G5") and c not in ("G50", "G51")), "none")
            yield f"coordinate system {system} is in force, not G54, which the profile's `work_origin` is about"
        if "G49" not in codes:
            yield "a tool offset is in force; write G49 in LinuxCNC's MDI"

    def questions(self) -> Iterable[str]:
        """Offsets, and the wiring."""
        machine, work = self._place("abs_cmd_pos"), self._place("rel_cmd_pos")
        offset = [a - b for a, b in zip(machine, work, strict=True)]
        if any(abs(v) > _OFFSET_UM for v in offset):
            shown = ", ".join(f"{v / _MM:.4f}" for v in offset)
            yield f"LinuxCNC's work offset is ({shown}) mm. Does everything stay within its limits, and is it meant?"
        yield (
            f"Is the beam wired to output {self._machine.gate.output} AND spindle-on in LinuxCNC's HAL? Without that "
            "an abort leaves it on."
        )

    def hand_over(self, path: Path, companions: Mapping[str, bytes]) -> None:
        """Put the file where LinuxCNC sees it, and open it."""
        if companions:
            raise LinkError("LinuxCNC takes no files beside a job file")
        folders = Folders(Path(self._keys.folder), self._keys.folder_there) if self._keys.folder else None
        there = str(path.resolve()) if folders is None else placed_copy(path, folders)
        if any(c.isspace() for c in there) or not there.isascii() or len(there) > _LONGEST_PATH:
            raise LinkError(
                f"linuxcncrsh cannot open '{shorten(there, 120)}': paths are ASCII without spaces, at most "
                f"{_LONGEST_PATH} characters; name a `folder` under `controller: link:` of the profile"
            )
        self._set_mode("AUTO")
        self._errors()
        is_taken = self._shell.try_set(f"open {there}")
        time.sleep(DONE_S)
        said = self._errors()
        if not is_taken or said:
            raise LinkError(f"LinuxCNC does not open '{there}': {said or 'it does not say why'}")
        self._until(lambda: self._shell.get("program") == there, f"LinuxCNC has opened '{there}'")
        self._opened = there

    def start(self) -> None:
        """Run it from its first line."""
        self._shell.set("run")

    def status(self, wait_s: float) -> FileStatus:
        """As linuxcncrsh reports it."""
        if wait_s > 0:
            time.sleep(wait_s)
        shell = self._shell
        off = self._off()
        if off:
            return FileStatus("OFF", is_running=False, problem=off + self._because())
        line = int(shell.number("program_line"))
        state = shell.get("program_status")
        override = shell.number("feed_override")
        place = self._place("rel_cmd_pos")
        return FileStatus(state, state == "RUNNING", line, place, self._trouble(state, override), override > 100)

    def _off(self) -> str:
        if self._shell.get("estop") != "OFF":
            return "LinuxCNC is in emergency stop"
        return "" if self._shell.get("machine") == "ON" else "LinuxCNC has switched the machine off"

    def _trouble(self, state: str, override: float) -> str:
        shell = self._shell
        said = self._errors()
        if said:
            return f"LinuxCNC says: {said}"
        if state not in ("RUNNING", "IDLE"):
            return f"LinuxCNC is {state}, which nobody asked for here: the beam may be on at standstill"
        if override != 100:
            return f"the feed override is {override:g} %, not 100 %: the dose is wrong"
        opened = shell.get("program")
        if opened != self._opened:
            return f"LinuxCNC has another program open, '{shorten(opened, 120)}'"
        return ""

    def cut(self) -> FileEnding:
        """Abort, then close the gate by MDI."""
        problem = ""
        for _ in range(CUTS):
            try:
                return self._cut()
            except LinkError as error:
                problem = str(error)
            self._shell.close()
            try:
                self._shell = self._connected()
            except LinkError as error:
                problem = str(error)
        return FileEnding(is_dark=False, problem=problem)

    def _cut(self) -> FileEnding:
        shell = self._shell
        off = self._off()
        if off:  # commands are refused then: outputs stay as they are, the spindle, which arms the beam, has dropped
            problem = f"{off}: its outputs could not be cleared; the spindle, which arms the beam, should be off"
            return FileEnding(is_dark=False, problem=problem, is_standing=True)
        shell.set("abort")
        self._until(lambda: shell.get("program_status") == "IDLE", "LinuxCNC is idle after an abort")
        self._until(lambda: self._spindle() == "OFF", "the spindle is off after an abort")
        place = self._place("rel_cmd_pos")
        self._errors()
        self._set_mode("MDI")
        for words in (*(f"M65 P{output}" for output in self._outputs), "M5"):
            shell.set(f"mdi {words}")
            time.sleep(DONE_S)
            said = self._errors()
            if said:
                return FileEnding(is_dark=False, place_um=place, problem=f"{words} is refused: {said}")
        self._until(lambda: self._spindle() == "OFF", "the spindle is off after M5")
        return FileEnding(is_dark=True, place_um=self._place("rel_cmd_pos"))

    def close(self) -> None:
        """Hang up."""
        self._shell.close()

    def _connected(self) -> RemoteShell:
        shell = RemoteShell(self._keys.host, self._keys.port)
        try:
            shell.hello(os.environ.get("LASERCAM_LINUXCNC_HELLO", "EMC"))
            shell.enable(os.environ.get("LASERCAM_LINUXCNC_ENABLE", "EMCTOO"))
            # `done` would answer a run when it has ended, and was seen to never answer a change of mode.
            shell.set("set_wait received")
        except LinkError:
            shell.close()
            raise
        return shell

    def _spindle(self) -> str:
        # Without its number, linuxcncrsh of 2.9 falls over.
        return self._shell.get("spindle 0").removeprefix("0").strip()

    def _place(self, what: str) -> Place:
        """X, y and z, µm."""
        text = self._shell.get(what)
        try:
            x, y, z = (float(word) * _MM for word in text.split()[:AXES])
        except ValueError:
            raise LinkError(f"linuxcncrsh answers '{shorten(text)}' when asked for {what}") from None
        return x, y, z

    def _set_mode(self, mode: str) -> None:
        self._shell.set(f"mode {mode.lower()}")
        self._until(lambda: self._shell.get("mode") == mode, f"LinuxCNC is in mode {mode}")

    def _errors(self) -> str:
        """Everything that LinuxCNC has to say, once."""
        said = []
        for _ in range(20):
            text = self._shell.get("error")
            if text == "OK":
                break
            said.append(shorten(text, 200))
        return "; ".join(said)

    def _because(self) -> str:
        said = self._errors()
        return f": {said}" if said else ""

    def _until(self, is_so: Callable[[], bool], what: str) -> None:
        start = time.monotonic()
        while not is_so():
            if time.monotonic() - start > MODES_S:
                raise LinkError(f"waited {MODES_S:g} s in vain until {what}{self._because()}")
            time.sleep(POLL_S)
