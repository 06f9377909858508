"""The person at the stage: what is asked of them, what they want, and what they are told."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from lasercam.errors import InputError, Problem
from lasercam.run.faults import AbortedError, ignored
from lasercam.run.stream import Wish

Answer = Literal["skip", "expose", "inspect"]


class Operator(Protocol):
    """Answers questions. A script's operator answers yes, leaves uncertain rows alone, and has done nothing by hand."""

    def confirm(self, question: str) -> bool:
        """Whether something is so, or may be done."""
        ...

    def by_hand(self, question: str) -> bool:
        """Whether a person has done a step away from the beam. A script's operator never knows."""
        ...

    def decide(self, question: str) -> Answer:
        """What becomes of rows that may be exposed already: `skip`, `expose`, or `inspect` (nothing runs now)."""
        ...


class Controls:
    """What was last asked for, from keys or signals; safe to set from anywhere at any time.

    Attributes:
        is_asking: a question waits for the person's answer; nothing moves and the beam is off meanwhile.
    """

    def __init__(self) -> None:
        self.is_asking = False
        self._wish = Wish.GO_ON
        self._abort = ""

    def pause_or_go_on(self) -> None:
        """Pause at the next row where the beam is off, or go on."""
        self._wish = Wish.PAUSE if self._wish is Wish.GO_ON else Wish.GO_ON

    @property
    def is_pausing(self) -> bool:
        """Whether a pause was asked for last."""
        return self._wish is Wish.PAUSE

    def stop(self) -> None:
        """End at the next row where the beam is off."""
        self._wish = Wish.STOP

    def abort(self, why: str) -> None:
        """Cut the beam at once."""
        self._abort = why

    def wish(self) -> Wish:
        """What is wanted now.

        Raises:
            AbortedError: the beam is to be cut.
        """
        if self._abort:
            why, self._abort = self._abort, ""
            raise AbortedError(f"aborted ({why}): the beam was cut at once")
        return self._wish


class Events:
    """Tells programs what happens: JSON, one object per line, appended to a file as it happens."""

    def __init__(self, path: Path | None = None, also: Callable[[dict[str, Any]], None] = ignored) -> None:
        self._also = also
        try:
            self._stream = path.open("a", encoding="utf-8") if path is not None else None
        except OSError as error:
            raise InputError(Problem(f"events cannot be written to '{path}': {error.strerror}")) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._stream is not None:
            try:
                self._stream.close()
            except OSError:
                self._stream = None

    def tell(self, event: str, **facts: object) -> None:
        """One more event. A file that cannot be written any more is given up: it must not stop the run."""
        data = {"event": event, "time": round(time.time(), 3), **facts}
        self._also(data)
        if self._stream is not None:
            try:
                self._stream.write(json.dumps(data, ensure_ascii=False) + "\n")
                self._stream.flush()
            except OSError:
                self._stream = None
                self._also({"event": "message", "text": "the event file cannot be written any more"})
