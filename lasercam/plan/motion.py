"""Ordered features to rows: one rounding to ticks, run-up and run-out, dark travel between."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock
from lasercam.model.field import Stitches
from lasercam.model.frame import Frame
from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_UM, RowKind
from lasercam.plan.fly import FlyTables, find_sweeps, fly_tables, pitch_rows, sweep_rows
from lasercam.plan.gating import GateTables, command_early, gate_tables
from lasercam.plan.order import Order
from lasercam.plan.rows import Rows


@dataclass(frozen=True, eq=False)
class MotionTables:
    """Per-recipe columns and machine limits that turning features into rows needs.

    Attributes:
        pulses: uint32 (R,), counted pulses of a dot.
        speed_um_s: float64 (R,), writing speed of lines.
        acceleration_um_s2: float64 (3,), per axis.
        min_segment_s: shortest move executed at full speed.
        gate: way of the stage while the gate opens and closes.
        fly: what is fired by position; None = nothing.
        cycle_s: servo period of a controller that plans as moves come in and rounds corners (LinuxCNC); 0 = another.
    """

    pulses: NDArray[np.uint32]
    speed_um_s: NDArray[np.float64]
    acceleration_um_s2: NDArray[np.float64]
    min_segment_s: float
    gate: GateTables
    fly: FlyTables | None
    cycle_s: float = 0.0


def motion_tables(recipes: RecipeTable, machine: Machine) -> MotionTables:
    """Tables for one machine."""
    planner = machine.controller.planner
    return MotionTables(
        np.array([r.pulses for r in recipes.recipes], np.uint32),
        feed_speeds_nm_s(recipes, machine) / NM_PER_UM,
        np.array([axis.acceleration for axis in machine.axis_list], np.float64),
        machine.controller.min_segment_time,
        gate_tables(recipes, machine),
        fly_tables(recipes, machine),
        planner.cycle_time if planner.corners == "rounded" else 0.0,
    )


def to_ticks(xyz_um: NDArray[np.float64], frame: Frame) -> NDArray[np.int64]:
    """Controller coordinates of sample positions, rounded once to the machine's increment.

    Args:
        xyz_um: float64 (M, 3), x, y and inscription depth in the sample's frame.
        frame: origin, index ratio and increment. Stage travel is depth times that ratio.

    Returns:
        int64 (M, 3), multiples of the increment away from the origin; z rises out of the sample.
    """
    return frame.ticks(xyz_um)


SLANTED_STEPS = 20.0
"""Increments of a run-up that is not along an axis: rounding then turns it by some 3 degrees at most."""
_KINK_SHARE = 0.1
"""Of the acceleration, what the change of direction within one servo period may take: then LinuxCNC makes no blend,
which would use up the piece that opens the gate. Source: LinuxCNC 2.9, trajectory planner, tangent segments."""
_KINK_MARGIN = 1.5
"""Accelerations that it adds to that change; diagonally, axes allow √2."""
_RENEWED_ROWS = 2
"""Rows of a line that it plans anew, all of them, whatever follows: pieces up to the fourth one at full speed, and a
row with its blend is two. Source: LinuxCNC 2.9, trajectory planner, optimization cutoff; measured."""
_STRAIGHT = 1e-12


class Rounding:
    """What a plan changes of the wanted geometry: the largest shift by rounding to the increment, and cuts.

    Attributes:
        largest_um: float64 (3,), along x, y and depth in the sample.
        stitches: lines cut where writing fields meet, by part.
    """

    def __init__(self) -> None:
        self.largest_um = np.zeros(3)
        self.stitches: dict[int, Stitches] = {}

    def cut(self, stitches: Iterable[Stitches]) -> None:
        """Add the cuts of a section."""
        for new in stitches:
            old = self.stitches.get(new.part, replace(new, lines=0, cuts=0))
            self.stitches[new.part] = replace(old, lines=old.lines + new.lines, cuts=old.cuts + new.cuts)

    def add(self, xyz_um: NDArray[np.float64], frame: Frame) -> None:
        """Look at vertices (M, 3) in the sample's frame."""
        if frame.is_plain:
            step_um = frame.increment_ticks / TICKS_PER_UM
            for axis, size in enumerate((step_um, step_um, step_um / frame.index_ratio)):
                steps = xyz_um[:, axis] / size
                shift = float(np.abs(steps - np.rint(steps)).max(initial=0.0)) * size
                self.largest_um[axis] = max(self.largest_um[axis], shift)
        else:
            moved = np.abs(frame.sample_um(frame.ticks(xyz_um)) - xyz_um).max(axis=0, initial=0.0)
            np.maximum(self.largest_um, moved, out=self.largest_um)


