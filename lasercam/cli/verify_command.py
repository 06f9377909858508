"""`lasercam verify`: prove a build."""

from pathlib import Path

import click

from lasercam.cli.terminal import FORMAT, echo_json, progress


@click.command("verify")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--job",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also hold the build against this job file, and say when it was edited since.",
)
@FORMAT
def command(folder: Path, job: Path | None, form: str) -> int:
    """Re-read the job files in FOLDER with independent readers and prove them one-to-one with its job.

    Position, recipe, exposure and order of everything that fires; nothing missing, nothing twice, no beam on while
    jumping or at standstill. Needs nothing outside FOLDER. Exit code 1 when anything differs.
    """
    from lasercam.api.job import verify

    proof = verify(folder, progress(), job=job)
    if form == "json":
        mismatches = [{"file": m.file, "line": m.line or None, "message": m.message} for m in proof.mismatches]
        echo_json({"proven": proof.holds, "exposures": proof.exposures, "mismatches": mismatches})
        return 0 if proof.holds else 1
    for name, exposures in proof.exposures.items():
        click.echo(f"{name}: {exposures:,} exposures, one-to-one with the job")
    for mismatch in proof.mismatches:
        click.secho(str(mismatch), fg="red")
    if proof.holds:
        click.secho("proven", fg="green", bold=True)
    else:
        click.secho(f"not proven: {len(proof.mismatches)} difference(s)", fg="red", bold=True)
    return 0 if proof.holds else 1
