"""Texts that hide others, looked for in pictures: which picture shows which message of a job."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lasercam.errors import InputError, PatternError, Problem, ReadingError, shorten
from lasercam.model.camera_image import CameraImage
from lasercam.pipeline.inputs import read_bytes
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.readback.images import Tone, read_images
from lasercam.readback.texts.panels import Panel, panels
from lasercam.readback.texts.reader import HIDDEN, NOTHING, OTHER, REST, VISIBLE, SeenLight, SeenText, TextReader
from lasercam.readback.texts.search import TextSearch
from lasercam.sources.element_cells import ElementCells, HidesText
from lasercam.sources.image.picture import read_picture

_LISTED = 4


@dataclass(frozen=True, eq=False)
class PanelImage:
    """A picture as it is looked at.

    Attributes:
        file: name of its (first) file.
        panel: which part of the file.
        image: its light.
    """

    file: str
    panel: Panel
    image: CameraImage

    @property
    def title(self) -> str:
        """File and panel."""
        return f"{self.file}, {self.panel.title}" if self.panel.title else self.file


@dataclass(frozen=True, eq=False)
class TextInPicture:
    """What a picture shows of a pattern.

    Attributes:
        picture: its title.
        pattern: whose text.
        cells: its texts.
        seen: what was read; None where nothing of it was found.
    """

    picture: str
    pattern: str
    cells: ElementCells
    seen: SeenText | None


def hidden_texts(loaded: LoadedJob) -> dict[str, ElementCells]:
    """Cells of every pattern of a job that hides a text in a text."""
    return {name: p.source.cells for name, p in loaded.patterns.items() if isinstance(p.source, HidesText)}


def panel_images(groups: Sequence[Sequence[Path]], tone: Tone = "auto") -> Iterator[PanelImage]:
    """Every picture of every file; pictures on white paper one by one.

    Raises:
        InputError: a file that cannot be read.
    """
    for files in groups:
        try:
            contents = {path.name: read_bytes(path) for path in files}
            image = read_images(contents, tone)[0].image
            whole = [Panel(slice(0, image.planes.shape[1]), slice(0, image.planes.shape[2]))]
            if len(files) == 1:
                picture = read_picture(contents[files[0].name], files[0].name)
                whole = panels(picture.values, picture.full)
        except (PatternError, ReadingError) as error:
            raise InputError(Problem(str(error))) from error
        for panel in whole:
            planes = np.ascontiguousarray(image.planes[:, panel.rows, panel.columns])
            yield PanelImage(files[0].name, panel, CameraImage(planes, image.channels, image.title))


def read_hidden_texts(
    pictures: Sequence[PanelImage], texts: Mapping[str, ElementCells], progress: Progress = SILENT
) -> list[TextInPicture]:
    """Every text in every picture.

    A picture that shows too little of a text to find it there, such as one segment, is read where another picture of
    the same size shows the text: a camera that stands still looks through one filter after the other.

    Raises:
        InputError: a text is too long to be looked for.
    """
    found: list[TextInPicture] = []
    with progress.task("looking for texts", len(pictures) * len(texts)) as advance:
        for name, cells in texts.items():
            try:
                reader = TextReader(TextSearch(cells))
            except ReadingError as error:
                raise InputError(Problem(f"pattern '{name}': {error}")) from error
            seen = []
            for picture in pictures:
                seen.append(reader.read(picture.image))
                advance(1)
            found += [
                TextInPicture(picture.title, name, cells, here or _elsewhere(reader, picture, pictures, seen))
                for picture, here in zip(pictures, seen, strict=True)
            ]
    return found


def _elsewhere(
    reader: TextReader, picture: PanelImage, pictures: Sequence[PanelImage], seen: Sequence[SeenText | None]
) -> SeenText | None:
    """A picture read where others of its size show the text."""
    for other, known in zip(pictures, seen, strict=True):
        if known is None or other.image.planes.shape[1:] != picture.image.planes.shape[1:]:
            continue
        if known.shown & {VISIBLE, HIDDEN}:
            here = reader.read_at(picture.image, known, other.title)
            if here is not None:
                return here
    return None


def is_of_job(one: TextInPicture) -> bool:
    """Whether a message of the job was read."""
    return one.seen is not None and bool(one.seen.shown & {VISIBLE, HIDDEN, REST})


def text_facts(one: TextInPicture) -> dict[str, Any]:
    """What a picture shows, as data for programs."""
    facts: dict[str, Any] = {"image": one.picture, "pattern": one.pattern, "found": one.seen is not None}
    if one.seen is None:
        return facts
    seen = one.seen
    facts |= {
        "likeness": round(seen.likeness, 3),
        "turned_deg": round(seen.pose.turned_deg, 2),
        "mirrored": seen.pose.is_mirrored,
        "negative": seen.is_negative,
        "px_per_height": round(seen.pose.scale, 2),
        "placed_by": seen.placed_by,
        "also_reads": list(seen.others),
        "colours": [
            {
                "channel": light.channel,
                "shows": light.shows,
                "text": light.text,
                "undecodable": [{"character": place, "why": why} for place, why in light.reasons],
                "in_doubt": list(light.doubted),
                "dimmest_on": round(light.margins[0], 3),
                "brightest_off": round(light.margins[1], 3),
            }
            for light in seen.lights
        ],
    }
    return facts


def text_sentences(one: TextInPicture) -> Iterator[str]:
    """What a picture shows, in words."""
    seen = one.seen
    if seen is None:
        yield f"{one.picture}: nothing of {one.pattern} is found"
        return
    first, *colours = seen.lights
    yield f"{one.picture}: {one.pattern} {_said(first, one.cells)}" + _whether_hidden(seen, one.cells)
    how = [f"turned by {seen.pose.turned_deg:.0f}°"] if abs(seen.pose.turned_deg) >= 1.0 else []
    how += ["mirrored"] if seen.pose.is_mirrored else []
    how += ["dark on bright"] if seen.is_negative else []
    how += [f"placed by {seen.placed_by}"] if seen.placed_by else []
    how += [f"{seen.likeness:.0%} like a drawing of it", f"{seen.pose.scale:.0f} px high"]
    dim, bright = first.margins
    word = one.cells.font.element_word
    yield f"{', '.join(how)}; dimmest {word} that is on {dim:.0%} of the brightest, off at most {bright:.0%}"
    for light in colours:
        if light.shows not in (first.shows, NOTHING):
            yield f"{light.channel}: {_said(light, one.cells)}"
    for place, why in first.reasons[:_LISTED]:
        yield f"character {place}: {why}"
    if first.doubted:
        rest = f" and {len(first.doubted) - _LISTED} more" if len(first.doubted) > _LISTED else ""
        yield f"in doubt: {', '.join(first.doubted[:_LISTED])}{rest}"
    if seen.others:
        others = " or ".join(_quoted(text) for text in seen.others[:3])
        yield f"the same picture, turned or mirrored otherwise, reads {others}"


def _said(light: SeenLight, cells: ElementCells) -> str:
    words = {
        VISIBLE: f"reads {_quoted(light.text)} (the visible message)",
        HIDDEN: f"reads {_quoted(light.text)} (the hidden message)",
        REST: f"shows the {cells.font.element_word}s of the visible message that are not the hidden one's",
        OTHER: f"reads {_quoted(light.text)}, which is neither message of this job",
        NOTHING: "shows nothing",
    }
    return words.get(light.shows, f"reads {_quoted(light.text)}: no message of this job, and not decodable as a whole")


def _whether_hidden(seen: SeenText, cells: ElementCells) -> str:
    if seen.lights[0].shows != VISIBLE:
        return ""
    telling = [light for light in seen.lights[1:] if light.shows in (HIDDEN, REST)]
    if telling:
        return f"; the hidden message shows by colour: {telling[0].channel} {_how(telling[0], cells)}"
    return "; the hidden message is not shown"


def _how(light: SeenLight, cells: ElementCells) -> str:
    return "has it alone" if light.shows == HIDDEN else f"lacks its {cells.font.element_word}s"


def _quoted(text: str) -> str:
    return "'" + shorten(text.replace("\n", " / "), 200) + "'"
