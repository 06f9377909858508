"""From YAML to verified job files: 1 M and 10 M voxels, LinuxCNC and GRBL, memory and rates, beside a raw write.

Run: python -m tests.benchmarks.bench_voxels [--millions 1 10] [--folder DIR]
Each case is a process of its own, so that peak memory is its own. Rates are ratios against a raw write of the same
bytes, against a plain hand-written loop (one f-string per dot) and, where it is installed, against mecode (PyPI) in the
same run; absolute times are this machine's. "write" is generation, ordering, encoding, hashing and syncing the file.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JOB = """\
job: voxels
machine: {machine}
sample: {{id: bench, material: br_i_borosilicate, size: [50 mm, 50 mm, 2 mm], refractive_index: 1.52}}
patterns:
  block: {{type: voxels, counts: [1000, 1000, {layers}], pitch: [10 um, 10 um, 40 um], at: [1 mm, 1 mm], depth: 100 um}}
recipes:
  dot: {{process: glass_bri_dots, pulse_energy: 50 uJ, repetition_rate: 10 kHz, exposure: 1 s}}
steps:
  - {{name: write, write: {{block.all: dot}}}}
supply:
  glass_bri_dots:
    spot_radius: {{value: 4 um, definition: 1/e^2 radius, source: "example value"}}
    max_exposure: {{value: 10 s, source: "example value"}}
"""


def main() -> None:
    """Run all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--one", nargs=2, metavar=("MACHINE", "MILLIONS"))
    options = parser.parse_args()
    if options.one:
        one_case(options.one[0], int(options.one[1]), Path(options.folder))
        return
    print(f"{'machine':16} {'M dots':>6} {'MB':>6} {'plan':>6} {'judge':>6} {'write':>6} {'verify':>6} {'all':>6} s "
          f"{'dots/s':>9} {'write/raw':>9} {'x loop':>7} {'x mecode':>8} {'peak MB':>8}")  # fmt: skip
    for machine in ("fs1030-linuxcnc", "fs1030-grbl"):
        for millions in options.millions:
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                command = [sys.executable, "-m", "tests.benchmarks.bench_voxels", "--folder", folder]
                command += ["--one", machine, str(millions)]
                case = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            seconds = case["seconds"]
            total = sum(seconds.values())
            rate = millions * 1e6 / seconds["write"]
            size_mb = case["bytes"] / 1e6
            print(f"{machine:16} {millions:6} {size_mb:6.0f} {seconds['plan']:6.1f} {seconds['judge']:6.1f} "
                  f"{seconds['write']:6.1f} {seconds['verify']:6.1f} {total:6.1f}   {rate:9.0f} "
                  f"{seconds['write'] / case['raw_s']:9.1f} {rate / case['loop_dots_s']:7.1f} "
                  f"{rate / case['mecode_dots_s']:8.1f} {case['peak_mb']:8.0f}")  # fmt: skip


def one_case(machine: str, millions: int, folder: Path) -> None:
    """Plan, judge, write and verify one job; print the figures as JSON."""
    from lasercam.pipeline.build import build
    from lasercam.pipeline.judge import judge
    from lasercam.pipeline.load import load_job, plan_job
    from lasercam.pipeline.verify import verify_build

    job = folder / "job.yaml"
    job.write_text(JOB.format(machine=machine, layers=millions))
    seconds: dict[str, float] = {}

    def timed(name: str, start: float) -> None:
        seconds[name] = time.perf_counter() - start

    start = time.perf_counter()
    loaded = load_job(job)
    toolpath = plan_job(loaded)
    timed("plan", start)
    start = time.perf_counter()
    verdict = judge(loaded, toolpath)
    timed("judge", start)
    start = time.perf_counter()
    out = build(loaded, toolpath, verdict, folder / "out", pictures=False)
    timed("write", start)
    start = time.perf_counter()
    proof = verify_build(out)
    timed("verify", start)
    if not proof.holds:
        raise SystemExit(f"not proven: {proof.mismatches[0]}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    program = next(out.glob("01-*"))
    figures = {
        "seconds": seconds,
        "bytes": program.stat().st_size,
        "peak_mb": peak_mb,
        "raw_s": raw_write_s(program.stat().st_size, folder / "raw"),
        "loop_dots_s": loop_dots_per_s(folder / "loop"),
        "mecode_dots_s": mecode_dots_per_s(folder / "mecode"),
    }
    print(json.dumps(figures))


def raw_write_s(size: int, path: Path) -> float:
    """Seconds to write and sync as many bytes in 1 MB pieces."""
    piece = os.urandom(1 << 20)
    start = time.perf_counter()
    with path.open("wb") as stream:
        for _ in range(size >> 20):
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    return time.perf_counter() - start


def loop_dots_per_s(path: Path, count: int = 300_000) -> float:
    """Dots per second of the loop everybody writes first: one f-string and one write per dot."""
    start = time.perf_counter()
    with path.open("w") as stream:
        for i in range(count):
            stream.write(f"G0 X{i % 1000 * 0.01:.5f} Y{i // 1000 * 0.01:.5f}\nM64 P0\nG4 P1\nM65 P0\n")
    return count / (time.perf_counter() - start)


def mecode_dots_per_s(path: Path, count: int = 100_000) -> float:
    """Dots per second of mecode, a move and a dwell each; infinite where it is not installed."""
    try:
        from mecode import G
    except ImportError:
        return float("inf")
    start = time.perf_counter()
    printer = G(outfile=str(path), print_lines=False, aerotech_include=False)
    for i in range(count):
        printer.abs_move(x=i % 1000 * 0.01, y=i // 1000 * 0.01)
        printer.dwell(1)
    printer.teardown()
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
