"""Reading a text that hides another one: which of its messages a picture shows, in which of its colours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.camera_image import CameraImage
from lasercam.readback.texts.glyphs import UNKNOWN, Glyph, Measured, decode, measure
from lasercam.readback.texts.poses import Pose
from lasercam.readback.texts.search import Fitted, TextSearch
from lasercam.readback.texts.spots import evened

VISIBLE, HIDDEN, REST = "visible", "hidden", "visible without hidden"
OTHER, UNTOLD, NOTHING = "other", "undecodable", "nothing"

_SEARCH_PX = 420
_ALIKE = 0.03
"""Poses whose likeness differs by less are equally good."""
_DARK_CHANNEL = 0.04
"""Channels with less than this of the strongest one's light are dark: a JPEG file smears colours by as much."""
_PLACED_LIKENESS = 0.7

FloatImage = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SeenLight:
    """The text in one colour of a picture.

    Attributes:
        channel: `all colours`, or a channel's name.
        shows: which message: VISIBLE, HIDDEN, REST, OTHER (a text of neither), UNTOLD, or NOTHING.
        text: as read, `?` for what cannot be told.
        reasons: why characters cannot be told, by their place from 1.
        doubted: names of elements in doubt, with the place of their character.
        margins: share of the dimmest element that is on, and of the brightest that is off.
    """

    channel: str
    shows: str
    text: str
    reasons: tuple[tuple[int, str], ...]
    doubted: tuple[str, ...]
    margins: tuple[float, float]


@dataclass(frozen=True, eq=False)
class SeenText:
    """The text of a pattern in a picture.

    Attributes:
        pose: from the text, in cap heights, to the picture's pixels.
        likeness: correlation of the picture with a drawing of what was read.
        is_negative: elements are darker than what is around them.
        lights: all colours together first, then each.
        others: other texts that the picture can be read as, turned or mirrored otherwise.
        placed_by: the picture that told where the text lies, where this one alone does not.
    """

    pose: Pose
    likeness: float
    is_negative: bool
    lights: tuple[SeenLight, ...]
    others: tuple[str, ...] = ()
    placed_by: str = ""

    @property
    def shown(self) -> set[str]:
        """Messages of all colours."""
        return {light.shows for light in self.lights}


