"""`lasercam export`: a toolpath for other programs."""

from pathlib import Path

import click


@click.command("export")
@click.argument("job", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help=".csv, .npz, .svg or .gds."
)
@click.option(
    "--frame", type=click.Choice(["sample", "controller"]), default="sample", show_default=True,
    help="Of positions in .csv and .npz.",
)  # fmt: skip
@click.option("--width", help="Of lines and dots in .svg and .gds, e.g. 1um; default: the spot's 1/e^2 diameter.")
def command(job: Path, output: Path, frame: str, width: str | None) -> int:
    """Write the toolpath of JOB (a job file, or the folder of a build) as a table, a drawing or a mask.

    Nothing written here drives a stage, so the verdict is not asked for. Tables hold every row, drawings (SVG, true to
    size) and masks (GDSII, a layer per step, a data type per recipe) hold every exposure.
    """
    from lasercam.api.export import export
    from lasercam.api.job import load

    export(load(job), output, frame="controller" if frame == "controller" else "sample", width=width)
    click.echo(f"{output} written")
    return 0
