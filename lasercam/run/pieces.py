"""Long lines in pieces: a move that has been planned is executed, so what a lost link leaves burning is at most a move.

Only where the beam goes off by itself at standstill (M4). Pieces end on whole increments of the line's own coordinates;
they lie beside it by less than one, as the controller's own rounding to steps does.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lasercam.model.toolpath import TICKS_PER_MM, TICKS_PER_UM
from lasercam.run.program import JobLine, Ticks

SHARE: Final = 4
"""Pieces in the beam-on time that may be on its way: one under way, and enough behind it never to slow down."""
_COORDINATE = re.compile(rb"([XYZ])-?[0-9]*(?:\.([0-9]*))?")


def in_pieces(lines: Iterator[JobLine], max_ahead_s: float, increment_um: float) -> Iterator[JobLine]:
    """The same lines, those with the beam on for longer than a share of `max_ahead_s` in pieces.

    Args:
        lines: of a program.
        max_ahead_s: most beam-on time on its way.
        increment_um: programmable increment of the machine.
    """
    longest_s, increment = max_ahead_s / SHARE, round(increment_um * TICKS_PER_UM)
    for line in lines:
        count = math.ceil(line.beam_on_s / longest_s - 1e-9)
        if count > 1 and line.moves and line.starves_dark and not line.is_dark_after:
            yield from _pieces(line, count, increment)
        else:
            yield line


def _pieces(line: JobLine, count: int, increment: int) -> Iterator[JobLine]:
    start, end = line.start_ticks, line.end_ticks
    if start is None or end is None:
        yield line
        return
    longest = max(abs(b - a) for a, b in zip(start, end, strict=True)) // increment
    count = max(1, min(count, longest))
    at, over = start, line.begun_to - 1
    for index in range(1, count + 1):
        to = end if index == count else _between(start, end, index, count, increment)
        yield replace(
            line,
            text=_text(line.text, to, is_first=index == 1) if index < count else _last(line.text, is_first=count == 1),
            beam_on_s=line.beam_on_s / count,
            start_ticks=at,
            end_ticks=to,
            ended_to=line.ended_to if index == count else min(line.ended_to, over),
        )
        at = to


def _between(start: Ticks, end: Ticks, index: int, count: int, increment: int) -> Ticks:
    x, y, z = (
        end[axis] - round((end[axis] - start[axis]) * (count - index) / count / increment) * increment
        for axis in range(3)
    )
    return x, y, z


def _text(text: bytes, to: Ticks, *, is_first: bool) -> bytes:
    """The words of a line with other coordinates; further pieces need nothing else."""

    def place(match: re.Match[bytes]) -> bytes:
        return match[1] + _millimetres(to[b"XYZ".index(match[1])], len(match[2] or b""))

    if is_first:
        return _COORDINATE.sub(place, text)
    return b"".join(place(m) for m in _COORDINATE.finditer(text)) + b"\n"


def _last(text: bytes, *, is_first: bool) -> bytes:
    return text if is_first else b"".join(m[0] for m in _COORDINATE.finditer(text)) + b"\n"


def _millimetres(ticks: int, decimals: int) -> bytes:
    sign = "-" if ticks < 0 else ""
    whole, part = divmod(abs(ticks), TICKS_PER_MM)
    return f"{sign}{whole}.{part:07d}"[: len(sign) + len(str(whole)) + 1 + decimals].rstrip(".").encode()
