"""The picture of what was executed: what the journal of a build says, row by row."""

from pathlib import Path

from lasercam.api.job import appear
from lasercam.errors import InputError, Problem
from lasercam.model.execution import Execution
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.executed_picture import draw_executed
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.planning import plan_job
from lasercam.run.execution import read_execution
from lasercam.run.places import journal_beside


def draw_executed_view(build: Path, output: Path, journal: Path | None, step: int | None, layer: int | None) -> None:
    """Draw what the journal of a build says.

    Args:
        build: its folder.
        output: the picture; .png, .svg or .pdf.
        journal: None = the one beside the build.
        step: number from 1; None = the step that was begun last.
        layer: number from 1; None = all.

    Raises:
        InputError: no build, no journal, or one about another build.
        UsageError: no such step, layer or format.
    """
    if not build.is_dir():
        text = f"'{build}' is a job, and only a build is executed"
        raise InputError(Problem(text, hint="Name the folder of the build that was run."))
    path = journal_beside(build) if journal is None else journal
    execution = read_execution(path)
    if execution is None:
        simulated = journal_beside(build, simulated=True)
        hint = f"A simulated run has left one: --journal {simulated}" if simulated.is_file() else "Run the build first."
        raise InputError(Problem(f"there is no journal '{path}': nothing was executed", hint=hint))
    loaded = load_job(build)
    write_executed(loaded, plan_job(loaded), execution, output, None if step is None else step - 1, layer)


def write_executed(
    loaded: LoadedJob, toolpath: Toolpath, execution: Execution, output: Path, step: int | None = None,
    layer: int | None = None,
) -> None:  # fmt: skip
    """The picture as a file that appears whole or not at all; `step` is an index, `layer` a number from 1."""
    fmt, shown = output.suffix.removeprefix(".").lower(), None if layer is None else layer - 1
    appear(output, lambda out: draw_executed(loaded, toolpath, execution, out, fmt, step=step, layer=shown))
