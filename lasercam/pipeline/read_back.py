"""The closed loop: job files re-read, their voxels photographed, the pictures decoded, the bytes compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lasercam.channel.model import ChannelDocument
from lasercam.errors import InputError, Problem
from lasercam.geometry.placement import copies
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.reading import ReadFile, Reading, read_stored
from lasercam.pipeline.simulated_pages import SimulatedPages
from lasercam.pipeline.stored_patterns import written_payloads
from lasercam.storage.keys import Key

MOST_COPIES = 4
"""Copies of one payload that are read back; an array writes the same again and again."""


@dataclass(frozen=True, eq=False)
class ReadBack:
    """One copy of one payload, read back.

    Attributes:
        pattern: its name.
        copy: which copy, from 0.
        channel: the simulated channel.
        reading: everything that was read.
        file: the file it stores, as it was read; None where no page of it was found.
        identical: whether the container read is the one stored, byte by byte.
        pages: pages written.
    """

    pattern: str
    copy: int
    channel: str
    reading: Reading
    file: ReadFile | None
    identical: bool
    pages: int

    @property
    def text(self) -> str:
        """One sentence."""
        which = self.pattern + (f", copy {self.copy + 1}" if self.copy else "")
        if self.file is None:
            return f"{which}: no page of it was read through the channel '{self.channel}'"
        got = sum(1 for page in self.file.stored.pages.values() if page.content is not None)
        size = len(self.file.assembled.container)
        verdict = "identical" if self.identical else "NOT what was stored"
        recovered = f", {len(self.file.assembled.recovered)} made up by parity" if self.file.assembled.recovered else ""
        return (
            f"{which}: {got:,} of {self.pages:,} pages read through the channel '{self.channel}'{recovered};"
            f" {size:,} bytes {verdict}"
        )


def read_back(
    folder: Path,
    loaded: LoadedJob,
    toolpath: Toolpath,
    channel: ChannelDocument,
    *,
    seed: int = 0,
    key: Key | None = None,
    progress: Progress = SILENT,
) -> Iterator[ReadBack]:
    """Every payload that a build writes, read back from its job files alone.

    Args:
        folder: of a proven build.
        loaded, toolpath: its job.
        channel: what goes wrong on the way.
        seed: of everything random.
        key: opens locked files; containers are compared without it.
        progress: shown while working.

    Raises:
        InputError: the job stores nothing, or what it writes does not glow.
    """
    patterns = written_payloads(loaded)
    if not patterns:
        raise InputError(Problem("this job writes no stored data, so there is nothing to read back"))
    for pattern, source in patterns.items():
        for copy in range(min(MOST_COPIES, len(list(copies(loaded.patterns[pattern].placement))))):
            with SimulatedPages(
                folder, loaded, toolpath, pattern, channel, seed=seed, copy=copy, progress=progress
            ) as simulated:
                reading = read_stored(simulated.pictures(), key, progress, total=source.sites.pages)
            own = next((f for f in reading.files if f.stored.header.file_id == source.volume.file_id), None)
            identical = (
                own is not None and own.assembled.complete and own.assembled.container == source.volume.container
            )
            yield ReadBack(pattern, copy, channel.channel, reading, own, identical, source.sites.pages)
