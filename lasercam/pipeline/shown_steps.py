"""Steps that change what the sample shows: exposures, furnaces and soaks, in the order of the job."""

from functools import partial

from lasercam.model.confidence import Confidence
from lasercam.model.job import Step
from lasercam.model.process_window import Process
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.preview.emission import StepRows, toolpath_steps
from lasercam.preview.emitters import Emitter, Origin, Treated
from lasercam.process.heated import heated_line


def shown_steps(loaded: LoadedJob, toolpath: Toolpath) -> dict[int, StepRows]:
    """By index of the step, what it does to the sample; steps that change nothing are left out."""
    with_beam = dict.fromkeys(section.step for section in toolpath.header.sections)
    exposing = dict(zip(with_beam, toolpath_steps(toolpath), strict=True))
    found: dict[int, StepRows] = {}
    hottest: list[float] = []
    for index, step in enumerate(loaded.document.steps):
        if index in exposing:
            found[index] = exposing[index]
        elif step.verb in ("heat", "soak") and found:
            earlier = max(hottest, default=None)
            found[index] = StepRows(step.name, treats=partial(_treated, step, loaded, earlier))
            if step.heat is not None and step.heat.temperature is not None:
                hottest.append(step.heat.temperature)
    return found


def _treated(step: Step, loaded: LoadedJob, earlier_c: float | None, emitter: Emitter, origin: Origin) -> Treated:
    """What a furnace or a soak makes of an emission."""
    heat = step.heat
    if heat is None:
        return _soaked(step, loaded, emitter, origin)
    treatment = loaded.processes.get(heat.process) if heat.process else None
    if treatment is not None and _is_own(treatment, origin, loaded):
        return Treated(emitter)
    if earlier_c is not None and heat.temperature is not None and heat.temperature <= earlier_c:
        note = f"after a furnace at {earlier_c:g} °C one at {heat.temperature:g} °C is assumed to change nothing"
        return Treated(emitter, confidence=Confidence.ASSUMED, note=note)
    # Models start from the feature as written, whatever a cooler furnace has made of it.
    was = origin.written
    results = [
        heated_line(treatment, heat.temperature, name, was.phase, was.peak_nm, loaded.processes)
        for name in sorted(origin.by)
    ]
    found = results[0]
    unknown = next((r for r in results if r.condition not in ("emitting", "quenched")), None)
    if unknown is not None or len({(r.condition, r.peak_nm, r.factor) for r in results}) > 1:
        why = unknown.note if unknown is not None else "its writers differ"
        note = f"step '{step.name}': {emitter.peak_nm:g} nm drawn unchanged, not known ({why})"
        return Treated(emitter, confidence=Confidence.UNKNOWN, note=note)
    if found.condition == "quenched" or found.peak_nm is None:
        return Treated(None, note=f"step '{step.name}' quenches {emitter.peak_nm:g} nm")
    moved = Emitter(found.peak_nm, was.fwhm_nm, was.phase)
    brightness = "" if found.factor is not None else f"step '{step.name}': radiance drawn unchanged, not stated"
    return Treated(moved, found.factor, found.confidence, brightness)


def _soaked(step: Step, loaded: LoadedJob, emitter: Emitter, origin: Origin) -> Treated:
    soak = step.soak
    treatment = loaded.processes.get(soak.process) if soak is not None and soak.process else None
    if treatment is None or not _is_own(treatment, origin, loaded):
        note = f"step '{step.name}': {emitter.peak_nm:g} nm drawn unchanged, not known"
        return Treated(emitter, confidence=Confidence.UNKNOWN, note=note)
    own = [s for s in treatment.document.steps if s.verb == "soak"]
    return Treated(emitter if not own or own[0].required else None)


def _is_own(treatment: Process, origin: Origin, loaded: LoadedJob) -> bool:
    """Whether a step that claims a process is a stage of the process that wrote."""
    return all(treatment.name in (name, *loaded.processes[name].ancestors) for name in origin.by)
