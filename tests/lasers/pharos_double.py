"""A server that answers like a PHAROS: JSON over REST, an attenuator and an output that take their time, and faults."""

import json
import socket
import struct
import threading
import time
from contextlib import suppress
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SETTLES_S = 0.03


class Trouble(Enum):
    """What the server can do wrong."""

    TIMEOUT = auto()
    DRIP = auto()
    SERVER_ERROR = auto()
    GARBAGE = auto()
    NOT_AN_OBJECT = auto()
    HUGE = auto()
    DROPPED = auto()
    CUT_SHORT = auto()
    REDIRECT = auto()
    TEXT_NUMBER = auto()
    NAN = auto()
    HALF_DIVIDER = auto()
    NO_DIVIDER = auto()
    OTHER_FREQUENCY = auto()
    STUCK_ATTENUATOR = auto()
    NOT_READY = auto()
    STAYS_DARK = auto()
    STAYS_OPEN = auto()


class PharosDouble:
    """A laser at http://127.0.0.1:port/v1 with a source of 100 kHz.

    `log` holds every request as (method, path, body); `trouble` may be changed at any time.
    """

    def __init__(self, base_khz: float = 100.0) -> None:
        self.trouble: set[Trouble] = set()
        self.log: list[tuple[str, str, str]] = []
        self.base_khz = base_khz
        self.divider = 1
        self.attenuator = self.attenuator_target = 100.0
        self.moved_at = 0.0
        self.is_open = False
        self.switching_until = 0.0
        self.was_open = False
        self.released = threading.Event()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                double.serve(self, "GET")

            def do_PUT(self) -> None:
                double.serve(self, "PUT")

            def do_POST(self) -> None:
                double.serve(self, "POST")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def light(self) -> bool:
        """Whether light comes out now."""
        return self.was_open if time.monotonic() < self.switching_until else self.is_open

    def serve(self, request: BaseHTTPRequestHandler, method: str) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length).decode()
        self.log.append((method, request.path, body))
        with suppress(OSError):
            self._answer(request, *self._result(method, request.path, body))

    def _answer(self, request: BaseHTTPRequestHandler, status: int, text: str) -> None:
        content = text.encode()
        if Trouble.TIMEOUT in self.trouble:
            self.released.wait(5)
            return
        if Trouble.DROPPED in self.trouble:
            # Reset, not closed: as when the laser's computer goes down.
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.connection.close()
            request.close_connection = True
            return
        if Trouble.REDIRECT in self.trouble:
            status = 302
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        if status == 302:
            request.send_header("Location", "http://127.0.0.1:9/elsewhere")
        extra = 10 if Trouble.CUT_SHORT in self.trouble else 0
        request.send_header("Content-Length", str(len(content) + extra))
        request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True
        if Trouble.DRIP in self.trouble:
            for byte in content:
                request.wfile.write(bytes([byte]))
                request.wfile.flush()
                if self.released.wait(0.02):
                    return
        else:
            request.wfile.write(content)

    def _result(self, method: str, path: str, body: str) -> tuple[int, str]:
        if Trouble.SERVER_ERROR in self.trouble:
            return 500, "internal error in the control program"
        if method == "GET" and path == "/v1/Basic":
            return 200, self._status()
        if method == "PUT" and path == "/v1/Basic/TargetPpDivider":
            value = json.loads(body)
            if not isinstance(value, int) or not 1 <= value <= 1000:
                return 403, "out of bounds"
            self.divider = value
            return 200, ""
        if method == "PUT" and path == "/v1/Basic/TargetAttenuatorPercentage":
            value = json.loads(body)
            if not 0 <= value <= 100:
                return 403, "out of bounds"
            if Trouble.STUCK_ATTENUATOR not in self.trouble:
                self.attenuator_target, self.moved_at = value, time.monotonic()
            return 200, ""
        if method == "POST" and path in ("/v1/Basic/EnableOutput", "/v1/Basic/CloseOutput"):
            wanted = path.endswith("EnableOutput")
            if wanted and Trouble.NOT_READY in self.trouble:
                return 403, "not operational"
            ignored = Trouble.STAYS_DARK if wanted else Trouble.STAYS_OPEN
            if ignored not in self.trouble and wanted is not self.is_open:
                self.was_open, self.is_open = self.is_open, wanted
                self.switching_until = time.monotonic() + SETTLES_S
            return 200, ""
        return 404, "no such path"

    def _status(self) -> str:
        if time.monotonic() - self.moved_at >= SETTLES_S:
            self.attenuator = self.attenuator_target
        khz = self.base_khz / self.divider
        status: dict[str, Any] = {
            "ActualAttenuatorPercentage": self.attenuator + 0.1,
            "ActualOutputEnergy": 1.5 * self.attenuator / 100,
            "ActualOutputFrequency": 2 * khz if Trouble.OTHER_FREQUENCY in self.trouble else khz * 1.001,
            "ActualOutputPower": 0.5 if self.light else 0.0,
            "ActualPpDivider": self.divider,
            "ActualStateName": "Operational",
            "IsOutputEnabled": self.light,
            "SelectedPresetIndex": 1,
        }
        if Trouble.GARBAGE in self.trouble:
            return "<html>Laser control</html>"
        if Trouble.NOT_AN_OBJECT in self.trouble:
            return "[1, 2]"
        if Trouble.HUGE in self.trouble:
            return json.dumps({**status, "Notes": "x" * 200_000})
        if Trouble.TEXT_NUMBER in self.trouble:
            status["ActualAttenuatorPercentage"] = "34.2"
        if Trouble.HALF_DIVIDER in self.trouble:
            status["ActualPpDivider"] = 2.5
        if Trouble.NO_DIVIDER in self.trouble:
            del status["ActualPpDivider"]
        text = json.dumps(status)
        return text.replace("true", "NaN").replace("false", "NaN") if Trouble.NAN in self.trouble else text
