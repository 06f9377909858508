"""Every recipe against the process window it claims: bounds, stated points, choices, first pass."""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import ClassVar

from lasercam.checks.parameters import Amount, amounts, show
from lasercam.checks.power import machine_of_step
from lasercam.checks.tally import Members, finding, info, recipe_place
from lasercam.checks.usage import Usage, Use
from lasercam.model.confidence import Confidence
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.process_window import PARAMETERS, Process, Window
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import PassKind, Recipe
from lasercam.model.toolpath import TICKS_PER_UM, ToolpathBlock

_EXACT = 1e-9
_DERIVED = 0.01
"""Share by which a number that follows from others may miss a stated point before it counts as another point."""


class WindowBounds:
    """Judges the parameters of every recipe that is used."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_WINDOW",
            Severity.ERROR,
            "A parameter lies where the process is known not to work",
            "The source of the process gives a bound beyond which it fails or was not successful. Compared are the "
            "recipe's own numbers and those that follow from them: power = E f, pulses of a dot = f t, pulse pitch = "
            "v / f, line dose = P / v, peak fluence = 2 E / (π w0²), and the depths at which the recipe really "
            "exposes. Rules for dots (exposure, pulses) are not applied to lines and the other way round: the time a "
            "line's spot covers a point is no exposure. Move the parameter inside, or waive this with measurements "
            "of your own.",
            can_waive=True,
        ),
        CodeInfo(
            "E_EXPOSURE_MIN",
            Severity.ERROR,
            "Dots are exposed too briefly to show",
            "Dots in Br+I borosilicate glass show no luminescence below 1 s of exposure (at 10 kHz: 10 000 pulses). "
            "The threshold belongs to resting dots at the energy and focus of that experiment: lines at 0.4 mm/s glow "
            "although a spot of 20 µm covers each point for 0.05 s only, so it is never applied to lines. Expose "
            "longer, or waive this with measurements of your own.",
            "10.1002/lpor.202401258, Fig. 1a",
            can_waive=True,
        ),
        CodeInfo(
            "W_EXTRAPOLATED",
            Severity.WARNING,
            "A parameter is away from what the source states",
            "One stated point is not a window: any other value is extrapolated, and so is a value beyond bounds at "
            "which the source merely stops, a value that is none of the source's candidates, and a second pass whose "
            "parameter differs from the first where the source says they were the same. The recipe may still work; "
            "its outcome is a guess until you measure it. Numbers that follow from others count as the same point "
            "within 1 %. Return to the stated point, write a sweep around it, or waive this with your measurement.",
            can_waive=True,
        ),
        CodeInfo(
            "E_CANDIDATES",
            Severity.ERROR,
            "The source contradicts itself and the recipe does not choose",
            "Some sources give values that cannot all be true, such as 200 µJ and, by power over rate, 50 µJ for the "
            "same lines. The program never chooses between them, because a wrong choice costs glass. State one of the "
            "candidates in the recipe; each is listed with what has to be assumed for it.",
        ),
        CodeInfo(
            "N_CANDIDATE",
            Severity.NOTE,
            "The recipe rests on one of several readings of its source",
            "The process window holds conflicting values for this parameter, and the recipe has chosen one. This "
            "note repeats what is assumed by the choice, so that whoever reads the sample later knows which "
            "reading was tested. Nothing is to be done; write down what you find.",
        ),
    )

    def __init__(self) -> None:
        self._members = Members()

    def begin(self, context: CheckContext) -> None:
        """Prepare."""
        self._context = context
        self._usage = Usage(context)
        # Depths are rounded to the machine's increment of stage travel, which is less than that of depth.
        frames = [s.frame for s in context.header.sections]
        self._depth_step = max((f.increment_ticks / f.index_ratio / TICKS_PER_UM for f in frames), default=0.0)

    def block(self, block: ToolpathBlock) -> None:
        """Note what recipes expose, and how deep."""
        self._usage.add(block)

    def end(self) -> Iterable[Finding]:
        """Judge each recipe in each step that uses it."""
        uses = list(self._usage.uses())
        judged: set[tuple[int, bool, bool, float, float]] = set()
        for use in uses:
            recipe = self._context.header.recipes[use.recipe]
            process = self._context.processes.get(recipe.process)
            what = (use.recipe, use.dots > 0, use.lines > 0, use.least_depth_um, use.most_depth_um)
            if process is None:
                continue
            known = amounts(recipe, machine_of_step(self._context, self._usage, use.step), use)
            if what not in judged:
                judged.add(what)
                for name, window in process.parameters.items():
                    self._parameter(recipe, process, name, window, known, use)
            if self._usage.steps.pass_kinds[use.step] is not PassKind.WRITE:
                self._first_pass(recipe, process, known, use, uses)
        return self._members.findings()

    def _parameter(
        self, recipe: Recipe, process: Process, name: str, window: Window, known: Mapping[str, Amount], use: Use
    ) -> None:
        if name == "depth":
            for depth in dict.fromkeys((use.least_depth_um, use.most_depth_um)):
                self._judge(recipe, process, Amount("depth", depth), window, self._depth_step)
        elif name in known:
            amount = known[name]
            exact = _EXACT * abs(amount.value) if amount.how is None else _DERIVED * abs(amount.value)
            self._judge(recipe, process, amount, window, exact)
        elif window.candidates:
            options = "; ".join(f"{show(name, v)} ({confidence}; {why})" for v, confidence, why in window.candidates)
            text = f"states no {name.replace('_', ' ')}; the source could mean {options}"
            self._say(recipe, process, "E_CANDIDATES", name, 0.0, lambda: text, None, None, window)

    def _judge(self, recipe: Recipe, process: Process, amount: Amount, window: Window, exact: float) -> None:
        value, name = amount.value, amount.name
        low, high = window.min, window.max
        limit = low if low is not None and value < low - exact else high
        if (low is not None and value < low - exact) or (high is not None and value > high + exact):
            fails = window.outside == "fails"
            code = _outside_code(self.codes, window) if fails else "W_EXTRAPOLATED"
            why = "the process is known to fail" if fails else "the source stops"
            side = "below" if limit == low else "above"
            bound = 0.0 if limit is None else limit
            self._say(
                recipe, process, code, name, abs(value - bound) / (abs(bound) or 1.0),
                lambda: f"{_words(name)} {amount.shown} is {side} {show(name, bound)}, where {why}",
                value, limit, window,
            )  # fmt: skip
            return
        self._point(recipe, process, amount, window, max(exact, window.tolerance or 0.0))

    def _point(self, recipe: Recipe, process: Process, amount: Amount, window: Window, tolerance: float) -> None:
        value, name, typ = amount.value, amount.name, window.typ
        if window.candidates:
            chosen = next((c for c in window.candidates if abs(c[0] - value) <= tolerance), None)
            options = " or ".join(show(name, c[0]) for c in window.candidates)
            if chosen is None:
                nearest = min((c[0] for c in window.candidates), key=lambda c: abs(c - value))
                badness = abs(value - nearest) / (abs(nearest) or 1.0)
                text = f"is none of the values the source could mean: {options}"
                self._away(recipe, process, amount, text, nearest, badness, window)
            else:
                text = f"{_words(name)} {amount.shown} is one of {options}, which contradict each other; it assumes "
                why = chosen[2] or "that this reading is the right one"
                self._say(recipe, process, "N_CANDIDATE", name, 0.0, lambda: f"{text}{why}", value, chosen[0], window)
            return
        # A point that the library derived from other points says nothing that those have not said.
        is_news = amount.how is None or window.confidence is not Confidence.DERIVED
        is_only_point = typ is not None and window.min is None and window.max is None
        if typ is not None and is_only_point and is_news and abs(value - typ) > tolerance:
            badness = abs(value - typ) / (abs(typ) or 1.0)
            text = f"is away from the only stated point, {show(name, typ)}"
            self._away(recipe, process, amount, text, typ, badness, window)

    def _away(
        self, recipe: Recipe, process: Process, amount: Amount, text: str, limit: float, badness: float, window: Window
    ) -> None:
        self._say(
            recipe, process, "W_EXTRAPOLATED", amount.name, badness,
            lambda: f"{_words(amount.name)} {amount.shown} {text}", amount.value, limit, window,
        )  # fmt: skip

    def _first_pass(
        self, recipe: Recipe, process: Process, known: Mapping[str, Amount], use: Use, uses: list[Use]
    ) -> None:
        """Parameters that the source kept from the first pass."""
        shared = [name for name, window in process.parameters.items() if window.same_as_first_pass and name in known]
        firsts = [u for u in uses if u.step < use.step and self._usage.steps.pass_kinds[u.step] is PassKind.WRITE]
        follows = process.document.follows
        recipes = self._context.header.recipes
        firsts = [u for u in firsts if not follows or recipes[u.recipe].process in follows]
        if not firsts or not shared:
            return
        before = [
            amounts(recipes[u.recipe], machine_of_step(self._context, self._usage, u.step), u) for u in firsts[:1000]
        ]
        for name in shared:
            values = {b[name].value for b in before if name in b}
            value = known[name].value
            if not values or any(abs(v - value) <= _DERIVED * abs(v) for v in values):
                continue
            nearest = min(values, key=lambda v: abs(v - value))
            text = f"differs from that of the first pass, {show(name, nearest)}; the source kept it"
            badness = abs(value - nearest) / (abs(nearest) or 1.0)
            self._away(recipe, process, known[name], text, nearest, badness, process.parameters[name])

    def _say(
        self,
        recipe: Recipe,
        process: Process,
        code: str,
        name: str,
        badness: float,
        text: Callable[[], str],
        value: float | None,
        limit: float | None,
        window: Window,
    ) -> None:
        about = info(self.codes, code)
        hints = {
            "E_CANDIDATES": f"Write `{name}:` with one of them into the recipe.",
            "N_CANDIDATE": "",
            "W_EXTRAPOLATED": "Return to what the source states, or waive this with a measurement of your own.",
        }

        def say(count: int) -> Finding:
            note = f" ({window.note})" if window.note else ""
            members = f" (worst of {count} members)" if count > 1 else ""
            return finding(
                about,
                f"recipe '{recipe.label}'{members}, {process.name}: {text()}{note}",
                f"recipes.{recipe.name}",
                recipe_place(self._context, recipe.name, "pitch" if name == "pulse_pitch" else name),
                value=value,
                limit=limit,
                unit=PARAMETERS[name].unit,
                count=count,
                hint=hints.get(code, "Move the parameter inside, or waive this with a measurement of your own."),
                source=window.source or process.document.source,
            )

        if badness < inf:
            self._members.add(recipe.name, code, name, badness, say)


def _outside_code(codes: Iterable[CodeInfo], window: Window) -> str:
    """The window's own code where it is one of ours."""
    return next((c.code for c in codes if c.code == window.code), "E_WINDOW")


def _words(name: str) -> str:
    return name.replace("_", " ")
