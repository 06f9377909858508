"""From YAML to verified job files: 1 M and 10 M voxels, machine by machine, memory and rates, beside a raw write.

Run: python -m tests.benchmarks.bench_voxels [--millions 1 10] [--machines NAME ...] [--folder DIR] [--skip-preview]
A machine is a shipped profile, or one with a key of controller.settings changed: `fs1030-a3200,loops=no`.
Each case is a process of its own, so that peak memory is its own. Seconds are CPU seconds of all threads, since others
may share the machine. "plan" is generation, ordering, timing and hashing of the rows; "judge" every check; "write"
encoding, hashing and syncing the file; "verify" planning anew and reading the file back; "preview" the toolpath's
picture. "emit" is what turns planned rows into a file on disk, as a raw write and mecode do nothing else: rows read
back from where they are kept, checked, encoded, written and synced; not hashed. Its ns per dot and its ratio to a raw
write of the same bytes (1 MB at a time to a new file, synced) are CPU time, "(wall)" the ratio in wall-clock seconds,
all medians of three runs in turn. Where loops make the file shorter than a byte per dot, the ratio says nothing and is
left out. Its rate stands against a plain hand-written loop (one f-string per dot) and, where it is installed, against
mecode (PyPI) in the same run. "Mlines/s" is the reader alone. "peak MB" is before the picture, "drawn" with it.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from lasercam.model.toolpath import Toolpath
    from lasercam.pipeline.load import LoadedJob

MAX_LAYERS = 40
MACHINES = ["fs1030-linuxcnc", "fs1030-grbl", "fs1030-a3200", "fs1030-a3200,loops=no"]
PROFILES = Path(__file__).parents[2] / "machine_profiles"
JOB = """\
job: voxels
machine: {machine}
sample: {{id: bench, material: br_i_borosilicate, size: [50 mm, 50 mm, 2 mm], refractive_index: 1.52}}
patterns:
  block:
    {{type: voxels, counts: [1000, 1000, {layers}], pitch: [10 um, 10 um, 40 um], at: [1 mm, 1 mm], depth: 100 um,
     array: {{counts: [{tiles}, 1], pitch: [11 mm, 11 mm]}}}}
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--machines", nargs="+", default=MACHINES)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--skip-preview", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("MACHINE", "MILLIONS"))
    options = parser.parse_args()
    if options.one:
        one_case(options.one[0], int(options.one[1]), Path(options.folder), preview=not options.skip_preview)
        return
    print(f"{'machine':21} {'M dots':>6} {'MB':>6} {'plan':>6} {'judge':>6} {'write':>6} {'verify':>6} {'preview':>7} "
          f"{'all':>6} CPU s {'emit ns':>7} {'raw ns':>6} {'ratio':>5} {'(wall)':>6} {'x loop':>6} {'x mecode':>8} "
          f"{'Mlines/s':>8} {'peak MB':>8} {'drawn':>6}")  # fmt: skip
    for machine in options.machines:
        for millions in options.millions:
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                command = [sys.executable, "-m", "tests.benchmarks.bench_voxels", "--folder", folder]
                command += ["--one", machine, str(millions), *(["--skip-preview"] if options.skip_preview else [])]
                case = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
            seconds, emit, raw = case["seconds"], case["emit_s"], case["raw_s"]
            rate = millions * 1e6 / emit[0]
            ratios = f"{'-':>5} {'-':>6}"
            if case["bytes"] >= millions * 1e6:
                ratios = f"{emit[0] / raw[0]:5.1f} {emit[1] / raw[1]:6.1f}"
            print(f"{machine:21} {millions:6} {case['bytes'] / 1e6:6.0f} {seconds['plan']:6.1f} "
                  f"{seconds['judge']:6.1f} {seconds['write']:6.1f} {seconds['verify']:6.1f} "
                  f"{seconds.get('preview', 0.0):7.1f} {sum(seconds.values()):6.1f}       "
                  f"{emit[0] / millions * 1e3:7.1f} "
                  f"{raw[0] / millions * 1e3:6.1f} {ratios} {rate / case['loop_dots_s']:6.0f} "
                  f"{rate / case['mecode_dots_s']:8.0f} {case['lines_s'] / 1e6:8.1f} "
                  f"{case['peak_mb']:8.0f} {case['drawn_mb']:6.0f}")  # fmt: skip


