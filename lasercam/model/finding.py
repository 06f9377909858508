"""What checks say, and the verdict that lets files be written."""

from dataclasses import dataclass, field
from enum import StrEnum

from lasercam.errors import Location


class Severity(StrEnum):
    """How much a finding weighs: an error stops the job, a warning is printed, a note explains."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One rule broken (or worth knowing) at one recipe or part; never one per row.

    Attributes:
        code: stable name, `E_…`, `W_…` or `N_…`; `lasercam explain CODE` tells about it.
        severity: error, warning or note.
        message: what is wrong, with its arithmetic.
        on: what it concerns: `recipes.dual_phase`, `patterns.label.dark`, `machine`, `steps.rewrite`.
        value, limit: the number found and the one allowed, in `unit`; None where no number is meant.
        unit: of value and limit.
        location: place in the job file.
        first_row: first row concerned; None for recipes.
        count: how many rows or pairs.
        hint: what to do.
        source: citation behind the limit; empty for geometry and machines.
        waived: the author's reason for going on; None when not waived.
    """

    code: str
    severity: Severity
    message: str
    on: str
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    location: Location | None = None
    first_row: int | None = None
    count: int = 1
    hint: str = ""
    source: str = ""
    waived: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether it stops the job."""
        return self.severity is Severity.ERROR and self.waived is None


@dataclass(frozen=True)
class Verdict:
    """The judgement over one toolpath on one machine.

    Attributes:
        findings: errors first.
        toolpath_digest: of the rows that were judged.
        machine_digest: of the profile they were judged for.
    """

    findings: tuple[Finding, ...]
    toolpath_digest: str
    machine_digest: str
    notes: tuple[str, ...] = field(default=())

    @property
    def is_clean(self) -> bool:
        """Whether files may be written."""
        return not any(f.blocks for f in self.findings)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop the job."""
        return tuple(f for f in self.findings if f.blocks)


@dataclass(frozen=True)
class CodeInfo:
    """What `lasercam explain CODE` says.

    Attributes:
        code: as findings carry it.
        severity: of its findings.
        title: one line.
        explanation: what is judged, by which formula and threshold, why it matters, what to do.
        source: where the threshold comes from.
        can_waive: geometry, references, machine limits and the power identity cannot be waived.
    """

    code: str
    severity: Severity
    title: str
    explanation: str
    source: str = ""
    can_waive: bool = False
