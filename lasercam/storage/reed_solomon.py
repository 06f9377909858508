"""Reed-Solomon code over bytes: of n symbols k are data, the others let errors and erasures be corrected."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lasercam.compiling import compiled_with
from lasercam.errors import ParameterError
from lasercam.storage import reed_solomon_kernels as kernels
from lasercam.storage.galois_field import INVERSES, ORDER, POWERS, PRODUCTS
from lasercam.storage.sharing import PLAIN_WORK, run_shared

DIVIDE_CALL_S: Final = 0.7e-3
"""Of one plain division, however few codewords; the processor of decision record 14, as the next two."""
DIVIDE_S: Final = 5e-6
"""Of each codeword in it."""
CORRECT_S: Final = 4e-3
"""Of the plain correction of a codeword."""
WORTH_SHARING: Final = 256
"""Codewords for each thread."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """What became of received codewords.

    Attributes:
        data: uint8 (B, k); as received where decoding failed.
        corrected: int32 (B,), symbols that were erased or have been changed, parity included; −1 where decoding failed.
    """

    data: NDArray[np.uint8]
    corrected: NDArray[np.int32]

    @property
    def is_failed(self) -> NDArray[np.bool_]:
        """bool (B,), there is no codeword within reach of what was received."""
        failed: NDArray[np.bool_] = self.corrected == kernels.FAILED
        return failed


@dataclass(frozen=True)
class ReedSolomon:
    """RS(n, k) over the field of 256, generator polynomial (x − α⁰)(x − α¹)…, systematic, shortened below n = 255.

    e errors and r erasures in one codeword are always corrected where 2 e + r ≤ n − k. Beyond that, decoding fails and
    says so, or finds another codeword within reach, which no decoder can tell from the right one. The latter is rare,
    one in (½ (n − k))! or so, as long as there are no erasures; once these have used up the parity, any error left
    unflagged leads to it. So whoever flags erasures needs a checksum of the data as well.

    Attributes:
        n: symbols of a codeword, 2 to 255.
        k: symbols of data in it, 1 to n − 1.

    Raises:
        ParameterError: no such code.
    """

    n: int
    k: int

    def __post_init__(self) -> None:
        if not 2 <= self.n <= ORDER:
            raise ParameterError(f"a codeword has 2 to {ORDER} bytes, not {self.n}")
        if not 1 <= self.k < self.n:
            raise ParameterError(f"a codeword of {self.n} bytes carries 1 to {self.n - 1} bytes of data, not {self.k}")

    @property
    def parity(self) -> int:
        """Symbols that are not data."""
        return self.n - self.k

    def encode(self, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Codewords of the data.

        Args:
            data: uint8 (B, k).

        Returns:
            uint8 (B, n), data first.

        Raises:
            ParameterError: another shape or type.
        """
        _expect("data", data, np.uint8, self.k)
        words = np.empty((len(data), self.n), np.uint8)
        words[:, : self.k], words[:, self.k :] = data, 0
        words[:, self.k :] = self._remainders(words)
        return words

    def decode(self, received: NDArray[np.uint8], erased: NDArray[np.bool_] | None = None) -> Decoded:
        """The data of received codewords, corrected where possible.

        Args:
            received: uint8 (B, n); what stands at erased symbols does not matter.
            erased: bool (B, n), symbols known to be lost; None for no knowledge.

        Returns:
            Data and what it took; words with more than n − k erasures always fail.

        Raises:
            ParameterError: another shape or type.
        """
        _expect("received", received, np.uint8, self.n)
        if erased is None:
            lost = np.zeros(len(received), np.int64)
        else:
            _expect("erased", erased, np.bool_, self.n)
            if len(erased) != len(received):
                raise ParameterError(f"{len(received)} codewords come with erasures of {len(erased)}")
            lost = np.count_nonzero(erased, axis=1)
        words = np.array(received, np.uint8, order="C")
        is_wrong = self._remainders(words).any(axis=1)
        corrected = np.where(lost <= self.parity, lost, kernels.FAILED).astype(np.int32)
        wrong = np.flatnonzero(is_wrong & (lost <= self.parity))
        if len(wrong):
            chosen = words[wrong]
            flags = np.zeros(chosen.shape, np.bool_) if erased is None else np.array(erased[wrong])
            counts = np.empty(len(wrong), np.int32)
            correct = self._corrector(len(wrong))
            tables = generator_rows(self.parity), PRODUCTS, INVERSES, POWERS
            run_shared(correct, (chosen, flags), tables, (counts,), least=WORTH_SHARING)
            words[wrong], corrected[wrong] = chosen, counts
        return Decoded(np.ascontiguousarray(words[:, : self.k]), corrected)

    def _remainders(self, words: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 (B, n − k), of the division of each word by the generator."""
        if not PLAIN_WORK.is_too_much(DIVIDE_CALL_S + DIVIDE_S * len(words)):
            return divide_plain(words, generator_rows(self.parity))
        remainders = np.empty((len(words), self.parity), np.uint8)
        divide = compiled_with(kernels.divide, kernels.divide_word)
        run_shared(divide, (words,), (generator_rows(self.parity),), (remainders,), least=WORTH_SHARING)
        return remainders

    def _corrector(self, count: int) -> Callable[..., None]:
        if not PLAIN_WORK.is_too_much(CORRECT_S * count):
            return kernels.correct_words
        return compiled_with(kernels.correct_words, *kernels.PARTS)


@cache
def generator_rows(parity: int) -> NDArray[np.uint8]:
    """uint8 (256, parity), each element times the generator without its leading 1, highest power first."""
    generator = np.ones(1, np.uint8)
    for root in POWERS[:parity]:
        generator = np.append(generator, np.uint8(0)) ^ np.append(np.uint8(0), PRODUCTS[root, generator])
    return np.ascontiguousarray(PRODUCTS[:, generator[1:]])


def divide_plain(words: NDArray[np.uint8], rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As the kernel `divide`, all words at once in NumPy."""
    parity = rows.shape[1]
    rest = np.array(words.T, order="C")
    for at in range(len(rest) - parity):
        rest[at + 1 : at + 1 + parity] ^= rows[rest[at]].T
    return np.ascontiguousarray(rest[-parity:].T)


def _expect(name: str, found: NDArray[Any], kind: type[np.generic], columns: int) -> None:
    if found.ndim != 2 or found.shape[1] != columns or found.dtype != kind:
        raise ParameterError(
            f"{name} must be {kind.__name__} with {columns} columns, not {found.dtype} of shape {found.shape}"
        )
