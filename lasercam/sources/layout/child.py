"""A process of its own that reads GDSII and OASIS with gdstk and hands the cells over as plain arrays.

gdstk trusts its input: a damaged file can end the process that reads it. Here that is this one, and whoever started it
tells of a damaged file. Run as `python -m lasercam.sources.layout.child IN OUT TOLERANCE_UM`.
"""

import json
import sys
import warnings
from typing import Any

import numpy as np

MAX_VERTICES = 20_000_000
"""Of all cells together, before references are followed."""
MAX_OFFSETS = 5_000_000
"""Places of one repetition that is written place by place."""
MAX_MEMORY_BYTES = 8 * 2**30
CELLS_KEY = "cells"


def main(arguments: list[str]) -> int:
    """Read, convert, write; anything that gdstk says on its way is an error for the reader."""
    warnings.filterwarnings("ignore", "Missing reference")  # those are named
    warnings.showwarning = _say
    _limit_memory()
    try:
        return convert(arguments)
    except Exception as error:  # whatever it is, its last line is what the reader is told
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1


def _say(message: object, *_: object, **__: object) -> None:
    sys.stderr.write(f"{message}\n")


def _limit_memory() -> None:
    """A damaged file may ask for any amount; the computer keeps what others need."""
    try:
        import resource
    except ImportError:
        return  # Windows: only the time is limited
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def convert(arguments: list[str]) -> int:
    """Read, convert, write."""
    import gdstk

    source, target, tolerance = arguments[0], arguments[1], float(arguments[2])
    read = gdstk.read_oas if source.endswith(".oas") else gdstk.read_gds
    library = read(source, unit=1e-6, tolerance=tolerance)
    np.savez(target, **tables(library))
    return 0


def tables(library: Any) -> dict[str, Any]:
    """The cells of a library: µm throughout."""
    numbers = {cell.name: number for number, cell in enumerate(library.cells)}
    shapes, references = _Shapes(), _References()
    cells = []
    for number, cell in enumerate(library.cells):
        for polygon in cell.polygons:
            shapes.add(number, polygon.points, polygon.layer, polygon.datatype, polygon.repetition, closed=True)
        for path in cell.paths:
            _add_path(shapes, number, path)
        for reference in cell.references:
            references.add(number, numbers, reference)
        cells.append({"name": cell.name, "labels": len(cell.labels)})
    about = {
        CELLS_KEY: cells, "missing": sorted(references.missing)[:20], "precision_m": library.precision,
    }  # fmt: skip
    return {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8), **shapes.tables(), **references.tables()
    }  # fmt: skip


def _add_path(shapes: "_Shapes", number: int, path: Any) -> None:
    if np.max(np.abs(path.widths())) == 0.0:
        lines = path.path_spines() if hasattr(path, "path_spines") else [path.spine()]
        for line, layer, kind in zip(lines, path.layers, path.datatypes, strict=False):
            shapes.add(number, line, layer, kind, path.repetition, closed=False)
        return
    for polygon in path.to_polygons():
        shapes.add(number, polygon.points, polygon.layer, polygon.datatype, path.repetition, closed=True)


class _Repetitions:
    """Where copies stand: a grid (columns, rows and its two steps), or place by place."""

    def __init__(self) -> None:
        self._grids: list[tuple[float, ...]] = []
        self._places: list[Any] = []
        self._owners: list[Any] = []

    def add(self, repetition: Any) -> None:
        owner = len(self._grids)
        columns, rows = repetition.columns or 0, repetition.rows or 0
        if columns and rows:
            spacing, v1, v2 = repetition.spacing, repetition.v1, repetition.v2
            if spacing is not None:
                v1, v2 = (spacing[0], 0.0), (0.0, spacing[1])
            self._grids.append((columns, rows, *v1, *v2))
            return
        self._grids.append((1, 1, 0, 0, 0, 0))
        if repetition.size > MAX_OFFSETS:
            raise ValueError(f"a repetition has {repetition.size:,} places; at most {MAX_OFFSETS:,} are allowed")
        offsets = np.asarray(repetition.get_offsets(), np.float64).reshape(-1, 2)
        if repetition.size > 1 and len(offsets):
            self._grids[-1] = (0, 0, 0, 0, 0, 0)
            self._places.append(offsets)
            self._owners.append(np.full(len(offsets), owner))

    def tables(self, name: str) -> dict[str, Any]:
        return {
            f"{name}_grid": np.array(self._grids, np.float64).reshape(-1, 6),
            f"{name}_places": np.concatenate(self._places) if self._places else np.zeros((0, 2)),
            f"{name}_owners": np.concatenate(self._owners) if self._owners else np.zeros(0, np.int64),
        }


class _Shapes:
    """Polygons and lines of all cells, with their layers."""

    def __init__(self) -> None:
        self._points: list[Any] = []
        self._facts: list[tuple[int, int, int, bool]] = []
        self._repetitions = _Repetitions()
        self._n_vertices = 0

    def add(self, cell: int, points: Any, layer: int, kind: int, repetition: Any, *, closed: bool) -> None:
        self._n_vertices += len(points)
        if self._n_vertices > MAX_VERTICES:
            raise ValueError(f"the cells hold more than {MAX_VERTICES:,} vertices")
        if len(points):
            self._points.append(np.asarray(points, np.float64).reshape(-1, 2))
            self._facts.append((cell, layer, kind, closed))
            self._repetitions.add(repetition)

    def tables(self) -> dict[str, Any]:
        counts = [len(p) for p in self._points]
        return {
            "xy_um": np.concatenate(self._points) if self._points else np.zeros((0, 2)),
            "offsets": np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            "shape": np.array(self._facts, np.int64).reshape(-1, 4),
            **self._repetitions.tables("shape"),
        }


class _References:
    """Cells inside cells."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self._facts: list[tuple[float, ...]] = []
        self._repetitions = _Repetitions()

    def add(self, cell: int, numbers: dict[str, int], reference: Any) -> None:
        name = reference.cell if isinstance(reference.cell, str) else reference.cell.name
        if name not in numbers:
            self.missing.add(name)
            return
        self._facts.append(
            (cell, numbers[name], *reference.origin, reference.rotation, reference.magnification,
             float(reference.x_reflection))
        )  # fmt: skip
        self._repetitions.add(reference.repetition)

    def tables(self) -> dict[str, Any]:
        return {"reference": np.array(self._facts, np.float64).reshape(-1, 7), **self._repetitions.tables("reference")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
