"""Stored data as a pattern."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, ParameterError, Problem
from lasercam.geometry.area import Area
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, dots
from lasercam.model.feature import parts as named_parts
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, PatternUse, SourceContext
from lasercam.sources.payload.capacity import capacity_notes, capacity_report, page_table
from lasercam.sources.payload.content import read_container
from lasercam.sources.payload.keys import LevelEmission, PayloadKeys
from lasercam.sources.payload.repair import read_repair
from lasercam.sources.payload.sites import PageSites
from lasercam.storage.page import DARK, PageCode
from lasercam.storage.page_layout import PageLayout, Role
from lasercam.storage.volume import Volume, VolumePlan, plan_volume

MAX_VOXELS = 10_000_000_000
"""At a thousand dots per second, four months of writing."""
MIN_PITCH_UM = 1e-3
"""Ten ticks of the toolpath; smaller pitches are slips of the unit."""


class Payload:
    """A file, compressed, perhaps encrypted, and coded, as pages of voxels.

    The lowest left voxel of the first page lies at the origin.

    Parts: `symbol_0` to `symbol_N` (data and page headers by level), `pilot_0` to `pilot_N` (known voxels that levels
    are calibrated by), `marks`; unions `symbols`, `pilots`, and `level_0` to `level_N`, each a symbol with its pilots.
    The variant of every voxel is its level; marks have the highest.

    Attributes:
        notes: what is stored, how, and how long it is.
    """

    Keys: ClassVar[type[Placement]] = PayloadKeys
    summary: ClassVar[str] = "a file as voxels: compressed, encrypted, error-corrected, on pages with marks"

    def __init__(self, keys: PayloadKeys, context: SourceContext) -> None:
        self._keys, self._locate = keys, context.locate
        self._layout = self._checked_layout()
        container = read_container(keys, context)
        self.volume = Volume(container, self._plan(len(container)), keys.presence)
        self.sites = self._checked_sites(len(self.volume.plan.addresses))
        self._repaired = None if keys.repair is None else read_repair(context, keys.repair, self.volume.plan)
        self.notes: tuple[str, ...] = capacity_notes(self.volume, self.sites, self._repaired)

    @property
    def is_repair(self) -> bool:
        """Whether only some of its voxels are written."""
        return self._repaired is not None

    @property
    def level_emissions(self) -> tuple[LevelEmission, ...]:
        """How each level glows as the lab says; empty where it leaves that to the process."""
        return self._keys.levels

    @property
    def parts(self) -> Parts:
        """Data by level, pilots by level, marks."""
        levels = range(self._layout.levels)
        data, pilots = [f"symbol_{i}" for i in levels], [f"pilot_{i}" for i in levels]
        both = {f"level_{i}": (data[i], pilots[i]) for i in levels}
        return named_parts([*data, *pilots, "marks"], symbols=data, pilots=pilots, **both)

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Pages of the deepest layer first, in bands of rows."""
        addresses = self.volume.plan.addresses
        for layer in range(self.sites.layers - 1, -1, -1):
            first = layer * self.sites.per_layer
            for place in range(first, min(first + self.sites.per_layer, len(addresses))):
                yield from self._page(place, int(addresses[place]), max_rows)

    def area(self) -> Area:
        """The rectangle of all pages, half a pitch beyond their outermost voxels."""
        (width, height, _), (px, py) = self.sites.size_um, self._keys.pitch
        return Area.from_rectangles([(-px / 2.0, -py / 2.0)], [(width + px / 2.0, height + py / 2.0)])

    def extra_files(self, use: PatternUse) -> Mapping[str, bytes]:
        """The capacity report, and where each page lies."""
        return {
            "capacity.txt": capacity_report(self.volume, self.sites, use, self.parts),
            "pages.csv": page_table(self.volume, self.sites, use),
        }

    def _page(self, place: int, address: int, max_rows: int) -> Iterator[FeatureBlock]:
        """Blocks of one page."""
        if self._repaired is not None and address not in self._repaired:
            return
        levels = self.volume.page(address)
        written = levels != DARK
        if self._keys.presence:
            written &= levels != 0
        if self._repaired is not None:
            written &= self._repaired[address]
        row, column = np.nonzero(written)
        for start in range(0, len(row), max_rows):
            some = slice(start, start + max_rows)
            level = levels[row[some], column[some]].astype(np.uint16)
            role = self._layout.roles[row[some], column[some]]
            yield dots(self.sites.voxels_um(place, row[some], column[some]), self._atoms(role, level), level)

    def _atoms(self, role: NDArray[np.uint8], level: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Part of each voxel: uint16 (N,)."""
        count = self._layout.levels
        atom = np.where(role == Role.PILOT, level + count, level)
        return np.where(role == Role.MARK, 2 * count, atom).astype(np.uint16)

    def _checked_layout(self) -> PageLayout:
        keys = self._keys
        if min(keys.pitch) < MIN_PITCH_UM:
            raise self._problem("pitch", f"a pitch of {min(keys.pitch):g} µm is out of scale", "Check the unit.")
        try:
            return PageLayout(keys.page[1], keys.page[0], keys.bits)
        except ParameterError as error:
            raise self._problem("page", str(error), "Give another size.") from error

    def _plan(self, container_bytes: int) -> VolumePlan:
        try:
            code = PageCode(self._layout, self._keys.parity)
            return plan_volume(container_bytes, code, *self._keys.group)
        except ParameterError as error:
            raise self._problem("parity", str(error), "Give larger pages or less parity.") from error

    def _checked_sites(self, pages: int) -> PageSites:
        keys = self._keys
        per_layer = keys.fields[0] * keys.fields[1]
        layers = -(-pages // per_layer)
        if keys.layers is not None and layers > keys.layers:
            room = keys.layers * per_layer
            message = (
                f"{len(self.volume.container):,} bytes take {pages:,} pages; {keys.layers} layers of {per_layer} hold"
                f" {room:,}"
            )
            raise self._problem("layers", message, f"Give {layers} layers, more fields, or store less.")
        if layers > 1 and keys.layer_pitch is None:
            message = f"{pages:,} pages take {layers} layers of {per_layer}, and no layer_pitch says how far apart"
            raise self._problem("fields", message, "Give layer_pitch, or more fields.")
        voxels = pages * keys.page[0] * keys.page[1]
        if voxels > MAX_VOXELS:
            message = f"{voxels:.3g} voxels; at most {MAX_VOXELS:,} fit a pattern"
            raise self._problem("file", message, "Split the file over several jobs.")
        sites = PageSites(
            self._layout.rows, self._layout.columns, keys.pitch, keys.layer_pitch or 0.0, keys.fields, keys.gap, pages
        )
        if max(sites.size_um) > MAX_COORDINATE_UM:
            raise self._problem("pitch", f"pages reach {max(sites.size_um):.3g} µm", "Check the units.")
        return sites

    def _problem(self, key: str, message: str, hint: str) -> InputError:
        return InputError(Problem(message, self._locate(key), hint))
