"""`lasercam schema`: JSON Schemas of what people write."""

from pathlib import Path

import click

from lasercam.cli.terminal import echo_json


@click.command("schema")
@click.argument("kind", type=click.Choice(["job", "machine", "process"]), default="job")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write instead of printing.")
def command(kind: str, output: Path | None) -> int:
    """Print the JSON Schema of a job file, a machine profile or a process file.

    Editors that know YAML offer completion, hover and errors by it: begin the file with
    `# yaml-language-server: $schema=FILE`.
    """
    import json

    from lasercam.api.catalogue import schema_of
    from lasercam.errors import InputError, Problem

    schema = schema_of(kind)
    if output is None:
        echo_json(schema)
    else:
        try:
            output.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(Problem(f"'{output}' cannot be written: {error.strerror}")) from error
        click.echo(f"{output} written")
    return 0
