"""Where a build's journal lies, and pictures of it."""

from pathlib import Path

SIMULATED = ".simulated"


def journal_beside(folder: Path, *, simulated: bool = False) -> Path:
    """Beside the build, so that the build stays as it was proven."""
    whole = folder.resolve()
    return whole.with_name(f"{whole.name}{SIMULATED if simulated else ''}.journal")


def picture_beside(journal: Path) -> Path:
    """The picture of what a journal says."""
    return journal.with_name(f"{journal.name}.png")
