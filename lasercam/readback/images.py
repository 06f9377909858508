"""Files of cameras as images that are linear in light: one colour picture, or one file per channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, ReadingError, shorten
from lasercam.model.camera_image import CameraImage
from lasercam.readback.png16 import png_head, read_png16
from lasercam.sources.image.picture import MAX_PIXELS, count_pictures, read_picture
from lasercam.sources.image.tone import linear_light

Tone = Literal["auto", "linear", "srgb"]
COLOURS = ("red", "green", "blue")
MOST_PAGES = 64
"""Channels of one TIFF file."""


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """An image and how it was read.

    Attributes:
        image: linear in light.
        files: names of the files it is made of.
        notes: how they were understood, a sentence each.
    """

    image: CameraImage
    files: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Decoded:
    """float32 (channels, height, width) of one file."""

    planes: NDArray[np.float32]
    notes: tuple[str, ...]


def read_images(files: Mapping[str, bytes], tone: Tone = "auto") -> list[LoadedImage]:
    """Camera images of a set of files, in the order of their names.

    A picture of three colours is an image with the channels red, green and blue. Grey files named NAME.CHANNEL.png are
    the channels of one image each (`field3.514nm.tif`, `field3.560nm.tif`); a grey TIFF file with several pictures is
    an image with as many channels.

    Stored values are light itself where a file has 16 bits per value, where a PNG file says so (gamma 1), and in grey
    files of 8 bits, as scientific cameras write them; colours of 8 bits and all JPEG files follow the sRGB curve.

    Args:
        files: content by name.
        tone: `linear` or `srgb` for all files, whatever they say.

    Raises:
        ReadingError: a file cannot be read, or channels of one image differ in size; names it.
    """
    whole: dict[str, list[tuple[str, str, _Decoded]]] = {}
    for name in sorted(files):
        decoded = _decoded(files[name], name, tone)
        title, channel = split_channel(name)
        if len(decoded.planes) > 1 or not channel:
            whole[name] = [(name, "", decoded)]
        else:
            whole.setdefault(f"{title}.*", []).append((name, channel, decoded))
    return [_joined(title, parts) for title, parts in whole.items()]


def split_channel(name: str) -> tuple[str, str]:
    """Name and channel of a file.

    >>> split_channel("scans/field3.514nm.tif")
    ('scans/field3', '514nm')
    """
    path = PurePath(name)
    stem, dot, channel = path.stem.rpartition(".")
    return (str(path.with_name(stem)), channel) if dot and stem and channel else (str(path), "")


def _joined(title: str, parts: list[tuple[str, str, _Decoded]]) -> LoadedImage:
    """The channels of an image put together."""
    first_name, _, first = parts[0]
    for name, _, decoded in parts[1:]:
        if decoded.planes.shape != first.planes.shape:
            here, there = decoded.planes.shape, first.planes.shape
            raise ReadingError(
                f"'{shorten(name)}' has {here[2]} × {here[1]} pixels and '{shorten(first_name)}'"
                f" {there[2]} × {there[1]}; the channels of one image have one size"
            )
    planes = np.concatenate([decoded.planes for _, _, decoded in parts])
    if len(parts) > 1 or parts[0][1]:
        names = tuple(channel for _, channel, _ in parts)
    elif len(planes) == 3:
        names = COLOURS
    else:
        names = ("grey",) if len(planes) == 1 else tuple(f"channel {k + 1}" for k in range(len(planes)))
    notes = dict.fromkeys(note for _, _, decoded in parts for note in decoded.notes)
    return LoadedImage(CameraImage(planes, names, title), tuple(name for name, _, _ in parts), tuple(notes))


def _decoded(content: bytes, name: str, tone: Tone) -> _Decoded:
    """The pictures of a file, linear in light.

    Raises:
        ReadingError: it cannot be read.
    """
    head = png_head(content)
    if head and head.depth == 16 and head.channels and not head.is_interlaced:
        values = read_png16(content, name)
        colours = values[:, :, :-1] if values.shape[2] in (2, 4) else values
        return _light(colours, 65535.0, "linear" if tone == "auto" else tone, ())
    try:
        count = count_pictures(content)
        if count > MOST_PAGES:
            raise ReadingError(f"'{shorten(name)}' holds {count:,} pictures; an image has up to {MOST_PAGES} channels")
        pictures = [read_picture(content, name, page if count > 1 else None) for page in range(1, count + 1)]
    except PatternError as error:
        raise ReadingError(str(error)) from error
    first = pictures[0]
    if any(picture.values.shape != first.values.shape or picture.full != first.full for picture in pictures):
        raise ReadingError(
            f"the pictures in '{shorten(name)}' differ in size or kind; an image has channels of one size"
        )
    if count * first.values.size > 4 * MAX_PIXELS:
        raise ReadingError(
            f"'{shorten(name)}' holds {count} pictures of {first.size[0]:,} × {first.size[1]:,} pixels; cut it"
        )
    if count > 1 and first.values.shape[2] > 1:
        raise ReadingError(f"'{shorten(name)}' holds {count} colour pictures; save each as a file of its own")
    values = np.concatenate([picture.values for picture in pictures], axis=2)
    if tone == "auto":
        is_jpeg = content.startswith(b"\xff\xd8")
        is_curved = first.full == 255.0 and (is_jpeg or first.values.shape[2] == 3)
        tone = "srgb" if is_curved and not (head and abs(head.gamma - 1.0) < 0.01) else "linear"
    notes = tuple(note for note in first.notes if "colour profile" not in note)
    return _light(values, first.full, tone, notes)


def _light(values: NDArray[np.generic], full: float, tone: Tone, notes: tuple[str, ...]) -> _Decoded:
    """Planes of stored values, through a table: there are few different ones."""
    table = linear_light(np.arange(int(full) + 1) / full, "srgb" if tone == "srgb" else "stored").astype(np.float32)
    planes = np.ascontiguousarray(table[values].transpose(2, 0, 1))
    said = "sRGB values were turned into light" if tone == "srgb" else "stored values were taken as light"
    return _Decoded(planes, (*notes, said))
