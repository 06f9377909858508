"""Marks to find a sample again, to measure how well, and to read lengths from."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lasercam.errors import InputError, Problem
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, tiles
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.quantities import Depth, PositiveLength
from lasercam.sources.segment_digits import digit_strokes, text_width
from lasercam.sources.strokes import Strokes

MIN_SIZE_UM = 1e-2
"""A hundred ticks of the toolpath: smaller marks are slips of the unit."""
LONG, MEDIUM, SHORT = 1.0, 0.75, 0.5
"""Lengths of scale strokes at tens, fives and ones, in `size`."""

_CORNERS = ("lower_left", "lower_right", "upper_right", "upper_left")
_NEEDS = {
    "cross": ("size",),
    "l_corner": ("size", "span"),
    "fiducials": ("size", "span"),
    "vernier": ("size", "divisions", "pitch"),
    "ruler": ("size", "divisions", "pitch"),
}
_READS = {
    "cross": ("gap", "strokes", "stroke_pitch"),
    "l_corner": ("strokes", "stroke_pitch"),
    "fiducials": ("gap", "strokes", "stroke_pitch", "count"),
    "vernier": ("vernier_pitch",),
    "ruler": ("numbers",),
}


class MarkKeys(Placement):
    """Keys of marks."""

    type: Literal["marks"]
    shape: Literal["cross", "vernier", "l_corner", "fiducials", "ruler"]
    """`cross`: four arms; `l_corner`: an L in each corner of a rectangle; `fiducials`: crosses in the corners of a
    rectangle, told apart by one to four short strokes; `vernier`: two scales of slightly different pitch, one to be
    written before and one after a remount; `ruler`: a scale."""
    size: PositiveLength
    """Width of a cross or fiducial, length of an arm of an L, length of the longest strokes of a scale."""
    span: tuple[PositiveLength, PositiveLength] | None = None
    """Of `l_corner`: the rectangle's width and height; of `fiducials`: from centre to centre along x and y."""
    count: Annotated[int, Field(ge=3, le=4)] | None = None
    """Number of fiducials, absent: 4. Three leave the upper right corner free, so that no turn of the sample looks
    like another."""
    gap: Depth | None = None
    """Free space around the centre of a cross, so that no place is written twice; absent: a fifth of `size`."""
    strokes: Annotated[int, Field(ge=1, le=100)] | None = None
    """Parallel lines of each arm, absent: 1."""
    stroke_pitch: PositiveLength | None = None
    """Distance of parallel lines."""
    divisions: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Intervals of a ruler, or of a vernier to each side of its middle."""
    pitch: PositiveLength | None = None
    """Distance from stroke to stroke of a scale."""
    vernier_pitch: PositiveLength | None = None
    """Distance of the strokes of a vernier's second scale, absent: nine tenths of `pitch`. The two differ by what
    one stroke stands for."""
    numbers: bool = False
    """Write the number of every tenth stroke of a ruler beside it."""
    dot_pitch: PositiveLength | None = None
    """Write strokes as rows of dots, about this far apart, instead of lines."""

    @model_validator(mode="after")
    def _keys_fit_the_shape(self) -> "MarkKeys":
        for key in _NEEDS[self.shape]:
            if getattr(self, key) is None:
                raise ValueError(f"shape: {self.shape} needs the key '{key}'")
        allowed = {*_NEEDS[self.shape], *_READS[self.shape]}
        for key in {k for keys in (*_NEEDS.values(), *_READS.values()) for k in keys} - allowed:
            if getattr(self, key) not in (None, False):
                raise ValueError(f"'{key}' means nothing with shape: {self.shape}")
        if (self.strokes or 1) > 1 and self.stroke_pitch is None:
            raise ValueError(f"{self.strokes} strokes need the key 'stroke_pitch', the distance from one to the next")
        if (self.strokes or 1) == 1 and self.stroke_pitch is not None:
            raise ValueError("'stroke_pitch' means nothing for a single stroke; leave it out")
        return self


class Marks:
    """Marks of straight strokes.

    Parts: `mark` (cross), `lower_left`, `lower_right`, `upper_right`, `upper_left` (corners), `mark_1` to `mark_4`
    (fiducials, counterclockwise from the lower left), `scale` and `vernier`, or `scale` and `numbers` (ruler).

    Attributes:
        positions_um: float64 (N, 2), nominal places to measure, in the pattern's frame: centres of crosses and
            fiducials, corner points of Ls, the middle strokes of a vernier, the ends of a ruler.
    """

    Keys: ClassVar[type[Placement]] = MarkKeys
    summary: ClassVar[str] = "crosses, corners, fiducials, verniers and rulers for registration and measurement"

    def __init__(self, keys: MarkKeys, context: SourceContext) -> None:
        self._keys = keys
        self._refuse_impossible(context)
        draw = {
            "cross": self._cross, "l_corner": self._corners, "fiducials": self._fiducials,
            "vernier": self._vernier, "ruler": self._ruler,
        }[keys.shape]  # fmt: skip
        self._strokes = Strokes()
        atoms, positions = draw()
        self._parts = named_parts(atoms)
        self.positions_um: NDArray[np.float64] = np.asarray(positions, np.float64).reshape(-1, 2)
        self.positions_um.flags.writeable = False
        made = self._strokes
        self._block = made.as_lines() if keys.dot_pitch is None else made.as_dots(keys.dot_pitch)

    @property
    def parts(self) -> Parts:
        """One part per mark or scale."""
        return self._parts

    @property
    def mark_places_um(self) -> Mapping[str, tuple[float, float, float]]:
        """Where each mark is met in the pattern's frame, by name; the two ends of a ruler are `start` and `end`."""
        names = ("start", "end") if self._keys.shape == "ruler" else self._parts.atoms
        return {name: (x, y, 0.0) for name, (x, y) in zip(names, self.positions_um.tolist(), strict=True)}

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the marks are nominally, before the pattern is placed."""
        places = "; ".join(f"({x:g}, {y:g})" for x, y in self.positions_um.tolist())
        return (f"nominal positions in the pattern's frame, µm: {places}",)

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Every stroke, mark by mark, in one plane."""
        return tiles(self._block, max_rows)

    def area(self) -> None:
        """Strokes cover no area."""
        return

    def _cross(self) -> tuple[list[str], list[tuple[float, float]]]:
        middle = self._keys.size / 2.0
        self._add_cross(middle, middle, 0)
        return ["mark"], [(middle, middle)]

    def _fiducials(self) -> tuple[list[str], list[tuple[float, float]]]:
        keys = self._keys
        middle = keys.size / 2.0
        (width, height), count = keys.span or (0.0, 0.0), keys.count or 4
        places = [
            (middle, middle),
            (middle + width, middle),
            (middle + width, middle + height),
            (middle, middle + height),
        ]
        if count == 3:
            del places[2]
        for index, (x, y) in enumerate(places):
            self._add_cross(x, y, index)
            # Short strokes in the upper right quadrant, clear of the arms: one for the first mark, two for the second.
            step, away = keys.size / 12.0, keys.size / 8.0 + self._half_width
            for tally in range(index + 1):
                at = x + away + tally * step
                self._strokes.add([[(at, y + away), (at, y + away + keys.size / 5.0)]], index)
        return [f"mark_{i + 1}" for i in range(count)], places

    def _add_cross(self, x: float, y: float, part: int) -> None:
        half, free = self._keys.size / 2.0, self._gap
        for shift in self._shifts:
            arms = [
                [(x + free, y + shift), (x + half, y + shift)], [(x - free, y + shift), (x - half, y + shift)],
                [(x + shift, y + free), (x + shift, y + half)], [(x + shift, y - free), (x + shift, y - half)],
            ]  # fmt: skip
            self._strokes.add(arms, part)

    def _corners(self) -> tuple[list[str], list[tuple[float, float]]]:
        keys = self._keys
        width, height = keys.span or (0.0, 0.0)
        places = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)]
        pitch = keys.stroke_pitch or 0.0
        for index, (x, y) in enumerate(places):
            right, up = (1.0 if x == 0.0 else -1.0), (1.0 if y == 0.0 else -1.0)
            for stroke in range(keys.strokes or 1):
                inside = stroke * pitch
                # Both arms leave their corner free by a stroke's distance, so that no place is written twice.
                free = pitch if pitch else keys.size / 20.0
                corner_x, corner_y = x + right * inside, y + up * inside
                arms = [
                    [(corner_x, corner_y), (x + right * keys.size, corner_y)],
                    [(corner_x, corner_y + up * free), (corner_x, y + up * keys.size)],
                ]
                self._strokes.add(arms, index)
        return list(_CORNERS), places

    def _vernier(self) -> tuple[list[str], list[tuple[float, float]]]:
        """The scale below, the vernier above; their middle strokes stand on one line."""
        keys = self._keys
        n, pitch = keys.divisions or 1, keys.pitch or 0.0
        fine = 0.9 * pitch if keys.vernier_pitch is None else keys.vernier_pitch
        middle = n * max(pitch, fine)
        free = keys.size / 20.0
        for part, step, base, up in ((0, pitch, keys.size, -1.0), (1, fine, keys.size + 2.0 * free, 1.0)):
            k = np.arange(-n, n + 1)
            self._add_scale((middle + k * step).astype(np.float64), k, base, up, part)
        return ["scale", "vernier"], [(middle, keys.size), (middle, keys.size + 2.0 * free)]

    def _ruler(self) -> tuple[list[str], list[tuple[float, float]]]:
        keys = self._keys
        n, pitch = keys.divisions or 1, keys.pitch or 0.0
        k = np.arange(n + 1)
        # Numbers stand above their strokes; half of the first one's width lies left of its stroke.
        high = min(keys.size / 2.0, 8.0 * pitch / text_width(str(n), 1.0))
        left = text_width("0", high) / 2.0 if keys.numbers else 0.0
        self._add_scale((left + k * pitch).astype(np.float64), k, 0.0, 1.0, 0)
        if keys.numbers:
            for stroke in range(0, n + 1, 10):
                text = str(stroke)
                x = left + stroke * pitch - text_width(text, high) / 2.0
                self._strokes.add(digit_strokes(text, (x, 1.25 * keys.size), high), 1)
        return ["scale", *(["numbers"] if keys.numbers else [])], [(left, 0.0), (left + n * pitch, 0.0)]

    def _add_scale(
        self, x: NDArray[np.float64], number: NDArray[np.int64], base_um: float, up: float, part: int
    ) -> None:
        """Strokes from a base line, longer at fives and tens."""
        share = np.where(number % 10 == 0, LONG, np.where(number % 5 == 0, MEDIUM, SHORT))
        ends = np.empty((len(x), 2, 2))
        ends[:, :, 0] = x[:, None]
        ends[:, 0, 1] = base_um
        ends[:, 1, 1] = base_um + up * share * self._keys.size
        self._strokes.add(ends, part)

    @property
    def _shifts(self) -> NDArray[np.float64]:
        """Where the parallel lines of an arm lie beside its middle, µm."""
        count = self._keys.strokes or 1
        return np.asarray((np.arange(count) - (count - 1) / 2.0) * (self._keys.stroke_pitch or 0.0), np.float64)

    @property
    def _half_width(self) -> float:
        return float(self._shifts[-1])

    @property
    def _gap(self) -> float:
        return self._keys.size / 5.0 if self._keys.gap is None else self._keys.gap

    def _refuse_impossible(self, context: SourceContext) -> None:
        keys = self._keys
        lengths = {
            "size": keys.size, "pitch": keys.pitch, "vernier_pitch": keys.vernier_pitch,
            "stroke_pitch": keys.stroke_pitch, "dot_pitch": keys.dot_pitch,
        }  # fmt: skip
        for key, value in lengths.items():
            if value is not None and value < MIN_SIZE_UM:
                text = f"{key} is {value:.3g} µm; marks have at least {MIN_SIZE_UM:g} µm"
                raise InputError(Problem(text, context.locate(key), "Check the unit."))
        wide = max(
            (*(keys.span or (0.0,)), 2.0 * (keys.divisions or 0) * max(keys.pitch or 0.0, keys.vernier_pitch or 0.0))
        )
        if wide + 4.0 * keys.size > MAX_COORDINATE_UM:
            text = f"the marks reach {wide + 4.0 * keys.size:.3g} µm; at most {MAX_COORDINATE_UM:g} µm are allowed"
            raise InputError(Problem(text, context.locate("size"), "Check the unit."))
        if keys.shape in ("cross", "fiducials"):
            self._refuse_full_cross(context)
        if keys.shape in ("fiducials", "l_corner"):
            least = keys.size * (1.0 if keys.shape == "fiducials" else 2.0)
            if min(keys.span or (0.0,)) <= least:
                text = f"marks of {keys.size:g} µm would meet within a span of {min(keys.span or (0.0,)):g} µm"
                raise InputError(Problem(text, context.locate("span"), f"Give more than {least:g} µm."))
            if keys.shape == "l_corner" and (keys.strokes or 1) * (keys.stroke_pitch or 0.0) >= keys.size / 2.0:
                text = "the parallel strokes of an L are as wide as its arms are long"
                raise InputError(Problem(text, context.locate("stroke_pitch"), "Give fewer, or longer arms."))
        if keys.vernier_pitch is not None and keys.vernier_pitch == keys.pitch:
            text = "a vernier's two scales have the same pitch, so that nothing can be read from them"
            raise InputError(Problem(text, context.locate("vernier_pitch")))

    def _refuse_full_cross(self, context: SourceContext) -> None:
        """The arms of a cross may not be eaten by the gap, nor run into each other."""
        keys = self._keys
        if self._gap >= keys.size / 2.0:
            text = f"a gap of {self._gap:g} µm leaves nothing of a cross of {keys.size:g} µm"
            raise InputError(Problem(text, context.locate("gap"), "Give less than half the size."))
        several = self._half_width > 0.0
        if several and (self._half_width >= self._gap or self._half_width >= keys.size / 12.0):
            text = f"the parallel lines are {2.0 * self._half_width:g} µm wide and would meet those of other arms"
            raise InputError(
                Problem(text, context.locate("stroke_pitch"), "Give fewer lines, or raise `gap` or `size`.")
            )
