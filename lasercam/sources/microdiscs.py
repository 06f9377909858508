"""Arrays of microdisc lasers: rings cut through a film by a mask's image, or trepanned by a moving spot."""

from collections.abc import Iterator
from math import acos, ceil, pi, sqrt
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lasercam.errors import InputError, Problem
from lasercam.model.feature import FeatureBlock, Parts, per_feature
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.process.cavity import free_spectral_range_nm
from lasercam.process.constants import CSPBBR3_GROUP_INDEX
from lasercam.schema.quantities import Family, Length, PositiveLength, Quantity, Wavelength
from lasercam.units import LENGTH

MAX_DISCS = 100_000_000
USABLE_FILM_UM2 = 1e7
"""Area without pinholes of the large-grain film: 0.1 cm². Source: Tatarinov 2023, 10.1002/adom.202202407, Sec. 2.1."""
MAX_TILE_VERTICES = 500_000
"""Circles have many vertices: a tile holds fewer of them than of dots."""

Diameters = Annotated[tuple[float, ...], Family(Quantity(LENGTH))]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class MicrodiscKeys(Placement):
    """Keys of an array of microdiscs."""

    type: Literal["microdiscs"]
    counts: tuple[Count, Count]
    """Discs per row, and rows."""
    pitch: PositiveLength
    """Distance from centre to centre of nearest neighbours."""
    lattice: Literal["square", "hexagonal"] = "hexagonal"
    """`hexagonal`: every second row shifted by half a pitch, rows √3/2 pitches apart."""
    cut: Literal["imprint", "trepan"]
    """`imprint`: the machine's ring beam cuts a disc at once, one dot each; `trepan`: a Gaussian spot runs round."""
    diameter: Diameters
    """Diameter of the discs; for `trepan` also a list or range, one per column: a gradient."""
    ring_width: PositiveLength | None = None
    """`imprint`: width of the mask's ring outside the disc; `trepan`: width of the cut, twice the spot radius."""
    guard: Length = 0.0
    """Distance to keep between the rings of neighbours; the skirt of a ring harms its neighbour's rim."""
    tolerance: PositiveLength = 0.01
    """`trepan`: how far chords may leave the circle."""
    lasing_wavelength: Wavelength | None = None
    """Where the discs are expected to lase; the mode spacing is then stated per diameter."""

    @model_validator(mode="after")
    def _gradient(self) -> "MicrodiscKeys":
        if self.cut == "imprint" and len(self.diameter) > 1:
            raise ValueError("diameter: a mask's ring belongs to the machine's beam; a gradient is for `cut: trepan`")
        if len(self.diameter) not in (1, self.counts[0]):
            raise ValueError(
                f"diameter: {len(self.diameter)} values for {self.counts[0]} columns; give one, or one per column"
            )
        if min(self.diameter) <= 0:
            raise ValueError("diameter: discs have a diameter above zero")
        return self


