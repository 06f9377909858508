"""A camera's pictures of the simulated sample: in daylight, under UV, and under UV behind filters."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lasercam.preview.emission import SampleState, Simulation
from lasercam.preview.emission_colours import Palette, Response, Swatch, palette, trust_text
from lasercam.preview.view_names import read_view
from lasercam.process.colour import encode_srgb

BLACK_LEVEL = 0.05
"""Share of full scale that stays black. Assumed: an exposure set for the brightest state loses what is much weaker in
stray light, background emission and the sensor's floor. Nobody has published the camera, so this is a guess, and
a camera that exposes longer or a program that stretches the picture sees more."""

DAYLIGHT_GLASS = (0.80, 0.84, 0.86)
"""Linear colour of plain glass in daylight; a picture needs some colour, this one means nothing."""

VISIBLE_DARKENING = 0.55
UNSTATED_DARKENING = 0.10
"""Light lost where a feature shows in daylight, and where nobody says whether it does; both only for the eye."""


@dataclass(frozen=True, eq=False)
class View:
    """A picture of the sample.

    Attributes:
        name: what was asked for: `uv+lp645`.
        title: in words: `UV, 645 nm long-pass`.
        step: name of the step after which it is taken.
        rgb: uint8 (rows, columns, 3), sRGB; row 0 is the top.
        pixel_um: edge of a pixel, µm.
        brightest: brightest pixel as a share of full scale, 0 to 1.
        caption: sentences that belong under it.
        legend: what glows in it, with its colour.
        black_level: share of full scale that is shown black; None where brightness means nothing, as in daylight.
    """

    name: str
    title: str
    step: str
    rgb: NDArray[np.uint8]
    pixel_um: float
    brightest: float
    caption: tuple[str, ...] = field(default=())
    legend: tuple[Swatch, ...] = ()
    black_level: float | None = None


def render_view(
    simulation: Simulation, name: str, *, response: Response = "radiance", false_colour: bool = False
) -> tuple[View, ...]:
    """One view after every step, all at the same exposure, so that they can be compared.

    The camera is linear. Full scale is the brightest pixel of all steps in this view; what is below BLACK_LEVEL of it
    is black, the rest is stretched linearly between and sRGB-encoded. With the response "radiance" the camera is
    equally sensitive to all wavelengths, and only hues come from the eye; with "luminance" spectra add up as the eye
    adds them, and brightness is the eye's too (655 nm looks 4.4 times dimmer than 613 nm).

    Args:
        simulation: states of the sample.
        name: daylight, uv, uv+lp645, uv+sp600, uv+bp613/20, ex405, …; see `read_view`.
        response: how wavelengths are weighed.
        false_colour: one well separated colour per emission line instead of its own, since reds look alike.

    Raises:
        UsageError: there is no such view.
    """
    viewing = read_view(name)
    if viewing.excitation_nm is None:
        return tuple(_daylight(simulation, state) for state in simulation.states)
    colours = palette(simulation.emitters, viewing, response, false_colour=false_colour)
    signals = [_signal(simulation, state, colours).max(initial=0.0) for state in simulation.states]
    full = max(0.0, float(max(signals, default=0.0)))
    n_steps = len(simulation.states)
    steps = {1: "the step", 2: "both steps"}.get(n_steps, f"all {n_steps} steps")
    exposure = (
        f"One exposure for {steps}, set for the brightest pixel; below {percent(BLACK_LEVEL)} of it black (assumed)"
        if full > 0
        else "Nothing emits in this view"
    )
    weight = (
        "linear camera, equal response at all wavelengths"
        if response == "radiance"
        else "colour and brightness as the eye sees them (CIE 1931)"
    )
    views = []
    for state, brightest in zip(simulation.states, signals, strict=True):
        signal = _signal(simulation, state, colours)
        if full > 0:
            signal = (signal * np.float32(1.0 / full) - np.float32(BLACK_LEVEL)) * np.float32(1.0 / (1.0 - BLACK_LEVEL))
        share = max(0.0, float(brightest)) / full if full > 0 else 0.0
        here = "" if full == 0 or n_steps == 1 else f"brightest pixel here at {percent(share)} of full scale"
        caption = (
            *_layer_note(simulation),
            f"{exposure}; {weight}" + (f"; {here}" if here else ""),
            f"Spectra: {trust_text(simulation.emitters)}",
            *colours.said,
            *simulation.notes,
        )
        legend = tuple(colours.legend[e] for e in sorted(state.radiance))
        views.append(
            View(
                name, viewing.title, state.step, _flipped(encode_srgb(signal)), simulation.grid.pixel_um, share,
                caption, legend, BLACK_LEVEL,
            )
        )  # fmt: skip
    return tuple(views)


def render_views(
    simulation: Simulation, names: Sequence[str], *, response: Response = "radiance", false_colour: bool = False
) -> tuple[tuple[View, ...], ...]:
    """Several views after every step: one tuple per step, in the order of `names`."""
    columns = [render_view(simulation, name, response=response, false_colour=false_colour) for name in names]
    return tuple(zip(*columns, strict=True))


def _signal(simulation: Simulation, state: SampleState, colours: Palette) -> NDArray[np.float32]:
    """Linear light float32 (rows, columns, 3), before exposure; all lights are added before anything is cut off."""
    signal = np.zeros((*simulation.grid.shape, 3), np.float32)
    for emitter, image in state.radiance.items():
        for channel, weight in enumerate(colours.linear[emitter].tolist()):
            if weight != 0:
                signal[:, :, channel] += image * np.float32(weight)
    return signal


def _daylight(simulation: Simulation, state: SampleState) -> View:
    light = np.ones(simulation.grid.shape, np.float32)
    for seen, loss in ((True, VISIBLE_DARKENING), (None, UNSTATED_DARKENING)):
        if seen in state.marks:
            light *= np.float32(1.0) - np.float32(loss) * state.marks[seen]
    said = []
    if True in state.marks:
        said.append("Features that show in daylight are drawn darker; how much darker is not known")
    if None in state.marks:
        said.append("Visibility in daylight not stated: drawn as a faint grey")
    if not said:
        said.append("Nothing shows in daylight" if state.marks else "Nothing is written yet")
    rgb = encode_srgb(light[:, :, None] * np.array(DAYLIGHT_GLASS, np.float32))
    caption = (*_layer_note(simulation), *said)
    return View("daylight", "daylight", state.step, _flipped(rgb), simulation.grid.pixel_um, 1.0, caption)


def percent(share: float) -> str:
    """A share of full scale in words.

    >>> percent(0.0413), percent(1.0), percent(1e-9)
    ('4.1 %', '100 %', 'below 0.1 %')
    """
    if 0 < share < 0.001:
        return "below 0.1 %"
    return f"{100 * share:.2g} %" if share < 0.0995 else f"{100 * share:.0f} %"


def _layer_note(simulation: Simulation) -> tuple[str, ...]:
    if simulation.layer is not None:
        return (f"Layer at {simulation.layer.title} only",)
    if len(simulation.layers) > 1:
        deepest, shallowest = simulation.layers[-1].high_um, simulation.layers[0].low_um
        return (f"{len(simulation.layers)} layers from {shallowest:,.6g} to {deepest:,.6g} µm deep, added up",)
    return (f"Depth {simulation.layers[0].title}",) if simulation.layers else ()


def _flipped(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Row 0 on top, read-only."""
    turned = np.ascontiguousarray(image[::-1])
    turned.flags.writeable = False
    return turned
