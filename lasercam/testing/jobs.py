"""Small jobs to judge and to write."""

LINES = """\
job: lines
machine: fs1030-linuxcnc
sample: {id: A7, material: br_i_borosilicate, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.52}
patterns:
  grid: {type: lines, count: 5, pitch: 50 um, length: 300 um, at: [1 mm, 1 mm], depth: 200 um}
recipes:
  dual: {process: glass_bri_lines, pulse_energy: 50 uJ, repetition_rate: 10 kHz, speed: 0.4 mm/s}
steps:
  - {name: write, write: {grid: dual}}
supply:
  glass_bri_lines: {spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}}
"""
"""Five lines in glass."""
DOTS = """\
job: dots
machine: fs1030-linuxcnc
sample: {id: A7, material: br_i_borosilicate, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.52}
patterns:
  block: {type: voxels, counts: [4, 3, 2], pitch: [30 um, 30 um, 60 um], at: [1 mm, 1 mm], depth: 200 um}
recipes:
  dot: {process: glass_bri_dots, pulse_energy: 50 uJ, repetition_rate: 10 kHz, exposure: 1 s}
steps:
  - {name: write, write: {block: dot}}
supply:
  glass_bri_dots:
    spot_radius: {value: 4 um, definition: 1/e^2 radius, source: "example value"}
    max_exposure: {value: 10 s, source: "example value"}
"""
"""Twenty-four dots in glass, in two layers."""


def on_machine(text: str, machine: str) -> str:
    """The job for another machine."""
    return text.replace("machine: fs1030-linuxcnc", f"machine: {machine}", 1)
