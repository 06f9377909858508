"""Drives the Aerotech state machine over a job file and spreads loops into rows. Encoders never come here."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled, compiled_with
from lasercam.dialects import aerotech_motion as motion
from lasercam.dialects import aerotech_state as s
from lasercam.dialects import aerotech_statements as do
from lasercam.dialects.aerotech_settings import AerotechSettings
from lasercam.dialects.gcode_words import Readable
from lasercam.dialects.line_forms import Forms
from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine

MAX_ROWS = 1 << 15
"""Rows of a block at most, however often a loop repeats: few enough to stay in the processor's cache."""
COMPILED_FROM_ROWS = 1 << 17
"""Rows from which loops of a small file are spread by the compiled kernel."""

Form = tuple[str, int, int]
"""Text of a statement with `#` for numbers, what it does, and its argument."""


def exposures(
    stream: Readable,
    forms: Sequence[Form],
    comment: str,
    machine: Machine,
    settings: AerotechSettings,
    *,
    use_compiled: bool | None = None,
) -> Iterator[ExposureBlock]:
    """Everything that fires in a job file, block by block.

    Args:
        stream: the file.
        forms: the language.
        comment: what opens a comment line.
        machine: its trigger's width, settle time, increment and the gate's delay.
        settings: encoders of the machine.
        use_compiled: force one of the two ways of running; None chooses by size.

    Raises:
        RereadError: a line that lasercam never writes or that no exposure can mean, or a bad end.
    """
    language = _language(tuple(text for text, _, _ in forms), comment)
    ops: Any = [op for _, op, _ in forms]
    arguments: Any = [argument for _, _, argument in forms]
    # Absolute positions and exact stop are modes too; they are set and cleared on the way.
    modes = 1 | 64
    for _, op, argument in forms:
        if op == do.MODE:
            modes |= argument
    width_ns = 0 if machine.trigger is None else round(machine.trigger.width * 1e9)
    settle_ns = round(machine.controller.settle_time * 1e9)
    close_ns, increment = round(machine.gate.close_delay * 1e9), round(machine.controller.increment * 1e4)
    kept_settings: Any = [modes, width_ns, settle_ns, close_ns, increment, *settings.counts_per_mm]
    state: Any = list(s.START)
    last_line = 0
    # Made once: fresh memory for every piece of the file would cost as much as filling it.
    scratch = np.empty(0, np.int64)
    for lines in language.read(stream, use_compiled=use_compiled):
        out: Any
        if lines.use_compiled:
            ops, arguments, kept_settings, state = (
                np.asarray(v, np.int64) for v in (ops, arguments, kept_settings, state)
            )
            if len(scratch) < 2 * s.N_COLUMNS * len(lines):
                scratch = np.empty(2 * s.N_COLUMNS * len(lines), np.int64)
            run, out = compiled_with(motion.run, *motion.PARTS), scratch
        else:
            run, out = motion.run, [0] * (2 * s.N_COLUMNS * len(lines))
        n_rows, error, line = run(
            ops, arguments, lines.form, lines.numbers, lines.first_line, kept_settings, state, out
        )
        if n_rows:
            rows = np.array(out[: n_rows * s.N_COLUMNS], np.int64).reshape(-1, s.N_COLUMNS)
            yield from _spread(rows, use_compiled=use_compiled, in_compiled_file=lines.use_compiled)
        if error:
            raise RereadError(s.MESSAGES[error], line)
        last_line = lines.first_line + len(lines) - 1
    if not state[s.ENDED]:
        raise RereadError(s.MESSAGES[s.E_STILL_ON], last_line)


@lru_cache(maxsize=8)
def _language(forms: tuple[str, ...], comment: str) -> Forms:
    return Forms(forms, comment)


def _spread(rows: NDArray[np.int64], *, use_compiled: bool | None, in_compiled_file: bool) -> Iterator[ExposureBlock]:
    """Blocks of rows in which every turn of a loop is a row of its own."""
    behind = np.cumsum(rows[:, 11])
    if use_compiled is None:
        use_compiled = in_compiled_file or int(behind[-1]) >= COMPILED_FROM_ROWS
    make = _block_compiled if use_compiled else _block
    first = 0
    while first < len(rows):
        begin = int(behind[first - 1]) if first else 0
        last = max(int(np.searchsorted(behind, begin + MAX_ROWS, "right")), first + 1)
        piece = rows[first:last]
        for turn in range(0, int(piece[0, 11]) if last == first + 1 else 1, MAX_ROWS):
            yield make(piece, turn)
        first = last


def _block(rows: NDArray[np.int64], turn: int) -> ExposureBlock:
    repeats = rows[:, 11] if len(rows) > 1 else np.minimum(rows[:, 11] - turn, MAX_ROWS)
    of = np.repeat(np.arange(len(rows)), repeats)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(repeats) - repeats, repeats) + turn
    away = nth[:, None] * rows[of, 12:15]
    start, end = rows[of, 1:4] + away, rows[of, 4:7] + away
    rest = [np.ascontiguousarray(rows[of, column]) for column in (7, 8, 9, 10)]
    for array in (start, end, *rest):
        array.flags.writeable = False
    kind = rows[of, 0].astype(np.uint8)
    kind.flags.writeable = False
    return ExposureBlock(kind, start, end, *rest)


def _block_compiled(rows: NDArray[np.int64], turn: int) -> ExposureBlock:
    """The same in one pass."""
    repeats = rows[:, 11] if len(rows) > 1 else np.minimum(rows[:, 11] - turn, MAX_ROWS)
    n = int(repeats.sum())
    kind, start, end = np.empty(n, np.uint8), np.empty((n, 3), np.int64), np.empty((n, 3), np.int64)
    rest = [np.empty(n, np.int64) for _ in range(4)]
    compiled(_turns)(rows, np.ascontiguousarray(repeats), turn, kind, start, end, *rest)
    columns: list[NDArray[Any]] = [kind, start, end, *rest]
    for array in columns:
        array.flags.writeable = False
    return ExposureBlock(kind, start, end, *rest)


def _turns(
    rows: Any, repeats: Any, turn: int, kind: Any, start: Any, end: Any, speed: Any, opened: Any, count: Any, line: Any
) -> None:
    """Kernel of `_block_compiled`: every turn of every row, from turn `turn` of each on."""
    at = 0
    for row in range(len(repeats)):
        for nth in range(turn, turn + repeats[row]):
            kind[at] = rows[row, 0]
            for axis in range(3):
                away = nth * rows[row, 12 + axis]
                start[at, axis] = rows[row, 1 + axis] + away
                end[at, axis] = rows[row, 4 + axis] + away
            speed[at], opened[at], count[at], line[at] = rows[row, 7], rows[row, 8], rows[row, 9], rows[row, 10]
            at += 1
