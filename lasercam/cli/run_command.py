"""`lasercam run`: execute a build on its controller."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lasercam.cli.terminal import progress

if TYPE_CHECKING:
    from lasercam.api.running import Answer, Machine, Transport

_UNCERTAIN = ("skip", "expose", "inspect")


@click.command("run")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", help="Serial port of the controller, such as /dev/ttyUSB0 or COM3.")
@click.option("--tcp", metavar="HOST:PORT", help="Network address of the controller.")
@click.option("--simulate", is_flag=True, help="Use a simulated controller; its time runs as fast as it can.")
@click.option("--resume", is_flag=True, help="Go on with what an interrupted run left.")
@click.option("--frame", is_flag=True, help="Only trace the box of the next job file, with the beam off.")
@click.option("--check", is_flag=True, help="First pass every line through the controller's check mode ($C).")
@click.option("--yes", is_flag=True, help="Confirm everything, for scripts.")
@click.option("--uncertain", type=click.Choice(_UNCERTAIN), help="What becomes of rows that may be exposed already.")
@click.option(
    "--events", type=click.Path(dir_okay=False, path_type=Path), help="Append what happens to this file, as JSON."
)
@click.option("--executed", metavar="FIRST:LAST|all", help="Record what a controller that loads files itself executed.")
@click.option("--section", help="Which job file --executed is about: its name, or its number from 1.")
def command(
    folder: Path, port: str | None, tcp: str | None, executed: str | None, section: str | None, events: Path | None,
    uncertain: str | None, *, simulate: bool, resume: bool, frame: bool, check: bool, yes: bool,
) -> int:  # fmt: skip
    """Execute the build in FOLDER on a GRBL or grblHAL controller, row by row, never twice.

    The journal FOLDER.journal says for every row whether it is done; keep it. Exit codes: 0 done, 1 refused, 2 usage,
    3 the machine or the link failed, 4 stopped where the beam was off, 5 aborted, the beam cut at once.
    """
    from lasercam.api.running import Controls, Events, Planned, Session, Wanted, load_runnable
    from lasercam.cli.run_display import Display
    from lasercam.cli.run_keys import Keys, signals
    from lasercam.errors import UsageError

    runnable = load_runnable(folder, progress())
    planned = [Planned(p.path, p.sha256, p.section, p.machine, p.dialect, p.laser, p.before) for p in runnable.programs]
    journal_path = folder.resolve().with_name(f"{folder.resolve().name}{'.simulated' if simulate else ''}.journal")
    if executed is not None:
        return _record(executed, section, planned, journal_path, runnable.toolpath.header.digest)
    if sum((port is not None, tcp is not None, simulate)) != 1:
        raise UsageError("name one link: --port PORT, --tcp HOST:PORT or --simulate")
    controls, display = Controls(), Display()
    keys = Keys(controls)

    def show(event: dict[str, Any]) -> None:
        if event["event"] == "start":
            keys.start()
        elif event["event"] in ("finished", "end"):
            keys.stop()
        display.show(event)

    with Events(events, show) as told, signals(controls):
        session = Session(
            runnable.toolpath, planned, journal_path, lambda machine: _transport(machine, port, tcp),
            _Person(yes=yes, uncertain=uncertain), controls, told, runnable.sample,
        )  # fmt: skip
        try:
            count = session.run(Wanted(resume=resume, frame=frame, check=check))
        except BaseException as error:
            told.tell("failed", error=str(error), kind=type(error).__name__)
            raise
        finally:
            keys.stop()
            display.close()
    if not frame and count:
        click.echo(f"done: {count} job file(s); the journal is {journal_path.name}")
    return 0


class _Person:
    """Asks at the terminal; or answers yes, and leaves rows in question alone."""

    def __init__(self, *, yes: bool, uncertain: str | None) -> None:
        self._yes, self._uncertain = yes, uncertain

    def confirm(self, question: str) -> bool:
        if self._yes:
            click.echo(f"{question} yes (--yes)", err=True)
            return True
        return click.confirm(question, err=True)

    def decide(self, question: str) -> "Answer":
        answer: Any = self._uncertain or ("skip" if self._yes else None)
        if answer is None:
            answer = click.prompt(question, type=click.Choice(_UNCERTAIN), default="inspect", err=True)
        else:
            click.echo(f"{question} {answer}", err=True)
        return answer  # type: ignore[no-any-return]


def _transport(machine: "Machine", port: str | None, tcp: str | None) -> "Transport":
    from lasercam.api.running import serial_link, simulated_link, tcp_link

    if port is not None:
        return serial_link(port)
    return simulated_link(machine) if tcp is None else tcp_link(*_address(tcp))


def _address(text: str) -> tuple[str, int]:
    from lasercam.errors import UsageError

    host, _, number = text.rpartition(":")
    if not host or not (number.isascii() and number.isdecimal() and 0 < int(number[:6]) < 65_536):
        raise UsageError(f"'{text}' is no address; write HOST:PORT, such as 192.168.0.5:23")
    return host, int(number)


def _record(executed: str, section: str | None, planned: list[Any], journal_path: Path, digest: str) -> int:
    """Take what a controller executed by itself into the journal."""
    from lasercam.api.running import record_executed

    print(record_executed(executed, section, planned, journal_path, digest), file=sys.stdout)
    return 0
