"""A build that may be run: proven again, judged again without an error, its job files with what surrounds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lasercam.errors import RefusedError
from lasercam.model.execution import HandStep
from lasercam.model.file_control import FileLinkKeys
from lasercam.model.job import Step
from lasercam.model.laser_control import LaserTargets
from lasercam.model.links import LaserAdapter
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect
from lasercam.model.toolpath import Section, Toolpath
from lasercam.pipeline import registry
from lasercam.pipeline.controller_link import step_link_keys
from lasercam.pipeline.judge import judge
from lasercam.pipeline.laser_link import link, section_targets
from lasercam.pipeline.ledger import Ledger
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.manifest import read_manifest
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.runbook import section_laser_text
from lasercam.pipeline.verify import verify_build
from lasercam.schema.tree import parse_yaml


@dataclass(frozen=True, eq=False)
class RunnableProgram:
    """One job file of a build.

    Attributes:
        path, sha256: the file as it was built.
        section, machine, dialect: what it is.
        laser: what must be set at the source, in words.
        before: steps between it and the program before that a person does; empty where there is none.
        targets: what the laser is set to; None where the profile has no adapter.
        keys: of the link over which its controller takes whole files; None where a person loads them.
    """

    path: Path
    sha256: str
    section: Section
    machine: Machine
    dialect: Dialect
    laser: str
    before: tuple[HandStep, ...]
    targets: LaserTargets | None
    keys: FileLinkKeys | None


@dataclass(frozen=True, eq=False)
class Runnable:
    """A build that may be run.

    Attributes:
        loaded: the job.
        toolpath: its rows.
        programs: in the order they run.
        after: steps behind the last program that a person does.
        sample: in words.
    """

    loaded: LoadedJob
    toolpath: Toolpath
    programs: tuple[RunnableProgram, ...]
    after: tuple[HandStep, ...]
    sample: str

    def laser(self, machine: Machine, *, simulate: bool = False) -> LaserAdapter | None:
        """The link to a machine's laser, or a simulated one in its place; None where a person sets the laser.

        Raises:
            InputError: it cannot be used.
        """
        if machine.laser.adapter is None:
            return None
        step = self.loaded.machines.index(machine)
        document = self.loaded.document
        reference = document.steps[step].machine or document.machine
        file = self.loaded.inputs.read("machine", reference, None)
        return link(machine, parse_yaml(file.content, file.name), simulate=simulate)


def load_runnable(folder: Path, progress: Progress = SILENT, *, held: Ledger | None = None) -> Runnable:
    """A build, with everything about it proven anew.

    Args:
        folder: of the build.
        progress: shown meanwhile.
        held: what the sample holds beside what was executed of this build.

    Raises:
        InputError: it is no build.
        RefusedError: its files are not what was built, or the verdict of today holds errors.
        MachineLimitError: a laser with an adapter cannot be set as a program needs it.
    """
    proof = verify_build(folder, progress)
    if not proof.holds:
        raise RefusedError(f"'{folder}' is not what it says it is: {proof.mismatches[0]}; nothing moves")
    loaded = load_job(folder)
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath, progress, ledger=held)
    if not verdict.is_clean:
        first = verdict.errors[0]
        raise RefusedError(f"{len(verdict.errors)} error(s), first {first.code}: {first.message}; nothing moves")
    programs = []
    done = 0
    steps = loaded.document.steps
    for entry in sorted(read_manifest(folder).programs, key=lambda p: p.section):
        section = toolpath.header.sections[entry.section]
        machine = loaded.machines[section.step]
        laser = section_laser_text(section, machine, toolpath.header.recipes)
        before = _by_hand(steps, done, section.step)
        done = section.step + 1
        language = registry.dialect(machine.controller.dialect)
        targets = None
        if machine.laser.adapter is not None:
            _, targets = section_targets(folder, entry.file, machine)
        keys = step_link_keys(loaded, section.step)
        programs.append(
            RunnableProgram(folder / entry.file, entry.sha256, section, machine, language, laser, before, targets, keys)
        )
    sample = loaded.document.sample
    after = _by_hand(steps, done, len(steps))
    return Runnable(loaded, toolpath, tuple(programs), after, f"{sample.id} ({sample.material})")


def _by_hand(steps: Sequence[Step], first: int, stop: int) -> tuple[HandStep, ...]:
    """What a person does in steps from `first` on, before `stop`."""
    return tuple(
        HandStep(index, step.name, f"{step.verb} '{step.name}'")
        for index, step in enumerate(steps[first:stop], first)
        if step.pass_kind is None
    )
