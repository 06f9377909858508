"""Build: job files, kept inputs, pictures and manifest in one folder that appears whole or not at all."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from lasercam.errors import InputError, LasercamError, Problem, RefusedError
from lasercam.model.companions import write_companions
from lasercam.model.finding import Verdict
from lasercam.model.machine import Machine
from lasercam.model.protocols import Encoder, OffersCompanions, OffersFiles, ProgramHeader
from lasercam.model.toolpath import Section, Toolpath, ToolpathBlock
from lasercam.pipeline import registry
from lasercam.pipeline.hashed_file import HashedFile
from lasercam.pipeline.inputs import write_inputs
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.manifest import MANIFEST_NAME, FileEntry, ProgramEntry, manifest_data, sealed
from lasercam.pipeline.pictures import draw_budget, draw_pictures
from lasercam.pipeline.planning import pattern_uses
from lasercam.pipeline.progress import SILENT, Advance, Progress
from lasercam.pipeline.quantities import derived_by_recipe
from lasercam.pipeline.report import report_html
from lasercam.pipeline.runbook import runbook_html, runbook_markdown, section_laser_text
from lasercam.pipeline.stages import has_stages, job_stages, stage_data
from lasercam.pipeline.time_budget import time_budget

REPORT_NAME = "report.html"
"""What was built and why, for people; job files and manifest do not depend on it."""

_UNFINISHED = re.compile(r"\.(.+)\.unfinished-[a-z0-9_]+")
_EXTRA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def build(
    loaded: LoadedJob,
    toolpath: Toolpath,
    verdict: Verdict,
    folder: Path,
    *,
    pictures: bool = True,
    replace_existing: bool = False,
    progress: Progress = SILENT,
) -> Path:
    """Everything for the stage, in `folder`.

    Args:
        loaded: the job.
        toolpath: its rows.
        verdict: the judgement over exactly these rows.
        folder: does not exist yet, or is an earlier build and `replace_existing` is set.
        pictures: also draw the toolpath and what will be seen.
        replace_existing: an earlier build makes room, at the last moment.
        progress: shown while writing.

    Returns:
        The folder, complete.

    Raises:
        RefusedError: the verdict holds errors or is about other rows.
        InputError: the folder is in the way.
    """
    if not verdict.is_clean:
        raise RefusedError(f"{len(verdict.errors)} error(s): nothing is written")
    if verdict.toolpath_digest != toolpath.header.digest:
        raise RefusedError("the verdict is about another toolpath: nothing is written")
    _make_room(folder, replace_existing=replace_existing)
    with _appearing(folder) as work:
        programs = _write_programs(loaded, toolpath, work, progress)
        write_inputs(work / "inputs", loaded.content, loaded.inputs.read_files)
        runbook = runbook_markdown(loaded, toolpath, verdict, programs)
        (work / "runbook.md").write_text(runbook, encoding="utf-8")
        page = runbook_html(runbook, f"{loaded.document.job}: runbook")
        (work / "runbook.html").write_text(page, encoding="utf-8")
        _write_extra_files(loaded, work)
        budget = time_budget(loaded, toolpath)
        if pictures:
            draw_pictures(loaded, toolpath, work, progress)
            draw_budget(budget, work)
        files = _other_files(work, programs)
        report = report_html(loaded, toolpath, verdict, budget, programs, files, work)
        (work / REPORT_NAME).write_text(report, encoding="utf-8")
        files = sorted((*files, _entry(work, work / REPORT_NAME)), key=attrgetter("file"))
        data = manifest_data(toolpath.header, verdict, programs, files, derived_by_recipe(loaded, toolpath))
        if has_stages(loaded, toolpath):
            data["stages"] = [stage_data(stage) for stage in job_stages(loaded, toolpath)]
        if loaded.registrations:
            data["registrations"] = [found.facts() for found in loaded.registrations.values()]
        (work / MANIFEST_NAME).write_text(sealed(data), encoding="utf-8")
    return folder


def program_name(section: Section, of_step: int, in_step: int, suffix: str) -> str:
    """File name of a section: number of the step, its name in safe letters, and a count where a step has several."""
    safe = re.sub(r"[^a-z0-9]+", "-", section.step_name.casefold()).strip("-")[:40] or "step"
    several = f".{in_step + 1:02d}-of-{of_step:02d}" if of_step > 1 else ""
    return f"{section.step + 1:02d}-{safe}{several}{suffix}"


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _other_files(work: Path, programs: Iterable[ProgramEntry]) -> list[FileEntry]:
    """Everything written so far but job files, in the order of their names."""
    listed = {entry.file for entry in programs}
    found = [_entry(work, path) for path in sorted(work.rglob("*")) if path.is_file()]
    return [entry for entry in found if entry.file not in listed]


def _entry(work: Path, path: Path) -> FileEntry:
    return FileEntry(file=path.relative_to(work).as_posix(), sha256=file_digest(path))


def _write_programs(loaded: LoadedJob, toolpath: Toolpath, work: Path, progress: Progress) -> list[ProgramEntry]:
    """Encode every section in one reading of the rows."""
    sections = toolpath.header.sections
    entries: list[ProgramEntry] = []
    with progress.task("writing", toolpath.header.n_rows) as advance:
        for index, blocks in groupby(toolpath.blocks(), key=attrgetter("section")):
            if index != len(entries):
                raise LasercamError("the toolpath changed while it was written; nothing is kept")
            section, machine = sections[index], loaded.machines[sections[index].step]
            language = registry.dialect(machine.controller.dialect)
            siblings = [s.index for s in sections if s.step == section.step]
            name = program_name(section, len(siblings), siblings.index(index), language.suffix)
            title = _title(loaded, toolpath, section, machine)
            encoder = language.encoder(ProgramHeader(toolpath.header, index, machine, title))
            digest, size = _write_program(work / name, encoder, blocks, advance)
            if isinstance(encoder, OffersCompanions):
                write_companions(work / name, encoder.companions())
            entries.append(
                ProgramEntry(
                    file=name,
                    section=index,
                    step=section.step_name,
                    dialect=machine.controller.dialect,
                    machine=machine.machine,
                    sha256=digest,
                    bytes=size,
                    rows=section.n_rows,
                    exposures=section.n_exposures,
                )
            )
    if len(entries) != len(sections):
        raise LasercamError("the toolpath changed while it was written; nothing is kept")
    return entries


def _write_extra_files(loaded: LoadedJob, work: Path) -> None:
    """What sources hand out beside the job files, under the pattern's name."""
    offering = {n: p.source for n, p in loaded.patterns.items() if isinstance(p.source, OffersFiles)}
    if not offering:
        return
    for pattern, use in pattern_uses(loaded).items():
        if pattern in offering:
            for name, content in offering[pattern].extra_files(use).items():
                if not _EXTRA_NAME.fullmatch(name):
                    raise LasercamError(f"pattern '{pattern}' offers a file '{name}', which is no plain file name")
                (work / f"{pattern}.{name}").write_bytes(content)


