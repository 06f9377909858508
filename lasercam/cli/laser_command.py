"""`lasercam laser`: look at a machine's laser, set picker and attenuator for a job file, close the output."""

from dataclasses import asdict
from pathlib import Path

import click

from lasercam.cli.terminal import FORMAT, echo_json

_SIMULATE = click.option("--simulate", is_flag=True, help="Use a simulated laser instead of the machine's.")
_YES = click.option("--yes", is_flag=True, help="Set without asking, for scripts.")


@click.group("laser")
def command() -> None:
    """Set the laser of MACHINE, a profile's name or path, through its `laser: adapter:`. Never opens the output."""


@command.command("status")
@click.argument("machine")
@_SIMULATE
@FORMAT
def status(machine: str, form: str, *, simulate: bool) -> int:
    """Read what the laser of MACHINE does now; nothing is changed."""
    from lasercam.api.lasers import link, read_machine

    state = link(*read_machine(machine), simulate=simulate).read()
    if form == "json":
        echo_json(asdict(state))
        return 0
    output = {None: "not known", True: "OPEN", False: "closed"}[state.is_open]
    for name, value, unit in (
        ("output", output, ""),
        ("picker divider", state.divider, ""),
        ("attenuator", state.attenuator_percent, " %"),
        ("rate behind the picker", state.rate_hz, " Hz"),
        ("pulse energy at the laser", state.pulse_energy_uj, " µJ"),
        ("state", state.condition or None, ""),
    ):
        shown = (
            "not known" if value is None else f"{value:,.6g}{unit}" if isinstance(value, float) else f"{value}{unit}"
        )
        click.echo(f"{name}: {shown}")
    return 0


@command.command("apply")
@click.argument("machine")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--section", required=True, help="Which job file of the build: its name, or its number from 1.")
@click.option("--attenuator", "percent", type=float, help="Set it to this percentage, whatever the profile says.")
@click.option("--keep-attenuator", is_flag=True, help="Leave the attenuator as it is: set the picker alone.")
@_YES
@_SIMULATE
def apply(
    machine: str,
    folder: Path,
    section: str,
    percent: float | None,
    *,
    keep_attenuator: bool,
    yes: bool,
    simulate: bool,
) -> int:
    """Set the laser of MACHINE for one job file of the build in FOLDER, and read it back.

    Divider from the profile's base rate; attenuator from its measured scale where it says `control: laser`. The output
    is closed first, stays closed, and is left closed.
    """
    from lasercam.api.lasers import LaserSession, link, read_machine, section_targets
    from lasercam.errors import UsageError

    if percent is not None and keep_attenuator:
        raise UsageError("--attenuator and --keep-attenuator exclude each other")
    profile = read_machine(machine)
    adapter = link(*profile, simulate=simulate)
    file, targets = section_targets(folder, section, profile[0], percent=percent, keep_attenuator=keep_attenuator)
    wanted = f"divider {targets.divider} ({targets.rate_hz:,.6g} Hz)"
    wanted += (
        ", attenuator left as it is"
        if targets.attenuator_percent is None
        else (f", attenuator {targets.attenuator_percent:.4g} %")
    )
    click.echo(f"{file}: {wanted}")
    if not yes:
        click.confirm("Close the output and set this?", abort=True)
    with LaserSession(adapter) as laser:
        state = laser.apply(targets)
    if laser.is_confirmed:
        energy = f", {state.pulse_energy_uj:,.4g} µJ at the laser" if state.pulse_energy_uj else ""
        click.echo(f"read back: divider {state.divider}, attenuator {state.attenuator_percent:.4g} %{energy}; closed")
    else:
        click.echo("written, not read back: look at the laser before the job runs")
    return 0


@command.command("close")
@click.argument("machine")
@_SIMULATE
def close(machine: str, *, simulate: bool) -> int:
    """Close the output of MACHINE's laser, and see that it is closed. Exit code 3 when that cannot be seen."""
    from lasercam.api.lasers import LaserSession, link, read_machine

    with LaserSession(link(*read_machine(machine), simulate=simulate)) as laser:
        is_confirmed = laser.is_confirmed
    click.echo("closed" if is_confirmed else "this laser does not read back: close its output by hand")
    return 0
