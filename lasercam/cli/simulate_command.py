"""`lasercam simulate`: a GRBL controller that is not there, for lasercam and for other senders."""

import csv
import sys
from pathlib import Path

import click


@click.command("simulate")
@click.argument("machine", required=False)
@click.option("--tcp", "port", type=int, help="Listen on this TCP port of this computer; 0 takes any free one.")
@click.option("--firmware", type=click.Choice(["grbl", "grblhal"]), default="grbl", show_default=True)
@click.option("--homing/--no-homing", default=True, show_default=True, help="Whether it homes and keeps soft limits.")
@click.option("--speed", type=click.FloatRange(0.01, 1000), default=1.0, show_default=True, help="Seconds in a second.")
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Write every exposure to a CSV file.")
def command(
    machine: str | None, port: int | None, firmware: str, speed: float, record: Path | None, *, homing: bool
) -> int:
    """Simulate a GRBL controller until Ctrl-C, with the stage of MACHINE where one is named.

    It listens on a pseudo terminal, which any sender opens like a serial port, or with --tcp on a TCP port. At the end
    it tells what was exposed.
    """
    from lasercam.api.simulating import (
        GRBLHAL,
        ControllerOptions,
        GrblSettings,
        PtyDoor,
        SimulatedController,
        TcpDoor,
        serve,
    )

    settings, options = GrblSettings({10: 3, 20: homing, 22: homing, 32: 1}), ControllerOptions()
    if firmware == "grblhal":
        options = GRBLHAL
    if machine is not None:
        from dataclasses import replace

        from lasercam.api.simulating import read_machine, settings_of, work_offset_mm

        profile = read_machine(machine)[0]
        settings = settings_of(profile, homing=homing)
        options = replace(options, work_offset_mm=work_offset_mm(profile))
    controller = SimulatedController(settings, options)
    controller.advance(2 * options.boot_time_s)
    door = PtyDoor() if port is None else TcpDoor(port)
    click.echo(f"a simulated {firmware} listens on {door.name}; Ctrl-C ends it")
    try:
        serve(controller, door, speed=speed)
    except KeyboardInterrupt:
        click.echo("", err=True)
    finally:
        door.close()
    exposed = controller.exposed()
    open_s = sum(piece.open_s for piece in exposed)
    click.echo(f"{len(exposed)} exposures, beam on for {open_s:.3f} s, {controller.n_lost_bytes} bytes lost")
    if controller.beam_power:
        click.echo(f"the beam was ON at the end, at S{controller.beam_power:g}", err=True)
    if record is not None:
        _write(record, [[p.kind, *p.start_ticks, *p.end_ticks, p.power, p.feed_mm_min, p.from_s, p.to_s, int(p.whole),
                         p.line] for p in exposed])  # fmt: skip
    sys.stdout.flush()
    return 0


def _write(path: Path, rows: list[list[object]]) -> None:
    from lasercam.errors import UsageError

    names = ["kind", "x0_ticks", "y0_ticks", "z0_ticks", "x1_ticks", "y1_ticks", "z1_ticks", "power", "feed_mm_min",
             "from_s", "to_s", "whole", "line"]  # fmt: skip
    try:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(names)
            writer.writerows(rows)
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})") from error
