"""A laser's REST service: JSON over plain HTTP, one short connection per request, nothing followed or retried."""

import json
import re
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from lasercam.errors import InputError, LinkError, Problem, shorten

_PATH: Final = re.compile(r"(/[A-Za-z0-9._-]+)*")
MAX_ANSWER_BYTES: Final = 65_536
"""A status is a few hundred bytes; what is longer is no laser."""
_PIECE: Final = 4_096


class RestLink:
    """Requests to one service.

    Args:
        url: `http://host:port/version`; https is possible.
        timeout_s: longest wait for one answer, from connecting to its last byte.

    Raises:
        InputError: the url is none that a laser could have.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._scheme, self._host, self._port, self._base = _parts(self.url)

    def get(self, path: str) -> Any:
        """The JSON value at a path below the url.

        Raises:
            LinkError: no answer in time, not 200, or not JSON.
        """
        content = self._request("GET", path, None)
        try:
            return json.loads(content, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            found = shorten(content.decode("utf-8", "replace"))
            raise LinkError(f"{self.url}/{path} answers what is not JSON: '{found}'") from error

    def put(self, path: str, value: float) -> None:
        """Set a number; raises LinkError when it was not accepted."""
        self._request("PUT", path, json.dumps(value, allow_nan=False).encode())

    def post(self, path: str) -> None:
        """Ask for an action; raises LinkError when it was not accepted."""
        self._request("POST", path, b"")

    def _request(self, method: str, path: str, body: bytes | None) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        kind = HTTPSConnection if self._scheme == "https" else HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        try:
            connection.request(method, f"{self._base}/{path}", body, headers)
            with connection.getresponse() as response:
                content = self._content(response, deadline)
                status, reason = response.status, response.reason
        except (OSError, HTTPException) as error:
            raise LinkError(f"{method} {self.url}/{path}: the laser does not answer ({_named(error)})") from error
        finally:
            connection.close()
        if not 200 <= status <= 204:
            said = shorten(content.decode("utf-8", "replace").strip() or reason, 120)
            raise LinkError(f"{method} {self.url}/{path}: refused with {status} ({said}){_meaning(status)}")
        return content

    def _content(self, response: HTTPResponse, deadline: float) -> bytes:
        """The answer's body, as long as it comes in time and is not too long."""
        pieces: list[bytes] = []
        held = 0
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            held += len(piece)
            if held > MAX_ANSWER_BYTES:
                raise LinkError(f"{self.url} answers more than {MAX_ANSWER_BYTES:,} bytes: that is no laser's status")
            if time.monotonic() > deadline:
                raise TimeoutError("the answer comes too slowly")
        if response.length:  # what the head promised has not come
            raise ConnectionResetError("the answer ends before its end")
        return b"".join(pieces)


def _parts(url: str) -> tuple[str, str, int, str]:
    hint = "Write it as http://192.168.240.10:20022/v1: host, port and version, without a name or password."
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as error:
        raise InputError(Problem(f"'{shorten(url)}' is no url: {error}", hint=hint)) from error
    extra = split.username or split.password or split.query or split.fragment
    host_ok = split.hostname is not None and url.isascii() and url.isprintable() and " " not in url
    if split.scheme not in ("http", "https") or not host_ok or port is None or extra or not _PATH.fullmatch(split.path):
        raise InputError(Problem(f"'{shorten(url)}' is not the url of a laser's REST service", hint=hint))
    return split.scheme, str(split.hostname), port, split.path


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _named(error: Exception) -> str:
    return shorten(str(error) or type(error).__name__, 120)


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return "; redirects are not followed: correct the url"
    if status == 403:
        return "; in its present state the laser does not do this, or the value is out of its bounds"
    if status == 404:
        return "; it does not know this path: check the version at the end of the url"
    return ""
