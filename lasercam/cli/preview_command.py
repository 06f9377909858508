"""`lasercam preview`: draw a job or a build."""

from pathlib import Path

import click


@click.command("preview")
@click.argument("job", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option(
    "--view",
    default="toolpath",
    help="toolpath, dose, registration, daylight, uv, uv+lp645 (any pass: sp600, bp613/20), or all.",
)
@click.option("--step", type=click.IntRange(min=1), help="Number of the step; default: all, or after the last.")
@click.option("--layer", type=click.IntRange(min=1), help="Only this layer, 1 = shallowest.")
def command(job: Path, output: Path, view: str, step: int | None, layer: int | None) -> int:
    """Draw JOB (a job file, or the folder of a build) as .png, .svg or .pdf.

    It is drawn from the rows that would be written, also when findings would forbid writing them.
    """
    from lasercam.api.job import appear, load

    opened, form = load(job), output.suffix.removeprefix(".").lower()
    appear(output, lambda out: opened.draw(out, view, step=step, layer=layer, form=form))
    click.echo(f"{output} written")
    return 0
