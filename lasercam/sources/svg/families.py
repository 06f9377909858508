"""From a CSS font family, weight and slant to font files: DejaVu, and what the job brings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from lasercam.errors import InputError, Location, PatternError, Problem, shorten
from lasercam.model.protocols import AssetReader
from lasercam.sources.svg.faces import SvgFace
from lasercam.sources.svg.style import Style

FALLBACK = "dejavu sans"
_SHIPPED = {
    "dejavu sans": ("DejaVuSans", ("", "-Bold", "-Oblique", "-BoldOblique")),
    "dejavu sans mono": ("DejaVuSansMono", ("", "-Bold", "-Oblique", "-BoldOblique")),
    "dejavu serif": ("DejaVuSerif", ("", "-Bold", "-Italic", "-BoldItalic")),
}
"""Families that matplotlib carries, and the endings of their faces: upright, bold, slanted, both."""
_KEPT_AS = {"DejaVuSans": "dejavu-sans", "DejaVuSansMono": "dejavu-mono", "DejaVuSerif": "dejavu-serif"}
_GENERIC = {
    "sans-serif": "dejavu sans",
    "ui-sans-serif": "dejavu sans",
    "system-ui": "dejavu sans",
    "serif": "dejavu serif",
    "ui-serif": "dejavu serif",
    "monospace": "dejavu sans mono",
    "ui-monospace": "dejavu sans mono",
}
_NAME = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^,\"'])+")
_BOLD = 600
_OBLIQUE_DEG = -14.0
"""Source: https://www.w3.org/TR/css-fonts-4/#font-style-prop"""
_STRETCH = {
    "ultra-condensed": 50.0, "extra-condensed": 62.5, "condensed": 75.0, "semi-condensed": 87.5, "normal": 100.0,
    "semi-expanded": 112.5, "expanded": 125.0, "extra-expanded": 150.0, "ultra-expanded": 200.0,
}  # fmt: skip
"""Per cent of the normal width. Source: https://www.w3.org/TR/css-fonts-4/#font-stretch-prop"""
_VARIATION = re.compile(r"[\"'](.{4})[\"']\s+([+-]?[0-9.]+)")


