"""How a flat pattern lies in a picture: a homography, and its fit to the picture."""

from dataclasses import dataclass
from math import atan2, cos, degrees, radians, sin

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float64]

_MOST_UNEQUAL = 1.8
"""Ratio of the scales along two directions; a sheared or squeezed picture is none of this pattern."""
_DAMPING = 1e-4


@dataclass(frozen=True, eq=False)
class Pose:
    """A map from a pattern to pixels.

    Attributes:
        matrix: float64 (3, 3), homogeneous: points of the pattern (x right, y down, any unit, about 0) to
            pixels (x, y).
    """

    matrix: FloatArray

    def pixels(self, points: FloatArray) -> FloatArray:
        """float64 (N, 2), x and y in pixels."""
        m = self.matrix
        w = points @ m[2, :2] + m[2, 2]
        w = np.where(np.abs(w) > 1e-9, w, 1e-9)
        return np.asarray((points @ m[:2, :2].T + m[:2, 2]) / w[:, None], np.float64)

    @property
    def linear(self) -> FloatArray:
        """float64 (2, 2): derivatives in the middle of the pattern."""
        m = self.matrix / self.matrix[2, 2]
        return np.asarray(m[:2, :2] - np.outer(m[:2, 2], m[2, :2]), np.float64)

    @property
    def scale(self) -> float:
        """Pixels per unit of the pattern."""
        return float(np.sqrt(abs(np.linalg.det(self.linear))))

    @property
    def is_mirrored(self) -> bool:
        """Whether the picture shows the pattern's mirror image."""
        return bool(np.linalg.det(self.linear) < 0)

    @property
    def turned_deg(self) -> float:
        """By how much its lines of text run upwards, counterclockwise, degrees in -180 to 180."""
        across = self.linear[:, 0] * (-1.0 if self.is_mirrored else 1.0)
        return degrees(atan2(-across[1], across[0])) + 0.0

    @property
    def is_likely(self) -> bool:
        """Whether it is near to what a camera makes of a flat pattern."""
        if not np.isfinite(self.matrix).all() or abs(self.matrix[2, 2]) < 1e-9:
            return False
        large, small = np.linalg.svd(self.linear, compute_uv=False).tolist()
        return bool(small > 0 and large / small < _MOST_UNEQUAL)

    def scaled(self, factor: float, shift: tuple[float, float] = (0.0, 0.0)) -> "Pose":
        """The same in a picture with so many times the pixels, `shift` added afterwards; pixels count from centres."""
        by = np.array([
            [factor, 0.0, 0.5 * factor - 0.5 + shift[0]], [0.0, factor, 0.5 * factor - 0.5 + shift[1]], [0.0, 0.0, 1.0]
        ])  # fmt: skip
        return Pose(by @ self.matrix)


def similar(
    turned_deg: float, scale: float, *, is_mirrored: bool, middle: FloatArray, at: FloatArray
) -> Pose:  # fmt: skip
    """A turned, perhaps mirrored copy of the pattern of which `middle` lies at the pixel `at`."""
    c, s = cos(radians(turned_deg)), sin(radians(turned_deg))
    linear = scale * np.array([[c, s], [-s, c]]) @ np.diag([-1.0 if is_mirrored else 1.0, 1.0])
    matrix = np.eye(3)
    matrix[:2, :2], matrix[:2, 2] = linear, at - linear @ middle
    return Pose(matrix)


def sampled(image: NDArray[np.float32], xy: FloatArray) -> FloatArray:
    """Values at pixels (N, 2), between them linear; beyond the rim that of the rim."""
    return np.asarray(ndimage.map_coordinates(image, xy.T[::-1], order=1, mode="nearest"), np.float64)


def likeness(image: NDArray[np.float32], template: FloatArray, points: FloatArray, pose: Pose) -> float:
    """Correlation of what a pose shows with a template (N,), -1 to 1."""
    seen = sampled(image, pose.pixels(points))
    seen, wanted = seen - seen.mean(), template - template.mean()
    size = float(np.sqrt((seen @ seen) * (wanted @ wanted)))
    return float(seen @ wanted) / size if size > 0 else 0.0


def refined(
    image: NDArray[np.float32],
    template: FloatArray,
    points: FloatArray,
    pose: Pose,
    *,
    with_perspective: bool,
    steps: int = 12,
) -> Pose:
    """The pose at which a picture is most like a template, near a given one.

    Gauss-Newton steps over the differences of light, brightness and contrast free; the best pose met is kept.

    Args:
        image: low-passed to the template's fineness.
        template: float64 (N,), at `points`.
        points: float64 (N, 2).
        pose: where to begin.
        with_perspective: all eight degrees of freedom instead of the six of an affine map.
        steps: at most.

    Source: compositional image alignment, S. Baker, I. Matthews, 10.1023/B:VISI.0000011205.11775.fd.
    """
    slope_y, slope_x = (np.asarray(np.gradient(image, axis=axis), np.float32) for axis in (0, 1))
    best, best_likeness = pose, likeness(image, template, points, pose)
    x, y = points[:, 0], points[:, 1]
    one, none = np.ones_like(x), np.zeros_like(x)
    moves_x = [one, none, x, y, none, none]
    moves_y = [none, one, none, none, x, y]
    if with_perspective:
        moves_x += [-x * x, -x * y]
        moves_y += [-x * y, -y * y]
    for _ in range(steps):
        xy = pose.pixels(points)
        m = pose.matrix
        w = points @ m[2, :2] + m[2, 2]
        gx, gy = sampled(slope_x, xy), sampled(slope_y, xy)
        along_x = (gx * (m[0, 0] - xy[:, 0] * m[2, 0]) + gy * (m[1, 0] - xy[:, 1] * m[2, 0])) / w
        along_y = (gx * (m[0, 1] - xy[:, 0] * m[2, 1]) + gy * (m[1, 1] - xy[:, 1] * m[2, 1])) / w
        columns = [along_x * a + along_y * b for a, b in zip(moves_x, moves_y, strict=True)]
        rows = np.stack([*columns, -template, -one], axis=1)
        normal = rows.T @ rows
        normal += _DAMPING * np.diag(np.diag(normal) + 1e-12)
        moved = np.linalg.solve(normal, -rows.T @ sampled(image, xy))[: len(columns)]
        change = np.eye(3)
        change[:2, 2], change[:2, :2] = moved[:2], np.eye(2) + moved[2:6].reshape(2, 2)
        if with_perspective:
            change[2, :2] = moved[6:8]
        pose = Pose(pose.matrix @ change)
        if not pose.is_likely:
            break
        now = likeness(image, template, points, pose)
        if now > best_likeness:
            best, best_likeness = pose, now
        elif now < best_likeness - 0.1:
            break
        if np.abs(moved).max() < 1e-4:
            break
    return best
