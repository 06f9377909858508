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
  glass_bri_lines: {spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}}
  glass_bri_rewrite:
    spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}
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
    spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}
    max_exposure: {value: 10 s, source: "example value"}
"""

CONTINUOUS = """\
job: continuous
machine: cw405-linuxcnc
sample: {id: N1, material: perovskite_film, size: [10 mm, 10 mm, 1 mm], refractive_index: 1.5}
patterns:
  fan: {type: lines, count: 3, pitch: 20 um, length: 100 um, at: [4 mm, 4 mm], vary: line}
  plate: {type: voxels, counts: [4, 3, 1], pitch: [10 um, 10 um, 10 um], at: [5 mm, 5 mm]}
recipes:
  powers: {process: film_nc_cw405_ligand, average_power: [1 mW, 2 mW, 4 mW], speed: 0.1 mm/s}
  defect: {process: plate_cw405_invisible_defect, average_power: 1 mW, exposure: 0.5 s}
steps:
  - {name: lines, write: {fan: powers}}
  - {name: dots, write: {plate: defect}}
supply:
  film_nc_cw405_ligand:
    average_power: {value: 2 mW, source: "example value"}
    speed: {value: 0.1 mm/s, source: "example value"}
    spot_radius: {value: 0.5 um, definition: 1/e^2 radius, source: "example value"}
    film_thickness: {value: 100 nm, source: "example value"}
  plate_cw405_invisible_defect:
    irradiance: {value: 1500 W/cm^2, source: "example value"}
    exposure: {value: 0.5 s, source: "example value"}
    spot_radius: {value: 6.515 um, definition: 1/e^2 radius, source: "example value"}
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
