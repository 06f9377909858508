"""A stand-in for LinuxCNC behind linuxcncrsh: its words as measured on a real one, its motion in real time.

It records every exposure. Reads job files by itself; shares no code with the product.
"""

import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

Point = tuple[float, float, float]
_WORD = re.compile(r"([A-Z])(-?[0-9.]+)")


@dataclass(frozen=True)
class Beam:
    """Light at the sample: along a way, or standing for a time."""

    start_um: Point
    end_um: Point
    seconds: float


@dataclass(frozen=True)
class Step:
    """A move or a dwell of a program, from when to when since its start."""

    line: int
    moved_by: int
    begins_s: float
    ends_s: float
    start: Point
    end: Point
    is_lit: bool


@dataclass
class Faults:
    """What goes wrong; times since a program was started."""

    refuses_hello: bool = False
    refuses_enable: bool = False
    program_error_s: float | None = None
    estop_s: float | None = None
    override_s: float | None = None
    stopped_at_display_s: float | None = None
    paused_s: float | None = None
    dropped_s: float | None = None
    stays_away: bool = False
    never_runs: bool = False


@dataclass(eq=False)
class LinuxCncDouble:
    """One controller; `port` is where its remote shell listens."""

    rapid_um_s: float = 20_000.0
    faults: Faults = field(default_factory=Faults)
    estop: str = "OFF"
    machine: str = "ON"
    homed: str = "YES YES YES NO NO NO"
    override: float = 100.0
    spindle: str = "OFF"
    codes: str = "G80 G17 G40 G21 G90 G94 G54 G49 G99 G64 F0 S0"
    offset_mm: Point = (0.0, 0.0, 0.0)
    gate: bool = False

    def __post_init__(self) -> None:
        self.beams: list[Beam] = []
        self.opened: list[str] = []
        self.requests: list[str] = []
        self.runs = 0
        self._place: Point = (0.0, 0.0, 0.0)
        self._mode, self._program, self._errors = "MANUAL", "", []
        self._steps: list[Step] = []
        self._started_s: float | None = None
        self._paused_s: float | None = None
        self._lock = threading.RLock()
        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        for one in self._sockets:
            one.close()

    def settle(self) -> None:
        """Whatever runs has run to its end, as it does without anybody."""
        while self._started_s is not None:
            time.sleep(0.01)
            with self._lock:
                self._proceed()

    # The wire

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            if self.faults.stays_away and self._sockets:
                one.close()
                continue
            self._sockets.append(one)
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        state = {"echo": True, "verbose": False, "known": False, "enabled": False}
        stream = one.makefile("rb")
        try:
            for raw in stream:
                line = raw.decode().strip()
                with self._lock:
                    self.requests.append(line)
                    self._proceed()
                    if self._is_dropped():
                        one.shutdown(socket.SHUT_RDWR)
                        return
                    echo = f"{line}\r\n" if state["echo"] and state["known"] else ""
                    reply = self._reply(line, state)
                if reply is None:
                    one.shutdown(socket.SHUT_RDWR)
                    return
                one.sendall((echo + reply).encode())
        except OSError:
            return

    def _is_dropped(self) -> bool:
        after = self.faults.dropped_s
        if after is None or self._started_s is None or time.monotonic() - self._started_s < after:
            return False
        self.faults.dropped_s = None
        return True

    def _reply(self, line: str, state: dict[str, bool]) -> str | None:
        words = line.split()
        if words[0] == "hello":
            state["known"] = words[1] == "EMC" and not self.faults.refuses_hello
            return "HELLO ACK EMCNETSVR 1.1\r\n" if state["known"] else "HELLO NAK\r\n"
        if not state["known"]:
            return ""
        name = words[1].upper()
        if words[0] == "get":
            value = self._get(words[1:])
            return None if value is None else f"{name} {value}\r\n"
        if name in ("ECHO", "VERBOSE"):
            state[name.lower()] = words[2] == "on"
            is_done = True
        elif name == "ENABLE":
            is_done = state["enabled"] = words[2] == "EMCTOO" and not self.faults.refuses_enable
        else:
            is_done = state["enabled"] and self._set(words[1:])
        return f"SET {name} ACK\n\r" if is_done and state["verbose"] else "" if is_done else f"SET {name} NAK\n\r"

    def _get(self, words: list[str]) -> str | None:
        step = self._step()
        status = "IDLE" if self._started_s is None else "RUNNING" if self._paused_s is None else "PAUSED"
        six = lambda p: " ".join(f"{v:.6f}" for v in (*p, 0.0, 0.0, 0.0))  # noqa: E731
        if words == ["spindle"]:
            return None  # the real one falls over
        values = {
            "estop": self.estop, "machine": self.machine, "joint_homed": self.homed, "program_status": status,
            "spindle": f"0 {self.spindle}", "feed_override": f"{self.override:g}", "program_codes": self.codes,
            "abs_cmd_pos": six([a + b for a, b in zip(self._place, self.offset_mm, strict=True)]),
            "rel_cmd_pos": six(self._place), "program": self._program or "NONE", "mode": self._mode,
            "program_line": str(step.moved_by if step else len(self._steps) + 7),
        }  # fmt: skip
        if words[0] == "error":
            return f"{self._errors.pop(0)}" if self._errors else "OK"
        return values.get(words[0], "NAK")

    def _set(self, words: list[str]) -> bool:
        name = words[0]
        if name == "mode":
            if self._started_s is not None:
                self._errors.append("Can't switch mode while mode is AUTO and interpreter is not IDLE")
            else:
                self._mode = words[1].upper()
        elif name == "open":
            path = Path(words[1])
            if not path.is_file():
                self._errors.append(f"can't open {path}")
            else:
                self._program = str(path)
                self.opened.append(path.read_text())
        elif name == "run":
            if self._mode != "AUTO" or not self._program or self.machine != "ON":
                self._errors.append("can't run")
            elif not self.faults.never_runs:
                self._steps = self._read(self.opened[-1])
                self._started_s, self._paused_s = time.monotonic(), None
                self.runs += 1
        elif name == "abort":
            self._stop()
        elif name == "mdi":
            if self._mode != "MDI" or self.machine != "ON":
                self._errors.append("Must be in MDI mode")
            elif words[1:] == ["M5"]:
                self.spindle = "OFF"
            elif words[1:] == ["M65", "P0"]:
                self.gate = False
        elif name not in ("set_wait", "linear_unit_conversion"):
            return False
        return True

    # The machine

    def _read(self, text: str) -> list[Step]:
        """Steps of a program: straight paths at the programmed speed, as if axes had no mass."""
        steps: list[Step] = []
        place, motion, feed, gate, pending, moved_by, now = self._place, 0, 0.0, False, None, 0, 0.0
        for number, line in enumerate(text.splitlines(), 1):
            words = _WORD.findall(re.sub(r"\(.*\)", "", line))
            codes = {letter + value for letter, value in words}
            values = {letter: float(value) for letter, value in words}
            if "M62" in codes or "M63" in codes:
                pending = "M62" in codes
            elif "M64" in codes or "M65" in codes:
                gate = "M64" in codes
            elif "G4" in codes:
                steps.append(Step(number, moved_by, now, now + values["P"], place, place, gate))
                now += values["P"]
            else:
                motion = 0 if "G0" in codes else 1 if "G1" in codes else motion
                feed = values.get("F", feed)
                target = tuple(values.get(a, p) for a, p in zip("XYZ", place, strict=True))
                length = sum((a - b) ** 2 for a, b in zip(place, target, strict=True)) ** 0.5
                if length:
                    gate = gate if pending is None else pending
                    pending, moved_by = None, number
                    took = length / (self.rapid_um_s / 1000 if motion == 0 else feed / 60)
                    steps.append(Step(number, number, now, now + took, place, target, gate))
                    now, place = now + took, target
        return steps

    def _step(self) -> Step | None:
        if self._started_s is None:
            return None
        at = (self._paused_s or time.monotonic()) - self._started_s
        return next((s for s in self._steps if s.ends_s > at), self._steps[-1])

    def _proceed(self) -> None:
        """Let the time pass that has passed."""
        if self._started_s is None:
            return
        self.spindle = "FORWARD"
        at, faults = time.monotonic() - self._started_s, self.faults
        for name in ("program_error_s", "estop_s", "override_s", "stopped_at_display_s", "paused_s"):
            due = getattr(faults, name)
            if due is not None and at >= due:
                setattr(faults, name, None)
                self._happen(name)
                return
        if self._paused_s is None:
            self._reach(at)
            if at >= self._steps[-1].ends_s:
                self._stop(at)

    def _happen(self, name: str) -> None:
        if name == "override_s":
            self.override = 120.0
        elif name == "paused_s":
            self._paused_s = time.monotonic()
        else:
            if name == "program_error_s":
                self._errors.append("Linear move on line 17 would exceed joint 0's positive limit")
            if name == "estop_s":
                self.estop, self.machine = "ON", "OFF"
            self._stop()

    def _reach(self, at: float) -> None:
        step = self._step()
        if step is not None:
            share = min(1.0, max(0.0, (at - step.begins_s) / (step.ends_s - step.begins_s)))
            self._place = tuple(a + share * (b - a) for a, b in zip(step.start, step.end, strict=True))
            self.gate = step.is_lit

    def _stop(self, at: float | None = None) -> None:
        """The program is over, at its end or before; the spindle drops, outputs stay, and what was lit is on record."""
        if self._started_s is None:
            return
        at = time.monotonic() - self._started_s if at is None else at
        self._reach(at)
        for step in self._steps:
            if step.is_lit and step.begins_s < at:
                share = min(1.0, (at - step.begins_s) / (step.ends_s - step.begins_s))
                end = tuple(a + share * (b - a) for a, b in zip(step.start, step.end, strict=True))
                um = lambda p: tuple(v * 1000 for v in p)  # noqa: E731
                seconds = share * (step.ends_s - step.begins_s)
                self.beams.append(Beam(um(step.start), um(end), seconds))
        if at >= self._steps[-1].ends_s:
            self.gate = False
        self._started_s = self._paused_s = None
        self.spindle = "OFF"
