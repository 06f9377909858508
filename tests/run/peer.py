"""A small GRBL in memory, written for these tests from the firmware's rules, with a clock that runs while one waits.

It keeps what the beam did. It knows only what lasercam sends: G0, G1, G4, M2 to M5, S, F, `$` reports, `?`, `!`, reset.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from lasercam.errors import LinkError

_WORD = re.compile(r"([A-Z])(-?[0-9.]+)")


@dataclass
class Move:
    start: tuple[float, float, float]
    end: tuple[float, float, float]
    seconds: float
    power: float
    begun_s: float = -1.0


@dataclass
class Burn:
    """What the beam did: from, to, whether it was cut off on the way."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    whole: bool
    seconds: float


@dataclass
class Peer:
    rx: int = 128
    blocks: int = 15
    baud: float = 115200.0
    settings: dict[str, str] = field(
        default_factory=lambda: {
            "10": "3", "13": "0", "20": "0", "22": "1", "30": "1000", "31": "0", "32": "1", "100": "1000.000",
            "101": "1000.000", "102": "1000.000", "110": "600", "111": "600", "112": "120",
        }
    )  # fmt: skip
    on_line: Callable[["Peer", str], str | None] = lambda peer, line: line
    """May change or swallow (None) a line that arrives."""
    on_reply: Callable[["Peer", bytes], list[bytes]] = lambda peer, reply: [reply]
    """May change, double or swallow a reply."""

    def __post_init__(self) -> None:
        self.clock = 0.0
        self.out: deque[bytes] = deque()
        self.wire: deque[tuple[float, int]] = deque()
        self.buffer = bytearray()
        self.overflowed = False
        self.most_in_buffer = 0
        self.burns: list[Burn] = []
        self.lines: list[str] = []
        self.gone = False
        self.alarm = False
        self.override = 100
        self.place = (0.0, 0.0, 0.0)
        self.lit_since: float | None = None
        self.dark_at = 0.0
        self._reset()

    def _reset(self) -> None:
        self.planner: deque[Move] = deque()
        self.planned = self.place
        self.buffer.clear()
        self.waiting: float | None = None
        self.motion, self.spindle, self.power, self.feed = 0, 5, 0.0, 0.0
        self.check = self.held = False
        self._light()

    # Transport

    def now_s(self) -> float:
        return self.clock

    def close(self) -> None:
        self.gone = True

    def write(self, data: bytes) -> None:
        if self.gone:
            raise LinkError("the port is gone")
        last = self.wire[-1][0] if self.wire else self.clock
        for byte in data:
            last = max(last, self.clock) + 10 / self.baud
            self.wire.append((last, byte))

    def read_line(self, timeout_s: float) -> bytes | None:
        if self.gone:
            raise LinkError("the port is gone")
        end = self.clock + timeout_s
        while True:
            self._work()
            if self.out:
                return self.out.popleft()
            if self.clock >= end:
                return None
            moments = [end]
            if self.wire:
                moments.append(self.wire[0][0])
            if self.planner and self.planner[0].begun_s >= 0:
                moments.append(self.planner[0].begun_s + self.planner[0].seconds)
            if self.waiting is not None:
                moments.append(self.waiting)
            self.clock = max(self.clock + 1e-6, min(moments))

    # Firmware

    def say(self, text: bytes) -> None:
        self.out.extend(self.on_reply(self, text))

    def _work(self) -> None:
        while self.wire and self.wire[0][0] <= self.clock:
            byte = self.wire.popleft()[1]
            if byte == 0x18:
                self.soft_reset()
            elif byte == 0x3F:
                self.say(self._status())
            elif byte == 0x21:
                self.held = True
            elif byte < 0x80:
                if len(self.buffer) >= self.rx:
                    self.overflowed = True
                else:
                    self.buffer.append(byte)
                    self.most_in_buffer = max(self.most_in_buffer, len(self.buffer))
        self._advance()
        while self.waiting is None and b"\n" in self.buffer:
            raw, _, rest = bytes(self.buffer).partition(b"\n")
            if not self._take(raw.decode("latin-1").strip()):
                break
            self.buffer = bytearray(rest)
            self._advance()

    def _advance(self) -> None:
        while self.planner:
            move = self.planner[0]
            if move.begun_s < 0:
                move.begun_s = self.clock
                self._light()
            if move.begun_s + move.seconds > self.clock:
                break
            if move.power:
                self.burns.append(Burn(move.start, move.end, True, move.seconds))
            self.place = move.end
            self.planner.popleft()
            if self.planner:
                self.planner[0].begun_s = move.begun_s + move.seconds
            self._light()
        if self.waiting is not None and self.clock >= self.waiting:
            if self.lit_since is not None:
                self.burns.append(Burn(self.place, self.place, True, self.clock - self.lit_since))
            self.waiting = None
            self.say(b"ok")

    def _light(self) -> None:
        if self.planner:
            power = self.planner[0].power
        else:
            power = self.power if self.spindle == 3 and self.motion == 1 else 0.0
        if power and self.lit_since is None:
            self.lit_since = self.clock
        elif not power and self.lit_since is not None:
            self.lit_since, self.dark_at = None, self.clock

    @property
    def is_lit(self) -> bool:
        return self.lit_since is not None

    def soft_reset(self) -> None:
        if self.planner and self.planner[0].begun_s >= 0:
            move = self.planner[0]
            share = min(1.0, (self.clock - move.begun_s) / move.seconds) if move.seconds else 1.0
            here = tuple(a + share * (b - a) for a, b in zip(move.start, move.end, strict=True))
            if move.power:
                self.burns.append(Burn(move.start, here, False, share * move.seconds))
            self.place = here
            self.alarm = True
            self.say(b"ALARM:3")
        elif self.waiting is not None and self.lit_since is not None:
            self.burns.append(Burn(self.place, self.place, False, self.clock - self.lit_since))
        self._reset()
        self.say(b"")
        self.say(b"Grbl 1.1h ['$' for help]")
        if self.alarm:
            self.say(b"[MSG:'$H'|'$X' to unlock]")

    def _status(self) -> bytes:
        place = self.place
        state = "Alarm" if self.alarm else "Idle"
        power = self.power if self.lit_since is not None else 0
        if self.planner:
            move, state = self.planner[0], "Run"
            share = min(1.0, (self.clock - move.begun_s) / move.seconds) if move.seconds and move.begun_s >= 0 else 0.0
            place = tuple(a + share * (b - a) for a, b in zip(move.start, move.end, strict=True))
            power = move.power
        shown = ",".join(f"{v:.3f}" for v in place)
        free, room = self.blocks - len(self.planner), self.rx - len(self.buffer)
        more = f"|WCO:0.000,0.000,0.000|Ov:{self.override},100,100"
        return f"<{state}|MPos:{shown}|Bf:{free},{room}|FS:0,{power:g}{more}>".encode()

    def _take(self, line: str) -> bool:
        """One line; False when it has to wait."""
        if self._must_wait(line):
            return False
        self.lines.append(line)
        changed = self.on_line(self, line)
        if changed is None:
            return True
        line = changed
        if line.startswith("$"):
            self._dollar(line)
            return True
        if self.alarm:
            self.say(b"error:9")
            return True
        words = _WORD.findall(line)
        if "".join(a + b for a, b in words) != line:
            self.say(b"error:2")
            return True
        if self.check:
            self.say(b"ok")
            return True
        target = list(self.planned)
        axes, dwell = False, None
        for letter, value in words:
            if letter in "XYZ":
                axes, target["XYZ".index(letter)] = True, float(value)
            elif letter == "G" and value in "01":
                self.motion = int(value)
            elif letter == "M" and value in ("3", "5"):
                self.spindle = int(value)
            elif letter == "S":
                self.power = float(value)
            elif letter == "F":
                self.feed = float(value)
            elif letter == "P":
                dwell = float(value)
        if dwell is not None:
            self._light()
            self.waiting = self.clock + dwell
            return True
        if axes:
            end = (target[0], target[1], target[2])
            length = sum((a - b) ** 2 for a, b in zip(end, self.planned, strict=True)) ** 0.5
            speed = self.feed / 60 if self.motion == 1 else 10.0
            lit = self.power if self.motion == 1 and self.spindle == 3 else 0.0
            if length:
                self.planner.append(Move(self.planned, end, length / speed, lit))
            self.planned = end
        else:
            self._light()
        self.say(b"ok")
        return True

    def _must_wait(self, line: str) -> bool:
        is_move = any(letter in line for letter in "XYZ") and not line.startswith("$")
        if is_move:
            return len(self.planner) >= self.blocks
        needs_still = "G4" in line or "M" in line or "S" in line or line.startswith("$")
        return needs_still and bool(self.planner) and line not in ("$I",)

    def _dollar(self, line: str) -> None:
        if line == "$I":
            self.say(b"[VER:1.1h.20190825:]")
            self.say(f"[OPT:V,{self.blocks},{self.rx}]".encode())
        elif line == "$$":
            for name, value in self.settings.items():
                self.say(f"${name}={value}".encode())
        elif line == "$G":
            self.say(
                f"[GC:G{self.motion} G54 G17 G21 G90 G94 M{self.spindle} M9 T0 F{self.feed:.0f} S{self.power:g}]".encode()
            )
        elif line == "$H":
            self.alarm, self.place, self.planned = False, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
        elif line == "$X":
            self.alarm = False
        elif line == "$C":
            self.check = True
        self.say(b"ok")
