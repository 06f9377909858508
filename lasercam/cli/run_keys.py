"""Keys and signals of a running job: p pauses or goes on, s stops where the beam is off, q cuts the beam at once."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from lasercam.api.running import Controls, ignored

KEYS = "p pause or go on, s stop where the beam is off, q cut the beam at once"
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def signals(controls: Controls) -> Iterator[None]:
    """Signals ask for the beam to be cut, and the run then ends in order; a second one changes nothing.

    Ctrl-Z is without effect: a sender that sleeps could not cut the beam.
    """

    def ask(number: int, _: FrameType | None) -> None:
        controls.abort(signal.Signals(number).name)
        if controls.is_asking:
            controls.wish()  # a question would go on waiting for its answer

    before: dict[int, Any] = {number: signal.signal(number, ask) or signal.SIG_DFL for number in _SIGNALS}
    if hasattr(signal, "SIGTSTP"):
        before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN) or signal.SIG_DFL
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Keys:
    """Reads single keys in the background, where the input is a terminal and nothing is being asked there."""

    def __init__(self, controls: Controls, said: Callable[[str], None] = ignored) -> None:
        self._controls, self._said = controls, said
        self._quiet = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._restore: Any = None

    def start(self) -> None:
        """Listen from now on; does nothing where there is no terminal."""
        if self._thread is not None or not sys.stdin.isatty():
            return
        try:
            import termios
            import tty
        except ImportError:
            return  # Windows: Ctrl-C remains
        number = sys.stdin.fileno()
        self._restore = (termios.tcsetattr, number, termios.TCSADRAIN, termios.tcgetattr(number))
        tty.setcbreak(number)
        self._over.clear()
        self._thread = threading.Thread(target=self._listen, name="keys", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The terminal is as it was."""
        if self._thread is None:
            return
        self._over.set()
        self._thread.join(1.0)
        self._thread = None
        restore, *arguments = self._restore
        restore(*arguments)

    def _listen(self) -> None:
        import select

        while not self._over.is_set():
            ready, _, _ = select.select([sys.stdin], [], [], 0.1)
            if not ready:
                continue
            key = sys.stdin.read(1).lower()
            if key == "p":
                self._controls.pause_or_go_on()
                is_paused = self._controls.is_pausing
                self._said("pausing at the next row where the beam is off; p goes on" if is_paused else "going on")
            elif key == "s":
                self._controls.stop()
                self._said("stopping at the next row where the beam is off")
            elif key == "q":
                self._controls.abort("key q")
