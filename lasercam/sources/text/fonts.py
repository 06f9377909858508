"""Fonts by name: the shipped ones, and font files a job brings."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

from lasercam.errors import InputError, Location, PatternError, Problem, name_problem
from lasercam.model.protocols import AssetReader
from lasercam.sources.text.elements import ELEMENT_FONTS, element_font
from lasercam.sources.text.layout import Typeface
from lasercam.sources.text.outlines import OutlineFont
from lasercam.sources.text.strokes import STROKE_FONTS, stroke_font

OUTLINE_FONTS = MappingProxyType(
    {
        "dejavu-sans": "DejaVuSans.ttf",
        "dejavu-sans-bold": "DejaVuSans-Bold.ttf",
        "dejavu-sans-oblique": "DejaVuSans-Oblique.ttf",
        "dejavu-mono": "DejaVuSansMono.ttf",
        "dejavu-serif": "DejaVuSerif.ttf",
        "dejavu-serif-bold": "DejaVuSerif-Bold.ttf",
        "dejavu-serif-italic": "DejaVuSerif-Italic.ttf",
    }
)
"""Fonts that matplotlib carries: the DejaVu family, free licence (Bitstream Vera and public domain)."""
FONT_NAMES = (*STROKE_FONTS, *ELEMENT_FONTS, *OUTLINE_FONTS)
SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")


def is_file(font: str) -> bool:
    """Whether a name of a font is that of a file."""
    return font.lower().endswith(SUFFIXES)


def load_font(font: str, asset: AssetReader, location: Location, face: int = 0, language: str = "") -> Typeface:
    """A typeface by its name, or from a file.

    Args:
        font: one of `FONT_NAMES`, or a path ending in one of `SUFFIXES`.
        asset: reads files of the job.
        location: of the name in the job.
        face: of a collection of fonts.
        language: for forms that depend on it.

    Raises:
        InputError: no such font, or a file that is none.
    """
    if font in STROKE_FONTS:
        return stroke_font(font)
    if font in ELEMENT_FONTS:
        return element_font(font)
    if font not in OUTLINE_FONTS and not is_file(font):
        problem = name_problem("font", font, FONT_NAMES, location)
        raise InputError(Problem(problem.message, location, f"{problem.hint} Or give a file: .ttf, .otf, .ttc, .otc."))
    return outline_font(font, asset, location, face, language)


def outline_font(font: str, asset: AssetReader, location: Location, face: int = 0, language: str = "") -> OutlineFont:
    """An outline font by its name, or from a file; arguments as for `load_font`.

    Raises:
        InputError: not an outline font, or a file that is none.
    """
    if font not in OUTLINE_FONTS and not is_file(font):
        problem = name_problem("outline font", font, list(OUTLINE_FONTS), location)
        raise InputError(Problem(problem.message, location, f"{problem.hint} Or give a file: .ttf, .otf, .ttc, .otc."))
    content = (
        asset(f"{font}.ttf", partial(_shipped, OUTLINE_FONTS[font], location)) if font in OUTLINE_FONTS else asset(font)
    )
    try:
        return OutlineFont(font, content, face, language)
    except PatternError as error:
        raise InputError(Problem(str(error), location, "Give another font file.")) from error


@cache
def _shipped(file: str, location: Location) -> bytes:
    import matplotlib as mpl

    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / file
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the installed matplotlib does not carry {file}: {error.strerror}"
        raise InputError(Problem(message, location, "Give the font as a file.")) from error
