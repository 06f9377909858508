"""Load: a job file and everything it names, typed, cross-checked, and ready to be planned."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lasercam.errors import InputError, LasercamError, Location, PatternError, Problem, name_problem
from lasercam.model.job import JobDocument, Placement, Step
from lasercam.model.machine import Machine
from lasercam.model.process_window import Process
from lasercam.model.protocols import PatternSource, SourceContext
from lasercam.model.sample import MATERIALS
from lasercam.pipeline import registry
from lasercam.pipeline.calibration import with_calibration
from lasercam.pipeline.compensation import read_tables
from lasercam.pipeline.controller_link import link_keys
from lasercam.pipeline.inputs import JOB_NAME, BuiltInputs, FolderInputs, Inputs, read_bytes
from lasercam.pipeline.laser_link import adapter_keys
from lasercam.pipeline.registration import Registered, read_registrations, registered_for
from lasercam.pipeline.wishes import fill_wishes
from lasercam.plan.compensation import Tables
from lasercam.plan.frames import placement_notes
from lasercam.process.kept import library_from_files, process_files
from lasercam.process.lab import environment_folders
from lasercam.process.library import load_library
from lasercam.schema.document import read_document
from lasercam.schema.tree import Tree, parse_yaml


@dataclass(frozen=True, eq=False)
class LoadedPattern:
    """A pattern as written and the source that makes it."""

    placement: Placement
    source: PatternSource

    @property
    def notes(self) -> tuple[str, ...]:
        """What the source wants the user to know: sizes, merged lines, skipped elements."""
        return tuple(getattr(self.source, "notes", ()))


@dataclass(frozen=True, eq=False)
class LoadedJob:
    """A job with everything it names.

    Attributes:
        document: as written.
        content: the job file's bytes.
        tree: its places, for messages.
        inputs: every other file it was made from.
        machines: profile of each step, by step index.
        processes: all windows that can be named.
        patterns: by name, in the order of the file.
        solved: what the job asked for by its result, with arithmetic and uncertainty.
        heights: content of the sample's surface map; None where it names none.
        lie: what was made of measured heights.
        registrations: what marks said after remounts, by the remount's step index.
        tables: energies by depth that recipes name, by file.
    """

    document: JobDocument
    content: bytes
    tree: Tree
    inputs: Inputs
    machines: tuple[Machine, ...]
    processes: Mapping[str, Process]
    patterns: Mapping[str, LoadedPattern]
    solved: tuple[str, ...] = ()
    heights: bytes | None = None
    lie: tuple[str, ...] = ()
    registrations: Mapping[int, Registered] = field(default_factory=dict)
    tables: Tables = field(default_factory=dict)

    def locate(self, *path: str | int, key: bool = False) -> Location:
        """Place in the job file of a value (or key), or of the nearest thing around it."""
        return self.tree.at(path, key=key)

    def registered(self, step: int) -> Registered | None:
        """The registration that a step is written by; None where it is written in the nominal frame."""
        return registered_for(self.registrations, self.document, self.machines, step)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was solved and measured, and what sources want the user to know."""
        return (
            *self.solved,
            *self.lie,
            *(f"steps.{self.document.steps[i].name}: {found.text}" for i, found in self.registrations.items()),
            *(f"patterns.{name}: {note}" for name, p in self.patterns.items() for note in p.notes),
        )


def load_job(path: Path, folder: FolderInputs | None = None) -> LoadedJob:
    """A job file, or the job kept inside a build folder.

    Args:
        path: of the file or folder.
        folder: where files of a job file are looked for, by who wants to know what was looked at; else its own.

    Raises:
        InputError: anything wrong with the job or a file it names, every problem with its place.
    """
    if path.is_dir():
        inside = BuiltInputs(path / "inputs")
        content = read_bytes(path / "inputs" / JOB_NAME)
        files = {f.reference: f.content for f in inside.of_kind("process")}
        tree, document = _read(content, JOB_NAME)
        return _load(content, tree, document, inside, library_from_files(files))
    return load_content(read_bytes(path), path.name, path.parent, folder)


