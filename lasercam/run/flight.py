"""What the controller holds: lines sent and not acknowledged, and lines planned but not surely executed."""

from collections import deque
from typing import Final

from lasercam.run.faults import FaultError
from lasercam.run.program import JobLine

SEGMENT_BLOCKS: Final = 12
"""Moves that may have left the planner and still be under way: steps are prepared ahead, in segments of some 10 ms.
GRBL has 6 of them, grblHAL 10. Source: GRBL 1.1 and grblHAL source, SEGMENT_BUFFER_SIZE."""
SPARE_REPLIES: Final = 2
"""Acknowledgements more than needed before a row is called done: noise can look like an `ok`, twice in a row hardly."""

MOST_BYTES: Final = 1023
"""On their way at most, however large the buffer: a real-time byte waits behind them, 0.09 s at 115200 baud."""


class Flight:
    """Counts characters in the receive buffer, and rows in the controller.

    Args:
        rx_total: size of the receive buffer as the controller states it; one byte less is ever on its way.
        planner_blocks: moves that the planner holds.
        first_row: of the program.
    """

    def __init__(self, rx_total: int, planner_blocks: int, first_row: int) -> None:
        self.rx_bytes, self.planner_blocks = min(rx_total - 1, MOST_BYTES), planner_blocks
        self._rx_total = rx_total
        self.bytes_in_flight = 0
        self.begun_to = self.ended_to = first_row
        self.last_line = 0
        self._unacked: deque[JobLine] = deque()
        self._held: deque[JobLine] = deque()
        self._planned = planner_blocks
        self._rests = False

    @property
    def n_unacked(self) -> int:
        """Lines without an answer."""
        return len(self._unacked)

    @property
    def oldest(self) -> JobLine | None:
        """The line whose answer comes next."""
        return self._unacked[0] if self._unacked else None

    @property
    def exposing(self) -> JobLine | None:
        """The oldest line on its way that exposes something."""
        return next((line for line in (*self._held, *self._unacked) if line.beam_on_s > 0), None)

    def window(self) -> list[JobLine]:
        """Every line that may not be executed yet, oldest first."""
        return [*self._held, *self._unacked]

    @property
    def beam_on_s(self) -> float:
        """How long the beam may stay on if nothing more is said to the controller, standstill aside."""
        waiting = sum(line.beam_on_s for line in self._unacked)
        moves = 0 if self._rests else self._planned + 1
        for line in reversed(self._held):
            if moves <= 0 or line.syncs:
                break
            moves -= line.moves
            waiting += line.beam_on_s
        return waiting

    def sent(self, line: JobLine) -> None:
        """A line is about to leave."""
        self.bytes_in_flight += len(line.text)
        self._unacked.append(line)
        self._rests = False
        self.begun_to = max(self.begun_to, line.begun_to)
        self.last_line = line.number

    def acknowledged(self) -> JobLine:
        """The oldest line has its `ok`.

        Raises:
            FaultError: there is none: replies cannot be trusted.
        """
        if not self._unacked:
            raise FaultError("replies", "an `ok` that nothing was sent for: replies are not trusted any more")
        line = self._unacked.popleft()
        self.bytes_in_flight -= len(line.text)
        self._held.append(line)
        if line.moves:
            self._planned = min(self._planned + 1, self.planner_blocks)
        self._settle()
        return line

    def reported(self, free_blocks: int | None, free_bytes: int | None, *, is_idle: bool) -> None:
        """A status report says how full the buffers are, and whether anything moves.

        Raises:
            FaultError: the receive buffer holds more than is on its way: an `ok` was one too many.
        """
        used = 0 if free_bytes is None else self._rx_total - free_bytes
        if used > self.bytes_in_flight + 2:
            text = f"the controller's buffer holds {used} bytes where at most {self.bytes_in_flight} are on their way"
            raise FaultError("replies", f"{text}: an acknowledgement was one too many")
        if free_blocks is not None:
            self._planned = max(0, min(self.planner_blocks - free_blocks, self.planner_blocks))
            self._settle()
        # Between the `ok` of a move and its start the firmware is idle, too, with the move in its planner.
        self._rests = is_idle and not self._unacked and (free_blocks is None or self._planned == 0)

    def drained(self) -> None:
        """The controller stands idle, everything acknowledged: all that was sent is executed."""
        for line in self._held:
            self.ended_to = max(self.ended_to, line.ended_to)
        self._held.clear()
        self._planned = 0

    def _settle(self) -> None:
        """Forget lines that are surely executed."""
        moves_after = 0
        for age, line in enumerate(reversed(self._held)):
            is_over = moves_after >= self._planned + SEGMENT_BLOCKS + SPARE_REPLIES
            if is_over or (line.syncs and age >= SPARE_REPLIES):
                self._forget(len(self._held) - age)
                return
            moves_after += line.moves

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self.ended_to = max(self.ended_to, self._held.popleft().ended_to)
