"""The modules of a QR code. The one module that imports qrcode."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import PatternError

BoolArray = NDArray[np.bool_]

FINDER = 7
"""Modules along a finder pattern. Source: ISO/IEC 18004, 6.3.3."""
MAX_VERSION = 40

# Bits per group of characters, and what a shorter group at the end takes. Source: ISO/IEC 18004, 7.4.
_NUMBER, _LETTERS, _BYTES = 1, 2, 4
_GROUPS: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {_NUMBER: (0, 4, 7, 10), _LETTERS: (0, 6, 11), _BYTES: (0, 8)}
)
_WHAT = MappingProxyType(
    {_NUMBER: "digits", _LETTERS: "characters of 0-9 A-Z space $%*+-./:", _BYTES: "bytes of UTF-8"}
)


def size_of(version: int) -> int:
    """Modules along a side, without the quiet zone.

    >>> size_of(1), size_of(40)
    (21, 177)
    """
    return 17 + 4 * version


def encode(payload: bytes, level: str, version: int | None = None) -> BoolArray:
    """The dark modules of a QR code.

    Args:
        payload: what it says; digits and capitals are packed more densely than bytes.
        level: error correction L, M, Q or H.
        version: 1 to 40; None takes the lowest that fits.

    Returns:
        bool (N, N), True is dark, row 0 at the top, without quiet zone; read-only.

    Raises:
        PatternError: nothing to encode, or more than the version holds; names its capacity.
    """
    if not payload:
        raise PatternError("there is nothing to encode; a QR code holds at least one character")
    mode = _mode(payload)
    needed = _bits(len(payload), mode)
    limit = MAX_VERSION if version is None else version
    if len(payload) > capacity(limit, level, mode):
        raise PatternError(_overflow(len(payload), mode, level, limit, chosen=version is not None))
    if version is None:
        version = next(v for v in range(1, MAX_VERSION + 1) if needed <= _room(v, level, mode))
    return _modules(payload, level, version)


def finder_mask(side: int) -> BoolArray:
    """The three finder patterns and the light line that separates each from the rest: bool (side, side)."""
    mask = np.zeros((side, side), np.bool_)
    reach = FINDER + 1
    mask[:reach, :reach] = mask[:reach, -reach:] = mask[-reach:, :reach] = True
    return mask


def capacity(version: int, level: str, mode: int = _BYTES) -> int:
    """Most characters of one mode (bytes unless told) that a version holds.

    >>> capacity(1, "L"), capacity(40, "L"), capacity(40, "H")
    (17, 2953, 1273)
    """
    groups = _GROUPS[mode]
    whole, rest = divmod(_room(version, level, mode), groups[-1])
    return whole * (len(groups) - 1) + sum(rest >= bits for bits in groups[1:-1])


def _overflow(length: int, mode: int, level: str, version: int, *, chosen: bool) -> str:
    limit = capacity(version, level, mode)
    lower = [v for v in range(version + 1, MAX_VERSION + 1) if capacity(v, level, mode) >= length]
    ways = [f"version {lower[0]} or auto"] if lower else []
    ways += [
        f"error_correction {other}"
        for other in "LMQ"[: "LMQH".index(level)]
        if capacity(version, other, mode) >= length
    ]
    hint = f"use {', '.join(ways)}" if ways else "shorten the text, or split it into several codes"
    kind = f"version {version}" if chosen else f"the largest QR code (version {version})"
    return f"the text has {length:,} {_WHAT[mode]}; {kind} with error correction {level} holds {limit:,}; {hint}"


def _mode(payload: bytes) -> int:
    from qrcode import util

    return int(util.optimal_mode(payload))


def _bits(length: int, mode: int) -> int:
    """Bits of so many characters, without mode and length."""
    groups = _GROUPS[mode]
    whole, rest = divmod(length, len(groups) - 1)
    return whole * groups[-1] + groups[rest]


def _room(version: int, level: str, mode: int) -> int:
    """Bits for characters, after 4 bits of mode and the length."""
    from qrcode import constants, util

    number = getattr(constants, f"ERROR_CORRECT_{level}")
    return int(util.BIT_LIMIT_TABLE[number][version]) - 4 - int(util.length_in_bits(mode, version))


@lru_cache(maxsize=16)
def _modules(payload: bytes, level: str, version: int) -> BoolArray:
    from qrcode import constants, util
    from qrcode.main import QRCode

    code = QRCode(version=version, error_correction=getattr(constants, f"ERROR_CORRECT_{level}"), border=0)
    code.add_data(util.QRData(payload))
    code.make(fit=False)
    modules = np.array(code.modules, dtype=np.bool_)
    modules.flags.writeable = False
    return modules
