"""Slow gates: told early where a line begins and early where it ends, so that the beam is right where the line is.

A shutter, an AOM or a Pockels cell passes the beam `open_delay` after it is told to open and blocks it `close_delay`
after it is told to close. Along a line at speed v the command to open is given v · open_delay before the line (row kind
OPENING, still dark), and the command to close v · close_delay before its end (row kind CLOSING, still exposing).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_UM, RowKind
from lasercam.plan.rows import Rows

_LINE, _LEAD = int(RowKind.LINE), int(RowKind.LEAD)


@dataclass(frozen=True, eq=False)
class GateTables:
    """How far the stage goes while the gate moves.

    Attributes:
        open_ticks, close_ticks: float64 (R,), way at each recipe's speed during the delays.
        speed_um_s: float64 (R,), of lines.
        open_s, close_s: the delays.
    """

    open_ticks: NDArray[np.float64]
    close_ticks: NDArray[np.float64]
    speed_um_s: NDArray[np.float64]
    open_s: float
    close_s: float

    @property
    def is_instant(self) -> bool:
        """Whether there is nothing to be early for."""
        return self.open_s == 0.0 and self.close_s == 0.0


def gate_tables(recipes: RecipeTable, machine: Machine) -> GateTables:
    """Tables for one machine."""
    speed = np.array([r.speed_nm_s / NM_PER_UM for r in recipes.recipes], np.float64)
    gate = machine.gate
    return GateTables(
        speed * gate.open_delay * TICKS_PER_UM, speed * gate.close_delay * TICKS_PER_UM, speed, gate.open_delay,
        gate.close_delay,
    )  # fmt: skip


def command_early(rows: Rows, increment_ticks: int, tables: GateTables) -> Rows:
    """The same exposures, with the rows in which the gate moves cut out of run-ups and line ends.

    Args:
        rows: of whole features; every line lies between two LEAD rows of which the first is longer than the way
            during `open_delay`.
        increment_ticks: cuts are rounded to it: at most half of it off, along the path and beside it.
        tables: of the machine.

    Raises:
        PatternError: a line is over before the gate has opened, or before it could close.
    """
    if tables.is_instant or not np.any(rows.kind == _LINE):
        return rows
    rows = _split(rows, *_closing(rows, tables), RowKind.LINE, RowKind.CLOSING, increment_ticks)
    return _split(rows, *_opening(rows, tables), RowKind.LEAD, RowKind.OPENING, increment_ticks)


def _lengths(rows: Rows) -> NDArray[np.float64]:
    delta = (rows.end_ticks - rows.start_ticks).astype(np.float64)
    return np.asarray(np.sqrt((delta**2).sum(axis=1)), np.float64)


def _opening(rows: Rows, tables: GateTables) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Rows to cut, and how far before each row's end the command goes out."""
    before_line = np.zeros(len(rows), np.bool_)
    before_line[:-1] = (rows.kind[:-1] == _LEAD) & np.isin(rows.kind[1:], (_LINE, RowKind.CLOSING))
    way = np.where(before_line, tables.open_ticks[rows.recipe], 0.0)
    return before_line & (way > 0), way


def _closing(rows: Rows, tables: GateTables) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Rows to cut, and how far before each row's end the command goes out; more than its length: before the row."""
    is_line = rows.kind == _LINE
    length = np.where(is_line, _lengths(rows), 0.0)
    first = is_line & ~np.concatenate(([False], is_line[:-1]))
    line = np.cumsum(first) - 1
    number = np.where(is_line, line, -1)
    total = np.asarray(np.bincount(number[is_line], length[is_line]), np.float64)
    _refuse_short(rows, first, total, tables)
    # Way from each row's end to the end of its line: the line's length less all of it up to here.
    done = np.cumsum(length)
    before = (done - length)[first]
    left = np.where(is_line, total[line] - (done - before[line]), 0.0)
    way = np.where(is_line, tables.close_ticks[rows.recipe] - left, 0.0)
    return is_line & (way > 0.5), way


def _refuse_short(rows: Rows, first: NDArray[np.bool_], total: NDArray[np.float64], tables: GateTables) -> None:
    """A line must last until the gate is open, and longer than the command to close is early."""
    recipe = rows.recipe[first]
    delay = max(tables.open_s, tables.close_s)
    lasts = total / TICKS_PER_UM / np.where(tables.speed_um_s[recipe] > 0, tables.speed_um_s[recipe], np.inf)
    short = np.flatnonzero((lasts <= delay) & (tables.speed_um_s[recipe] > 0))
    if len(short):
        worst = short[np.argmin(lasts[short])]
        length, speed = total[worst] / TICKS_PER_UM, tables.speed_um_s[recipe[worst]]
        raise PatternError(
            f"{len(short)} line(s) are shorter than the gate is slow: {length:.4g} µm at {speed:g} µm/s last "
            f"{lasts[worst]:.3g} s, but the gate needs {delay:g} s to open or close. "
            f"The nearest possible speed is below {length / delay:.4g} µm/s"
        )


def _split(
    rows: Rows,
    cut: NDArray[np.bool_],
    way_ticks: NDArray[np.float64],
    kept: RowKind,
    behind: RowKind,
    increment: int,
) -> Rows:
    """Each marked row cut `way_ticks` before its end: the first piece stays `kept`, the second is `behind`."""
    at = np.flatnonzero(cut)
    if not len(at):
        return rows
    length = _lengths(rows)[at]
    back = (rows.end_ticks[at] - rows.start_ticks[at]) * np.minimum(way_ticks[at] / length, 1.0)[:, None]
    place = rows.end_ticks[at] - np.rint(back / increment).astype(np.int64) * increment
    whole = np.all(place == rows.start_ticks[at], axis=1)
    nothing = np.all(place == rows.end_ticks[at], axis=1)
    kind = rows.kind.copy()
    kind[at[whole]] = behind
    split = ~whole & ~nothing
    where = at[split]
    # A cut row appears twice: first up to the cut, then behind it.
    twice = np.repeat(np.arange(len(rows)), np.where(np.isin(np.arange(len(rows)), where), 2, 1))
    second = np.zeros(len(twice), np.bool_)
    second[1:] = twice[1:] == twice[:-1]
    result = Rows(
        rows.start_ticks[twice], rows.end_ticks[twice], kind[twice], rows.count[twice], rows.recipe[twice],
        rows.part[twice],
    )  # fmt: skip
    second_at = np.flatnonzero(second)
    result.end_ticks[second_at - 1] = place[split]
    result.start_ticks[second_at] = place[split]
    result.kind[second_at - 1], result.kind[second_at] = kept, behind
    return result
