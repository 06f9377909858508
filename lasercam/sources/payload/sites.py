"""Where the voxels of each page lie in a pattern."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PageSites:
    """Pages in rows and columns of fields, layer under layer; addresses fill a layer before the next.

    Attributes:
        rows, columns: voxels of a page.
        pitch_um: distance of voxels along x and y.
        layer_pitch_um: distance of layers.
        fields: pages along x and y.
        gap: empty pitches between pages.
        pages: how many there are.
    """

    rows: int
    columns: int
    pitch_um: tuple[float, float]
    layer_pitch_um: float
    fields: tuple[int, int]
    gap: int
    pages: int

    @property
    def per_layer(self) -> int:
        """Pages of a full layer."""
        return self.fields[0] * self.fields[1]

    @property
    def layers(self) -> int:
        """Layers in use."""
        return -(-self.pages // self.per_layer)

    @property
    def size_um(self) -> tuple[float, float, float]:
        """Extent along x and y, from the middle of the first voxel to that of the last, and in depth."""
        (nx, ny), (px, py) = self.fields, self.pitch_um
        return (
            (nx * (self.columns + self.gap) - self.gap - 1) * px,
            (ny * (self.rows + self.gap) - self.gap - 1) * py,
            (self.layers - 1) * self.layer_pitch_um,
        )

    @property
    def page_size_um(self) -> tuple[float, float]:
        """Width and height of a page, from the middle of its first voxel to that of its last."""
        return (self.columns - 1) * self.pitch_um[0], (self.rows - 1) * self.pitch_um[1]

    def layer(self, place: int) -> int:
        """Layer of the page at a place, 0 is the shallowest."""
        return place // self.per_layer

    def corner_um(self, place: int) -> tuple[float, float, float]:
        """x, y of a page's lowest left voxel, and its depth, in the pattern's frame."""
        layer, field = divmod(place, self.per_layer)
        row, column = divmod(field, self.fields[0])
        return (
            column * (self.columns + self.gap) * self.pitch_um[0],
            row * (self.rows + self.gap) * self.pitch_um[1],
            layer * self.layer_pitch_um,
        )

    def voxels_um(self, place: int, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64 (N, 3), x, y and depth of voxels; row 0 of a page is its highest."""
        x, y, depth = self.corner_um(place)
        return np.column_stack((self.on_page_um(row, column) + np.array((x, y)), np.full(len(row), depth)))

    def on_page_um(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64 (N, 2), x and y of voxels from the page's lowest left one."""
        return np.column_stack((column * self.pitch_um[0], (self.rows - 1 - row) * self.pitch_um[1]))
