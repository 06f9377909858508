"""What a notebook shows of a job: steps, findings and its toolpath, readable without colours or pictures."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from lasercam.api.findings import Finding, Verdict

if TYPE_CHECKING:
    from lasercam.api.job import Job

MOST_ROWS = 1_000_000
"""Rows up to which a notebook judges and draws a job by itself."""
MOST_FINDINGS = 20


def job_page(job: "Job") -> str:
    """HTML without scripts and styles of its own."""
    return "".join(_page(job))


def _page(job: "Job") -> Iterator[str]:
    sample = job.document.sample
    title = f" ({escape(job.document.title)})" if job.document.title else ""
    yield f"<div><strong>{escape(job.name)}</strong>{title}, {escape(job.document.machine)}, "
    yield f"sample {escape(sample.id)} of {escape(sample.material)}"
    yield "<table><thead><tr><th>step</th><th>exposures</th><th>about</th></tr></thead><tbody>"
    for section in job.sections:
        yield f"<tr><td>{section.step + 1} {escape(section.step_name)}</td><td>{section.n_exposures:,}</td>"
        yield f"<td>{section.duration_s:,.0f} s</td></tr>"
    yield "</tbody></table>"
    if job.toolpath.header.n_rows > MOST_ROWS:
        rows = job.toolpath.header.n_rows
        yield f"<p>{rows:,} rows: ask for <code>verdict</code> and <code>preview()</code>.</p></div>"
        return
    yield from _findings(job.verdict)
    picture = job.preview()
    yield f'<img src="{picture.data_url()}" alt="toolpath of {escape(job.name)}" style="max-width:100%">'
    yield "</div>"


def _findings(verdict: Verdict) -> Iterator[str]:
    open_ = [f for f in verdict.findings if f.waived is None]
    yield f"<p>{len(verdict.errors)} error(s), {len(open_)} finding(s), {len(verdict.findings) - len(open_)} waived</p>"
    if open_:
        yield "<ul>"
        yield from (f"<li>{_told(finding)}</li>" for finding in open_[:MOST_FINDINGS])
        if len(open_) > MOST_FINDINGS:
            yield f"<li>and {len(open_) - MOST_FINDINGS} more</li>"
        yield "</ul>"


def _told(finding: Finding) -> str:
    hint = f"<br>{escape(finding.hint)}" if finding.hint else ""
    name = f"<strong>{finding.severity.value} {finding.code}</strong>"
    return f"{name} {escape(finding.on)}: {escape(finding.message)}{hint}"
