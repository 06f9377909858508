"""Inner loops of the Reed-Solomon code: one source, run as plain Python for few codewords and compiled for many.

Polynomials in a received word have their highest power first, as on the page; locators and syndromes
their lowest first. The error at position `at` of n has the locator α to the power of n − 1 − at.
Source: R. E. Blahut, Algebraic Codes for Data Transmission, 10.1017/CBO9780511800467, chapter 7: Berlekamp-Massey
started from the erasures, Chien's search, Forney's formula.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
"""uint8, elements of the field of 256."""

FAILED: Final = -1


def divide(words: Bytes, rows: Bytes, remainders: Bytes) -> None:
    """What remains of each received word after division by the generator; all 0 for a codeword.

    Args:
        words: (B, n).
        rows: (256, parity), each element times the generator without its leading 1, highest power first.
        remainders: (B, parity), filled.
    """
    rest = np.empty(words.shape[1], np.uint8)
    for word in range(len(words)):
        remainders[word] = divide_word(words[word], rows, rest)


def divide_word(word: Bytes, rows: Bytes, rest: Bytes) -> Bytes:
    """As `divide`, one word; `rest` (n,) is room for the division, and the end of it is the answer."""
    parity = rows.shape[1]
    n_data = len(word) - parity
    rest[:] = word
    for at in range(n_data):
        factor = rest[at]
        for power in range(parity):
            rest[at + 1 + power] ^= rows[factor, power]
    return rest[n_data:]


def correct_words(
    words: Bytes, erased: NDArray[np.bool_], rows: Bytes, products: Bytes, inverses: Bytes, powers: Bytes,
    corrected: NDArray[np.int32],
) -> None:  # fmt: skip
    """Correct each word in place; one that cannot be is left as it was.

    Args:
        words, erased: (B, n).
        rows: as of `divide`.
        products, inverses, powers: tables of the field.
        corrected: int32 (B,), filled with the symbols erased or changed; FAILED where there is no answer.
    """
    for word in range(len(words)):
        corrected[word] = correct_word(words[word], erased[word], rows, products, inverses, powers)


def correct_word(
    word: Bytes, erased: NDArray[np.bool_], rows: Bytes, products: Bytes, inverses: Bytes, powers: Bytes
) -> int:
    """As `correct_words`, one word."""
    n, parity = len(word), rows.shape[1]
    n_erased = 0
    for at in range(n):
        n_erased += erased[at]
    if n_erased > parity:
        return FAILED
    rest = np.empty(n, np.uint8)
    syndromes = measure_syndromes(divide_word(word, rows, rest), products, powers)
    locator = np.zeros(parity + 1, np.uint8)
    degree = locate(erased, n_erased, syndromes, products, inverses, powers, locator)
    if degree > parity or 2 * degree - n_erased > parity:
        return FAILED
    places = np.empty(parity, np.int64)
    if not search(locator, degree, n, products, powers, places):
        return FAILED
    values = np.empty(parity, np.uint8)
    evaluate(syndromes, locator, places, degree, n, products, inverses, powers, values)
    for found in range(degree):
        word[places[found]] ^= values[found]
    if divide_word(word, rows, rest).any():
        for found in range(degree):
            word[places[found]] ^= values[found]
        return FAILED
    return degree


def measure_syndromes(remainder: Bytes, products: Bytes, powers: Bytes) -> Bytes:
    """(parity,) value of the received word, or of its remainder, at the roots of the generator, α⁰ upwards."""
    parity = len(remainder)
    syndromes = np.zeros(parity, np.uint8)
    for at in range(parity):
        for root in range(parity):
            syndromes[root] = products[powers[root], syndromes[root]] ^ remainder[at]
    return syndromes


def locate(
    erased: NDArray[np.bool_], n_erased: int, syndromes: Bytes, products: Bytes, inverses: Bytes, powers: Bytes,
    locator: Bytes,
) -> int:  # fmt: skip
    """Fill in the polynomial whose roots are the inverse locators of all erasures and errors; returns its degree."""
    n, parity = len(erased), len(syndromes)
    locator[0] = 1
    filled = 0
    for at in range(n):
        if erased[at]:
            place = powers[n - 1 - at]
            filled += 1
            for power in range(filled, 0, -1):
                locator[power] ^= products[place, locator[power - 1]]
    before, after = locator.copy(), locator.copy()
    length = n_erased
    for step in range(n_erased, parity):
        differs = syndromes[step]
        for power in range(1, min(step, parity) + 1):
            differs ^= products[locator[power], syndromes[step - power]]
        for power in range(parity):
            after[power + 1] = locator[power + 1] ^ products[differs, before[power]]
        if differs != 0 and 2 * length <= step + n_erased:
            length = step + 1 + n_erased - length
            scale = inverses[differs]
            for power in range(parity + 1):
                before[power] = products[scale, locator[power]]
        else:
            for power in range(parity, 0, -1):
                before[power] = before[power - 1]
            before[0] = 0
        locator[:] = after
    degree = 0
    for power in range(parity + 1):
        if locator[power] != 0:
            degree = power
    return degree if degree == length else parity + 1


def search(locator: Bytes, degree: int, n: int, products: Bytes, powers: Bytes, places: NDArray[np.int64]) -> bool:
    """The positions at whose inverse locator the polynomial is 0; True where there are as many as its degree."""
    terms = locator[: degree + 1].copy()
    found = 0
    for at in range(n - 1, -1, -1):
        total = terms[0]
        for power in range(1, degree + 1):
            total ^= terms[power]
            terms[power] = products[powers[(255 - power) % 255], terms[power]]
        if total == 0:
            places[found] = at
            found += 1
            if found == degree:
                return True
    return False


def evaluate(
    syndromes: Bytes, locator: Bytes, places: NDArray[np.int64], degree: int, n: int, products: Bytes, inverses: Bytes,
    powers: Bytes, values: Bytes,
) -> None:  # fmt: skip
    """By how much each of the found positions is wrong, Forney's formula."""
    evaluator = np.zeros(degree, np.uint8)
    for power in range(degree):
        for below in range(power + 1):
            evaluator[power] ^= products[locator[below], syndromes[power - below]]
    for found in range(degree):
        exponent = n - 1 - places[found]
        inverse = powers[(255 - exponent) % 255]
        top, bottom = np.uint8(0), np.uint8(0)
        for power in range(degree - 1, -1, -1):
            top = products[top, inverse] ^ evaluator[power]
        square = products[inverse, inverse]
        for power in range(degree - (degree + 1) % 2, 0, -2):
            bottom = products[bottom, square] ^ locator[power]
        values[found] = products[products[powers[exponent], top], inverses[bottom]]


PARTS: Final = (divide_word, measure_syndromes, locate, search, evaluate, correct_word)
"""What `correct_words` calls, each behind those it calls itself."""
