"""Colours of recipes, distinguishable without full colour vision, and what the legend says of a recipe."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Source: M. Okabe and K. Ito, "Color Universal Design", 2008; yellow is left out, it is too pale for thin lines."""

# Seven steps of the viridis map by S. van der Walt and N. Smith (public domain, CC0), yellow end left out.
_SEQUENCE = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39")

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


@dataclass(frozen=True)
class ColourGroup:
    """Recipes that share a colour.

    Attributes:
        colour: as #rrggbb.
        title: the recipe's label, or the first and last of several.
        details: energy, rate, and speed or exposure.
        draws_lines, draws_dots: what the shown rows do with it.
        dashes: of its lines; None = solid.
        mark: shape put on each of its rows, `x` or `D` (a diamond); empty = none.
        is_hollow: whether its dots are rings.
    """

    colour: str
    title: str
    details: tuple[str, ...]
    draws_lines: bool
    draws_dots: bool
    dashes: tuple[float, float] | None = None
    mark: str = ""
    is_hollow: bool = False


def colour_groups(
    recipes: Sequence[Recipe], uses: NDArray[np.int64]
) -> tuple[tuple[ColourGroup, ...], NDArray[np.intp]]:
    """Colours of the recipes used: one each up to seven, else seven steps along a sequence.

    Args:
        recipes: the whole table; a recipe keeps its colour in every picture of the job.
        uses: int64 (recipes, row kinds), rows shown.

    Returns:
        The groups, and intp (recipes,) the group of each recipe (−1: not used).
    """
    used = [i for i in range(len(recipes)) if uses[i].sum() > 0]
    group_of = np.full(len(recipes), -1, np.intp)
    groups: list[ColourGroup] = []
    steps = len(_SEQUENCE)
    by_colour: dict[str, list[int]] = {}
    for index in used:
        colour = OKABE_ITO[index] if len(recipes) <= len(OKABE_ITO) else _SEQUENCE[index * steps // len(recipes)]
        by_colour.setdefault(colour, []).append(index)
    for colour, members in by_colour.items():
        group_of[members] = len(groups)
        shown = uses[members].sum(axis=0)
        first, last = recipes[members[0]], recipes[members[-1]]
        many = len(members) > 1
        groups.append(
            ColourGroup(
                colour,
                f"{first.label} … {last.label}" if many else first.label,
                _range(recipe_details(first, shown), recipe_details(last, shown))
                if many
                else recipe_details(first, shown),
                bool(shown[RowKind.LINE] + shown[RowKind.SHOTS]),
                bool(shown[RowKind.DOT]),
            )
        )
    return tuple(groups), group_of


def _range(first: tuple[str, ...], last: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(a if a == b else f"{a} … {b}" for a, b in zip(first, last, strict=False))


def recipe_details(recipe: Recipe, shown: NDArray[np.int64]) -> tuple[str, ...]:
    """What the legend says: energy and rate or power, then speed or exposure as far as the shown rows use them."""
    laser = recipe.laser
    if laser.is_cw:
        details = [si(laser.cw_power_uw * 1e-6, "W")]
    else:
        details = [si(laser.pulse_energy_uj * 1e-6, "J"), si(laser.rep_rate_hz, "Hz")]
    if shown[RowKind.LINE] and recipe.speed_nm_s:
        details.append(si(recipe.speed_nm_s * 1e-9, "m/s"))
    if shown[RowKind.DOT] or (shown[RowKind.SHOTS] and recipe.pulses):
        details.append(counted(recipe.pulses, "pulse") if recipe.pulses else si(recipe.exposure_ns * 1e-9, "s"))
    if shown[RowKind.SHOTS] and recipe.pitch_ticks:
        details.append(f"a shot every {si(recipe.pitch_ticks * 1e-10, 'm')}")
    return tuple(details)


def counted(n: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "row"), counted(12_000, "row")
    ('1 row', '12,000 rows')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def si(value: float, unit: str) -> str:
    """A quantity with the prefix that reads best.

    >>> si(0.0004, "m/s"), si(10_000.0, "Hz")
    ('400 µm/s', '10 kHz')
    """
    if value == 0:
        return f"0 {unit}"
    power = min(max(3 * floor(log10(abs(value)) / 3 + 1e-12), -15), 9)
    return f"{value / 10.0**power:.4g} {_PREFIXES[power]}{unit}"


def length(value_um: float) -> str:
    """A length in µm, or mm from 10 mm on.

    >>> length(512.5), length(25_000.0)
    ('512.5 µm', '25 mm')
    """
    return f"{value_um / 1000:,.4g} mm" if abs(value_um) >= 10_000 else f"{value_um:,.5g} µm"


def round_length(at_most_um: float) -> float:
    """The largest of 1, 2, 5 × 10ⁿ µm that is not longer.

    >>> round_length(130.0), round_length(0.7)
    (100.0, 0.5)
    """
    power = 10.0 ** floor(log10(at_most_um))
    return next(step * power for step in (5.0, 2.0, 1.0) if step * power <= at_most_um * (1 + 1e-9))


def duration(seconds: float) -> str:
    """A time in the two largest units that matter.

    >>> duration(10_500.0), duration(0.25)
    ('2 h 55 min', '250 ms')
    """
    if seconds < 60:
        return si(seconds, "s")
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"