def one_case(machine: str, millions: int, folder: Path, *, preview: bool) -> None:
    """Plan, judge, write, verify and draw one job; print the figures as JSON."""
    from lasercam.pipeline.build import build
    from lasercam.pipeline.judge import judge
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.planning import plan_job
    from lasercam.pipeline.verify import verify_build
    from lasercam.preview.toolpath_figure import draw_toolpath

    job = folder / "job.yaml"
    # Up to 40 layers lie 40 µm apart, as far as the sample is thick; more become more arrays beside each other.
    tiles = next(n for n in range(1, millions + 1) if millions % n == 0 and millions // n <= MAX_LAYERS)
    job.write_text(JOB.format(machine=machine_file(machine, folder), layers=millions // tiles, tiles=tiles))
    seconds: dict[str, float] = {}

    def timed(name: str, start: float) -> None:
        seconds[name] = time.process_time() - start

    start = time.process_time()
    loaded = load_job(job)
    toolpath = plan_job(loaded)
    timed("plan", start)
    start = time.process_time()
    verdict = judge(loaded, toolpath)
    timed("judge", start)
    start = time.process_time()
    out = build(loaded, toolpath, verdict, folder / "out", pictures=False)
    timed("write", start)
    start = time.process_time()
    proof = verify_build(out)
    timed("verify", start)
    if not proof.holds:
        raise SystemExit(f"not proven: {proof.mismatches[0]}")
    peak_mb = peak_rss_mb()
    program = next(out.glob("01-*"))
    size = program.stat().st_size
    lines_s = read_lines_per_s(loaded, program)
    shutil.rmtree(out)
    emits, raws = [], []
    for _ in range(3):
        emits.append(emission_s(loaded, toolpath, folder / "emitted"))
        raws.append(raw_write_s(size, folder / "raw"))
    if preview:
        start = time.process_time()
        with (folder / "toolpath.png").open("wb") as picture:
            draw_toolpath(toolpath, picture, fmt="png", sample_size_um=loaded.document.sample.size)
        timed("preview", start)
    figures = {
        "seconds": seconds,
        "bytes": size,
        "peak_mb": peak_mb,
        "drawn_mb": peak_rss_mb(),
        "emit_s": medians(emits),
        "raw_s": medians(raws),
        "lines_s": lines_s,
        "loop_dots_s": loop_dots_per_s(folder / "loop"),
        "mecode_dots_s": mecode_dots_per_s(folder / "mecode"),
    }
    print(json.dumps(figures))


def machine_file(machine: str, folder: Path) -> str:
    """The name of a profile; a changed one is written beside the job."""
    name, _, change = machine.partition(",")
    if not change:
        return name
    key, _, text = change.partition("=")
    data = yaml.safe_load((PROFILES / f"{name}.yaml").read_text(encoding="utf-8"))
    data["machine"] = "changed"
    data["controller"]["settings"][key] = text
    (folder / "machine_profiles").mkdir()
    (folder / "machine_profiles" / "changed.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return "changed"


def medians(runs: list[tuple[float, float]]) -> tuple[float, float]:
    """Of CPU and of wall-clock seconds."""
    return median(cpu for cpu, _ in runs), median(wall for _, wall in runs)


def read_lines_per_s(loaded: "LoadedJob", program: Path) -> float:
    """Lines per CPU second of the dialect's reader."""
    from lasercam.pipeline import registry

    machine = loaded.machines[0]
    with program.open("rb") as stream:
        n_lines = sum(piece.count(b"\n") for piece in iter(lambda: stream.read(1 << 20), b""))
    begin = time.process_time()
    with program.open("rb") as stream:
        for _ in registry.dialect(machine.controller.dialect).reader(stream, machine):
            pass
    return n_lines / (time.process_time() - begin)


def peak_rss_mb() -> float:
    """The most memory this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def emission_s(loaded: "LoadedJob", toolpath: "Toolpath", path: Path) -> tuple[float, float]:
    """CPU and wall-clock seconds to encode all rows into a new file and to sync it."""
    from lasercam.model.protocols import ProgramHeader
    from lasercam.pipeline import registry
    from lasercam.pipeline.aligned_file import AlignedFile

    machine = loaded.machines[0]
    encoder = registry.dialect(machine.controller.dialect).encoder(ProgramHeader(toolpath.header, 0, machine))
    blocks = toolpath.blocks()
    begin = time.process_time(), time.perf_counter()
    with AlignedFile(path) as file:
        file.write(encoder.begin())
        for block in blocks:
            file.write(encoder.block(block))
        file.write(encoder.end())
        file.sync()
    spent = time.process_time() - begin[0], time.perf_counter() - begin[1]
    path.unlink()
    return spent


def raw_write_s(size: int, path: Path) -> tuple[float, float]:
    """CPU and wall-clock seconds to write and sync as many bytes in 1 MB pieces."""
    piece = os.urandom(1 << 20)
    begin = time.process_time(), time.perf_counter()
    with path.open("wb") as stream:
        for _ in range(size >> 20):
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    spent = time.process_time() - begin[0], time.perf_counter() - begin[1]
    path.unlink()
    return spent


def loop_dots_per_s(path: Path, count: int = 300_000) -> float:
    """Dots per CPU second of the loop everybody writes first: one f-string and one write per dot."""
    start = time.process_time()
    with path.open("w") as stream:
        for i in range(count):
            stream.write(f"G0 X{i % 1000 * 0.01:.5f} Y{i // 1000 * 0.01:.5f}\nM64 P0\nG4 P1\nM65 P0\n")
    return count / (time.process_time() - start)


def mecode_dots_per_s(path: Path, count: int = 100_000) -> float:
    """Dots per CPU second of mecode, a move and a dwell each; infinite where it is not installed."""
    try:
        from mecode import G
    except ImportError:
        return float("inf")
    start = time.process_time()
    printer = G(outfile=str(path), print_lines=False, aerotech_include=False)
    for i in range(count):
        printer.abs_move(x=i % 1000 * 0.01, y=i // 1000 * 0.01)
        printer.dwell(1)
    printer.teardown()
    return count / (time.process_time() - start)


if __name__ == "__main__":
    main()
