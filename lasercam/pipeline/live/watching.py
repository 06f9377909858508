"""Which files a job depends on, and when they have changed.

Files are looked at many times a second rather than announced by the system: a job has a handful of them, a look takes
microseconds, and it works on network drives, with editors that save by renaming, and for files that do not exist yet.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

POLL_S = 0.04
SETTLED_S = 0.04
"""An editor has finished when nothing has changed for so long."""
MOST_ENTRIES = 2_000
"""Files of a folder that are looked at."""

Look = dict[str, tuple[int, int, int]]
"""Time of change, size and number of a file, by name; of a missing one the size is −1."""


def look(paths: Iterable[Path]) -> Look:
    """How files are now; of a folder also the YAML files directly in it."""
    found: Look = {}
    for path in paths:
        found[str(path)] = _one(path)
        if path.is_dir():
            inside = [p for p in path.iterdir() if p.suffix in (".yaml", ".yml")]
            found |= {str(p): _one(p) for p in sorted(inside)[:MOST_ENTRIES]}
    return found


def _one(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, -1, 0
    # A folder's own time changes with whatever is put into it: only what is in it counts.
    return (0, 0, stat.st_ino) if path.is_dir() else (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def wait_for_change(
    paths: Iterable[Path],
    before: Look,
    *,
    goes_on: Callable[[], bool] = lambda: True,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Return when files are not as before and have settled.

    Args:
        paths: files and folders.
        before: how they were.
        goes_on: asked at each look; when it says no, waiting ends.
        sleep: for tests.

    Returns:
        Whether they have changed.
    """
    watched = sorted(set(paths))
    while goes_on():
        now = look(watched)
        if now != before:
            return _settled(watched, now, goes_on, sleep)
        sleep(POLL_S)
    return False


def _settled(paths: list[Path], now: Look, goes_on: Callable[[], bool], sleep: Callable[[float], None]) -> bool:
    while goes_on():
        sleep(SETTLED_S)
        after = look(paths)
        if after == now:
            return True
        now = after
    return False