def load_content(content: bytes, name: str, beside: Path, folder: FolderInputs | None = None) -> LoadedJob:
    """A job from the text of its file.

    Args:
        content: the text, UTF-8.
        name: as messages call the file.
        beside: the folder in which the file lies or would lie; what the job names is looked for there.
        folder: where files are looked for, by who wants to know what was looked at; else `beside`.

    Raises:
        InputError: anything wrong with the job or a file it names, every problem with its place.
    """
    folder = FolderInputs(beside) if folder is None else folder
    tree, document = _read(content, name)
    own = [folder.subfolder(document.processes, tree.at(("processes",)))] if document.processes else []
    lab = (*own, *environment_folders())
    loaded = _load(content, tree, document, folder, load_library(lab))
    used = {text.process for text in document.recipes.values() if text.process}
    for step in document.steps:
        used |= {text.process for text in (step.heat, step.soak, step.read) if text is not None and text.process}
    used |= set(document.supply)
    for reference, kept in process_files(sorted(used), lab).items():
        folder.keep("process", reference, partial(bytes, kept))
    return loaded


def load_kept(content: bytes, inside: BuiltInputs) -> LoadedJob:
    """A job whose files all come from the inputs kept in a build.

    Raises:
        InputError: anything wrong with the job, every problem with its place.
    """
    tree, document = _read(content, JOB_NAME)
    return _load(
        content, tree, document, inside, library_from_files({f.reference: f.content for f in inside.of_kind("process")})
    )


def _read(content: bytes, name: str) -> tuple[Tree, JobDocument]:
    tree = parse_yaml(content, name)
    return tree, read_document(JobDocument, tree, what="a job")


def _load(
    content: bytes, tree: Tree, document: JobDocument, inputs: Inputs, processes: Mapping[str, Process]
) -> LoadedJob:
    problems: list[Problem] = []
    _check_names(document, tree, processes, problems)
    machines = tuple(
        _machine(step.machine or document.machine, i, step, tree, inputs) for i, step in enumerate(document.steps)
    )
    patterns: dict[str, LoadedPattern] = {}
    for pattern in document.patterns:
        try:
            patterns[pattern] = _pattern(pattern, document, tree, inputs)
        except InputError as error:
            problems.extend(error.problems)
    for pattern, loaded in patterns.items():
        _check_areas(pattern, loaded.placement, document, tree, problems)
    if problems:
        raise InputError(problems)
    document, solved = fill_wishes(document, processes, lambda *path: tree.at(path))
    heights, lie = _surface(document, tree, inputs)
    found = read_registrations(document, tree, inputs, machines, patterns, heights)
    tables = read_tables(document, tree, inputs)
    return LoadedJob(
        document, content, tree, inputs, machines, processes, patterns, solved, heights, lie, found, tables
    )  # fmt: skip


def _surface(document: JobDocument, tree: Tree, inputs: Inputs) -> tuple[bytes | None, tuple[str, ...]]:
    """Content of the sample's surface map, and what was made of measured heights."""
    placement = document.sample.placement
    if placement is None:
        return None, ()
    keys = ("sample", "placement", "tilt" if placement.surface is None else "surface")
    place = tree.at((*keys, "file") if placement.surface is not None else keys)
    heights = None if placement.surface is None else inputs.read("asset", placement.surface.file, place).content
    try:
        return heights, placement_notes(document.sample, heights)
    except PatternError as error:
        named = "" if placement.surface is None else f"'{placement.surface.file}': "
        raise InputError(Problem(f"{named}{error}", place)) from error


def _check_names(job: JobDocument, tree: Tree, processes: Mapping[str, Process], problems: list[Problem]) -> None:
    """Every reference in recipes, supply, steps and sample must lead somewhere."""
    if job.sample.material not in MATERIALS:
        problems.append(name_problem("material", job.sample.material, list(MATERIALS), tree.at(("sample", "material"))))
    for name, recipe in job.recipes.items():
        if recipe.process is not None and recipe.process not in processes:
            problems.append(
                name_problem("process", recipe.process, list(processes), tree.at(("recipes", name, "process")))
            )
        if recipe.like is not None and recipe.like not in job.recipes:
            problems.append(name_problem("recipe", recipe.like, list(job.recipes), tree.at(("recipes", name, "like"))))
    for process in job.supply:
        if process not in processes:
            problems.append(name_problem("process", process, list(processes), tree.at(("supply", process), key=True)))
    earlier: list[str] = []
    for index, step in enumerate(job.steps):
        if step.name in earlier:
            text = f"two steps are called '{step.name}'"
            problems.append(Problem(text, tree.at(("steps", index, "name")), "Give each its own name."))
        for part, recipe_name in step.exposures.items():
            if recipe_name not in job.recipes:
                place = tree.at(("steps", index, step.verb, part))
                problems.append(name_problem("recipe", recipe_name, list(job.recipes), place))
        for other in step.over:
            if other not in earlier:
                problems.append(name_problem("earlier step", other, earlier, tree.at(("steps", index, "over"))))
        claimed = next((s.process for s in (step.heat, step.soak, step.read) if s is not None), None)
        if claimed is not None and claimed not in processes:
            place = tree.at(("steps", index, step.verb, "process"))
            problems.append(name_problem("process", claimed, list(processes), place))
        if step.remount is not None and step.remount.marks is not None and step.remount.marks not in job.patterns:
            place = tree.at(("steps", index, "remount", "marks"))
            problems.append(name_problem("pattern", step.remount.marks, list(job.patterns), place))
        earlier.append(step.name)


