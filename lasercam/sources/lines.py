"""Parallel lines: test gratings, diffraction gratings, stacks of them."""

from collections.abc import Iterator
from math import floor
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from lasercam.errors import InputError, Problem
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.quantities import PositiveLength

MAX_LINES = 10_000_000_000
"""Lines or dashes of one pattern: at a thousand per second, four months of writing."""
MAX_VARIANTS = 65_536
"""Members of a recipe family."""
MIN_DASH_UM = 1e-4
"""A tick of the toolpath: a last dash shorter than this is a rounding error of the lengths."""

Count = Annotated[int, Field(ge=1, le=MAX_LINES)]


class LineKeys(Placement):
    """Keys of parallel lines; they run along x, `rotate` turns them."""

    type: Literal["lines"]
    length: PositiveLength
    """Of each line."""
    count: Count
    """Lines of one layer, stacked along y."""
    pitch: PositiveLength | None = None
    """Distance from line to line; needed for more than one."""
    layers: Count = 1
    """Copies on top of each other."""
    layer_pitch: PositiveLength | None = None
    """Distance from layer to layer; needed for more than one."""
    dash: tuple[PositiveLength, PositiveLength] | None = None
    """Written length and gap, again and again from the start of the line; the last dash ends with the line."""
    vary: Literal["none", "line", "layer"] = "none"
    """Which index picks the member of a recipe family: lines count from the lowest, layers from the shallowest."""

    @model_validator(mode="after")
    def _pitches_where_needed(self) -> "LineKeys":
        for n, what, pitch, key in (
            (self.count, "lines", self.pitch, "pitch"),
            (self.layers, "layers", self.layer_pitch, "layer_pitch"),
        ):
            if n > 1 and pitch is None:
                raise ValueError(f"{n:,} {what} need the key '{key}', the distance from one to the next")
            if n == 1 and pitch is not None:
                raise ValueError(f"'{key}' means nothing for a single one of {what}; leave it out")
        return self


class Lines:
    """Straight lines or rows of dashes; parts `odd` (first, third, … line) and `even`."""

    Keys: ClassVar[type[Placement]] = LineKeys
    summary: ClassVar[str] = "parallel lines and gratings, in layers, whole or dashed"

    def __init__(self, keys: LineKeys, context: SourceContext) -> None:
        self._keys = keys
        self._dashes = 1
        self._refuse_impossible(context)
        if keys.dash is not None:
            self._dashes = _whole_dashes(keys.length, *keys.dash)
            self._refuse_impossible(context)
        atoms = ("odd", "even") if keys.count > 1 else ("odd",)
        self._parts = named_parts(atoms, lines=atoms)

    @property
    def parts(self) -> Parts:
        """`odd`, `even` (when there are two lines or more), and `lines` for both."""
        return self._parts

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Neighbouring lines of one layer, from the lowest up, at most `max_rows`; deepest layer first."""
        per_layer = self._keys.count * self._dashes
        for layer in range(self._keys.layers - 1, -1, -1):
            for first in range(0, per_layer, max_rows):
                yield self._tile(layer, first, min(first + max_rows, per_layer))

    def area(self) -> None:
        """Lines cover no area."""
        return

    def _tile(self, layer: int, first: int, stop: int) -> FeatureBlock:
        """Dashes `first` to `stop - 1` of a layer, counted line by line."""
        keys = self._keys
        line, dash = np.divmod(np.arange(first, stop), self._dashes)
        written, gap = keys.dash or (keys.length, 0.0)
        n = stop - first
        xyz = np.empty((n, 2, 3))
        xyz[:, 0, 0] = dash * (written + gap)
        xyz[:, 1, 0] = np.minimum(xyz[:, 0, 0] + written, keys.length)
        xyz[:, :, 1] = (line * (keys.pitch or 0.0))[:, None]
        xyz[:, :, 2] = layer * (keys.layer_pitch or 0.0)
        part = (line % 2).astype(np.uint16)
        varied = {"none": np.zeros_like(line), "line": line, "layer": np.full_like(line, layer)}[keys.vary]
        return FeatureBlock(
            xyz.reshape(-1, 3), np.arange(0, 2 * n + 1, 2, dtype=np.int64), part, varied.astype(np.uint16)
        )

    def _refuse_impossible(self, context: SourceContext) -> None:
        keys = self._keys
        total = keys.count * self._dashes * keys.layers
        if total > MAX_LINES:
            raise InputError(
                Problem(
                    f"{keys.count:,} lines × {self._dashes:,} dashes × {keys.layers:,} layers are {total:.3g};"
                    f" at most {MAX_LINES:,} are allowed",
                    context.locate("count"),
                    "Split the pattern into several jobs.",
                )
            )
        for reach, key in (
            (keys.length, "length"),
            (keys.count * (keys.pitch or 0.0), "pitch"),
            (keys.layers * (keys.layer_pitch or 0.0), "layer_pitch"),
        ):
            if reach > MAX_COORDINATE_UM:
                raise InputError(
                    Problem(
                        f"the lines reach {reach:.3g} µm; at most {MAX_COORDINATE_UM:g} µm are allowed",
                        context.locate(key),
                        "Check the unit.",
                    )
                )
        shortest = min((keys.length, *(keys.dash or ())))
        if shortest < MIN_DASH_UM:
            raise InputError(
                Problem(
                    f"a line, dash or gap of {shortest:.3g} µm is too short; at least {MIN_DASH_UM:g} µm are written",
                    context.locate("dash" if keys.dash and keys.length > shortest else "length"),
                    "Check the unit.",
                )
            )
        varied = {"none": 1, "line": keys.count, "layer": keys.layers}[keys.vary]
        if varied > MAX_VARIANTS:
            raise InputError(
                Problem(
                    f"vary: {keys.vary} asks for {varied:,} members of a recipe family; at most {MAX_VARIANTS:,} exist",
                    context.locate("vary"),
                )
            )


def _whole_dashes(length_um: float, written_um: float, gap_um: float) -> int:
    """Dashes of a line, the last one perhaps shorter; a remainder below a tick is none.

    >>> _whole_dashes(100.0, 30.0, 10.0), _whole_dashes(80.0, 30.0, 10.0), _whole_dashes(5.0, 30.0, 10.0)
    (3, 2, 1)
    """
    period = written_um + gap_um
    whole = floor(length_um / period)
    return max(1, whole + (length_um - whole * period >= MIN_DASH_UM))
