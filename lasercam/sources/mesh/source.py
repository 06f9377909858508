"""Meshes as patterns: dots in a body or on its surface, outlines and hatches in planes through it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError, InputError, PatternError, Problem, shorten
from lasercam.geometry.polylines import Polylines
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, dots, per_feature, tiles
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.sources.fill import fill_area
from lasercam.sources.mesh.body import Occupancy, grid_of
from lasercam.sources.mesh.file import MeshFile, read_mesh, um_per_unit
from lasercam.sources.mesh.keys import MAX_LAYERS, MeshKeys
from lasercam.sources.mesh.slices import slice_area
from lasercam.sources.mesh.topology import Topology, examine

FloatArray = NDArray[np.float64]

MIN_PITCH_UM = 1e-3
"""Ten ticks of the toolpath; smaller pitches are slips of the unit."""
_UP: dict[str, tuple[tuple[int, int, int], tuple[float, float, float]]] = {
    # Axes of the file that become x, y and depth, and their signs; all of them turn, none mirrors the body seen from
    # above.
    "z": ((0, 1, 2), (1.0, 1.0, -1.0)),
    "-z": ((0, 1, 2), (1.0, -1.0, 1.0)),
    "y": ((0, 2, 1), (1.0, -1.0, -1.0)),
    "-y": ((0, 2, 1), (1.0, 1.0, 1.0)),
    "x": ((1, 2, 0), (1.0, 1.0, -1.0)),
    "-x": ((1, 2, 0), (-1.0, 1.0, 1.0)),
}
_REPAIR = (
    "Close it in the program it comes from, write it with mode: surface, which needs no inside, or allow a share of"
    " columns to be decided by majority with 'max_unbalanced' (mode: solid)."
)


class Mesh:
    """A body, its box in the lower-left corner, its top at depth 0.

    Parts: `surface` or `solid` by mode, or `layer_1` (shallowest plane) to `layer_N`. Dots lie on a grid in the middle
    of the box; depths count from the shallowest layer that has any.
    """

    Keys: ClassVar[type[Placement]] = MeshKeys
    summary: ClassVar[str] = "triangle mesh (STL, OBJ, PLY, 3MF, GLB) as surface, solid, contours or hatched slices"

    def __init__(self, keys: MeshKeys, context: SourceContext) -> None:
        self._keys = keys
        self._locate = context.locate
        self._shown = shorten(keys.file)
        self._notes: list[str] = []
        file = self._read(context)
        self._vertices_um = self._scaled(file)
        self._faces = file.faces
        self._extent_um = self._vertices_um.max(axis=0)
        self._topology = examine(file.vertices, file.faces)
        self._notes.append(f"{len(file.faces):,} triangles, {self._topology}")
        self._notes.append("written {:.6g} × {:.6g} × {:.6g} µm large".format(*self._extent_um))
        if file.um_per_unit == um_per_unit("m") and "up" not in keys.model_fields_set:
            self._notes.append("z of the file points to the surface; most files that count in metres have 'up: y'")
        self._layer = lru_cache(maxsize=2)(self._made_layer)
        if keys.mode in ("surface", "solid"):
            self._occupancy = self._counted()
            self._parts = named_parts([keys.mode])
            return
        self._refuse_open()
        self._planes_um = self._placed_planes()
        self._skip_empty_planes()
        self._parts = named_parts([f"layer_{k + 1}" for k in range(len(self._planes_um))])

    @property
    def parts(self) -> Parts:
        """`surface`, `solid`, or one part per plane."""
        return self._parts

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found in the file, and what was decided about it."""
        return tuple(f"'{self._shown}': {note}" for note in self._notes)

    @property
    def topology(self) -> Topology:
        """Bodies, holes and turned triangles of the file."""
        return self._topology

    @property
    def planes_um(self) -> tuple[float, ...]:
        """Depths of the planes below the top of the body, µm; empty for dots."""
        return tuple(self._planes_um) if self._keys.mode in ("contours", "slices") else ()

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Dots in rows, or lines, of one layer, at most `max_rows`; deepest layer first."""
        if self._keys.mode in ("surface", "solid"):
            yield from self._dots(max_rows)
            return
        top = self._planes_um[0]
        for k in range(len(self._planes_um) - 1, -1, -1):
            lines = self._layer(k)
            if len(lines):
                xyz = np.column_stack((lines.xy_um, np.full(len(lines.xy_um), self._planes_um[k] - top)))
                part = per_feature(k, len(lines))
                offsets = np.array(lines.offsets)
                yield from tiles(FeatureBlock(xyz, offsets, part, per_feature(0, len(lines))), max_rows)

    def area(self) -> None:
        """A body in space covers no area."""
        return

    def _dots(self, max_rows: int) -> Iterator[FeatureBlock]:
        grid, top = self._occupancy.grid, self._occupancy.survey.top
        x0, y0, _ = grid.first_um
        px, py, pz = grid.pitch_um
        nx, ny, _ = grid.counts
        height, width = max(1, max_rows // nx), min(nx, max_rows)
        for first, filled in self._occupancy.slabs():
            for layer in range(len(filled) - 1, -1, -1):
                if not bool(filled[layer].any()):
                    continue
                for row in range(0, ny, height):
                    for column in range(0, nx, width):
                        j, i = np.nonzero(filled[layer, row : row + height, column : column + width])
                        if len(i):
                            xyz = np.empty((len(i), 3))
                            xyz[:, 0] = x0 + (i + column) * px
                            xyz[:, 1] = y0 + (j + row) * py
                            xyz[:, 2] = (first + layer - top) * pz
                            yield dots(xyz)

    def _made_layer(self, k: int) -> Polylines:
        """Outlines or filling of plane k."""
        keys = self._keys
        try:
            area = slice_area(self._vertices_um, self._faces, self._planes_um[k])
            if keys.mode == "contours":
                return area.rings()
            turned = keys.model_copy(update={"hatch_angle": keys.hatch_angle + k * keys.layer_rotation})
            return fill_area(area, turned)
        except (GeometryError, PatternError) as error:
            raise InputError(
                Problem(
                    f"'{self._shown}', plane {self._planes_um[k]:g} µm below its top: {error}", self._locate("file")
                )
            ) from error

    def _read(self, context: SourceContext) -> MeshFile:
        try:
            file = read_mesh(context.asset(self._keys.file), self._keys.file)
        except PatternError as error:
            raise self._problem(str(error), "file") from error
        if not len(file.faces):
            raise self._problem(f"no triangle of '{self._shown}' has any extent", "file", "Export the mesh again.")
        return file

    def _scaled(self, file: MeshFile) -> FloatArray:
        """Vertices in µm, x right, y up, z down, from 0: float64 (V, 3)."""
        keys = self._keys
        axes, signs = _UP[keys.up]
        placed = file.vertices[:, axes] * np.array(signs)
        placed = placed - placed.min(axis=0)
        longest = float(placed.max())
        if longest <= 0.0:
            raise self._problem(f"'{self._shown}' has no extent", "file", "Export the mesh again.")
        if keys.longest is not None:
            factor, key = keys.longest / longest, "longest"
        else:
            factor, key = self._unit_um(file) * keys.scale, "scale" if keys.unit is None else "unit"
        reach = longest * factor
        if not MIN_PITCH_UM <= reach <= MAX_COORDINATE_UM:
            raise self._problem(
                f"the body would be {reach:.4g} µm long; {MIN_PITCH_UM:g} to {MAX_COORDINATE_UM:g} µm are allowed", key
            )
        return np.ascontiguousarray(placed * factor + 0.0)

    def _unit_um(self, file: MeshFile) -> float:
        unit, own = self._keys.unit, file.um_per_unit
        if unit is None and own is None:
            raise self._problem(
                f"'{self._shown}' does not say in what unit it counts",
                "file",
                "Say so with 'unit' (um, mm, …), or say how long the body is with 'longest'.",
            )
        if unit is not None and own is not None and um_per_unit(unit) != own:
            raise self._problem(
                f"'{self._shown}' counts in units of {own:g} µm, not in {unit}",
                "unit",
                "Leave out 'unit', and use 'scale' to change its size.",
            )
        return um_per_unit(unit) if unit is not None else own or 0.0

    def _counted(self) -> Occupancy:
        """The filled points, with everything that must not be guessed refused."""
        keys = self._keys
        if keys.mode == "solid" and keys.max_unbalanced is None:
            self._refuse_open()
        pitch = keys.pitch or 0.0
        depth_pitch = keys.layer_pitch or pitch
        for value, key in ((pitch, "pitch"), (depth_pitch, "layer_pitch")):
            if not MIN_PITCH_UM <= value <= MAX_COORDINATE_UM:
                raise self._problem(
                    f"a pitch of {value:g} µm; {MIN_PITCH_UM:g} to {MAX_COORDINATE_UM:g} µm are allowed", key
                )
        try:
            grid = grid_of(self._extent_um, (pitch, pitch, depth_pitch))
        except PatternError as error:
            raise self._problem(str(error), "pitch", "Check the unit of 'pitch' and of the mesh.") from error
        triangles = self._vertices_um[self._faces]
        occupancy = Occupancy(triangles, grid, solid=keys.mode == "solid")
        survey = occupancy.survey
        share = survey.unbalanced / max(survey.columns, 1)
        if share > (keys.max_unbalanced or 0.0):
            allowed = "" if keys.max_unbalanced is None else f", more than the {keys.max_unbalanced:.2%} allowed"
            raise self._problem(
                f"{survey.unbalanced:,} of {survey.columns:,} columns through '{self._shown}' ({share:.2%}) enter the"
                f" body more often than they leave it, or less{allowed}: {self._topology}",
                "max_unbalanced" if keys.max_unbalanced is not None else "file",
                _REPAIR,
            )
        if survey.unbalanced:
            self._notes.append(
                f"{survey.unbalanced:,} of {survey.columns:,} columns ({share:.2%}) do not balance and were decided by"
                " the majority of three directions; look at the preview"
            )
        elif not self._topology.is_closed and keys.mode == "solid":
            self._notes.append("every column balances although the mesh is not closed; look at the preview")
        if not survey.points:
            raise self._problem(
                f"no dot of pitch {pitch:g} µm × {depth_pitch:g} µm lies in '{self._shown}'",
                "pitch",
                "Check the unit of the mesh, or write it with a finer pitch.",
            )
        first = grid.first_um[2] + survey.top * depth_pitch
        self._notes.append(f"{survey.points:,} dots, their first layer {first:g} µm below the top")
        return occupancy

    def _refuse_open(self) -> None:
        if not self._topology.is_closed:
            raise self._problem(f"'{self._shown}' does not bound a body: {self._topology}", "file", _REPAIR)

    def _placed_planes(self) -> list[float]:
        """Depths of planes below the top, rising; each in the middle of the layer it stands for."""
        keys, height = self._keys, float(self._extent_um[2])
        if keys.planes is not None:
            if keys.planes[-1] > height:
                raise self._problem(
                    f"a plane {keys.planes[-1]:g} µm below the top misses the body, which is {height:g} µm high",
                    "planes",
                )
            return list(keys.planes)
        pitch = keys.layer_pitch or height / (keys.layers or 1)
        if pitch < MIN_PITCH_UM or height / pitch > MAX_LAYERS:
            raise self._problem(
                f"planes {pitch:g} µm apart cut a body {height:g} µm high {height / max(pitch, 1e-300):.3g} times; they"
                f" are at least {MIN_PITCH_UM:g} µm apart, and at most {MAX_LAYERS:,}",
                "layer_pitch" if keys.layer_pitch is not None else "layers",
                "Check the unit.",
            )
        count = keys.layers or max(1, round(height / pitch))
        middle = (height - (count - 1) * pitch) / 2.0
        return [middle + k * pitch for k in range(count)]

    def _skip_empty_planes(self) -> None:
        """Drop planes above the first one with anything in it: it is the pattern's depth."""
        count = len(self._planes_um)
        first = next((k for k in range(count) if len(self._layer(k))), count)
        if first == count:
            raise self._problem(
                f"none of {count:,} planes through '{self._shown}' holds a line",
                "file",
                "Check the unit of the mesh, the pitch and 'inset'.",
            )
        if first and self._keys.planes is not None:
            raise self._problem(
                f"the plane {self._planes_um[0]:g} µm below the top of '{self._shown}' holds no line",
                "planes",
                "Start with a deeper one.",
            )
        if first:
            self._notes.append(f"{first:,} plane(s) at the top hold no line and are left out")
            del self._planes_um[:first]
            self._layer.cache_clear()
        self._notes.append(f"{len(self._planes_um):,} planes, the first {self._planes_um[0]:g} µm below the top")

    def _problem(self, message: str, key: str, hint: str = "") -> InputError:
        return InputError(Problem(message, self._locate(key), hint))
