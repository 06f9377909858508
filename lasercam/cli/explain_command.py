"""`lasercam explain`: tell about one thing by its name."""

import click

from lasercam.cli.names import explained


@click.command("explain")
@click.argument("name", shell_complete=explained)
def command(name: str) -> int:
    """Explain NAME: a finding code, process, machine, dialect, laser, controller, pattern type, shipped job, or key.

    Keys of a job file go by their path, such as steps.write, sample.size or patterns.qr.error_correction; those of a
    machine profile and of a process file begin with profile. and process_file.
    """
    from lasercam.api.catalogue import explain

    click.echo(explain(name))
    return 0
