"""The compiled reader of path data: one pass over the bytes of many paths.

The one module of this package that imports numba. Bit for bit the results of the plain reader.
"""

from collections.abc import Sequence

import numba
import numpy as np

from lasercam.sources.svg.path_data import (
    ARC,
    CLOSE,
    COLUMNS,
    CUBIC,
    LINE,
    MAX_NUMBER,
    MOVE,
    QUAD,
    PathTable,
    read_plain,
)

CHUNK_BYTES = 262_144
"""Bytes of path data read at once, which bounds the memory for rows."""
_GOOD, _PLAIN = -1, -2
_EXACT = 10.0 ** np.arange(23)
"""Powers of ten that float64 holds exactly: with mantissas below 2^53, one operation rounds correctly."""


@numba.njit(cache=True, nogil=True)
def _number(data, at, end):  # type: ignore[no-untyped-def] # numba infers
    """Value, end and state (0 none, 1 good, 2 needs the plain reader) of a number."""
    i = at
    negative = False
    if i < end and (data[i] == 43 or data[i] == 45):
        negative = data[i] == 45
        i += 1
    mantissa = np.uint64(0)
    digits = 0
    exponent = 0
    hard = False
    while i < end and 48 <= data[i] <= 57:
        if mantissa >= np.uint64(900000000000000):
            hard = True
        else:
            mantissa = mantissa * np.uint64(10) + np.uint64(data[i] - 48)
        digits += 1
        i += 1
    if i < end and data[i] == 46 and (digits > 0 or (i + 1 < end and 48 <= data[i + 1] <= 57)):
        i += 1
        while i < end and 48 <= data[i] <= 57:
            if mantissa >= np.uint64(900000000000000):
                hard = True
            else:
                mantissa = mantissa * np.uint64(10) + np.uint64(data[i] - 48)
                exponent -= 1
            digits += 1
            i += 1
    if digits == 0:
        return 0.0, at, 0
    if i < end and (data[i] == 101 or data[i] == 69):
        j = i + 1
        sign = 1
        if j < end and (data[j] == 43 or data[j] == 45):
            sign = -1 if data[j] == 45 else 1
            j += 1
        if j < end and 48 <= data[j] <= 57:
            power = 0
            while j < end and 48 <= data[j] <= 57:
                if power < 10000:
                    power = power * 10 + (data[j] - 48)
                j += 1
            exponent += sign * power
            i = j
    if hard or exponent > 22 or exponent < -22:
        return 0.0, i, 2
    value = float(mantissa)
    value = value / _EXACT[-exponent] if exponent < 0 else value * _EXACT[exponent]
    if value > MAX_NUMBER:
        return 0.0, at, 0
    return (-value if negative else value), i, 1


@numba.njit(cache=True, nogil=True)
def _is_space(byte):  # type: ignore[no-untyped-def] # numba infers
    return byte == 32 or (9 <= byte <= 13 and byte != 11)


