"""`lasercam preview`: draw a job or a build."""

from pathlib import Path

import click


@click.command("preview")
@click.argument("job", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option(
    "--view",
    default="toolpath",
    help="toolpath, dose, order, neighbours, time, registration, daylight, uv, uv+lp645 (any pass: sp600, bp600-630), "
    "ex405 for another excitation, or sheet: every view after every step; several views with commas make a sheet.",
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
def command(
    job: Path,
    output: Path,
    *,
    view: str,
    step: int | None,
    layer: int | None,
    pages: bool,
    seen_by: str,
    false_colour: bool,
) -> int:
    """Draw JOB (a job file, or the folder of a build) as .png, .svg or .pdf.

    It is drawn from the rows that would be written, also when findings would forbid writing them.
    """
    import tempfile

    from lasercam.errors import InputError, Problem
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.pictures import draw_layers_to, draw_one
    from lasercam.pipeline.planning import plan_job

    if pages and layer is not None:
        raise click.UsageError("--pages draws every layer, --layer only one; leave one of them out.")
    loaded = load_job(job)
    toolpath = plan_job(loaded)
    try:
        work = tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent)
    except OSError as error:
        raise InputError(Problem(f"nothing can be written to '{output.parent}': {error.strerror}")) from error
    with work as folder:
        if pages:
            drawn = draw_layers_to(loaded, toolpath, view, step, output, Path(folder))
        else:
            drawn = [Path(folder) / output.name]
            with drawn[0].open("wb") as out:
                draw_one(
                    loaded, toolpath, view, step, output.suffix.removeprefix(".").lower(), out,
                    None if layer is None else layer - 1,
                    response="luminance" if seen_by == "eye" else "radiance", false_colour=false_colour,
                )  # fmt: skip
        for path in drawn:
            path.replace(output.parent / path.name)
    for path in drawn:
        click.echo(f"{output.parent / path.name} written")
    return 0
