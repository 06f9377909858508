"""Rows as a table: CSV for people and spreadsheets, NPZ for NumPy. Both hold one block at a time."""

import csv
import io
import json
import zipfile
from typing import Any, BinaryIO

import numpy as np

from lasercam.interchange.places import FrameName, placed
from lasercam.model.toolpath import RowKind, Toolpath, ToolpathBlock

COLUMNS = (
    "row", "section", "step", "kind", "x0_um", "y0_um", "z0_um", "x1_um", "y1_um", "z1_um", "count", "recipe", "part",
)  # fmt: skip
ROW = np.dtype([
    ("section", "<u4"), ("kind", "u1"), ("count", "<u4"), ("recipe", "<u2"), ("part", "<u2"),
    ("start_ticks", "<i8", (3,)), ("end_ticks", "<i8", (3,)),
])  # fmt: skip
"""One row of `rows` in an NPZ; ticks are 0.1 nm, the other columns as in a ToolpathBlock."""
_TICK_DIGITS = 4
LINES_AT_ONCE = 4_096
_PER_UM = 10**_TICK_DIGITS


def write_csv(toolpath: Toolpath, out: BinaryIO, frame: FrameName = "sample") -> None:
    """Every row as a line, positions in µm to the last tick, names written out."""
    header = toolpath.header
    kinds = [kind.name.lower() for kind in RowKind]
    recipes = [_cell(recipe.label) for recipe in header.recipes.recipes]
    parts = [_cell(part.name) for part in header.parts]
    out.write((",".join(COLUMNS) + "\r\n").encode())
    for block in toolpath.blocks():
        lead = f"{block.section},{_cell(header.sections[block.section].step_name)}"
        starts, ends = placed(toolpath, block, frame)
        both = np.concatenate((starts, ends), axis=1)
        for first in range(0, len(block), LINES_AT_ONCE):
            some = slice(first, first + LINES_AT_ONCE)
            named = (kinds, recipes, parts)
            out.write(_lines(block, some, lead, both[some], named).encode())


def _lines(
    block: ToolpathBlock, some: slice, lead: str, both: Any, named: tuple[list[str], list[str], list[str]]
) -> str:
    """Some rows of a block as text; their section in `lead`, starts and ends in `both`."""
    kinds, recipes, parts = named
    columns = (block.kind[some], block.count[some], block.recipe[some], block.part[some])
    kind, count, recipe, part = (column.tolist() for column in columns)
    rows = range(block.first_row + some.start, block.first_row + some.start + len(kind))
    return "".join(
        f"{row},{lead},{kinds[k]},{place},{n},{'' if k == 0 else recipes[r]},{'' if k == 0 else parts[p]}\r\n"
        for row, k, place, n, r, p in zip(rows, kind, _places(both), count, recipe, part, strict=True)
    )


def write_npz(toolpath: Toolpath, out: BinaryIO, frame: FrameName = "sample") -> None:
    """A NumPy archive: `rows` (N,) of ROW, and the names that its numbers point at.

    `recipes`, `parts` and `steps` (of each section) are texts; `about` is JSON: job, toolpath digest, frame, unit.
    """
    header = toolpath.header
    about = {
        "job": header.job, "toolpath": header.digest, "frame": frame, "tick_um": 1.0 / _PER_UM,
        "kinds": {kind.name.lower(): int(kind) for kind in RowKind},
    }  # fmt: skip
    names: dict[str, Any] = {
        "about": np.array(json.dumps(about)),
        "recipes": np.array([recipe.label for recipe in header.recipes.recipes]),
        "parts": np.array([part.name for part in header.parts]),
        "steps": np.array([section.step_name for section in header.sections]),
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1, allowZip64=True) as archive:
        for name, array in names.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(_entry(name), content.getvalue())
        with archive.open(_entry("rows"), "w", force_zip64=True) as stream:
            shape = {"descr": np.lib.format.dtype_to_descr(ROW), "fortran_order": False, "shape": (header.n_rows,)}
            np.lib.format.write_array_header_2_0(stream, shape)
            for block in toolpath.blocks():
                stream.write(_rows(toolpath, block, frame).tobytes())


def _rows(toolpath: Toolpath, block: ToolpathBlock, frame: FrameName) -> Any:
    rows = np.empty(len(block), ROW)
    rows["section"] = block.section
    for name in ("kind", "count", "recipe", "part"):
        rows[name] = getattr(block, name)
    rows["start_ticks"], rows["end_ticks"] = placed(toolpath, block, frame)
    return rows


def _entry(name: str) -> zipfile.ZipInfo:
    """A fixed date: the same rows give the same bytes."""
    entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _places(ticks: Any) -> list[str]:
    """Six ticks a row as decimals in µm."""
    sign = np.where(ticks < 0, "-", "").tolist()
    whole, rest = np.divmod(np.abs(ticks), _PER_UM)
    return [
        ",".join(f"{s}{w}.{r:0{_TICK_DIGITS}d}" for s, w, r in zip(*row, strict=True))
        for row in zip(sign, whole.tolist(), rest.tolist(), strict=True)
    ]


def _cell(text: str) -> str:
    """A text as a CSV cell; one that a spreadsheet would take for a formula is kept from that."""
    safe = f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([safe])
    return out.getvalue()
