"""Time and memory of the pictures of a large dot array: python -m tests.benchmarks.bench_preview [rows]."""

import io
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from lasercam.model.process_outcome import EmissionLine, Outcome
from lasercam.model.toolpath import MAX_BLOCK_ROWS, RowKind, Toolpath, ToolpathBlock
from lasercam.preview.emission import RecipeEffect, simulate_emission, toolpath_steps
from lasercam.preview.emission_figure import draw_view
from lasercam.preview.toolpath_figure import draw_toolpath
from lasercam.preview.views import render_views
from tests.support.builders import dot_recipe, header, rows


def dot_array(n_rows: int, pitch_ticks: int = 20_000) -> Toolpath:
    """A serpentine square of dots, made block by block; only one block exists at a time."""
    side = int(np.ceil(np.sqrt(n_rows)))

    def places(number: np.ndarray) -> np.ndarray:
        row, column = np.divmod(number, side)
        column = np.where(row % 2, side - 1 - column, column)
        z = np.full(len(number), -1_333_330)
        return np.stack((10_000_000 + column * pitch_ticks, 10_000_000 + row * pitch_ticks, z), axis=1)

    def stream() -> Iterator[ToolpathBlock]:
        for first in range(0, n_rows, MAX_BLOCK_ROWS):
            number = np.arange(first, min(first + MAX_BLOCK_ROWS, n_rows))
            n = len(number)
            yield ToolpathBlock(
                0,
                first,
                places(np.maximum(number - 1, 0)),
                places(number),
                np.full(n, RowKind.DOT, np.uint8),
                np.zeros(n, np.uint32),
                (number * 2 // n_rows).astype(np.uint16),
                np.zeros(n, np.uint16),
            )

    recipes = [dot_recipe(0.001), dot_recipe(0.002, name="longer")]
    small = header(recipes, [rows([(RowKind.DOT, (0.0, 0.0, 0.0))])])
    section = replace(small.sections[0], n_rows=n_rows, n_exposures=n_rows, duration_s=0.05 * n_rows)
    return Toolpath(replace(small, sections=(section,), n_rows=n_rows, digest="0" * 64), stream)


def main(n_rows: int, save: str | None) -> None:
    """Print what the picture costs."""
    toolpath = dot_array(n_rows)
    begun = time.process_time()
    for _ in toolpath.blocks():
        pass
    made = time.process_time() - begun
    for fmt in ("png", "svg"):
        out = io.BytesIO()
        begun = time.process_time()
        draw_toolpath(toolpath, out, fmt=fmt, sample_size_um=(10_000.0, 10_000.0))
        spent = time.process_time() - begun
        print(f"{fmt}: {n_rows:,} dots {spent:.2f} s CPU, of which two readings {2 * made:.2f} s; {out.tell():,} B")
        if save:
            Path(f"{save}.{fmt}").write_bytes(out.getvalue())
    begun = time.process_time()
    glow = Outcome(emission=(EmissionLine.model_validate({"phase": "X", "peak": "514 nm", "fwhm": "25 nm"}),))
    seen = simulate_emission(toolpath_steps(toolpath), [RecipeEffect(f"p{i}", glow, 1.6) for i in (0, 1)])
    views = render_views(seen, ("daylight", "uv", "uv+lp645"))
    spent = time.process_time() - begun
    print(f"emission: {n_rows:,} dots on {seen.grid.shape} pixels, {len(views[0])} views {spent:.2f} s CPU")
    if save:
        with Path(f"{save}-uv.png").open("wb") as file:
            draw_view(views[0][1], file)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, sys.argv[2] if len(sys.argv) > 2 else None)
