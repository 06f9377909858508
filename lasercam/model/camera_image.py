"""What a camera or a simulation hands to a reader of voxels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError


@dataclass(frozen=True, eq=False)
class CameraImage:
    """One field of view in one plane of focus, through one or several filters.

    Attributes:
        planes: float32 (channels, height, width), linear in light, 1 is full scale; row 0 is at the top.
        channels: a name for each: `514 nm`, `red`.
        title: for messages: the file it came from, the layer it shows.
    """

    planes: NDArray[np.float32]
    channels: tuple[str, ...]
    title: str = ""

    def __post_init__(self) -> None:
        if self.planes.ndim != 3 or len(self.planes) != len(self.channels) or 0 in self.planes.shape:
            raise GeometryError(f"an image has a plane for each of its channels, not {self.planes.shape}")
        self.planes.flags.writeable = False
