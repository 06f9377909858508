"""A picture file as numbers. The one source module that imports Pillow."""

import logging
import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError, shorten

MAX_PIXELS = 50_000_000
"""Of a file and of what is written of it; 7,000 × 7,000."""

_FORMATS = ("PNG", "TIFF", "JPEG")
# Pillow's own decoders raise any of these on damaged files.
_DAMAGED = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    ZeroDivisionError, NotImplementedError, RuntimeError, struct.error, zlib.error, MemoryError,
)  # fmt: skip
_DIRECT = {"L": 255.0, "RGB": 255.0, "RGBA": 255.0, "LA": 255.0, "I;16": 65535.0, "I;16B": 65535.0, "I;16L": 65535.0}
_VIA = {"1": "L", "P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "YCbCr": "RGB", "RGBX": "RGB"}


_SILENT = logging.NullHandler()
"""Keeps what Pillow logs of damaged files off the terminal, beside our own message."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Stored values of a picture.

    Attributes:
        values: uint8 or uint16 (rows, columns, channels), row 0 at the top; one channel is grey, three are RGB.
        full: the value of white.
        alpha: uint8 or uint16 (rows, columns), `full` is opaque; None when every pixel is.
        notes: how the file was read.
    """

    values: NDArray[Any]
    full: float
    alpha: NDArray[Any] | None
    notes: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.values.shape[1], self.values.shape[0]


def grey16_png(values: NDArray[np.uint16], about: str) -> bytes:
    """A PNG file of 16 bit grey values (rows, columns), row 0 at the top, with a comment."""
    from PIL import Image, PngImagePlugin

    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", about)
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(values)).save(out, "PNG", pnginfo=text)
    return out.getvalue()


def rgb8_png(values: NDArray[np.uint8], about: str) -> bytes:
    """A PNG file of 8 bit colours (rows, columns, 3), row 0 at the top, with a comment."""
    from PIL import Image, PngImagePlugin

    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", about)
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(values)).save(out, "PNG", pnginfo=text)
    return out.getvalue()


def read_picture(content: bytes, name: str, page: int | None = None) -> Picture:
    """The picture of a file, upright.

    Args:
        content: the file.
        name: its name, for messages.
        page: which of several pictures, from 1.

    Raises:
        PatternError: not a PNG, TIFF or JPEG file, damaged, too large, several pages and none chosen, or a kind of
            pixel whose meaning is open; names the file.
    """
    from PIL import Image, UnidentifiedImageError

    logging.getLogger("PIL").addHandler(_SILENT)
    shown = shorten(name)
    if not content:
        raise PatternError(f"the file '{shown}' is empty; give a PNG, TIFF or JPEG picture")
    try:
        with warnings.catch_warnings():
            # Odd tags are no reason to refuse; Pillow's own size warning is, and the size is checked below anyway.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=_FORMATS) as image:
                return _read(image, shown, page)
    except PatternError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PatternError(
            f"the picture '{shown}' has more than {MAX_PIXELS:,} pixels; scale it down or cut it"
        ) from error
    except UnidentifiedImageError as error:
        raise PatternError(f"'{shown}' is not a complete PNG, TIFF or JPEG picture; save it as one") from error
    except _DAMAGED as error:
        raise PatternError(f"the picture '{shown}' is damaged: {shorten(str(error), 120)}; save it again") from error


def count_pictures(content: bytes) -> int:
    """How many pictures a file holds; 1 where it is not a whole picture, which `read_picture` then says."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(content), formats=_FORMATS) as image:
                return int(getattr(image, "n_frames", 1))
    except (*_DAMAGED, Image.DecompressionBombError):
        return 1


def _read(image: Any, name: str, page: int | None) -> Picture:
    from PIL import ImageOps

    notes: list[str] = []
    _choose_page(image, name, page)
    width, height = image.size
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise PatternError(
            f"the picture '{name}' has {width:,} × {height:,} pixels; 1 to {MAX_PIXELS:,} are allowed; scale it down"
        )
    if str(image.tile[0][3] if image.tile else "").find(";16") >= 0 and image.mode in ("RGB", "RGBA", "LA"):
        notes.append("the file stores 16 bits per colour, of which the upper 8 are read")
    if image.info.get("icc_profile"):
        notes.append("the colour profile in the file is not applied; its values are read as sRGB")
    orientation = image.getexif().get(0x0112, 1)
    if orientation in range(2, 9):
        notes.append(f"turned upright as the camera noted (EXIF orientation {orientation})")
    image.load()
    # TIFF files are turned while they load, and then say so no more.
    image = ImageOps.exif_transpose(image)
    if image.mode in ("P", "RGB", "L", "1") and "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode in _VIA:
        image = image.convert(_VIA[image.mode])
    if image.mode not in _DIRECT:
        raise PatternError(
            f"the picture '{name}' has pixels of kind {shorten(image.mode)}, which have no agreed white; save it as"
            " grey or RGB with 8 bits, or grey with 16 bits"
        )
    full = _DIRECT[image.mode]
    values = np.asarray(image)
    if values.ndim == 2:
        values = values[:, :, None]
    alpha = None
    if image.mode in ("LA", "RGBA"):
        alpha = np.ascontiguousarray(values[:, :, -1])
        values = values[:, :, :-1]
        alpha = None if bool((alpha == full).all()) else alpha
    native = np.uint8 if full == 255.0 else np.uint16
    return Picture(np.ascontiguousarray(values, dtype=native), full, alpha, tuple(notes))


def _choose_page(image: Any, name: str, page: int | None) -> None:
    count = int(getattr(image, "n_frames", 1))
    if page is None and count > 1:
        raise PatternError(f"'{name}' holds {count:,} pictures; choose one with the key 'page', from 1 to {count}")
    if page is not None and page > count:
        raise PatternError(f"'{name}' holds {count:,} picture(s); there is no page {page:,}")
    if page is not None and count > 1:
        image.seek(page - 1)
