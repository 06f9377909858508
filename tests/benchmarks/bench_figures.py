"""Time and memory of every figure of a large dot array: python -m tests.benchmarks.bench_figures [dots].

Every figure runs in a process of its own, so that its peak is its own; the first line is one reading of the rows, which
all others contain once or twice.
"""

import io
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from lasercam.model.toolpath import RowKind, Toolpath, ToolpathBlock
from lasercam.pipeline.timing import timed_blocks
from lasercam.preview.canvas import Sheet
from lasercam.preview.neighbour_colours import NEIGHBOUR_SPACINGS, NeighbourColours, extent_and_spacing
from lasercam.preview.order_colours import OrderColours
from lasercam.preview.toolpath_figure import draw_layers, draw_toolpath
from tests.benchmarks.bench_preview import dot_array
from tests.support.builders import machine

SAMPLE_UM = (10_000.0, 10_000.0)
LAYERS = 10


def layered(n_rows: int) -> Toolpath:
    """The same array in layers, deepest first."""
    flat = dot_array(n_rows // LAYERS)
    section = flat.header.sections[0]

    def stream() -> Iterator[ToolpathBlock]:
        for layer in range(LAYERS):
            shift = np.array([0, 0, -300_000 * (LAYERS - layer)])
            for block in flat.blocks():
                first = block.first_row + layer * section.n_rows
                yield replace(
                    block, first_row=first, start_ticks=block.start_ticks + shift, end_ticks=block.end_ticks + shift
                )

    total = section.n_rows * LAYERS
    whole = replace(section, n_rows=total, n_exposures=total)
    return Toolpath(replace(flat.header, sections=(whole,), n_rows=total), stream)


def read(n: int) -> None:
    """One reading of the rows."""
    for _ in dot_array(n).blocks():
        pass


def toolpath(n: int) -> None:
    """The plain picture."""
    draw_toolpath(dot_array(n), io.BytesIO(), fmt="png", sample_size_um=SAMPLE_UM)


def order(n: int) -> None:
    """Order and travel."""
    path = dot_array(n)
    draw_toolpath(path, io.BytesIO(), fmt="png", sample_size_um=SAMPLE_UM, dress=OrderColours(path))


def neighbours(n: int) -> None:
    """Time since a neighbour."""
    path = dot_array(n)
    box, spacing = extent_and_spacing(path, path.header.sections)
    timed = partial(timed_blocks, path, [machine()], np.zeros(len(path.header.recipes)))
    dress = NeighbourColours(timed, np.full(len(path.header.recipes), 1e-3), box, NEIGHBOUR_SPACINGS * spacing)
    draw_toolpath(path, io.BytesIO(), fmt="pdf", sample_size_um=SAMPLE_UM, dress=dress)


def times(n: int) -> None:
    """Rows with their times, as the time budget reads them."""
    path = dot_array(n)
    total = 0.0
    for timed in timed_blocks(path, [machine()], np.zeros(len(path.header.recipes)), (0,)):
        total += float(timed.seconds[timed.block.kind == RowKind.DOT].sum())


def layers(n: int) -> None:
    """A page for each layer."""
    draw_layers(layered(n), lambda *_: partial(Sheet.save, out=io.BytesIO(), fmt="png"), sample_size_um=SAMPLE_UM)


FIGURES: dict[str, Callable[[int], None]] = {f.__name__: f for f in (read, toolpath, order, neighbours, times, layers)}


def main(n: int, only: str | None) -> None:
    """Measure one figure here, or all of them each in its process."""
    if only is None:
        for name in FIGURES:
            subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_figures", str(n), name], check=True)
        return
    begun = time.process_time()
    FIGURES[only](n)
    spent = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{only:>10}: {n:,} dots {spent:6.2f} s CPU, peak {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, sys.argv[2] if len(sys.argv) > 2 else None)
