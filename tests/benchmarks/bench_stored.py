"""A file through the whole house: voxels, job file, proof, simulated pictures, and back, byte for byte.

    python -m tests.benchmarks.bench_stored --megabytes 0.1

Tells CPU seconds of every stage, what they come to per page, and the most memory that was held. Ten megabytes are some
7,300 pages and 67 million voxels; memory should not follow them.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lasercam.model.finding import Verdict
from lasercam.pipeline.build import build
from lasercam.pipeline.channels import find_channel
from lasercam.pipeline.load import load_job, machine_digest
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.read_back import read_back
from lasercam.pipeline.verify import verify_build

JOB = """
job: bench_stored
machine: fs1030-grbl
sample: {{id: B, material: other, size: [20 mm, 20 mm, 5 mm], refractive_index: 1.5, description: glass}}
patterns:
  data:
    type: payload
    file: data.bin
    compression: none
    pitch: [5 um, 5 um]
    layer_pitch: 20 um
    fields: [{fields}, {fields}]
    at: [1 mm, 1 mm]
    depth: 20 um
    levels:
      - {{peak: 514 nm, fwhm: 25 nm, source: example value}}
      - {{peak: 560 nm, fwhm: 25 nm, source: example value}}
      - {{peak: 613 nm, fwhm: 25 nm, source: example value}}
      - {{peak: 655 nm, fwhm: 25 nm, source: example value}}
recipes:
  colour: {{process: glass_halide_colour_3d, pulse_energy: 0.8 uJ, repetition_rate: 100 kHz,
           exposure: [0.05 s, 0.1 s, 0.15 s, 0.2 s]}}
steps: [{{name: write, write: {{data: colour}}}}]
"""


def peak_mb() -> float:
    """Most memory that the process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def stage(name: str, pages: int) -> Iterator[None]:
    start, wall = time.process_time(), time.perf_counter()
    yield
    took = time.process_time() - start
    print(
        f"{name:28} {took:9.1f} s CPU {time.perf_counter() - wall:9.1f} s   {1e3 * took / pages:8.2f} ms a page"
        f"   peak {peak_mb():6.0f} MB",
        flush=True,
    )


def main() -> None:
    """Run it."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--megabytes", type=float, default=0.1)
    words.add_argument("--channel", default="bench")
    words.add_argument("--keep", type=Path, help="folder for the build, kept")
    asked = words.parse_args()
    content = np.random.default_rng(0).bytes(int(asked.megabytes * 1e6))
    with TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        (folder / "data.bin").write_bytes(content)
        (folder / "job.yaml").write_text(
            JOB.format(fields=1 if len(content) < 20_000 else 3 if len(content) < 1e6 else 10)
        )
        loaded = load_job(folder / "job.yaml")
        pages = loaded.patterns["data"].source.sites.pages  # type: ignore[attr-defined]
        print(f"{len(content):,} bytes, {pages:,} pages, channel {asked.channel}")
        with stage("plan", pages):
            toolpath = plan_job(loaded)
            rows = toolpath.header.n_rows
        out = folder / "out"
        # The checks have a benchmark of their own (bench_voxels).
        verdict = Verdict((), toolpath.header.digest, machine_digest(loaded), ())
        with stage(f"write {rows:,} rows", pages):
            build(loaded, toolpath, verdict, out, pictures=False)
        with stage("prove", pages):
            assert verify_build(out).holds
        kept = load_job(out)
        again = plan_job(kept)
        with stage("photograph and read", pages):
            [loop] = read_back(out, kept, again, find_channel(asked.channel))
        print(loop.text)
        assert loop.identical
        assert loop.file is not None
        assert loop.file.content == content
        print(f"{len(content):,} bytes came back identical")


if __name__ == "__main__":
    main()
