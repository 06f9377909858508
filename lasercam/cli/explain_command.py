"""`lasercam explain`: tell about one thing by its name."""

import click


@click.command("explain")
@click.argument("name")
def command(name: str) -> int:
    """Explain NAME: a finding code, a process, a machine, a dialect or a pattern type."""
    from lasercam.pipeline.catalogue import explain

    for line in explain(name):
        click.echo(line)
    return 0
