"""Random numbers that belong to places: the same for the same seed, pattern and index, however tiles are cut."""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))


def uniform(seed: int, name: str, index: NDArray[np.int64], stream: int = 0) -> NDArray[np.float64]:
    """One number per index from 0 (included) to 1 (excluded), shape of `index`.

    Args:
        seed: the job's.
        name: the pattern's, so that two patterns of a job differ.
        index: number of each place, 0 or more.
        stream: which of several independent numbers of a place, 0 or more.

    Source: SplitMix64 (Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195): its state advances by a constant, so
    that any number of the sequence is computed alone.
    """
    start = _mixed(np.array([seed % 2**64], np.uint64) ^ np.uint64(crc32(name.encode()) << 16 | stream))
    bits = _mixed(start + (index.astype(np.uint64) + np.uint64(1)) * _GOLDEN)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def shuffled(seed: int, name: str, count: int, stream: int = 0) -> NDArray[np.int64]:
    """The numbers 0 to count - 1 in random order, int64 (count,)."""
    keys = uniform(seed, name, np.arange(count, dtype=np.int64), stream)
    return np.argsort(keys, kind="stable").astype(np.int64)


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in _MIX:
        bits = (bits ^ (bits >> np.uint64(shift))) * factor
    return bits ^ (bits >> np.uint64(31))
