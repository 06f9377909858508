"""Feature blocks cut by an area: what `inside` and `outside` leave of a pattern."""

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError
from lasercam.geometry.area import Area
from lasercam.geometry.clip import clip_inside, clip_outside, dots_inside
from lasercam.geometry.polylines import Polylines
from lasercam.model.feature import FeatureBlock


def clip_features(block: FeatureBlock, area: Area, *, inside: bool) -> tuple[FeatureBlock, NDArray[np.int64]]:
    """The parts of the features inside (or outside) an area seen from above.

    Args:
        block: features in the area's frame; each line lies at one depth.
        area: to keep, or to keep out of.
        inside: which of the two.

    Returns:
        The pieces, and for each the index of the feature it comes from, int64 (P,).

    Raises:
        GeometryError: a line changes its depth, so that a cut would have to invent one.
    """
    if block.all_dots:
        kept = np.flatnonzero(dots_inside(block.xyz_um[:, :2], area) == inside)
        return block.take(kept), kept
    first = block.xyz_um[block.offsets[:-1], 2]
    if np.any(block.xyz_um[:, 2] != np.repeat(first, block.vertex_counts)):
        raise GeometryError("a line that changes its depth cannot be cut by an area; split it into planes")
    lines = Polylines(np.ascontiguousarray(block.xyz_um[:, :2]), block.offsets)
    clipped = (clip_inside if inside else clip_outside)(lines, area)
    source = np.asarray(clipped.source, np.int64)
    offsets = np.asarray(clipped.lines.offsets, np.int64)
    depth = np.repeat(first[source], np.diff(offsets))
    xyz = np.ascontiguousarray(np.column_stack((clipped.lines.xy_um, depth)))
    return FeatureBlock(xyz, offsets, block.part[source], block.variant[source]), source
