"""What the sample is after every step of a job, for findings, manifests and pictures."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.recipe import MAX_RECIPES
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.process.campaign import Exposed, FeatureState, Stage, stages

STAGE_CODES = (
    CodeInfo(
        "W_HEAT_QUENCHED",
        Severity.WARNING,
        "The furnace leaves written features dark",
        "The source reports that features of this kind lose their luminescence at this temperature. Iodide glass, for"
        " one, is quenched after 200 to 450 °C and bright again only after 550 °C. Choose a temperature at which the"
        " source reports light, or waive this where a dark pattern is meant.",
        "10.1002/lpor.202401258, Fig. 3c, S8",
        can_waive=True,
    ),
    CodeInfo(
        "W_READ_DARK",
        Severity.WARNING,
        "A read step looks at features that do not glow yet, or no more",
        "By what the sources say of the steps before, nothing that was written emits at this step: it waits for a stage"
        " its process requires (an anneal, a wide-field exposure), or a furnace has quenched it. Put the missing"
        " step before, or waive this where darkness is what is looked for.",
        can_waive=True,
    ),
    CodeInfo(
        "W_CYCLES",
        Severity.WARNING,
        "Features are erased more often than anybody has shown",
        "The process states how many cycles of writing and erasing were demonstrated without marked loss. Beyond that"
        " number nothing is known. Plan fewer cycles, or waive this and measure.",
        can_waive=True,
    ),
)
_ABOUT = {info.code: info for info in STAGE_CODES}
_DARK = ("latent", "quenched")


def job_stages(loaded: LoadedJob, toolpath: Toolpath, before: tuple[FeatureState, ...] = ()) -> tuple[Stage, ...]:
    """The sample after every step of a job, by what its rows expose and what it held before."""
    return stages(loaded.document.steps, exposed_parts(toolpath), loaded.processes, before)


def has_stages(loaded: LoadedJob, toolpath: Toolpath) -> bool:
    """Whether anything happens to the sample beside writing, or has to, so that it is worth following."""
    if any(step.verb in ("heat", "soak", "erase") for step in loaded.document.steps):
        return True
    used = {recipe.process for recipe in toolpath.header.recipes.recipes}
    return any(
        stage.required and stage.verb in ("heat", "soak")
        for name in used
        for stage in loaded.processes[name].document.steps
    )


def exposed_parts(toolpath: Toolpath) -> dict[int, list[Exposed]]:
    """By index of the step, each part with each recipe that exposes it, in order of parts and recipes."""
    header = toolpath.header
    seen: dict[int, set[tuple[int, int]]] = {}
    for block in toolpath.blocks():
        exposes = block.exposes
        both = block.part[exposes].astype(np.int64) * MAX_RECIPES + block.recipe[exposes]
        # Rows mostly follow others of their kind: only where that changes is there something to sort.
        changes = both[np.flatnonzero(np.diff(both, prepend=-1))]
        step = header.sections[block.section].step
        seen.setdefault(step, set()).update(divmod(pair, MAX_RECIPES) for pair in np.unique(changes).tolist())
    return {
        step: [
            Exposed(header.parts[part].name, header.recipes[recipe].label, header.recipes[recipe].process)
            for part, recipe in sorted(pairs)
        ]
        for step, pairs in seen.items()
    }


def stage_findings(loaded: LoadedJob, toolpath: Toolpath, held: tuple[FeatureState, ...] = ()) -> Iterator[Finding]:
    """What the predicted states say against the job; other checks judge temperatures and gaps."""
    if not has_stages(loaded, toolpath):
        return
    before: Mapping[tuple[str, str], FeatureState] = {(f.part, f.recipe): f for f in held}
    for stage in job_stages(loaded, toolpath, held):
        now = {(f.part, f.recipe): f for f in stage.features}
        if stage.verb == "heat":
            dark = [f for key, f in now.items() if f.condition == "quenched" and _was(before, key) != "quenched"]
            if dark:
                text = f"the furnace quenches {_named(dark)}: {'; '.join(dark[0].notes) or 'stated by the source'}"
                yield _finding("W_HEAT_QUENCHED", text, stage, loaded, len(dark))
        if stage.verb == "read" and now and all(f.condition in _DARK for f in now.values()):
            first = stage.features[0]
            why = "; ".join(first.notes) or first.condition
            text = f"nothing glows at this step: {_named(stage.features)} ({first.condition}: {why})"
            yield _finding("W_READ_DARK", text, stage, loaded, len(now))
        for key, f in now.items():
            limit = loaded.processes[f.process].parameters.get("cycles") if f.process in loaded.processes else None
            most = None if limit is None else limit.max or limit.typ
            past = before[key].cycles if key in before else 0
            if most is not None and past <= most < f.cycles:
                text = f"{f.part} has been erased {f.cycles} times; {f.process} was shown for {most:g} cycles"
                yield _finding("W_CYCLES", text, stage, loaded, 1, value=float(f.cycles), limit=most)
        before = now


def stage_data(stage: Stage) -> dict[str, Any]:
    """A stage as plain data: each feature with its condition and peaks."""
    return {
        "step": stage.name,
        "verb": stage.verb,
        "background": stage.background,
        "notes": list(stage.notes),
        "features": [
            {
                "part": f.part,
                "recipe": f.recipe,
                "process": f.process,
                "condition": f.condition,
                "written": f.written,
                "cycles": f.cycles,
                "emission": [
                    {
                        "phase": line.phase,
                        "peak_nm": round(line.peak_nm, 4),
                        "fwhm_nm": line.fwhm_nm,
                        "radiance": line.radiance,
                        "confidence": line.confidence.value,
                        "shape_confidence": line.shape_confidence.value,
                    }
                    for line in f.lines
                ],
                "notes": list(f.notes),
            }
            for f in stage.features
        ],
    }


def _was(before: Mapping[tuple[str, str], FeatureState], key: tuple[str, str]) -> str:
    return before[key].condition if key in before else ""


def _named(features: "tuple[FeatureState, ...] | list[FeatureState]") -> str:
    names = list(dict.fromkeys(f.part for f in features))
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _finding(
    code: str, text: str, stage: Stage, loaded: LoadedJob, count: int, *, value: float | None = None,
    limit: float | None = None,
) -> Finding:  # fmt: skip
    return Finding(
        code,
        _ABOUT[code].severity,
        text,
        f"steps.{stage.name}",
        value=value,
        limit=limit,
        location=loaded.locate("steps", stage.step),
        count=count,
        source=_ABOUT[code].source,
        hint="See `lasercam explain " + code + "`.",
    )
