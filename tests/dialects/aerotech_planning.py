"""Machines, rows and plans for the two Aerotech dialects."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import planning
from tests.support import builders

K = RowKind
A3200_SETTINGS = {
    "pso_axis": "X", "output_pin": "3", "output_mode": "0", "pulse_max_us": "30000000",
    "input_x": "0", "counts_per_mm_x": "100000", "input_y": "1", "counts_per_mm_y": "-100000",
}  # fmt: skip
AUTOMATION1_SETTINGS = {
    "pso_axis": "X", "output_pin": "XC4DedicatedOutput",
    "input_x": "XC4PrimaryFeedback", "counts_per_mm_x": "100000",
    "input_y": "XC4SyncPortA", "counts_per_mm_y": "-100000",
}  # fmt: skip
TRIGGER = {**planning.TRIGGER, "counted_by": "program", "max_pulses": 100_000}
FIRING = {"step": "10 nm", "speed": "2 mm/s", "max_rate": "10 kHz", "max_shots": 1_000_000, "source": "example value"}
SHOT_SPEED_NM_S = 2_000_000
RECIPES = (*planning.RECIPES[:4], builders.dot_recipe(pulses=planning.PULSES, name="counted"),
           builders.dot_recipe(pulses=1, name="single"))  # fmt: skip
SINGLE = 5
UNIT = 100
"""Ticks of an increment of 10 nm: one encoder count."""


def machine(dialect: str = "aerotech_a3200", settings: dict[str, str] | None = None, **changes: object) -> Machine:
    """A stage whose x and y PSO can follow; `settings` replace or (with an empty text) remove keys."""
    stated = dict(A3200_SETTINGS if dialect == "aerotech_a3200" else AUTOMATION1_SETTINGS)
    for key, text in (settings or {}).items():
        stated[key] = text
        if not text:
            del stated[key]
    controller = {
        "dialect": dialect, "increment": "10 nm", "path_tolerance": "1 um", "source": "example value",
        "settings": stated,
    }  # fmt: skip
    controller |= changes.pop("controller", {})
    return builders.machine(
        dialect, controller=controller, **{"trigger": TRIGGER, "position_firing": FIRING, **changes}
    )


def expected(block: ToolpathBlock, recipes: Sequence[Recipe] = RECIPES) -> list[planning.Exposed]:
    """What a file of these rows must expose, shots and dark feeds included."""
    found = planning.planned(
        replace(block, kind=np.where(block.kind == K.SHOTS, 0, block.kind).astype(np.uint8)), recipes
    )
    shots: list[tuple[int, planning.Exposed]] = []
    seen = 0
    for i in range(len(block)):
        kind, start, end = int(block.kind[i]), tuple(block.start_ticks[i].tolist()), tuple(block.end_ticks[i].tolist())
        if kind == K.SHOTS:
            shots.append((seen, (kind, start, end, SHOT_SPEED_NM_S, 0, int(block.count[i]))))
        seen += kind in (K.SHOTS, K.DOT) or (kind in (K.LINE, K.LEAD) and start != end)
    for place, row in shots:
        found.insert(place, row)
    return [
        (*row[:3], SHOT_SPEED_NM_S, *row[4:]) if row[0] == K.LEAD and not row[3] else row for row in found
    ]  # fmt: skip


def rows(listed: Sequence[tuple[RowKind, tuple[int, int, int], int, int]]) -> ToolpathBlock:
    """Rows from (kind, move in increments, recipe, count)."""
    move = np.array([item[1] for item in listed], np.int64).reshape(-1, 3) * UNIT
    end = np.cumsum(move, axis=0)
    start = end - move
    kind = np.array([int(item[0]) for item in listed], np.uint8)
    recipe = np.where(kind == K.JUMP, 0, [item[2] for item in listed]).astype(np.uint16)
    count = np.array([item[3] for item in listed], np.uint32)
    return ToolpathBlock(0, 0, start, end, kind, count, recipe, np.zeros(len(kind), np.uint16))


Step = tuple[RowKind, tuple[int, int, int], int, int]


@st.composite
def strokes(draw: st.DrawFn) -> list[Step]:
    """Something a stage writes: dots, a run of dots, a line, a polyline, a row of shots, each where it may stand."""
    small, far = st.integers(1, 300), st.integers(-3000, 3000)
    what = draw(st.sampled_from(["jump", "dots", "run", "line", "shots"]))
    place = (draw(far), draw(far), draw(st.integers(-50, 50)))
    if what == "jump":
        return [(K.JUMP, place, 0, 0)]
    if what == "dots":
        recipe = draw(st.sampled_from([2, 3, 4]))
        count = draw(st.integers(1, 500)) if recipe == 4 else 0
        return [(K.DOT, place, recipe, count)]
    if what == "run":
        step = (draw(st.integers(-200, 200)), draw(st.integers(-200, 200)), 0)
        recipe = draw(st.sampled_from([2, 3, 4]))
        count = draw(st.integers(1, 500)) if recipe == 4 else 0
        return [(K.DOT, step, recipe, count)] * draw(st.integers(1, 30))
    axis, sense = draw(st.integers(0, 1)), draw(st.sampled_from([-1, 1]))

    def move(along: int, aside: int) -> tuple[int, int, int]:
        return (sense * along, aside, 0) if axis == 0 else (aside, sense * along, 0)

    jump = [(K.JUMP, place, 0, 0)] if draw(st.booleans()) else []
    if what == "line":
        recipe = draw(st.integers(0, 1))
        pieces = [(K.LINE, move(draw(small), draw(st.integers(-20, 20)) if i else 0), recipe, 0)
                  for i in range(draw(st.integers(1, 4)))]  # fmt: skip
        # A bent polyline must still travel mostly along its axis.
        pieces.append((K.LINE, move(200, 0), recipe, 0))
        lead = [(K.LEAD, move(draw(small), 0), recipe, 0)]
        return [*jump, *lead, *pieces, (K.LEAD, move(draw(small), 0), recipe, 0)]
    pitch, count = draw(st.integers(30, 90)), draw(st.integers(2, 40))
    slant = draw(st.integers(-10, 10))
    return [
        *jump, (K.LEAD, move(draw(small), 0), SINGLE, 0),
        (K.SHOTS, move(pitch * (count - 1), slant * (count - 1)), SINGLE, count),
        (K.LEAD, move(draw(small), 0), SINGLE, 0),
    ]  # fmt: skip


def plans(max_size: int = 12) -> st.SearchStrategy[ToolpathBlock]:
    """Random plans of strokes."""
    return st.lists(strokes(), max_size=max_size).map(lambda parts: rows([step for part in parts for step in part]))
