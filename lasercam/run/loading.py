"""What a person does with job files that no link takes to their controller."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lasercam.model.companions import companion_folder
from lasercam.model.links import LoadedByHand
from lasercam.run.file_pieces import Pieces
from lasercam.run.journal import ProgramKey, read_journal
from lasercam.run.resume import file_sha256

if TYPE_CHECKING:
    from lasercam.run.hand_over import Desk
    from lasercam.run.planned import Planned


def what_to_load(desk: "Desk", todo: Sequence[tuple["Planned", ProgramKey]]) -> str:
    """What to load, in which order, what to set and to watch, and how to say what was executed.

    Where rows of a file are recorded as executed, a file with what is left is written beside the journal.

    Raises:
        RefusedError: rows in question are to be inspected, or what is left cannot be written.
    """
    machine, dialect = todo[0][0].machine, todo[0][0].dialect
    lines = [
        f"the job files for machine '{machine.machine}' ({machine.controller.dialect}) are not streamed: the operator "
        "loads each into the controller, in this order:"
    ]
    number = 0
    for planned, key in todo:
        told = list(_one(desk, planned, key))
        number += bool(told)
        lines += [f"{number:4d}. {told[0]}", *(f"      {text}" for text in told[1:])] if told else []
    lines.append("There is no simulation of this controller: only GRBL builds run with --simulate.")
    if isinstance(dialect, LoadedByHand):
        lines.append(dialect.loading)
    lines.append(
        "If a file ends early, look up its line that was under way and record that instead: --executed line:N (of a "
        "file as it was built), or FIRST:LAST for rows of the built file from 0 on, LAST not included. `lasercam run` "
        "then writes a file with what is left."
    )
    return "\n".join(lines)


def _one(desk: "Desk", planned: "Planned", key: ProgramKey) -> Iterator[str]:
    """Lines about one job file, or about what is left of it; none where nothing is."""
    section, path, rows, how = planned.section, planned.path, f"{planned.section.n_rows:,} rows", "all"
    record = read_journal(desk.journal_path).of(key)
    if record.touched:
        with desk.journal() as journal:
            left = desk.settled(planned, key, record, journal)
        base = desk.journal_path.with_name(f"{desk.journal_path.name}.{key.section}-{key.repeat}")
        pieces = Pieces(desk.toolpath, section, planned.machine, planned.dialect, planned.path, base, longest_s=0.0)
        piece = next(pieces.of(left), None)
        if piece is None:
            return
        path, rows, how = piece.program.path, f"what is left of '{planned.path.name}', rows {left}", "left"
    again = f", time {key.repeat + 1} of {section.repeat}" if section.repeat > 1 else ""
    yield (
        f"{path.name}{again}: step {section.step_name}, {rows}, about {section.duration_s:.0f} s in all; laser: "
        f"{planned.laser}; SHA-256 {file_sha256(path)}"
    )
    if planned.before:
        yield f"before it: {'; '.join(step.text for step in planned.before)}"
    files = companion_folder(path)
    if files.is_dir():
        yield f"with every file in {files.name}/"
    yield f"then: lasercam run {planned.path.parent.name} --section {planned.path.name} --executed {how}"
