"""Small pictures of two tones."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, Problem, shorten


def read_bitmap(content: bytes, name: str, location: Location, max_pixels: int) -> NDArray[np.bool_]:
    """What is dark in a picture of exactly two tones, bool (rows, columns), row 0 at the top.

    Args:
        content: of a picture file, or of a text of `#` (dark) and `.` (light), one row per line.
        name: of the file; `.txt` is read as text.
        location: of the name in the job.
        max_pixels: larger pictures are refused before they are unpacked.

    Raises:
        InputError: not a picture, of more than two tones, transparent, empty or too large.
    """
    shown = shorten(name)
    try:
        found = _from_text(content) if name.lower().endswith(".txt") else _from_image(content, max_pixels)
    except ValueError as error:
        raise InputError(Problem(f"{shown} {error}", location, "Give a small picture of two tones.")) from error
    if not found.size or found.size > max_pixels:
        raise InputError(Problem(f"{shown} has {found.size:,} pixels; 1 to {max_pixels:,} are allowed", location))
    return found


def _from_text(content: bytes) -> NDArray[np.bool_]:
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError("is not a text of # and .") from error
    rows = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    for count, row in enumerate(rows, 1):
        odd = sorted(set(row) - {"#", "."})
        if odd:
            raise ValueError(f"has the sign {odd[0]!r} in line {count}; only # and . are allowed")
        if len(row) != len(rows[0]):
            raise ValueError(f"has {len(row)} signs in line {count} and {len(rows[0])} in line 1")
    return np.array([[sign == "#" for sign in row] for row in rows], dtype=np.bool_)


def _from_image(content: bytes, max_pixels: int) -> NDArray[np.bool_]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "BMP", "PPM", "TIFF", "GIF")) as image:
            if image.width * image.height > max_pixels:
                raise ValueError(f"has {image.width} by {image.height} pixels; at most {max_pixels:,} are allowed")
            if "A" in image.getbands() or "transparency" in image.info:
                raise ValueError("is transparent in places; flatten it first")
            tones = np.asarray(image.convert("RGB")).astype(np.int64).sum(axis=2)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"cannot be read as a picture: {shorten(str(error))}") from error
    levels = np.unique(tones)
    if len(levels) > 2:
        raise ValueError(f"has {len(levels)} tones; make it black and white first")
    if len(levels) == 1:
        return np.full(tones.shape, levels[0] < 383, dtype=np.bool_)
    dark: NDArray[np.bool_] = tones == levels[0]
    return dark
