"""Using a laser so that it is dark before, between and after: closed at entry and at every exit, signals included."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

from lasercam.errors import LinkError
from lasercam.model.laser_control import LaserState, LaserTargets, SettlingKeys, disagreements
from lasercam.model.links import LaserAdapter

CLOSING_ATTEMPTS: Final = 3
CLOSING_S: Final = 2.0
"""Wait per attempt; outputs were seen to close within some 0.35 s."""
_UNCONFIRMED: Final = (
    "the laser's output is NOT confirmed closed: close it at the laser itself before anyone goes near the beam"
)
_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class LaserSession:
    """One use of a laser, as a context: `with LaserSession(adapter) as laser: laser.apply(targets)`.

    At entry the output is closed and seen to be closed. At exit, whatever the reason, it is closed again, seen to be
    closed, and where that cannot be seen the exit raises. SIGINT, SIGTERM and SIGHUP end the context like exceptions,
    and wait while it closes. A laser that does not read back is commanded alike, and nothing is confirmed.

    Args:
        adapter: the link.
        catch_signals: False where whoever uses it turns signals into an orderly end by itself.
        clock, sleep: s; replaced in tests.
    """

    def __init__(
        self,
        adapter: LaserAdapter,
        *,
        catch_signals: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._adapter = adapter
        self._catches_signals = catch_signals
        self._clock, self._sleep = clock, sleep
        self._keys = adapter.keys if isinstance(adapter.keys, SettlingKeys) else None
        self._handlers: dict[int, Any] = {}

    @property
    def is_confirmed(self) -> bool:
        """Whether the laser reads back, so that what was set is known to be so."""
        return self._keys is not None

    def __enter__(self) -> Self:
        self._catch_signals()
        try:
            self._close()
        except BaseException:
            self._release_signals()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for number in self._handlers:
                signal.signal(number, signal.SIG_IGN)  # closing is what a second signal would ask for, too
        finally:  # and one that comes just before does not keep it from closing
            try:
                self._close()
            finally:
                self._release_signals()

    def apply(self, targets: LaserTargets) -> LaserState:
        """Set divider and attenuator, with the output closed, and wait until the laser says that it is so.

        Returns:
            The state that agrees; all unknown for a laser that does not read back.

        Raises:
            LinkError: it is open, it does not agree in time (says in what), or the link failed.
        """
        if self._adapter.read().is_open:
            raise LinkError("the output is open: picker and attenuator are only moved while it is closed")
        self._adapter.set_targets(targets)
        if self._keys is None:
            return LaserState()
        keys = self._keys
        state, left = self._until(lambda s: disagreements(targets, s, keys))
        if left:
            raise LinkError(f"after {keys.settle_time:g} s {'; '.join(left)}. Nothing may be written with this.")
        return state

    @contextmanager
    def beam(self) -> Iterator[LaserState]:
        """Open output, from when it is seen to be open until the end of the context.

        Raises:
            LinkError: it does not open, does not close, or does not read back.
        """
        if self._keys is None:
            raise LinkError("this laser does not read back: its output is opened and closed by hand")
        try:
            self._adapter.open_output()
            state, left = self._until(lambda s: [] if s.is_open else ["the output is still closed"])
            if left:
                raise LinkError(f"after {self._keys.settle_time:g} s the output is still closed: {state.condition}")
            yield state
        finally:
            self._close()

    def _close(self) -> None:
        """Close, and look; try again before giving up, because nothing else is left to do."""
        problem: LinkError | None = None
        for _ in range(CLOSING_ATTEMPTS):
            try:
                self._adapter.close_output()
                if self._keys is None:
                    return
                _, left = self._until(lambda s: [] if s.is_open is False else ["open"], CLOSING_S)
                if not left:
                    return
            except LinkError as error:
                problem = error
        raise LinkError(f"{_UNCONFIRMED}{f' ({problem})' if problem else ''}") from problem

    def _until(
        self, wanting: Callable[[LaserState], list[str]], longest_s: float | None = None
    ) -> tuple[LaserState, list[str]]:
        """Read until nothing is left wanting or the time is over; the last state, and what it lacks."""
        if self._keys is None:
            return LaserState(), []
        longest_s = self._keys.settle_time if longest_s is None else longest_s
        start = self._clock()
        while True:
            state = self._adapter.read()
            left = wanting(state)
            if not left or self._clock() - start >= longest_s:
                return state, left
            self._sleep(self._keys.poll_interval)

    def _catch_signals(self) -> None:
        """Signals arrive as exceptions, so that the context ends; only the main thread can be told of them."""
        if self._catches_signals and threading.current_thread() is threading.main_thread():
            # None stands for a handler that Python did not install
            self._handlers = {n: signal.signal(n, _interrupt) or signal.SIG_DFL for n in _SIGNALS}

    def _release_signals(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}


def _interrupt(number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
