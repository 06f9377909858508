"""Reading a large drawing: lasercam against svgelements, parse and flatten.

Run as a program: ``python tests/benchmarks/bench_svg.py [paths]``. Each reader runs in a process of its own
and reads another drawing first, so that neither imports nor loading of compiled code are counted.
"""

import argparse
import importlib.util
import subprocess
import sys
import time

import numpy as np


def drawing(n_paths: int, seed: int = 1) -> bytes:
    """A drawing of wavy strokes: a move and ten cubics each, as drawing programs write them."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, 12.0, (n_paths, 10, 6)).round(3)
    starts = rng.uniform(0.0, 3000.0, (n_paths, 2)).round(3)
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" width="133mm" height="133mm" viewBox="-500 -500 4000 4000">']
    for start, path in zip(starts.tolist(), steps.tolist(), strict=True):
        curves = " ".join("c" + ",".join(map(str, one)) for one in path)
        lines.append(f'<path d="M{start[0]},{start[1]} {curves}" fill="none" stroke="#000" stroke-width="1"/>')
    lines.append("</svg>")
    return "\n".join(lines).encode()


def lasercam_time(data: bytes) -> tuple[float, int]:
    """Seconds from bytes to ordered features, and the number of vertices."""
    from lasercam.errors import Location
    from lasercam.model.protocols import SourceContext
    from lasercam.sources.svg.source import SvgKeys, SvgSource

    context = SourceContext("bench", lambda *_: data, lambda *_, **__: Location("job.yaml", 1, 1))
    start = time.perf_counter()
    source = SvgSource(SvgKeys(type="svg", file="bench.svg", tolerance="1 um"), context)
    vertices = sum(len(block.xyz_um) for block in source.features())
    return time.perf_counter() - start, vertices


def svgelements_time(data: bytes) -> tuple[float, int]:
    """Seconds to parse and flatten to the same tolerance with svgelements, and the number of vertices."""
    import io

    from svgelements import SVG, CubicBezier, Path

    start = time.perf_counter()
    drawn = SVG.parse(io.BytesIO(data), reify=True)
    vertices = 0
    # 1 µm in px at 96 per inch; the same bound on the second difference as lasercam's.
    tolerance = 1.0 / 25_400.0 * 96.0
    for element in drawn.elements():
        if not isinstance(element, Path):
            continue
        for segment in element:
            if isinstance(segment, CubicBezier):
                p = [complex(q) for q in (segment.start, segment.control1, segment.control2, segment.end)]
                bend = 6.0 * max(abs(p[0] - 2 * p[1] + p[2]), abs(p[1] - 2 * p[2] + p[3]))
                n = max(int(np.ceil(np.sqrt(bend / 8.0 / tolerance))), 1)
                vertices += len(segment.npoint(np.linspace(0.0, 1.0, n + 1))) - 1
            else:
                vertices += 1
    return time.perf_counter() - start, vertices


def main() -> None:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", type=int, nargs="?", default=20_000)
    parser.add_argument("--only", choices=("lasercam", "svgelements"))
    options = parser.parse_args()
    if options.only:
        measure = lasercam_time if options.only == "lasercam" else svgelements_time
        measure(drawing(options.paths, seed=2) if options.only == "lasercam" else drawing(10))
        seconds, vertices = measure(drawing(options.paths))
        print(seconds, vertices)
        return
    readers = ["lasercam"]
    if importlib.util.find_spec("svgelements"):
        readers.append("svgelements")
    found: dict[str, float] = {}
    for reader in readers:
        command = [sys.executable, __file__, str(options.paths), "--only", reader]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        found[reader] = float(out[0])
        print(f"{reader:12} {float(out[0]):8.2f} s  {int(out[1]):>12,} vertices")
    if "svgelements" in found:
        print(f"ratio        {found['svgelements'] / found['lasercam']:8.1f}")
    else:
        print("svgelements is not installed; no ratio")


if __name__ == "__main__":
    main()