class Microdiscs:
    """Discs in rows; part `discs`. Centres keep half a ring away from the pattern's lower and left border."""

    Keys: ClassVar[type[Placement]] = MicrodiscKeys
    summary: ClassVar[str] = "array of microdisc lasers: ring mask, one exposure per disc, or trepanned rings"

    def __init__(self, keys: MicrodiscKeys, context: SourceContext) -> None:
        self._keys = keys
        self._context = context
        nx = keys.counts[0]
        self._diameter_um = np.broadcast_to(np.array(keys.diameter), (nx,))
        self._ring_um = keys.ring_width or 0.0
        self._row_pitch_um = keys.pitch * (sqrt(3.0) / 2.0 if keys.lattice == "hexagonal" else 1.0)
        self._margin_um = float(self._diameter_um.max()) / 2.0 + self._ring_um
        self._refuse_impossible()
        self.notes = self._notes()

    @property
    def parts(self) -> Parts:
        """One part."""
        return named_parts(["discs"])

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Discs row by row."""
        nx, ny = self._keys.counts
        limit = (
            max_rows if self._keys.cut == "imprint" else max(1, min(max_rows, MAX_TILE_VERTICES // self._vertices()))
        )
        rows, width = max(1, limit // nx), min(nx, limit)
        for row in range(0, ny, rows):
            for column in range(0, nx, width):
                yield self._tile(row, min(row + rows, ny), column, min(column + width, nx))

    def area(self) -> Any | None:
        """The discs with their rings."""
        from lasercam.geometry.area import Area
        from lasercam.geometry.polylines import Polylines

        nx, ny = self._keys.counts
        centres = self._centres(0, ny, 0, nx)
        radius = np.tile(self._diameter_um / 2.0 + self._ring_um, ny)
        angle = np.linspace(0.0, 2.0 * pi, 65)
        circle = np.column_stack((np.cos(angle), np.sin(angle)))
        xy = (centres[:, None, :] + radius[:, None, None] * circle[None, :, :]).reshape(-1, 2)
        return Area.from_rings(Polylines(xy, np.arange(len(centres) + 1) * len(angle)))

    def _tile(self, row: int, row_end: int, column: int, column_end: int) -> FeatureBlock:
        centres = self._centres(row, row_end, column, column_end)
        count = len(centres)
        if self._keys.cut == "imprint":
            xyz = np.column_stack((centres, np.zeros(count)))
            offsets = np.arange(count + 1, dtype=np.int64)
            return FeatureBlock(np.ascontiguousarray(xyz), offsets, per_feature(0, count), per_feature(0, count))
        # The spot's centre runs half a cut outside the disc, so that the disc keeps its diameter.
        radius = np.tile((self._diameter_um[column:column_end] + self._ring_um) / 2.0, row_end - row)
        angle = np.linspace(0.0, 2.0 * pi, self._vertices())
        circle = np.column_stack((np.cos(angle), np.sin(angle)))
        circle[-1] = circle[0]
        xy = (centres[:, None, :] + radius[:, None, None] * circle[None, :, :]).reshape(-1, 2)
        offsets = np.arange(count + 1, dtype=np.int64) * len(circle)
        xyz = np.column_stack((xy, np.zeros(len(xy))))
        return FeatureBlock(np.ascontiguousarray(xyz), offsets, per_feature(0, count), per_feature(0, count))

    def _centres(self, row: int, row_end: int, column: int, column_end: int) -> NDArray[np.float64]:
        rows, columns = np.arange(row, row_end), np.arange(column, column_end)
        shift = 0.5 * (rows % 2) if self._keys.lattice == "hexagonal" else np.zeros(len(rows))
        x = (columns[None, :] + shift[:, None]) * self._keys.pitch + self._margin_um
        y = np.broadcast_to((rows * self._row_pitch_um + self._margin_um)[:, None], x.shape)
        return np.column_stack((x.ravel(), y.ravel()))

    def _vertices(self) -> int:
        """Vertices of a circle, the first again at the end, with sagittas below the tolerance."""
        radius = (float(self._diameter_um.max()) + self._ring_um) / 2.0
        half_angle = acos(max(1.0 - self._keys.tolerance / radius, 0.0))
        return max(8, ceil(pi / half_angle)) + 1

    def _refuse_impossible(self) -> None:
        keys, at = self._keys, self._context.locate
        nx, ny = keys.counts
        if nx * ny > MAX_DISCS:
            text = f"{nx:,} by {ny:,} are {nx * ny:,} discs; at most {MAX_DISCS:,} are allowed"
            raise InputError(Problem(text, at("counts"), "Split the array into several jobs."))
        if keys.cut == "trepan" and keys.ring_width is None:
            text = "a trepanned disc needs `ring_width`, the width of the cut, to keep its diameter"
            raise InputError(Problem(text, at(), "It is twice the spot radius, or measured."))
        widest = np.sort(self._diameter_um)[-2:].sum() / 2.0 if nx > 1 else float(self._diameter_um.max())
        needed = float(widest) + 2.0 * self._ring_um + keys.guard
        if (nx > 1 or ny > 1) and keys.pitch < needed:
            text = (
                f"neighbouring rings meet: discs of {widest:g} µm, rings of {self._ring_um:g} µm on both sides and a"
                f" guard of {keys.guard:g} µm need a pitch of {needed:g} µm, not {keys.pitch:g} µm"
            )
            raise InputError(Problem(text, at("pitch"), "Raise the pitch, or shrink the discs."))

    def _notes(self) -> tuple[str, ...]:
        keys = self._keys
        nx, ny = keys.counts
        width = (nx - 1 + 0.5 * (keys.lattice == "hexagonal" and ny > 1)) * keys.pitch + 2 * self._margin_um
        height = (ny - 1) * self._row_pitch_um + 2 * self._margin_um
        notes = [
            f"{nx * ny:,} discs on {width / 1000:.4g} mm by {height / 1000:.4g} mm = {width * height / 1e8:.3g} cm²"
        ]
        if width * height > USABLE_FILM_UM2:
            notes.append(
                "that is more than the 0.1 cm² over which such a film was free of pinholes (Tatarinov 2023,"
                " 10.1002/adom.202202407, Sec. 2.1): expect discs on defects"
            )
        if keys.lasing_wavelength is not None:
            group = CSPBBR3_GROUP_INDEX
            for diameter in sorted({float(self._diameter_um.min()), float(self._diameter_um.max())}):
                spacing = free_spectral_range_nm(keys.lasing_wavelength, diameter, group.value)
                notes.append(
                    f"whispering-gallery modes of a {diameter:g} µm disc at {keys.lasing_wavelength:g} nm lie"
                    f" {spacing:.4g} nm apart (group index {group.value:g}, {group.confidence})"
                )
        return tuple(notes)
