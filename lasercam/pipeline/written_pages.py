"""What stands on a sample after its job files were run: voxels of stored data, page by page, from the files alone."""

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Problem, RereadError
from lasercam.geometry.placement import Placed
from lasercam.model.companions import CompanionReader
from lasercam.model.exposure import ExposureBlock
from lasercam.model.frame import Frame
from lasercam.model.toolpath import RowKind, Toolpath, ToolpathBlock
from lasercam.pipeline import registry
from lasercam.pipeline.exposure_feed import ExposureFeed, exposures
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.manifest import read_manifest
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.sources.payload.sites import PageSites

VOXEL: Final = np.dtype(
    [("row", "<i4"), ("column", "<i4"), ("x", "<f4"), ("y", "<f4"), ("dose", "<u4"), ("level", "u1")]
)
"""One exposure of a page: its site, how far from it the beam stood (µm), its step and recipe, and the level it was
planned for, which files do not tell."""
NO_LEVEL: Final = 255
"""Of marks: they only have to glow."""
FARTHEST_PITCHES = 0.25
"""An exposure farther from every site belongs to none."""


@dataclass(frozen=True)
class Dose:
    """One exposure of a voxel.

    Attributes:
        step: index of the step.
        recipe: index into the recipe table.
    """

    step: int
    recipe: int


@dataclass(frozen=True, eq=False)
class WrittenPage:
    """Voxels of one page as the job files expose them.

    Attributes:
        place: which page, in the order of the sites.
        row, column: int64 (N,), sites on it; row 0 is the highest.
        off_um: float64 (N, 2), x and y from the site to where the beam stood.
        history: int64 (N,), index into `histories`.
        histories: what voxels went through, exposure by exposure in the order of the job.
        levels: levels that voxels of each history were planned to have.
    """

    place: int
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    off_um: NDArray[np.float64]
    history: NDArray[np.int64]
    histories: tuple[tuple[Dose, ...], ...]
    levels: tuple[frozenset[int], ...]


class WrittenPages:
    """Pages of one copy of a payload, sorted on disk: memory holds one page at a time.

    Use as a context; the files lie in a temporary folder until it ends.

    Args:
        folder: of the build; its job files are re-read.
        loaded, toolpath: its job, and the rows that the files were proven to show.
        pattern: name of the payload.
        placed: the copy.
        sites: where its voxels lie.

    Raises:
        InputError: a job file cannot be read, or shows other rows.
    """

    def __init__(
        self,
        folder: Path,
        loaded: LoadedJob,
        toolpath: Toolpath,
        pattern: str,
        placed: Placed,
        sites: PageSites,
        progress: Progress = SILENT,
    ) -> None:
        self._folder, self._loaded, self._toolpath = folder, loaded, toolpath
        self._placed, self._sites, self._progress = placed, sites, progress
        names = [part.name for part in toolpath.header.parts]
        own = [name.partition(".")[2] if name.startswith(f"{pattern}.") else "" for name in names]
        self._level = np.array([planned_level(part) for part in own], np.int16)
        self._stack = ExitStack()

    def __enter__(self) -> "WrittenPages":
        self._spool = Path(self._stack.enter_context(TemporaryDirectory(prefix="lasercam-pages-")))
        try:
            self._sort()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def page(self, place: int) -> WrittenPage:
        """One page; empty where nothing was written."""
        path = self._spool / f"{place}"
        found = np.fromfile(path, VOXEL) if path.is_file() else np.zeros(0, VOXEL)
        site = found["row"].astype(np.int64) * self._sites.columns + found["column"]
        order = np.argsort(site, kind="stable")  # exposures of a site stay in the order of the job
        first = np.flatnonzero(np.diff(site[order], prepend=-1))
        n_doses = np.diff(first, append=len(order))
        last = order[first + n_doses - 1] if len(first) else np.zeros(0, np.int64)
        index, histories = _histories(found["dose"][order], first, n_doses)
        planned = [
            frozenset(np.unique(found["level"][last[index == i]]).tolist()) - {NO_LEVEL} for i in range(len(histories))
        ]
        return WrittenPage(
            place,
            found["row"][last].astype(np.int64),
            found["column"][last].astype(np.int64),
            np.column_stack((found["x"][last], found["y"][last])).astype(np.float64),
            index,
            histories,
            tuple(planned),
        )

    def _sort(self) -> None:
        programs = {program.section: program for program in read_manifest(self._folder).programs}
        sections = self._toolpath.header.sections
        with self._progress.task("sorting", self._toolpath.header.n_rows) as advance:
            for index, blocks in groupby(self._toolpath.blocks(), key=attrgetter("section")):
                section, file = sections[index], programs[index].file
                machine = self._loaded.machines[section.step]
                language = registry.dialect(machine.controller.dialect)
                try:
                    with (self._folder / file).open("rb") as stream:
                        companions = CompanionReader(self._folder / file)
                        feed = ExposureFeed(exposures(language, stream, machine, companions))
                        for block in blocks:
                            shown = np.flatnonzero(block.kind != RowKind.JUMP)
                            self._keep(block, shown, feed.take(len(shown)), section.frame, section.step)
                            advance(len(block))
                except (RereadError, OSError) as error:
                    raise InputError(Problem(f"'{file}' cannot be read back: {error}")) from error

    def _keep(
        self, block: ToolpathBlock, shown: NDArray[np.int64], found: ExposureBlock, frame: Frame, step: int
    ) -> None:
        if len(found) != len(shown) or not np.array_equal(found.end_ticks, block.end_ticks[shown]):
            raise RereadError("shows other rows than the job; run `lasercam verify` to see which")
        level = self._level[block.part[shown]]
        own = (level >= 0) & (found.kind == RowKind.DOT)
        if not own.any():
            return
        xyz = _in_pattern(frame.sample_um(found.end_ticks[own]), self._placed)
        dose = np.uint32(step) << np.uint32(16) | block.recipe[shown][own].astype(np.uint32)
        place, voxels = _on_sites(xyz, self._sites)
        voxels["dose"], voxels["level"] = dose, level[own]
        for one in np.unique(place[place >= 0]).tolist():
            with (self._spool / f"{one}").open("ab") as out:
                voxels[place == one].tofile(out)


