"""Verify: re-read the job files of a build and prove them equal to the job they came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lasercam._version import __version__
from lasercam.errors import InputError, LasercamError, Problem, RereadError
from lasercam.model.commanded import commanded_kind, feed_speeds_nm_s, open_times_ns
from lasercam.model.companions import CompanionReader, companion_folder
from lasercam.model.exposure import NO_SETTING, RAPID_NM_S, ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.recipe import RecipeTable
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, Section, Toolpath, ToolpathBlock
from lasercam.pipeline import registry
from lasercam.pipeline.agreement import COMPILED_FROM_ROWS, Commands, shows
from lasercam.pipeline.build import file_digest
from lasercam.pipeline.exposure_feed import ExposureFeed, exposures
from lasercam.pipeline.load import LoadedJob, input_hashes, load_job, machine_digest
from lasercam.pipeline.manifest import MANIFEST_NAME, Manifest, ProgramEntry, read_manifest
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.progress import SILENT, Advance, Progress
from lasercam.process.set_point import MICRO, program_setting


@dataclass(frozen=True)
class Mismatch:
    """One thing in which a build is not what its job says."""

    file: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


@dataclass
class Proof:
    """What verification found.

    Attributes:
        mismatches: empty when the build is proven.
        exposures: proven one-to-one, per job file.
    """

    mismatches: list[Mismatch] = field(default_factory=list)
    exposures: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether everything agreed."""
        return not self.mismatches


@dataclass(frozen=True, eq=False)
class _Expected:
    """Rows of a section that a job file must show, columns as a reader gives them."""

    kind: NDArray[np.uint8]
    start_ticks: NDArray[np.int64]
    end_ticks: NDArray[np.int64]
    speed_nm_s: NDArray[np.int64]
    open_ns: NDArray[np.int64]
    count: NDArray[np.int64]
    setting: NDArray[np.int64]
    row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kind)


def verify_build(folder: Path, progress: Progress = SILENT, *, job: Path | None = None) -> Proof:
    """Prove a build, or say in what it fails.

    Bytes are held against the manifest's hashes, the kept inputs against the toolpath's digest, and every exposure
    that an independent reader finds in a job file against the row of the toolpath it must come from.

    Args:
        folder: of the build; nothing outside it is needed.
        progress: shown while reading.
        job: the job file the build should come from; a job edited since is named.

    Raises:
        InputError: the folder is not a build, or its kept job cannot be loaded.
    """
    proof = Proof()
    manifest = read_manifest(folder)
    changed = _check_files(folder, manifest, proof)
    if job is not None:
        _check_job(job, manifest, proof)
    loaded = load_job(folder)
    toolpath = plan_job(loaded)
    _check_bindings(loaded, toolpath, manifest, proof)
    sections = toolpath.header.sections
    if sorted(p.section for p in manifest.programs) != [s.index for s in sections]:
        text = f"{len(manifest.programs)} job files are listed for {len(sections)} sections"
        proof.mismatches.append(Mismatch(MANIFEST_NAME, text))
        return proof
    programs = {program.section: program for program in manifest.programs}
    with progress.task("verifying", toolpath.header.n_rows) as advance:
        for index, blocks in groupby(toolpath.blocks(), key=attrgetter("section")):
            program = programs[index]
            if program.file in changed and not (folder / program.file).is_file():
                continue
            machine = loaded.machines[sections[index].step]
            _check_program(folder, program, machine, toolpath.header.recipes, sections[index], blocks, proof, advance)
    return proof


def _check_files(folder: Path, manifest: Manifest, proof: Proof) -> set[str]:
    """Files missing, changed or added since the build; returns the names that are not as they were."""
    changed: set[str] = set()
    known = {MANIFEST_NAME}
    listed = [(p.file, p.sha256) for p in manifest.programs] + [(f.file, f.sha256) for f in manifest.files]
    for name, digest in listed:
        known.add(name)
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise InputError(Problem(f"the manifest names '{name}', outside the build"))
        if not path.is_file():
            proof.mismatches.append(Mismatch(name, "is missing"))
            changed.add(name)
        elif file_digest(path) != digest:
            proof.mismatches.append(Mismatch(name, "was changed after the build (its SHA-256 differs)"))
            changed.add(name)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in known:
            proof.mismatches.append(Mismatch(name, "was added after the build"))
    return changed


