"""What a journal says, in the form in which ledgers and pictures take it."""

from pathlib import Path

from lasercam.model.execution import Execution, ProgramRows
from lasercam.run.journal import JournalContent, read_journal


def read_execution(path: Path) -> Execution | None:
    """What the journal in a file says; None where there is none, or nothing in it.

    Raises:
        InputError: it cannot be read, or is damaged.
    """
    content = read_journal(path)
    return execution_of(content, path.name) if content.toolpath else None


def execution_of(content: JournalContent, file: str) -> Execution:
    """The same rows; what is left alone for ever (skipped) stays in question, as nobody knows more about it."""
    programs = (
        ProgramRows(
            key.section, key.repeat, record.done.ranges, record.partly.ranges, record.uncertain.ranges,
            record.again.ranges, record.is_finished,
        )
        for key, record in sorted(content.programs.items(), key=lambda item: (item[0].section, item[0].repeat))
    )  # fmt: skip
    return Execution(
        content.identity, file, content.toolpath, content.is_simulated, tuple(programs),
        tuple(dict.fromkeys(content.by_hand)),
    )  # fmt: skip
