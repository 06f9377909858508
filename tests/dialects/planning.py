"""Random plans, what they must expose, and how to write and read them."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from lasercam.model.exposure import ExposureBlock
from lasercam.model.frame import Frame
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind, ToolpathBlock, ToolpathHeader
from tests.support import builders

TRIGGER = {"output": 3, "width": "20 us", "max_pulses": 1000, "source": "example value"}
PULSES = 7

RECIPES = (
    builders.line_recipe(400.0),
    builders.line_recipe(37.5, name="slow"),
    builders.dot_recipe(1.0),
    builders.dot_recipe(0.25, name="short"),
    builders.dot_recipe(pulses=PULSES, name="counted"),
)
TIMED_RECIPES = RECIPES[:4]

Exposed = tuple[int, tuple[int, ...], tuple[int, ...], int, int, int]


def linuxcnc_machine(**changes: object) -> Machine:
    """With a trigger on output 3."""
    return builders.machine(**{"trigger": TRIGGER, **changes})


def grbl_machine(settings: dict[str, str] | None = None, **changes: str) -> Machine:
    """In laser mode, full power S1000."""
    return builders.machine(
        "grbl",
        controller={
            "dialect": "grbl", "increment": "1 um", "path_tolerance": "1 um", "source": "example value",
            "wait_step": "50 ms",
            "settings": {"30": "1000", "32": "1"} if settings is None else settings, **changes,
        },
    )  # fmt: skip


def xps_machine(settings: dict[str, str] | None = None, **changes: object) -> Machine:
    """A MultipleAxes group XYZ, gate on GPIO3, pulses counted by the trajectory; `controller` merges into its keys."""
    controller = {
        "dialect": "newport_xps", "increment": "1 nm", "path_tolerance": "0.5 um", "source": "example value",
        "settings": {"group": "XYZ", "gate_gpio": "GPIO3.DO", **(settings or {})}, **changes.pop("controller", {}),
    }  # fmt: skip
    trigger = {**TRIGGER, "counted_by": "program"}
    return builders.machine("newport_xps", **{"controller": controller, "trigger": trigger, **changes})


def xps_arc_machine(**changes: object) -> Machine:
    """An XY group beside Z, line-arc trajectories, fired by output pulses and by position."""
    settings = {"group": "XY", "z_group": "Z", "trajectory": "line-arc", "lines": "pulses"}
    firing = {"step": "10 nm", "speed": "1 mm/s", "max_rate": "10 kHz", "max_shots": 10_000, "source": "example value"}
    controller = {
        "dialect": "newport_xps", "increment": "1 nm", "path_tolerance": "0.5 um", "source": "example value",
        "settings": settings,
    }  # fmt: skip
    return builders.machine("newport_xps", **{"controller": controller, "position_firing": firing, **changes})


ACS_SETTINGS = {"x_axis": "0", "y_axis": "1", "z_axis": "4", "pulse_width": "0.001"}
SLOW_TRIGGER = {"output": 3, "width": "20 ms", "max_pulses": 1000, "source": "example value"}


def acs_machine(settings: dict[str, str] | None = None, **changes: object) -> Machine:
    """Axes 0, 1 and 4, outputs of word 0, shots by position."""
    firing = {"step": "10 nm", "speed": "1 mm/s", "max_rate": "10 kHz", "max_shots": 10_000, "source": "example value"}
    controller = {
        "dialect": "acs", "increment": "1 nm", "path_tolerance": "0.5 um", "source": "example value",
        "wait_step": "1 ms",
        "settings": {**ACS_SETTINGS, **(settings or {})}, **changes.pop("controller", {}),
    }  # fmt: skip
    rest = {"trigger": SLOW_TRIGGER, "position_firing": firing, **changes}
    return builders.machine("acs", **{"controller": controller, **rest})


def pi_machine(settings: dict[str, str] | None = None, **changes: object) -> Machine:
    """Axes 1, 2 and 3 in µm, outputs 1 and 3, short macros."""
    controller = {
        "dialect": "pi_gcs", "increment": "1 nm", "path_tolerance": "0.5 um", "source": "example value",
        "wait_step": "1 ms",
        "settings": {"x_axis": "1", "y_axis": "2", "z_axis": "3", "unit": "um", "max_macro_lines": "30",
                     **(settings or {})}, **changes.pop("controller", {}),
    }  # fmt: skip
    gate = {"min_open": "2 ms", "overhead": "3 ms", "output": 1, "source": "example value"}
    return builders.machine("pi_gcs", **{"controller": controller, "gate": gate, "trigger": SLOW_TRIGGER, **changes})


def set_by_program(machine: Machine) -> Machine:
    """The same machine whose program is to set the pulse energy by an analogue output."""
    scale = {
        "law": "linear",
        "unit": "V",
        "low": 0,
        "high": 10,
        "full_at": 10,
        "full": "200 uJ",
        "source": "example value",
    }
    energy = {"control": "analog", "output": 0, "min": "0.1 uJ", "max": "200 uJ", "scale": scale}
    laser = {
        "wavelength": "1030 nm", "pulse_duration": "300 fs", "base_rate": "100 kHz", "max_divider": 100,
        "pulse_energy": energy, "source": "example value",
    }  # fmt: skip
    return machine.model_copy(update={"laser": builders.machine(laser=laser).laser})


def header_for(recipes: Sequence[Recipe], blocks: Sequence[ToolpathBlock], machine: Machine) -> ToolpathHeader:
    """A header whose frame has the machine's increment."""
    header = builders.header(recipes, [b for b in blocks if len(b)])
    frame = Frame((0, 0, 0), 1 / 1.5, round(machine.controller.increment * 10_000))
    return replace(header, sections=tuple(replace(s, frame=frame) for s in header.sections))


