"""`lasercam verify`: prove a build."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lasercam.cli.terminal import FORMAT, echo_json, progress

if TYPE_CHECKING:
    from lasercam.api.reading import ReadBack


@click.command("verify")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--job",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Also hold the build against this job file, and say when it was edited since.",
)
@click.option(
    "--read-back", is_flag=True, help="Also photograph stored data through a simulated channel and decode them."
)
@click.option("--channel", default="bench", show_default=True, help="Preset or file of the channel for --read-back.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=0, help="Of everything random in --read-back.")
@FORMAT
def command(folder: Path, job: Path | None, read_back: bool, channel: str, seed: int, form: str) -> int:  # noqa: FBT001
    """Re-read the job files in FOLDER with independent readers and prove them one-to-one with its job.

    Position, recipe, exposure and order of everything that fires; nothing missing, nothing twice, no beam on while
    jumping or at standstill. Needs nothing outside FOLDER. Exit code 1 when anything differs.
    """
    from lasercam.api.job import verify

    proof = verify(folder, progress(), job=job)
    loops = _read_back(folder, channel, seed) if read_back and proof.holds else []
    good = proof.holds and all(loop.identical for loop in loops)
    if form == "json":
        mismatches = [{"file": m.file, "line": m.line or None, "message": m.message} for m in proof.mismatches]
        data: dict[str, Any] = {"proven": proof.holds, "exposures": proof.exposures, "mismatches": mismatches}
        if read_back:
            data["read_back"] = [
                {"pattern": b.pattern, "copy": b.copy, "channel": b.channel, "identical": b.identical, "text": b.text}
                for b in loops
            ]
        echo_json(data)
        return 0 if good else 1
    for name, exposures in proof.exposures.items():
        click.echo(f"{name}: {exposures:,} exposures, one-to-one with the job")
    for mismatch in proof.mismatches:
        click.secho(str(mismatch), fg="red")
    if proof.holds:
        click.secho("proven", fg="green", bold=True)
    else:
        click.secho(f"not proven: {len(proof.mismatches)} difference(s)", fg="red", bold=True)
    for loop in loops:
        click.secho(loop.text, fg="green" if loop.identical else "red")
        for title, missed in loop.reading.missed.items():
            click.echo(f"  {title}: {'; '.join(missed)}")
    return 0 if good else 1


def _read_back(folder: Path, channel: str, seed: int) -> "list[ReadBack]":
    from lasercam.api.reading import read_back

    return read_back(folder, channel, seed=seed, progress=progress())
