"""`lasercam run`: execute a build on its controller."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lasercam.cli.person import ANSWERS
from lasercam.cli.terminal import progress

if TYPE_CHECKING:
    from lasercam.api.running import FileLink, Planned, Toolpath


@click.command("run")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", help="Serial port of the controller, such as /dev/ttyUSB0 or COM3.")
@click.option("--tcp", metavar="HOST:PORT", help="Network address of the controller.")
@click.option("--simulate", is_flag=True, help="Use a simulated controller; its time runs as fast as it can.")
@click.option("--resume", is_flag=True, help="Go on with what an interrupted run left.")
@click.option("--frame", is_flag=True, help="Only trace the box of the next job file, with the beam off.")
@click.option("--check", is_flag=True, help="First pass every line through the controller's check mode ($C).")
@click.option("--yes", is_flag=True, help="Confirm everything but steps by hand, for scripts.")
@click.option(
    "--confirm",
    "confirmed",
    metavar="STEP",
    multiple=True,
    help="This step by hand (furnace, soak, remount, …) is done. Repeatable.",
)
@click.option("--uncertain", type=click.Choice(ANSWERS), help="What becomes of rows that may be exposed already.")
@click.option(
    "--events", type=click.Path(dir_okay=False, path_type=Path), help="Append what happens to this file, as JSON."
)
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Ledger of the sample, brought up to date; made when there is none. Default: the job's, beside FOLDER.",
)
@click.option(
    "--executed", metavar="FIRST:LAST|line:N|left|all", help="Record what was executed of a file that a person loaded."
)
@click.option("--section", help="Which job file --executed is about: its name, or its number from 1.")
def command(
    folder: Path, port: str | None, tcp: str | None, executed: str | None, section: str | None, events: Path | None,
    uncertain: str | None, confirmed: tuple[str, ...], ledger: Path | None, *, simulate: bool, resume: bool,
    frame: bool, check: bool, yes: bool,
) -> int:  # fmt: skip
    """Execute the build in FOLDER, never twice: on GRBL or grblHAL, LinuxCNC or an XPS.

    GRBL needs --port, --tcp or --simulate. LinuxCNC and the XPS take whole files over the `controller: link:` of the
    machine profile (--tcp gives another address). For other controllers it says what to load, and --executed takes
    back what was executed.

    The journal FOLDER.journal says for every row whether it is done; keep it. Exit codes: 0 done, 1 refused, 2 usage,
    3 the machine or the link failed, 4 stopped where the beam was off, 5 aborted, the beam cut at once, 6 a step by
    hand comes next.
    """
    from lasercam.api.running import (
        Controls,
        Events,
        Planned,
        Session,
        StreamedByLines,
        Wanted,
        journal_beside,
        load_runnable,
        read_execution,
        run_ledger,
    )
    from lasercam.cli.link_options import open_link, require_one_link
    from lasercam.cli.person import Person
    from lasercam.cli.run_display import Display
    from lasercam.cli.run_keys import Keys, signals
    from lasercam.cli.run_ledger import LedgerKeeper
    from lasercam.cli.run_picture import drawn_unless_finished

    journal_path = journal_beside(folder, simulated=simulate)
    kept = run_ledger(folder, ledger, simulate=simulate)
    before = None if kept is None else read_execution(journal_path)
    held = None if kept is None else kept.held("" if before is None else before.journal)
    runnable = load_runnable(folder, progress(), held=held)
    planned = [
        Planned(p.path, p.sha256, p.section, p.machine, p.dialect, p.laser, p.before, p.targets, p.keys)
        for p in runnable.programs
    ]
    keeper = LedgerKeeper(kept, runnable, journal_path)
    if executed is not None:
        code = _record(executed, section, planned, journal_path, runnable.toolpath)
        keeper.end()
        return code
    n_links = sum((port is not None, tcp is not None, simulate))
    is_streamed = any(isinstance(p.dialect, StreamedByLines) for p in planned)
    if n_links > 1 or (not n_links and is_streamed and not confirmed):
        require_one_link(port, tcp, simulate=simulate)
    controls, display = Controls(), Display()
    keys = Keys(controls, lambda text: display.show({"event": "message", "text": text}))

    def show(event: dict[str, Any]) -> None:
        if event["event"] == "start":
            keys.start()
        elif event["event"] in ("finished", "end"):
            keys.stop()
        display.show(event)

    with drawn_unless_finished(runnable, journal_path), Events(events, show) as told, signals(controls):
        session = Session(
            runnable.toolpath, planned, journal_path, lambda machine: open_link(machine, port, tcp),
            Person(yes=yes, uncertain=uncertain, controls=controls), controls, told, runnable.sample, runnable.after,
            lambda machine: runnable.laser(machine, simulate=simulate), keeper.begin, simulate,
            lambda first: _file_link(first, port, tcp, simulate=simulate),
        )  # fmt: skip
        try:
            only_note = is_streamed and not n_links
            wanted = Wanted(resume=resume, frame=frame, check=check, confirmed=confirmed, only_note=only_note)
            count = session.run(wanted)
            keeper.end()
        except BaseException as error:
            told.tell("failed", error=str(error), kind=type(error).__name__)
            keeper.end_quietly()
            raise
        finally:
            keys.stop()
            display.close()
    if not frame and count:
        click.echo(f"done: {count} job file(s); the journal is {journal_path.name}")
    return 0


def _file_link(planned: "Planned", port: str | None, tcp: str | None, *, simulate: bool) -> "FileLink":
    from lasercam.api.running import file_link
    from lasercam.cli.link_options import read_address
    from lasercam.errors import RefusedError

    if port is not None or simulate or planned.keys is None:
        what = "simulated" if simulate else "reached by a serial port"
        raise RefusedError(
            f"machine '{planned.machine.machine}' takes whole files over its profile's `controller: link:`; it cannot "
            f"be {what}"
        )
    return file_link(planned.keys, planned.machine, None if tcp is None else read_address(tcp))


def _record(executed: str, section: str | None, planned: list[Any], journal_path: Path, toolpath: "Toolpath") -> int:
    """Take what a controller executed by itself into the journal."""
    from lasercam.api.running import record_executed

    print(record_executed(executed, section, planned, journal_path, toolpath), file=sys.stdout)
    return 0
