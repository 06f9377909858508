"""Taking back what was executed by a controller that loads its files itself."""

import re
from collections.abc import Sequence
from pathlib import Path

from lasercam.errors import RefusedError, UsageError, name_problem
from lasercam.run.journal import Journal, ProgramKey, read_journal
from lasercam.run.row_ranges import RowRanges
from lasercam.run.session import Planned


def record_executed(executed: str, section: str | None, planned: Sequence[Planned], path: Path, digest: str) -> str:
    """Record it; what was recorded, in words.

    Args:
        executed: `all`, or `FIRST:LAST`, rows of the job file from 0, LAST not included.
        section: name or number (from 1) of the job file; may be left out where there is only one.
        planned: job files of the build.
        path: of the journal.
        digest: of the toolpath.

    Raises:
        UsageError: no such rows or job file.
        RefusedError: rows are recorded already.
    """
    chosen = _chosen(section, planned)
    first, count = chosen.section.first_row, chosen.section.n_rows
    match = re.fullmatch(r"([0-9]{1,12}):([0-9]{1,12})", executed)
    if executed != "all" and match is None:
        raise UsageError(f"'{executed}' is no range of rows; write FIRST:LAST, such as 0:{count}, or all")
    start, stop = (0, count) if match is None else (int(match[1]), int(match[2]))
    if not 0 <= start < stop <= count:
        raise UsageError(f"rows {start}:{stop} are not among the rows 0:{count} of '{chosen.path.name}'")
    content = read_journal(path)
    rows = RowRanges.of((first + start, first + stop))
    keys = [ProgramKey(chosen.section.index, repeat) for repeat in range(chosen.section.repeat)]
    for key in keys:
        record = content.of(key)
        if record.is_finished or record.done & rows:
            continue
        whole = RowRanges.of((first, first + count))
        with Journal(path, digest) as journal:
            journal.executed(key, rows, finished=not (whole - record.done - rows), source="operator")
        return f"'{chosen.path.name}': rows {start}:{stop} of {count:,} are recorded as executed in {path.name}"
    raise RefusedError(f"rows {start}:{stop} of '{chosen.path.name}' are recorded as executed already, in '{path}'")


def _chosen(section: str | None, planned: Sequence[Planned]) -> Planned:
    names = [p.path.name for p in planned]
    if section is None:
        if len(planned) == 1:
            return planned[0]
        raise UsageError(f"say which job file was executed: --section with one of {', '.join(names)}")
    if section.isascii() and section.isdecimal() and 1 <= int(section[:9]) <= len(planned):
        return planned[int(section) - 1]
    if section in names:
        return planned[names.index(section)]
    raise UsageError(str(name_problem("job file", section, names)))
