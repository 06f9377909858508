"""How fast, and in how much memory, meshes become voxels.

Run with ``python -m tests.benchmarks.bench_mesh``; prints what was measured in one run.
"""

from __future__ import annotations

import resource
import time

import numpy as np
import trimesh

from lasercam.sources.mesh import body
from lasercam.sources.mesh.body import Occupancy, grid_of
from lasercam.sources.mesh.file import read_mesh
from lasercam.sources.mesh.source import Mesh
from lasercam.sources.mesh.topology import examine
from tests.support.assets import ply_file
from tests.support.sources import make

SIDE = 216  # 216³ = 10.08 million points


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def wavy_ball(subdivisions: int) -> trimesh.Trimesh:
    """A ball with bumps: 20 × 4^n triangles."""
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions, radius=1.0)
    bumps = 1.0 + 0.1 * np.sin(6.0 * mesh.vertices).prod(axis=1, keepdims=True)
    return trimesh.Trimesh(mesh.vertices * bumps, mesh.faces, process=False)


def voxelise(subdivisions: int) -> None:
    mesh = wavy_ball(subdivisions)
    placed = (mesh.vertices - mesh.vertices.min(axis=0)) * 100.0
    triangles = np.ascontiguousarray(placed[mesh.faces])
    extent = placed.max(axis=0)
    pitch = float(extent.max()) / SIDE
    print(f"{len(triangles):,} triangles into {SIDE}³ points; {peak_mib():.0f} MiB so far")
    grid = grid_of(extent, (pitch, pitch, pitch))
    volume = abs(float(mesh.volume)) * 1e6 / pitch**3
    for solid in (True, False):
        for cells in (8_000_000, 500_000):
            body.SLAB_CELLS = cells
            start = time.perf_counter()
            survey = Occupancy(triangles, grid, solid=solid).survey
            seconds = time.perf_counter() - start
            what = "solid" if solid else "surface"
            exact = f", {survey.points / volume - 1.0:+.2e} of the volume" if solid else ""
            print(f"  {what:8} slabs of {cells:>9,}: {seconds:6.2f} s, {survey.points:,} points{exact}", end="")
            print(f", peak {peak_mib():.0f} MiB")
    body.SLAB_CELLS = 8_000_000


def main() -> None:
    tiny = wavy_ball(1)
    cube = np.ascontiguousarray((tiny.vertices - tiny.vertices.min(axis=0))[tiny.faces])
    Occupancy(np.tile(cube, (1000, 1, 1)), grid_of(cube.max(axis=(0, 1)), (0.1, 0.1, 0.1)), solid=True)  # compiles
    voxelise(6)
    voxelise(8)
    content = ply_file(wavy_ball(8))
    start = time.perf_counter()
    file = read_mesh(content, "a.ply")
    read = time.perf_counter()
    print(f"reading {len(content) / 2**20:.0f} MiB: {read - start:.2f} s")
    print(f"  {examine(file.vertices, file.faces)}: {time.perf_counter() - read:.2f} s")
    keys = {"type": "mesh", "file": "a.ply", "mode": "solid", "longest": f"{SIDE} um", "pitch": "1 um"}
    start = time.perf_counter()
    source = make(Mesh, keys, assets={"a.ply": content})
    built = time.perf_counter()
    rows = sum(len(block) for block in source.features())
    listed = time.perf_counter() - built
    print(f"source built in {built - start:.2f} s; {rows:,} dots listed at {rows / listed / 1e6:.1f} M/s", end="")
    print(f", peak {peak_mib():.0f} MiB")


if __name__ == "__main__":
    main()