class TextReader:
    """Reads the texts of one pattern.

    Raises:
        ReadingError: the text is too long.
    """

    def __init__(self, search: TextSearch) -> None:
        self._search = search
        self._cells = search.cells

    def read(self, image: CameraImage) -> SeenText | None:
        """The text where the picture shows enough of it to be found; None where it does not."""
        for negative in (False, True):
            planes = _planes(image, negative=negative)
            found = self._found(planes)
            if found is not None:
                return self._told(image, planes, *found, negative=negative)
        return None

    def read_at(self, image: CameraImage, known: SeenText, title: str) -> SeenText | None:
        """The text where another picture of the same view found it; None where nothing glows there, or other things do.

        Args:
            image: as large as the other picture.
            known: what the other one told.
            title: the other picture's.
        """
        planes = _planes(image, negative=known.is_negative)
        even = evened(_all(planes))
        measured = measure(even, self._cells, self._search.fine, known.pose)
        if measured.is_dark:
            return None
        fitted = self._search.settled(even, known.pose, measured.is_on, is_fixed=True)
        if fitted is None or fitted.likeness < _PLACED_LIKENESS:
            return None
        seen = self._told(image, planes, fitted, (), negative=known.is_negative)
        return SeenText(seen.pose, seen.likeness, seen.is_negative, seen.lights, (), title)

    def _found(self, planes: FloatImage) -> tuple[Fitted, tuple[str, ...]] | None:
        """The best way to read the picture, and other texts it can be read as."""
        factor = max(1, -(-max(planes.shape[1:]) // _SEARCH_PX))
        small = _shrunk(planes, factor)
        fits = self._search.fits(evened(_all(small)))
        if not fits:
            return None
        alike = [f for f in fits if f.likeness > fits[0].likeness - _ALIKE]
        best = min(alike, key=lambda f: self._rank(f, small, fits[0].likeness))
        texts = list(dict.fromkeys(self._text(f.measured) for f in alike))
        others = tuple(t for t in texts if t != self._text(best.measured) and UNKNOWN not in t)
        if factor > 1:
            full = self._search.settled(evened(_all(planes)), best.pose.scaled(factor), best.measured.is_on)
            best = full if full is not None else best
        return best, others

    def _rank(self, fitted: Fitted, planes: FloatImage, top: float) -> tuple[float, ...]:
        """Smaller is better: readings of the job in every colour, then likeness, then upright."""
        lights = self._lights(planes, fitted.pose, [""] * len(planes), fitted.measured)
        strange = sum(light.shows in (OTHER, UNTOLD) for light in lights)
        loss = round((top - fitted.likeness) / _ALIKE * 2)
        return (strange, loss, fitted.pose.is_mirrored, abs(fitted.pose.turned_deg))

    def _told(
        self, image: CameraImage, planes: FloatImage, fitted: Fitted, others: tuple[str, ...], *, negative: bool
    ) -> SeenText:
        lights = self._lights(planes, fitted.pose, image.channels, fitted.measured)
        return SeenText(fitted.pose, fitted.likeness, negative, tuple(lights), others)

    def _lights(self, planes: FloatImage, pose: Pose, channels: Sequence[str], whole: Measured) -> Iterator[SeenLight]:
        """All colours together, then every channel that differs."""
        yield self._light("all colours" if len(planes) > 1 else channels[0], whole)
        if len(planes) == 1:
            return
        measured = [measure(plane, self._cells, self._search.fine, pose) for plane in planes]
        strongest = max(float(m.brightness.max()) for m in measured)
        for channel, one in zip(channels, measured, strict=True):
            if float(one.brightness.max()) < _DARK_CHANNEL * strongest or one.is_dark:
                yield SeenLight(channel, NOTHING, "", (), (), (0.0, 0.0))
            else:
                yield self._light(channel, one)

    def _light(self, channel: str, measured: Measured) -> SeenLight:
        glyphs = decode(measured, self._cells)
        reasons = tuple((place, g.reason) for place, g in enumerate(glyphs, 1) if g.reason)
        doubted = tuple(
            f"{name} of character {place}"
            for place, row in enumerate(measured.in_doubt, 1)
            for name in self._cells.font.names(sum(1 << int(bit) for bit in np.flatnonzero(row)))
        )
        text = self._cells.text([g.character for g in glyphs])
        return SeenLight(channel, self._shows(measured, glyphs), text, reasons, doubted, measured.margins)

    def _shows(self, measured: Measured, glyphs: Sequence[Glyph]) -> str:
        if measured.is_dark or not measured.is_on.any():
            return NOTHING
        sure = ~measured.in_doubt
        shown, hidden = self._cells.visible_on, self._cells.hidden_on
        for name, is_on in ((VISIBLE, shown), (HIDDEN, hidden), (REST, shown & ~hidden)):
            told = is_on.any() and sure.any(axis=1).all() and sure[is_on].any()
            # Elements that tell one message from the other must not be in doubt.
            if told and (measured.is_on == is_on)[sure].all() and not (measured.in_doubt & (shown != hidden)).any():
                return name
        return UNTOLD if any(g.character == UNKNOWN for g in glyphs) else OTHER

    def _text(self, measured: Measured) -> str:
        return self._cells.text([g.character for g in decode(measured, self._cells)])


def _planes(image: CameraImage, *, negative: bool) -> FloatImage:
    return np.asarray(image.planes.max(axis=(1, 2), keepdims=True) - image.planes if negative else image.planes)


def _all(planes: FloatImage) -> FloatImage:
    return np.asarray(planes.max(axis=0), np.float32)


def _shrunk(planes: FloatImage, factor: int) -> FloatImage:
    """Means over squares of so many pixels."""
    if factor == 1:
        return planes
    rows, columns = (n // factor * factor for n in planes.shape[1:])
    cut = planes[:, :rows, :columns].reshape(len(planes), rows // factor, factor, columns // factor, factor)
    return np.asarray(cut.mean(axis=(2, 4)), np.float32)
