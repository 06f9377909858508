"""What a person does with job files that no link takes to their controller."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lasercam.model.companions import companion_folder
from lasercam.model.links import LoadedByHand

if TYPE_CHECKING:
    from lasercam.run.journal import ProgramKey
    from lasercam.run.session import Planned


def what_to_load(journal_path: Path, todo: Sequence[tuple["Planned", "ProgramKey"]]) -> str:
    """What to load, in which order, what to set and to watch, and how to say what was executed."""
    machine = todo[0][0].machine
    folder = journal_path.name.removesuffix(".journal").removesuffix(".simulated")
    lines = [
        f"the job files for machine '{machine.machine}' ({machine.controller.dialect}) are not streamed: the operator "
        "loads each into the controller, in this order:"
    ]
    for number, (planned, key) in enumerate(todo, 1):
        section = planned.section
        again = f", time {key.repeat + 1} of {section.repeat}" if section.repeat > 1 else ""
        if planned.before:
            lines.append(f"     first: {planned.before}")
        lines.append(
            f"{number:4d}. {planned.path.name}{again}: step {section.step_name}, {section.n_rows:,} rows, about "
            f"{section.duration_s:.0f} s; laser: {planned.laser}; SHA-256 {planned.sha256}"
        )
        files = companion_folder(planned.path)
        if files.is_dir():
            lines.append(f"      with every file in {files.name}/")
        lines.append(f"      then: lasercam run {folder} --section {planned.path.name} --executed all")
    dialect = todo[0][0].dialect
    if isinstance(dialect, LoadedByHand):
        lines.append(dialect.loading)
    lines.append(
        "If it ends early, look up the line of the file that was under way and record that instead: --executed line:N, "
        "or FIRST:LAST for rows of the file from 0 on, LAST not included. Then build what is left as a job of its own."
    )
    return "\n".join(lines)
