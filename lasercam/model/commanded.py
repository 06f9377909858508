"""What a job file commands to make a row happen: kinds, speeds, open times and waits, the gate's delays included.

Encoders print these, and verification expects them; the rows themselves say what the sample gets.
"""

import numpy as np
from numpy.typing import NDArray

from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe, RecipeTable
from lasercam.model.toolpath import NM_PER_UM, NS_PER_S, RowKind

_COMMANDED = np.array([0, 1, 2, 3, 4, RowKind.LINE, RowKind.LEAD], np.uint8)


def commanded_kind(kind: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Kinds as a job file shows them: a gate that opens is commanded open, one that closes is commanded closed."""
    return kind if int(kind.max(initial=0)) <= RowKind.LEAD else _COMMANDED[kind]


def joined_within_um(machine: Machine) -> float:
    """How far a controller that joins straight pieces may leave them; 0 = every row stays a piece of its own.

    Rows in which a slow gate moves lie in one line with what they were cut from, but for rounding, and last no longer
    than the gate's delay: alone they would be too short to be planned at their speed. Nothing else is joined. Chords of
    a curve that are joined leave the curve, turn away from its run-up, and what the corners then leave of the piece
    that opens the gate is passed near standstill (measured on LinuxCNC: 12 times the dose).
    """
    gate, controller = machine.gate, machine.controller
    if gate.open_delay == 0.0 and gate.close_delay == 0.0:
        return 0.0
    return controller.increment if 2.0 * controller.increment <= controller.path_tolerance else 0.0


def feed_speeds_nm_s(recipes: RecipeTable, machine: Machine) -> NDArray[np.int64]:
    """int64 (R,), speed of the rows that feed: the recipe's, else that at which the machine fires by position."""
    firing = machine.position_firing
    sweep = round(firing.speed * NM_PER_UM) if firing is not None else 0
    return np.array([r.speed_nm_s or (sweep if r.pulses or r.pitch_ticks else 0) for r in recipes.recipes], np.int64)


def open_times_ns(recipes: RecipeTable, machine: Machine) -> NDArray[np.int64]:
    """int64 (R,), from the command to open to the command to close, so that timed dots get their exposure; else 0.

    The beam is through `open_delay` after the one and blocked `close_delay` after the other.
    """
    return np.array([open_time_ns(r, machine) for r in recipes.recipes], np.int64)


def open_time_ns(recipe: Recipe, machine: Machine) -> int:
    """The same for one recipe; not above 0 where the gate is too slow for the exposure."""
    delay = round((machine.gate.open_delay - machine.gate.close_delay) * NS_PER_S)
    return recipe.exposure_ns + delay if recipe.exposure_ns else 0


def closing_wait_ns(machine: Machine) -> int:
    """How long a job file waits in the dark behind a timed dot until the gate has closed, ns; 0 = not at all.

    Not less than `close_delay`, in whole steps of the controller's waits: longer is dark time, never less.
    Dots of counted pulses need none: the picker ends them, not the gate.
    """
    step_ns = max(1, round(machine.controller.wait_step * NS_PER_S))
    return -(-round(machine.gate.close_delay * NS_PER_S) // step_ns) * step_ns
