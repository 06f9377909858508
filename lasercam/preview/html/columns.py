"""Segments as bytes: whole numbers, predicted from the ones before, so that what is regular takes almost no room.

The page's script undoes every step (`decode.js`): inflate, put the four bytes of each number together again, add what
was predicted. Numbers are 32 bits wide and wrap around, on both sides.
"""

import zlib
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int32]

SPACE_BITS = 22
"""Coordinates are whole numbers of up to so many bits: they fit the 24 of a graphics card's floats exactly."""
TIME_BITS = 30
LEAST_QUANTUM_UM = 1e-4
"""A tick: finer is nothing in a toolpath."""
LEAST_QUANTUM_S = 1e-6
_LEVEL = 6


@dataclass(frozen=True, eq=False)
class Segments:
    """Rows, or pieces of them, as they are drawn; all columns int32 (N,), in the order they run.

    Attributes:
        start_x, start_y, start_z, end_x, end_y, end_z: in quanta of length from the scene's origin; z = depth.
        begin, lasts: in quanta of time from the beginning of the job.
        row: number in the toolpath.
        kind: RowKind at the sample: JUMP, LINE, DOT, SHOTS or LEAD.
        recipe, part, section: as rows and blocks have them.
        count: pulses of a DOT, shots of a SHOTS run.
        dose: of a LINE, thousandths of what its recipe says; 0 elsewhere.
    """

    start_x: Column
    start_y: Column
    start_z: Column
    end_x: Column
    end_y: Column
    end_z: Column
    begin: Column
    lasts: Column
    row: Column
    kind: Column
    recipe: Column
    part: Column
    section: Column
    count: Column
    dose: Column

    def __len__(self) -> int:
        return len(self.row)


NAMES = tuple(field.name for field in fields(Segments))


def joined(pieces: list[Segments]) -> Segments:
    """Pieces one behind the other; empties the list, so that nothing is held twice for long."""
    columns = {name: np.concatenate([getattr(p, name) for p in pieces] or [np.zeros(0, np.int32)]) for name in NAMES}
    pieces.clear()
    return Segments(**columns)


def packed(segments: Segments) -> bytes:
    """The segments, deflated (zlib).

    A start is predicted as the end before it, the way of a segment as the way before it, a beginning as the end of
    the time before it, a row as the next one, and everything else as what stood there before.
    """
    deflate = zlib.compressobj(_LEVEL)
    parts = []
    for name in NAMES:
        rest = _unpredicted(segments, name)
        planes = np.ascontiguousarray(rest.astype("<i4").view(np.uint8).reshape(-1, 4).T)
        parts.append(deflate.compress(planes.tobytes()))
    parts.append(deflate.flush())
    return b"".join(parts)


def _unpredicted(segments: Segments, name: str) -> Column:
    """What is left of a column after prediction."""
    values: Column = getattr(segments, name)
    if name.startswith("start_"):
        return values - _before(getattr(segments, f"end_{name[-1]}"))
    if name.startswith("end_"):
        way = values - getattr(segments, f"start_{name[-1]}")
        return np.asarray(way - _before(way))
    if name == "begin":
        return values - _before(segments.begin + segments.lasts)
    if name == "row":
        return values - _before(values + np.int32(1))
    return values - _before(values)


def _before(values: Column) -> Column:
    shifted = np.zeros_like(values)
    shifted[1:] = values[:-1]
    return shifted


def space_quantum_um(extent_um: float) -> float:
    """The unit of coordinates in a scene so large, µm.

    >>> space_quantum_um(100.0), space_quantum_um(2.0**22)
    (0.0001, 1.0)
    """
    return max(LEAST_QUANTUM_UM, extent_um / float(1 << SPACE_BITS))


def time_quantum_s(total_s: float) -> float:
    """The unit of times in a job that lasts so long, s.

    >>> time_quantum_s(60.0), time_quantum_s(2.0**31)
    (1e-06, 2.0)
    """
    return max(LEAST_QUANTUM_S, total_s / float(1 << TIME_BITS))
