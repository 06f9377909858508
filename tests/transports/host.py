"""A plain host for tests: asks, and streams by counting characters."""

from collections import deque
from collections.abc import Iterable

from lasercam.model.links import Transport
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.link import SimulatedLink
from lasercam.transports.simulated.options import ControllerOptions
from lasercam.transports.simulated.settings import GrblSettings

MM = 10_000_000
LASER = {10: 3.0, 30: 1000.0, 32: 1.0}


def controller(settings: dict[int, float] | None = None, **options: object) -> SimulatedController:
    """In laser mode, booted, without homing: 10 mm/s, 50 mm/s²."""
    made = SimulatedController(GrblSettings({**LASER, **(settings or {})}), ControllerOptions(**options))
    made.advance(0.2)
    while made.take_line() is not None:
        pass
    return made


class NoAnswerError(AssertionError):
    """A line was neither accepted nor refused."""


class Host:
    """Talks to a controller through any link."""

    def __init__(self, link: Transport) -> None:
        self.link = link
        self.heard: list[str] = []

    def say(self, text: str | bytes) -> None:
        self.link.write(text.encode() if isinstance(text, str) else text)

    def line(self, timeout_s: float = 10.0) -> str | None:
        """The next line, pushed messages included."""
        line = self.link.read_line(timeout_s)
        if line is None:
            return None
        self.heard.append(line.decode("latin-1"))
        return self.heard[-1]

    def lines(self, seconds: float) -> list[str]:
        """Everything heard in that time."""
        end = self.link.now_s() + seconds
        found = []
        while (left := end - self.link.now_s()) > 0:
            line = self.line(left)
            if line is not None:
                found.append(line)
        return found

    def ask(self, text: str, timeout_s: float = 20.0) -> str:
        """Send a line; its `ok` or `error:n`."""
        self.say(text + "\n")
        while True:
            line = self.line(timeout_s)
            if line is None:
                raise NoAnswerError(text)
            if line == "ok" or line.startswith("error:"):
                return line

    def told(self, text: str) -> list[str]:
        """Send a line; what it says before its `ok`."""
        before = len(self.heard)
        assert self.ask(text) == "ok"
        return self.heard[before:-1]

    def status(self) -> str:
        """Answer to `?`."""
        self.say("?")
        while True:
            line = self.line(2.0)
            assert line is not None, "no status"
            if line.startswith("<"):
                return line

    def state(self) -> str:
        """The state alone."""
        return self.status()[1:].split("|")[0]

    def stream(self, lines: Iterable[bytes], limit: int = 127, timeout_s: float = 1e5) -> list[str]:
        """Send lines with so many bytes in flight at most; the answers, up to the first silence."""
        waiting, flying, answers = deque(lines), deque[int](), []
        while waiting or flying:
            while waiting and sum(flying) + len(waiting[0]) <= limit:
                flying.append(len(waiting[0]))
                self.link.write(waiting.popleft())
            line = self.line(timeout_s)
            if line is None:
                break
            if line == "ok" or line.startswith("error:"):
                answers.append(line)
                flying.popleft()
        return answers


def host(settings: dict[int, float] | None = None, **options: object) -> tuple[Host, SimulatedController]:
    """A host and its booted controller."""
    made = controller(settings, **options)
    return Host(SimulatedLink(made)), made
