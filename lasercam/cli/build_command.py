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
    from lasercam.pipeline.build import build
    from lasercam.pipeline.judge import judge
    from lasercam.pipeline.ledger import ledger_of
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.manifest import finding_data, read_manifest
    from lasercam.pipeline.planning import plan_job
    from lasercam.pipeline.verify import verify_build

    shown = progress()
    loaded = load_job(job)
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath, shown, ledger=ledger_of(loaded, ledger, job.parent))
    if form == "text":
        echo_verdict(verdict)
    build(loaded, toolpath, verdict, output, pictures=pictures, replace_existing=replace, progress=shown)
    proof = verify_build(output, shown)
    if form == "json":
        manifest = read_manifest(output)
        echo_json(
            {
                "folder": str(output),
                "programs": [entry.file for entry in manifest.programs],
                "toolpath": manifest.toolpath,
                "proven": proof.holds,
                "findings": [finding_data(f) for f in verdict.findings],
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
