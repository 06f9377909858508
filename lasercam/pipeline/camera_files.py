"""Camera files of many images, read one image at a time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lasercam.errors import InputError, LasercamError, PatternError, Problem
from lasercam.model.camera_image import CameraImage
from lasercam.pipeline.inputs import read_bytes
from lasercam.readback.images import Tone, read_images, split_channel

SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")


def image_files(paths: Sequence[Path]) -> list[list[Path]]:
    """Files by image, channels of one image together; folders stand for the images in them.

    Raises:
        InputError: a folder without images.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
        if not inside:
            raise InputError(Problem(f"the folder '{path}' holds no images; allowed are {', '.join(SUFFIXES)}"))
        found += inside
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in dict.fromkeys(found):
        title, channel = split_channel(path.name)
        groups.setdefault((path.parent, title if channel else path.name), []).append(path)
    return list(groups.values())


def load_all(
    groups: Sequence[Sequence[Path]], tone: Tone = "auto", damaged: dict[str, str] | None = None
) -> Iterator[CameraImage]:
    """The image of each group of files, one at a time.

    Args:
        groups: files by image.
        tone: how pixel values follow light.
        damaged: takes why a file cannot be read, by name; a black image stands for it, and the others are read. Without
            it, or with one image only, that is an error.

    Raises:
        InputError: a file that cannot be read.
    """
    for files in groups:
        try:
            loaded = read_images({path.name: read_bytes(path) for path in files}, tone)
        except LasercamError as error:
            problem = error if isinstance(error, InputError) else InputError(Problem(f"{files[0].parent}: {error}"))
            if damaged is None or len(groups) == 1:
                raise problem from error
            damaged[files[0].name] = str(error)
            yield CameraImage(np.zeros((1, 1, 1), np.float32), ("none",), files[0].name)
            continue
        yield loaded[0].image


def codes_in(path: Path, expected: Mapping[bytes, str]) -> list[dict[str, Any]]:
    """QR codes in a picture, each with the pattern of the job that it belongs to.

    Raises:
        InputError: a file that cannot be read.
    """
    from lasercam.readback.qr import read_qr
    from lasercam.readback.texts.panels import panels
    from lasercam.sources.image.picture import read_picture

    try:
        picture = read_picture(read_bytes(path), path.name)
    except PatternError as error:
        raise InputError(Problem(str(error))) from error
    found = []
    for panel in panels(picture.values, picture.full):
        codes = read_qr(picture.values[panel.rows, panel.columns], expected or None)
        found += [(panel.title, one) for one in codes]
    if not found:
        # A code printed on white may look like a picture on a sheet.
        found = [("", one) for one in read_qr(picture.values, expected or None)]
    return [
        {
            "panel": title,
            "text": one.text,
            "bytes": one.payload.hex(),
            "look": one.rung.title,
            "pattern": expected.get(one.payload),
        }
        for title, one in found
    ]
