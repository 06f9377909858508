"""`lasercam ledger`: what was done to a sample, across jobs and days."""

from pathlib import Path

import click

from lasercam.cli.terminal import FORMAT, echo_json

_LEDGER = click.option(
    "--ledger", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The sample's ledger."
)


@click.group("ledger")
def command() -> None:
    """Keep the ledger of a sample: an append-only file that `check` and `build` read with --ledger."""


@command.command("add")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_LEDGER
@click.option("--date", help="Day of the execution, as 2026-05-02; default: today.")
@click.option("--again", is_flag=True, help="The same build was executed once more.")
@click.option("--note", default="", help="For readers.")
def add(folder: Path, ledger: Path, date: str | None, *, again: bool, note: str) -> int:
    """Record that the build in FOLDER was executed. It is verified first; a new ledger is made when there is none."""
    from lasercam.api.ledger import add_build

    entry = add_build(folder, ledger, date=date, again=again, note=note)
    click.echo(f"{ledger}: entry {entry.entry}, {entry.job}, {entry.exposures:,} exposures on sample {entry.sample}")
    return 0


@command.command("show")
@_LEDGER
@FORMAT
def show(ledger: Path, form: str) -> int:
    """Print what was done to the sample and what it holds by prediction."""
    from lasercam.api.ledger import read_ledger

    found = read_ledger(ledger)
    if form == "json":
        echo_json([entry.model_dump(mode="json") for entry in found.entries])
        return 0
    for entry in found.entries:
        click.echo(f"{entry.entry}. {entry.date} {entry.job}: {entry.exposures:,} exposures; {', '.join(entry.steps)}")
        for section in entry.sections:
            if section.frame == "registered":
                click.echo(f"   {section.step}: in the frame of registration {section.registration[:12]}")
        if entry.note:
            click.echo(f"   {entry.note}")
    for feature in found.features:
        peaks = ", ".join(f"{line.peak_nm:.4g} nm ({line.confidence.value})" for line in feature.lines)
        cycles = f", erased {feature.cycles} times" if feature.cycles else ""
        click.echo(f"{feature.part}: {feature.condition}{': ' if peaks else ''}{peaks}{cycles}")
    return 0
