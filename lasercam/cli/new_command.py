"""`lasercam new`: start from a shipped pattern."""

from pathlib import Path

import click

from lasercam.cli.names import shipped_jobs
from lasercam.cli.terminal import FORMAT, echo_json


@click.command("new")
@click.argument("template", required=False, shell_complete=shipped_jobs)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; default: TEMPLATE.yaml here.")
@click.option("--editor", is_flag=True, help="Also write the JSON Schema beside it, for completion in editors.")
@FORMAT
def command(template: str | None, output: Path | None, form: str, *, editor: bool) -> int:
    """Copy the shipped job TEMPLATE and its assets, commented and ready to edit; without TEMPLATE, list them."""
    from dataclasses import asdict

    from lasercam.api.catalogue import templates, write_template
    from lasercam.errors import UsageError

    if template is None:
        if output is not None or editor:
            raise UsageError("name a template; `lasercam new` lists them")
        if form == "json":
            echo_json([asdict(one) for one in templates()])
            return 0
        for one in templates():
            click.secho(one.name, bold=True)
            click.echo(f"  {one.title}\n  {one.size} on {one.machine}")
        click.echo("Start from one of them: lasercam new NAME -o my_job.yaml")
        return 0
    files = write_template(template, output, editor=editor)
    if form == "json":
        echo_json({"files": [str(file) for file in files]})
        return 0
    click.echo(f"{files[0]} written; next: lasercam check {files[0]}")
    return 0
