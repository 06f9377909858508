"""A campaign on one sample: the predicted state of every feature after every step of a job.

Nothing is refused here. What no source says is unknown, and stays so until something known is done to the feature.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lasercam.model.confidence import Confidence, worst
from lasercam.model.job import HeatStep, SoakStep, Step
from lasercam.model.process_outcome import EmissionLine
from lasercam.model.process_window import CampaignStep, Process
from lasercam.model.recipe import PassKind
from lasercam.process.heated import Condition, heated_line, point_at
from lasercam.process.window_text import read_windows

_ORDER: tuple[Condition, ...] = ("emitting", "written", "latent", "erased", "quenched", "undefined", "unknown")


@dataclass(frozen=True)
class Exposed:
    """One part as a step exposes it.

    Attributes:
        part: `pattern.atom`.
        recipe: label of the recipe.
        process: id of its process.
    """

    part: str
    recipe: str
    process: str


@dataclass(frozen=True)
class LineState:
    """One emission peak of a feature.

    Attributes:
        phase: the emitter.
        peak_nm, fwhm_nm: centre and full width at half maximum.
        radiance: among the peaks of the process, times what furnaces have done; None = not known.
        confidence: of the centre.
        shape_confidence: of width and radiance.
    """

    phase: str
    peak_nm: float
    fwhm_nm: float
    radiance: float | None
    confidence: Confidence
    shape_confidence: Confidence


@dataclass(frozen=True)
class FeatureState:
    """Everything that one recipe wrote in one part.

    Attributes:
        part, recipe: whose features.
        process: the process that made what is there.
        condition: what it is.
        lines: its emission peaks; none where none are stated or it is dark.
        written: passes of the beam that wrote or rewrote it.
        cycles: how often it was erased.
        heated_c: hottest furnace since it was written; None = none.
        as_written: peaks before any furnace.
        notes: of the last step that touched it.
    """

    part: str
    recipe: str
    process: str
    condition: Condition
    lines: tuple[LineState, ...]
    written: int = 1
    cycles: int = 0
    heated_c: float | None = None
    as_written: tuple[LineState, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """The sample after a step.

    Attributes:
        step: index of the step.
        name, verb: of the step.
        features: in the order they were first written.
        background: what unwritten glass is: `pristine`, `amorphous` or `undefined` after a furnace, or `unknown`.
        notes: about the step as a whole.
    """

    step: int
    name: str
    verb: str
    features: tuple[FeatureState, ...]
    background: Literal["pristine", "amorphous", "undefined", "unknown"] = "pristine"
    notes: tuple[str, ...] = ()


def stages(
    steps: Sequence[Step],
    exposed: Mapping[int, Sequence[Exposed]],
    processes: Mapping[str, Process],
    before: tuple[FeatureState, ...] = (),
) -> tuple[Stage, ...]:
    """The sample after every step of a job.

    Args:
        steps: of the job, in order.
        exposed: by index of the step, what its beam exposes.
        processes: windows by id; all that `exposed` and the steps name.
        before: what the sample already holds.
    """
    found: list[Stage] = []
    now = Stage(-1, "", "", before)
    for index, step in enumerate(steps):
        now = Stage(index, step.name, step.verb, now.features, now.background)
        if step.pass_kind is not None:
            for one in exposed.get(index, ()):
                now = replace(now, features=_after_pass(now.features, one, step.pass_kind, step.repeat, processes))
        elif step.heat is not None:
            now = _after_furnace(now, step.heat, processes)
        elif step.soak is not None:
            now = _after_soak(now, step.soak, processes)
        found.append(now)
    return tuple(found)


def _after_pass(
    features: tuple[FeatureState, ...],
    one: Exposed,
    kind: PassKind,
    repeat: int,
    processes: Mapping[str, Process],
) -> tuple[FeatureState, ...]:
    """What the parts are after a pass; a pass over a part acts on everything that was written in it."""
    process = processes[one.process]
    there = [f for f in features if f.part == one.part and (kind is not PassKind.WRITE or f.recipe == one.recipe)]
    if kind is PassKind.ERASE or process.outcome.effect == "removes":
        return tuple(_erased(f, repeat, f"erased by {one.recipe}") if f in there else f for f in features)
    if not there:
        said = () if kind is PassKind.WRITE else ("nothing was written here before: this is a first pass",)
        return (*features, _written(one, process, repeat, said))
    return tuple(_again(f, one, process, repeat) if f in there else f for f in features)


def _written(one: Exposed, process: Process, repeat: int, notes: tuple[str, ...]) -> FeatureState:
    lines = tuple(_line(line) for line in process.outcome.emission)
    condition, said = _condition(process)
    return FeatureState(
        one.part, one.recipe, process.name, condition, () if condition == "latent" else lines, repeat,
        as_written=lines, notes=(*notes, *said),
    )  # fmt: skip


def _again(f: FeatureState, one: Exposed, process: Process, repeat: int) -> FeatureState:
    """A feature after a further pass that writes."""
    written = f.written + repeat
    if process.outcome.effect == "none":
        return replace(f, written=written, notes=(f"{process.name} leaves the emission as it is",))
    fresh = _written(one, process, repeat, ())
    if process.outcome.effect == "replaces" or f.condition in ("erased", "latent"):
        return replace(fresh, part=f.part, recipe=f.recipe, written=written, cycles=f.cycles)
    if f.condition in ("unknown", "undefined", "quenched") or f.heated_c is not None:
        note = "what a further pass makes of a feature that was in a furnace is not stated"
        return replace(f, condition="unknown", lines=(), written=written, notes=(note,))
    known = {(line.phase, line.peak_nm) for line in f.as_written}
    more = (*f.as_written, *(n for n in fresh.as_written if (n.phase, n.peak_nm) not in known))
    return replace(fresh, recipe=f.recipe, lines=more, as_written=more, written=written, cycles=f.cycles)


def _line(line: EmissionLine) -> LineState:
    return LineState(line.phase, line.peak, line.fwhm, line.radiance, line.confidence, line.shape_confidence)


def _condition(process: Process) -> tuple[Condition, tuple[str, ...]]:
    """What a feature is right after writing."""
    for stage in _later_stages(process):
        if stage.required:
            return "latent", (f"glows only after the stage '{stage.step}' ({stage.agent})",)
    if process.outcome.emission:
        return "emitting", ()
    colour = process.outcome.facts.get("colour")
    if colour is not None:
        return "emitting", (f"{colour.value}, no peak is printed",)
    return "written", (f"no emission is stated for {process.name}",)


def _later_stages(process: Process) -> Iterator[CampaignStep]:
    """Furnaces and soaks that follow the writing."""
    for stage in process.document.steps:
        if stage.verb in ("heat", "soak"):
            yield stage


def _erased(f: FeatureState, repeat: int, note: str) -> FeatureState:
    return replace(f, condition="erased", lines=(), cycles=f.cycles + repeat, heated_c=None, notes=(note,))


def _after_furnace(now: Stage, heat: HeatStep, processes: Mapping[str, Process]) -> Stage:
    treatment = processes.get(heat.process) if heat.process else None
    features = tuple(_heated(f, treatment, heat.temperature, processes) for f in now.features)
    background, notes = _background(now, treatment, heat.temperature)
    return replace(now, features=features, background=background, notes=notes)


def _heated(
    f: FeatureState, treatment: Process | None, temperature: float | None, processes: Mapping[str, Process]
) -> FeatureState:
    stage = _own_stage(f, treatment, "heat", processes)
    if stage is not None and treatment is not None:
        return _woken(f, treatment, stage, temperature)
    if f.condition in ("erased", "latent", "unknown"):
        note = f"what a furnace does to a feature that is {f.condition} is not stated"
        return replace(f, condition="unknown", lines=(), heated_c=temperature, notes=(note,))
    if f.heated_c is not None and temperature is not None and temperature < f.heated_c and treatment is not None:
        note = f"a hotter furnace came before ({f.heated_c:g} °C); what it left is assumed to stay"
        kept = tuple(replace(line, confidence=worst((line.confidence, Confidence.ASSUMED))) for line in f.lines)
        return replace(f, lines=kept, notes=(note,))
    if not f.as_written:
        one = heated_line(treatment, temperature, f.process, "", None, processes)
        was_dark = f.condition in ("quenched", "undefined")
        condition: Condition = f.condition if one.condition == "emitting" and not was_dark else one.condition
        said = ["" if one.factor is None else f"radiance × {one.factor:g}", one.note]
        if was_dark and condition == "emitting":
            said.append("that it comes back after a cooler furnace left it dark is assumed")
        return replace(f, condition=condition, heated_c=temperature, notes=tuple(n for n in said if n))
    results = [heated_line(treatment, temperature, f.process, a.phase, a.peak_nm, processes) for a in f.as_written]
    lines = tuple(
        replace(
            a,
            peak_nm=r.peak_nm,
            radiance=None if r.factor is None or a.radiance is None else a.radiance * r.factor,
            confidence=worst((a.confidence, r.confidence)),
        )
        for a, r in zip(f.as_written, results, strict=True)
        if r.condition == "emitting" and r.peak_nm is not None
    )
    condition = max((r.condition for r in results), key=_ORDER.index)
    return replace(
        f, condition=condition, lines=lines, heated_c=temperature,
        notes=tuple(dict.fromkeys(r.note for r in results if r.note)),
    )  # fmt: skip


def _own_stage(
    f: FeatureState, treatment: Process | None, verb: str, processes: Mapping[str, Process]
) -> CampaignStep | None:
    """The stage of the feature's own process that a furnace or soak claiming that process is."""
    ancestors = processes[f.process].ancestors if f.process in processes else ()
    if treatment is None or treatment.name not in (f.process, *ancestors):
        return None
    fitting = [s for s in _later_stages(treatment) if s.verb == verb]
    # A feature that was erased comes back by the last such stage, a new one glows by the first.
    return None if not fitting else fitting[-1] if f.condition == "erased" else fitting[0]


