"""What commands share at the terminal: findings in words, progress bars, JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from lasercam.api.findings import SILENT, Advance, Finding, Progress, Severity, Verdict

JOB = click.argument("job", type=click.Path(exists=True, dir_okay=False, path_type=Path))
FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="Words, or JSON for programs."
)

SHOWN_ALIKE = 3
"""Findings of one code that are told in full; further ones are named."""

_STYLE = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def echo_json(data: Any) -> None:
    """Print data as JSON."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def echo_verdict(verdict: Verdict) -> None:
    """Print every finding and what it comes to."""
    alike: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in verdict.findings:
        alike.setdefault((finding.code, finding.waived), []).append(finding)
    for findings in alike.values():
        for finding in findings[:SHOWN_ALIKE]:
            echo_finding(finding)
        if len(findings) > SHOWN_ALIKE:
            rest = findings[SHOWN_ALIKE:]
            where = ", ".join(f.on for f in rest[:8]) + (" …" if len(rest) > 8 else "")
            click.echo(f"      and {len(rest)} more {rest[0].code}, on: {where} (--format json lists them)")
    for note in verdict.notes:
        click.secho("about", fg="cyan", nl=False)
        click.echo(f" {note}")
    waived = sum(1 for f in verdict.findings if f.waived is not None)
    counts = [
        f"{len(verdict.errors)} error(s)",
        f"{_count(verdict, Severity.WARNING)} warning(s)",
        f"{_count(verdict, Severity.NOTE)} note(s)",
        f"{waived} waived",
    ]
    click.secho(", ".join(counts), fg="green" if verdict.is_clean else "red", bold=True)


def _count(verdict: Verdict, severity: Severity) -> int:
    return sum(1 for f in verdict.findings if f.severity is severity and f.waived is None)


def echo_finding(finding: Finding) -> None:
    """One finding: severity and code, place, words, what to do."""
    place = f"{finding.location}: " if finding.location else ""
    name = "waived" if finding.waived is not None else finding.severity.value
    click.secho(f"{name} {finding.code}", fg=_STYLE[finding.severity], bold=finding.blocks, nl=False)
    click.echo(f" {place}{finding.on}: {finding.message}")
    if finding.waived is not None:
        click.echo(f"      waived: {finding.waived}")
    elif finding.hint:
        click.echo(f"      {finding.hint}")
    if finding.source and finding.waived is None:
        click.echo(f"      source: {finding.source}")


class Bars:
    """Progress bars on a terminal, shown once a task has taken a second."""

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Advance]:
        """A bar for one task."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task(name, total=total)
            yield lambda rows: bars.advance(bar, rows)


def progress() -> Progress:
    """Bars where a person looks at a terminal, silence elsewhere."""
    return Bars() if sys.stderr.isatty() else SILENT
