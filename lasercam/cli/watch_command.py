"""`lasercam watch`: the preview of a job in the browser, anew at every save."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lasercam.cli.terminal import JOB

if TYPE_CHECKING:
    from lasercam.api.live import Told


@click.command("watch")
@JOB
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port on 127.0.0.1; default: any free one.")
@click.option("--browser/--no-browser", default=True, help="Open the page, or only print its address.")
def command(job: Path, port: int, *, browser: bool) -> int:
    """Show JOB in the browser and follow it: saving the file, its assets or its machine profile gives a new picture.

    Findings stand beside it. An error in the file keeps the last good picture. Ctrl-C ends.
    """
    import signal
    import time
    import webbrowser

    from lasercam.api.live import LiveServer, Rebuilder, wait_for_change

    def ends(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, ends)
    server = LiveServer(job.name, port)
    rebuilder = Rebuilder(job, server)
    try:
        click.echo(f"{job.name} is shown at {server.url}\nSave it to see it anew; Ctrl-C ends.")
        if browser and not (_has_screen() and webbrowser.open(server.url)):
            click.echo("No browser could be opened; open the address by hand.", err=True)
        while True:
            began = time.monotonic()
            _echo(rebuilder.rebuild(), time.monotonic() - began)
            wait_for_change(rebuilder.watched, rebuilder.seen)
    except KeyboardInterrupt:
        click.echo("\nEnded.")
        return 0
    finally:
        rebuilder.stop()
        server.close()
        signal.signal(signal.SIGTERM, before)


def _has_screen() -> bool:
    """Whether a browser would have a window; in a terminal a text browser would take the terminal over."""
    import os
    import sys

    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _echo(told: "Told", seconds: float) -> None:
    if not told.problems:
        click.echo(f"picture {told.version}: {told.n_rows:,} rows, {seconds:.2f} s")
    for problem in told.problems:
        click.secho(str(problem), fg="red", err=True)
