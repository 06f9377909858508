"""`lasercam preview`: draw a job or a build."""

from pathlib import Path

import click

from lasercam.errors import UsageError


@click.command("preview")
@click.argument("job", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option(
    "--view",
    default="toolpath",
    help="toolpath, dose, executed, registration, daylight, uv, uv+lp645 (any pass: sp600, bp613/20), or all.",
)
@click.option("--step", type=click.IntRange(min=1), help="Number of the step; default: all, or after the last.")
@click.option("--layer", type=click.IntRange(min=1), help="Only this layer, 1 = shallowest.")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Of the view `executed`.")
def command(job: Path, output: Path, view: str, step: int | None, layer: int | None, journal: Path | None) -> int:
    """Draw JOB (a job file, or the folder of a build) as .png, .svg or .pdf.

    It is drawn from the rows that would be written, also when findings would forbid writing them. The view `executed`
    shows what the journal of a build says: done, not done, partly, uncertain.
    """
    if view == "executed":
        from lasercam.cli.executed_view import draw_executed_view

        draw_executed_view(job, output, journal, step, layer)
        click.echo(f"{output} written")
        return 0
    if journal is not None:
        raise UsageError(f"--journal belongs to `--view executed`, not to `--view {view}`")
    import os
    import tempfile

    from lasercam.errors import InputError, Problem
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.pictures import draw_one
    from lasercam.pipeline.planning import plan_job

    loaded = load_job(job)
    toolpath = plan_job(loaded)
    try:
        handle, unfinished = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    except OSError as error:
        raise InputError(Problem(f"nothing can be written to '{output.parent}': {error.strerror}")) from error
    try:
        with os.fdopen(handle, "wb") as out:
            shown = None if layer is None else layer - 1
            draw_one(loaded, toolpath, view, step, output.suffix.removeprefix(".").lower(), out, shown)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(output)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    click.echo(f"{output} written")
    return 0
