"""Models of path planners and polylines for tests of timing."""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi, sin, sqrt

import numpy as np

from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import RowKind, ToolpathBlock
from lasercam.plan.kinematics.clock import Clock
from lasercam.plan.kinematics.model import MotionModel, motion_model
from tests.support import builders

K = RowKind
SPEED, ACCELERATION, TOLERANCE = 5_000.0, 100_000.0, 0.5
"""Of the tests' lines, and of the builders' machine: µm/s, µm/s², µm."""


SLOW_GATE = {"min_open": "2 ms", "overhead": "3 ms", "open_delay": "0.3 ms", "close_delay": "0.3 ms", "source": "test"}


def machine(
    corners: str = "rounded", jerk: str | None = None, *, slow_gate: bool = False, **planner: object
) -> Machine:
    made = builders.machine(gate=SLOW_GATE) if slow_gate else builders.machine()
    controller = made.controller.model_dump()
    axis = {"min": "-50 mm", "max": "50 mm", "max_speed": "20 mm/s", "acceleration": "100 mm/s^2"}
    if jerk is not None:
        axis["jerk"] = jerk
    return builders.machine(
        gate=made.gate.model_dump(),
        controller={**controller, "planner": {"corners": corners, "look_ahead": 10_000, **planner}},
        axes={"x": axis, "y": axis, "z": axis},
    )


def model(
    corners: str = "rounded",
    jerk: str | None = None,
    speed: float = SPEED,
    *,
    slow_gate: bool = False,
    **planner: object,
) -> MotionModel:
    recipes = (builders.line_recipe(speed), builders.dot_recipe(0.25))
    return motion_model(
        RecipeTable(recipes, {}, {}), machine(corners, jerk, slow_gate=slow_gate, **planner), np.full(2, 2.0)
    )


def line(points_um: Sequence[Sequence[float]], *, leads: float = 0.0) -> ToolpathBlock:
    """A polyline from the origin, with run-ups along its ends."""
    points = [tuple((*p, 0.0)[:3]) for p in points_um]
    listed = []
    if leads:
        listed.append((K.JUMP, _beyond(points[1], points[0], leads)))
        listed.append((K.LEAD, points[0]))
    else:
        listed.append((K.JUMP, points[0]))
    listed += [(K.LINE, p) for p in points[1:]]
    if leads:
        listed.append((K.LEAD, _beyond(points[-2], points[-1], leads)))
    return builders.rows(listed)


def _beyond(a: Sequence[float], b: Sequence[float], way: float) -> tuple[float, ...]:
    size = sqrt(sum((q - p) ** 2 for p, q in zip(a, b, strict=True)))
    return tuple(q + (q - p) / size * way for p, q in zip(a, b, strict=True))


def polygon(n: int, radius: float) -> list[tuple[float, float]]:
    return [(radius * cos(2 * pi * i / n), radius * sin(2 * pi * i / n)) for i in range(n + 1)]


def split(block: ToolpathBlock, cuts: Sequence[int]) -> list[ToolpathBlock]:
    bounds = [0, *sorted({c for c in cuts if 0 < c < len(block)}), len(block)]
    return [
        ToolpathBlock(0, a, *(np.ascontiguousarray(column[a:b]) for column in block.arrays))
        for a, b in pairwise(bounds)
    ]


def clocked(blocks: Sequence[ToolpathBlock], made: MotionModel, *, compiled: bool | None = None) -> list[TimedBlock]:
    clock = Clock(made, compiled=compiled)
    timed = [one for block in blocks for one in clock.add(block)]
    return timed + clock.finish()
