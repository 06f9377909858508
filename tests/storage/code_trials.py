"""Codewords sent through a channel that loses symbols at random: the experiment behind the odds."""

from dataclasses import dataclass

import numpy as np

from lasercam.storage.reed_solomon import ReedSolomon

BATCH = 4_096


@dataclass(frozen=True)
class Trials:
    """Of pages.

    Attributes:
        pages, good: sent, and given back whole.
        lies: codewords that decoding claims to have corrected and has not.
        broken: codewords within the bound of the code that did not come back.
    """

    pages: int
    good: int
    lies: int
    broken: int


def send_pages(code: ReedSolomon, codewords: int, pages: int, wrong: float, erased: float, seed: int) -> Trials:
    """Random pages through a channel: each symbol is wrong with one probability, known to be lost with another."""
    random = np.random.default_rng(seed)
    good = lies = broken = 0
    left = pages
    while left:
        now = min(left, max(1, BATCH // codewords))
        left -= now
        sent = random.integers(0, 256, (now * codewords, code.k), np.uint8)
        received = code.encode(sent)
        fate = random.random(received.shape)
        is_wrong, is_lost = fate < wrong, (fate >= wrong) & (fate < wrong + erased)
        received[is_wrong] ^= random.integers(1, 256, np.count_nonzero(is_wrong), np.uint8)
        received[is_lost] = random.integers(0, 256, np.count_nonzero(is_lost), np.uint8)
        decoded = code.decode(received, is_lost)
        is_right = (decoded.data == sent).all(axis=1)
        lies += np.count_nonzero(~is_right & ~decoded.is_failed)
        is_within = 2 * is_wrong.sum(axis=1) + is_lost.sum(axis=1) <= code.parity
        broken += np.count_nonzero(is_within & ~is_right)
        good += np.count_nonzero((is_right & ~decoded.is_failed).reshape(now, codewords).all(axis=1))
    return Trials(pages, int(good), int(lies), int(broken))
