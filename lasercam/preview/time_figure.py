"""Where the time goes, as bars: one per step and recipe, told apart by colour, hatching and numbers."""

from typing import BinaryIO

from lasercam.preview.canvas import GREY, INK, Format, Sheet, sheet
from lasercam.preview.palette import OKABE_ITO, counted, duration
from lasercam.preview.time_budget import KINDS, WITHOUT_BEAM, TimeBudget

_WIDTH_IN = 7.2
_MARGIN_IN = 0.15
_NAME_IN = 1.9
_NUMBER_IN = 1.75
_BAR_IN = 0.17
_ROW_IN = 0.26
_STEP_IN = 0.3
_MOST_ROWS = 60

_FILLS = {
    kind: fill
    for kind, *fill in zip(
        KINDS,
        (OKABE_ITO[1], OKABE_ITO[5], OKABE_ITO[3], OKABE_ITO[4], "#b0b0b0"),
        ("", "////", "....", "xxxx", "||||"),
        strict=True,
    )
}
"""Colour and hatching by kind, so that neither needs the other."""


def draw_time(budget: TimeBudget, out: BinaryIO, *, fmt: Format = "png") -> None:
    """Draw the time of every recipe in every step, to one scale.

    Args:
        budget: what is drawn.
        out: where the bytes go.
        fmt: png, svg or pdf.
    """
    bars = _bars(budget)
    shown, hidden = bars[:_MOST_ROWS], len(bars) - _MOST_ROWS
    kinds = [kind for kind in KINDS if budget.of(kind) > 0]
    height = 0.55 + 0.24 * ((len(kinds) + 2) // 3) + sum(_STEP_IN if bar.is_step else _ROW_IN for bar in shown) + 0.2
    with sheet(1.0, 1.0) as ruler:
        notes = list(budget.notes) + ([f"{counted(hidden, 'further bar')} are not shown"] if hidden > 0 else [])
        said = [
            line
            for note in notes
            for line in ruler.wrapped(f"{note[:1].upper()}{note[1:]}.", _WIDTH_IN - 2 * _MARGIN_IN, 7)
        ]
    with sheet(_WIDTH_IN, height + 0.14 * len(said) + _MARGIN_IN, dpi=300) as page:
        y = _heading(page, budget)
        y = _legend(page, kinds, budget, y)
        # A furnace lasts hours where the stage needs seconds: its bar is cut, so that the others can be seen.
        at_stage = [bar.total_s - bar.seconds.get(WITHOUT_BEAM, 0.0) for bar in shown]
        longest = max(at_stage, default=0.0) or max((bar.total_s for bar in shown), default=0.0) or 1.0
        scale = (_WIDTH_IN - 2 * _MARGIN_IN - _NAME_IN - _NUMBER_IN) / longest
        for bar in shown:
            y -= _STEP_IN if bar.is_step else _ROW_IN
            _draw_bar(page, bar, y, scale)
        y -= 0.28
        for line in said:
            page.text(_MARGIN_IN, y, line, size=7, colour=GREY)
            y -= 0.14
        page.save(out, fmt)


class _Bar:
    """One line of the figure."""

    def __init__(self, name: str, seconds: dict[str, float], note: str, *, is_step: bool) -> None:
        self.name, self.seconds, self.note, self.is_step = name, seconds, note, is_step
        self.total_s = sum(seconds.values())


def _bars(budget: TimeBudget) -> list[_Bar]:
    bars = []
    for number, step in enumerate(budget.steps, 1):
        stops = counted(step.stops, "operator stop") if step.stops else ""
        note = "; ".join(words for words in (stops, step.note) if words)
        only = len(step.shares) == 1
        name = f"{number}. {step.name} ({step.verb})"
        bars.append(_Bar(name, {kind: step.of(kind) for kind in KINDS}, note, is_step=True))
        if not only:
            bars += [_Bar(f"   {share.recipe}", dict(share.seconds), "", is_step=False) for share in step.shares]
    return bars


def _heading(page: Sheet, budget: TimeBudget) -> float:
    y = page.height_in - _MARGIN_IN - 0.16
    page.text(_MARGIN_IN, y, page.fitted(f"{budget.job}: where the time goes", 5.0, 10, bold=True), size=10, bold=True)
    words = f"{duration(budget.beam_s)} at the stage, {counted(budget.stops, 'operator stop')}"
    page.text(_WIDTH_IN - _MARGIN_IN, y, words, size=8, colour=GREY, at="right")
    return y


def _legend(page: Sheet, kinds: list[str], budget: TimeBudget, y: float) -> float:
    whole = budget.beam_s or 1.0
    for number, kind in enumerate(kinds):
        if number % 3 == 0:
            y -= 0.24
        x = _MARGIN_IN + (number % 3) * (_WIDTH_IN - 2 * _MARGIN_IN) / 3
        page.bar(x, y - 0.02, 0.24, 0.12, *_FILLS[kind])
        share = "" if kind == WITHOUT_BEAM else f", {budget.of(kind) / whole:.1%}"
        words = f"{kind}: {duration(budget.of(kind))}{share}"
        page.text(x + 0.3, y, page.fitted(words, 2.0, 7.5), size=7.5)
    return y - 0.06


def _draw_bar(page: Sheet, bar: _Bar, y: float, scale: float) -> None:
    size = 8.0 if bar.is_step else 7.5
    page.text(_MARGIN_IN, y, page.fitted(bar.name, _NAME_IN - 0.1, size, bold=bar.is_step), size=size, bold=bar.is_step)
    x = _MARGIN_IN + _NAME_IN
    height = _BAR_IN if bar.is_step else 0.7 * _BAR_IN
    for kind in KINDS:
        width = bar.seconds.get(kind, 0.0) * scale
        if width > 0:
            room = _WIDTH_IN - _MARGIN_IN - _NUMBER_IN - x
            page.bar(x, y - 0.03, min(width, room), height, *_FILLS[kind])
            x += min(width, room)
            if width > room * (1 + 1e-9):
                _cut(page, x - 0.35, y - 0.03, height)
    words = duration(bar.total_s) if bar.total_s > 0 else ""
    words = ", ".join(part for part in (words, bar.note) if part)
    free = page.width_in - _MARGIN_IN - x - 0.06
    if page.text_width_in(words, 7) > free and bar.note:
        words = duration(bar.total_s) if bar.total_s > 0 else bar.note
    page.text(x + 0.06, y, page.fitted(words, max(free, 0.6), 7), size=7, colour=INK if bar.is_step else GREY)


def _cut(page: Sheet, x: float, y: float, height: float) -> None:
    """Two slanted gaps: the bar is longer than it is drawn."""
    for shift in (0.0, 0.07):
        page.line((x + shift, x + shift + 0.06), (y - 0.02, y + height + 0.02), "#ffffff", width=2.5)