def _machine(reference: str, index: int, step: Step, tree: Tree, inputs: Inputs) -> Machine:
    location = tree.at(("steps", index, "machine") if step.machine else ("machine",))
    file = inputs.read("machine", reference, location)
    profile = parse_yaml(file.content, file.name)
    machine = read_document(Machine, profile, what="a machine profile")
    if _is_profile_name(reference) and machine.machine != reference:
        text = f"the profile calls itself '{machine.machine}', the job calls it '{reference}'"
        raise InputError(Problem(text, profile.at(("machine",)), f"Write `machine: {reference}` in the profile."))
    registry.dialect(machine.controller.dialect, profile.at(("controller", "dialect")))
    adapter_keys(machine, profile)
    link_keys(machine, profile)
    strength = "average_power" if machine.laser.is_cw else "pulse_energy"
    return with_calibration(machine, inputs, profile.at(("laser", strength, "scale", "table")))


def _is_profile_name(reference: str) -> bool:
    return not reference.endswith((".yaml", ".yml")) and "/" not in reference


def _pattern(name: str, job: JobDocument, tree: Tree, inputs: Inputs) -> LoadedPattern:
    below = tree.under(("patterns", name))
    try:
        return _source(name, job.patterns[name], below, job.seed, inputs)
    except InputError:
        raise
    except LasercamError as error:
        raise InputError(Problem(f"pattern '{name}': {error}", below.at(()))) from error


def _source(name: str, keys: Mapping[str, Any], below: Tree, seed: int, inputs: Inputs) -> LoadedPattern:
    """The pattern whose keys stand at `below`, and those nested in it."""
    if "type" not in keys:
        kinds = ", ".join(registry.names(registry.SOURCES))
        raise InputError(Problem(f"pattern '{name}' has no type; allowed: {kinds}", below.at((), key=True)))
    kind = registry.source_type(str(keys["type"]), below.at(("type",)))
    placement = read_document(kind.Keys, below, what=f"pattern '{name}'")

    def asset(reference: str, load: Callable[[], bytes] | None = None) -> bytes:
        place = next((below.at((key,)) for key, value in keys.items() if value == reference), below.at(("file",)))
        return (
            inputs.read("asset", reference, place) if load is None else inputs.keep("asset", reference, load)
        ).content

    def locate(*path: str | int, key: bool = False) -> Location:
        return below.at(path, key=key)

    def private(reference: str) -> bytes:
        lock = keys.get("lock")
        is_key = isinstance(lock, Mapping) and lock.get("key_file") == reference
        return inputs.private(reference, below.at(("lock", "key_file") if is_key else ("file",)))

    def child(path: tuple[str, ...], child_keys: Mapping[str, Any]) -> tuple[Placement, PatternSource]:
        nested = _source(f"{name}.{path[-1]}", child_keys, below.under(path), seed, inputs)
        return nested.placement, nested.source

    return LoadedPattern(placement, kind(placement, SourceContext(name, asset, locate, seed, child, private)))


def _check_areas(name: str, placement: Placement, job: JobDocument, tree: Tree, problems: list[Problem]) -> None:
    for key in ("inside", "outside"):
        for other in getattr(placement, key):
            if other not in job.patterns or other == name:
                known = [p for p in job.patterns if p != name]
                problems.append(name_problem("pattern", other, known, tree.at(("patterns", name, key))))


def input_hashes(loaded: LoadedJob) -> dict[str, str]:
    """SHA-256 of every input, by kind and reference; the job's own under `job`."""
    hashes = {
        f"{kind}:{reference}": file.digest for (kind, reference), file in sorted(loaded.inputs.read_files.items())
    }
    return {"job": hashlib.sha256(loaded.content).hexdigest(), **hashes}


def machine_digest(loaded: LoadedJob) -> str:
    """SHA-256 over all machine profiles of the job."""
    digests = {r: f.digest for (kind, r), f in sorted(loaded.inputs.read_files.items()) if kind == "machine"}
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
