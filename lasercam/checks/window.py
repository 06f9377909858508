"""Every recipe against the process window it claims: bounds, stated points, choices, first pass."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from lasercam.checks.parameters import Amount, amounts, show
from lasercam.checks.tally import finding, info, place, recipe_place
from lasercam.checks.usage import RecipeCheck, Use
from lasercam.errors import Location
from lasercam.model.confidence import Confidence
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.job import Step
from lasercam.model.process_window import PARAMETERS, Process, Window
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import PassKind, Recipe
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.process.window import candidate_of, position

_DERIVED = 0.01
"""Share by which a number that follows from others may miss a stated point before it counts as another point."""


class WindowBounds(RecipeCheck):
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
        super().__init__()
        self._firsts: dict[tuple[int, tuple[str, ...]], dict[str, list[float]]] = {}

    def begin(self, context: CheckContext) -> None:
        """Prepare, and see how finely depths can be set."""
        super().begin(context)
        # Depths are rounded to the machine's increment of stage travel, which is less than that of depth.
        frames = [s.frame for s in context.header.sections]
        self._depth_step = max((f.increment_ticks / f.index_ratio / TICKS_PER_UM for f in frames), default=0.0)

    def end(self) -> Iterable[Finding]:
        """Judge each recipe in each step that uses it, then furnaces."""
        uses = list(self._usage.uses())
        judged: set[tuple[int, bool, bool, float, float]] = set()
        for use in uses:
            recipe = self._context.header.recipes[use.recipe]
            process = self._context.processes.get(recipe.process)
            what = (use.recipe, use.dots > 0, use.lines > 0, use.least_depth_um, use.most_depth_um)
            if process is None:
                continue
            subject = self._recipe(recipe, process)
            known = amounts(recipe, self._machine(use), use)
            if what not in judged:
                judged.add(what)
                for name, window in process.parameters.items():
                    depths = (use.least_depth_um, use.most_depth_um) if name == "depth" else ()
                    self._parameter(subject, name, window, known, depths)
            if self._usage.steps.pass_kinds[use.step] is not PassKind.WRITE:
                self._first_pass(subject, known, use, uses)
        for index, step in enumerate(self._context.job.steps):
            self._furnace(index, step)
        return self._members.findings()

    def _recipe(self, recipe: Recipe, process: Process) -> "Subject":
        def where(key: str) -> Location:
            return recipe_place(self._context, recipe.name, key)

        return Subject(f"recipe '{recipe.label}'", f"recipes.{recipe.name}", recipe.member, process, where)

    def _furnace(self, index: int, step: Step) -> None:
        """What a heat step says, against the window it claims."""
        heat = step.heat
        process = self._context.processes.get(heat.process) if heat is not None and heat.process else None
        if heat is None or process is None:
            return

        def where(key: str) -> Location:
            return place(self._context, "steps", index, "heat", key)

        subject = Subject(f"step '{step.name}'", f"steps.{step.name}", 0, process, where)
        told = {"temperature": heat.temperature, "hold_time": heat.hold_time, "ramp_rate": heat.ramp_rate}
        for name, value in told.items():
            if value is not None and name in process.parameters:
                self._judge(subject, Amount(name, value), process.parameters[name], 0.0)

    def _parameter(
        self,
        subject: "Subject",
        name: str,
        window: Window,
        known: Mapping[str, Amount],
        depths: tuple[float, ...],
    ) -> None:
        for depth in dict.fromkeys(depths):
            self._judge(subject, Amount(name, depth), window, self._depth_step)
        if depths:
            return
        if name in known:
            amount = known[name]
            slack = 0.0 if amount.how is None else _DERIVED * abs(amount.value)
            self._judge(subject, amount, window, slack)
        elif window.candidates:
            options = "; ".join(f"{show(name, v)} ({confidence}; {why})" for v, confidence, why in window.candidates)
            text = f"states no {_words(name)}; the source could mean {options}"
            self._say(subject, "E_CANDIDATES", 0.0, Said(name, lambda: text, None, None, window))

    def _judge(self, subject: "Subject", amount: Amount, window: Window, slack: float) -> None:
        """Speak where the process's window does not hold the value; `slack` is how far numbers may miss a point."""
        value, name = _snapped(window, amount.value, slack), amount.name
        where = position(window, value)
        low, high = window.min, window.max
        bound = low if low is not None and value < low else high if high is not None and value > high else None
        if where in ("below", "above") and bound is not None:
            code = _outside_code(self.codes, window)
            text = f"is {where} {show(name, bound)}, where the process is known to fail"
            self._amount(subject, code, amount, text, bound, window)
        elif where == "candidate":
            chosen = candidate_of(window, value)
            why = (chosen[2] if chosen else "") or "that this reading is the right one"
            text = f"is one of {_options(name, window)}, which contradict each other; it assumes: {why}"
            self._amount(subject, "N_CANDIDATE", amount, text, value, window)
        elif where == "extrapolated":
            # A point that the library derived from other points says nothing that those have not said.
            is_echo = amount.how is not None and window.confidence is Confidence.DERIVED and bound is None
            nearest = bound if bound is not None else _nearest(window, value)
            if nearest is None or is_echo:
                return
            text = f"is none of the values the source could mean: {_options(name, window)}"
            if bound is not None:
                text = f"is {'below' if bound == low else 'above'} {show(name, bound)}, where the source stops"
            elif window.typ is not None:
                text = f"is away from the only stated point, {show(name, window.typ)}"
            self._amount(subject, "W_EXTRAPOLATED", amount, text, nearest, window)

    def _amount(self, subject: "Subject", code: str, amount: Amount, text: str, limit: float, window: Window) -> None:
        badness = abs(amount.value - limit) / (abs(limit) or 1.0)
        said = Said(amount.name, lambda: f"{_words(amount.name)} {amount.shown} {text}", amount.value, limit, window)
        self._say(subject, code, badness, said)

    def _first_pass(self, subject: "Subject", known: Mapping[str, Amount], use: Use, uses: list[Use]) -> None:
        """Parameters that the source kept from the first pass."""
        windows = subject.process.parameters
        shared = [name for name, window in windows.items() if window.same_as_first_pass and name in known]
        before = self._before(use.step, subject.process.document.follows, uses) if shared else {}
        for name in shared:
            values, value = before.get(name, []), known[name].value
            at = bisect_left(values, value)
            nearest = min(values[max(at - 1, 0) : at + 1], key=lambda v: abs(v - value), default=None)
            if nearest is not None and abs(nearest - value) > _DERIVED * abs(nearest):
                text = f"differs from that of the first pass, {show(name, nearest)}; the source kept it"
                self._amount(subject, "W_EXTRAPOLATED", known[name], text, nearest, windows[name])

    def _before(self, step: int, follows: tuple[str, ...], uses: list[Use]) -> Mapping[str, list[float]]:
        """Every value that first passes before a step gave to each parameter, rising."""
        key = (step, follows)
        if key not in self._firsts:
            values: dict[str, set[float]] = {}
            for use in uses:
                recipe = self._context.header.recipes[use.recipe]
                is_first = use.step < step and self._usage.steps.pass_kinds[use.step] is PassKind.WRITE
                if is_first and (not follows or recipe.process in follows):
                    machine = self._machine(use)
                    for amount in amounts(recipe, machine, use).values():
                        values.setdefault(amount.name, set()).add(amount.value)
            self._firsts[key] = {name: sorted(found) for name, found in values.items()}
        return self._firsts[key]

    def _say(self, subject: "Subject", code: str, badness: float, said: "Said") -> None:
        about, window = info(self.codes, code), said.window
        key = "pitch" if said.name == "pulse_pitch" else said.name
        hints = {
            "E_CANDIDATES": f"Write `{said.name}:` with one of them into the recipe.",
            "N_CANDIDATE": "",
            "W_EXTRAPOLATED": "Return to what the source states, or waive this with a measurement of your own.",
        }

        def say(count: int) -> Finding:
            note = f" ({window.note})" if window.note else ""
            members = f" (worst of {count} members)" if count > 1 else ""
            return finding(
                about,
                f"{subject.words}{members}, {subject.process.name}: {said.text()}{note}",
                subject.on,
                subject.where(key),
                value=said.value,
                limit=said.limit,
                unit=PARAMETERS[said.name].unit,
                count=count,
                hint=hints.get(code, "Move the parameter inside, or waive this with a measurement of your own."),
                source=window.source or subject.process.document.source,
            )

        self._members.add(subject.on, code, said.name, badness, say, subject.member)


@dataclass(frozen=True)
class Subject:
    """Who is judged: a member of a recipe, or a step."""

    words: str
    on: str
    member: int
    process: Process
    where: Callable[[str], Location]


@dataclass(frozen=True)
class Said:
    """What a finding tells about one parameter."""

    name: str
    text: Callable[[], str]
    value: float | None
    limit: float | None
    window: Window


def _snapped(window: Window, value: float, slack: float) -> float:
    """The value, or the window's own number where the value misses it by no more than the slack."""
    points = [p for p in (window.typ, window.min, window.max, *(c[0] for c in window.candidates)) if p is not None]
    return next((p for p in points if abs(value - p) <= slack), value)


def _nearest(window: Window, value: float) -> float | None:
    points = [window.typ] if window.typ is not None else [c[0] for c in window.candidates]
    return min(points, key=lambda p: abs(p - value), default=None)


def _options(name: str, window: Window) -> str:
    return " or ".join(show(name, c[0]) for c in window.candidates)


def _outside_code(codes: Iterable[CodeInfo], window: Window) -> str:
    """The window's own code where it is one of ours."""
    return next((c.code for c in codes if c.code == window.code), "E_WINDOW")


def _words(name: str) -> str:
    return name.replace("_", " ")
