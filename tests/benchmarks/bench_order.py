"""Travel order against vpype's line sort: length of the dark travel and CPU time.

    python -m tests.benchmarks.bench_order [--thousands 1 10 100 1000] [--kinds dots clusters segments]

Every case runs in a process of its own, its compiled code loaded from the cache and used once before the clock starts;
seconds are CPU seconds. "excess" is what the path is longer than the reference: for uniform dots the best path known
of these very dots or the mean of the best tours known of random instances (see REFERENCES), elsewhere a long run of
the same search. vpype (PyPI) is measured where it is installed, by the loop of its `linesort` command.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

REFERENCES = {
    ("dots", 1_000): (0.7262, "LKH (elkai 2) on these dots"),
    ("dots", 10_000): (0.7165, "fast-tsp, 60 s, on these dots"),
    ("dots", 100_000): (0.7140, "DIMACS E100k.0, best tour known"),
    ("dots", 1_000_000): (0.7132, "DIMACS E1M.0, best tour known"),
}
"""Length over √(N A), and where it comes from."""
LONG_RUN = 20
"""Kicks per feature of the reference where no other is known, for up to LONGEST_RUN features."""
LONGEST_RUN = 100_000
SLOWEST_VPYPE = 100_000
"""Features beyond which vpype takes minutes and gigabytes."""
SIDE_UM = 10_000.0


def places(kind: str, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and last vertices, float64 (count, 2); one array for dots."""
    rng = np.random.default_rng(0)
    if kind == "clusters":
        centres = rng.random((max(count // 100, 1), 2)) * SIDE_UM
        starts = centres[rng.integers(0, len(centres), count)] + rng.normal(size=(count, 2)) * 30.0
        return starts, starts
    starts = rng.random((count, 2)) * SIDE_UM
    if kind == "dots":
        return starts, starts
    angle = rng.random(count) * 2.0 * np.pi
    length = rng.random(count) * 2.0 * SIDE_UM / np.sqrt(count)
    return starts, starts + np.column_stack((np.cos(angle), np.sin(angle))) * length[:, None]


def main() -> None:
    """Run all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--thousands", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--kinds", nargs="+", default=["dots", "clusters", "segments"])
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "KIND", "COUNT"))
    options = parser.parse_args()
    if options.one:
        what, kind, count = options.one
        print(json.dumps({"ours": ours, "long": long_run, "vpype": vpype_sort}[what](kind, int(count))))
        return
    if find_spec("vpype") is None:
        print("vpype is not installed: its columns are empty (pip install vpype)")
    print(f"{'kind':9} {'features':>9} {'seconds':>8} {'peak MB':>8} {'excess':>7}   {'vpype s':>8} {'excess':>7} "
          f"{'x faster':>8} {'shorter':>8}   reference")  # fmt: skip
    for kind in options.kinds:
        for thousands in options.thousands:
            report(kind, 1_000 * thousands)


def report(kind: str, count: int) -> None:
    """One line of the table."""
    here = measured("ours", kind, count)
    reference, origin = here["way"], "itself"
    if (kind, count) in REFERENCES:
        factor, origin = REFERENCES[kind, count]
        reference = factor * SIDE_UM * np.sqrt(count)
    elif count <= LONGEST_RUN:
        reference, origin = measured("long", kind, count)["way"], f"this search with {LONG_RUN} kicks per feature"
    line = f"{kind:9} {count:9,} {here['seconds']:8.3f} {here['peak_mb']:8.0f} {here['way'] / reference - 1:7.2%}   "
    if find_spec("vpype") is None or count > SLOWEST_VPYPE:
        line += " " * 34
    else:
        there = measured("vpype", kind, count)
        line += f"{there['seconds']:8.2f} {there['way'] / reference - 1:7.2%} "
        line += f"{there['seconds'] / here['seconds']:8.1f} {1 - here['way'] / there['way']:8.1%}"
    print(f"{line}   {origin}", flush=True)


def measured(what: str, kind: str, count: int) -> dict[str, float]:
    """Figures of one case."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_order", "--one", what, kind, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def ours(kind: str, count: int, kicks: int | None = None) -> dict[str, float]:
    """Order by the search."""
    from lasercam.plan.order import Order
    from lasercam.plan.tour.path import short_path

    short_path(*places(kind, 500), np.zeros(2))
    base_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    starts, ends = places(kind, count)
    begin = time.process_time()
    order = Order(*short_path(starts, ends, np.zeros(2), kicks=kicks))
    seconds = time.process_time() - begin
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    way = order.travel(starts, ends, np.zeros(2))
    return {"seconds": seconds, "way": way, "peak_mb": peak_mb, "base_mb": base_mb}


def long_run(kind: str, count: int) -> dict[str, float]:
    """A path found with many kicks, as a reference."""
    return ours(kind, count, LONG_RUN * count)


def vpype_sort(kind: str, count: int) -> dict[str, float]:
    """The greedy loop of vpype's linesort, from the line it is given first."""
    import vpype

    starts, ends = places(kind, count)
    lines = [np.array([complex(*a), complex(*b)]) for a, b in zip(starts, ends, strict=True)]
    collection = vpype.LineCollection([np.zeros(2, complex), *lines])  # the beam stands at the origin
    begin = time.process_time()
    index = vpype.LineIndex(collection[1:], reverse=True)
    ordered = collection.clone([collection[0]])
    while len(index) > 0:
        nearest, reverse = index.find_nearest(ordered[-1][-1])
        line = index.pop(nearest)
        ordered.append(np.flip(line) if reverse else line)
    seconds = time.process_time() - begin
    return {"seconds": seconds, "way": float(ordered.pen_up_length()[0])}


if __name__ == "__main__":
    main()
