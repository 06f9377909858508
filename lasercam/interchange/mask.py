"""Exposures as a GDSII mask, for layout programs and simulations: one layer per step, one data type per recipe.

Source of record types, data types and numbers: GDSII Stream Format Manual, release 6.0 (Calma, 1987).
"""

import re
from collections.abc import Iterable
from math import ceil, cos, pi
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import LasercamError
from lasercam.interchange.drawing import shot_places
from lasercam.interchange.places import placed, spot_diameters_um
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, Toolpath, ToolpathBlock

TICK_M = 1e-10
MOST = 2**31 - 1
"""Largest coordinate: 32 bits with sign, 214 mm in ticks of 0.1 nm."""
MOST_NUMBER = 32_767
"""Largest layer and data type."""
TIMES = (1980, 1, 1, 0, 0, 0) * 2
"""A fixed date: the same rows give the same bytes."""
ROUND_ENDS = 1
_HEAD, _INT16, _INT32 = ">u2", ">i2", ">i4"


def write_gds(toolpath: Toolpath, out: BinaryIO, width_um: float | None = None, tolerance_um: float = 0.01) -> None:
    """Lines as paths with round ends, dots and shots as discs, in the sample's frame, in steps of 0.1 nm.

    Depth is lost: features of all depths lie on the layer of their step. Copies of one section are one cell.

    Args:
        toolpath: what is written.
        out: where it goes.
        width_um: of lines and dots; None = the spot's 1/e² diameter of each recipe.
        tolerance_um: how far the discs' corners may lie off the circle.

    Raises:
        LasercamError: a recipe's spot is not known, coordinates beyond 214 mm, more layers than GDSII numbers.
    """
    header = toolpath.header
    widths = spot_diameters_um(toolpath, width_um)
    unknown = [header.recipes[int(i)].label for i in np.flatnonzero(~np.isfinite(widths))]
    if unknown:
        raise LasercamError(
            f"a mask needs the width of every exposure, and the spot of {', '.join(unknown[:4])} is not known; supply"
            " `spot_radius`, or give --width"
        )
    if len(widths) > MOST_NUMBER or header.sections[-1].step >= MOST_NUMBER:
        raise LasercamError(f"GDSII numbers at most {MOST_NUMBER:,} layers and data types; the job has more")
    width_ticks = np.maximum(np.rint(widths * TICKS_PER_UM), 1).astype(np.int64)
    discs = {i: _disc(int(w), tolerance_um) for i, w in enumerate(width_ticks.tolist())}
    out.write(_record(0x0002, _ints([600], _INT16)) + _record(0x0102, _ints(TIMES, _INT16)))
    out.write(_record(0x0206, _text(header.job)) + _record(0x0305, real8(1e-4) + real8(TICK_M)))
    names: list[str] = []
    for block in toolpath.blocks():
        name = f"S{block.section + 1:04d}_{_safe(header.sections[block.section].step_name)}"
        if not names or names[-1] != name:
            out.write(_end(bool(names)) + _begin(name))
            names.append(name)
        out.write(_elements(toolpath, block, width_ticks, discs))
    out.write(_end(bool(names)) + _begin(_safe(header.job)[:28] + "_TOP"))
    for name in names:
        out.write(_record(0x0A00) + _record(0x1206, _text(name)) + _record(0x1003, _ints((0, 0), _INT32)))
        out.write(_record(0x1100))
    out.write(_record(0x0700) + _record(0x0400))


def real8(value: float) -> bytes:
    """A number in GDSII's eight bytes: sign, excess-64 exponent to base 16, 56 bits of mantissa.

    >>> real8(1.0).hex()
    '4110000000000000'
    """
    if value == 0.0:
        return b"\0" * 8
    exponent, size = 64, abs(value)
    while size >= 1.0:
        size, exponent = size / 16.0, exponent + 1
    while size < 1.0 / 16.0:
        size, exponent = size * 16.0, exponent - 1
    return bytes([(128 if value < 0 else 0) | exponent]) + round(size * 2**56).to_bytes(7, "big")


