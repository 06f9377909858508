"""A web server for one page on this computer: only to this computer, only to who knows its secret address."""

import hmac
import json
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from lasercam.errors import LasercamError, Problem
from lasercam.preview.html.page import live_page, policy

ADDRESS = "127.0.0.1"
STILL_HERE_S = 10.0
"""After so long without news a page is told that it is still listened to."""


class LiveServer:
    """Serves a page, the newest scene, and news of it.

    The address holds a random token. Requests whose Host is not this server's are refused, so that no name that was
    turned to 127.0.0.1 (DNS rebinding) gets anything, and so are those that another page sends.
    """

    def __init__(self, title: str, port: int = 0) -> None:
        """Listen.

        Args:
            title: of the page.
            port: 0 = any free one.

        Raises:
            LasercamError: the port is taken or not allowed.
        """
        self.page = live_page(title)
        self.token = secrets.token_urlsafe(24)
        self.news = _News()
        try:
            self._server = _Server((ADDRESS, port), _Handler)
        except (OSError, OverflowError) as error:
            raise LasercamError(
                f"port {port} of {ADDRESS} cannot be listened at: {error}; leave out --port for any free one"
            ) from error
        self._server.live = self
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="server", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{ADDRESS}:{self.port}/{self.token}/"

    def close(self) -> None:
        """Nobody is served any more."""
        self.news.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def scene(self, version: int, content: bytes) -> None:
        """A new picture; whatever was said of the one before is over."""
        self.news.tell(version, content)

    def judged(self, version: int, facts: dict[str, Any]) -> None:
        """The findings over the picture of that version."""
        self.news.add("judged", {**facts, "version": version})

    def problem(self, problems: tuple[Problem, ...]) -> None:
        """Why there is no new picture."""
        self.news.add("problem", {"problems": [problem_facts(problem) for problem in problems]})


def problem_facts(problem: Problem) -> dict[str, Any]:
    """A problem as plain data."""
    place = problem.location
    return {
        "message": problem.message,
        "hint": problem.hint,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


class _News:
    """The newest scene and what is said of it; pages wait here."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._messages: list[tuple[int, str, dict[str, Any]]] = []
        self._scene: tuple[int, bytes] = (0, b"")
        self.is_open = True

    def tell(self, version: int, content: bytes) -> None:
        """A scene takes the place of everything said before."""
        with self._changed:
            self._scene = version, content
            self._messages = []
            self._append("scene", {"version": version})

    def add(self, kind: str, data: dict[str, Any]) -> None:
        """A message; an older one of its kind is forgotten."""
        with self._changed:
            self._messages = [m for m in self._messages if m[1] != kind]
            self._append(kind, data)

    def _append(self, kind: str, data: dict[str, Any]) -> None:
        self._number += 1
        self._messages.append((self._number, kind, data))
        self._changed.notify_all()

    def after(self, number: int) -> list[tuple[int, str, dict[str, Any]]]:
        """Messages after a number, once there are any; none after a while or when it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > number or not self.is_open, STILL_HERE_S)
            return [m for m in self._messages if m[0] > number]

    def scene(self, version: int) -> bytes | None:
        """The scene of a version, if it is still the newest."""
        with self._changed:
            return self._scene[1] if self._scene[0] == version and version else None

    def close(self) -> None:
        """Everybody goes home."""
        with self._changed:
            self.is_open = False
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    live: LiveServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that went away in the middle of an answer is no fault."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "lasercam"
    sys_version = ""
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
        """Requests are nobody's business."""

    def do_GET(self) -> None:
        live = self.server.live
        wanted = urlsplit(self.path)
        parts = wanted.path.split("/")
        if not self._is_own(live) or len(parts) != 3 or not hmac.compare_digest(parts[1].encode(), live.token.encode()):
            self._answer(HTTPStatus.FORBIDDEN, b"this address is not for you\n", "text/plain; charset=utf-8")
        elif parts[2] == "":
            self._answer(HTTPStatus.OK, live.page, "text/html; charset=utf-8")
        elif parts[2] == "scene":
            number = wanted.query.removeprefix("version=")
            content = live.news.scene(int(number)) if number.isascii() and number.isdigit() else None
            found = HTTPStatus.OK if content is not None else HTTPStatus.NOT_FOUND
            self._answer(found, content or b"", "application/octet-stream")
        elif parts[2] == "events":
            self._tell_news(live)
        else:
            self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain; charset=utf-8")

    def _is_own(self, live: LiveServer) -> bool:
        """Whether the request was meant for this server, and comes from its own page or from no page at all."""
        hosts = [f"{name}:{live.port}" for name in (ADDRESS, "localhost")]
        origin = self.headers.get("Origin")
        return self.headers.get("Host") in hosts and (origin is None or origin in [f"http://{h}" for h in hosts])

    def _answer(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self._begin(status, kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _begin(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", f"{policy(live=True)}; frame-ancestors 'none'")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")

    def _tell_news(self, live: LiveServer) -> None:
        """Server-sent events until the page or the server goes away."""
        self._begin(HTTPStatus.OK, "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        number = 0
        while live.news.is_open:
            messages = live.news.after(number)
            for newest, kind, data in messages:
                number = newest
                text = json.dumps(data, ensure_ascii=False, allow_nan=False)
                self.wfile.write(f"event: {kind}\ndata: {text}\n\n".encode())
            if not messages:
                self.wfile.write(b": still here\n\n")
            self.wfile.flush()
