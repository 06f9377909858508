"""The colours in which written features glow after each step, as tables that a page looks up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.model.confidence import worst
from lasercam.preview.view_names import read_view
from lasercam.preview.views import BLACK_LEVEL
from lasercam.process.campaign import FeatureState, Stage
from lasercam.process.colour import Filter, SpectralLine, encode_srgb, linear_srgb, transmitted_share

DARK = "#2a2a2a"
"""What does not glow is still drawn, barely, so that it can be pointed at."""
NOT_KNOWN = "#7d7d7d"

_INVISIBLE = 1e-6


@dataclass(frozen=True)
class Pair:
    """Everything that one recipe wrote in one part.

    Attributes:
        part, recipe: indices into the header's parts and recipes.
        part_name, recipe_label: as stages call them.
    """

    part: int
    recipe: int
    part_name: str
    recipe_label: str


def glow_tables(stages: Sequence[Stage], pairs: Sequence[Pair], views: Sequence[str]) -> list[dict[str, Any]]:
    """Per view, the looks there are, and which of them each pair has after each step.

    Brightness is linear and the same for all steps of a view: full scale is the brightest feature of all, what is
    below BLACK_LEVEL of it is dark. A feature whose radiance no source states is as bright as one of radiance 1.

    Args:
        stages: the sample after every step.
        pairs: what the job writes.
        views: `uv`, `uv+lp645` and the like.

    Returns:
        `name`, `title`, `looks` (`colour`, `says`) and `after`: for each step the index of the look of each pair, −1
        where nothing is there yet.
    """
    states = [_by_pair(stage, pairs) for stage in stages]
    return [_table(states, view) for view in views]


def _by_pair(stage: Stage, pairs: Sequence[Pair]) -> list[FeatureState | None]:
    own = {(f.part, f.recipe): f for f in stage.features}
    # A further pass keeps the name of the recipe that wrote first.
    of_part = {f.part: f for f in stage.features}
    return [own.get((p.part_name, p.recipe_label), of_part.get(p.part_name)) for p in pairs]


def _table(states: Sequence[Sequence[FeatureState | None]], view: str) -> dict[str, Any]:
    viewing = read_view(view)
    through = viewing.through
    kinds = {state: _light(state, through) for row in states for state in row if state is not None and state.lines}
    full = max((float(light.max()) for light in kinds.values()), default=0.0)
    looks: dict[tuple[str, str], int] = {}
    after = []
    for row in states:
        indices = []
        for state in row:
            if state is None:
                indices.append(-1)
            else:
                look = _colour(state, kinds, full), says(state)
                indices.append(looks.setdefault(look, len(looks)))
        after.append(indices)
    listed = [{"colour": colour, "says": words} for colour, words in looks]
    return {"name": view, "title": viewing.title, "looks": listed, "after": after}


def _light(state: FeatureState, through: Filter) -> NDArray[np.float64]:
    """Linear sRGB (3,) of a feature, before exposure; a camera equally sensitive to all wavelengths."""
    light = np.zeros(3)
    for line in state.lines:
        spectrum = SpectralLine(line.peak_nm, line.fwhm_nm)
        hue = linear_srgb(spectrum, through)
        if hue.max() < _INVISIBLE:
            hue = linear_srgb(spectrum)
        if hue.max() < _INVISIBLE:
            hue = np.ones(3)
        radiance = 1.0 if line.radiance is None else line.radiance
        light += radiance * transmitted_share(spectrum, through) * hue / hue.max()
    return light


def _colour(state: FeatureState, kinds: Mapping[FeatureState, NDArray[np.float64]], full: float) -> str:
    if state.condition in ("unknown", "undefined", "written") or (state.condition == "emitting" and not state.lines):
        return NOT_KNOWN
    if not state.lines or full <= 0.0:
        return DARK
    shown = (kinds[state] / full - BLACK_LEVEL) / (1.0 - BLACK_LEVEL)
    red, green, blue = encode_srgb(np.maximum(shown, 0.0)[None, :])[0].tolist()
    return DARK if max(red, green, blue) < 0x2A else f"#{red:02x}{green:02x}{blue:02x}"


def says(state: FeatureState) -> str:
    """A state in words: `emitting 514 and 613 nm (stated)`."""
    told = list(_told(state))
    return "; ".join(told)


def _told(state: FeatureState) -> Iterator[str]:
    if state.lines:
        peaks = " and ".join(f"{line.peak_nm:g}" for line in state.lines)
        yield f"{state.condition} {peaks} nm ({worst(line.confidence for line in state.lines).value})"
        if any(line.radiance is None for line in state.lines):
            yield "brightness not stated"
    else:
        yield state.condition
        yield from state.notes[:1]
