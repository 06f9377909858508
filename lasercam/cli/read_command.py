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
    from lasercam.errors import InputError, PatternError, Problem, shorten
    from lasercam.pipeline.inputs import read_bytes
    from lasercam.readback.qr import read_qr
    from lasercam.sources.image.picture import read_picture

    expected: dict[bytes, str] = {}
    if job is not None:
        from lasercam.pipeline.load import load_job
        from lasercam.pipeline.readability import payloads

        expected = payloads(load_job(job))
        if not expected:
            raise InputError(Problem(f"no pattern of '{job}' carries a code"))
    try:
        picture = read_picture(read_bytes(image), image.name)
    except PatternError as error:
        raise InputError(Problem(str(error))) from error
    found = read_qr(picture.values, expected or None)
    data = [
        {
            "text": one.text,
            "bytes": one.payload.hex(),
            "look": one.rung.title,
            "pattern": expected.get(one.payload),
        }
        for one in found
    ]
    if form == "json":
        missing = [name for payload, name in expected.items() if payload not in {one.payload for one in found}]
        echo_json({"image": image.name, "codes": data, "not_found": missing})
    else:
        for one in found:
            owner = expected.get(one.payload)
            whose = f"{owner}, " if owner else ("not of this job, " if expected else "")
            click.echo(f"{shorten(one.text, 4_000)}  ({whose}{one.rung.title})")
        if not found:
            click.echo("No QR code was found.", err=True)
    return 0 if any(not expected or one.payload in expected for one in found) else 1
