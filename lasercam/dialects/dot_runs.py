"""Blocks of dots that go on like the last one: printed in one pass, with the bytes that the general way gives.

The general way (facts, choice, format) is the definition. What it did with the last dot holds for all that have the
same recipe and count: their energy is set, their count is stated, their times have been judged. Only their places are
new, and these are checked here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.dialects.program_text import MAX_NUMBER_BYTES, Template, fixed_point
from lasercam.dialects.row_facts import RowFacts, RowReader
from lasercam.model.toolpath import RowKind, ToolpathBlock

_N_AXES = 3
_SPARE_BYTES = 8
"""Bytes by which rows may be longer than those before, on average, before more memory is needed."""
_WAYS = 8
"""To move: none, some or all of three axes."""


Line = tuple[Sequence[int], Sequence[int]]
"""Templates of a row, and the numbers that they print."""


class DotRuns:
    """Prints dots that follow others of their kind; the encoder hands all other rows to the general way."""

    def __init__(self, rows: RowReader, templates: Sequence[Template], *, reach: int, use_compiled: bool) -> None:
        """Printing for one file.

        Args:
            rows: knows where the file stands.
            templates: of the encoder; coordinates are the columns 0 to 2 of what they print.
            reach: largest magnitude of a printed coordinate that the controller takes.
            use_compiled: False leaves all rows to the general way.
        """
        self._rows = rows
        self._templates = templates
        self._reach = reach
        self._use_compiled = use_compiled
        self._like: tuple[int, int] | None = None
        self._line_of: Callable[[int], Line | None] | None = None
        self._lines: Any = None
        self._longest = 0
        self._expected = 0

    def learn(self, block: ToolpathBlock, facts: RowFacts, line_of: Callable[[int], Line | None]) -> None:
        """These rows have been printed the general way.

        Args:
            block: the rows.
            facts: what was printed of them.
            line_of: the line of one more dot like the last that moves these axes (1 for x, 2 for y, 4 for z); None
                where it leaves the file in another state than it found it, so that the next may look different.
        """
        self._like = self._line_of = self._lines = None
        if self._use_compiled and len(facts) and block.kind[-1] == RowKind.DOT:
            self._like, self._line_of = (int(block.recipe[-1]), int(block.count[-1])), line_of

    def text(self, block: ToolpathBlock) -> memoryview | None:
        """The block as text; None where it holds anything else than dots like the last row, or a fault."""
        if self._like is None or not len(block) or not self._rows.goes_on_at(block):
            return None
        recipe, count = self._like
        alike = compiled(_are_alike)(
            block.kind, block.recipe, block.count, np.uint8(RowKind.DOT), np.uint16(recipe), np.uint32(count)
        )
        if not alike or not self._has_lines():
            return None
        from lasercam.dialects.dot_kernel import FOUR_DIGITS, FULL, POWERS, SLACK, format_dots

        rows = self._rows
        size = FULL
        # A row is expected to be as long as those before it, so that memory is not asked for in vain; then any row.
        for n_bytes in (self._expected, self._longest):
            # Each text has a place of its own: it may wait to be written.
            out = np.empty((len(block) + 1) * n_bytes + self._longest + SLACK, np.uint8)
            size = format_dots(
                block.start_ticks, block.end_ticks, _is_joined(block), block.start_ticks[0], rows.increment,
                rows.unit, rows.decimals, self._reach, self._lines, self._longest, POWERS, FOUR_DIGITS, out,
            )  # fmt: skip
            if size != FULL:
                break
        if size < 0:
            return None
        rows.went_on(block)
        self._expected = min(self._longest, -(-size // len(block)) + _SPARE_BYTES)
        return out[:size].data

    def _has_lines(self) -> bool:
        """Whether the text of such dots depends on nothing but where they are; it is put together once."""
        if self._lines is None and self._line_of is not None:
            found = [self._pieces(self._line_of(axes)) for axes in range(_WAYS)]
            self._line_of = None
            lines = [pieces for pieces in found if pieces is not None]
            if len(lines) == _WAYS:
                self._lines = _laid_out(lines)
                self._longest = max(sum(len(t) + MAX_NUMBER_BYTES for t, _ in pieces) for pieces in lines)
                self._expected = max(len(pieces[0][0]) + len(pieces[-1][0]) + MAX_NUMBER_BYTES for pieces in lines)
        return self._lines is not None

    def _pieces(self, line: Line | None) -> list[tuple[bytes, int]] | None:
        """Text and the axis of the number behind it (-1: none), numbers other than coordinates printed."""
        if line is None:
            return None
        choice, numbers = line
        pieces: list[tuple[bytes, int]] = []
        text = b""
        for piece in (p for index in choice for p in self._templates[index]):
            if isinstance(piece, bytes):
                text += piece
            elif piece.column >= _N_AXES:
                text += fixed_point(numbers[piece.column], piece.decimals, trim=piece.trim).encode("ascii")
            elif piece.trim or piece.decimals != self._rows.decimals:
                return None
            else:
                pieces.append((text, piece.column))
                text = b""
        return [*pieces, (text, -1)]


def chosen_again(
    choose: Callable[..., None], names: Sequence[str], n_templates: int, facts: RowFacts, modes: NDArray[np.int64]
) -> Callable[[int], Line | None]:
    """What `learn` wants of an encoder whose templates are chosen by `program_text.chosen`.

    Args:
        choose: its function.
        names: attributes of facts that it goes by; one is `axes`.
        n_templates: of each row.
        facts: what was printed last.
        modes: the state behind it.
    """
    if not len(facts):
        return lambda _axes: None
    last = {name: int(getattr(facts, name)[-1]) for name in names}
    numbers, before = facts.numbers[-1].tolist(), modes.tolist()

    def line_of(axes: int) -> Line | None:
        after, choice = list(before), [0] * n_templates
        choose(*([axes if name == "axes" else last[name]] for name in names), after, choice)
        return (choice, numbers) if after == before else None

    return line_of


def _laid_out(lines: list[list[tuple[bytes, int]]]) -> Any:
    """The text of a dot by the axes it moves, as the kernel takes it."""
    from lasercam.dialects.dot_kernel import SLACK, DotLines

    table = np.zeros((_WAYS, max(map(len, lines)), 3), np.int64)
    joints = np.full((_WAYS, 2), -1, np.int64)
    text = b""
    for axes, pieces in enumerate(lines):
        for number, (literal, axis) in enumerate(pieces):
            table[axes, number] = len(text), len(literal), axis
            text += literal
        # One number, of the one axis that moves: such lines can follow each other.
        if len(pieces) == 2 and axes == 1 << pieces[0][1]:
            joint = pieces[1][0] + pieces[0][0]
            joints[axes] = len(text), len(joint)
            text += joint
    n_pieces = np.array([len(pieces) for pieces in lines], np.int64)
    return DotLines(n_pieces, table, joints, np.frombuffer(text + bytes(SLACK), np.uint8).copy())


def _is_joined(block: ToolpathBlock) -> bool:
    """Whether starts and ends are the same places in memory, one row apart: then nothing can lie between rows."""
    starts, ends = block.start_ticks, block.end_ticks
    if starts.strides != (24, 8) or ends.strides != (24, 8):
        return False
    return bool(starts.ctypes.data + starts.strides[0] == ends.ctypes.data)


def _are_alike(kinds: Any, recipes: Any, counts: Any, kind: Any, recipe: Any, count: Any) -> bool:
    """Whether all rows are of this kind, recipe and count: all are looked at, so that many are at once. Compiled."""
    differ = 0
    for row in range(len(kinds)):
        differ |= (kinds[row] != kind) | (recipes[row] != recipe) | (counts[row] != count)
    return differ == 0
