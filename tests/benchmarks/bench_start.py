"""How long `lasercam --help` takes beside Python itself: `python -m tests.benchmarks.bench_start`.

CPU seconds of whole processes, medians of interleaved runs, so that other work on the machine disturbs both alike.
The goal is 150 ms where Python takes 20: a ratio of 7.5.
"""

import resource
import statistics
import subprocess
import sys

RUNS = 15
GOAL = 7.5
PROGRAMS = {
    "python -S -c pass": [sys.executable, "-S", "-c", "pass"],
    "python -c pass": [sys.executable, "-c", "pass"],
    "import lasercam": [sys.executable, "-c", "import lasercam"],
    "lasercam --help": [sys.executable, "-m", "lasercam", "--help"],
    "lasercam check --help": [sys.executable, "-m", "lasercam", "check", "--help"],
    "lasercam list dialects": [sys.executable, "-m", "lasercam", "list", "dialects"],
}


def cpu_s(command: list[str]) -> float:
    """User and system time of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> int:
    """Print the medians, and whether the goal is met."""
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS):
        for name, command in PROGRAMS.items():
            taken[name].append(cpu_s(command))
    bare = statistics.median(taken["python -c pass"])
    for name, times in taken.items():
        middle = statistics.median(times)
        sys.stdout.write(f"{name:<24} {middle * 1e3:6.0f} ms  {middle / bare:5.1f} x python\n")
    ratio = statistics.median(taken["lasercam --help"]) / bare
    sys.stdout.write(f"goal: {GOAL} x; {'met' if ratio <= GOAL else 'MISSED'}\n")
    return int(ratio > GOAL)


if __name__ == "__main__":
    sys.exit(main())
