"""What a person sees while a job runs: a live view on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Any

import click

from lasercam.cli.run_keys import KEYS

_PLAIN_EVERY_S = 10.0
_MESSAGES = 6


class Display:
    """Shows events."""

    def __init__(self) -> None:
        self._live: Any = None
        self._messages: list[str] = []
        self._last: dict[str, Any] = {}
        self._shown_s = 0.0
        self._is_terminal = sys.stderr.isatty()

    def show(self, event: dict[str, Any]) -> None:
        """One event."""
        if event["event"] == "message":
            self._messages = [*self._messages, event["text"]][-_MESSAGES:]
            if self._live is None:
                click.echo(event["text"], err=True)
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

    def close(self) -> None:
        """The live view is over."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _open(self, event: dict[str, Any]) -> None:
        click.echo(f"{event['file']} is running", err=True)
        if not self._is_terminal:
            return
        from rich.console import Console
        from rich.live import Live

        click.echo(KEYS, err=True)
        self._live = Live(console=Console(stderr=True), refresh_per_second=4, transient=True)
        self._live.start()

    def _plain(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._shown_s >= _PLAIN_EVERY_S:
            self._shown_s = now
            click.echo(_line(event), err=True)

    def _view(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        event = self._last
        if not event:
            return Text("waiting for the first report")
        bar = ProgressBar(total=max(1, event["rows"]), completed=event["done"], width=60)
        return Group(bar, Text(_line(event)), *(Text(message, style="dim") for message in self._messages))


def _line(event: dict[str, Any]) -> str:
    place = event["place_um"]
    shown = "place not known" if place is None else "(" + ", ".join(f"{v / 1000:.3f}" for v in place) + ") mm"
    minutes, seconds = divmod(round(event["left_s"]), 60)
    what = f"{event['part']} with {event['recipe']}, " if event.get("part") else ""
    ahead = ""
    if "bytes_in_flight" in event:
        ahead = f"{event['bytes_in_flight']} bytes and {event['beam_on_ahead_s']:.2f} s of beam on their way; "
    return (
        f"{event['done']:,} of {event['rows']:,} rows over, {event['sent']:,} sent; {what}{event['state']} at {shown}; "
        f"{ahead}about {minutes} min {seconds:02d} s left"
    )
