"""The ledger beside a run: told before anything moves that a run begins, and what it exposed when it is over."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from lasercam.api.running import RunLedger, Runnable, read_execution
from lasercam.errors import LasercamError


@dataclass(frozen=True, eq=False)
class LedgerKeeper:
    """Keeps the ledger of a run up to date; the journal is the truth.

    Attributes:
        ledger: the ledger; None where none is kept.
        runnable: the build.
        journal: path of the journal.
        said: told in words what happens.
    """

    ledger: RunLedger | None
    runnable: Runnable
    journal: Path
    said: Callable[[str], None] = lambda text: click.echo(text, err=True)

    def begin(self) -> None:
        """The ledger knows that a run begins: until it knows the end, nobody relies on it.

        Raises:
            InputError: it cannot be written; nothing has moved.
        """
        self._follow(is_open=True)

    def end(self) -> None:
        """The ledger says what the journal says, whatever ended the run.

        Raises:
            InputError: it cannot be written; `lasercam ledger add` does it later.
        """
        self._follow(is_open=False)

    def end_quietly(self) -> None:
        """The same behind something that went wrong, which stays what is raised."""
        try:
            self.end()
        except LasercamError as error:
            self.said(f"the ledger is not up to date: {error}; the journal is. `lasercam ledger add` does it later")

    def _follow(self, *, is_open: bool) -> None:
        ledger = self.ledger
        if ledger is None or not ledger.is_written:
            return
        execution = read_execution(self.journal)
        if execution is None:
            return
        entry, is_new = ledger.follow(self.runnable.loaded, self.runnable.toolpath, execution, is_open=is_open)
        if is_new and not is_open:
            question = f", {entry.in_question:,} in question" if entry.in_question else ""
            self.said(f"{ledger.path.name}: entry {entry.entry}, {entry.exposures:,} exposures{question}")
