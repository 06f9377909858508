"""Job texts for tests: a good one, and ways to break it."""

from pathlib import Path

GOOD = """\
job: good
machine: fs1030-linuxcnc
sample: {id: A7, material: br_i_borosilicate, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.52}
patterns:
  grid: {type: lines, count: 5, pitch: 50 um, length: 300 um, at: [1 mm, 1 mm], depth: 200 um}
recipes:
  dual: {process: glass_bri_lines, pulse_energy: 50 uJ, repetition_rate: 10 kHz, average_power: 500 mW, speed: 0.4 mm/s}
  red: {process: glass_bri_rewrite, like: dual}
steps:
  - {name: first, write: {grid.lines: dual}}
  - {name: again, rewrite: {grid.odd: red}}
supply:
  glass_bri_lines: {spot_radius: {value: 4 um, source: "example value"}}
  glass_bri_rewrite:
    spot_radius: {value: 4 um, source: "example value"}
    speed: {value: 0.4 mm/s, source: "example value"}
    max_rewrites: {value: "1", source: "example value"}
    reversibility: {value: one-way, source: "example value"}
"""

DOTS = """\
job: dots
machine: fs1030-linuxcnc
sample: {id: A7, material: br_i_borosilicate, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.52}
patterns:
  block: {type: voxels, counts: [6, 5, 3], pitch: [30 um, 30 um, 60 um], at: [1 mm, 1 mm], depth: 200 um}
recipes:
  dot: {process: glass_bri_dots, pulse_energy: 50 uJ, repetition_rate: 10 kHz, exposure: 1 s}
steps:
  - {name: write, write: {block.all: dot}}
supply:
  glass_bri_dots:
    spot_radius: {value: 4 um, source: "example value"}
    max_exposure: {value: 10 s, source: "example value"}
"""


def write_job(folder: Path, text: str = GOOD, name: str = "job.yaml") -> Path:
    """The text as a file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def broken(old: str, new: str, text: str = GOOD) -> str:
    """A job text with one thing replaced; the thing must be there."""
    if old not in text:
        raise AssertionError(f"{old!r} is not in the job")
    return text.replace(old, new, 1)
