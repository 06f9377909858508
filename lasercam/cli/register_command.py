"""`lasercam register`: find a sample again by its marks, and write the frame that later steps are built in."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lasercam.cli.terminal import FORMAT, echo_json

if TYPE_CHECKING:
    from lasercam.api.registering import MeasuredMark, Remount


@click.command("register")
@click.argument("job", type=click.Path(exists=True, path_type=Path))
@click.option("--step", help="Name or number of the remount; default: the only one.")
@click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a table of the marks to fill in, and stop.",
)
@click.option(
    "--measured", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The filled table (CSV)."
)
@click.option(
    "--mark", "typed", multiple=True, metavar="NAME=x,y[,z]",
    help="A measured mark, in controller coordinates; numbers without a unit are mm.",
)  # fmt: skip
@click.option("--jog", is_flag=True, help="Jog to every mark and confirm it there; GRBL and grblHAL, beam off.")
@click.option("--port", help="With --jog: serial port of the controller.")
@click.option("--tcp", metavar="HOST:PORT", help="With --jog: network address of the controller.")
@click.option("--simulate", is_flag=True, help="With --jog: a simulated controller, to try it.")
@click.option("--yes", is_flag=True, help="With --jog: confirm everything, for scripts.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; default: as the job names it.",
)
@click.option(
    "--model", type=click.Choice(["shift", "rigid", "similarity", "stretch", "affine"]), default="similarity",
    show_default=True, help="shift; with rotation; with one scale; a scale along x and along y; with shear.",
)  # fmt: skip
@click.option("--level", is_flag=True, help="The sample lies level: heights give no tilt.")
@click.option("--tolerance", help="Farthest a mark may be off, e.g. 2um; default: a tenth of the smallest spot radius.")
@click.option("--height-tolerance", help="The same for heights; default: a tenth of the shortest Rayleigh range.")
@click.option("--date", help="Day of the measurement, as 2026-05-02; default: today.")
@click.option("--by", default="", help="Who measured.")
@click.option("--note", default="", help="For readers.")
@click.option("--replace", is_flag=True, help="Replace an earlier registration.")
@FORMAT
def command(
    job: Path,
    step: str | None,
    template: Path | None,
    measured: Path | None,
    typed: tuple[str, ...],
    port: str | None,
    tcp: str | None,
    output: Path | None,
    model: str,
    tolerance: str | None,
    height_tolerance: str | None,
    date: str | None,
    by: str,
    note: str,
    form: str,
    *,
    level: bool,
    replace: bool,
    jog: bool,
    simulate: bool,
    yes: bool,
) -> int:
    """Fit how the sample of JOB lies after a remount to the measured places of its marks.

    Writes a registration file, which the remount names (`registration: FILE`), and a picture of what is left at each
    mark beside it. Marks beyond the tolerance are refused, and nothing is written.
    """
    from lasercam.api.registering import find_remount, measured_marks, register_file, wished, write_template
    from lasercam.errors import UsageError

    remount = find_remount(job, step)
    if template is not None:
        write_template(remount, template)
        click.echo(
            f"{template} written: {len(remount.nominal)} marks of '{remount.pattern}'; fill x, y and, with a tilt, z"
        )
        return 0
    if jog:
        marks, source = _jogged(remount, port, tcp, simulate=simulate, yes=yes)
        if measured is not None or typed:
            others, also = measured_marks(measured, typed)
            marks, source = [*marks, *others], f"{source} and {also}"
    elif port is not None or tcp is not None or simulate or yes:
        raise UsageError("--port, --tcp, --simulate and --yes belong to --jog")
    else:
        marks, source = measured_marks(measured, typed)
    wishes = wished(model, source, date, tolerance, height_tolerance, by=by, note=note, level=level)
    made = register_file(remount, marks, wishes, job, output, replace=replace)
    document = made.document
    if form == "json":
        echo_json(
            {
                "file": str(made.file),
                "picture": str(made.picture),
                "registration": document.model_dump(mode="json"),
                "notes": list(made.notes),
            }
        )
        return 0
    for line in made.lines:
        click.echo(line)
    return 0


def _jogged(
    remount: "Remount", port: str | None, tcp: str | None, *, simulate: bool, yes: bool
) -> "tuple[list[MeasuredMark], str]":
    """Marks found by jogging, and where they come from, in words."""
    from math import isnan

    from lasercam.api.jogging import can_jog
    from lasercam.api.registering import MeasuredMark
    from lasercam.cli.jog_dialog import jogged_marks
    from lasercam.cli.link_options import open_link, require_one_link
    from lasercam.cli.person import Person
    from lasercam.errors import RefusedError

    require_one_link(port, tcp, simulate=simulate)
    machine = remount.profile
    if not can_jog(machine):
        raise RefusedError(
            f"the controller of machine '{machine.machine}' ({machine.controller.dialect}) is not jogged by lasercam; "
            "jog there by its own means and type what it shows (--mark), or fill the table (--template, --measured)"
        )
    found = jogged_marks(
        remount.expected_um, machine, lambda m: open_link(m, port, tcp), Person(yes=yes, uncertain="inspect")
    )
    for name, place in found.items():  # a refusal to come must not lose what took so long
        numbers = ",".join(f"{v / 1000:.3f}" for v in place if not isnan(v))
        click.echo(f"--mark {name}={numbers}", err=True)
    where = port or tcp or "a simulated controller"
    return [MeasuredMark(name, place) for name, place in found.items()], f"jogged on {where}"
