"""Taking back what was executed where a person loaded the files into the controller."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lasercam.errors import RefusedError, UsageError, name_problem
from lasercam.model.toolpath import Toolpath
from lasercam.run.following import exposure_table
from lasercam.run.journal import Journal, ProgramKey, read_journal
from lasercam.run.planned import Planned
from lasercam.run.resume import file_sha256, whole_program
from lasercam.run.row_ranges import RowRanges


def record_executed(
    executed: str, section: str | None, planned: Sequence[Planned], path: Path, toolpath: Toolpath
) -> str:
    """Record it; what was recorded, in words.

    Args:
        executed: `all`; `left`, all that is not recorded yet; `FIRST:LAST`, rows of the job file from 0, LAST not
            included; or `line:N`: it ended while line N of the file was under way.
        section: name or number (from 1) of the job file; may be left out where there is only one.
        planned: job files of the build.
        path: of the journal.
        toolpath: of the build.

    Raises:
        UsageError: no such rows or job file.
        RefusedError: rows are recorded already.
    """
    chosen, digest = _chosen(section, planned), toolpath.header.digest
    if executed.startswith("line:"):
        return _stopped_at(executed.removeprefix("line:"), chosen, path, toolpath)
    if executed == "left":
        return _all_left(chosen, path, digest)
    first, count = chosen.section.first_row, chosen.section.n_rows
    match = re.fullmatch(r"([0-9]{1,12}):([0-9]{1,12})", executed)
    if executed != "all" and match is None:
        raise UsageError(f"'{executed}' is no range of rows; write FIRST:LAST, such as 0:{count}, line:N, left, or all")
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


def _all_left(planned: Planned, path: Path, digest: str) -> str:
    """A file with what was left has run to its end."""
    section, content = planned.section, read_journal(path)
    for repeat in range(section.repeat):
        key = ProgramKey(section.index, repeat)
        record = content.of(key)
        left = RowRanges.of((section.first_row, section.first_row + section.n_rows)) - record.touched
        if record.is_finished or not left:
            continue
        with Journal(path, digest) as journal:
            journal.executed(key, left, finished=True, source="operator")
        return f"'{planned.path.name}': what was left, {len(left):,} rows, is recorded as executed in {path.name}"
    raise RefusedError(f"nothing of '{planned.path.name}' is left, says '{path}'")


def _stopped_at(text: str, planned: Planned, path: Path, toolpath: Toolpath) -> str:
    """What the lines before one expose is over; what that line exposes, or the one behind it that does, is in question.

    The line that controllers show while they expose is that of the move, or that of the switch behind it.
    """
    with planned.path.open("rb") as stream:
        n_lines = sum(1 for _ in stream)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:12]) <= n_lines):
        raise UsageError(f"'{text}' is no line of '{planned.path.name}'; allowed are 1 to {n_lines}")
    if file_sha256(planned.path) != planned.sha256:
        raise RefusedError(f"'{planned.path.name}' is not the file that was built: its lines tell nothing")
    section, line = planned.section, int(text)
    first, end = section.first_row, section.first_row + section.n_rows
    table = exposure_table(whole_program(planned.path, toolpath, section, planned.machine, planned.dialect))
    if (np.diff(table.line) < 0).any():
        raise UsageError(f"lines of '{planned.path.name}' are run in loops: they tell no rows; give FIRST:LAST")
    at = int(np.searchsorted(table.line, line))
    over = begun = end
    if at < len(table.row):
        # One line may expose several rows: a trajectory, or a loop around a single shot.
        over, last = int(table.row[at]), int(np.searchsorted(table.line, table.line[at], side="right")) - 1
        begun = int(table.row[last]) + 1
    content = read_journal(path)
    for repeat in range(section.repeat):
        key = ProgramKey(section.index, repeat)
        record = content.of(key)
        left = RowRanges.of((first, end)) - record.touched
        if record.is_finished or RowRanges.of((first, begun)) - left:
            continue
        with Journal(path, toolpath.header.digest) as journal:
            journal.start(key, file=planned.path.name, sha256=planned.sha256, rows=left, first_row=first)
            if over == end:
                journal.finished(row=end)
            else:
                journal.stopped(reason="operator", line=line, row=begun, done=over, partly=RowRanges())
        rows = RowRanges.of((over - first, begun - first))
        question = "" if over == end else f", row(s) {rows} in question"
        return f"'{planned.path.name}': {over - first} of {section.n_rows:,} rows are recorded as executed{question}"
    raise RefusedError(f"rows of '{planned.path.name}' up to line {line} are recorded already, in '{path}'")


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