def _check_job(job: Path, manifest: Manifest, proof: Proof) -> None:
    if file_digest(job) != manifest.inputs.get("job"):
        text = "differs from the job this build was made from; build again"
        proof.mismatches.append(Mismatch(job.name, text))


def _check_bindings(loaded: LoadedJob, toolpath: Toolpath, manifest: Manifest, proof: Proof) -> None:
    for name, digest in input_hashes(loaded).items():
        if manifest.inputs.get(name) != digest:
            proof.mismatches.append(Mismatch(f"inputs ({name})", "is not the one the manifest was made from"))
    if machine_digest(loaded) != manifest.machine:
        proof.mismatches.append(Mismatch("inputs (machine)", "the machine profile is not the one that was judged"))
    if toolpath.header.digest != manifest.toolpath:
        older = (
            f" (built by lasercam {manifest.lasercam}, this is {__version__})"
            if manifest.lasercam != __version__
            else ""
        )
        text = f"the kept job does not make the toolpath that was judged{older}"
        proof.mismatches.append(Mismatch(MANIFEST_NAME, text))


def _check_program(
    folder: Path,
    program: ProgramEntry,
    machine: Machine,
    recipes: RecipeTable,
    section: Section,
    blocks: Iterator[ToolpathBlock],
    proof: Proof,
    advance: Advance,
) -> None:
    """Hold one job file against the rows of its section, exposure by exposure; the first difference is named."""
    language = registry.dialect(machine.controller.dialect)
    commands = _commands(recipes, machine, section)
    is_large = program.rows >= COMPILED_FROM_ROWS
    compared = 0
    try:
        with (folder / program.file).open("rb") as stream:
            companions = CompanionReader(folder / program.file)
            found = ExposureFeed(exposures(language, stream, machine, companions))
            for block in blocks:
                n_shown = len(block) - int(np.count_nonzero(block.kind == RowKind.JUMP))
                actual = found.take(n_shown)
                difference = None
                if not (is_large and shows(block, commands, actual)):
                    difference = _first_difference(_expected(block, commands), actual)
                if difference is not None:
                    line, text = difference
                    proof.mismatches.append(Mismatch(program.file, text, line))
                    return
                compared += block.n_exposures
                advance(n_shown)
            rest = found.take(1)
        if len(rest):
            text = f"exposes more than the job: {_described(rest, 0)} belongs to no row"
            proof.mismatches.append(Mismatch(program.file, text, int(rest.line[0])))
            return
    except RereadError as error:
        proof.mismatches.append(Mismatch(program.file, error.reason, error.line))
        return
    except OSError as error:
        raise LasercamError(f"'{program.file}' cannot be read: {error.strerror}") from error
    unused = companions.unused
    if unused:
        text = f"no call of '{program.file}' uses it ({len(unused)} such files)"
        proof.mismatches.append(Mismatch(f"{companion_folder(Path(program.file))}/{unused[0]}", text))
        return
    proof.exposures[program.file] = compared


def _commands(recipes: RecipeTable, machine: Machine, section: Section) -> Commands:
    setting = np.full(len(recipes.recipes), NO_SETTING, np.int64)
    for index in section.recipes:
        setting[index] = program_setting(recipes[index], machine)
    return Commands(feed_speeds_nm_s(recipes, machine), open_times_ns(recipes, machine), setting)