def program_for(
    recipes: Sequence[Recipe], blocks: Sequence[ToolpathBlock], machine: Machine, title: tuple[str, ...] = ()
) -> ProgramHeader:
    """The one file of section 0."""
    return ProgramHeader(header_for(recipes, blocks, machine), 0, machine, title)


def plan(steps: Iterable[tuple[int, tuple[int, int, int], int, bool]], unit: int, *, counted: bool) -> ToolpathBlock:
    """Rows from (kind, move in increments, dot recipe, slow): moves are relative, recipes fit the kind."""
    place = np.zeros(3, np.int64)
    ends, kinds, recipes, counts = [], [], [], []
    for kind, move, dot, slow in steps:
        if kind == RowKind.LINE and not any(move):
            move = (1, 0, 0)
        place = place + np.array(move) * unit
        ends.append(place)
        kinds.append(kind)
        recipe = 2 + dot % (3 if counted else 2) if kind == RowKind.DOT else int(slow)
        recipes.append(0 if kind == RowKind.JUMP else recipe)
        counts.append(PULSES if kind == RowKind.DOT and recipe == 4 else 0)
    end = np.array(ends, np.int64).reshape(-1, 3)
    start = np.vstack((np.zeros((1, 3), np.int64), end[:-1])) if len(end) else end
    return ToolpathBlock(
        0, 0, np.ascontiguousarray(start), end, np.array(kinds, np.uint8), np.array(counts, np.uint32),
        np.array(recipes, np.uint16), np.zeros(len(end), np.uint16),
    )  # fmt: skip


def plans(unit: int, *, counted: bool, max_size: int = 30) -> st.SearchStrategy[ToolpathBlock]:
    """Random plans on a grid of `unit` ticks."""
    axis = st.one_of(st.just(0), st.integers(-20_000, 20_000))
    kinds = st.sampled_from([int(k) for k in (RowKind.JUMP, RowKind.LINE, RowKind.LINE, RowKind.DOT, RowKind.LEAD)])
    step = st.tuples(kinds, st.tuples(axis, axis, axis), st.integers(0, 2), st.booleans())
    return st.lists(step, max_size=max_size).map(lambda steps: plan(steps, unit, counted=counted))


def run_plans(
    unit: int, *, dots: bool, shots: bool = False, in_plane: bool = False
) -> st.SearchStrategy[ToolpathBlock]:
    """Random plans of jumps, dots and runs of collinear lines with leads, for controllers that run trajectories."""
    axis = st.integers(-2_000, 2_000)
    vector = st.tuples(axis, axis, st.just(0) if in_plane else axis).filter(any)
    times = st.integers(1, 7)
    run = st.tuples(
        st.just("run"), vector, st.lists(st.tuples(times, st.booleans()), min_size=1, max_size=4), st.booleans()
    )
    kinds = [st.tuples(st.just("jump"), vector), run]
    if dots:
        kinds.append(st.tuples(st.just("dot"), st.one_of(vector, st.just((0, 0, 0))), st.integers(2, 4)))
    if shots:
        kinds.append(st.tuples(st.just("shots"), vector, st.integers(2, 40)))
    return st.lists(st.one_of(kinds), max_size=12).map(lambda items: _rows_of(items, unit))


