"""A build that may be run: proven again, judged again without an error, its job files with what surrounds them."""

from dataclasses import dataclass
from pathlib import Path

from lasercam.errors import RefusedError
from lasercam.model.file_control import FileLinkKeys
from lasercam.model.job import Step
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect
from lasercam.model.toolpath import Section, Toolpath
from lasercam.pipeline import registry
from lasercam.pipeline.controller_link import step_link_keys
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.manifest import read_manifest
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.runbook import section_laser_text
from lasercam.pipeline.verify import verify_build

_WRITING = ("write", "rewrite", "erase")


@dataclass(frozen=True, eq=False)
class RunnableProgram:
    """One job file of a build.

    Attributes:
        path, sha256: the file as it was built.
        section, machine, dialect: what it is.
        laser: what must be set at the source, in words.
        before: steps between it and the program before that a person does; empty where there is none.
        keys: of the link over which its controller takes whole files; None where a person loads them.
    """

    path: Path
    sha256: str
    section: Section
    machine: Machine
    dialect: Dialect
    laser: str
    before: str
    keys: FileLinkKeys | None


@dataclass(frozen=True, eq=False)
class Runnable:
    """A build that may be run.

    Attributes:
        loaded: the job.
        toolpath: its rows.
        programs: in the order they run.
        sample: in words.
    """

    loaded: LoadedJob
    toolpath: Toolpath
    programs: tuple[RunnableProgram, ...]
    sample: str


def load_runnable(folder: Path, progress: Progress = SILENT) -> Runnable:
    """A build, with everything about it proven anew.

    Raises:
        InputError: it is no build.
        RefusedError: its files are not what was built, or the verdict of today holds errors.
    """
    proof = verify_build(folder, progress)
    if not proof.holds:
        raise RefusedError(f"'{folder}' is not what it says it is: {proof.mismatches[0]}; nothing moves")
    loaded = load_job(folder)
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath, progress)
    if not verdict.is_clean:
        first = verdict.errors[0]
        raise RefusedError(f"{len(verdict.errors)} error(s), first {first.code}: {first.message}; nothing moves")
    programs = []
    done = 0
    for entry in sorted(read_manifest(folder).programs, key=lambda p: p.section):
        section = toolpath.header.sections[entry.section]
        machine = loaded.machines[section.step]
        laser = section_laser_text(section, machine, toolpath.header.recipes)
        before = "; ".join(_in_words(step) for step in loaded.document.steps[done : section.step] if _is_by_hand(step))
        done = section.step + 1
        language = registry.dialect(machine.controller.dialect)
        keys = step_link_keys(loaded, section.step)
        programs.append(
            RunnableProgram(folder / entry.file, entry.sha256, section, machine, language, laser, before, keys)
        )
    sample = loaded.document.sample
    return Runnable(loaded, toolpath, tuple(programs), f"{sample.id} ({sample.material})")


def _is_by_hand(step: Step) -> bool:
    return step.verb not in _WRITING


def _in_words(step: Step) -> str:
    return f"{step.verb} '{step.name}'"
