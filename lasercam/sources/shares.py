"""Visual cryptography: two random-looking layers that show a picture only together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from itertools import combinations
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lasercam.errors import InputError, Problem, shorten
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import MAX_COORDINATE_UM
from lasercam.model.feature import FeatureBlock, Parts, dots
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.schema.quantities import PositiveLength
from lasercam.sources.bitmap import read_bitmap
from lasercam.sources.text.elements import element_font
from lasercam.sources.text.source import describe

MAX_PIXELS = 4_000_000
MAX_DOTS = 50_000_000
MIN_PIXEL_UM = 1e-2
"""A hundred ticks of the toolpath; smaller pixels are slips of the unit."""
TILE_PIXELS = 64
"""Dots are listed by squares of this many pixels, so that neighbours come together."""

PATTERNS = np.array([[i in chosen for i in range(4)] for chosen in combinations(range(4), 2)], dtype=np.bool_)
"""bool (6, 4): the ways to write two of the four quarters of a pixel; 5 - i is the complement of i.
Source: 2-out-of-2 scheme with four subpixels, M. Naor, A. Shamir, 10.1007/BFb0053419."""
_LAYERS = ("share_1", "share_2")
_ONE_PLANE = ("only_1", "only_2", "both")
_FONT = "dot-5x7"


class SharesKeys(Placement):
    """Keys of a picture split into two shares."""

    type: Literal["shares"]
    image: str | None = None
    """A picture of two tones, dark ones (or `#`) written: .png, .bmp, .pbm, .tif, or .txt of `#` and `.`."""
    text: str | None = None
    """Instead of `image`: a text in dots of 5 by 7, one pixel each; line breaks make lines."""
    margin: Annotated[int, Field(ge=0, le=1000)] = 1
    """Empty pixels around the picture."""
    pixel: PositiveLength
    """Side of a pixel of the picture; it has 2 by 2 subpixels."""
    cluster: Annotated[int, Field(ge=1, le=32)] = 1
    """Dots along a side of a subpixel: 2 stands for 2 by 2."""
    layer_distance: PositiveLength | None = None
    """How much deeper the second share lies; needed with `combine: resolved`."""
    combine: Literal["adds", "resolved", "double_hit"] = "adds"
    """What the reader sees of both shares. `adds`: only the brightness of a whole pixel, which is the same
    everywhere, so the job is refused; `resolved`: which subpixels glow in either share; `double_hit`: both shares lie
    in one plane, and dots written twice change colour."""

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> SharesKeys:
        if (self.image is None) == (self.text is None):
            raise ValueError("give the picture as 'image' or as 'text', one of them")
        if self.combine == "resolved" and self.layer_distance is None:
            raise ValueError("combine: resolved needs the key 'layer_distance', from one share to the other")
        if self.combine == "double_hit" and self.layer_distance is not None:
            raise ValueError("'layer_distance' means nothing with combine: double_hit: dots hit twice lie in one plane")
        return self


class Shares:
    """A picture split into two shares, each of which alone is random.

    In every pixel each share writes two of four quarters. Where the picture is dark the shares are complementary, so
    that together they write all four; elsewhere they are equal, and write two. With `combine: resolved` the parts
    `share_1` and `share_2` are atoms, the second one deeper. With `double_hit` they are unions of `only_1`, `only_2`
    and `both`: a place that both shares write is one dot, and two steps expose it.

    Attributes:
        notes: what the shares show, and to whom.
    """

    Keys: ClassVar[type[Placement]] = SharesKeys
    summary: ClassVar[str] = "a picture in two random-looking layers that show it together (visual cryptography)"

    def __init__(self, keys: SharesKeys, context: SourceContext) -> None:
        self._keys, self._context = keys, context
        self._refuse_adding()
        picture = self._text_picture() if keys.text is not None else self._image_picture()
        self._picture = np.pad(picture, keys.margin)
        self._refuse_out_of_scale()
        self._first = random_patterns(self._picture.shape, context.seed, context.name)
        self.notes: tuple[str, ...] = self._said()

    @property
    def picture(self) -> NDArray[np.bool_]:
        """bool (rows, columns), True is written in full, row 0 at the top, margin included."""
        return self._picture

    @property
    def subpixels(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Both shares, bool (2 rows, 2 columns) each, row 0 at the top."""
        second = np.where(self._picture, len(PATTERNS) - 1 - self._first, self._first)
        return _quarters(self._first), _quarters(second)

    @property
    def parts(self) -> Parts:
        """One part per share; in one plane, also what belongs to one share or to both."""
        if self._keys.combine == "resolved":
            return Parts(_LAYERS, {"all": _LAYERS})
        return Parts(_ONE_PLANE, {"share_1": ("only_1", "both"), "share_2": ("only_2", "both"), "all": _ONE_PLANE})

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Dots of the deeper plane, then of the other, square by square, at most `max_rows` at a time."""
        for depth, xy, part in self._planes:
            for start in range(0, len(xy), max_rows):
                piece = xy[start : start + max_rows]
                xyz = np.column_stack((piece, np.full(len(piece), depth)))
                yield dots(xyz, part[start : start + max_rows])

    def area(self) -> Area:
        """The rectangle of the picture."""
        rows, columns = self._picture.shape
        return Area.from_rectangles([(0.0, 0.0)], [(columns * self._keys.pixel, rows * self._keys.pixel)])

    @cached_property
    def _planes(self) -> list[tuple[float, NDArray[np.float64], NDArray[np.uint16]]]:
        """Depth, positions and atoms of the dots of each plane, the deeper first."""
        first, second = self.subpixels
        if self._keys.combine == "resolved":
            deeper = self._keys.layer_distance or 0.0
            return [(deeper, *self._dots(second, second.astype(np.uint16))), (0.0, *self._dots(first, first * 0))]
        atom = np.where(first & second, 2, np.where(second, 1, 0))
        return [(0.0, *self._dots(first | second, atom))]

    def _dots(
        self, written: NDArray[np.bool_], atom: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
        """(N, 2) positions in µm and (N,) atoms of the subpixels written, square by square."""
        row, column = np.nonzero(written[::-1])
        part = atom[::-1][row, column].astype(np.uint16)
        square = 2 * TILE_PIXELS
        order = np.lexsort((column, row, column // square, row // square))
        n = self._keys.cluster
        inside_y, inside_x = np.divmod(np.arange(n * n), n)
        side = self._keys.pixel / 2.0
        x = (column[order][:, None] + (inside_x + 0.5) / n) * side
        y = (row[order][:, None] + (inside_y + 0.5) / n) * side
        return np.column_stack((x.ravel(), y.ravel())), np.repeat(part[order], n * n)

    def _text_picture(self) -> NDArray[np.bool_]:
        font = element_font(_FONT)
        lines = (self._keys.text or "").split("\n")
        missing = list(dict.fromkeys(c for line in lines for c in line if font.mask(c) is None))
        if missing:
            shown = ", ".join(describe(c) for c in missing[:8])
            raise self._problem("text", f"the font {_FONT} has no glyph for {shown}", "Give the text as an image.")
        width = max(len(line) for line in lines)
        if len(lines) * width * 48 > MAX_PIXELS:
            raise self._problem("text", f"the text has more than {MAX_PIXELS:,} pixels", "Split it.")
        if not any(font.mask(c) for line in lines for c in line):
            raise self._problem("text", "the text is empty; there is nothing to hide", "Give a visible character.")
        picture = np.zeros((8 * len(lines) - 1, 6 * width - 1), dtype=np.bool_)
        for row, line in enumerate(lines):
            for column, c in enumerate(line):
                mask = font.mask(c) or 0
                bits = np.array([mask >> i & 1 for i in range(35)], dtype=np.bool_).reshape(7, 5)
                picture[8 * row : 8 * row + 7, 6 * column : 6 * column + 5] = bits
        return picture

    def _image_picture(self) -> NDArray[np.bool_]:
        name, place = self._keys.image or "", self._context.locate("image")
        picture = read_bitmap(self._context.asset(name), name, place, MAX_PIXELS)
        if picture.all() or not picture.any():
            tone = "dark" if picture.all() else "light"
            raise self._problem("image", f"{shorten(name)} is {tone} all over; there is nothing to hide", "Draw on it.")
        return picture

    def _refuse_adding(self) -> None:
        if self._keys.combine != "adds":
            return
        raise self._problem(
            "combine",
            "where the light of both shares simply adds, every pixel is equally bright, dark or light in the picture:"
            " 2 + 2 of its quarters glow (contrast 1.0 to 1.0), and the stack shows nothing",
            "State how the reader tells: 'combine: resolved' if it resolves single subpixels (dark pixels show 4, light"
            " ones 2 places), or 'combine: double_hit' if dots written twice change colour (light pixels show 2, dark"
            " ones none).",
        )

    def _refuse_out_of_scale(self) -> None:
        keys = self._keys
        rows, columns = self._picture.shape
        if keys.pixel < MIN_PIXEL_UM or max(rows, columns) * keys.pixel > MAX_COORDINATE_UM:
            message = f"{columns} by {rows} pixels of {keys.pixel:g} µm are out of scale"
            raise self._problem("pixel", message, "Check the unit.")
        if (keys.layer_distance or 0.0) > MAX_COORDINATE_UM:
            raise self._problem("layer_distance", f"{keys.layer_distance:g} µm is out of scale", "Check the unit.")
        total = 4 * rows * columns * keys.cluster**2
        if total > MAX_DOTS:
            raise self._problem("cluster", f"{total:.3g} dots; at most {MAX_DOTS:,} fit a pattern", "Write fewer.")

    def _said(self) -> tuple[str, ...]:
        rows, columns = self._picture.shape
        size = f"{columns} by {rows} pixels, 2 by 2 subpixels of {self._keys.pixel / 2.0:g} µm each."
        random = (
            f"The shares follow from the job's seed ({self._context.seed}) and the pattern's name: whoever has the job"
            " file has both."
        )
        if self._keys.combine == "resolved":
            see = (
                "Of both shares together 4 of 4 subpixels glow in dark pixels and 2 in light ones; this shows only to a"
                " reader that resolves subpixels in both planes. Its blurred brightness is the same everywhere."
            )
        else:
            see = (
                "Dots in both shares are exposed twice: 2 of 4 subpixels in light pixels, none in dark ones. Write"
                " share_2 in a step of its own, over the step of share_1."
            )
        return size, see, random

    def _problem(self, key: str, message: str, hint: str) -> InputError:
        return InputError(Problem(message, self._context.locate(key), hint))


def random_patterns(shape: tuple[int, ...], seed: int, name: str) -> NDArray[np.int64]:
    """Independent uniform indices into PATTERNS, int64, the same for the same seed and name on every machine.

    Bytes of SHAKE-256 below 252 taken modulo 6; the others are left out, which keeps the indices uniform.

    Source: FIPS 202, 10.6028/NIST.FIPS.202.
    """
    count = int(np.prod(shape))
    key = f"lasercam shares, seed {seed}, pattern {name}".encode()
    length = count + count // 32 + 64
    while True:
        stream = np.frombuffer(hashlib.shake_256(key).digest(length), dtype=np.uint8)
        fair = stream[stream < 252]
        if len(fair) >= count:
            return (fair[:count] % 6).astype(np.int64).reshape(shape)
        length *= 2


def _quarters(pattern: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Indices (rows, columns) as subpixels, bool (2 rows, 2 columns)."""
    rows, columns = pattern.shape
    return PATTERNS[pattern].reshape(rows, columns, 2, 2).transpose(0, 2, 1, 3).reshape(2 * rows, 2 * columns)
