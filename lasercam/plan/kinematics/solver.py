"""Rows through all stages: joined, cornered, profiled; and which of them nothing that follows can change."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.plan.kinematics.bench import Bench
from lasercam.plan.kinematics.columns import Columns
from lasercam.plan.kinematics.corners import make_pieces
from lasercam.plan.kinematics.jerk import run_jerk_profile
from lasercam.plan.kinematics.model import MotionModel
from lasercam.plan.kinematics.moves import join_rows
from lasercam.plan.kinematics.profile import run_profile
from lasercam.plan.kinematics.sharing import share_time


@dataclass(frozen=True)
class LeadIn:
    """An arc that leads into the first row; its second half belongs to that row.

    Attributes:
        begins_um, length_um: where on its piece the arc begins, and how long it is.
        piece: length, top speed, acceleration, speed at the beginning and at the end, seconds of the piece.
        evens: whether the piece changes speed evenly if it is short.
    """

    begins_um: float
    length_um: float
    piece: tuple[float, float, float, float, float, float]
    evens: int


@dataclass(frozen=True)
class Entry:
    """How motion enters the first row.

    Attributes:
        speed_um_s: there; 0 at standstill.
        trim_um, reduction: what the corner before has taken of the first move's length and acceleration.
        was_lit: whether the gate was commanded open before; −1 at the beginning of a file.
        arc: that leads in; None where there is none.
        since_stop_s: time since the last standstill.
    """

    speed_um_s: float = 0.0
    trim_um: float = 0.0
    reduction: float = 0.0
    was_lit: int = -1
    arc: LeadIn | None = None
    since_stop_s: float = 0.0


@dataclass(frozen=True, eq=False)
class _Moves:
    """Columns of M moves, as `join_rows` fills them."""

    count: int
    last: Any
    ux: Any
    uy: Any
    uz: Any
    length: Any
    feeds: Any
    lit: Any
    stands: Any
    speed: Any
    acceleration: Any


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Columns of pieces and where moves find theirs, as `make_pieces` fills them, and the profile through them."""

    count: int
    length: Any
    top: Any
    acceleration: Any
    limit: Any
    evens: Any
    trim_in: Any
    trim_out: Any
    line_at: Any
    arc_at: Any
    arc_from: Any
    arc_length: Any
    reduced: Any
    entry: Any
    leave: Any
    seconds: Any
    standing: Any

    def final(self, move: int) -> int:
        """The last piece that belongs to a move."""
        return int(max(self.line_at[move], self.arc_at[move]))


@dataclass(frozen=True, eq=False)
class Solution:
    """What is settled of some rows.

    Attributes:
        rows: how many.
        total_s: time of all that is settled.
        seconds: float64 (rows,), of each row; None unless asked for.
        marks_s: float64 (rows, marks), from the beginning of each row to its marks; None unless asked for.
        entry: how motion enters the first row that is not settled.
    """

    rows: int
    total_s: float
    seconds: NDArray[np.float64] | None
    marks_s: NDArray[np.float64] | None
    entry: Entry


def solve(
    rows: Columns, marks_um: NDArray[np.float64] | None, model: MotionModel, entry: Entry, bench: Bench, *, closes: bool
) -> Solution:
    """Time of the rows that nothing behind them can change any more.

    Args:
        rows: in order, at least one.
        marks_um: float64 (N, marks), places along rows; None: only the total is wanted.
        model: of the machine.
        entry: how motion enters the first.
        bench: to work on.
        closes: the last row ends at standstill, and nothing follows.
    """
    moves = _joined(rows, model, bench)
    is_open = not closes and not moves.stands[moves.count - 1]
    pieces = _profiled(moves, model, entry, bench, is_open=is_open)
    settled = moves.count if closes else _settled(moves, pieces, model.look_ahead, is_open=is_open)
    if settled == 0:
        return Solution(0, 0.0, None, None, entry)
    n_rows, n_pieces = int(moves.last[settled - 1]) + 1, pieces.final(settled - 1) + 1
    stand = np.maximum(rows.stand[:n_rows], 0.0)
    total = float(np.sum(pieces.seconds[:n_pieces]) + np.sum(pieces.standing[:n_pieces]) + np.sum(stand))
    seconds = marks_s = None
    if marks_um is not None:
        seconds, marks_s = _shared(rows, marks_um[:n_rows], moves, pieces, settled, entry, model, bench)
        seconds += stand
    return Solution(n_rows, total, seconds, marks_s, _entry_behind(moves, pieces, settled, entry))


def _joined(rows: Columns, model: MotionModel, bench: Bench) -> _Moves:
    n = len(rows)
    columns = (
        bench.whole("last", n), *(bench.floats(name, n) for name in ("ux", "uy", "uz", "length")),
        *(bench.whole(name, n) for name in ("feeds", "lit", "stands")),
        *(bench.floats(name, n) for name in ("speed", "acceleration")),
    )  # fmt: skip
    count = bench.run(join_rows)(
        *(bench.given(c) for c in (rows.dx, rows.dy, rows.dz, rows.feeds, rows.lit, rows.speed, rows.stand)),
        model.join_um, model.joins, int(model.stops_after_travel), bench.given(1.0 / model.max_speed_um_s),
        bench.given(1.0 / model.acceleration_um_s2), *columns,
    )  # fmt: skip
    return _Moves(count, *columns)