def _elements(
    toolpath: Toolpath, block: ToolpathBlock, width_ticks: NDArray[np.int64], discs: dict[int, NDArray[np.int64]]
) -> bytes:
    starts, ends = (ticks[:, :2] for ticks in placed(toolpath, block, "sample"))
    if max(np.abs(starts).max(initial=0), np.abs(ends).max(initial=0)) > MOST - int(width_ticks.max()):
        raise LasercamError("a mask reaches 214 mm at most, in steps of 0.1 nm; the toolpath lies beyond")
    layer = toolpath.header.sections[block.section].step + 1
    found = []
    is_line = (block.kind == RowKind.LINE) | (block.kind == RowKind.CLOSING)
    for recipe in np.unique(block.recipe[block.exposes]).tolist():
        mine = block.recipe == recipe
        lines = is_line & mine
        found.append(_paths(starts[lines], ends[lines], layer, recipe, int(width_ticks[recipe])))
        centres = [ends[(block.kind == RowKind.DOT) & mine]]
        for row in np.flatnonzero((block.kind == RowKind.SHOTS) & mine):
            places = shot_places(starts[row], ends[row], int(block.count[row]))
            centres.append(np.rint(np.array(places)).astype(np.int64))
        found.append(_discs(np.concatenate(centres), layer, recipe, discs[recipe]))
    return b"".join(found)


def _paths(starts: NDArray[np.int64], ends: NDArray[np.int64], layer: int, kind: int, width: int) -> bytes:
    head = _record(0x0900) + _record(0x0D02, _ints([layer], _INT16)) + _record(0x0E02, _ints([kind], _INT16))
    head += _record(0x2102, _ints([ROUND_ENDS], _INT16)) + _record(0x0F03, _ints([width], _INT32))
    return _repeated(head, np.concatenate((starts, ends), axis=1))


def _discs(centres: NDArray[np.int64], layer: int, kind: int, disc: NDArray[np.int64]) -> bytes:
    head = _record(0x0800) + _record(0x0D02, _ints([layer], _INT16)) + _record(0x0E02, _ints([kind], _INT16))
    return _repeated(head, (centres[:, None, :] + disc).reshape(len(centres), disc.size))


def _repeated(head: bytes, xy: NDArray[np.int64]) -> bytes:
    """Elements alike but for their coordinates, int64 (N, 2 V)."""
    size = 4 + 4 * xy.shape[1]
    whole: Any = np.empty(
        len(xy),
        [("head", f"V{len(head)}"), ("size", _HEAD), ("xy_type", _HEAD), ("xy", _INT32, (xy.shape[1],)), ("end", "V4")],
    )
    whole["head"], whole["size"], whole["xy_type"], whole["xy"] = np.void(head), size, 0x1003, xy
    whole["end"] = np.void(_record(0x1100))
    return bytes(whole.tobytes())


def _disc(diameter_ticks: int, tolerance_um: float) -> NDArray[np.int64]:
    """Corners of a disc about the origin, first one repeated; int64 (V, 2). Source: sagitta r (1 - cos(h / 2))."""
    radius = diameter_ticks / 2.0
    corners = 8
    while corners < 128 and radius * (1.0 - cos(pi / corners)) > tolerance_um * TICKS_PER_UM:
        corners = ceil(corners * 1.5 / 4) * 4
    angle = np.linspace(0.0, 2.0 * pi, corners + 1)
    disc: NDArray[np.int64] = np.rint(radius * np.column_stack((np.cos(angle), np.sin(angle)))).astype(np.int64)
    return disc


def _begin(name: str) -> bytes:
    return _record(0x0502, _ints(TIMES, _INT16)) + _record(0x0606, _text(name))


def _end(begun: bool) -> bytes:  # noqa: FBT001 # whether there is anything to end
    return _record(0x0700) if begun else b""


def _record(kind: int, content: bytes = b"") -> bytes:
    return (len(content) + 4).to_bytes(2, "big") + kind.to_bytes(2, "big") + content


def _ints(values: Iterable[int], form: str) -> bytes:
    return np.array(list(values), form).tobytes()


def _text(text: str) -> bytes:
    raw = _safe(text).encode()
    return raw + b"\0" * (len(raw) % 2)


def _safe(text: str) -> str:
    """Letters, digits and underscores: what every program reads in a name."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", text)[:60] or "_"
