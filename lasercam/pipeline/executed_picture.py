"""A picture of what a journal says: done, not done, partly and uncertain over the toolpath of its build."""

from typing import BinaryIO, Literal

from lasercam.errors import InputError, Problem, UsageError
from lasercam.model.execution import Execution
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.preview.executed_rows import ExecutedRows
from lasercam.preview.toolpath_figure import draw_toolpath

FORMATS: tuple[Literal["png", "svg", "pdf"], ...] = ("png", "svg", "pdf")


def draw_executed(
    loaded: LoadedJob,
    toolpath: Toolpath,
    execution: Execution,
    out: BinaryIO,
    fmt: str,
    *,
    step: int | None = None,
    layer: int | None = None,
) -> None:
    """What became of every row.

    Args:
        loaded, toolpath: the build.
        execution: what its journal says.
        out: where the bytes go.
        fmt: png, svg or pdf.
        step: index of the job's step; None = the one that was begun last, since steps lie on top of each other.
        layer: only this layer, 0 = shallowest.

    Raises:
        InputError: the journal is about another build.
        UsageError: no such format, step or layer.
    """
    known = next((one for one in FORMATS if one == fmt), None)
    if known is None:
        raise UsageError(f"what was executed is drawn as .png, .svg or .pdf, not .{fmt}")
    if execution.toolpath != toolpath.header.digest:
        text = f"the journal '{execution.file}' is about another build (toolpath {execution.toolpath[:12]}…)"
        raise InputError(Problem(text, hint="Name the build that it lies beside."))
    if step is None:
        begun = [s.step for s in toolpath.header.sections if execution.of_section(s.index)]
        step = max(begun, default=None)
    draw_toolpath(
        toolpath, out, fmt=known, sample_size_um=loaded.document.sample.size, step=step, layer=layer,
        dress=ExecutedRows(toolpath, execution),
    )  # fmt: skip
