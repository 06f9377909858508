"""What was done to a sample, across jobs and days."""

from pathlib import Path

from lasercam.errors import RefusedError
from lasercam.pipeline.ledger import Ledger as Ledger
from lasercam.pipeline.ledger import read_ledger as read_ledger
from lasercam.pipeline.ledger_adding import add_build, add_journal
from lasercam.pipeline.ledger_documents import LedgerEntry as LedgerEntry
from lasercam.pipeline.ledger_documents import LedgerSection as LedgerSection
from lasercam.pipeline.page_table import page_table as page_table
from lasercam.run.execution import read_execution
from lasercam.run.journal_lock import is_held
from lasercam.run.places import journal_beside


def add_executed(
    folder: Path, ledger: Path, journal: Path | None = None, *, date: str | None = None, again: bool = False,
    note: str = "", whole: bool = False,
) -> tuple[LedgerEntry, bool]:  # fmt: skip
    """Record what was executed of a build: what its journal says, or all of it where there is no journal.

    Args:
        folder: the build; verified first.
        ledger: the sample's; made when there is none.
        journal: absent: the one beside the build.
        date: day of the execution, ISO; absent: today.
        again: it is recorded as a whole already, and this is another execution.
        note: for readers.
        whole: the whole build was executed, although only a simulated run has left a journal.

    Returns:
        The entry, and whether it is new: a journal may say nothing new.

    Raises:
        RefusedError: a run is under way with that journal.
        InputError: nothing can be recorded; says why.
    """
    path = journal_beside(folder) if journal is None else journal
    execution = read_execution(path)
    if execution is None:
        simulated = journal_beside(folder, simulated=True)
        if journal is None and not whole and read_execution(simulated) is not None:
            raise RefusedError(
                f"beside '{folder}' lies only the journal of a simulated run: no glass was touched. Take that over"
                f" with --journal {simulated}, or record the whole build as executed with --whole"
            )
        return add_build(folder, ledger, date=date, again=again, note=note), True
    if is_held(path):
        raise RefusedError(f"a run is under way with '{path.name}'; it updates the ledger itself when it ends")
    return add_journal(folder, ledger, execution, date=date, again=again, note=note)
