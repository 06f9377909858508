"""Pulse picking: which rates a source can give behind a picker that passes every k-th pulse."""

_EXACT = 1e-9


def picker_divider(base_rate_hz: float, rate_hz: float, max_divider: int) -> int | None:
    """The whole k with base_rate / k = rate, 1 to `max_divider`; None where there is none.

    >>> picker_divider(100_000.0, 12_500.0, 1000), picker_divider(100_000.0, 30_000.0, 1000)
    (8, None)

    Args:
        base_rate_hz: of the source, before the picker, > 0.
        rate_hz: wanted behind it, > 0.
        max_divider: largest k, ≥ 1.

    Source: definition of a picker.
    """
    divider = base_rate_hz / rate_hz
    whole = round(divider)
    return whole if 1 <= whole <= max_divider and abs(divider - whole) <= _EXACT * divider else None


def nearest_dividers(base_rate_hz: float, rate_hz: float, max_divider: int) -> tuple[int, ...]:
    """The one or two whole k whose rates lie on both sides of a rate, or nearest to it.

    >>> nearest_dividers(100_000.0, 30_000.0, 1000)
    (3, 4)

    Args: as `picker_divider`.
    """
    lower = min(max(int(base_rate_hz / rate_hz), 1), max_divider)
    return tuple(k for k in (lower, lower + 1) if k <= max_divider)
