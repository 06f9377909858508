"""Time and memory of the geometric checks over large lattices: `python -m tests.benchmarks.bench_checks [millions]`."""

import resource
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from lasercam.checks.cone import Cone
from lasercam.checks.duplicate import Duplicate
from lasercam.checks.spacing import Spacing
from lasercam.checks.subset import Subset
from lasercam.model.protocols import Check, CheckContext
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.checks.situation import context, valued
from tests.support import builders

ROWS = 65_536


def lattice(count: int, section: int = 0, pitch: int = 30_000) -> Iterator[ToolpathBlock]:
    """A square lattice of dots in boustrophedon order."""
    width = round(count**0.5)
    for first in range(0, count, ROWS):
        i = np.arange(first - 1, min(first + ROWS, count), dtype=np.int64)
        y, x = np.divmod(np.maximum(i, 0), width)
        ends = np.empty((len(i), 3), np.int64)
        ends[:, 0] = np.where(y % 2, width - 1 - x, x) * pitch
        ends[:, 1], ends[:, 2] = y * pitch, -800_000
        n = len(i) - 1
        short = np.zeros(n, np.uint16)
        yield ToolpathBlock(
            section, section * count + first, ends[:-1].copy(), ends[1:].copy(),
            np.full(n, RowKind.DOT, np.uint8), np.zeros(n, np.uint32), short, short.copy(),
        )  # fmt: skip


def scattered(count: int, section: int = 0) -> Iterator[ToolpathBlock]:
    """Dots in no spatial order, far apart on average."""
    for first in range(0, count, ROWS):
        n = min(ROWS, count - first)
        random = np.random.default_rng(first)
        ends = random.integers(0, 10**9, (n, 3))
        ends[:, 2] = -800_000
        short = np.zeros(n, np.uint16)
        yield ToolpathBlock(
            section, section * count + first, ends, ends.copy(),
            np.full(n, RowKind.DOT, np.uint8), np.zeros(n, np.uint32), short, short.copy(),
        )  # fmt: skip


def columns(count: int, section: int = 0) -> Iterator[ToolpathBlock]:
    """Ten layers, 50 µm apart, written column by column from above: every dot lies under others."""
    width = round((count / 10) ** 0.5)
    for first in range(0, count, ROWS):
        i = np.arange(first, min(first + ROWS, count), dtype=np.int64)
        column, layer = np.divmod(i, 10)
        y, x = np.divmod(column, width)
        ends = np.stack((x * 30_000, y * 30_000, -800_000 - layer * 333_333), axis=1)
        short = np.zeros(len(i), np.uint16)
        yield ToolpathBlock(
            section, section * count + first, ends, ends.copy(),
            np.full(len(i), RowKind.DOT, np.uint8), np.zeros(len(i), np.uint32), short, short.copy(),
        )  # fmt: skip


def hatch(count: int, section: int = 0) -> Iterator[ToolpathBlock]:
    """Parallel lines of 100 µm, 1 µm apart, in columns."""
    for first in range(0, count, ROWS):
        i = np.arange(first, min(first + ROWS, count), dtype=np.int64)
        column, row = np.divmod(i, 10_000)
        start = np.stack((column * 1_200_000, row * 10_000, np.full(len(i), -800_000)), axis=1)
        short = np.zeros(len(i), np.uint16)
        yield ToolpathBlock(
            section, section * count + first, start, start + np.array((1_000_000, 0, 0)),
            np.full(len(i), RowKind.LINE, np.uint8), np.zeros(len(i), np.uint32), short, short.copy(),
        )  # fmt: skip


Maker = Callable[[int, int], Iterator[ToolpathBlock]]


def situation(count: int, kinds: tuple[PassKind, ...], make: Maker = lattice) -> CheckContext:
    """A context whose blocks are made anew at each reading."""
    few = [next(lattice(min(count, 10), section)) for section in range(len(kinds))]
    recipe = builders.dot_recipe(values=valued(spot_radius=1.0))
    made = context(few, [recipe], kinds=kinds)

    def blocks() -> Iterator[ToolpathBlock]:
        for section in range(len(kinds)):
            yield from make(count, section)

    return CheckContext(made.header, made.machines, made.job, made.processes, made.locate, blocks, made.clock)


def measure(name: str, make: Callable[[], Check], made: CheckContext) -> None:
    """Print CPU time and the growth of the largest memory so far."""
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    check = make()
    check.begin(made)
    for block in made.blocks():
        check.block(block)
    findings = list(check.end())
    spent = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{name:32} {spent:6.2f} s  +{grown:5.0f} MB  {[f.code for f in findings]}")


def main() -> None:
    """Run all."""
    count = round(float(sys.argv[1] if len(sys.argv) > 1 else 10) * 1e6)
    once = situation(count, (PassKind.WRITE,))
    warm = situation(100_000, (PassKind.WRITE,))
    measure("warm-up", Spacing, warm)
    start = time.process_time()
    for _ in once.blocks():
        pass
    print(f"{'reading once':32} {time.process_time() - start:6.2f} s")
    measure("duplicate, lattice", Duplicate, once)
    measure("spacing, lattice", Spacing, once)
    measure("duplicate, scattered", Duplicate, situation(count, (PassKind.WRITE,), scattered))
    measure("duplicate, hatch / 10", Duplicate, situation(count // 10, (PassKind.WRITE,), hatch))
    measure("spacing, hatch / 10", Spacing, situation(count // 10, (PassKind.WRITE,), hatch))
    measure("cone, lattice", Cone, once)
    measure("cone, columns from above", Cone, situation(count, (PassKind.WRITE,), columns))
    twice = situation(count // 2, (PassKind.WRITE, PassKind.REWRITE))
    measure("duplicate, written and rewritten", Duplicate, twice)
    measure("subset, written and rewritten", Subset, twice)


if __name__ == "__main__":
    main()