def _write_program(path: Path, encoder: Encoder, blocks: Iterable[ToolpathBlock], advance: Advance) -> tuple[str, int]:
    """One job file, on disk when this returns: its SHA-256 and size in bytes."""
    with HashedFile(path) as file:
        for text in _encoded(encoder, blocks, advance):
            file.write(text)
        return file.finish()


def _encoded(encoder: Encoder, blocks: Iterable[ToolpathBlock], advance: Advance) -> Iterator[bytes | memoryview]:
    yield encoder.begin()
    for block in blocks:
        yield encoder.block(block)
        advance(len(block))
    yield encoder.end()


def _title(loaded: LoadedJob, toolpath: Toolpath, section: Section, machine: Machine) -> tuple[str, ...]:
    return (
        f"lasercam job {loaded.document.job}, step {section.step + 1}: {section.step_name}",
        f"sample {loaded.document.sample.id}, {loaded.document.sample.material}",
        f"laser {section_laser_text(section, machine, toolpath.header.recipes, most=3)}",
        f"{section.n_exposures} exposures, about {section.duration_s:.0f} s",
        f"toolpath {toolpath.header.digest}",
    )


def _make_room(folder: Path, *, replace_existing: bool) -> None:
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST_NAME).is_file()):
        message = f"'{folder}' exists and is not a build of lasercam"
        raise InputError(Problem(message, hint="Name another folder with -o."))
    if any(folder.iterdir()) and not replace_existing:
        message = f"'{folder}' holds an earlier build"
        raise InputError(Problem(message, hint="Name another folder with -o, or say --replace."))


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A working folder beside the final one that takes its place when all went well, and goes otherwise.

    A build that was killed leaves its working folder (dot-name, `.unfinished-…`); the next build clears it away.
    """
    parent = folder.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _clear_unfinished(parent, folder.name)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unfinished-", dir=parent))
    except OSError as error:
        raise InputError(Problem(f"nothing can be written to '{parent}': {error.strerror}")) from error
    old: Path | None = None
    try:
        yield work
        work.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.unfinished-", dir=parent))
            folder.rename(old / folder.name)
        work.rename(folder)
    except OSError as error:
        raise LasercamError(f"the build could not be written: {error.strerror or error}; nothing is kept") from error
    finally:
        if old is not None and not folder.exists() and (old / folder.name).exists():
            (old / folder.name).rename(folder)  # the new one did not make it: put the earlier build back
        for leftover in (work, old):
            if leftover is not None:
                shutil.rmtree(leftover, ignore_errors=True)


def _clear_unfinished(parent: Path, name: str) -> None:
    for leftover in parent.iterdir():
        match = _UNFINISHED.fullmatch(leftover.name)
        if match is not None and match[1] == name and leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
