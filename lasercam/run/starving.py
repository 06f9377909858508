"""What a lost link leaves burning beyond the limit of the profile, in words: told before anything starts."""

from collections.abc import Iterable, Sequence
from typing import Final

from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import NS_PER_S, ToolpathBlock
from lasercam.run.remaining import longest_stroke

STROKE_LINES: Final = 7
"""Lines of a stroke that a receive buffer of 127 bytes holds, at some 17 bytes a line."""


def long_dots(name: str, recipes: Sequence[Recipe], machine: Machine) -> str:
    """About dots that last longer than the limit; empty where there are none."""
    longest_s = max((recipe.exposure_ns / NS_PER_S for recipe in recipes), default=0.0)
    most_s = machine.controller.max_ahead
    if longest_s <= most_s:
        return ""
    return (
        f"'{name}' has dots of {longest_s:g} s: if the link is lost within one, the beam stays on for the rest of it, "
        f"longer than max_ahead ({most_s:g} s)"
    )


def lit_strokes(name: str, blocks: Iterable[ToolpathBlock], machine: Machine) -> str:
    """The question about strokes under M3 that do not fit the buffer; empty where M4 darkens them."""
    if not machine.laser.is_set_by_program or longest_stroke(blocks) <= STROKE_LINES:
        return ""
    return (
        f"'{name}' sets the energy by S, under M3, and has strokes longer than the controller's buffer: if the link is "
        "lost within one, the beam stays on at standstill until the interlock closes it. Does the interlock see a "
        "stage that stands, or is somebody there?"
    )