class Families:
    """Fonts of a drawing.

    Args:
        fonts: files by family name, as the job gives them.
        asset: reads files of the job.
        location: of the fonts in the job.

    Attributes:
        unknown: families that were asked for and are not there, in order.
        read: file names and contents, by what they are kept as.
    """

    def __init__(self, fonts: Mapping[str, Sequence[str]], asset: AssetReader, location: Location) -> None:
        self._files = {_plain(name): (name, tuple(files)) for name, files in fonts.items()}
        self._asset = asset
        self._location = location
        self._faces: dict[str, SvgFace] = {}
        self._varied: dict[tuple[str, tuple[tuple[str, float], ...]], SvgFace] = {}
        self._stacks: dict[tuple[str, int, bool, str, float], tuple[SvgFace, ...]] = {}
        self.unknown: dict[str, None] = {}
        self.read: dict[str, bytes] = {}

    def stack(self, style: Style) -> tuple[SvgFace, ...]:
        """Faces for a style in order of preference; the last ones stand in for characters the first do not have."""
        slanted = style.get("font-style", "normal").split()[:1] in (["italic"], ["oblique"])
        wanted, weight, settings = style.get("font-family"), font_weight(style), style.get("font-variation-settings")
        settings = f"'wdth' {_STRETCH.get(style.get('font-stretch'), 100.0)}, {settings}"
        key = (wanted, weight, slanted, settings, style.font_px)
        found = self._stacks.get(key)
        if found is None:
            found = self._stacks[key] = self._stack(wanted, weight, settings, style.font_px, slanted=slanted)
        return found

    @property
    def renamed(self) -> bool:
        """Whether the job calls a family by another name than its files do."""
        return any(_plain(face.family) != name for name in self._files for face in self._members(name))

    def generic(self) -> dict[str, str]:
        """Families that the generic names stand for, as resvg's options are called."""
        found = {}
        for option, name in (
            ("serif_family", "serif"),
            ("sans_serif_family", "sans-serif"),
            ("monospace_family", "monospace"),
        ):
            found[option] = (
                self._files[name][0] if name in self._files else _GENERIC[name].title().replace("Dejavu", "DejaVu")
            )
        # What resvg takes for families it does not know is its serif one.
        if self.unknown and not any(name.startswith(_KEPT_AS["DejaVuSerif"]) for name in self._faces):
            found["serif_family"] = "DejaVu Sans"
        return {**found, "font_family": "DejaVu Sans", "cursive_family": "DejaVu Sans", "fantasy_family": "DejaVu Sans"}

    def _stack(self, wanted: str, weight: int, settings: str, size_px: float, *, slanted: bool) -> tuple[SvgFace, ...]:
        names = [name.strip().strip("\"'") for name in _NAME.findall(wanted)]
        chosen: list[str] = []
        for name in (n for n in names if n):
            plain = _plain(name)
            known = plain if plain in self._files or plain in _SHIPPED else _GENERIC.get(plain)
            if known is not None:
                chosen.append(known)
            elif not chosen:
                self.unknown.setdefault(name)
        if not names:
            self.unknown.setdefault("")
        everything = [*chosen, *self._files, FALLBACK]
        variation = tuple((tag, float(value)) for tag, value in _VARIATION.findall(settings))
        return tuple(
            self._face(name, weight, variation, size_px, slanted=slanted) for name in dict.fromkeys(everything)
        )

    def _face(
        self, family: str, weight: int, settings: tuple[tuple[str, float], ...], size_px: float, *, slanted: bool
    ) -> SvgFace:
        """The face of a family next to what is wanted.

        Source: https://www.w3.org/TR/css-fonts-4/#font-style-matching
        """
        if family in self._files:
            members = self._members(family)
            near = [face for face in members if face.is_slanted == slanted] or members
            face = min(near, key=lambda one: _distance(one.weight, weight))
            if not face.axes:
                return face
            varied = (("opsz", size_px), ("wght", float(weight)), ("slnt", _OBLIQUE_DEG if slanted else 0.0), *settings)
            known = self._varied.get((face.name, varied))
            if known is None:
                known = self._varied[face.name, varied] = SvgFace(face.name, self.read[face.name])
                known.vary(dict(varied))
            return known
        stem, endings = _SHIPPED[family]
        file = stem + endings[(weight >= _BOLD) + 2 * slanted]
        name = _KEPT_AS[stem] + file[len(stem) :].lower() + ".ttf"
        return self._loaded(name, file)

    def _members(self, family: str) -> list[SvgFace]:
        return [self._loaded(file, "") for file in self._files[family][1]]

    def _loaded(self, name: str, shipped: str) -> SvgFace:
        found = self._faces.get(name)
        if found is None:
            content = (
                self._asset(name, partial(_installed, f"{shipped}.ttf", self._location))
                if shipped
                else self._asset(name)
            )
            try:
                found = self._faces[name] = SvgFace(name, content)
            except PatternError as error:
                raise InputError(Problem(str(error), self._location, "Give another font file.")) from error
            self.read[name] = content
        return found

    def notes(self) -> list[str]:
        """What was written in other letters than the drawing asks for."""
        said = []
        missing = [shorten(name, 60) for name in self.unknown if name]
        if missing:
            said.append(
                f"Font families not at hand: {', '.join(missing)}; the next one named, or DejaVu Sans, stands in. "
                "Give their files under 'fonts'."
            )
        if "" in self.unknown:
            said.append("Some text names no font family; it is written in DejaVu Sans.")
        return said


def font_weight(style: Style) -> int:
    """Weight as a number."""
    text = style.get("font-weight", "normal")
    if text in ("normal", "bold"):
        return 400 if text == "normal" else 700
    try:
        value = float(text)
    except ValueError:
        return 400
    return round(value) if 1.0 <= value <= 1000.0 else 400


def _distance(weight: int, wanted: int) -> tuple[int, int]:
    """Order in which faces are taken for a weight.

    Source: https://www.w3.org/TR/css-fonts-4/#font-style-matching
    """
    if 400 <= wanted <= 500:
        if wanted <= weight <= 500:
            return 0, weight - wanted
        return (1, wanted - weight) if weight < wanted else (2, weight - wanted)
    heavier_first = wanted > 500
    is_heavier = weight >= wanted
    return int(is_heavier != heavier_first and weight != wanted), abs(weight - wanted)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _installed(file: str, location: Location) -> bytes:
    import matplotlib as mpl

    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / file
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the installed matplotlib does not carry {file}: {error.strerror}"
        raise InputError(Problem(message, location, "Give the font as a file under 'fonts'.")) from error
