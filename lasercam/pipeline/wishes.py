"""Steps that a job asks for by their result, filled in before anything else looks at them."""

from collections.abc import Callable, Mapping

from lasercam.errors import InputError, Location, ParameterError, Problem
from lasercam.model.job import JobDocument
from lasercam.model.process_window import Process
from lasercam.process.heat_inverse import temperature_for_emission


def fill_wishes(
    job: JobDocument, processes: Mapping[str, Process], locate: Callable[..., Location]
) -> tuple[JobDocument, tuple[str, ...]]:
    """The job with a temperature in every heat step that asks for an emission.

    Returns:
        The job, and a note for each step that was filled: arithmetic and uncertainty.

    Raises:
        InputError: a temperature cannot be found; all steps that ask for one are named.
    """
    steps, notes, problems = list(job.steps), [], []
    for index, step in enumerate(job.steps):
        heat = step.heat
        if heat is None or heat.emission is None:
            continue
        place = locate("steps", index, "heat", "emission")
        if heat.process is None:
            text = f"step '{step.name}' asks for an emission, but names no process whose source relates them"
            problems.append(Problem(text, place, "Add `process:`, or give `temperature:`."))
            continue
        try:
            written = _written_before(job, index, processes)
            solved = temperature_for_emission(heat.emission, processes[heat.process], written)
        except ParameterError as error:
            hint = "Give `temperature:` with a measurement of your own, or another emission."
            problems.append(Problem(f"step '{step.name}': {error}", place, hint))
            continue
        steps[index] = step.model_copy(update={"heat": heat.model_copy(update={"temperature": solved.temperature_c})})
        notes.append(f"step '{step.name}' ({solved.confidence.value}): {solved.how}")
    if problems:
        raise InputError(problems)
    return (job.model_copy(update={"steps": tuple(steps)}), tuple(notes)) if notes else (job, ())


def _written_before(job: JobDocument, index: int, processes: Mapping[str, Process]) -> set[str]:
    """Processes of all exposures before a step, and what they inherit from."""
    names: set[str] = set()
    for step in job.steps[:index]:
        for recipe in step.exposures.values():
            process = _process_of(job, recipe)
            if process in processes:
                names |= {process, *processes[process].ancestors}
    return names


def _process_of(job: JobDocument, recipe: str) -> str:
    """The process a recipe claims, itself or through `like`; "" where none is found."""
    seen: set[str] = set()
    while recipe in job.recipes and recipe not in seen:
        seen.add(recipe)
        text = job.recipes[recipe]
        if text.process is not None:
            return text.process
        recipe = text.like or ""
    return ""