def make_rows(
    block: FeatureBlock,
    recipe: NDArray[np.uint16],
    part: NDArray[np.uint16],
    order: Order,
    position: NDArray[np.int64],
    frame: Frame,
    tables: MotionTables,
) -> Rows:
    """Rows that write a tile in the given order.

    Args:
        block: features in the sample's frame.
        recipe, part: uint16 (P,), per feature of the block, into the toolpath's tables.
        order: permutation and reversal.
        position: int64 (3,), where the controller stands.
        frame: sample to controller.
        tables: per-recipe columns.

    Raises:
        PatternError: a line is shorter than the machine's increment or than its gate is slow, its speed needs an
            absurd run-up, or it cannot be fired by position.
    """
    if block.all_dots:
        ends = to_ticks(block.xyz_um[order.index], frame)
        return _swept(_dot_rows(ends, recipe[order.index], part[order.index], position, tables), frame, tables)
    vertices, counts = _ordered_vertices(block, order, frame)
    rows = _path_rows(vertices, counts, recipe[order.index], part[order.index], position, frame, tables)
    if tables.fly is not None:
        rows = pitch_rows(rows, tables.fly, frame.increment_ticks)
    return command_early(_swept(rows, frame, tables), frame.increment_ticks, tables.gate)


def _swept(rows: Rows, frame: Frame, tables: MotionTables) -> Rows:
    """Rows of single-shot dots become sweeps where the machine fires by position."""
    if tables.fly is None:
        return rows
    sweeps = find_sweeps(rows, tables.fly)
    if not len(sweeps.first):
        return rows
    first, second = rows.end_ticks[sweeps.first], rows.end_ticks[sweeps.first + 1]
    run = run_up_ticks(first, second, rows.recipe[sweeps.first], frame, tables)
    return sweep_rows(rows, sweeps, run)


def _dot_rows(
    ends: NDArray[np.int64],
    recipe: NDArray[np.uint16],
    part: NDArray[np.uint16],
    position: NDArray[np.int64],
    tables: MotionTables,
) -> Rows:
    starts = np.empty_like(ends)
    starts[:1], starts[1:] = position, ends[:-1]
    kind = np.full(len(ends), RowKind.DOT, np.uint8)
    return Rows(starts, ends, kind, tables.pulses[recipe], recipe, part)


