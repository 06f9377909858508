"""One job file as it is streamed: its text, its rows, and which line belongs to which row."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import RefusedError
from lasercam.model.commanded import commanded_kind
from lasercam.model.companions import CompanionReader
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect, ReadsCompanions
from lasercam.model.toolpath import NS_PER_S, TICKS_PER_MM, RowKind, Section, ToolpathBlock

Ticks = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class NumberedRows:
    """Rows as a file writes them, each with its number in the toolpath.

    Attributes:
        block: the rows; `first_row` means nothing here.
        number: int64 (N,), rising: rows of the toolpath they stand for.
    """

    block: ToolpathBlock
    number: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Program:
    """A job file and the rows it was made from.

    Attributes:
        path: of the file.
        section: that it writes.
        machine: the profile.
        dialect: the language.
        rows: makes the rows of the file again, in order.
    """

    path: Path
    section: Section
    machine: Machine
    dialect: Dialect
    rows: Callable[[], Iterator[NumberedRows]]


@dataclass(frozen=True, slots=True)
class JobLine:
    """A line of a job file and what it means for the rows.

    Attributes:
        number: 1-based.
        text: with its line feed.
        moves: it takes a place in the planner.
        syncs: its `ok` comes only when it, and everything before it, is executed.
        dwell_s: how long the controller waits in it.
        beam_on_s: how long the beam is on for it, at the programmed speed.
        is_dark_after: the beam is off once it is executed.
        starves_dark: the beam goes off by itself where nothing follows it: it is off already, or M4 is in force.
        power: the S word in force, whether or not the beam is on.
        output: S as a status report may show it: at most $30.
        speed_mm_min: the F word in force.
        start_ticks, end_ticks: where it leads from and to; start is None while unknown.
        begun_to: rows from this one on cannot have begun when this line is the last the controller has.
        ended_to: rows below this one are over once it is executed.
        part, recipe: of what it exposes; -1 when it exposes nothing.
    """

    number: int
    text: bytes
    moves: bool
    syncs: bool
    dwell_s: float
    beam_on_s: float
    is_dark_after: bool
    starves_dark: bool
    power: float
    output: float
    speed_mm_min: float
    start_ticks: Ticks | None
    end_ticks: Ticks | None
    begun_to: int
    ended_to: int
    part: int = -1
    recipe: int = -1


_WORD = re.compile(r"([A-Z])(-?[0-9]*\.?[0-9]*)")
_TICK_DECIMALS: Final = 7


def job_lines(program: Program) -> Iterator[JobLine]:
    """Every line of a job file, in order, with the rows that the dialect's reader proves it writes.

    Raises:
        RefusedError: file and rows do not belong together.
        RereadError: the controller would refuse the file.
    """
    exposures = numbered_exposures(program)
    pending = next(exposures, None)
    state = _LineState(program.section.first_row, float(program.machine.controller.settings.get("30", "inf")))
    with program.path.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            shown: list[Exposure] = []
            while pending is not None and pending.line == number:
                shown.append(pending)
                pending = next(exposures, None)
            yield state.line(number, raw, shown)
    if pending is not None:
        raise RefusedError(f"'{program.path.name}' changed while it was read")


@dataclass(frozen=True, slots=True)
class Exposure:
    """One row that exposes, as the file shows it."""

    line: int
    row: int
    is_dot: bool
    beam_on_s: float
    part: int
    recipe: int


class _LineState:
    """What is in force between lines: as GRBL does, see the dialect's reader."""

    def __init__(self, first_row: int, full_power: float) -> None:
        self._full_power = full_power
        self._begun = self._ended = first_row
        self._waiting: int | None = None
        self._moves_on = 0
        self._spindle = "5"
        self._power = 0.0
        self._speed = 0.0
        self._at: list[int | None] = [None, None, None]

    def line(self, number: int, raw: bytes, shown: list[Exposure]) -> JobLine:
        words = _WORD.findall(raw.decode("ascii").strip())
        start, power_before, armed_before = self._place(), self._power, self._spindle != "5"
        axes = spindle = waits = ends = False
        dwell_s = 0.0
        for letter, value in words:
            if letter in "XYZ":
                axes = True
                self._at["XYZ".index(letter)] = _ticks(value)
            elif letter == "G":
                if value in ("0", "1"):
                    self._moves_on = int(value)
                waits = waits or value == "4"
            elif letter == "M":
                ends = ends or value == "2"
                if value in ("3", "4", "5"):
                    spindle, self._spindle = True, value
            elif letter == "S":
                self._power = float(value)
            elif letter == "F":
                self._speed = float(value)
            elif letter == "P":
                dwell_s = float(value)
        is_dark = self._spindle == "5" or self._power == 0 or self._moves_on == 0
        for exposure in shown:
            self._begun = exposure.row + 1
            if exposure.is_dot:
                self._waiting = exposure.row + 1
            else:
                self._ended = exposure.row + 1
        if is_dark and self._waiting is not None:
            self._ended, self._waiting = max(self._ended, self._waiting), None
        stands = not axes and (spindle or (armed_before and self._power != power_before))
        return JobLine(
            number, raw, axes, waits or stands or ends, dwell_s if waits else 0.0, sum(e.beam_on_s for e in shown),
            is_dark, is_dark or self._spindle == "4", self._power, min(self._power, self._full_power), self._speed,
            start, self._place(), self._begun, self._ended,
            shown[-1].part if shown else -1, shown[-1].recipe if shown else -1,
        )  # fmt: skip

    def _place(self) -> Ticks | None:
        x, y, z = self._at
        return None if x is None or y is None or z is None else (x, y, z)


