"""Colours that pictures of a glowing sample are made with: an emission's share of red, green and blue, and its legend.

To the eye, lights add up as CIE 1931 tristimulus values, and only the sum is cut to what a screen can show. A camera
is taken to be equally sensitive to all wavelengths; it has no negative responses, so each line is cut by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.model.confidence import Confidence, worst
from lasercam.preview.emitters import Emitter
from lasercam.preview.view_names import Viewing
from lasercam.process.colour import encode_srgb, linear_srgb, transmitted_share, unbounded_srgb

Response = Literal["radiance", "luminance"]
"""What brightness means: power, as to a camera, or what the eye makes of it."""

# Okabe and Ito's colours that stand out on black, from short to long wavelengths; sRGB bytes.
_FALSE_COLOURS = (
    ("blue", (0, 114, 178)),
    ("sky blue", (86, 180, 233)),
    ("green", (0, 158, 115)),
    ("yellow", (240, 228, 66)),
    ("orange", (230, 159, 0)),
    ("vermilion", (213, 94, 0)),
    ("purple", (204, 121, 167)),
)
_FALSE_BY_COUNT = {1: (5,), 2: (2, 5), 3: (2, 3, 6), 4: (1, 2, 3, 6), 5: (1, 2, 3, 5, 6), 6: (0, 1, 2, 3, 5, 6)}
_INVISIBLE = 1e-6
_OUTSIDE = 0.01
"""Share below zero from which a colour counts as none of a screen's."""


@dataclass(frozen=True)
class Swatch:
    """An entry of the legend.

    Attributes:
        srgb: bytes, as bright as can be.
        text: what it stands for.
    """

    srgb: tuple[int, int, int]
    text: str


@dataclass(frozen=True, eq=False)
class Palette:
    """Colours of all emissions in one view.

    Attributes:
        linear: by emitter, linear sRGB float64 (3,) at unit radiance; below 0 where lights can still add up.
        legend: by emitter.
        said: sentences for the caption.
    """

    linear: Mapping[Emitter, NDArray[np.float64]]
    legend: Mapping[Emitter, Swatch]
    said: tuple[str, ...]


def palette(
    emitters: Mapping[Emitter, tuple[Confidence, Confidence]],
    viewing: Viewing,
    response: Response,
    *,
    false_colour: bool,
) -> Palette:
    """Colours of everything that can glow.

    Args:
        emitters: with the confidence of their peaks and of their widths and radiances.
        viewing: excitation and filter.
        response: how wavelengths are weighed.
        false_colour: one well separated colour per line instead of its own.
    """
    linear = {e: _colour(e, viewing, response) for e in emitters}
    names: dict[Emitter, str] = {}
    if false_colour:
        linear, names = _false_colours(linear)
    full = linear if false_colour else {e: _colour(e, Viewing(0.0), response) for e in emitters}
    legend = {e: Swatch(_bytes(full[e]), _words(e, trust, names.get(e))) for e, trust in emitters.items()}
    return Palette(linear, legend, tuple(_said(emitters, viewing, response, false_colour=false_colour)))


def _said(
    emitters: Mapping[Emitter, tuple[Confidence, Confidence]],
    viewing: Viewing,
    response: Response,
    *,
    false_colour: bool,
) -> list[str]:
    said = []
    dark = [e for e in emitters if not _is_excited(e, viewing)]
    if dark:
        said.append(
            f"{_list(dark)}: not excited by {viewing.excitation_nm:g} nm, whose photons have less energy than theirs"
        )
    if false_colour:
        said.append("False colours, one per emission; where several overlap, their colours mix")
        return said
    unseen = [e for e in emitters if linear_srgb(e.line).max() < _INVISIBLE]
    if unseen and response == "radiance":
        said.append(f"{_list(unseen)}: invisible to the eye, drawn grey")
    outside = [e for e in emitters if e not in unseen and _is_outside(e)]
    if outside:
        said.append(f"{_list(outside)}: outside the colours of a screen (sRGB), its nearest are shown")
    return said


def _is_excited(emitter: Emitter, viewing: Viewing) -> bool:
    """Whether one photon has enough energy."""
    return viewing.excitation_nm is not None and emitter.peak_nm > viewing.excitation_nm


def _is_outside(emitter: Emitter) -> bool:
    colour = unbounded_srgb(emitter.line)
    return bool(colour.min() < -_OUTSIDE * colour.max())


def _colour(emitter: Emitter, viewing: Viewing, response: Response) -> NDArray[np.float64]:
    """Linear sRGB (3,) of the emitter at unit radiance as the camera gives it."""
    if not _is_excited(emitter, viewing):
        return np.zeros(3)
    if response == "luminance":
        return unbounded_srgb(emitter.line, viewing.through)
    share = transmitted_share(emitter.line, viewing.through)
    hue = linear_srgb(emitter.line, viewing.through)
    if hue.max() < _INVISIBLE:
        hue = linear_srgb(emitter.line)
    if hue.max() < _INVISIBLE:
        hue = np.ones(3)
    return np.asarray(share * hue / hue.max(), np.float64)


def _false_picks(emitters: list[Emitter]) -> dict[Emitter, int]:
    ordered = sorted(emitters)
    picks = _FALSE_BY_COUNT.get(len(ordered), tuple(range(7)))
    return {e: picks[rank * len(picks) // len(ordered)] for rank, e in enumerate(ordered)}


def _false_colours(
    colours: Mapping[Emitter, NDArray[np.float64]],
) -> tuple[dict[Emitter, NDArray[np.float64]], dict[Emitter, str]]:
    """Colours that can be told apart, each as bright as the emitter's own, and their names."""
    chosen: dict[Emitter, NDArray[np.float64]] = {}
    names = {}
    for emitter, pick in _false_picks(list(colours)).items():
        names[emitter], srgb = _FALSE_COLOURS[pick]
        level = np.array(srgb) / 255.0
        linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
        chosen[emitter] = linear / linear.max() * max(float(colours[emitter].max()), 0.0)
    return chosen, names


def _bytes(linear: NDArray[np.float64]) -> tuple[int, int, int]:
    """The colour as bright as can be."""
    most = float(linear.max())
    red, green, blue = encode_srgb(linear / most if most > 0 else np.full(3, 0.2)).tolist()
    return red, green, blue


def _words(emitter: Emitter, trust: tuple[Confidence, Confidence], name: str | None) -> str:
    peak, shape = trust
    sure = "" if peak is Confidence.STATED else f" ({peak.value})"
    shown = f"{emitter.peak_nm:.4g} nm{sure}, FWHM {emitter.fwhm_nm:.4g} nm ({shape.value})"
    return f"{shown}, {emitter.phase}" + (f", drawn {name}" if name else "")


def trust_text(emitters: Mapping[Emitter, tuple[Confidence, Confidence]]) -> str:
    """How far all spectra can be trusted."""
    if not emitters:
        return "no emission is stated for these processes"
    peaks = worst(peak for peak, _ in emitters.values())
    shapes = worst(shape for _, shape in emitters.values())
    return f"peaks {peaks.value}, widths and radiances {shapes.value}"


def _list(emitters: list[Emitter]) -> str:
    return ", ".join(f"{e.peak_nm:.4g} nm" for e in emitters)
