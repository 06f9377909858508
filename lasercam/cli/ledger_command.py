"""`lasercam ledger`: what was done to a sample, across jobs and days."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lasercam.cli.terminal import FORMAT, echo_json

if TYPE_CHECKING:
    from lasercam.api.ledger import LedgerEntry, LedgerSection

_LEDGER = click.option(
    "--ledger", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The sample's ledger."
)


@click.group("ledger")
def command() -> None:
    """Keep the ledger of a sample: an append-only file that `check`, `build` and `run` read with --ledger."""


@command.command("add")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_LEDGER
@click.option(
    "--journal", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Default: FOLDER.journal."
)
@click.option("--date", help="Day of the execution, as 2026-05-02; default: today.")
@click.option("--whole", is_flag=True, help="All of it was executed, although only a simulated run left a journal.")
@click.option("--again", is_flag=True, help="It is recorded as a whole already, and this is another execution.")
@click.option("--note", default="", help="For readers.")
def add(
    folder: Path, ledger: Path, journal: Path | None, date: str | None, *, again: bool, whole: bool, note: str
) -> int:
    """Record what was executed of the build in FOLDER. It is verified first; a new ledger is made when there is none.

    Where a journal lies beside the build, exactly what it says is taken over, as often as wanted: rows that are done,
    partly exposed or uncertain. Without one, the whole build counts as executed.
    """
    from lasercam.api.ledger import add_executed

    entry, is_new = add_executed(folder, ledger, journal, date=date, again=again, note=note, whole=whole)
    said = "" if is_new else " (nothing new)"
    click.echo(f"{ledger}: entry {entry.entry}, {entry.job}, {_counts(entry)} on sample {entry.sample}{said}")
    return 0


@command.command("show")
@_LEDGER
@FORMAT
def show(ledger: Path, form: str) -> int:
    """Print what was done to the sample and what it holds by prediction."""
    from lasercam.api.ledger import page_table, read_ledger

    found = read_ledger(ledger)
    if form == "json":
        echo_json([entry.model_dump(mode="json") for entry in found.entries])
        return 0
    for entry in found.current:
        click.echo(f"{entry.entry}. {entry.date} {entry.job}: {_counts(entry)}; {', '.join(entry.steps)}")
        if entry.journal:
            updates = sum(e.journal == entry.journal for e in found.entries)
            click.echo(f"   as {entry.journal_file} says, taken over {updates} time(s)")
        if entry.is_simulated:
            click.echo("   on a simulated controller: no glass was touched")
        if entry.is_open:
            click.echo("   a run has begun and its end is not recorded: `lasercam ledger add` brings this up to date")
        for section in entry.sections:
            for line in _section_lines(section):
                click.echo(f"   {section.step}{f', run {section.run}' if section.run > 1 else ''}: {line}")
        if entry.note:
            click.echo(f"   {entry.note}")
    for feature in found.features:
        peaks = ", ".join(f"{line.peak_nm:.4g} nm ({line.confidence.value})" for line in feature.lines)
        cycles = f", erased {feature.cycles} times" if feature.cycles else ""
        click.echo(f"{feature.part}: {feature.condition}{': ' if peaks else ''}{peaks}{cycles}")
    for line in page_table(found.current):
        click.echo(line)
    return 0


def _counts(entry: "LedgerEntry") -> str:
    more = f", {entry.in_question:,} in question" if entry.in_question else ""
    return f"{entry.exposures:,} exposures{more}"


def _section_lines(section: "LedgerSection") -> list[str]:
    lines = []
    if section.partly or section.uncertain:
        lines.append(
            f"{section.exposures:,} exposures done, {section.partly:,} partly, {section.uncertain:,} uncertain "
            "(perhaps exposed)"
        )
    if section.twice:
        lines.append(f"{section.twice:,} exposed by decision although they were in question: perhaps twice")
    if section.frame == "registered":
        lines.append(f"in the frame of registration {section.registration[:12]}")
    return lines
