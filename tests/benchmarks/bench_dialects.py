"""How fast job files are written and read back, against a raw write and a hand-written formatting loop.

Run: python tests/benchmarks/bench_dialects.py [dots]
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lasercam.dialects import aerotech_a3200_reader, automation1_reader, grbl_reader, linuxcnc_reader
from lasercam.dialects.aerotech_a3200 import a3200_encoder
from lasercam.dialects.automation1 import automation1_encoder
from lasercam.dialects.grbl import GrblEncoder
from lasercam.dialects.linuxcnc import LinuxCncEncoder
from lasercam.model.machine import Machine
from lasercam.model.protocols import Encoder, ProgramHeader
from lasercam.model.toolpath import MAX_BLOCK_ROWS, RowKind, ToolpathBlock
from tests.dialects import aerotech_planning
from tests.support import builders

LANGUAGES = {
    "linuxcnc": (LinuxCncEncoder, linuxcnc_reader.read), "grbl": (GrblEncoder, grbl_reader.read),
    "aerotech_a3200": (a3200_encoder, aerotech_a3200_reader.read),
    "automation1": (automation1_encoder, automation1_reader.read),
}  # fmt: skip


def dots(n: int, step: int) -> Iterator[ToolpathBlock]:
    """A serpentine array of dots, 1000 a line."""
    for first in range(0, n, MAX_BLOCK_ROWS):
        index = np.arange(max(first - 1, 0), min(first + MAX_BLOCK_ROWS, n))
        row, column = index // 1000, index % 1000
        column = np.where(row % 2, 999 - column, column)
        place = np.ascontiguousarray(np.stack((column * step - 300_000, row * step, np.full(len(index), -500_000)), 1))
        ends = place if first == 0 else place[1:]
        starts = np.vstack((place[:1], place[:-1])) if first == 0 else place[:-1]
        size = len(ends)
        zeros = np.zeros(size, np.uint16)
        yield ToolpathBlock(
            0, first, np.ascontiguousarray(starts), ends.copy(), np.full(size, int(RowKind.DOT), np.uint8),
            np.zeros(size, np.uint32), zeros, zeros.copy(),
        )  # fmt: skip


def hand_loop(blocks: list[ToolpathBlock]) -> int:
    """What a script does: one f-string per point."""
    out = io.StringIO()
    for block in blocks:
        for x, y, z in (block.end_ticks / 1e7).tolist():
            out.write(f"G0 X{x:.6f} Y{y:.6f} Z{z:.6f}\nM64 P0\nG4 P1\nM65 P0\n")
    return len(out.getvalue())


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Best CPU time of some runs."""
    best = float("inf")
    for _ in range(times):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def write(encoder: Encoder, blocks: list[ToolpathBlock], target: io.BytesIO) -> bytes:
    """One file."""
    target.write(encoder.begin())
    for block in blocks:
        target.write(encoder.block(block))
    target.write(encoder.end())
    return target.getvalue()


def measure(name: str, blocks: list[ToolpathBlock], machine: Machine, *, compiled: bool) -> None:
    """Print one line."""
    encoder_type, read = LANGUAGES[name.split(" ")[0]]
    program = ProgramHeader(builders.header([builders.dot_recipe(1.0)], blocks[:1]), 0, machine)
    n = sum(map(len, blocks))

    def encode() -> bytes:
        return write(encoder_type(program, use_compiled=compiled), blocks, io.BytesIO())

    data = encode()

    def reread() -> int:
        return sum(len(b) for b in read(io.BytesIO(data), machine, use_compiled=compiled))

    if reread() != n:
        raise SystemExit("the reader lost rows")
    encode_s, read_s, hand_s = seconds(encode), seconds(reread), seconds(lambda: hand_loop(blocks), 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "raw")
        raw_s = seconds(lambda: path.write_bytes(data))
    print(
        f"{name:21}{'compiled' if compiled else 'plain':9} encode {n / encode_s / 1e6:6.2f} M dots/s "
        f"{len(data) / encode_s / 1e6:6.0f} MB/s   raw write {len(data) / raw_s / 1e6:6.0f} MB/s   "
        f"read {n / read_s / 1e6:6.2f} M dots/s   hand loop x{hand_s / encode_s:.1f}"
    )


def main() -> None:
    """Print two lines per dialect."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    controller = {"dialect": "grbl", "increment": "1 um", "path_tolerance": "1 um", "source": "example value"}
    grbl = builders.machine("grbl", controller={**controller, "settings": {"30": "1000", "32": "1"}})
    machines = [("linuxcnc", builders.machine(), 12_340), ("grbl", grbl, 20_000)]
    for dialect in ("aerotech_a3200", "automation1"):
        for loops, label in (("no", dialect), ("yes", f"{dialect} loops")):
            machines.append((label, aerotech_planning.machine(dialect, {"loops": loops}), 12_300))
    for name, machine, step in machines:
        blocks = list(dots(n, step))
        measure(name, blocks, machine, compiled=True)
        measure(name, blocks[:2], machine, compiled=False)


if __name__ == "__main__":
    main()
