"""`lasercam schema`: the JSON Schema of job files."""

from pathlib import Path

import click

from lasercam.cli.terminal import echo_json


@click.command("schema")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write instead of printing.")
def command(output: Path | None) -> int:
    """Print the JSON Schema of job files: completion, hover and errors in any editor that knows YAML."""
    import json

    from lasercam.errors import InputError, Problem
    from lasercam.pipeline.job_schema import job_schema

    schema = job_schema()
    if output is None:
        echo_json(schema)
    else:
        try:
            output.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(Problem(f"'{output}' cannot be written: {error.strerror}")) from error
        click.echo(f"{output} written")
    return 0
