"""The field of 256 elements that all codes of LCV1 calculate in: bytes, addition is exclusive or."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

POLYNOMIAL: Final = 0x11D
"""x⁸ + x⁴ + x³ + x² + 1; its root 2 (the element α) generates all elements but 0."""
ORDER: Final = 255
"""Elements but 0: α to the power of 255 is 1 again."""


def _powers() -> NDArray[np.uint8]:
    powers = np.empty(ORDER, np.uint8)
    element = 1
    for exponent in range(ORDER):
        powers[exponent] = element
        element <<= 1
        if element > ORDER:
            element ^= POLYNOMIAL
    return powers


def _products(powers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    logarithms = np.zeros(ORDER + 1, np.int64)
    logarithms[powers] = np.arange(ORDER)
    products: NDArray[np.uint8] = powers[(logarithms[:, None] + logarithms) % ORDER]
    products[0], products[:, 0] = 0, 0
    return products


# Left writeable: kernels would be compiled a second time for read-only arrays.
POWERS: Final = _powers()
"""uint8 (255,), α to the power of 0 to 254."""
PRODUCTS: Final = _products(POWERS)
"""uint8 (256, 256), products of all pairs of elements."""
INVERSES: Final = np.concatenate((np.zeros(1, np.uint8), np.argmax(PRODUCTS[1:] == 1, axis=1).astype(np.uint8)))
"""uint8 (256,), 1 divided by each element; 0 in the place of the one that has none."""
