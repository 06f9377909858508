"""Pictures of a build as part of a page."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lasercam.preview.contact_sheet import DPI as SHEET_DPI
from lasercam.preview.toolpath_drawing import DPI

MOST_PICTURES = 24
MOST_BYTES = 6_000_000
"""What a report embeds; further pictures lie beside it."""

LARGEST_SVG_BYTES = 300_000
"""A drawing larger than this is embedded as its pixels, where there are any."""

_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
_STEP = re.compile(r"(toolpath|registration)-(\d+)-(.+)")


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture inside a page.

    Attributes:
        file: its name in the build.
        uri: its bytes.
        alt: what it shows, for who cannot see it.
        caption: under it.
        width_in: of a picture of pixels on paper, in; 0 where the picture says it itself.
    """

    file: str
    uri: str
    alt: str
    caption: str
    width_in: float = 0.0


def in_order(names: Sequence[str]) -> list[str]:
    """Pictures of a build worth embedding, what shows most first: contact sheet, toolpaths by step, registrations.

    A toolpath is there twice; which of its files is embedded depends on their sizes. Single views are on the sheet.
    """
    sheet = [name for name in names if name == "emission.png"]
    steps = sorted(name for name in names if _STEP.fullmatch(Path(name).stem) and name.endswith(".png"))
    return [
        *sheet,
        *(n for n in steps if n.startswith("toolpath")),
        *(n for n in steps if n.startswith("registration")),
    ]


def embedded(folder: Path, names: Sequence[str]) -> tuple[list[EmbeddedPicture], list[str]]:
    """Pictures as parts of a page, and the names of those that would make it too large."""
    found: list[EmbeddedPicture] = []
    left_out: list[str] = []
    size = 0
    for name in names:
        path = folder / name
        drawing = path.with_suffix(".svg")
        if drawing.exists() and drawing.stat().st_size <= LARGEST_SVG_BYTES:
            path = drawing
        content = path.read_bytes()
        if len(found) == MOST_PICTURES or size + len(content) > MOST_BYTES:
            left_out.append(name)
            continue
        size += len(content)
        uri = f"data:{_TYPES[path.suffix]};base64,{b64encode(content).decode('ascii')}"
        dpi = SHEET_DPI if path.stem == "emission" else DPI
        found.append(EmbeddedPicture(path.name, uri, *_words(path.stem), round(_pixels_across(content) / dpi, 2)))
    return found, left_out


def _pixels_across(content: bytes) -> int:
    """Width of a PNG; 0 of anything else. Source: ISO/IEC 15948 (PNG), 11.2.2: the header comes first."""
    return int.from_bytes(content[16:20], "big") if content.startswith(b"\x89PNG\r\n\x1a\n") else 0


def _words(stem: str) -> tuple[str, str]:
    """What a picture shows, for alternative text and caption."""
    if stem == "emission":
        return (
            "Contact sheet of simulated views: one row per step, one column per light and filter",
            "What the sample is predicted to show after every step, by light and filter",
        )
    if stem == "time":
        return (
            "Bars of the time spent exposing, moving and waiting, by step and recipe; the table above has the numbers",
            "Where the time goes",
        )
    match = _STEP.fullmatch(stem)
    if match is None:
        return stem, stem
    kind, number, name = match.groups()
    step = f"step {int(number)}, {name.replace('-', ' ')}"
    if kind == "toolpath":
        return f"Toolpath of {step}, seen from above", f"Toolpath of {step}: exposures by recipe, dark travel in grey"
    return f"What is left at the marks of {step}", f"Registration of {step}: what is left at the marks"
