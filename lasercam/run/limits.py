"""What a stream keeps to: buffers as the controller states them, limits of the profile."""

from dataclasses import dataclass
from typing import Final

DEFAULT_RX: Final = 128
"""Bytes of GRBL's receive buffer. Source: GRBL 1.1 source, RX_BUFFER_SIZE."""
DEFAULT_BLOCKS: Final = 15
"""Moves that GRBL's planner holds. Source: GRBL 1.1 source, BLOCK_BUFFER_SIZE less one."""


@dataclass(frozen=True)
class StreamLimits:
    """Numbers of one stream.

    Attributes:
        rx_total: size of the receive buffer.
        planner_blocks: moves the planner holds.
        max_ahead_s: most beam-on time on its way.
        checkpoint_s: longest time between two checkpoints.
        place_tolerance_um: how far a reported place may be from the commanded one.
        path_tolerance_um: how far the machine may leave the programmed path.
    """

    rx_total: int = DEFAULT_RX
    planner_blocks: int = DEFAULT_BLOCKS
    max_ahead_s: float = 2.0
    checkpoint_s: float = 10.0
    place_tolerance_um: float = 1.0
    path_tolerance_um: float = 2.0