@numba.njit(cache=True, nogil=True)
def _scan(data, starts, kind, points, first_row, state):  # type: ignore[no-untyped-def] # numba infers
    """Rows of all paths; first_row (P+1,) and state (P,) are filled, the number of rows is returned."""
    row = 0
    v = np.zeros(7)
    for path in range(len(starts) - 1):
        i, end = starts[path], starts[path + 1]
        first_row[path] = row
        state[path] = _GOOD
        x = y = start_x = start_y = cx = cy = 0.0
        last = 0
        is_open = False
        is_first_command = True
        while i < end and _is_space(data[i]):
            i += 1
        while i < end:
            letter = data[i]
            relative = letter >= 97
            upper = letter - 32 if relative else letter
            wanted = 0
            if upper == 77 or upper == 76 or upper == 84:  # M L T
                wanted = 2
            elif upper == 72 or upper == 86:  # H V
                wanted = 1
            elif upper == 67:  # C
                wanted = 6
            elif upper == 83 or upper == 81:  # S Q
                wanted = 4
            elif upper == 65:  # A
                wanted = 7
            elif upper != 90 or letter > 122:
                state[path] = i - starts[path]
                break
            if is_first_command and upper != 77:
                state[path] = i - starts[path]
                break
            i += 1
            if upper == 90:  # Z
                if is_open:
                    kind[row] = CLOSE
                    points[row, 0] = x
                    points[row, 1] = y
                    points[row, 2:6] = 0.0
                    points[row, 6] = start_x
                    points[row, 7] = start_y
                    row += 1
                    x, y = start_x, start_y
                    is_open = False
                last = 90
            else:
                is_first = True
                while i < end and _is_space(data[i]):
                    i += 1
                while True:
                    comma = False
                    got = 0
                    good = True
                    for index in range(wanted):
                        if index > 0 or not is_first:
                            while i < end and _is_space(data[i]):
                                i += 1
                            if i < end and data[i] == 44:
                                i += 1
                                if index == 0:
                                    comma = True
                                while i < end and _is_space(data[i]):
                                    i += 1
                        if upper == 65 and (index == 3 or index == 4):
                            if i < end and (data[i] == 48 or data[i] == 49):
                                v[index] = data[i] - 48
                                i += 1
                                got += 1
                            else:
                                good = False
                                break
                        else:
                            value, after, found = _number(data, i, end)
                            if found == 2:
                                state[path] = _PLAIN
                            if found != 1:
                                good = False
                                break
                            v[index] = value
                            i = after
                            got += 1
                    if state[path] == _PLAIN:
                        break
                    if not good:
                        if got == 0 and not is_first and not comma:
                            break
                        state[path] = i - starts[path]
                        break
                    command = 76 if upper == 77 and not is_first else upper
                    is_first = False
                    dx = x if relative else 0.0
                    dy = y if relative else 0.0
                    if command == 72:
                        nx, ny = dx + v[0], y
                    elif command == 86:
                        nx, ny = x, dy + v[0]
                    else:
                        nx, ny = dx + v[wanted - 2], dy + v[wanted - 1]
                    if command == 77:
                        x, y, start_x, start_y = nx, ny, nx, ny
                    elif not is_open:
                        kind[row] = MOVE
                        points[row, 0] = x
                        points[row, 1] = y
                        points[row, 2:6] = 0.0
                        points[row, 6] = x
                        points[row, 7] = y
                        row += 1
                    is_open = True
                    points[row, 0] = x
                    points[row, 1] = y
                    points[row, 2:6] = 0.0
                    points[row, 6] = nx
                    points[row, 7] = ny
                    if command == 77:
                        kind[row] = MOVE
                    elif command == 76 or command == 72 or command == 86:
                        kind[row] = LINE
                    elif command == 65:
                        kind[row] = ARC
                        points[row, 2] = abs(v[0])
                        points[row, 3] = abs(v[1])
                        points[row, 4] = v[2]
                        points[row, 5] = 2.0 * v[3] + v[4]
                    elif command == 67 or command == 83:
                        kind[row] = CUBIC
                        if command == 67:
                            points[row, 2] = dx + v[0]
                            points[row, 3] = dy + v[1]
                            cx, cy = dx + v[2], dy + v[3]
                        else:
                            follows = last == 67 or last == 83
                            points[row, 2] = 2.0 * x - cx if follows else x
                            points[row, 3] = 2.0 * y - cy if follows else y
                            cx, cy = dx + v[0], dy + v[1]
                        points[row, 4] = cx
                        points[row, 5] = cy
                    else:
                        kind[row] = QUAD
                        if command == 81:
                            cx, cy = dx + v[0], dy + v[1]
                        else:
                            follows = last == 81 or last == 84
                            cx = 2.0 * x - cx if follows else x
                            cy = 2.0 * y - cy if follows else y
                        points[row, 2] = cx
                        points[row, 3] = cy
                    row += 1
                    x, y = nx, ny
                    last = command
            if state[path] != _GOOD:
                break
            is_first_command = False
            while i < end and _is_space(data[i]):
                i += 1
        if state[path] == _PLAIN:
            row = first_row[path]
    first_row[len(starts) - 1] = row
    return row


def read_compiled(texts: Sequence[str]) -> PathTable:
    """As `read_plain`."""
    parts: list[PathTable] = []
    first = 0
    while first < len(texts):
        stop, size = first, 0
        while stop < len(texts) and (stop == first or size + len(texts[stop]) <= CHUNK_BYTES):
            size += len(texts[stop])
            stop += 1
        parts.append(_read_chunk(texts[first:stop], first))
        first = stop
    if not parts:
        return read_plain(())
    return PathTable(
        np.concatenate([p.kind for p in parts]),
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.path for p in parts]),
        tuple(error for p in parts for error in p.errors),
    )


def _read_chunk(texts: Sequence[str], first: int) -> PathTable:
    # Every character stays one byte, so that places in error messages agree with the plain reader's.
    data = np.frombuffer("".join(texts).encode("latin-1", errors="replace"), dtype=np.uint8)
    starts = np.concatenate(([0], np.cumsum([len(t) for t in texts]))).astype(np.int64)
    # The longest rows per byte are those of 'z' and of one-digit numbers between signs.
    rows = len(data) + 2
    kind, points = np.empty(rows, np.uint8), np.empty((rows, COLUMNS))
    first_row, state = np.empty(len(starts), np.int64), np.empty(len(texts), np.int64)
    n = int(_scan(data, starts, kind, points, first_row, state))
    path = np.repeat(np.arange(first, first + len(texts), dtype=np.int64), np.diff(first_row))
    errors = [(first + int(p), int(state[p])) for p in np.flatnonzero(state >= 0)]
    table = PathTable(kind[:n].copy(), points[:n].copy(), path, tuple(errors))
    hard = [int(p) for p in np.flatnonzero(state == _PLAIN)] + [
        int(p) for p in np.flatnonzero(state >= 0) if texts[int(p)].strip(" \t\r\n\f") == "none"
    ]
    if not hard:
        return table
    plain = read_plain([texts[p] for p in hard], [first + p for p in hard])
    order = np.argsort(np.concatenate([path, plain.path]), kind="stable")
    kept = [e for e in errors if e[0] - first not in set(hard)]
    return PathTable(
        np.concatenate([table.kind, plain.kind])[order],
        np.concatenate([table.points, plain.points])[order],
        np.concatenate([path, plain.path])[order],
        tuple(sorted(kept + list(plain.errors))),
    )