def _ticks(text: str) -> int:
    """Millimetres as printed, in ticks, exactly."""
    whole, _, decimals = text.lstrip("-").partition(".")
    value = int(whole or "0") * TICKS_PER_MM + int(decimals.ljust(_TICK_DECIMALS, "0")[:_TICK_DECIMALS])
    return -value if text.startswith("-") else value


def numbered_exposures(program: Program) -> Iterator[Exposure]:
    """Everything that exposes, with its line and its row; file and rows are held against each other on the way."""
    found = _found(program)
    held: list[ExposureBlock] = []
    for rows in program.rows():
        shown = np.flatnonzero(rows.block.kind != RowKind.JUMP)
        at = 0
        while at < len(shown):
            block = held.pop() if held else next(found, None)
            if block is None:
                raise RefusedError(f"'{program.path.name}' ends before row {int(rows.number[shown[at]])} of its job")
            n = min(len(block), len(shown) - at)
            yield from _paired(program, rows, shown[at : at + n], block)
            at += n
            if n < len(block):
                held.append(_rest(block, n))
    if held or next(found, None) is not None:
        raise RefusedError(f"'{program.path.name}' exposes more than its job")


def _found(program: Program) -> Iterator[ExposureBlock]:
    with program.path.open("rb") as stream:
        if isinstance(program.dialect, ReadsCompanions):
            yield from program.dialect.reader_with(stream, program.machine, CompanionReader(program.path))
        else:
            yield from program.dialect.reader(stream, program.machine)


def _rest(block: ExposureBlock, n: int) -> ExposureBlock:
    return ExposureBlock(
        block.kind[n:], block.start_ticks[n:], block.end_ticks[n:], block.speed_nm_s[n:], block.open_ns[n:],
        block.count[n:], block.line[n:], None if block.setting is None else block.setting[n:],
    )  # fmt: skip


def _paired(program: Program, rows: NumberedRows, shown: NDArray[np.intp], block: ExposureBlock) -> Iterator[Exposure]:
    n = len(shown)
    kind = commanded_kind(rows.block.kind[shown])
    ends, starts = rows.block.end_ticks[shown], rows.block.exposed_from()[shown]
    differs = (kind != block.kind[:n]) | (ends != block.end_ticks[:n]).any(axis=1)
    differs |= (starts != block.start_ticks[:n]).any(axis=1)
    if differs.any():
        first = int(np.argmax(differs))
        text = f"line {int(block.line[first])} of '{program.path.name}' is not row {int(rows.number[shown[first]])}"
        raise RefusedError(f"{text} of its job; build it again")
    is_dot = kind == RowKind.DOT
    lengths_nm = np.sqrt(((ends - starts).astype(np.float64) ** 2).sum(axis=1)) / 10.0
    moving_s = lengths_nm / np.maximum(block.speed_nm_s[:n], 1)
    on_s = np.where(is_dot, block.open_ns[:n] / NS_PER_S, moving_s)
    lit = np.flatnonzero(kind != RowKind.LEAD)
    numbers = rows.number[shown][lit].tolist()
    lines, dots, times = block.line[:n][lit].tolist(), is_dot[lit].tolist(), on_s[lit].tolist()
    parts, recipes = rows.block.part[shown][lit].tolist(), rows.block.recipe[shown][lit].tolist()
    for facts in zip(lines, numbers, dots, times, parts, recipes, strict=True):
        yield Exposure(*facts)
