"""Simulated views of one code, drawn as small as they can be read, and decoded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lasercam.model.process_window import Process
from lasercam.model.toolpath import Toolpath
from lasercam.preview.emission import Simulation, StepRows, recipe_effects, simulate_emission
from lasercam.preview.exposed_rows import ExposedRows
from lasercam.preview.views import BLACK_LEVEL, View, percent, render_view
from lasercam.readback.qr import read_qr

PX_PER_MODULE = 6
"""A camera with fewer than three pixels per module reads nothing, with four it does; a rotated code needs more."""
_ANY_COLOUR = ("grey", "brightest")


@dataclass(frozen=True, eq=False)
class RegionRows:
    """Exposures in the picture of a code.

    Attributes:
        rows: in the sample's frame.
        part: uint16 (N,), index of the part of each.
    """

    rows: ExposedRows
    part: NDArray[np.uint16]


@dataclass(frozen=True)
class LookedAt:
    """What a reader finds in one view after one step.

    Attributes:
        step: its name.
        view: `uv+lp645`.
        plane: the colour in which it reads; empty where it does not.
        reads_longer: it reads with an exposure set for this picture alone.
        brightest: brightest pixel as a share of full scale.
    """

    step: str
    view: str
    plane: str
    reads_longer: bool
    brightest: float

    @property
    def reads(self) -> bool:
        """Whether the text was found."""
        return bool(self.plane)

    @property
    def title(self) -> str:
        """The view in words, with what must be known about it."""
        if self.plane and self.plane not in _ANY_COLOUR:
            return f"{self.view} (its {self.plane} only)"
        if not self.plane and self.reads_longer:
            faint = f"brightest pixel {percent(self.brightest)} of full scale"
            return f"{self.view} ({faint}, black below {percent(BLACK_LEVEL)} is assumed: exposed longer it reads)"
        return self.view


@dataclass(frozen=True, eq=False)
class Drawn:
    """A part of the sample as cameras see it.

    Attributes:
        simulation: after every step.
        views: pictures after every step, by view.
    """

    simulation: Simulation
    views: Mapping[str, tuple[View, ...]]


def draw(
    toolpath: Toolpath,
    processes: Mapping[str, Process],
    width_um: NDArray[np.float64],
    rows: Mapping[int, Sequence[RegionRows]],
    box_um: tuple[tuple[float, float], tuple[float, float]],
    module_um: float,
    views: Sequence[str],
) -> Drawn:
    """Every view after every step, as coarse as a code can be read.

    Args:
        toolpath: whose recipes and steps are meant.
        processes: windows by id.
        width_um: float64 (recipes,), written widths, µm.
        rows: exposures in the picture, by step of the job.
        box_um: lower-left and upper-right corner of the picture.
        module_um: edge of a module, µm.
        views: names of the views.
    """
    names = dict.fromkeys((section.step, section.step_name) for section in toolpath.header.sections)
    steps = [StepRows(name, partial(_joined, rows.get(step, ()))) for step, name in names]
    effects = recipe_effects(toolpath, processes, width_um.tolist())
    simulation = simulate_emission(steps, effects, pixel_um=module_um / PX_PER_MODULE, box_um=box_um)
    return Drawn(simulation, {name: render_view(simulation, name) for name in views})


def read(drawn: Drawn, payload: bytes) -> tuple[LookedAt, ...]:
    """Every view after every step, decoded."""
    return tuple(
        _looked_at(drawn.simulation, number, name, pictures[number], payload)
        for number in range(len(drawn.simulation.states))
        for name, pictures in drawn.views.items()
    )


def _joined(pieces: Sequence[RegionRows]) -> Iterator[ExposedRows]:
    """All rows at once, since drawing many strokes together is faster."""
    if pieces:
        rows = [piece.rows for piece in pieces]
        yield ExposedRows(
            np.concatenate([r.start_um for r in rows]),
            np.concatenate([r.end_um for r in rows]),
            np.concatenate([r.kind for r in rows]),
            np.concatenate([r.count for r in rows]),
            np.concatenate([r.recipe for r in rows]),
        )


def _looked_at(simulation: Simulation, number: int, name: str, view: View, payload: bytes) -> LookedAt:
    plane = _plane(view, payload)
    reads_longer = False
    if not plane and name != "daylight" and 0.0 < view.brightest < 1.0:
        alone = replace(simulation, states=(simulation.states[number],))
        reads_longer = bool(_plane(render_view(alone, name)[0], payload))
    return LookedAt(view.step, name, plane, reads_longer, view.brightest)


def _plane(view: View, payload: bytes) -> str:
    """The colour in which a reader finds the code; empty when it does not."""
    found = next((one for one in read_qr(view.rgb, [payload]) if one.payload == payload), None)
    return found.rung.plane if found else ""
