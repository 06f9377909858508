"""One font file as drawings need it: shaped runs and outlines in units of the em."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

from lasercam.sources.text.bidi import Run
from lasercam.sources.text.outlines import OutlineFont

_FAMILY, _TYPOGRAPHIC_FAMILY = 1, 16
"""Source: OpenType specification, name table, name IDs."""
_X_HEIGHT_PER_EM = 0.5
_UNDERLINE_AT, _UNDERLINE_WIDTH = -0.1, 0.05
"""What CSS renderers take for fonts that state none."""

Piece = tuple[str, list[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Characters that are drawn as one; lengths in em.

    Attributes:
        first: index of its first character.
        stop: index after its last one.
        glyphs: number, x and y (up) from the cluster's origin.
        advance: to the next cluster on the line.
    """

    first: int
    stop: int
    glyphs: tuple[tuple[int, float, float], ...]
    advance: float


@dataclass(frozen=True)
class FontMetrics:
    """Heights above the baseline, in em.

    Attributes:
        ascent: of the line.
        descent: of the line; negative.
        x_height: of small letters.
        subscript: by how much subscripts are lowered.
        superscript: by how much superscripts are raised.
        underline: middle of the underline.
        strike: middle of the line through.
        thickness: of both.
    """

    ascent: float
    descent: float
    x_height: float
    subscript: float
    superscript: float
    underline: float
    strike: float
    thickness: float


class SvgFace(OutlineFont):
    """A font file with the weight and slant it states.

    Args and Raises: as for `OutlineFont`.
    """

    @cached_property
    def family(self) -> str:
        """The family's name in the file."""
        return str(self._face.get_name(_TYPOGRAPHIC_FAMILY) or self._face.get_name(_FAMILY) or "")

    @cached_property
    def weight(self) -> int:
        """100 to 900; 400 is regular. Source: OpenType OS/2 table, usWeightClass."""
        table = self._table("OS/2")
        stated = struct.unpack_from(">H", table, 4)[0] if len(table) >= 6 else 400
        return int(stated) if 1 <= stated <= 1000 else 400

    @cached_property
    def is_slanted(self) -> bool:
        """Italic or oblique. Source: OpenType OS/2 table, fsSelection bits 0 and 9."""
        table = self._table("OS/2")
        return len(table) >= 64 and bool(struct.unpack_from(">H", table, 62)[0] & 0b10_0000_0001)

    @cached_property
    def metrics(self) -> FontMetrics:
        """Heights, of the line and of what hangs on it.

        Source: OpenType specification, tables hhea, OS/2, post.
        """
        em = float(self._face.upem)
        extents = self._font.get_font_extents("ltr")
        os2, post = self._table("OS/2"), self._table("post")
        x_height = struct.unpack_from(">h", os2, 86)[0] / em if len(os2) >= 88 else 0.0
        letter = self._font.get_nominal_glyph(ord("x"))
        if x_height <= 0.0 and letter:
            box = self._font.get_glyph_extents(letter)
            x_height = box.y_bearing / em if box is not None else 0.0
        if x_height <= 0.0:
            x_height = _X_HEIGHT_PER_EM
        under, width = struct.unpack_from(">hh", post, 8) if len(post) >= 12 else (0, 0)
        strike = struct.unpack_from(">h", os2, 28)[0] / em if len(os2) >= 30 else 0.0
        lower, raised = (
            (struct.unpack_from(">h", os2, 16)[0] / em, struct.unpack_from(">h", os2, 24)[0] / em)
            if len(os2) >= 26
            else (0.2, 0.4)
        )
        return FontMetrics(
            extents.ascender / em,
            extents.descender / em,
            x_height,
            lower,
            raised,
            under / em if under else _UNDERLINE_AT,
            strike or x_height / 2.0,
            width / em if width > 0 else _UNDERLINE_WIDTH,
        )

    @cached_property
    def axes(self) -> frozenset[str]:
        """Tags of the axes of a variable font."""
        return frozenset(info.tag for info in self._face.axis_infos) if self._face.has_var_data else frozenset()

    def vary(self, settings: dict[str, float]) -> None:
        """Set axes of a variable font, before anything is shaped with it."""
        self._font.set_variations({tag: value for tag, value in settings.items() if tag in self.axes})

    def clusters(self, text: str, run: Run, script: str, features: tuple[tuple[str, bool], ...]) -> list[Cluster]:
        """One run, shaped, from left to right.

        Args:
            text: the whole line: letters join across the borders of runs.
            run: which characters, in which direction.
            script: ISO 15924 code.
            features: OpenType features that are switched, as tag and state.
        """
        import uharfbuzz as hb

        buffer = hb.Buffer()
        buffer.add_codepoints([ord(c) for c in text], run.first, run.stop - run.first)
        buffer.direction = "rtl" if run.is_rtl else "ltr"
        buffer.script, buffer.language = script, self._language
        hb.shape(self._font, buffer, dict(features))
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        starts = sorted({info.cluster for info in infos})
        stop_of = dict(zip(starts, [*starts[1:], run.stop], strict=True))
        em = float(self._face.upem)
        found: list[Cluster] = []
        glyphs: list[tuple[int, float, float]] = []
        pen = 0.0
        for i, (info, at) in enumerate(zip(infos, positions, strict=True)):
            glyphs.append((info.codepoint, (pen + at.x_offset) / em, at.y_offset / em))
            pen += at.x_advance
            if i + 1 == len(infos) or infos[i + 1].cluster != info.cluster:
                found.append(Cluster(info.cluster, stop_of[info.cluster], tuple(glyphs), pen / em))
                glyphs, pen = [], 0.0
        return found

    def outline(self, glyph: int) -> list[list[Piece]]:
        """Contours of a glyph: `line`, `quadratic` and `cubic` pieces with control points in font units."""
        return self._outline(glyph)

    @property
    def units_per_em(self) -> float:
        """Font units in one em."""
        return float(self._face.upem)

    def _table(self, tag: str) -> bytes:
        blob = self._face.reference_table(tag)
        return bytes(blob.data) if blob is not None else b""
