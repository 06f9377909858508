"""`lasercam list`: what there is to choose from."""

import shutil
import sys
from textwrap import wrap

import click

from lasercam.cli.terminal import FORMAT, echo_json

KINDS = ("machines", "processes", "patterns", "dialects", "lasers", "controllers", "checks")


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS))
@FORMAT
def command(kind: str, form: str) -> int:
    """List KIND: machines, processes, patterns (jobs and pattern types), dialects, lasers, controllers or checks."""
    from lasercam.api import catalogue

    entries = getattr(catalogue, kind)()
    if form == "json":
        echo_json([{"name": e.name, "group": e.group, "summary": e.summary} for e in entries])
        return 0
    width = max((len(e.name) for e in entries), default=0)
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000  # a line each for other programs
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            click.secho(f"{group}:", bold=True)
        for line in wrap(f"  {entry.name:<{width}}  {entry.summary}", columns, subsequent_indent=" " * (width + 4)):
            click.echo(line)
    return 0
