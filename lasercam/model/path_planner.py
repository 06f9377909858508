"""How a motion controller plans its way along moves: what its job files take, and where it slows down."""

from typing import Annotated, Literal

from pydantic import Field

from lasercam.schema.document import Document
from lasercam.schema.quantities import Time

Corners = Literal["rounded", "junction_deviation", "exact_stop", "full_speed"]


class PathPlanner(Document):
    """The path planner inside the controller, for predicting durations and doses."""

    corners: Corners = "rounded"
    """What happens where two lines meet.

    `rounded`: within `path_tolerance` the corner becomes an arc, and the pieces of a line that were cut for a slow gate
    are joined (LinuxCNC, G64 P Q); rapid travel and lines do not blend. `junction_deviation`: the corner is kept, at a
    speed at which an arc within `path_tolerance` would be possible (GRBL, $11). `exact_stop`: it stops. `full_speed`:
    it goes around without slowing down, as axes and drives can follow.
    """
    cycle_time: Time = 0.0
    """Servo period: motion from standstill to standstill lasts whole periods, and no planned piece is shorter."""
    look_ahead: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Moves it plans ahead; it is always able to stop within them."""
    even_below: Time = 0.0
    """Pieces that last less than this change speed evenly from end to end, instead of as fast as possible."""
    dot_overhead: Time | None = None
    """What a dot takes beyond travel, settling and exposure: switching outputs, waiting for the queue. Absent: the
    gate's `overhead`."""
    source: str = "assumed"
    """Where these numbers come from, or "example value"."""
