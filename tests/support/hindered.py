"""A link to the simulated controller to which something happens in the middle of a job."""

from collections.abc import Callable

import pytest

import lasercam.cli.link_options as link_options
from lasercam.model.links import Transport
from lasercam.model.machine import Machine


class Hindered:
    """A transport, and what happens after so many lines with the beam on were handed over."""

    def __init__(self, inner: Transport, after: int, what: Callable[[], None]) -> None:
        self.inner = inner
        self._left = after
        self._what: Callable[[], None] | None = what

    def write(self, data: bytes) -> None:
        self.inner.write(data)
        self._left -= data.count(b"S1000")
        if self._left < 0 and self._what is not None:
            what, self._what = self._what, None
            what()

    def read_line(self, timeout_s: float) -> bytes | None:
        return self.inner.read_line(timeout_s)

    def now_s(self) -> float:
        return self.inner.now_s()

    def close(self) -> None:
        self.inner.close()


def hinder(monkeypatch: pytest.MonkeyPatch, after: int, what: Callable[[], None]) -> None:
    """The next `lasercam run` in this process is struck; later ones are not."""
    made = link_options.open_link

    def transport(machine: Machine, port: str | None, tcp: str | None) -> Transport:
        monkeypatch.setattr(link_options, "open_link", made)
        return Hindered(made(machine, port, tcp), after, what)

    monkeypatch.setattr(link_options, "open_link", transport)
