"""One journal, one run: whoever writes a journal holds it, so that nobody else runs the same build at the same time.

On systems without advisory locks (Windows) nothing is held; there, opening the same port twice fails instead.
"""

import sys
from pathlib import Path
from typing import IO

from lasercam.errors import RefusedError


def hold(stream: IO[bytes], path: Path) -> None:
    """The journal is held until its stream is closed, however that happens.

    Raises:
        RefusedError: another run holds it.
    """
    if not _is_free(stream):
        raise RefusedError(
            f"the journal '{path}' is in use: a run of this build is under way in another window or on another "
            "computer; nothing moves twice"
        )


def is_held(path: Path) -> bool:
    """Whether a run is under way with this journal."""
    try:
        with path.open("rb") as stream:
            return not _is_free(stream)
    except OSError:
        return False


def _is_free(stream: IO[bytes]) -> bool:
    """Take the lock, if nobody has it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True
