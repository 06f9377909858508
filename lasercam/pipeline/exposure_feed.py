"""Exposures of a job file, in pieces as large as whoever compares them wants."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from lasercam.model.companions import CompanionReader
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect, ReadsCompanions


def exposures(
    language: Dialect, stream: BinaryIO, machine: Machine, companions: CompanionReader
) -> Iterator[ExposureBlock]:
    """Everything that a job file fires, by the reader of its language; raises RereadError."""
    if isinstance(language, ReadsCompanions):
        return language.reader_with(stream, machine, companions)
    return language.reader(stream, machine)


class ExposureFeed:
    """Exposures of a file in pieces of any wanted size."""

    def __init__(self, blocks: Iterator[ExposureBlock]) -> None:
        self._blocks = blocks
        self._held: list[ExposureBlock] = []
        self._count = 0

    def take(self, count: int) -> ExposureBlock:
        """The next `count` exposures, fewer at the end of the file."""
        while self._count < count:
            block = next(self._blocks, None)
            if block is None:
                break
            self._held.append(block)
            self._count += len(block)
        whole = _joined(self._held)
        taken, rest = _cut(whole, 0, count), _cut(whole, count, len(whole))
        self._held, self._count = [rest], len(rest)
        return taken


def _joined(blocks: list[ExposureBlock]) -> ExposureBlock:
    if len(blocks) == 1:
        return blocks[0]
    if not blocks:
        empty, none = np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
        return ExposureBlock(np.zeros(0, np.uint8), empty, empty, none, none, none, none)
    return ExposureBlock(
        np.concatenate([b.kind for b in blocks]),
        np.concatenate([b.start_ticks for b in blocks]),
        np.concatenate([b.end_ticks for b in blocks]),
        np.concatenate([b.speed_nm_s for b in blocks]),
        np.concatenate([b.open_ns for b in blocks]),
        np.concatenate([b.count for b in blocks]),
        np.concatenate([b.line for b in blocks]),
        np.concatenate([b.settings() for b in blocks]),
    )


def _cut(block: ExposureBlock, start: int, stop: int) -> ExposureBlock:
    s = slice(start, stop)
    return ExposureBlock(
        block.kind[s], block.start_ticks[s], block.end_ticks[s], block.speed_nm_s[s], block.open_ns[s],
        block.count[s], block.line[s], block.settings()[s],
    )  # fmt: skip
