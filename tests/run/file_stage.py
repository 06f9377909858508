"""A small job for controllers that take whole files, sessions over any link, and the truth held against the journal."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random

import numpy as np

from lasercam.dialects.linuxcnc import LinuxCnc
from lasercam.model.companions import write_companions
from lasercam.model.file_control import FileLinkKeys
from lasercam.model.links import FileLink, LaserAdapter
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect, OffersCompanions, ProgramHeader
from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.run.journal import ProgramKey, ProgramRecord, read_journal
from lasercam.run.operator import Controls, Events
from lasercam.run.planned import Planned, Wanted
from lasercam.run.resume import file_sha256
from lasercam.run.session import Session
from tests.controllers.linuxcnc_double import Beam
from tests.run.stage import Yes
from tests.support import builders

NEAR_UM = 3.0
"""Strokes lie 100 µm apart; positions of the gate's edges are known to a few µm at the speeds used here."""


def file_toolpath(
    random: Random, *, n_strokes: int, speed_um_s: float = 4000.0, dot_s: float = 0.1,
    lengths_um: Sequence[int] = (50, 100, 200),
) -> Toolpath:  # fmt: skip
    """Strokes of one to four lines, and dots, each at a height y of its own."""
    listed: list[tuple[RowKind, tuple[float, float, float], int]] = []
    for index in range(n_strokes):
        y, x = 100.0 * (index + 1), float(random.randint(0, 200))
        if random.random() < 0.4:
            listed += [(RowKind.JUMP, (x, y, 0.0), 0), (RowKind.DOT, (x, y, 0.0), 1)]
            continue
        listed += [(RowKind.JUMP, (x, y, 0.0), 0), (RowKind.LEAD, (x + 40, y, 0.0), 0)]
        at = x + 40
        for _ in range(random.choice((1, 2, 3, 4))):
            at += random.choice(lengths_um)
            listed.append((RowKind.LINE, (at, y, 0.0), 0))
        listed.append((RowKind.LEAD, (at + 40, y, 0.0), 0))
    recipes = (builders.line_recipe(speed_um_s), builders.dot_recipe(dot_s, name="dots"))
    return builders.toolpath(recipes, [builders.rows(listed)])


class FileStage:
    """One sample, one controller, one journal; sessions follow one another."""

    def __init__(
        self, folder: Path, toolpath: Toolpath, machine: Machine, keys: FileLinkKeys,
        open_link: Callable[[], FileLink], dialect: Dialect | None = None,
    ) -> None:  # fmt: skip
        self.toolpath, self.machine, self._open = toolpath, machine, open_link
        dialect = dialect or LinuxCnc()
        encoder = dialect.encoder(ProgramHeader(toolpath.header, 0, machine))
        self.path = folder / f"job{dialect.suffix}"
        parts = [encoder.begin(), *(bytes(encoder.block(b)) for b in toolpath.blocks()), encoder.end()]
        self.path.write_bytes(b"".join(parts))
        if isinstance(encoder, OffersCompanions):
            write_companions(self.path, encoder.companions())
        section = toolpath.header.sections[0]
        self.planned = Planned(
            self.path, file_sha256(self.path), section, machine, dialect, "the laser", keys=keys
        )  # fmt: skip
        self.journal_path = folder / "job.journal"
        self.controls = Controls()
        self.person = Yes()
        self.events: list[dict[str, object]] = []
        self.laser: LaserAdapter | None = None
        self.block = next(toolpath.blocks())

    def session(
        self, *, resume: bool = False, frame: bool = False, answer: str = "skip",
        told: Callable[[dict[str, object]], None] = lambda event: None,
    ) -> int:  # fmt: skip
        self.controls = Controls()
        self.person.answer = answer

        def tell(event: dict[str, object]) -> None:
            self.events.append(event)
            told(event)

        session = Session(
            self.toolpath, [self.planned], self.journal_path, self._no_stream, self.person, self.controls,
            Events(None, tell), "A7", open_laser=lambda machine: self.laser,
            open_file_link=lambda first: self._open(),
        )  # fmt: skip
        return session.run(Wanted(resume=resume, frame=frame))

    @staticmethod
    def _no_stream(machine: Machine) -> "object":
        raise AssertionError("files are not streamed")

    @property
    def record(self) -> ProgramRecord:
        return read_journal(self.journal_path).of(ProgramKey(0))

    @property
    def exposing(self) -> list[int]:
        return np.flatnonzero(self.block.exposes).tolist()

    @property
    def messages(self) -> list[str]:
        return [str(e["text"]) for e in self.events if e["event"] == "message"]

    def shares(self, beams: Iterable[Beam]) -> dict[int, float]:
        """How often each row was exposed: 1 is once and whole."""
        found = dict.fromkeys(self.exposing, 0.0)
        for beam in beams:
            for row in self._rows_at(beam.start_um[1]):
                found[row] += self._share(row, beam)
        return found

    def _rows_at(self, y_um: float) -> Sequence[int]:
        return [r for r in self.exposing if abs(self.block.end_ticks[r, 1] / 10_000 - y_um) <= NEAR_UM]

    def _share(self, row: int, beam: Beam) -> float:
        if self.block.kind[row] == RowKind.DOT:
            # Whole or not: a busy computer makes LinuxCNC's dwells longer, which is no second exposure.
            return min(1.0, beam.seconds / (self.toolpath.header.recipes[1].exposure_ns / 1e9))
        a, b = (self.block.start_ticks[row, 0] / 10_000, self.block.end_ticks[row, 0] / 10_000)
        return max(0.0, min(b, beam.end_um[0]) - max(a, beam.start_um[0])) / (b - a)

    def require_honest(self, beams: Iterable[Beam], *, slack: float = 0.02) -> None:
        """The journal claims nothing that was not executed, and calls nothing untouched that was begun."""
        record, shares = self.record, self.shares(beams)
        for row, share in shares.items():
            assert share <= 1.0 + slack, f"row {row} was exposed {share:.2f} times"
            if row in record.done:
                assert share >= 1.0 - slack, f"row {row} is called done, but was exposed {share:.2f} times"
            elif row not in record.touched:
                assert share <= slack, f"row {row} is called untouched, but was exposed {share:.2f} times"
