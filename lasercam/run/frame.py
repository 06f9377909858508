"""A trace of the box a program moves in, with the beam off, so that a person sees what it will touch."""

from collections.abc import Iterator

from lasercam.model.toolpath import TICKS_PER_MM, Section
from lasercam.run.program import JobLine

_DECIMALS = 3


def frame_lines(section: Section) -> Iterator[JobLine]:
    """Around the box at its highest place, then down and up again in its middle; M5 throughout."""
    (x0, y0, z0), (x1, y1, z1) = section.low_ticks, section.high_ticks
    corners = [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1), (x0, y0, z1)]
    if z0 != z1:
        corners += [(x0, y0, z0), (x0, y0, z1)]
    texts = ["G21G90G94G17G54", "M5S0"]
    places: list[tuple[int, int, int] | None] = [None, None]
    for corner in corners:
        x, y, z = (f"{v / TICKS_PER_MM:.{_DECIMALS}f}" for v in corner)
        texts.append(f"G0X{x}Y{y}Z{z}")
        unit = TICKS_PER_MM // 10**_DECIMALS
        places.append(tuple(round(v / unit) * unit for v in corner))
    row, before = section.first_row, None
    for number, (text, place) in enumerate(zip(texts, places, strict=True), 1):
        moves = place is not None
        yield JobLine(
            number, text.encode() + b"\n", moves, not moves, 0.0, 0.0, is_dark_after=True, starves_dark=True, power=0.0,
            output=0.0, speed_mm_min=0.0, start_ticks=before, end_ticks=place, begun_to=row, ended_to=row,
        )  # fmt: skip
        before = place


def box_text(section: Section) -> str:
    """The box in words."""
    corners = (section.low_ticks, section.high_ticks)
    return " to ".join("(" + ", ".join(f"{v / TICKS_PER_MM:.3f}" for v in c) + ")" for c in corners) + " mm"
