"""A headless Chromium for tests, spoken to in the DevTools protocol through pipes; nothing but the standard library."""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
LONGEST_S = 60.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root in containers
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)


def program() -> str | None:
    """Where Chromium is; None where it is not installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


# Chromium reads from descriptor 3 and writes to 4.
_AT_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for end, at in zip(ends, (3, 4)):
    os.dup2(end, at)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page. Everything it says on the console, and every exception, is kept in `said`."""

    def __init__(self, size: tuple[int, int] = (1200, 800)) -> None:
        found = program()
        if found is None:
            raise RuntimeError("no Chromium")
        self._home = tempfile.TemporaryDirectory(prefix="lasercam-browser-", ignore_cleanup_errors=True)
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        command = [
            sys.executable, "-I", "-c", _AT_3_AND_4, str(to_browser), str(from_browser), found, *FLAGS,
            f"--window-size={size[0]},{size[1]}", f"--user-data-dir={self._home.name}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(to_browser)
        os.close(from_browser)
        os.set_blocking(self._read, False)
        self._rest = b""
        self._number = 0
        self.said: list[str] = []
        self.requests: list[str] = []
        try:
            self._attach(size)
        except BaseException:
            self.close()
            raise

    def _attach(self, size: tuple[int, int]) -> None:
        """One page, all of whose news are heard."""
        target = self._send("Target.createTarget", {"url": "about:blank"}, session=None)["targetId"]
        attached = self._send("Target.attachToTarget", {"targetId": target, "flatten": True}, session=None)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable", {})
        self.resize(*size)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """The process and its folder are gone afterwards."""
        try:
            with contextlib.suppress(AssertionError, OSError):
                self._send("Browser.close", {}, session=None)
            os.close(self._write)
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        self._home.cleanup()

    def resize(self, width: int, height: int) -> None:
        """The picture has so many pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._send("Emulation.setDeviceMetricsOverride", metrics)

    def media(self, **features: str) -> None:
        """What the reader prefers: prefers_color_scheme="dark"."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self._send("Emulation.setEmulatedMedia", {"features": listed})

    def open(self, address: str | Path) -> None:
        """Show a page; a path is a file."""
        self.said.clear()
        self.requests.clear()
        self._send("Page.navigate", {"url": address.resolve().as_uri() if isinstance(address, Path) else address})

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression; promises are awaited.

        Raises:
            AssertionError: it throws.
        """
        answer = self._send("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait_for(self, expression: str, longest_s: float = LONGEST_S) -> Any:
        """The value of an expression once it is true.

        Raises:
            AssertionError: it does not become true.
        """
        end = time.monotonic() + longest_s
        while time.monotonic() < end:
            value = self.run(expression)
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"{expression} did not become true within {longest_s:g} s; said: {self.said}")

    def screenshot(self) -> bytes:
        """A PNG of what the page shows."""
        return base64.b64decode(self._send("Page.captureScreenshot", {"format": "png"})["data"])

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """`mouseMoved`, `mousePressed`, `mouseReleased` or `mouseWheel` at a pixel of the page."""
        self._send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})

    def key(self, key: str, **more: Any) -> None:
        """A key goes down and up."""
        text = {"text": key} if len(key) == 1 else {}
        self._send("Input.dispatchKeyEvent", {"type": "keyDown", "key": key, **text, **more})
        self._send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, **more})

    def _send(self, method: str, parameters: dict[str, Any], session: str | None = "own") -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._until(lambda heard: heard.get("id") == self._number)

    def _until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            while b"\0" in self._rest:
                one, _, self._rest = self._rest.partition(b"\0")
                heard = json.loads(one)
                self._note(heard)
                if is_it(heard):
                    if "error" in heard:
                        raise AssertionError(heard["error"])
                    result: dict[str, Any] = heard.get("result", {})
                    return result
            try:
                got = os.read(self._read, 1 << 20)
                if not got:
                    raise AssertionError("Chromium has ended")
                self._rest += got
            except BlockingIOError:
                time.sleep(0.002)
        raise AssertionError("Chromium does not answer")

    def _note(self, heard: dict[str, Any]) -> None:
        about = heard.get("params", {})
        match heard.get("method"):
            case "Runtime.exceptionThrown":
                details = about["exceptionDetails"]
                self.said.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled" if about["type"] in ("error", "warning", "assert"):
                self.said.append(" ".join(str(a.get("value", a.get("description"))) for a in about["args"]))
            case "Log.entryAdded" if about["entry"]["level"] in ("error", "warning"):
                self.said.append(about["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])
