"""Single keys of a terminal, arrows among them; the terminal is as it was when this is left, however that happens."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SEQUENCES: Final = {
    b"[A": "up", b"[B": "down", b"[C": "right", b"[D": "left", b"OA": "up", b"OB": "down", b"OC": "right",
    b"OD": "left", b"[5~": "page up", b"[6~": "page down",
}  # fmt: skip
"""Behind ESC. Source: ECMA-48 and xterm's control sequences."""
_REST_S: Final = 0.05
"""Within which the rest of a sequence follows its ESC."""
_END_OF_INPUT: Final = ("", "\x04")


class Terminal:
    """The terminal behind standard input, without line editing; made by `keys_of_terminal`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def key(self, timeout_s: float | None) -> str | None:
        """The next key: a character, or `up`, `down`, `left`, `right`, `page up`, `page down`, `escape`.

        Args:
            timeout_s: how long to wait; None waits for ever, and gives None only at the end of input.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if self._has_byte(0.1 if deadline is None else max(deadline - time.monotonic(), 0.0)):
                data = os.read(self._descriptor, 1)
                if data == b"\x1b":
                    return self._sequence()
                text = data.decode("latin-1")
                return None if text in _END_OF_INPUT else text
            if deadline is not None and time.monotonic() >= deadline:
                return None

    def _sequence(self) -> str:
        found = b""
        while len(found) < 3 and self._has_byte(_REST_S):
            found += os.read(self._descriptor, 1)
            if found in _SEQUENCES:
                return _SEQUENCES[found]
        return "escape"

    def _has_byte(self, timeout_s: float) -> bool:
        import select

        return bool(select.select([self._descriptor], [], [], timeout_s)[0])


@contextmanager
def keys_of_terminal() -> Iterator[Terminal | None]:
    """Single keys; None where standard input is no terminal, or a system without them."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield None
        return
    if not sys.stdin.isatty():
        yield None
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield Terminal(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
