"""`lasercam repair`: write again what a reader missed."""

from pathlib import Path

import click

from lasercam.cli.terminal import echo_verdict, progress


@click.command("repair")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("found", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option("--anyway", is_flag=True, help="Also where the code covers what is missing.")
def command(folder: Path, found: Path, output: Path, *, anyway: bool) -> int:
    """Build the job that writes the voxels of FOLDER's stored data which FOUND says are missing, and no others.

    FOLDER is the build that was written, FOUND what `lasercam read IMAGES -o FOUND` left. Voxels that are there are
    never touched. Where the code makes up for everything that is missing, nothing is built: an exposure more is a
    risk more.
    """
    from lasercam.api.repairing import find_damage, load_repair

    damage = find_damage(folder, found)
    click.echo(damage.text)
    if damage.voxels == 0 or (damage.whole and not anyway):
        click.echo("Nothing has to be repaired." if damage.whole else "Nothing is known that could be repaired.")
        return 0 if damage.whole else 1
    if damage.unseen and not damage.whole:
        click.secho(
            f"Photograph the other {damage.unseen:,} pages first: the voxels below are on pages that were seen, and may"
            " not bring the file back.",
            fg="yellow",
        )
    job = load_repair(folder, damage)
    verdict = job.check(progress())
    echo_verdict(verdict)
    proof = job.build(output, verdict=verdict, progress=progress()).proof
    for mismatch in proof.mismatches:
        click.secho(f"not proven: {mismatch}", fg="red", err=True)
    for name, exposures in proof.exposures.items():
        click.echo(f"{output / name}: {exposures:,} exposures, proven one-to-one")
    return 0 if proof.holds else 1
