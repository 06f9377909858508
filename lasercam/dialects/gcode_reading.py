"""Drives a G-code interpreter over a job file and collects what it exposes. Encoders never come here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lasercam.compiling import compiled
from lasercam.dialects.gcode_words import LineRules, Readable, words
from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock

OUT_COLUMNS = 12
"""Of an interpreter's output rows: kind, start (3), end (3), speed, open time, count, line, setting."""

Interpreter = Callable[..., tuple[int, int, int]]
"""(letter, value, digits, starts, first_line, settings, state, out) -> rows written, error, its line.

Written in the part of Python that numba compiles, so that small files run it as it stands. `state` outlives the
call; `out` is flat and holds two rows per line.
"""


def exposures(
    stream: Readable,
    rules: LineRules,
    interpreter: Interpreter,
    settings: Sequence[int],
    state: Sequence[int],
    messages: Mapping[int, str],
    at_end: Callable[[Sequence[int]], int],
    *,
    use_compiled: bool | None = None,
) -> Iterator[ExposureBlock]:
    """Everything that fires in a job file, block by block.

    Args:
        stream: the file.
        rules: how the controller cuts lines.
        interpreter: what the controller does with words.
        settings: numbers the interpreter reads.
        state: the controller's state before the first line.
        messages: of the interpreter's error codes.
        at_end: error code of the state behind the last line, 0 when it is a good end.
        use_compiled: force one of the two ways of running; None chooses by size.

    Raises:
        RereadError: a line the controller would refuse or that no exposure can mean, or a bad end.
    """
    kept_state: Any = list(state)
    kept_settings: Any = list(settings)
    last_line = 0
    room: Any = np.empty(0, np.int64)  # the same memory for all lines: fresh memory costs as much as filling it
    for found in words(stream, rules, use_compiled=use_compiled):
        out: Any
        if found.use_compiled:
            kept_state, kept_settings = np.array(kept_state, np.int64), np.array(kept_settings, np.int64)
            if len(room) < 2 * OUT_COLUMNS * found.n_lines:
                room = np.empty(2 * OUT_COLUMNS * found.n_lines, np.int64)
            run, out = compiled(interpreter), room
        else:
            run, out = interpreter, [0] * (2 * OUT_COLUMNS * found.n_lines)
        n_rows, error, line = run(
            found.letter, found.value, found.digits, found.starts, found.first_line, kept_settings, kept_state, out
        )
        if n_rows:
            yield _block(np.asarray(out[: n_rows * OUT_COLUMNS], np.int64).reshape(-1, OUT_COLUMNS))
        if error:
            raise RereadError(messages[error], line)
        last_line = found.first_line + found.n_lines - 1
    error = at_end([int(v) for v in kept_state])
    if error:
        raise RereadError(messages[error], last_line)


def _block(rows: Any) -> ExposureBlock:
    block = ExposureBlock(
        kind=rows[:, 0].astype(np.uint8),
        start_ticks=rows[:, 1:4].copy(),
        end_ticks=rows[:, 4:7].copy(),
        speed_nm_s=rows[:, 7].copy(),
        open_ns=rows[:, 8].copy(),
        count=rows[:, 9].copy(),
        line=rows[:, 10].copy(),
        setting=rows[:, 11].copy(),
    )
    for array in (
        block.kind, block.start_ticks, block.end_ticks, block.speed_nm_s, block.open_ns, block.count, block.line,
        block.setting,
    ):  # fmt: skip
        if array is not None:
            array.flags.writeable = False
    return block
