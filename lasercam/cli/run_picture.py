"""The picture that a run leaves when it ends before everything is executed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from lasercam.api.running import Runnable, WaitingError, picture_beside, read_execution
from lasercam.errors import LasercamError

DRAWN_AT_ONCE_ROWS = 5_000_000
"""Rows up to which the picture takes some seconds at most; larger ones are drawn when somebody asks."""


@contextmanager
def drawn_unless_finished(runnable: Runnable, journal: Path) -> Iterator[None]:
    """When what happens within fails, and rows were executed, what the journal says is drawn beside it.

    By then the beam is off and the journal closed. A picture that cannot be drawn never hides what went wrong; Ctrl-C
    leaves it out.
    """
    before = _size(journal)
    try:
        yield
    except WaitingError:
        raise  # nothing is in question
    except LasercamError:
        if _size(journal) != before:
            _draw(runnable, journal)
        raise


def _draw(runnable: Runnable, journal: Path) -> None:
    from lasercam.api.executed import write_executed

    picture = picture_beside(journal)
    if runnable.toolpath.header.n_rows > DRAWN_AT_ONCE_ROWS:
        click.echo("`lasercam preview --view executed` draws what is done, partly exposed and uncertain", err=True)
        return
    try:
        execution = read_execution(journal)
        if execution is None or not any(program.is_touched for program in execution.programs):
            return
        write_executed(runnable.loaded, runnable.toolpath, execution, picture)
    except (LasercamError, OSError) as error:
        click.echo(f"what was executed could not be drawn: {error}", err=True)
        return
    except KeyboardInterrupt:
        return
    click.echo(f"{picture} shows what is done, not done, partly exposed and uncertain", err=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
