"""The person at the terminal, as the runner asks them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from lasercam.api.running import Answer, Controls

ANSWERS: Final = ("skip", "expose", "inspect")


class Person:
    """Asks at the terminal; or answers yes, leaves rows in question alone, and has done nothing by hand."""

    def __init__(self, *, yes: bool, uncertain: str | None, controls: "Controls | None" = None) -> None:
        self._yes, self._uncertain, self._controls = yes, uncertain, controls

    def confirm(self, question: str) -> bool:
        """Whether something is so, or may be done."""
        if self._yes:
            click.echo(f"{question} yes (--yes)", err=True)
            return True
        with self._asking():
            return click.confirm(question, err=True)

    def by_hand(self, question: str) -> bool:
        """Whether a step by hand is done; never for a script."""
        if self._yes:
            return False
        with self._asking():
            return click.confirm(question, err=True)

    def decide(self, question: str) -> "Answer":
        """What becomes of rows that may be exposed already."""
        answer: Any = self._uncertain or ("skip" if self._yes else None)
        if answer is None:
            with self._asking():
                answer = click.prompt(question, type=click.Choice(ANSWERS), default="inspect", err=True)
        else:
            click.echo(f"{question} {answer}", err=True)
        return answer  # type: ignore[no-any-return]

    @contextmanager
    def _asking(self) -> "Iterator[None]":
        """A signal ends the question."""
        if self._controls is not None:
            self._controls.is_asking = True
        try:
            yield
        finally:
            if self._controls is not None:
                self._controls.is_asking = False
