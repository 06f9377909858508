"""The report of a build: what, why, how long, how much energy, how sure, in one page that needs nothing else."""

from collections.abc import Sequence
from pathlib import Path

from lasercam._version import __version__
from lasercam.errors import shorten
from lasercam.model.finding import Finding, Severity, Verdict
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.manifest import FileEntry, ProgramEntry
from lasercam.pipeline.page import page
from lasercam.pipeline.report_pictures import embedded, in_order
from lasercam.pipeline.report_recipes import recipe_rows
from lasercam.pipeline.report_tables import (
    capacity_rows,
    capacity_texts,
    key_facts,
    pattern_rows,
    time_rows,
)
from lasercam.pipeline.runbook import placement_text
from lasercam.preview.palette import counted
from lasercam.preview.time_budget import TimeBudget

_LONG = 4_000
_WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTE: "Note"}
_SECTIONS = (
    ("what", "What and why"),
    ("capacity", "Capacity"),
    ("steps", "Steps, time and energy"),
    ("pictures", "Pictures"),
    ("recipes", "Recipes"),
    ("findings", "Findings"),
    ("files", "Files"),
)


def report_html(
    loaded: LoadedJob,
    toolpath: Toolpath,
    verdict: Verdict,
    budget: TimeBudget,
    programs: Sequence[ProgramEntry],
    files: Sequence[FileEntry],
    folder: Path,
) -> str:
    """The report as one self-contained page: no network, no script; pictures are part of it.

    Args:
        loaded: the job.
        toolpath: its rows.
        verdict: over them.
        budget: where the time goes.
        programs: job files.
        files: other files written before the report.
        folder: where they lie.
    """
    job = loaded.document
    capacity, accounts = capacity_rows(loaded), capacity_texts(loaded, folder)
    times = time_rows(budget)
    recipes, hidden_recipes = recipe_rows(loaded, toolpath)
    names = [entry.file for entry in files]
    pictures, left_out = embedded(folder, in_order(names))
    return page(
        "report.html.jinja",
        job=shorten(job.job, _LONG),
        title=shorten(job.title or job.job, _LONG),
        sample=shorten(f"{job.sample.id} ({job.sample.material})", _LONG),
        version=__version__,
        key_facts=key_facts(loaded, toolpath, verdict, budget),
        sections=[pair for pair in _SECTIONS if pair[0] != "capacity" or capacity or accounts],
        patterns=pattern_rows(loaded),
        cites=[shorten(cite, _LONG) for cite in job.cites],
        sample_notes=[*_sample_notes(loaded)],
        capacity=capacity,
        accounts=accounts,
        kinds=times.kinds,
        times=times.rows,
        total=times.total,
        hidden_times=times.hidden,
        time_notes=[note[:1].upper() + note[1:] for note in budget.notes],
        time_pictures=embedded(folder, [name for name in names if name == "time.svg"])[0],
        pictures=pictures,
        left_out=left_out,
        recipes=recipes,
        hidden_recipes=hidden_recipes,
        findings=[_finding(finding) for finding in verdict.findings],
        notes=[shorten(note, _LONG) for note in verdict.notes],
        toolpath=toolpath.header.digest,
        machine=verdict.machine_digest,
        programs=programs,
        hashes=[
            ("Other files of the build", [(entry.file, entry.sha256) for entry in files]),
            ("Inputs", sorted(toolpath.header.hashes.items())),
        ],
    )


def _sample_notes(loaded: LoadedJob) -> Sequence[str]:
    sample = loaded.document.sample
    told = [shorten(sample.description, _LONG)] if sample.description else []
    lies = placement_text(sample)
    if lies:
        told.append(f"It lies {lies}. Moved since it was measured, it must be measured and built again.")
    for found in loaded.registrations.values():
        told.append(shorten(found.text, _LONG))
    n_supplied = sum(len(keys) for keys in loaded.document.supply.values())
    if n_supplied:
        told.append(
            f"The lab has supplied {counted(n_supplied, 'value')} that the sources leave open; see the recipes."
        )
    return told


def _finding(finding: Finding) -> dict[str, str | None]:
    return {
        "severity": finding.severity.value,
        "word": _WORDS[finding.severity],
        "code": finding.code,
        "on": shorten(finding.on, _LONG),
        "place": f"{finding.location.file}, line {finding.location.line}" if finding.location else "",
        "message": shorten(finding.message, _LONG),
        "hint": shorten(finding.hint, _LONG),
        "source": shorten(finding.source, _LONG),
        "waived": None if finding.waived is None else shorten(finding.waived, _LONG),
    }
