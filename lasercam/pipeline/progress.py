"""Progress of long work, reported to whoever shows it: a terminal, a log, nobody."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    """Shows tasks that take long."""

    def task(self, name: str, total: int) -> AbstractContextManager[Advance]:
        """A task of `total` rows; the function it gives is called with rows done."""
        ...


class Silent:
    """Progress that nobody watches."""

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Advance]:
        """A task that shows nothing."""
        yield lambda rows: None  # noqa: ARG005


SILENT = Silent()