def _woken(f: FeatureState, process: Process, stage: CampaignStep, temperature: float | None) -> FeatureState:
    """A feature after a stage of its own campaign that makes or restores its emission."""
    outcome = process.outcome
    colour = outcome.facts.get("colour")
    said = [f"{stage.step}: {stage.outcome}" if stage.outcome else stage.step]
    if not outcome.emission:
        said.append(f"{colour.value}, no peak is printed" if colour else "no peak is printed")
    lines = f.as_written
    return replace(f, condition="emitting", lines=lines, heated_c=temperature, notes=tuple(said))


def _after_soak(now: Stage, soak: SoakStep, processes: Mapping[str, Process]) -> Stage:
    treatment = processes.get(soak.process) if soak.process else None
    return replace(now, features=tuple(_soaked(f, soak, treatment, processes) for f in now.features))


def _soaked(
    f: FeatureState, soak: SoakStep, treatment: Process | None, processes: Mapping[str, Process]
) -> FeatureState:
    stage = _own_stage(f, treatment, "soak", processes)
    if stage is None or treatment is None:
        if f.condition == "erased":
            return f
        note = f"what {soak.medium} does to it is not stated"
        return replace(f, condition="unknown", lines=(), notes=(note,))
    needed = read_windows(stage.parameters).get("hold_time")
    least = None if needed is None else needed.min or needed.typ
    if least is not None and soak.hold_time < least * (1 - 1e-9):
        note = f"{stage.step} takes {least:g} s, the step lasts {soak.hold_time:g} s: what is left is not stated"
        return replace(f, condition="unknown", lines=(), notes=(note,))
    if stage.required:
        return _woken(f, treatment, stage, None)
    return _erased(f, 1, f"{stage.step} by {stage.agent.replace('_', ' ')}: {stage.outcome or 'gone'}")


def _background(
    now: Stage, treatment: Process | None, temperature: float | None
) -> tuple[Literal["pristine", "amorphous", "undefined", "unknown"], tuple[str, ...]]:
    """Unwritten glass after a furnace."""
    models = [] if treatment is None else [m for m in treatment.document.heat if not m.written_by]
    if not models or temperature is None:
        return "unknown", ("what the furnace does to unwritten material is not stated",)
    points = models[0].points
    point = point_at(points, temperature)
    if point is None:
        hotter = [p for p in points if p.state == "amorphous" and p.temperature > temperature]
        if not hotter:
            return "unknown", (f"nothing is stated for unwritten material at {temperature:g} °C",)
        found, note = "amorphous", f"unwritten material stays amorphous at {hotter[0].temperature:g} °C"
    else:
        found, note = ("amorphous" if point.state == "amorphous" else "undefined"), point.note
    if now.background in ("undefined", "unknown"):
        return now.background, (f"an earlier furnace left unwritten material {now.background}",)
    return ("amorphous" if found == "amorphous" else "undefined"), ((note,) if note else ())
