"""`lasercam build`: write everything for the stage."""

from pathlib import Path

import click

from lasercam.cli.terminal import FORMAT, JOB, echo_json, echo_verdict, progress


@click.command("build")
@JOB
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option("--replace", is_flag=True, help="Replace an earlier build in that folder.")
@click.option("--pictures/--no-pictures", default=True, help="Also draw the previews.")
@FORMAT
@click.option(
    "--ledger", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What the sample already holds."
)
def command(job: Path, output: Path, *, replace: bool, pictures: bool, form: str, ledger: Path | None) -> int:
    """Write job files for JOB, with kept inputs, manifest, runbook and pictures, and prove them.

    Nothing is written when a finding is an error; the folder appears complete or not at all.
    """
    from lasercam.api.job import load

    shown = progress()
    opened = load(job)
    verdict = opened.check(shown, ledger=ledger)
    if form == "text":
        echo_verdict(verdict)
    built = opened.build(output, verdict=verdict, pictures=pictures, replace=replace, progress=shown)
    proof = built.proof
    if form == "json":
        manifest = built.manifest
        echo_json(
            {
                "folder": str(output),
                "programs": [entry.file for entry in manifest.programs],
                "toolpath": manifest.toolpath,
                "proven": proof.holds,
                "findings": opened.facts(verdict)["findings"],
            }
        )
        return 0 if proof.holds else 1
    for mismatch in proof.mismatches:
        click.secho(f"not proven: {mismatch}", fg="red", err=True)
    for name, exposures in proof.exposures.items():
        click.echo(f"{output / name}: {exposures:,} exposures, proven one-to-one")
    for picture in sorted(output.glob("*.png")):
        click.echo(f"{picture}")
    return 0 if proof.holds else 1