def _rows_of(items: Iterable[tuple], unit: int) -> ToolpathBlock:
    place = np.zeros(3, np.int64)
    found: list[tuple[np.ndarray, RowKind, int, int]] = []

    def add(step: np.ndarray, kind: RowKind, recipe: int = 0, count: int = 0) -> None:
        nonlocal place
        place = place + step * unit
        found.append((place, kind, recipe, count))

    for what, step, *more in items:
        move = np.array(step)
        if what == "jump":
            add(move, RowKind.JUMP)
        elif what == "dot":
            add(move, RowKind.DOT, more[0], PULSES if more[0] == 4 else 0)
        elif what == "shots":
            for k, kind in ((9, RowKind.LEAD), (more[0] - 1, RowKind.SHOTS), (9, RowKind.LEAD)):
                add(k * move, kind, 0, more[0] if kind is RowKind.SHOTS else 0)
        else:
            slow = int(more[1])
            add(9 * move, RowKind.LEAD, slow)
            for k, is_line in [(1, True), *more[0]]:
                add(k * move, RowKind.LINE if is_line else RowKind.LEAD, slow)
            add(9 * move, RowKind.LEAD, slow)
    end = np.array([f[0] for f in found], np.int64).reshape(-1, 3)
    start = np.vstack((np.zeros((1, 3), np.int64), end[:-1])) if len(end) else end
    return ToolpathBlock(
        0, 0, np.ascontiguousarray(start), end, np.array([f[1] for f in found], np.uint8),
        np.array([f[3] for f in found], np.uint32), np.array([f[2] for f in found], np.uint16),
        np.zeros(len(end), np.uint16),
    )  # fmt: skip


def cut(block: ToolpathBlock, places: Iterable[int]) -> list[ToolpathBlock]:
    """The same rows in several blocks."""
    bounds = [0, *sorted({p for p in places if 0 < p < len(block)}), len(block)]
    return [
        ToolpathBlock(0, a, *(np.ascontiguousarray(column[a:b]) for column in block.arrays))
        for a, b in pairwise(bounds)
    ]


def planned(block: ToolpathBlock, recipes: Sequence[Recipe]) -> list[Exposed]:
    """What a file of these rows must expose, with the dark feeds around it."""
    found: list[Exposed] = []
    for i in range(len(block)):
        kind = RowKind(int(block.kind[i]))
        start, end = tuple(block.start_ticks[i].tolist()), tuple(block.end_ticks[i].tolist())
        recipe, count = recipes[int(block.recipe[i])], int(block.count[i])
        if kind is RowKind.DOT:
            found.append((int(kind), end, end, 0, 0 if count else recipe.exposure_ns, count))
        elif kind in (RowKind.LINE, RowKind.LEAD, RowKind.SHOTS) and start != end:
            found.append((int(kind), start, end, recipe.speed_nm_s, 0, count))
    return found


def exposed(blocks: Iterable[ExposureBlock]) -> list[Exposed]:
    """What a reader found, without line numbers."""
    return [
        (int(b.kind[i]), tuple(b.start_ticks[i].tolist()), tuple(b.end_ticks[i].tolist()), int(b.speed_nm_s[i]),
         int(b.open_ns[i]), int(b.count[i]))
        for b in blocks
        for i in range(len(b))
    ]  # fmt: skip


def encode(encoder: object, blocks: Iterable[ToolpathBlock]) -> bytes:
    """The whole file."""
    return encoder.begin() + b"".join(encoder.block(b) for b in blocks) + encoder.end()


def reread(module: object, data: bytes, machine: Machine, *, use_compiled: bool = False) -> list[Exposed]:
    """What a reader module finds in a file."""
    return exposed(module.read(io.BytesIO(data), machine, use_compiled=use_compiled))
