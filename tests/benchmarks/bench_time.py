"""How fast time is predicted, and how far from what the real LinuxCNC takes.

Run: python tests/benchmarks/bench_time.py [segments]

Measured on two busy cores, CPU seconds, 300,000 segments: durations with the trapezoidal profile 21 to 31 M segments/s
(corners at full speed, junction deviation; hatches), 10 M where every corner is an arc as LinuxCNC makes them; with the
dose along every row 3 to 6 M; compiled is 70 times plain Python. Against LinuxCNC 2.9: 0.05 to 1.5 % in twelve files of
2 to 8 s, always on the short side (starting and ending a file is not in the prediction: some 10 to 60 ms).
"""

import sys
import time
from collections.abc import Sequence

import numpy as np

from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import MAX_BLOCK_ROWS, RowKind, ToolpathBlock
from lasercam.plan.kinematics.clock import Clock
from lasercam.plan.kinematics.model import MotionModel, motion_model
from tests.oracle import linuxcnc_headless as headless
from tests.oracle import test_linuxcnc_headless as cases
from tests.support import builders

PLANNERS = {
    "full speed": {"corners": "full_speed"},
    "junction deviation": {"corners": "junction_deviation", "look_ahead": 15},
    "LinuxCNC's arcs": cases.PLANNER,
}


def blocks(ends_um: np.ndarray, kind: np.ndarray) -> list[ToolpathBlock]:
    """Rows that follow each other, in full blocks."""
    ends = np.rint(ends_um * 10_000).astype(np.int64)
    starts = np.vstack((np.zeros((1, 3), np.int64), ends[:-1]))
    zeros = np.zeros(len(ends), np.uint16)
    columns = (starts, ends, kind.astype(np.uint8), zeros.astype(np.uint32), zeros, zeros.copy())
    return [
        ToolpathBlock(0, a, *(np.ascontiguousarray(c[a : a + MAX_BLOCK_ROWS]) for c in columns))
        for a in range(0, len(ends), MAX_BLOCK_ROWS)
    ]


def curve(n: int) -> list[ToolpathBlock]:
    """One line that turns at every vertex."""
    rng = np.random.default_rng(1)
    angle, size = np.cumsum(rng.normal(0, 0.3, n)), rng.uniform(5, 30, n)
    ends = np.cumsum(np.column_stack((size * np.cos(angle), size * np.sin(angle), np.zeros(n))), axis=0)
    return blocks(ends, np.full(n, int(RowKind.LINE)))


def hatch(n: int) -> list[ToolpathBlock]:
    """Parallel lines with run-ups: jump, lead, line, lead."""
    i = np.arange(n)
    x = np.array([-1.0, 0.0, 20.0, 21.0])[i % 4]
    ends = np.column_stack((x, (i // 4) * 0.5, np.zeros(n)))
    kinds = np.array([RowKind.JUMP, RowKind.LEAD, RowKind.LINE, RowKind.LEAD])
    return blocks(ends, kinds[i % 4])


def dots(n: int) -> list[ToolpathBlock]:
    """A serpentine array."""
    i = np.arange(n)
    row, column = i // 1000, i % 1000
    ends = np.column_stack((np.where(row % 2, 999 - column, column) * 1.5, row * 1.5, np.zeros(n)))
    return blocks(ends, np.full(n, int(RowKind.DOT)))


def rate(made: MotionModel, given: Sequence[ToolpathBlock], *, shares: bool, compiled: bool | None = None) -> float:
    """Million segments per CPU second, the best of some runs."""
    best = float("inf")
    for _ in range(1 if compiled is False else 5):
        clock = Clock(made, shares=shares, compiled=compiled)
        begin = time.process_time()
        for block in given:
            clock.add(block)
        clock.finish()
        best = min(best, time.process_time() - begin)
    return sum(map(len, given)) / best / 1e6


def model(planner: dict[str, object]) -> MotionModel:
    """A machine whose lines run at 2 mm/s."""
    controller = {**builders.machine().controller.model_dump(), "planner": planner}
    recipes = RecipeTable((builders.line_recipe(2_000.0, exposure_ns=10**7),), {}, {})
    return motion_model(recipes, builders.machine(controller=controller), np.full(1, 4.0))


def main() -> None:
    """Print rates, then errors where LinuxCNC is installed."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    for name, make in (("curve", curve), ("hatch", hatch), ("dots", dots)):
        given = make(n)
        for way, planner in PLANNERS.items():
            made = model(planner)
            plain = rate(made, make(20_000), shares=False, compiled=False)
            total = rate(made, given, shares=False, compiled=True)
            shared = rate(made, given, shares=True, compiled=True)
            print(
                f"{name:6}{way:20} duration {total:6.1f} M segments/s   with dose along rows {shared:6.1f} M/s   "
                f"compiled is {total / plain:5.0f} x plain Python"
            )
    if not headless.is_installed():
        print("LinuxCNC is not installed: no comparison")
        return
    for name, run in cases.CASES.items():
        done = run()
        error = done.predicted_s / done.trace.duration_s - 1
        print(f"{name:20} LinuxCNC {done.trace.duration_s:8.3f} s   predicted {done.predicted_s:8.3f} s   {error:+.2%}")


if __name__ == "__main__":
    main()
