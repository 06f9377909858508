"""How long rows take: travel with acceleration, lines at their speed, exposures at standstill."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import NM_PER_UM, NS_PER_S, TICKS_PER_UM, RowKind, ToolpathBlock


@dataclass(frozen=True, eq=False)
class TimeTables:
    """Per-recipe and per-axis columns for timing.

    Attributes:
        speed_um_s: float64 (R,), writing speed.
        open_s: float64 (R,), gate-open time of a dot; a counted dot lasts its trigger, pulses included.
        max_speed_um_s, acceleration_um_s2: float64 (3,), per axis.
        settle_s: wait on arrival before a dot.
        overhead_s: what the controller adds to each gate opening.
    """

    speed_um_s: NDArray[np.float64]
    open_s: NDArray[np.float64]
    max_speed_um_s: NDArray[np.float64]
    acceleration_um_s2: NDArray[np.float64]
    settle_s: float
    overhead_s: float


def time_tables(recipes: RecipeTable, machine: Machine) -> TimeTables:
    """Tables for one machine."""
    width = machine.trigger.width if machine.trigger else 0.0
    opened = [
        r.exposure_ns / NS_PER_S if r.exposure_ns else max(width, r.pulses / max(r.laser.rep_rate_hz, 1e-12))
        for r in recipes.recipes
    ]
    return TimeTables(
        np.array([r.speed_nm_s / NM_PER_UM for r in recipes.recipes], np.float64),
        np.array(opened, np.float64),
        np.array([axis.max_speed for axis in machine.axis_list], np.float64),
        np.array([axis.acceleration for axis in machine.axis_list], np.float64),
        machine.controller.settle_time,
        machine.gate.overhead,
    )


def row_timer(recipes: RecipeTable, machines: Sequence[Machine]) -> Callable[[ToolpathBlock], NDArray[np.float64]]:
    """What tells the duration of each row of a block: float64 (N,), s; machines by section."""
    tables: dict[int, TimeTables] = {}

    def seconds(block: ToolpathBlock) -> NDArray[np.float64]:
        machine = machines[block.section]
        if id(machine) not in tables:
            tables[id(machine)] = time_tables(recipes, machine)
        return row_seconds(block.start_ticks, block.end_ticks, block.kind, block.recipe, tables[id(machine)])

    return seconds


def row_seconds(
    start_ticks: NDArray[np.int64],
    end_ticks: NDArray[np.int64],
    kind: NDArray[np.uint8],
    recipe: NDArray[np.uint16],
    tables: TimeTables,
) -> NDArray[np.float64]:
    """Duration of each row, float64 (N,), s.

    Dark travel starts and ends at rest and runs a trapezoid limited by the slowest axis taking part; lines and their
    run-ups run at the recipe's speed; a run-up's acceleration is in the travel before it.

    Source: trapezoidal velocity profile, rest to rest.
    """
    delta = np.abs(end_ticks - start_ticks) / TICKS_PER_UM
    length = np.sqrt(np.einsum("ij,ij->i", delta, delta))
    speed = tables.speed_um_s[recipe]
    at_speed = (kind == RowKind.LINE) | (kind == RowKind.LEAD) | (kind == RowKind.SHOTS)
    seconds = np.zeros(len(kind), np.float64)
    at_speed &= speed > 0  # a line without a speed is refused by a check; it has no duration
    seconds[at_speed] = length[at_speed] / speed[at_speed]
    dark = ((kind == RowKind.JUMP) | (kind == RowKind.DOT)) & (length > 0)
    if np.any(dark):
        seconds[dark] = _travel(delta[dark], length[dark], tables)
    is_dot = kind == RowKind.DOT
    seconds[is_dot] += tables.open_s[recipe[is_dot]] + tables.settle_s + tables.overhead_s
    return seconds


def _travel(delta: NDArray[np.float64], length: NDArray[np.float64], tables: TimeTables) -> NDArray[np.float64]:
    # The slowest axis decides; column by column, since reducing rows of three is slow.
    inverse_top = np.zeros(len(length))
    inverse_acceleration = np.zeros(len(length))
    for axis in range(3):
        share = delta[:, axis] / length
        np.maximum(inverse_top, share / tables.max_speed_um_s[axis], out=inverse_top)
        np.maximum(inverse_acceleration, share / tables.acceleration_um_s2[axis], out=inverse_acceleration)
    top, acceleration = 1.0 / inverse_top, 1.0 / inverse_acceleration
    ramp = top**2 / acceleration
    triangle = 2.0 * np.sqrt(length / acceleration)
    trapezoid = length / top + top / acceleration
    return np.asarray(np.where(length < ramp, triangle, trapezoid), np.float64)