def _expected(block: ToolpathBlock, commands: Commands) -> _Expected:
    """What a job file must show of a block, in order: everything but rapid travel."""
    shown = np.flatnonzero(block.kind != RowKind.JUMP)
    kind, recipe, count = commanded_kind(block.kind[shown]), block.recipe[shown], block.count[shown].astype(np.int64)
    is_dot = kind == RowKind.DOT
    return _Expected(
        kind,
        block.exposed_from()[shown],
        block.end_ticks[shown],
        np.where(is_dot, 0, commands.speed_nm_s[recipe]),
        np.where(is_dot & (count == 0), commands.open_ns[recipe], 0),
        count,
        np.where(kind == RowKind.LEAD, NO_SETTING, commands.setting[recipe]),
        block.first_row + shown,
    )


_ASPECTS = ("kind", "start_ticks", "end_ticks", "speed_nm_s", "open_ns", "count")


def _first_difference(expected: _Expected, actual: ExposureBlock) -> tuple[int, str] | None:
    """Line and description of the first exposure that is not what the row says."""
    n = min(len(expected), len(actual))
    wrong = np.zeros(n, np.bool_)
    for aspect in _ASPECTS:
        unequal = getattr(expected, aspect)[:n] != getattr(actual, aspect)[:n]
        wrong |= unequal.any(axis=1) if unequal.ndim == 2 else unequal
    # What is set while the beam is off is nobody's business.
    wrong |= (expected.setting[:n] != actual.settings()[:n]) & (expected.kind[:n] != RowKind.LEAD)
    if wrong.any():
        i = int(np.argmax(wrong))
        return int(actual.line[i]), _difference_text(expected, actual, i)
    if len(actual) < len(expected):
        row = int(expected.row[n])
        last = int(actual.line[-1]) if n else 0
        return last, f"ends too early: row {row} of the job and everything behind it is missing"
    return None


def _difference_text(expected: _Expected, actual: ExposureBlock, i: int) -> str:
    row = int(expected.row[i])
    if actual.kind[i] == RowKind.LINE and actual.speed_nm_s[i] == RAPID_NM_S:
        return f"the beam is on during a rapid move, where row {row} of the job wants {_expected_text(expected, i)}"
    if actual.kind[i] == RowKind.DOT and expected.kind[i] != RowKind.DOT:
        return f"the beam is on at standstill, where row {row} of the job wants {_expected_text(expected, i)}"
    return f"shows {_described(actual, i)}, but row {row} of the job wants {_expected_text(expected, i)}"


def _expected_text(expected: _Expected, i: int) -> str:
    return _text(
        int(expected.kind[i]), expected.start_ticks[i], expected.end_ticks[i], int(expected.speed_nm_s[i]),
        int(expected.open_ns[i]), int(expected.count[i]),
    ) + _setting_text(int(expected.setting[i]))  # fmt: skip


def _described(block: ExposureBlock, i: int) -> str:
    return _text(
        int(block.kind[i]), block.start_ticks[i], block.end_ticks[i], int(block.speed_nm_s[i]), int(block.open_ns[i]),
        int(block.count[i]),
    ) + _setting_text(int(block.settings()[i]))  # fmt: skip


def _setting_text(setting: int) -> str:
    return "" if setting == NO_SETTING else f" with the energy set to {setting / MICRO:g}"


def _text(
    kind: int, start: NDArray[np.int64], end: NDArray[np.int64], speed_nm_s: int, open_ns: int, count: int
) -> str:
    def point(ticks: NDArray[np.int64]) -> str:
        return "(" + ", ".join(f"{v / TICKS_PER_UM:.4f}" for v in ticks) + ") µm"

    if kind == RowKind.DOT:
        how = f"{count} trigger(s)" if count else f"{open_ns / 1e9:g} s"
        return f"a dot of {how} at {point(end)}"
    name = {RowKind.LINE: "a line", RowKind.LEAD: "a dark run-up", RowKind.SHOTS: f"{count} shots"}[RowKind(kind)]
    return f"{name} from {point(start)} to {point(end)} at {speed_nm_s / 1e6:g} mm/s"