def _profiled(moves: _Moves, model: MotionModel, entry: Entry, bench: Bench, *, is_open: bool) -> _Pieces:
    count = moves.count
    piece_columns: tuple[Any, ...] = (
        *(bench.floats(name, 2 * count + 1) for name in ("p_length", "p_top", "p_acceleration", "p_limit")),
        bench.whole("p_evens", 2 * count + 1),
    )  # fmt: skip
    move_columns: tuple[Any, ...] = (
        bench.floats("trim_in", count), bench.floats("trim_out", count), bench.whole("line_at", count),
        bench.whole("arc_at", count), bench.floats("arc_from", count), bench.floats("arc_length", count),
        bench.floats("reduced", count),
    )  # fmt: skip
    n = bench.run(make_pieces)(
        count, moves.ux, moves.uy, moves.uz, moves.length, moves.feeds, moves.lit, moves.stands, moves.speed,
        moves.acceleration, bench.given(1.0 / model.acceleration_um_s2), model.corners, model.tolerance_um,
        model.cycle_s, model.shortest_s, entry.trim_um, entry.reduction, entry.was_lit, int(is_open),
        *piece_columns, *move_columns,
    )  # fmt: skip
    profile = tuple(bench.floats(name, n + 1) for name in ("p_entry", "p_leave", "p_seconds", "p_standing"))
    limits = (*piece_columns[:4], entry.speed_um_s, entry.since_stop_s, model.cycle_s, model.look_ahead)
    if np.any(model.jerk_um_s3 > 0):
        jerk = bench.given(_piece_jerk(moves, move_columns[2], n, model))
        bench.run(run_jerk_profile)(n, *limits, jerk, *profile)
    else:
        bench.run(run_profile)(n, *limits, piece_columns[4], model.even_below_s, *profile)
    return _Pieces(n, *piece_columns, *move_columns, *profile)


def _shared(
    rows: Columns, marks_um: NDArray[np.float64], moves: _Moves, pieces: _Pieces, settled: int, entry: Entry,
    model: MotionModel, bench: Bench,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Seconds of rows, and to their marks."""
    n, marks = marks_um.shape
    seconds, marks_s = bench.floats("seconds", n), bench.floats("marks_s", n * marks)
    led, led_from, led_length = -1, 0.0, 0.0
    if entry.arc is not None:
        # Its piece stands behind all others, where no profile runs.
        led, led_from, led_length = pieces.count, entry.arc.begins_um, entry.arc.length_um
        columns = (pieces.length, pieces.top, pieces.acceleration, pieces.entry, pieces.leave, pieces.seconds)
        for column, value in zip(columns, entry.arc.piece, strict=True):
            column[led] = value
        pieces.evens[led] = entry.arc.evens
    bench.run(share_time)(
        settled, moves.last, moves.length, bench.given(rows.length[:n]), marks, bench.given(marks_um.ravel()),
        pieces.trim_in, pieces.trim_out, pieces.line_at, pieces.arc_at, pieces.arc_from, pieces.arc_length,
        led, led_from, led_length, pieces.length, pieces.top, pieces.acceleration, pieces.entry, pieces.leave,
        pieces.seconds, pieces.standing, pieces.evens, model.even_below_s, seconds, marks_s,
    )  # fmt: skip
    return np.array(seconds, np.float64), np.array(marks_s, np.float64).reshape(n, marks)


def _piece_jerk(moves: _Moves, line_at: Any, n_pieces: int, model: MotionModel) -> NDArray[np.float64]:
    """float64 (P,), µm/s³ of each piece along its move; 0 where no axis that takes part has a limit."""
    count = moves.count
    inverse = np.zeros(count)
    for axis, unit in enumerate((moves.ux, moves.uy, moves.uz)):
        if model.jerk_um_s3[axis] > 0:
            np.maximum(inverse, np.abs(unit[:count]) / model.jerk_um_s3[axis], out=inverse)
    of_move = np.where(inverse > 0, 1.0 / np.where(inverse > 0, inverse, 1.0), 0.0)
    begins = np.zeros(n_pieces, np.int64)
    begins[np.asarray(line_at[1:count], np.int64)] = 1
    return np.asarray(of_move[np.cumsum(begins)], np.float64)


def _settled(moves: _Moves, pieces: _Pieces, look_ahead: int, *, is_open: bool) -> int:
    """Moves that nothing behind can change: up to the last standstill, or so far back that it is out of sight."""
    known = moves.count - 1 if is_open else moves.count
    # The open move may still be cut by its corner, and its end moved by joining.
    in_sight = int(pieces.line_at[max(moves.count - 2, 0)]) - look_ahead
    for move in range(known - 1, -1, -1):
        piece = pieces.final(move)
        if pieces.limit[piece] <= 0 or piece < in_sight:
            return move + 1
    return 0


def _entry_behind(moves: _Moves, pieces: _Pieces, settled: int, entry: Entry) -> Entry:
    """How motion enters the first move that is not settled."""
    was_lit = int(moves.lit[settled - 1])
    p = pieces.final(settled - 1)
    if settled == moves.count or pieces.leave[p] <= 0:
        return Entry(was_lit=was_lit)
    arc = None
    if pieces.arc_at[settled - 1] >= 0:
        columns = (pieces.length, pieces.top, pieces.acceleration, pieces.entry, pieces.leave, pieces.seconds)
        length, top, acceleration, enters, leaves, lasts = (float(column[p]) for column in columns)
        arc = LeadIn(
            float(pieces.arc_from[settled - 1]), float(pieces.arc_length[settled - 1]),
            (length, top, acceleration, enters, leaves, lasts), int(pieces.evens[p]),
        )  # fmt: skip
    leave, seconds = np.asarray(pieces.leave[: p + 1]), np.asarray(pieces.seconds[: p + 1])
    stops = np.flatnonzero(leave <= 0)
    since = float(seconds[stops[-1] + 1 :].sum()) if len(stops) else entry.since_stop_s + float(seconds.sum())
    return Entry(
        float(pieces.leave[p]), float(pieces.trim_in[settled]), float(pieces.reduced[settled]), was_lit, arc, since
    )
