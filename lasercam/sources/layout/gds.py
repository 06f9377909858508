"""Layouts of chip-design programs: GDSII and OASIS."""

import json
import subprocess
import sys
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from lasercam.errors import InputError, LasercamError, PatternError, Problem, name_problem, shorten
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.model.job import Placement
from lasercam.model.protocols import SourceContext
from lasercam.sources.layout.cells import Cells, Repetitions
from lasercam.sources.layout.keys import LayoutKeys
from lasercam.sources.layout.shapes import LayerShapes, LayoutSource

OASIS = b"%SEMI-OASIS\r\n"
GDS_HEADER = b"\x00\x06\x00\x02"
TIME_LIMIT_S = 300.0
REMEMBERED_BYTES = 2**20
_CHILD = "lasercam.sources.layout.child"


class GdsKeys(LayoutKeys):
    """Keys of a GDSII or OASIS layout."""

    type: Literal["gds"]
    cell: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Which cell is written, with all cells in it; absent: the only one that is in no other."""


class Gds(LayoutSource):
    """Layers of a GDSII or OASIS file; parts `L1`, or `L1D2` with a data type other than 0, where they hold anything.

    Shapes of a layer are joined and filled or outlined; paths of no width are lines. Labels are not written. Units are
    the file's own.
    """

    Keys: ClassVar[type[Placement]] = GdsKeys
    summary: ClassVar[str] = "a GDSII or OASIS layout, layer by layer (needs lasercam[layouts])"

    def __init__(self, keys: GdsKeys, context: SourceContext) -> None:
        content = context.asset(keys.file)
        try:
            cells, notes = read_cells(content, keys.tolerance)
            top = _top(cells, keys, context)
            layers = _layers(cells, top)
        except InputError:
            raise
        except LasercamError as error:
            raise InputError(Problem(f"'{keys.file}': {error}", context.locate("file"))) from error
        super().__init__(keys, context, layers, notes)


def read_cells(content: bytes, tolerance_um: float) -> tuple[Cells, list[str]]:
    """The cells of a GDSII or OASIS file, and what of it is not written.

    Raises:
        PatternError: no such file, a damaged one, or gdstk is not installed.
    """
    suffix = ".oas" if content.startswith(OASIS) else ".gds" if content.startswith(GDS_HEADER) else None
    if suffix is None:
        raise PatternError("the file is neither GDSII nor OASIS")
    if find_spec("gdstk") is None:
        raise PatternError("reading GDSII and OASIS needs gdstk; install it with `pip install 'lasercam[layouts]'`")
    with np.load(BytesIO(_converted(content, suffix, tolerance_um)), allow_pickle=False) as found:
        tables: dict[str, Any] = {name: found[name] for name in found.files}
    about = json.loads(tables["about"].tobytes())
    if about["missing"]:
        raise PatternError(f"cells are named but not in the file: {shorten(', '.join(about['missing']), 200)}")
    if not np.isfinite(tables["xy_um"]).all() or not np.isfinite(tables["reference"]).all():
        raise PatternError("the file holds coordinates that are no finite numbers; it is damaged")
    labels = sum(cell["labels"] for cell in about["cells"])
    notes = [f"{labels:,} label(s) are not written; draw them as polygons"] if labels else []
    cells = Cells(
        tuple(cell["name"] for cell in about["cells"]),
        tables["xy_um"], tables["offsets"], tables["shape"],
        Repetitions(tables["shape_grid"], tables["shape_places"], tables["shape_owners"]),
        tables["reference"],
        Repetitions(tables["reference_grid"], tables["reference_places"], tables["reference_owners"]),
    )  # fmt: skip
    return cells, notes


def _converted(content: bytes, suffix: str, tolerance_um: float) -> bytes:
    """What the reading process makes of the file; small ones are remembered, since jobs are read several times."""
    reading = _small if len(content) <= REMEMBERED_BYTES else _read_apart
    return reading(content, suffix, tolerance_um)


def _read_apart(content: bytes, suffix: str, tolerance_um: float) -> bytes:
    """What the reading process makes of the file; whatever it complains about is refused."""
    with TemporaryDirectory(prefix="lasercam-layout-") as folder:
        source, target = Path(folder) / f"layout{suffix}", Path(folder) / "cells.npz"
        source.write_bytes(content)
        command = [sys.executable, "-m", _CHILD, str(source), str(target), repr(tolerance_um)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIME_LIMIT_S, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise PatternError(
                f"the file was not read within {TIME_LIMIT_S:g} s; it is damaged or too large"
            ) from error
        said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        if done.returncode or said or not target.is_file():
            why = shorten(said[-1].strip(), 160) if said else f"its reader ended with code {done.returncode}"
            raise PatternError(f"the file is damaged or holds what cannot be read: {why}")
        return target.read_bytes()


_small = lru_cache(maxsize=8)(_read_apart)


def _top(cells: Cells, keys: GdsKeys, context: SourceContext) -> int:
    if not cells.names:
        raise PatternError("the file holds no cell")
    if keys.cell is not None:
        if keys.cell not in cells.names:
            raise InputError(name_problem("cell", keys.cell, cells.names, context.locate("cell")))
        return cells.names.index(keys.cell)
    tops = [cells.names[i] for i in cells.tops]
    if len(tops) != 1:
        found = (
            f"{len(tops)} cells are in no other: {shorten(', '.join(tops), 200)}" if tops else "cells hold each other"
        )
        raise InputError(Problem(f"'{keys.file}': {found}", context.locate("file"), "Name one with `cell`."))
    return cells.tops[0]


def _layers(cells: Cells, top: int) -> dict[str, LayerShapes]:
    closed: dict[tuple[int, int], list[Any]] = {}
    open_: dict[tuple[int, int], list[Any]] = {}
    for layer, kind, is_closed, xy in cells.expanded(top):
        (closed if is_closed else open_).setdefault((layer, kind), []).append(xy)
    shapes = {}
    for layer, kind in sorted({*closed, *open_}):
        area = Area.from_polygons(_joined(closed.get((layer, kind), [])))
        lines = _joined(open_.get((layer, kind), []))
        if not area.is_empty or len(lines):
            shapes[f"L{layer}" if kind == 0 else f"L{layer}D{kind}"] = LayerShapes(area, lines)
    return shapes


def _joined(copies: list[Any]) -> Polylines:
    """Stacks of copies, float64 (K, V, 2) each, as polylines."""
    if not copies:
        return Polylines.empty()
    counts = np.concatenate([np.full(len(xy), xy.shape[1]) for xy in copies])
    return Polylines(
        np.concatenate([xy.reshape(-1, 2) for xy in copies]), np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    )
