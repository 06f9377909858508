"""What a person sees while a job runs: a live view on a terminal, plain lines elsewhere."""

import os
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import click

from lasercam.cli.run_keys import KEYS

_PLAIN_EVERY_S = 10.0
_BAR = 40


class Display:
    """Shows events."""

    def __init__(self) -> None:
        self._live: Any = None
        self._last: dict[str, Any] = {}
        self._shown_s = 0.0
        self._file = ""
        # A live view needs a terminal that can move its cursor.
        self._is_terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb", "unknown")

    def show(self, event: dict[str, Any]) -> None:
        """One event."""
        if event["event"] == "message":
            self._say(event["text"])
        elif event["event"] == "start":
            self._open(event)
        elif event["event"] in ("finished", "end"):
            self.close()
        elif event["event"] == "progress" and "rows" in event:
            self._last = event
            if self._live is None:
                self._plain(event)
        if self._live is not None:
            self._live.update(self._view())

    def _say(self, text: str) -> None:
        """Messages stay on the screen, above the live view."""
        if self._live is None:
            click.echo(text, err=True)
        else:
            self._live.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """The live view is over."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _open(self, event: dict[str, Any]) -> None:
        self._file, self._last = event["file"], {}
        click.echo(f"{self._file} is running", err=True)
        if not self._is_terminal:
            return
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(stderr=True), refresh_per_second=4, transient=True)
        self._live.start()

    def _plain(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._shown_s >= _PLAIN_EVERY_S:
            self._shown_s = now
            click.echo(_line(event), err=True)

    def _view(self) -> Any:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, style="bold")
        table.add_column(overflow="fold")
        event = self._last
        if not event:
            table.add_row(self._file, Text("waiting for the first report"))
        else:
            share = event["done"] / max(1, event["rows"])
            table.add_row(self._file, ProgressBar(total=1.0, completed=share, width=_BAR))
            table.add_row("rows", f"{event['done']:,} of {event['rows']:,} over ({share:.1%}), {event['sent']:,} sent")
            table.add_row("now", Text(_now(event)))
            table.add_row("stage", f"{event['state']} at {_place(event)}")
            if "bytes_in_flight" in event:
                table.add_row("on its way", _on_its_way(event))
            end = datetime.now().astimezone() + timedelta(seconds=event["left_s"])
            table.add_row("left", f"about {_left(event)}, until {end:%H:%M:%S}")
        table.add_row("keys", Text(KEYS))
        return table


def _now(event: dict[str, Any]) -> str:
    return f"{event['part']} with {event['recipe']}" if event.get("part") else "nothing is exposed"


def _place(event: dict[str, Any]) -> str:
    place = event["place_um"]
    return "a place that is not known" if place is None else f"({', '.join(f'{v / 1000:.3f}' for v in place)}) mm"


def _on_its_way(event: dict[str, Any]) -> str:
    return f"{event['bytes_in_flight']} bytes, {event['beam_on_ahead_s']:.2f} s of beam"


def _left(event: dict[str, Any]) -> str:
    minutes, seconds = divmod(round(event["left_s"]), 60)
    return f"{minutes} min {seconds:02d} s"


def _line(event: dict[str, Any]) -> str:
    what = f"{_now(event)}, " if event.get("part") else ""
    ahead = f"{_on_its_way(event)} on their way; " if "bytes_in_flight" in event else ""
    return (
        f"{event['done']:,} of {event['rows']:,} rows over, {event['sent']:,} sent; {what}{event['state']} at "
        f"{_place(event)}; {ahead}about {_left(event)} left"
    )
