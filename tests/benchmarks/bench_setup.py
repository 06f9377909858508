"""What a sample's lie and kept-out zones cost: `python -m tests.benchmarks.bench_setup [millions]`.

Every number is CPU time as a share of what the controller's coordinates cost on a straight, level sample.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from lasercam.checks.envelope import Envelope
from lasercam.checks.keep_out import KeepOut
from lasercam.geometry.attitude import attitude
from lasercam.model.frame import Frame
from lasercam.model.protocols import Check, CheckContext
from lasercam.model.surface import Surface
from lasercam.model.toolpath import MAX_BLOCK_ROWS, RowKind, Section, ToolpathBlock
from tests.checks.situation import context
from tests.support import builders

SIDE = 3_200
KNOTS = np.linspace(-1_000.0, 11_000.0, 25)
BENT = Surface(KNOTS, KNOTS, np.cos(KNOTS / 3_000)[None, :] * np.sin(KNOTS / 2_500)[:, None])
PLAIN = Frame((0, 0, 0), 1 / 1.5, 10)
FRAMES = {
    "straight": PLAIN,
    "turned": replace(PLAIN, matrix=attitude(3.0)),
    "tilted": replace(PLAIN, matrix=attitude(3.0, slopes=(0.002, -0.001))),
    "bent": replace(PLAIN, matrix=attitude(3.0, slopes=(0.002, -0.001)), surface=BENT),
}
ZONE = {"name": "clamp", "low": ["1500.2 um", "1500.2 um"], "high": ["1500.8 um", "1500.8 um"], "source": "example"}


def places(count: int) -> Iterator[np.ndarray]:
    """A lattice of dots to and fro, block by block."""
    for first in range(0, count, MAX_BLOCK_ROWS):
        row, column = np.divmod(np.arange(first, min(first + MAX_BLOCK_ROWS, count)), SIDE)
        column = np.where(row % 2 == 0, column, SIDE - 1 - column)
        yield np.column_stack((column, row, np.full(len(row), 200.0))).astype(np.float64)


def rows(count: int, frame: Frame) -> list[ToolpathBlock]:
    """The lattice as dots."""
    made, first = [], 0
    for xyz in places(count):
        end = frame.ticks(xyz)
        short, n = np.zeros(len(end), np.uint16), len(end)
        start = np.vstack((end[:1], end[:-1]))
        kind = np.full(n, RowKind.DOT, np.uint8)
        made.append(ToolpathBlock(0, first, start, end, kind, np.zeros(n, np.uint32), short, short.copy()))
        first += n
    return made


def seconds(work: Callable[[], object]) -> float:
    """CPU time of the fastest of three runs."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def judged(check: Check, made: CheckContext) -> float:
    """CPU time of one check over all rows."""
    check.begin(made)
    return seconds(lambda: [check.block(block) for block in made.blocks()])


def _each(work: Callable[[np.ndarray], object], pieces: list[np.ndarray]) -> None:
    for piece in pieces:
        work(piece)


def _lain(frame: Frame, sections: tuple[Section, ...]) -> tuple[Section, ...]:
    return tuple(replace(section, frame=frame) for section in sections)


def main() -> None:
    """Run all."""
    count = round(float(sys.argv[1] if len(sys.argv) > 1 else 2) * 1e6)
    there = list(places(count))
    base = 0.0
    for name, frame in FRAMES.items():
        blocks = rows(count, frame)
        machine = builders.machine(keep_out=[ZONE])
        lain = partial(_lain, frame)
        made = context(blocks, machine=machine, sections=lain)
        spent = {
            "there": seconds(partial(_each, frame.ticks, there)),
            "back": seconds(partial(_each, frame.sample_um, [b.end_ticks for b in blocks])),
            "keep_out": judged(KeepOut(), made),
            "envelope": judged(Envelope(), made),
        }
        base = base or spent["there"]
        told = "  ".join(f"{what} {value / base:5.2f}" for what, value in spent.items())
        print(f"{name:10} {told}   ({spent['there']:.2f} s there for {count:,} rows)")


if __name__ == "__main__":
    main()
