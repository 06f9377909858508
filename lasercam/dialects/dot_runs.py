"""Blocks of dots that go on like the last one: printed in one pass, with the bytes that the general way gives.

The general way (facts, choice, format) is the definition. What it did with the last dot holds for all that have the
same recipe and count: their energy is set, their count is stated, their times have been judged. Only their places are
new, and these are checked here.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lasercam.dialects.compiling import compiled
from lasercam.dialects.program_text import MAX_NUMBER_BYTES, Template, fixed_point
from lasercam.dialects.row_facts import RowFacts, RowReader
from lasercam.model.toolpath import RowKind, ToolpathBlock

_N_AXES = 3
_WAYS = 8
"""To move: none, some or all of three axes."""


class _Like(NamedTuple):
    """The last dot that was printed.

    Attributes:
        recipe, pulses: of its row.
        columns: what its templates were chosen by, in the encoder's order.
        numbers: what they print.
        modes: state of the file behind it.
    """

    recipe: int
    pulses: int
    columns: tuple[int, ...]
    numbers: tuple[int, ...]
    modes: tuple[int, ...]


class DotRuns:
    """Prints dots that follow others of their kind; the encoder hands all other rows to the general way."""

    def __init__(
        self,
        rows: RowReader,
        templates: Sequence[Template],
        choose: Callable[..., None],
        columns: Sequence[str],
        n_templates: int,
        *,
        reach: int,
        use_compiled: bool,
    ) -> None:
        """Printing for one file.

        Args:
            rows: knows where the file stands.
            templates: of the encoder.
            choose: its function for `program_text.chosen`.
            columns: attributes of facts that `choose` goes by; one is `axes`.
            n_templates: of each row.
            reach: largest magnitude of a printed coordinate that the controller takes.
            use_compiled: False leaves all rows to the general way.
        """
        self._rows = rows
        self._templates = templates
        self._choose = choose
        self._columns = tuple(columns)
        self._n_templates = n_templates
        self._reach = reach
        self._use_compiled = use_compiled
        self._like: _Like | None = None
        self._made_for: _Like | None = None
        self._lines: Any = None
        self._longest = 0

    def learn(self, block: ToolpathBlock, facts: RowFacts, modes: NDArray[np.int64]) -> None:
        """These rows have been printed the general way; `modes` is the state they left."""
        self._like = None
        if self._use_compiled and len(facts) and block.kind[-1] == RowKind.DOT:
            columns = tuple(int(getattr(facts, name)[-1]) for name in self._columns)
            numbers = tuple(facts.numbers[-1].tolist())
            self._like = _Like(int(block.recipe[-1]), int(block.count[-1]), columns, numbers, tuple(modes.tolist()))

    def text(self, block: ToolpathBlock) -> memoryview | None:
        """The block as text; None where it holds anything else than dots like the last row, or a fault."""
        like = self._like
        if like is None or not len(block) or not self._rows.goes_on_at(block):
            return None
        alike = compiled(_are_alike)(
            block.kind, block.recipe, block.count, np.uint8(RowKind.DOT), np.uint16(like.recipe), np.uint32(like.pulses)
        )
        if not alike or not self._are_lines_of(like):
            return None
        from lasercam.dialects.dot_kernel import FOUR_DIGITS, POWERS, SLACK, format_dots

        rows = self._rows
        # Only what is written to is ever given memory, and each text has its own: it may wait to be written.
        out = np.empty(len(block) * self._longest + SLACK, np.uint8)
        size = format_dots(
            block.start_ticks, block.end_ticks, _is_joined(block), block.start_ticks[0], rows.increment, rows.unit,
            rows.decimals, self._reach, self._lines, POWERS, FOUR_DIGITS, out,
        )  # fmt: skip
        if size < 0:
            return None
        rows.went_on(block)
        return out[:size].data

    def _are_lines_of(self, like: _Like) -> bool:
        """Whether the text of such dots depends on nothing but where they are; it is put together if so."""
        key = like._replace(numbers=(0,) * _N_AXES + like.numbers[_N_AXES:])
        if self._made_for != key:
            self._made_for, self._lines = key, None
            found = [self._pieces(like, axes) for axes in range(_WAYS)]
            lines = [pieces for pieces in found if pieces is not None]
            if len(lines) == _WAYS:
                self._lines = _laid_out(lines)
                self._longest = max(sum(len(t) + MAX_NUMBER_BYTES for t, _ in pieces) for pieces in lines)
        return self._lines is not None

    def _pieces(self, like: _Like, axes: int) -> list[tuple[bytes, int]] | None:
        """Text and the axis of the number behind it (-1: none) of a dot that moves these axes.

        None where it leaves the file in another state than it found it, so that the next dot may look different.
        """
        modes, choice = list(like.modes), [0] * self._n_templates
        columns = ([axes if name == "axes" else v] for name, v in zip(self._columns, like.columns, strict=True))
        self._choose(*columns, modes, choice)
        if tuple(modes) != like.modes:
            return None
        pieces: list[tuple[bytes, int]] = []
        text = b""
        for piece in (p for index in choice for p in self._templates[index]):
            if isinstance(piece, bytes):
                text += piece
            elif piece.column >= _N_AXES:
                text += fixed_point(like.numbers[piece.column], piece.decimals, trim=piece.trim).encode("ascii")
            elif piece.trim or piece.decimals != self._rows.decimals:
                return None
            else:
                pieces.append((text, piece.column))
                text = b""
        return [*pieces, (text, -1)]


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
