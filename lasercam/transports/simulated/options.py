"""What kind of controller is simulated, and what is wrong with it."""

from dataclasses import dataclass
from typing import Literal

Place = tuple[float, float, float]


@dataclass(frozen=True)
class ControllerOptions:
    """Firmware and stage of a simulated controller.

    Attributes:
        firmware: `grbl` is GRBL 1.1h; `grblhal` differs in banner, line length, line ends and buffers, and repeats an
            error at every later line until a blank line, a `$` command or a reset.
        planner_blocks: blocks that the planner holds.
        rx_bytes: bytes that the receive buffer holds.
        baud: of the serial line, 8N1, both ways.
        line_time_s: from the end of a line to its being planned (assumed).
        boot_time_s: from power on to the banner (assumed); bytes that come meanwhile are lost.
        store_time_s: how long the storing of a setting makes it deaf (assumed).
        work_offset_mm: stored G54, in machine coordinates.
        start_mm: where the stage stands at power on, in machine coordinates; the controller takes it for 0, 0, 0.
        slip_mm: what the stage loses when motion is cut off (example value).
        homing_fault: the alarm of a homing that fails: 8 the switch stays pressed, 9 it is not found; 0 none.
    """

    firmware: Literal["grbl", "grblhal"] = "grbl"
    planner_blocks: int = 15
    rx_bytes: int = 128
    baud: int = 115_200
    line_time_s: float = 0.001
    boot_time_s: float = 0.1
    store_time_s: float = 0.05
    work_offset_mm: Place = (0.0, 0.0, 0.0)
    start_mm: Place = (0.0, 0.0, 0.0)
    slip_mm: Place = (0.0, 0.0, 0.0)
    homing_fault: Literal[0, 8, 9] = 0

    @property
    def byte_time_s(self) -> float:
        """One byte with its start and stop bit."""
        return 10 / self.baud


GRBLHAL = ControllerOptions(firmware="grblhal", planner_blocks=100, rx_bytes=1024)
"""What grblHAL reports of itself: `[OPT:V,100,1024]`."""
