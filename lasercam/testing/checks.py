"""What every check promises."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from lasercam.model.finding import Finding, Severity
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.judge import check_context
from lasercam.pipeline.load import LoadedJob, load_content
from lasercam.pipeline.planning import plan_job
from lasercam.testing.demand import hold
from lasercam.testing.jobs import DOTS, LINES

PREFIX = {Severity.ERROR: "E_", Severity.WARNING: "W_", Severity.NOTE: "N_"}


def findings_of(kind: Any, job: str, folder: str | Path = ".") -> list[Finding]:
    """What one check alone says of a job, given as the text of its file."""
    loaded = load_content(job.encode(), "job.yaml", Path(folder))
    return _judged(kind(), loaded, plan_job(loaded))


def _judged(check: Any, loaded: LoadedJob, toolpath: Toolpath) -> list[Finding]:
    check.begin(check_context(loaded, toolpath))
    for block in toolpath.blocks():
        check.block(block)
    return list(check.end())


class CheckContract:
    """Subclass it as `Test…`, with `kind` and a job for every code that it can report.

    Attributes:
        kind: the class that is registered under `lasercam.checks`.
        triggers: by code, the text of a job that it is reported of.
        quiet: texts of jobs of which nothing is reported but notes.
    """

    kind: ClassVar[Any]
    triggers: ClassVar[Mapping[str, str]] = MappingProxyType({})
    quiet: ClassVar[Sequence[str]] = (LINES, DOTS)

    def test_codes_are_explained(self) -> None:
        """Codes tell their severity, a title without a stop, and an explanation worth reading."""
        hold(self.kind.codes, "there are no codes")
        for info in self.kind.codes:
            hold(info.code.startswith(PREFIX[info.severity]), f"{info.code} is no {PREFIX[info.severity]}…")
            hold(len(info.title) > 10 and not info.title.endswith("."), f"the title of {info.code} is no headline")
            hold(len(info.explanation) > 80, f"the explanation of {info.code} says too little")

    def test_every_code_is_reported(self) -> None:
        """Each code has a job that it is reported of, with place and words."""
        declared = {info.code: info.severity for info in self.kind.codes}
        hold(set(self.triggers) == set(declared), f"give a job for each of {sorted(declared)} in `triggers`")
        for code, job in self.triggers.items():
            found = findings_of(self.kind, job)
            hold(code in {f.code for f in found}, f"{code} is not reported of its job, but {[f.code for f in found]}")
            for finding in found:
                hold(declared.get(finding.code) is finding.severity, f"{finding.code} is not declared so in `codes`")
                hold(finding.on and finding.message, f"{finding.code} does not say on what, or what")
                hold(finding.location is not None, f"{finding.code} has no place; use context.locate")

    def test_quiet_jobs_are_left_alone(self) -> None:
        """No false alarm."""
        for job in self.quiet:
            loud = [f.message for f in findings_of(self.kind, job) if f.severity is not Severity.NOTE]
            hold(not loud, f"reported of a quiet job: {loud[:1]}")

    def test_judging_twice_gives_the_same(self) -> None:
        """A new check starts anew, and says one thing once per rule and part."""
        for job in (*self.triggers.values(), *self.quiet):
            once = findings_of(self.kind, job)
            hold(findings_of(self.kind, job) == once, "a second judgement says something else")
            told = [(f.code, f.on, f.message) for f in once]
            hold(len(set(told)) == len(told), "the same thing is said twice")
