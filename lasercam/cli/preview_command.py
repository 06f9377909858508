"""`lasercam preview`: draw a job or a build."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lasercam.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from lasercam.api.job import Job


@click.command("preview")
@click.argument("job", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option(
    "--view",
    default="toolpath",
    help="toolpath, dose, order, neighbours, time, executed, registration, daylight, uv, uv+lp645 (any pass: sp600, "
    "bp600-630), ex405 for another excitation, or sheet: every view after every step; several views with commas make "
    "a sheet.",
)
@click.option("--step", type=click.IntRange(min=1), help="Number of the step; default: all, or after the last.")
@click.option("--layer", type=click.IntRange(min=1), help="Only this layer, 1 = shallowest.")
@click.option("--pages", is_flag=True, help="Every layer on a page: of one .pdf, or numbered .png or .svg files.")
@click.option(
    "--seen-by",
    type=click.Choice(["camera", "eye"]),
    default="camera",
    help="Emission views: brightness as a camera has it (default), or as the eye.",
)
@click.option("--false-colour", is_flag=True, help="Emission views: colours that can be told apart, as reds cannot.")
@click.option("--journal", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Of the view `executed`.")
def command(job: Path, output: Path, *, view: str, journal: Path | None, **options: Any) -> int:
    """Draw JOB (a job file, or the folder of a build) as .png, .svg or .pdf, or as .html to look around in.

    It is drawn from the rows that would be written, also when findings would forbid writing them. The view `executed`
    shows what the journal of a build says: done, not done, partly, uncertain.
    """
    if view == "executed":
        from lasercam.api.executed import draw_executed_view

        draw_executed_view(job, output, journal, options["step"], options["layer"])
        click.echo(f"{output} written")
        return 0
    if journal is not None:
        raise UsageError(f"--journal belongs to `--view executed`, not to `--view {view}`")
    import tempfile

    from lasercam.api.job import load

    opened = load(job)
    opened.toolpath  # noqa: B018 # what cannot be planned is said before anything is written
    try:
        work = tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent)
    except OSError as error:
        raise InputError(Problem(f"nothing can be written to '{output.parent}': {error.strerror}")) from error
    with work as folder:
        unfinished = Path(folder) / output.name
        if output.suffix.lower() in (".html", ".htm"):
            drawn = [_write_html(opened, unfinished, view, options)]
        else:
            drawn = _draw(opened, unfinished, view, options)
        for path in drawn:
            path.replace(output.parent / path.name)
    for path in drawn:
        click.echo(f"{output.parent / path.name} written")
    return 0


def _draw(job: "Job", unfinished: Path, view: str, options: dict[str, Any]) -> list[Path]:
    """A picture, or one per layer."""
    layer = options["layer"]
    if options["pages"]:
        if layer is not None:
            raise UsageError("--layer draws one layer and --pages all of them; leave one of them out")
        return job.draw_layers(unfinished, view, step=options["step"])
    with unfinished.open("wb") as out:
        job.draw(
            out, view, step=options["step"], layer=layer, form=unfinished.suffix.removeprefix(".").lower(),
            response="luminance" if options["seen_by"] == "eye" else "radiance", false_colour=options["false_colour"],
        )  # fmt: skip
    return [unfinished]


def _write_html(job: "Job", unfinished: Path, view: str, options: dict[str, Any]) -> Path:
    """The interactive page: every view, step and layer is in it."""
    from lasercam.cli.terminal import progress

    if view != "toolpath" or any(options[name] for name in ("step", "layer", "pages", "false_colour")):
        raise UsageError("an .html preview holds every view, step and layer; leave out --view, --step and --layer")
    with unfinished.open("wb") as out:
        click.echo(job.write_page(out, progress=progress()))
    return unfinished
