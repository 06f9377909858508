"""What reading leaves behind: files, an account of every page, missing voxels, a map, simulated pictures."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lasercam.errors import InputError, Problem
from lasercam.model.camera_image import CameraImage
from lasercam.pipeline.reading import ReadFile, Reading, file_facts, missing_voxels, page_rows
from lasercam.preview.page_map_figure import PageMap, draw_page_maps
from lasercam.sources.image.picture import grey16_png

READING_NAME = "reading.json"
"""What was read, for `lasercam repair` and other programs."""
MOST_MAPS = 8
"""Pages drawn: the worst ones."""
_COLUMNS = ("page", "state", "voxels_missing", "voxels_erased", "voxels_wrong", "correction_used", "images", "notes")


def write_reading(reading: Reading, folder: Path) -> list[Path]:
    """Everything that was read, in a folder that holds no such files yet.

    Whole files have their own names; what is only a part is called `.partial`, and never looks like the file.

    Returns:
        The files written.

    Raises:
        InputError: a file of that name is there already, or the folder cannot be written.
    """
    contents: dict[str, bytes] = {}
    for number, read in enumerate(reading.files, 1):
        tag = read.stored.header.file_id.hex()
        contents.update(_of_file(read, tag, _free_name(read.name or f"file-{tag}", contents, number)))
    contents[READING_NAME] = (json.dumps([file_facts(read) for read in reading.files], indent=1) + "\n").encode()
    return write_new(contents, folder)


def write_new(contents: dict[str, bytes], folder: Path) -> list[Path]:
    """Write files that are not there yet, or none of them.

    Raises:
        InputError: one is there already, or the folder cannot be written.
    """
    there = [name for name in contents if (folder / name).exists()]
    if there:
        text = f"'{folder}' holds '{there[0]}' already; nothing was written"
        raise InputError(Problem(text, None, "Name another folder with -o."))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            unfinished = folder / f".{name}.unfinished"
            unfinished.write_bytes(content)
            unfinished.replace(folder / name)
    except OSError as error:
        raise InputError(Problem(f"'{folder}' cannot be written: {error.strerror or error}")) from error
    return [folder / name for name in contents]


def _of_file(read: ReadFile, tag: str, name: str) -> Iterator[tuple[str, bytes]]:
    if read.content is not None:
        yield name, read.content
    elif read.saved is not None and read.saved.content:
        yield f"{name}.partial", read.saved.content
    elif read.assembled.complete:
        # The key may turn up.
        yield f"file-{tag}.lcvc", read.assembled.container
    yield f"pages-{tag}.csv", _page_table(read)
    yield f"missing-{tag}.csv", missing_table(read)
    worst = sorted(read.stored.pages.items(), key=lambda item: (-item[1].effort, -item[1].lost, item[0]))[:MOST_MAPS]
    if worst:
        out = io.BytesIO()
        maps = [
            PageMap(
                f"page {address:,}",
                page.states,
                (
                    "could not be read" if page.content is None else f"{page.effort:.0%} of the parity used at worst",
                    f"{page.lost:,} voxels missing, {page.erased:,} flagged",
                    *page.notes[:2],
                ),
            )
            for address, page in sorted(worst)
        ]
        draw_page_maps(maps, out)
        yield f"map-{tag}.png", out.getvalue()


def _free_name(name: str, taken: dict[str, bytes], number: int) -> str:
    return name if name not in taken else f"{number}-{name}"


def _page_table(read: ReadFile) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in page_rows(read):
        writer.writerow([_cell(row.get(column)) for column in _COLUMNS])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return "; ".join(value) if isinstance(value, list) else str(value)


def missing_table(read: ReadFile) -> bytes:
    """Voxels that do not glow, as the key `repair` of a payload reads them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("page", "row", "column"))
    writer.writerows(missing_voxels(read))
    return text.getvalue().encode()


def kept_images(images: Iterable[CameraImage], folder: Path, about: str) -> Iterator[CameraImage]:
    """The images, each written on its way: one 16 bit file per channel, `TITLE.CHANNEL.png`."""
    for image in images:
        title = "".join(c if c.isalnum() else "-" for c in image.title).replace("--", "-")
        values = np.rint(np.clip(image.planes, 0.0, 1.0) * 65535.0).astype(np.uint16)
        write_new(
            {
                f"{title}.{name}.png": grey16_png(plane, about)
                for name, plane in zip(image.channels, values, strict=True)
            },
            folder,
        )
        yield image
