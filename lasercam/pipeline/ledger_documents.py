"""What a line of a sample's ledger says: a build that was executed on it, whole or as far as its journal tells."""

from typing import Annotated, Literal

from pydantic import Field

from lasercam.model.confidence import Confidence
from lasercam.model.recipe import PassKind
from lasercam.process.campaign import FeatureState, LineState
from lasercam.process.heated import Condition
from lasercam.schema.document import Document

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RowsEntry(Document):
    """A file of exposed rows."""

    file: Annotated[str, Field(pattern=r"^[0-9a-f]{64}\.npz$")]
    sha256: Sha256
    rows: Annotated[int, Field(ge=0)]


class LedgerLine(Document):
    """An emission peak of a feature."""

    phase: str
    peak_nm: Annotated[float, Field(gt=0)]
    fwhm_nm: Annotated[float, Field(gt=0)]
    radiance: float | None
    confidence: Confidence
    shape_confidence: Confidence


class LedgerFeature(Document):
    """A feature as the job left it, by prediction."""

    part: str
    recipe: str
    process: str
    condition: Condition
    written: Annotated[int, Field(ge=0)]
    cycles: Annotated[int, Field(ge=0)]
    heated_c: float | None = None
    emission: tuple[LedgerLine, ...]
    as_written: tuple[LedgerLine, ...]
    notes: tuple[str, ...]

    def state(self) -> FeatureState:
        """As campaigns keep it."""
        lines, before = (
            tuple(LineState(n.phase, n.peak_nm, n.fwhm_nm, n.radiance, n.confidence, n.shape_confidence) for n in group)
            for group in (self.emission, self.as_written)
        )
        return FeatureState(
            self.part, self.recipe, self.process, self.condition, lines, self.written, self.cycles, self.heated_c,
            before, self.notes,
        )  # fmt: skip


class LedgerSection(Document):
    """A section that was run."""

    step: str
    pass_kind: PassKind
    exposures: Annotated[int, Field(ge=0)]
    """Surely made, each time it was run."""
    repeat: Annotated[int, Field(ge=1)]
    increment_ticks: Annotated[int, Field(ge=1)]
    low_um: tuple[float, float, float]
    """Corner of the box of its rows on the stage."""
    high_um: tuple[float, float, float]
    frame: Literal["nominal", "registered", "not recorded"] = "not recorded"
    """Whether the sample lay as the job says, or as its marks said after a remount."""
    registration: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """SHA-256 of the registration it was written by."""
    partly: Annotated[int, Field(ge=0)] = 0
    """Further exposures in which the beam was cut."""
    uncertain: Annotated[int, Field(ge=0)] = 0
    """Further exposures of which nobody knows whether they were made."""
    twice: Annotated[int, Field(ge=0)] = 0
    """Of `exposures`: those that were in question when a person had them exposed again."""
    run: Annotated[int, Field(ge=0)] = 0
    """Which of several runs of its section this is, from 1, where it was not run in full; 0 = all that were."""


class LedgerPage(Document):
    """A page of stored data that a build touched, whatever it did to it."""

    address: Annotated[int, Field(ge=0)]
    kind: Literal["data", "parity"] = "data"
    layer: Annotated[int, Field(ge=1)]
    corner_um: tuple[float, float, float]
    """Its lowest left voxel on the sample: x, y, depth."""
    written: Annotated[int, Field(ge=0)] = 0
    """Passes that wrote voxels of it, surely at least one."""
    rewritten: Annotated[int, Field(ge=0)] = 0
    erased: Annotated[int, Field(ge=0)] = 0
    perhaps_erased: Annotated[int, Field(ge=0)] = 0
    """Further passes of an erasure of which nobody knows whether they touched it."""
    exposures: Annotated[int, Field(ge=0)] = 0
    """Surely made on it."""
    partly: Annotated[int, Field(ge=0)] = 0
    uncertain: Annotated[int, Field(ge=0)] = 0


class LedgerPages(Document):
    """Pages of one copy of a payload."""

    pattern: str
    copy_number: Annotated[int, Field(ge=1)] = 1
    file_id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    """Of the stored file, as its pages' headers say."""
    across_um: tuple[float, float]
    """x and y on the sample from a page's lowest left voxel to its lowest right one."""
    up_um: tuple[float, float]
    """And to its highest left one."""
    pitch_um: Annotated[float, Field(gt=0)]
    """The smaller distance of voxels."""
    pages: tuple[LedgerPage, ...]


class LedgerEntry(Document):
    """A build that was executed on the sample."""

    kind: Literal["lasercam-ledger-1"]
    entry: Annotated[int, Field(ge=1)]
    previous: Sha256
    """Of the line before; zeros for the first."""
    sample: str
    material: str
    date: str
    job: str
    toolpath: Sha256
    manifest: Sha256
    """Of the build's manifest file."""
    sections: tuple[LedgerSection, ...]
    steps: tuple[str, ...]
    """Everything that was done, in words: verb and name."""
    parts: tuple[str, ...]
    recipes: tuple[tuple[str, str], ...]
    """Name and process, as rows count them."""
    rows: RowsEntry
    features: tuple[LedgerFeature, ...]
    """What the sample holds after it, all jobs together."""
    pages: tuple[LedgerPages, ...] | None = None
    """Pages of stored data that it touched; None where that was not recorded yet."""
    note: str = ""
    journal: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    """Identity of the journal it was taken from, whose newest entry counts; empty: all of it, as a person said."""
    journal_file: str = ""
    """Name of the journal, for people."""
    is_simulated: bool = False
    """Nothing was exposed but in a simulation; such a ledger holds nothing else."""
    is_open: bool = False
    """A run has begun after this was written, and its end is not in the ledger yet."""
    applied: tuple[tuple[int, int, int, int], ...] = ()
    """What of the journal is in `features`: step, part, recipe, times; part and recipe are −1 for steps by hand."""

    @property
    def exposures(self) -> int:
        """Everything the beam surely did."""
        return sum(section.exposures * section.repeat for section in self.sections)

    @property
    def in_question(self) -> int:
        """What it may have done: partly exposed and uncertain."""
        return sum((section.partly + section.uncertain) * section.repeat for section in self.sections)
