"""How much faster the scanline fills a hard polygon than cutting one MultiLineString with shapely.

Run with ``python -m tests.benchmarks.bench_hatch``; prints the ratio measured in one run.
"""

from __future__ import annotations

import time

import numpy as np
import shapely

from lasercam.geometry.area import Area
from lasercam.geometry.hatch import hatch_parallel
from lasercam.geometry.polylines import Polylines

N_ROWS = 50_000
RADIUS_UM = 1000.0


def flower_with_holes(n_vertices: int = 10_000, holes_across: int = 11) -> Area:
    """A wavy disc of ``n_vertices`` with ``holes_across``² round holes of 32 vertices."""
    turn = np.linspace(0.0, 2.0 * np.pi, n_vertices, endpoint=False)
    radius = RADIUS_UM * (1.0 - 0.05 * np.sin(40.0 * turn) ** 2)
    rings = [np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])]
    hole = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)[::-1]
    places = np.linspace(-0.55, 0.55, holes_across) * RADIUS_UM
    rings += [np.column_stack([x + 30.0 * np.cos(hole), y + 30.0 * np.sin(hole)]) for x in places for y in places]
    return Area.from_rings(Polylines.from_list(rings), "evenodd")


def main() -> None:
    area = flower_with_holes()
    _, y_min, _, y_max = area.bounds_um()
    pitch = (y_max - y_min) / N_ROWS
    origin = (0.0, y_min + pitch / 2.0)
    print(f"{len(area.edges()[0])} edges, {len(area.rings()) - 1} holes, {N_ROWS} rows")

    hatch_parallel(area, pitch_um=pitch * 1000, engine="numba")  # loads the kernel
    seconds = {}
    lengths = {}
    for engine in ("numba", "numpy"):
        start = time.perf_counter()
        lines = hatch_parallel(area, pitch_um=pitch, origin_um=origin, engine=engine)
        seconds[engine] = time.perf_counter() - start
        lengths[engine] = float(lines.lengths_um().sum())
        print(f"{engine:8} {seconds[engine]:8.3f} s  {len(lines)} lines, {lengths[engine]:.3f} µm")

    y = origin[1] + np.arange(N_ROWS) * pitch
    rows = shapely.linestrings(
        np.stack([np.column_stack([np.full(N_ROWS, x), y]) for x in (-2 * RADIUS_UM, 2 * RADIUS_UM)], axis=1)
    )
    start = time.perf_counter()
    cut = shapely.intersection(shapely.multilinestrings(rows), area.geometry)
    seconds["shapely"] = time.perf_counter() - start
    print(f"{'shapely':8} {seconds['shapely']:8.3f} s  {shapely.get_num_geometries(cut)} lines, {cut.length:.3f} µm")
    print(
        f"numba {seconds['shapely'] / seconds['numba']:.0f}x, numpy {seconds['shapely'] / seconds['numpy']:.0f}x faster"
    )
    relative = abs(lengths["numba"] - cut.length) / cut.length
    print(f"total length differs by {relative:.1e}")
    if relative > 1e-9 or lengths["numba"] != lengths["numpy"]:
        raise SystemExit("the lengths disagree")


if __name__ == "__main__":
    main()