def planned_level(part: str) -> int:
    """Level that a part of a payload stands for; NO_LEVEL for its marks, -1 for other patterns' parts."""
    if part == "marks":
        return NO_LEVEL
    name, _, number = part.partition("_")
    return int(number) if name in ("symbol", "pilot") and number.isdigit() else -1


def _in_pattern(xyz_um: NDArray[np.float64], placed: Placed) -> NDArray[np.float64]:
    """Points of the sample in the frame of a pattern's copy."""
    moved = xyz_um - placed.shift_um
    moved[:, :2] = moved[:, :2] @ placed.matrix  # a rotation or mirror: its inverse is its transpose
    return moved


def _on_sites(xyz_um: NDArray[np.float64], sites: PageSites) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """Page of each exposure (-1 for those on no site of this copy), and its record, but for its dose."""
    lattice = xyz_um[:, :2] / np.array(sites.pitch_um)
    step = np.array([sites.columns + sites.gap, sites.rows + sites.gap])
    nearest = np.rint(lattice).astype(np.int64)
    field, site = np.floor_divide(nearest, step), np.mod(nearest, step)
    layer = np.rint(xyz_um[:, 2] / (sites.layer_pitch_um or 1.0)).astype(np.int64)
    place = layer * sites.per_layer + field[:, 1] * sites.fields[0] + field[:, 0]
    inside = (field >= 0).all(axis=1) & (field < np.array(sites.fields)).all(axis=1) & (layer >= 0)
    inside &= (site < np.array([sites.columns, sites.rows])).all(axis=1) & (place < sites.pages)
    off = lattice - nearest
    inside &= (np.abs(off) <= FARTHEST_PITCHES).all(axis=1)
    voxels = np.zeros(len(xyz_um), VOXEL)
    voxels["row"], voxels["column"] = sites.rows - 1 - site[:, 1], site[:, 0]
    voxels["x"], voxels["y"] = off[:, 0] * sites.pitch_um[0], off[:, 1] * sites.pitch_um[1]
    return np.where(inside, place, -1), voxels


def _histories(
    dose: NDArray[np.uint32], first: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[tuple[Dose, ...], ...]]:
    """History of every voxel, by number, and what the numbers mean."""
    if not len(first):
        return np.zeros(0, np.int64), ()
    table = np.full((len(first), int(count.max())), -1, np.int64)
    for number in range(table.shape[1]):
        has = count > number
        table[has, number] = dose[first[has] + number]
    distinct, index = np.unique(table, axis=0, return_inverse=True)
    told = tuple(tuple(Dose(d >> 16, d & 0xFFFF) for d in row if d >= 0) for row in distinct.tolist())
    return index.reshape(-1), told
