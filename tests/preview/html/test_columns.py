"""Segments survive packing bit by bit; the reader here is written from the words of `packed`, not from its code."""

import struct
import zlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.preview.html.columns import NAMES, Segments, packed, space_quantum_um, time_quantum_s

WHOLE = st.integers(-(2**31), 2**31 - 1)


def unpacked(content: bytes, n: int) -> dict[str, list[int]]:
    """Columns of a packed scene, one number at a time."""
    planes = zlib.decompress(content)
    assert len(planes) == 4 * n * len(NAMES)
    rest = {
        name: [struct.unpack("<i", bytes(planes[4 * n * k + plane * n + i] for plane in range(4)))[0] for i in range(n)]
        for k, name in enumerate(NAMES)
    }

    def wrapped(value: int) -> int:
        return (value + 2**31) % 2**32 - 2**31

    found: dict[str, list[int]] = {name: [] for name in NAMES}
    for i in range(n):
        for axis in "xyz":
            start, end = found[f"start_{axis}"], found[f"end_{axis}"]
            way = wrapped(end[-1] - start[-1]) if i else 0
            start.append(wrapped(rest[f"start_{axis}"][i] + (end[-1] if i else 0)))
            end.append(wrapped(start[-1] + way + rest[f"end_{axis}"][i]))
        before = wrapped(found["begin"][-1] + found["lasts"][-1]) if i else 0
        found["begin"].append(wrapped(rest["begin"][i] + before))
        found["row"].append(wrapped(rest["row"][i] + (found["row"][-1] + 1 if i else 0)))
        for name in ("lasts", "kind", "recipe", "part", "section", "count", "dose"):
            found[name].append(wrapped(rest[name][i] + (found[name][-1] if i else 0)))
    return found


@settings(max_examples=60)
@given(st.lists(st.tuples(*[WHOLE] * len(NAMES)), max_size=12))
def test_packing_loses_nothing(rows: list[tuple[int, ...]]) -> None:
    columns = np.array(rows, np.int32).reshape(len(rows), len(NAMES)).T
    segments = Segments(**{name: np.ascontiguousarray(column) for name, column in zip(NAMES, columns, strict=True)})
    found = unpacked(packed(segments), len(rows))
    assert found == {name: column.tolist() for name, column in zip(NAMES, columns, strict=True)}


def test_a_regular_raster_takes_almost_no_room() -> None:
    n = 10_000
    x, y = np.arange(n, dtype=np.int32) % 100 * 300, np.arange(n, dtype=np.int32) // 100 * 300
    zero = np.zeros(n, np.int32)
    start_x, start_y = np.concatenate(([0], x[:-1])).astype(np.int32), np.concatenate(([0], y[:-1])).astype(np.int32)
    even = dict.fromkeys(NAMES, zero)
    time = {"begin": np.arange(n, dtype=np.int32) * 1_000, "lasts": zero + np.int32(1_000)}
    path = {"start_x": start_x, "start_y": start_y, "end_x": x, "end_y": y, "row": np.arange(n, dtype=np.int32)}
    assert len(packed(Segments(**{**even, **time, **path}))) < n  # 60 bytes each as they are


def test_quanta_leave_room_for_the_whole_scene() -> None:
    assert space_quantum_um(100.0) == 1e-4, "finer than a tick is nothing"
    for extent_um in (1e3, 1e4, 5e5):
        assert extent_um / space_quantum_um(extent_um) <= 2**22, "exact in a graphics card's float"
    assert 1e7 / time_quantum_s(1e7) <= 2**30
