"""Small machines, recipes and toolpaths for tests, built from code."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from lasercam.model.frame import Frame
from lasercam.model.machine import Machine
from lasercam.model.recipe import LaserSettings, PassKind, Recipe, RecipeTable
from lasercam.model.toolpath import PartInfo, RowKind, Section, Toolpath, ToolpathBlock, ToolpathHeader

LASER = LaserSettings(wavelength_nm=1030.0, pulse_duration_fs=300.0, rep_rate_hz=10_000.0, pulse_energy_uj=50.0)


def machine(dialect: str = "linuxcnc", **changes: object) -> Machine:
    """A machine of 100 x 100 x 20 mm; `changes` replace top-level keys."""
    axis = {"min": "-50 mm", "max": "50 mm", "max_speed": "20 mm/s", "acceleration": "100 mm/s^2"}
    data: dict[str, object] = {
        "machine": f"test-{dialect}",
        "title": "a test machine",
        "axes": {"x": axis, "y": axis, "z": {**axis, "min": "-10 mm", "max": "10 mm"}},
        "laser": {
            "wavelength": "1030 nm",
            "pulse_duration": "300 fs",
            "base_rate": "100 kHz",
            "max_divider": 100,
            "pulse_energy": {"min": "0.1 uJ", "max": "200 uJ"},
            "source": "example value",
        },
        "gate": {"min_open": "2 ms", "overhead": "3 ms", "source": "example value"},
        "objective": {"name": "test", "na": 0.4, "working_distance": "10 mm", "source": "example value"},
        "controller": {
            "dialect": dialect,
            "increment": "1 nm" if dialect != "grbl" else "1 um",
            "path_tolerance": "0.5 um",
            "wait_step": "50 ms" if dialect == "grbl" else "0 s",
            "source": "example value",
        },
        "source": "example value",
        **changes,
    }
    return Machine.model_validate(data)


def line_recipe(speed_um_s: float = 400.0, **changes: object) -> Recipe:
    """A recipe for lines."""
    return replace(Recipe("lines", 0, "glass_bri_lines", LASER, speed_nm_s=round(speed_um_s * 1000)), **changes)


def dot_recipe(exposure_s: float = 1.0, pulses: int = 0, **changes: object) -> Recipe:
    """A recipe for dots."""
    exposure_ns = 0 if pulses else round(exposure_s * 1e9)
    return replace(Recipe("dots", 0, "glass_bri_dots", LASER, exposure_ns=exposure_ns, pulses=pulses), **changes)


def rows(
    listed: Iterable[tuple[RowKind, Sequence[float]] | tuple[RowKind, Sequence[float], int]],
    *,
    start_um: Sequence[float] = (0.0, 0.0, 0.0),
    section: int = 0,
    first_row: int = 0,
    recipe: int = 0,
    count: int = 0,
) -> ToolpathBlock:
    """A block from (kind, end in µm[, recipe]); every row starts where the one before ended. z is controller z."""
    items = [(*item, recipe) if len(item) == 2 else item for item in listed]
    ends = np.rint(np.array([item[1] for item in items], float).reshape(-1, 3) * 10_000).astype(np.int64)
    first = np.rint(np.array(start_um, float) * 10_000).astype(np.int64)
    starts = np.vstack((first[None, :], ends[:-1])) if len(ends) else np.zeros((0, 3), np.int64)
    kind = np.array([int(item[0]) for item in items], np.uint8)
    counts = np.where((kind == RowKind.DOT) | (kind == RowKind.SHOTS), count, 0).astype(np.uint32)
    recipes = np.where(kind == RowKind.JUMP, 0, np.array([item[2] for item in items], np.int64)).astype(np.uint16)
    return ToolpathBlock(
        section, first_row, np.ascontiguousarray(starts), ends, kind, counts, recipes, np.zeros(len(items), np.uint16)
    )


def header(
    recipes: Sequence[Recipe], blocks: Sequence[ToolpathBlock], *, pass_kinds: Sequence[PassKind] = (PassKind.WRITE,)
) -> ToolpathHeader:
    """A header for blocks of one section per pass kind."""
    table = RecipeTable(tuple(recipes), {r.name: i for i, r in enumerate(recipes)}, {r.name: 1 for r in recipes})
    sections = []
    for index, kind in enumerate(pass_kinds):
        mine = [b for b in blocks if b.section == index]
        points = np.vstack([p for b in mine for p in (b.start_ticks, b.end_ticks)] or [np.zeros((1, 3), np.int64)])
        sections.append(
            Section(
                index, index, f"step {index}", kind, None if kind is PassKind.WRITE else ("*",), LASER,
                Frame((0, 0, 0), 1 / 1.5, 10),
                first_row=mine[0].first_row if mine else 0,
                n_rows=sum(map(len, mine)),
                n_exposures=int(sum(b.exposes.sum() for b in mine)),
                low_ticks=tuple(int(v) for v in points.min(axis=0)),
                high_ticks=tuple(int(v) for v in points.max(axis=0)),
                duration_s=1.0,
            )
        )  # fmt: skip
    digest = hashlib.sha256(b"".join(a.tobytes() for b in blocks for a in b.arrays)).hexdigest()
    return ToolpathHeader(
        "test-job",
        tuple(sections),
        table,
        (PartInfo("pattern.part", 1),),
        {"job": "0" * 64},
        digest,
        sum(map(len, blocks)),
    )


def toolpath(recipes: Sequence[Recipe], blocks: Sequence[ToolpathBlock], **options: object) -> Toolpath:
    """A toolpath over ready blocks."""
    ready = list(blocks)
    return Toolpath(header(recipes, ready, **options), lambda: iter(ready))
