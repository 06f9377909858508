"""Files put where a controller opens them: copied, forced to disk, and compared with what was built."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lasercam.errors import LinkError


@dataclass(frozen=True)
class Folders:
    """One folder, as two computers see it.

    Attributes:
        here: on this one.
        there: on the controller's; empty where both are the same path.
    """

    here: Path
    there: str = ""


def placed_copy(path: Path, folders: Folders) -> str:
    """The file lies in the folder under a name made from its content; its path as the controller sees it.

    Raises:
        LinkError: it cannot be written there, or reads back differently.
    """
    wanted = _digest(path)
    name = f"lasercam-{wanted[:16]}{path.suffix}"
    copy = folders.here / name
    try:
        partial = copy.with_name(f"{name}.part")
        with path.open("rb") as source, partial.open("wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(copy)
        found = _digest(copy)
    except OSError as error:
        raise LinkError(f"'{path.name}' cannot be put into '{folders.here}': {error.strerror}") from error
    if found != wanted:
        raise LinkError(f"'{copy}' does not hold what was written to it")
    return f"{folders.there or folders.here}/{name}"


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
