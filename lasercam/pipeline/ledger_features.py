"""What the features of a sample become by what was executed of a job so far, without counting anything twice."""

from collections.abc import Sequence
from typing import Any

from lasercam.model.execution import Execution
from lasercam.model.job import Step
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.ledger_saving import Piece
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.stages import stage_data
from lasercam.process.campaign import Exposed, FeatureState, Stage, stages

Applied = tuple[tuple[int, int, int, int], ...]
"""Step, part, recipe, times; part and recipe are −1 for steps by hand."""
_BY_HAND = -1


def hand_steps(loaded: LoadedJob, toolpath: Toolpath, execution: Execution) -> set[int]:
    """Steps without the beam that are done: those a person confirmed, and those before a step that was begun."""
    begun = [s.step for s in toolpath.header.sections if execution.of_section(s.index)]
    last = max(begun, default=-1)
    steps = enumerate(loaded.document.steps)
    return {i for i, step in steps if step.pass_kind is None and (i < last or i in execution.by_hand)}


def applied_steps(pieces: Sequence[Piece], by_hand: set[int]) -> Applied:
    """Everything that was done, step by step."""
    per_section: dict[tuple[int, int, int, int], int] = {}
    for piece in pieces:
        for part, recipe in piece.pairs:
            key = piece.section.index, piece.section.step, part, recipe
            per_section[key] = per_section.get(key, 0) + piece.repeat
    times = {(step, _BY_HAND, _BY_HAND): 1 for step in by_hand}
    for (_, step, part, recipe), count in per_section.items():
        times[step, part, recipe] = max(times.get((step, part, recipe), 0), count)
    return tuple(sorted((*key, count) for key, count in times.items()))


def features_with(
    loaded: LoadedJob, toolpath: Toolpath, held: tuple[FeatureState, ...], applied: Applied, already: Applied
) -> tuple[FeatureState, ...]:
    """The features after what is in `applied` and not in `already`, in the order of the job's steps."""
    header = toolpath.header
    past = {one[:3]: one[3] for one in already}
    new = [(*one[:3], one[3] - past.get(one[:3], 0)) for one in applied]
    steps: list[Step] = []
    exposed: dict[int, list[Exposed]] = {}
    for index, step in enumerate(loaded.document.steps):
        mine = [(part, recipe, times) for at, part, recipe, times in new if at == index and times > 0]
        for count in sorted({times for *_, times in mine}):
            exposed[len(steps)] = [
                Exposed(header.parts[part].name, header.recipes[recipe].label, header.recipes[recipe].process)
                for part, recipe, times in mine
                if times == count and part != _BY_HAND
            ]
            steps.append(step.model_copy(update={"repeat": count}))
    found = stages(steps, exposed, loaded.processes, held)
    return found[-1].features if found else held


def feature_data(features: tuple[FeatureState, ...]) -> list[dict[str, Any]]:
    """Features as a ledger keeps them."""
    told = stage_data(Stage(-1, "", "", features))["features"]
    return [
        {
            **data,
            "heated_c": feature.heated_c,
            "as_written": [
                {
                    "phase": n.phase,
                    "peak_nm": n.peak_nm,
                    "fwhm_nm": n.fwhm_nm,
                    "radiance": n.radiance,
                    "confidence": n.confidence.value,
                    "shape_confidence": n.shape_confidence.value,
                }
                for n in feature.as_written
            ],
        }
        for feature, data in zip(features, told, strict=True)
    ]
