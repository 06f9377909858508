"""The link to a simulated controller: compressed time that passes while the host waits, or real time."""

import time
from collections.abc import Callable
from typing import Final

from lasercam.errors import LinkError
from lasercam.transports.simulated.controller import SimulatedController

_POLL_S: Final = 20e-6
"""What a look for a line costs at least, so that a host that only polls sees time pass, too."""


class SimulatedLink:
    """A Transport to a controller that lives in this process; several may follow one another on the same controller.

    After `close` the controller goes on with what it holds, as a real one does: see `SimulatedController.run_out`.

    Args:
        controller: the other end.
        real_time: let its time pass as the clock does, instead of as fast as possible.
        resets_on_open: opening the port cuts the power for a moment, as DTR does on an Arduino Uno.
        clock, sleep: of real time.
    """

    def __init__(
        self,
        controller: SimulatedController,
        *,
        real_time: bool = False,
        resets_on_open: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.controller = controller
        self._clock, self._sleep = clock, sleep
        self._real_time = real_time
        self._is_open = True
        self._offset_s = controller.now_s - clock()
        if resets_on_open:
            controller.power_cycle()

    def write(self, data: bytes) -> None:
        """Send; they travel at the line's rate."""
        self._need_open()
        self._catch_up()
        self.controller.receive(data)

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line; waiting lets the simulation run."""
        self._need_open()
        self._catch_up()
        controller = self.controller
        deadline = controller.now_s + max(timeout_s, _POLL_S)
        while True:
            line = controller.take_line()
            if line is not None or controller.now_s >= deadline:
                return line
            self._pass_until(min(controller.next_s, deadline))

    def now_s(self) -> float:
        """Simulated time."""
        self._catch_up()
        return self.controller.now_s

    def close(self) -> None:
        """Let go; the controller goes on."""
        self._is_open = False

    def _need_open(self) -> None:
        if not self._is_open:
            raise LinkError("the link to the simulated controller is closed; open a new one")

    def _catch_up(self) -> None:
        if self._real_time:
            self.controller.advance(self._clock() + self._offset_s)

    def _pass_until(self, at_s: float) -> None:
        if self._real_time:
            left = at_s - (self._clock() + self._offset_s)
            if left > 0:
                self._sleep(left)
            self._catch_up()
        else:
            self.controller.advance(at_s)
