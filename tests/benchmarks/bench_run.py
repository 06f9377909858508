"""How full the link to a GRBL controller stays, and what a sender costs in CPU time.

Run: python -m tests.benchmarks.bench_run

Simulated controller: 115200 baud, 128 bytes, 15 blocks, 1 ms a line; `max_ahead` 1 s. Ratios of one run: writing time
with a buffer and limits that never bind, over writing time with the real ones; then the share of the wire that is used.
Measured on two busy cores: 0.98 to 1.00, and the sender needs some 0.1 ms of CPU a line.
"""

import dataclasses
import tempfile
import time
from pathlib import Path
from random import Random

from lasercam.model.toolpath import Toolpath
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.settings import settings_of
from tests.run.stage import Fault, Stage
from tests.run.test_throughput import strokes

SHAPES = {
    "one stroke, 2000 segments of 5 µm": (1, 2000, 5),
    "one stroke, 900 segments of 20 µm": (1, 900, 20),
    "60 strokes of 20 segments of 5 µm": (60, 20, 5),
    "100 strokes of 5 segments of 2 µm": (100, 5, 2),
    "40 lines of 400 µm": (40, 1, 400),
    "4 lines of 12 mm, in pieces": (4, 1, 12_000),
}
"""Strokes, segments each, µm each, at 8 mm/s."""
BAUD = 115_200


def written(toolpath: Toolpath, *, is_bound: bool) -> tuple[float, float, int, int]:
    """Seconds of writing on the controller's clock, CPU seconds, lines and bytes of the job file."""
    with tempfile.TemporaryDirectory() as folder:
        one = Stage(Path(folder), Random(0), toolpath=toolpath)
        if not is_bound:
            limits = one.machine.controller.model_copy(update={"max_ahead": 1e3, "checkpoint_interval": 1e4})
            machine = one.machine.model_copy(update={"controller": limits})
            one.planned = dataclasses.replace(one.planned, machine=machine)
            options = dataclasses.replace(one.options, rx_bytes=1024)
            one.controller = SimulatedController(settings_of(machine), options)
        began = time.process_time()
        one.session(Fault("none", 10**9))
        cpu_s = time.process_time() - began
        exposed = one.controller.exposed()
        text = one.planned.path.read_bytes()
        written_s = max(p.to_s for p in exposed) - min(p.from_s for p in exposed)
        return written_s, cpu_s, text.count(b"\n"), len(text)


def main() -> None:
    print(f"{'job':38}{'written, s':>12}{'of ideal':>10}{'wire used':>11}{'CPU, ms/line':>14}")
    for name, shape in SHAPES.items():
        toolpath = strokes(*shape)
        real_s, cpu_s, lines, n_bytes = written(toolpath, is_bound=True)
        ideal_s = written(toolpath, is_bound=False)[0]
        print(
            f"{name:38}{real_s:12.2f}{ideal_s / real_s:10.3f}{n_bytes * 10 / BAUD / real_s:11.1%}"
            f"{cpu_s * 1e3 / lines:14.2f}"
        )


if __name__ == "__main__":
    main()
