"""A stand-in for a Newport XPS, written from public sources: calls, PVT trajectories in real time, events, outputs.

No XPS was at hand: what it does is what is believed of one. It records every exposure.
"""

import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from tests.controllers.ftp_double import FtpDouble
from tests.controllers.linuxcnc_double import Beam

Point = tuple[float, float, float]
_CALL = re.compile(rb"([A-Za-z]+)\(([^()]*)\)")
READY, MOVING, NOT_READY = 12, 45, 0
TEXTS = {READY: "Ready state from motion", MOVING: "Moving", NOT_READY: "Not initialized state"}


@dataclass(eq=False)
class XpsDouble:
    """One controller with a MultipleAxes group XYZ; trajectories come by its FTP."""

    firmware: str = "XPS-Q8 Firmware V2.6.x"
    state: int = READY
    outputs: int = 0
    events: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    error_at: str = ""
    dropped_at: str = ""
    speed_mm_s: float = 20.0

    def __post_init__(self) -> None:
        self.ftp = FtpDouble()
        self.beams: list[Beam] = []
        self.calls: list[str] = []
        self.place: Point = (0.0, 0.0, 0.0)
        self._trigger = self._action = (0, 0)
        self._n_events = 100
        self._lock = threading.RLock()
        self._abort = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()
        self.ftp.close()

    def settle(self) -> None:
        while self.state == MOVING:
            time.sleep(0.01)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                one, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        with one, suppress(OSError):
            while data := one.recv(1024):
                match = _CALL.fullmatch(data)
                name, words = (match[1].decode(), match[2].decode().split(",")) if match else ("", [])
                with self._lock:
                    self.calls.append(data.decode())
                if self.dropped_at and name == self.dropped_at:
                    self.dropped_at = ""
                    threading.Thread(target=self._reply, args=(name, words), daemon=True).start()
                    time.sleep(0.02)
                    return
                code, result = self._reply(name, words)
                one.sendall(f"{code},{result},EndOfAPI".encode())

    def _reply(self, name: str, words: list[str]) -> tuple[int, str]:
        if self.error_at and name == self.error_at:
            self.error_at = ""
            return -17, ""
        if name == "MultipleAxesPVTExecution":
            return self._execute(words[1])
        if name == "GroupMoveAbsolute":
            return self._move(tuple(float(w) for w in words[1:]))
        with self._lock:
            return self._quick(name, words)

    def _quick(self, name: str, words: list[str]) -> tuple[int, str]:
        if name == "FirmwareVersionGet":
            return 0, self.firmware
        if name == "GroupStatusGet":
            return 0, str(self.state)
        if name == "GroupStatusStringGet":
            return 0, TEXTS[int(words[0])]
        if name == "ErrorStringGet":
            return 0, f"text of error {words[0]}"
        if name == "GroupPositionSetpointGet":
            return 0, ",".join(f"{v:.9f}" for v in self.place)
        if name == "GPIODigitalGet":
            return 0, str(self.outputs)
        if name == "GPIODigitalSet":
            mask, value = int(words[1]), int(words[2])
            self.outputs = (self.outputs & ~mask) | (value & mask)
            return 0, ""
        if name == "GroupMoveAbort":
            if self.state != MOVING:
                return -22, ""
            self._abort.set()
            return 0, ""
        if name == "EventExtendedAllGet":
            return (0, ";".join(map(str, self.events))) if self.events else (-83, "")
        if name == "EventExtendedRemove":
            return (0, "") if self.events.pop(int(words[0]), None) else (-83, "")
        if name == "EventExtendedConfigurationTriggerSet":
            self._trigger = (int(words[1]), 0)
            return 0, ""
        if name == "EventExtendedConfigurationActionSet":
            self._action = (int(words[1]), int(words[2]))
            return 0, ""
        if name == "EventExtendedStart":
            self._n_events += 1
            self.events[self._n_events] = (self._trigger[0], *self._action)
            return 0, str(self._n_events)
        if name == "MultipleAxesPVTVerification":
            return (0, "") if self._file(words[1]) else (-61, "")
        return -4, ""

    def _file(self, name: str) -> bytes:
        return self.ftp.files.get(f"/Admin/Public/Trajectories/{name}", b"")

    def _move(self, target: Point) -> tuple[int, str]:
        length = max(abs(a - b) for a, b in zip(self.place, target, strict=True))
        return self._run(
            [(length / self.speed_mm_s, tuple(b - a for a, b in zip(self.place, target, strict=True)))], {}
        )

    def _execute(self, name: str) -> tuple[int, str]:
        elements = []
        for line in self._file(name).decode().splitlines():
            t, dx, _, dy, _, dz, _ = (float(word) for word in line.split(","))
            elements.append((t, (dx, dy, dz)))
        if not elements:
            return -61, ""
        return self._run(elements, dict(self.events))

    def _run(self, elements: list[tuple[float, Point]], events: dict[int, tuple[int, int, int]]) -> tuple[int, str]:
        """Element by element, in real time; what is lit is on record."""
        self._abort.clear()
        self.state = MOVING
        for number, (seconds, delta) in enumerate(elements, 1):
            with self._lock:
                for key, (at, mask, value) in events.items():
                    if at == number and key in self.events:
                        self.outputs = (self.outputs & ~mask) | (value & mask)
                        del self.events[key]
                is_lit = bool(self.outputs & 1)
            began = time.monotonic()
            is_cut = self._abort.wait(seconds) if seconds else False
            share = min(1.0, (time.monotonic() - began) / seconds) if seconds and is_cut else 1.0
            with self._lock:
                end = tuple(a + share * b for a, b in zip(self.place, delta, strict=True))
                if is_lit:
                    um = [tuple(v * 1000 for v in p) for p in (self.place, end)]
                    self.beams.append(Beam(um[0], um[1], share * seconds))
                self.place = end
            if is_cut:
                self.state = READY
                return -27, ""
        self.state = READY
        return 0, ""
