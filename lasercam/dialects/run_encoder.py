"""Writing for controllers that run whole paths: rows gather into motions, dots and jumps stand between them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from lasercam.dialects.motion_runs import Feed, Joints
from lasercam.dialects.operator_counts import OperatorCount
from lasercam.dialects.row_facts import MAX_DECIMALS, RowReader
from lasercam.model.toolpath import RowKind, ToolpathBlock


def joined_lines(lines: Sequence[str]) -> bytes:
    """Lines as they stand in a file."""
    return "".join(f"{line}\n" for line in lines).encode("ascii")


class RunEncoder(ABC):
    """Base of encoders whose feeding rows between two rests are one motion; a language writes moves, dots and motions.

    Args:
        rows: facts of the section.
        joints: how rows may follow each other without a rest.
        count: what the operator is told to set.
    """

    def __init__(self, rows: RowReader, joints: Joints, count: OperatorCount) -> None:
        self._rows, self._joints, self._count = rows, joints, count
        self._unit = 10 ** (MAX_DECIMALS - rows.decimals)
        self._run: list[Feed] = []
        self._points: list[list[int]] = []

    def block(self, block: ToolpathBlock) -> bytes:
        """Rows of the section.

        Raises:
            GeometryError: rows that do not follow each other, or of another section.
            MachineLimitError: what the language cannot print, time or count, or the controller cannot run.
        """
        facts = self._rows.facts(block)
        lines = self._count.before(facts)
        columns = (facts.kind, facts.axes, facts.printed, facts.start_printed, facts.speed_nm_s, facts.exposure_ns,
                   facts.count, facts.is_closing)  # fmt: skip
        for kind, axes, end, start, speed, exposure, count, closing in zip(*(c.tolist() for c in columns), strict=True):
            if kind in (RowKind.JUMP, RowKind.DOT):
                lines += self._flushed()
                lines += self._move(axes, end)
                if kind == RowKind.DOT:
                    lines += self._dot(exposure, count)
                continue
            x, y, z = ((b - a) * self._unit for a, b in zip(start, end, strict=True))
            row = Feed(kind, (x, y, z), speed, count, closing)
            if self._run and self._joints.rest_between(self._run[-1], row):
                lines += self._flushed()
            if not self._run:
                self._points = [start]
            self._run.append(row)
            self._points.append(end)
            self._accept(row)
        return joined_lines(lines)

    def _flushed(self) -> list[str]:
        """The motion that is complete now."""
        run, points, self._run, self._points = self._run, self._points, [], []
        if not run:
            return []
        self._joints.check(run)
        return self._motion(run, points)

    @abstractmethod
    def _accept(self, row: Feed) -> None:
        """Refuse a row that this controller's motions cannot hold; `_run` holds it already."""

    @abstractmethod
    def _move(self, axes: int, printed: Sequence[int]) -> list[str]:
        """Dark travel of the axes (bits) to a place in multiples of the last decimal."""

    @abstractmethod
    def _dot(self, exposure_ns: int, pulses: int) -> list[str]:
        """An exposure at standstill."""

    @abstractmethod
    def _motion(self, run: Sequence[Feed], points: Sequence[Sequence[int]]) -> list[str]:
        """One motion at its speed, from rest to rest; `points` are its corners, one more than rows."""
