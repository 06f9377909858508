"""What timing needs to know of a machine and its recipes, as plain numbers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.model.commanded import feed_speeds_nm_s, joined_within_um, open_times_ns
from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import NM_PER_UM, NS_PER_S

ROUNDED, DEVIATION, STOP, FULL_SPEED = range(4)
_CORNERS: Final = {
    "rounded": ROUNDED, "junction_deviation": DEVIATION, "exact_stop": STOP, "full_speed": FULL_SPEED,
}  # fmt: skip

SHORTEST_CYCLES: Final = 1.02
"""Servo periods that a planned piece lasts at least. Source: LinuxCNC 2.9, trajectory planner, minimum segment
cycles; measured: circles of 1 µm chords at 10 mm/s last 0.7 % longer than this says."""

MOST_JOINED: Final = 101
"""Lines joined into one move at most. Source: LinuxCNC 2.9, canonical interface, G64 Q."""


@dataclass(frozen=True, eq=False)
class MotionModel:
    """One machine with the recipes of one toolpath.

    Attributes:
        feed_um_s: float64 (R,), speed of rows that feed.
        stand_s: float64 (R,), standstill of a dot: settling, exposure and what the controller adds.
        near_um: float64 (R,), distance of the first marks from the ends of rows.
        max_speed_um_s, acceleration_um_s2, jerk_um_s3: float64 (3,), per axis; a jerk of 0 = not limited.
        corners: ROUNDED, DEVIATION, STOP or FULL_SPEED.
        tolerance_um: by which corners may be left, or could be.
        join_um: by which vertices between joined rows may be left.
        cycle_s: servo period, 0 = none.
        shortest_s: of a planned piece.
        even_below_s: pieces shorter than this change speed evenly.
        look_ahead: pieces.
        joins: rows joined into one move at most.
    """

    feed_um_s: NDArray[np.float64]
    stand_s: NDArray[np.float64]
    near_um: NDArray[np.float64]
    max_speed_um_s: NDArray[np.float64]
    acceleration_um_s2: NDArray[np.float64]
    jerk_um_s3: NDArray[np.float64]
    corners: int
    tolerance_um: float
    join_um: float
    cycle_s: float
    shortest_s: float
    even_below_s: float
    look_ahead: int
    joins: int

    @property
    def stops_after_travel(self) -> bool:
        """Whether rapid travel always ends at standstill."""
        return self.corners != DEVIATION


def motion_model(recipes: RecipeTable, machine: Machine, near_um: NDArray[np.float64] | None = None) -> MotionModel:
    """The model of one machine; `near_um` (R,) per recipe, 0 when nobody asks for marks."""
    width = machine.trigger.width if machine.trigger else 0.0
    opened = open_times_ns(recipes, machine) / NS_PER_S
    counted = np.array([max(width, r.pulses / max(r.laser.rep_rate_hz, 1e-12)) for r in recipes.recipes], np.float64)
    is_timed = np.array([r.exposure_ns > 0 for r in recipes.recipes], np.bool_)
    planner = machine.controller.planner
    added = machine.gate.overhead if planner.dot_overhead is None else planner.dot_overhead
    corners = _CORNERS[planner.corners]
    shortest = SHORTEST_CYCLES * planner.cycle_time if planner.cycle_time else machine.controller.min_segment_time
    axes = machine.axis_list
    join_um = joined_within_um(machine) if corners == ROUNDED else 0.0
    return MotionModel(
        feed_speeds_nm_s(recipes, machine) / NM_PER_UM,
        np.where(is_timed, opened, counted) + machine.controller.settle_time + added,
        np.zeros(len(recipes)) if near_um is None else near_um,
        np.array([axis.max_speed for axis in axes], np.float64),
        np.array([axis.acceleration for axis in axes], np.float64),
        np.array([axis.jerk or 0.0 for axis in axes], np.float64),
        corners,
        machine.controller.path_tolerance - join_um,
        join_um,
        planner.cycle_time,
        shortest,
        planner.even_below,
        planner.look_ahead,
        MOST_JOINED if join_um > 0 else 1,
    )
