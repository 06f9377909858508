"""`lasercam read`: find QR codes in a picture."""

from pathlib import Path

import click

from lasercam.cli.terminal import FORMAT, echo_json


@click.command("read")
@click.argument("image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--job",
    type=click.Path(exists=True, path_type=Path),
    help="The job, or its build, whose codes are looked for; other texts then count as none.",
)
@FORMAT
def command(image: Path, job: Path | None, form: str) -> int:
    """Read QR codes in IMAGE, a photograph or one of lasercam's own views (PNG, TIFF, JPEG).

    Prints every text found. Exit code 1 when there is none, or none of JOB.
    """
    from lasercam.api.reading import read_codes
    from lasercam.errors import shorten

    readings = read_codes(image, job)
    if form == "json":
        echo_json(readings.data())
    else:
        for one in readings.found:
            owner = readings.owner(one)
            whose = f"{owner}, " if owner else ("not of this job, " if readings.expected else "")
            click.echo(f"{shorten(one.text, 4_000)}  ({whose}{one.rung.title})")
        if not readings.found:
            click.echo("No QR code was found.", err=True)
    return 0 if readings.holds else 1
