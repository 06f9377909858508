"""How a page lies in an image, in words."""

import numpy as np
from numpy.typing import NDArray


def lying(corners_px: NDArray[np.float64], *, is_negative: bool) -> str:
    """Rotation, mirror and polarity of a page.

    Args:
        corners_px: float64 (4, 2), y (downwards) and x of the first and last site of the first and of the last row.
        is_negative: the image was a negative.

    >>> lying(np.array([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 9.0]]), is_negative=False)
    'upright'
    >>> lying(np.array([[0.0, 9.0], [0.0, 0.0], [9.0, 9.0], [9.0, 0.0]]), is_negative=True)
    'mirrored, then turned by 180.0° clockwise; the image is a negative'
    """
    right = (corners_px[1] - corners_px[0] + corners_px[3] - corners_px[2]) / 2
    down = (corners_px[2] - corners_px[0] + corners_px[3] - corners_px[1]) / 2
    is_mirrored = right[1] * down[0] - right[0] * down[1] < 0
    angle = float(np.degrees(np.arctan2(right[0], right[1]))) % 360.0
    turned = f"turned by {angle:.1f}° clockwise" if 0.05 <= angle < 359.95 else ""
    said = ", then ".join(filter(None, ("mirrored" if is_mirrored else "", turned))) or "upright"
    return f"{said}; the image is a negative" if is_negative else said
