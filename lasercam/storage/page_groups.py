"""Erasure code across pages: k pages of data and m of parity, any k of which give back the data.

Parity page i is the sum over the data pages j of c(i, j) times page j, byte by byte in the field of 256, with

    c(i, j) = (255 + j) / ((255 − i) + j),   i = 0 … m − 1,   j = 0 … k − 1

where + is exclusive or, so that every denominator is an element of its own. These are the columns of a Cauchy matrix,
each scaled so that parity page 0 is the plain exclusive or of all data pages. All square parts of a Cauchy matrix have
an inverse; so any m pages may be lost. The coefficients depend on neither k nor m.
Source: J. Blömer et al., An XOR-based erasure-resilient coding scheme, ICSI TR-95-048 (1995), for Cauchy matrices.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled
from lasercam.errors import ParameterError, StorageError
from lasercam.storage.galois_field import INVERSES, ORDER, PRODUCTS
from lasercam.storage.sharing import PLAIN_WORK, run_shared

PRODUCT_S: Final = 4e-9
"""Of a plain product of two bytes."""
STRIP: Final = 4_096
"""Bytes of a page that are summed at a time, so that they stay in the nearest memory."""


def parity_pages(data: NDArray[np.uint8], m: int) -> NDArray[np.uint8]:
    """Parity of a group.

    Args:
        data: uint8 (k, U), the group's data pages.
        m: pages of parity, 0 or more; k + m is at most 255.

    Returns:
        uint8 (m, U).

    Raises:
        ParameterError: no such group.
    """
    if data.ndim != 2 or data.dtype != np.uint8:
        raise ParameterError(f"data pages must be uint8 (pages, bytes), not {data.dtype} of shape {data.shape}")
    _check_group(len(data), m)
    return combined(coefficients(len(data), m), data)


def recover(known: Mapping[int, NDArray[np.uint8]], k: int, m: int) -> NDArray[np.uint8]:
    """The data pages of a group from those pages that could be read.

    Args:
        known: uint8 (U,) by number: 0 to k − 1 are data, k to k + m − 1 parity. All of them are trusted.
        k, m: of the group.

    Returns:
        uint8 (k, U).

    Raises:
        StorageError: fewer than k pages are known.
        ParameterError: no such group, or pages that do not belong to one.
    """
    _check_group(k, m)
    _check_known(known, k, m)
    if len(known) < k:
        missing = [number for number in range(k) if number not in known]
        listed = ", ".join(str(number + 1) for number in missing[:12]) + (" …" if len(missing) > 12 else "")
        raise StorageError(
            f"{len(known)} of the {k + m} pages of a group are readable and {k} are needed: data pages {listed} of {k}"
            f" are lost; {k - len(known)} more readable pages of the group, data or parity, would bring back all of it"
        )
    size = len(next(iter(known.values())))
    data = np.zeros((k, size), np.uint8)
    for number in range(k):
        if number in known:
            data[number] = known[number]
    missing = [number for number in range(k) if number not in known]
    if missing:
        used = sorted(number for number in known if number >= k)[: len(missing)]
        matrix = coefficients(k, m)[[number - k for number in used]]
        # Missing pages are zeros so far: what differs from the parity is their share.
        shares = np.stack([known[number] for number in used]) ^ combined(matrix, data)
        data[missing] = combined(inverted(matrix[:, missing]), shares)
    return data


def coefficients(k: int, m: int) -> NDArray[np.uint8]:
    """uint8 (m, k), c(i, j) of the module's formula."""
    row, column = ORDER - np.arange(m)[:, None], np.arange(k)
    scaled: NDArray[np.uint8] = PRODUCTS[ORDER ^ column, INVERSES[row ^ column]]
    return scaled


def inverted(matrix: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The inverse of a square matrix over the field, by elimination.

    Args:
        matrix: uint8 (N, N), a square part of the coefficients.
    """
    size = len(matrix)
    both = np.concatenate((matrix, np.eye(size, dtype=np.uint8)), axis=1)
    for column in range(size):
        pivot = column + int(np.argmax(both[column:, column] != 0))
        both[[column, pivot]] = both[[pivot, column]]
        both[column] = PRODUCTS[INVERSES[both[column, column]], both[column]]
        factors = both[:, column].copy()
        factors[column] = 0
        both ^= PRODUCTS[factors[:, None], both[column]]
    return np.ascontiguousarray(both[:, size:])


def combined(matrix: NDArray[np.uint8], pages: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (R, U), the product of a matrix uint8 (R, C) and pages uint8 (C, U)."""
    out = np.zeros((len(matrix), pages.shape[1]), np.uint8)
    if not PLAIN_WORK.is_too_much(PRODUCT_S * matrix.size * pages.shape[1]):
        combine_plain(matrix, pages, out)
    else:
        kernel: Callable[..., Any] = compiled(combine)
        run_shared(
            kernel, (np.array(matrix),), (np.require(pages, requirements=("C", "W")), PRODUCTS), (out,),
            least=max(1, 2_000_000 // max(1, pages.size)),
        )  # fmt: skip
    return out


def combine_plain(matrix: NDArray[np.uint8], pages: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """As the kernel `combine`, in NumPy."""
    for row, total in zip(matrix, out, strict=True):
        for factor, page in zip(row, pages, strict=True):
            total ^= PRODUCTS[factor][page]


def combine(
    matrix: NDArray[np.uint8], pages: NDArray[np.uint8], products: NDArray[np.uint8], out: NDArray[np.uint8]
) -> None:
    """Add the product of matrix and pages to `out`; a kernel."""
    size = pages.shape[1]
    for first in range(0, size, STRIP):
        last = min(first + STRIP, size)
        for row in range(matrix.shape[0]):
            for page in range(matrix.shape[1]):
                times = products[matrix[row, page]]
                for at in range(first, last):
                    out[row, at] ^= times[pages[page, at]]


def _check_group(k: int, m: int) -> None:
    if k < 1 or m < 0 or k + m > ORDER:
        raise ParameterError(
            f"a group has 1 or more pages of data, 0 or more of parity, {ORDER} at most in all; not {k} and {m}"
        )


def _check_known(known: Mapping[int, NDArray[np.uint8]], k: int, m: int) -> None:
    for number, page in known.items():
        if not 0 <= number < k + m:
            raise ParameterError(f"a group of {k} + {m} pages has no page of number {number}")
        if page.ndim != 1 or page.dtype != np.uint8:
            raise ParameterError(f"page {number} must be uint8 (bytes,), not {page.dtype} of shape {page.shape}")
    sizes = sorted({len(page) for page in known.values()})
    if len(sizes) > 1:
        raise ParameterError(f"pages of one group are equally long, not {sizes[0]} and {sizes[-1]} bytes")
