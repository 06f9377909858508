"""The ledger of a run: which one it is, what it holds beside the run itself, and how it follows the journal."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lasercam.errors import InputError, Problem
from lasercam.model.execution import Execution
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.ledger import Ledger, read_ledger
from lasercam.pipeline.ledger_adding import take_over
from lasercam.pipeline.ledger_documents import LedgerEntry
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.manifest import read_manifest


@dataclass(frozen=True)
class RunLedger:
    """A ledger that a run reads, and writes unless it is a rehearsal.

    Attributes:
        path: of the file.
        folder: of the build.
        is_written: False where a simulated run looks at the ledger of a real sample.
    """

    path: Path
    folder: Path
    is_written: bool

    def held(self, journal: str) -> Ledger:
        """What the sample holds beside what this build exposed under that journal.

        Raises:
            InputError: another run has begun, and its end is not in the ledger.
        """
        ledger = read_ledger(self.path, may_be_new=True)
        if self.is_written:
            others = ledger.without(journal)
        else:
            digest = read_manifest(self.folder).toolpath
            others = Ledger(ledger.path, tuple(e for e in ledger.entries if e.toolpath != digest))
        others.require_closed()
        return others

    def follow(
        self, loaded: LoadedJob, toolpath: Toolpath, execution: Execution, *, is_open: bool
    ) -> tuple[LedgerEntry, bool]:
        """The ledger says what the journal says; see `take_over`."""
        ledger = read_ledger(self.path, may_be_new=True)
        return take_over(ledger, self.folder, loaded, toolpath, execution, day=date.today(), is_open=is_open)


def run_ledger(folder: Path, named: Path | None, *, simulate: bool) -> RunLedger | None:
    """The ledger that a run names, or else its job; None when neither does.

    Args:
        folder: of the build; a ledger that the job names lies beside it.
        named: by the command; made when it is not there.
        simulate: nothing is exposed.

    Raises:
        InputError: it cannot be used, is about another sample or a simulation, or the one the job names is not there.
    """
    loaded = load_job(folder)
    inside = loaded.document.sample.ledger
    if named is None and not inside:
        return None
    path = named if named is not None else folder.resolve().parent / inside
    if named is None and not path.is_file():
        if simulate:
            return None
        text = f"the job keeps the ledger '{inside}', which does not lie beside the build (as '{path}')"
        hint = "Name it with --ledger FILE; a new one is made when it is not there."
        raise InputError(Problem(text, loaded.locate("sample", "ledger"), hint))
    ledger = read_ledger(path, may_be_new=True)
    sample = loaded.document.sample.id
    if ledger.entries and ledger.entries[0].sample != sample:
        raise InputError(Problem(f"the ledger is about sample {ledger.entries[0].sample}, the build about {sample}"))
    if ledger.is_simulated and not simulate:
        text = f"the ledger '{path}' is about a simulation"
        raise InputError(Problem(text, hint="Name another ledger; a new one is made when it is not there."))
    is_written = not simulate or ledger.is_simulated or (named is not None and not ledger.entries)
    return RunLedger(path, folder, is_written)
