"""Pictures of stored data as a microscope would take them, from the job files alone."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from lasercam.channel.filters import BandPass
from lasercam.channel.model import ChannelDocument
from lasercam.channel.voxels import VoxelSheet
from lasercam.errors import InputError, Problem
from lasercam.geometry.placement import copies
from lasercam.model.camera_image import CameraImage
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.page_camera import PageCamera, filters_for
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.pipeline.stored_patterns import stored_patterns, written_payloads
from lasercam.pipeline.voxel_glow import VoxelGlow
from lasercam.pipeline.written_pages import Dose, WrittenPages


class SimulatedPages:
    """Every page of one copy of a payload under a simulated microscope; memory holds three layers of one page.

    Use as a context.

    Args:
        folder: of a proven build.
        loaded, toolpath: its job.
        pattern: name of the payload.
        channel: what goes wrong.
        seed: of everything random.
        copy: which copy of the pattern.

    Raises:
        InputError: a job file cannot be read back, or nothing that is written glows.
    """

    def __init__(
        self,
        folder: Path,
        loaded: LoadedJob,
        toolpath: Toolpath,
        pattern: str,
        channel: ChannelDocument,
        *,
        seed: int = 0,
        copy: int = 0,
        progress: Progress = SILENT,
    ) -> None:
        self.source = stored_patterns(loaded)[pattern]
        self._pattern, self._channel, self._seed = pattern, channel, (seed, copy)
        placed = list(copies(loaded.patterns[pattern].placement))[copy]
        self._written = WrittenPages(folder, loaded, toolpath, pattern, placed, self.source.sites, progress)
        self._glow = VoxelGlow(loaded, toolpath, self.source.level_emissions)
        self._index = loaded.document.sample.refractive_index or 1.5
        self._stack = ExitStack()

    def __enter__(self) -> "SimulatedPages":
        with ExitStack() as stack:
            stack.enter_context(self._written)
            sharing = self._sharing()
            self._kinds = {history: i for i, history in enumerate(sharing)}
            glows = [self._glow.of(history, levels) for history, levels in sharing.items()]
            filters = filters_for(glows, self._channel, self._pattern)
            self._camera = PageCamera(
                self._pattern, self.source.sites, glows, filters, self._channel, self._index, self._seed, self._sheet
            )
            alike: dict[tuple[object, ...], set[int]] = {}
            for glow, levels in zip(glows, sharing.values(), strict=True):
                alike.setdefault(glow.lines, set()).update(levels)
            self.alike = tuple(sorted(tuple(sorted(found)) for found in alike.values() if len(found) > 1))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def filters(self) -> tuple[BandPass, ...]:
        """One per channel of the pictures."""
        return self._camera.filters

    def pictures(self) -> Iterator[CameraImage]:
        """One per page, in the order of the sites."""
        for place in range(self.source.sites.pages):
            yield self._camera.picture(place)

    def _sharing(self) -> dict[tuple[Dose, ...], frozenset[int]]:
        """What voxels of all pages went through, and the levels that each was meant to give."""
        found: dict[tuple[Dose, ...], frozenset[int]] = {}
        for place in range(self.source.sites.pages):
            page = self._written.page(place)
            for history, levels in zip(page.histories, page.levels, strict=True):
                found[history] = found.get(history, frozenset()) | levels
        return found

    def _sheet(self, place: int) -> VoxelSheet:
        page, sites = self._written.page(place), self.source.sites
        kinds = np.array([self._kinds[history] for history in page.histories], np.int64)
        glow = kinds[page.history] if len(kinds) else np.zeros(0, np.int64)
        return VoxelSheet(sites.on_page_um(page.row, page.column) + page.off_um, glow)


def simulated_pages(
    folder: Path,
    loaded: LoadedJob,
    toolpath: Toolpath,
    channel: ChannelDocument,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> tuple[Iterator[CameraImage], int]:
    """Pictures of every page of every payload of a build, first copies only, and how many there are.

    Raises:
        InputError: the job stores nothing.
    """
    sources = written_payloads(loaded)
    if not sources:
        raise InputError(Problem("this job writes no stored data, so there is nothing to photograph"))

    def pictures() -> Iterator[CameraImage]:
        for pattern in sources:
            with SimulatedPages(folder, loaded, toolpath, pattern, channel, seed=seed, progress=progress) as simulated:
                yield from simulated.pictures()

    return pictures(), sum(source.sites.pages for source in sources.values())