def _ordered_vertices(block: FeatureBlock, order: Order, frame: Frame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Vertices in writing order as ticks (M, 3), without repeats inside a feature, and vertices per feature."""
    counts = block.vertex_counts[order.index]
    offsets = np.concatenate(([0], np.cumsum(counts)))
    feature = np.repeat(np.arange(len(counts)), counts)
    step = np.arange(offsets[-1]) - offsets[:-1][feature]
    first = block.offsets[:-1][order.index][feature]
    backwards = order.reverse[feature]
    vertex = np.where(backwards, first + counts[feature] - 1 - step, first + step)
    ticks = to_ticks(block.xyz_um[vertex], frame)
    fresh = np.ones(len(ticks), np.bool_)
    same_feature = feature[1:] == feature[:-1]
    fresh[1:] = ~(same_feature & np.all(ticks[1:] == ticks[:-1], axis=1))
    kept = np.bincount(feature[fresh], minlength=len(counts))
    vanished = np.flatnonzero((kept == 1) & (counts > 1))
    if len(vanished):
        x, y, z = block.xyz_um[block.offsets[order.index[vanished[0]]]]
        increment_um = frame.increment_ticks / TICKS_PER_UM
        raise PatternError(
            f"{len(vanished)} line(s) are shorter than the machine's increment of {increment_um:g} µm and would vanish;"
            f" the first lies at x {x:.3f}, y {y:.3f}, depth {z:.3f} µm. Remove them or enlarge the pattern."
        )
    return ticks[fresh], kept.astype(np.int64)


def _path_rows(
    vertices: NDArray[np.int64],
    counts: NDArray[np.int64],
    recipe: NDArray[np.uint16],
    part: NDArray[np.uint16],
    position: NDArray[np.int64],
    frame: Frame,
    tables: MotionTables,
) -> Rows:
    """Per line: jump, run-up, its segments, run-out; per dot: one row. Empty jumps are left out."""
    is_dot = counts == 1
    vertex_first = np.concatenate(([0], np.cumsum(counts)))[:-1]
    v0, n = vertex_first[~is_dot], counts[~is_dot]
    out = _run_out_pieces(vertices, v0, n, recipe[~is_dot], tables)
    rows_of = np.ones(len(counts), np.int64)
    rows_of[~is_dot] += n + out
    row_first = np.concatenate(([0], np.cumsum(rows_of)))
    total = int(row_first[-1])
    ends = np.empty((total, 3), np.int64)
    kind = np.full(total, RowKind.LINE, np.uint8)

    dot_row = row_first[:-1][is_dot]
    ends[dot_row], kind[dot_row] = vertices[vertex_first[is_dot]], RowKind.DOT
    line_first = row_first[:-1][~is_dot]
    run = run_up_ticks(vertices[v0], vertices[v0 + 1], recipe[~is_dot], frame, tables, opens=True)
    run_out = run_up_ticks(vertices[v0 + n - 2], vertices[v0 + n - 1], recipe[~is_dot], frame, tables, pieces=out)
    ends[line_first], kind[line_first] = vertices[v0] - run, RowKind.JUMP
    kind[line_first + 1] = RowKind.LEAD
    # Row line_first + 1 + k ends at vertex k; the rows behind that of the last vertex are the run-out.
    line_of, k = _counted(n)
    ends[line_first[line_of] + 1 + k] = vertices[v0[line_of] + k]
    line_of, k = _counted(out)
    behind = line_first[line_of] + n[line_of] + 1 + k
    ends[behind] = vertices[v0[line_of] + n[line_of] - 1] + (k + 1)[:, None] * run_out[line_of]
    kind[behind] = RowKind.LEAD

    starts = np.empty_like(ends)
    starts[:1], starts[1:] = position, ends[:-1]
    row_recipe, row_part = np.repeat(recipe, rows_of), np.repeat(part, rows_of)
    jumps = kind == RowKind.JUMP
    row_recipe[jumps] = row_part[jumps] = 0
    count = np.where(kind == RowKind.DOT, tables.pulses[row_recipe], 0).astype(np.uint32)
    rows = Rows(starts, ends, kind, count, row_recipe, row_part)
    return rows.kept(~(jumps & np.all(starts == ends, axis=1)))


def _counted(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Entry and number within it, for `counts` (P,) of each: 3, 2 make 0 0 0 1 1 and 0 1 2 0 1."""
    return np.repeat(np.arange(len(counts)), counts), np.arange(int(counts.sum())) - np.repeat(
        np.cumsum(counts) - counts, counts
    )


def run_up_ticks(
    from_ticks: NDArray[np.int64],
    to_ticks_: NDArray[np.int64],
    recipe: NDArray[np.uint16],
    frame: Frame,
    tables: MotionTables,
    *,
    opens: bool = False,
    pieces: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Vector along each line that is long enough to reach its speed: int64 (P, 3), multiples of the increment.

    Length v²/(2a) for the slowest axis taking part, no shorter than the controller's shortest full-speed move and
    than one increment; beside the line by less than one increment along each axis. A slanted one has SLANTED_STEPS
    increments at least, and as many as LinuxCNC needs to take both for one straight line: rounded to the increment, a
    shorter one would meet its line at an angle, and the controller would slow down there with the beam on. With
    `opens`, longer by the way during which the gate opens. With `pieces` (P,), one of that many equal pieces.

    Raises:
        PatternError: a speed so high that its run-up would leave every stage.

    Source: uniform acceleration; F33 of the process facts.
    """
    delta = (to_ticks_ - from_ticks).astype(np.float64)
    length = np.sqrt((delta**2).sum(axis=1))
    unit = delta / length[:, None]
    speed = tables.speed_um_s[recipe]
    run_um = _run_up_um(unit, speed, tables)
    if pieces is not None:
        run_um /= pieces
    if opens:
        run_um += tables.gate.open_ticks[recipe] / TICKS_PER_UM
    steps = np.ceil(run_um * TICKS_PER_UM / frame.increment_ticks * (1 - 1e-12))
    slanted = np.count_nonzero(np.abs(unit) > _STRAIGHT, axis=1) > 1
    steps = np.maximum(steps, np.where(slanted, np.maximum(SLANTED_STEPS, _steady_steps(unit, speed, tables)), 1.0))
    if np.any(run_um > MAX_COORDINATE_UM):
        fastest = float(speed[np.argmax(run_um)])
        raise PatternError(f"a line at {fastest:g} µm/s needs a run-up of {run_um.max():.3g} µm; lower its speed.")
    return np.asarray(_away(unit * steps[:, None]).astype(np.int64) * frame.increment_ticks, np.int64)


def _steady_steps(
    unit: NDArray[np.float64], speed: NDArray[np.float64], tables: MotionTables
) -> NDArray[np.float64] | float:
    """(P,), increments of a slanted run-up that LinuxCNC takes for straight; rounding turns it by 1 / that."""
    if tables.cycle_s == 0.0:
        return 0.0
    weakest = np.where(np.abs(unit) > _STRAIGHT, tables.acceleration_um_s2, np.inf).min(axis=1)
    return np.asarray(np.ceil((speed / (tables.cycle_s * weakest) + _KINK_MARGIN) / _KINK_SHARE), np.float64)


def _run_out_pieces(
    vertices: NDArray[np.int64],
    first: NDArray[np.int64],
    counts: NDArray[np.int64],
    recipe: NDArray[np.uint16],
    tables: MotionTables,
) -> NDArray[np.int64]:
    """int64 (P,), rows of each run-out: as long as the line's last row where the line has many, else one.

    LinuxCNC plans the move that came in last as if half of it were missing, and brakes for that over all that lies
    before. When it hears what follows, it plans anew only a few pieces before the place where nothing is left to brake;
    farther back the line stays slow. So a long straight move behind short ones leaves a slow place in the line (half
    the speed, 1.8 times the dose), and moves as short as those before it do not.
    """
    pieces = np.ones(len(counts), np.int64)
    if tables.cycle_s == 0.0:
        return pieces
    many = counts - 1 > _RENEWED_ROWS
    last = first[many] + counts[many] - 1
    delta = (vertices[last] - vertices[last - 1]).astype(np.float64)
    length = np.sqrt((delta**2).sum(axis=1))
    speed = tables.speed_um_s[recipe[many]]
    step_um = np.maximum(length / TICKS_PER_UM, speed * tables.min_segment_s)
    run_um = _run_up_um(delta / length[:, None], speed, tables)
    pieces[many] = np.maximum(np.ceil(run_um / step_um), 1.0)
    return pieces


def _run_up_um(unit: NDArray[np.float64], speed: NDArray[np.float64], tables: MotionTables) -> NDArray[np.float64]:
    """Shortest run-up along each direction, before rounding."""
    with np.errstate(divide="ignore"):
        acceleration = (tables.acceleration_um_s2 / np.abs(unit)).min(axis=1)
    return np.asarray(np.maximum(speed**2 / (2.0 * acceleration), speed * tables.min_segment_s), np.float64)


def _away(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounded to whole numbers away from zero, so that a run-up never comes out too short."""
    return np.asarray(np.sign(values) * np.ceil(np.abs(values) - 1e-9), np.float64)
