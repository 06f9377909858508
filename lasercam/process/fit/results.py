"""Read the filled results table of a sweep: settings and measurements per cell, every misfit with its line."""

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, Problem, QuantityError, UsageError, name_problem, shorten
from lasercam.model.process_window import PARAMETERS
from lasercam.units import LENGTH, Dimension, parse_quantity

FloatArray = NDArray[np.float64]

MAX_BYTES: Final = 64 * 2**20
MAX_ROWS: Final = 200_000
MAX_PROBLEMS: Final = 20
"""Problems shown of one table; who has more has one that causes them all."""
MAX_VALUE: Final = 1e12

SETTINGS: Final[Mapping[str, Dimension]] = {
    **{
        key: PARAMETERS[key]
        for key in (
            "pulse_energy", "repetition_rate", "pulse_duration", "average_power", "speed", "exposure", "pulses",
        )
    },
    "pitch": LENGTH,
    "depth": LENGTH,
}  # fmt: skip
"""Settings a table can hold, by the name recipes use."""
MEASURED: Final = ("width_um", "peak_nm", "intensity")
TEXTS: Final = ("step", "copy", "code", "replicate", "recipe", "member")
_IGNORED: Final = ("x_um", "y_um", "note")
_YES: Final = frozenset({"yes", "y", "true", "1", "glows"})
_NO: Final = frozenset({"no", "n", "false", "0", "dark"})


def column_name(key: str) -> str:
    """A setting's column, with the unit of its numbers: `pulse_energy_uJ`, `speed_um/s`."""
    unit = SETTINGS[key].unit
    return f"{key}_{unit}" if unit else key


@dataclass(frozen=True)
class SweepResults:
    """Cells of a filled table.

    Attributes:
        file: name of the table.
        sha256: of its bytes.
        lines: int64 (N,), line of each cell in the table, from 1.
        texts: per column of TEXTS that the table has, N texts.
        settings: per setting that the table has, float64 (N,) in its internal unit; NaN where a cell has none.
        measured: per column of MEASURED, float64 (N,); NaN where nothing was entered.
        glows: int8 (N,): 1 yes, 0 no, −1 not entered.
    """

    file: str
    sha256: str
    lines: NDArray[np.int64]
    texts: Mapping[str, tuple[str, ...]]
    settings: Mapping[str, FloatArray]
    measured: Mapping[str, FloatArray]
    glows: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.lines)

    def chosen(self, keep: NDArray[np.bool_]) -> "SweepResults":
        """Only the cells for which `keep` (N,) is true."""
        return SweepResults(
            self.file,
            self.sha256,
            self.lines[keep],
            {
                k: tuple(v for v, is_kept in zip(t, keep.tolist(), strict=True) if is_kept)
                for k, t in self.texts.items()
            },
            {k: v[keep] for k, v in self.settings.items()},
            {k: v[keep] for k, v in self.measured.items()},
            self.glows[keep],
        )

    def only(self, key: str, value: str) -> "SweepResults":
        """Only the cells with one value of a setting or a text.

        Raises:
            UsageError: there is no such column, no quantity, or no cell has the value.
        """
        if key in self.texts:
            keep = np.array([text == value for text in self.texts[key]], bool)
            there: Sequence[str] = sorted(set(self.texts[key]))
        elif key in self.settings:
            values, dimension = self.settings[key], SETTINGS[key]
            try:
                wanted = parse_quantity(value, dimension)
            except QuantityError as error:
                raise UsageError(f"only {key}: {error}") from error
            keep = np.isclose(values, wanted, rtol=1e-6, atol=0.0)
            there = [f"{v:g} {dimension.unit}".rstrip() for v in np.unique(values[np.isfinite(values)]).tolist()]
        else:
            raise UsageError(str(name_problem("column", key, sorted({*self.texts, *self.settings}))))
        if not keep.any():
            listed = ", ".join(shorten(t) for t in there[:12])
            raise UsageError(f"no cell of {self.file} has {key} {shorten(value)}; there are {listed or 'none'}")
        return self.chosen(keep)


def read_results(content: bytes, file: str) -> SweepResults:
    """The cells of a filled results table.

    Comma, semicolon and tab separate columns, whichever the head uses; numbers have a decimal point.

    Args:
        content: of the file.
        file: its name, for messages and the record of the fit.

    Raises:
        InputError: no table, columns that are unknown, missing or twice, numbers that are none.
    """
    rows = _rows(content, file)
    head = [name.strip() for name in rows[0][1]]
    known = {column_name(key): key for key in SETTINGS}
    _check_head(head, known, file)
    problems: list[Problem] = []
    body: list[tuple[int, list[str]]] = []
    for line, row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(head):
            problems.append(Problem(f"{len(row)} values stand under {len(head)} columns", Location(file, line, 1)))
        body.append((line, [cell.strip() for cell in row]))
    _refuse(problems)
    if not body:
        raise InputError(Problem("the table has no cells", Location(file, 1, 1)))

    def cells(name: str) -> list[tuple[Location, str]]:
        at = head.index(name)
        return [(Location(file, line, at + 1), row[at]) for line, row in body]

    settings = {known[n]: _numbers(n, cells(n), problems, zero=n == "depth_um") for n in head if n in known}
    measured = {n: _numbers(n, cells(n), problems, zero=n != "peak_nm") for n in MEASURED if n in head}
    glows = np.array([_answer(place, t, problems) for place, t in cells("glows")], np.int8)
    _refuse(problems)
    empty = np.full(len(body), np.nan)
    return SweepResults(
        file,
        hashlib.sha256(content).hexdigest(),
        np.array([line for line, _ in body], np.int64),
        {n: tuple(t for _, t in cells(n)) for n in TEXTS if n in head},
        settings,
        {n: measured.get(n, empty) for n in MEASURED},
        glows,
    )


def _rows(content: bytes, file: str) -> list[tuple[int, list[str]]]:
    """Every row with its line."""
    top = Location(file, 1, 1)
    if len(content) > MAX_BYTES:
        raise InputError(Problem(f"the table has {len(content):,} bytes; at most {MAX_BYTES:,} are read", top))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        hint = "Save the table as CSV, UTF-8."
        raise InputError(Problem("the table is not UTF-8 text", Location(file, line, 1), hint)) from error
    if "\0" in text:
        raise InputError(Problem("the table holds NUL characters: it is no CSV file", top))
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            rows.append((reader.line_num, row))
            if len(rows) > MAX_ROWS:
                raise InputError(Problem(f"the table has more than {MAX_ROWS:,} rows", top))
    except csv.Error as error:
        raise InputError(Problem(f"no CSV table: {error}", Location(file, max(reader.line_num, 1), 1))) from error
    if not rows:
        raise InputError(Problem("the table is empty", top))
    return rows


def _check_head(head: Sequence[str], known: Mapping[str, str], file: str) -> None:
    allowed = [*TEXTS, *_IGNORED, *known, *MEASURED, "glows"]
    place = Location(file, 1, 1)
    problems = [name_problem("column", n, allowed, place) for n in head if n not in allowed]
    problems += [
        Problem(f"the column '{n}' stands twice", place) for n in sorted({n for n in head if head.count(n) > 1})
    ]
    if "glows" not in head or not set(MEASURED) & set(head):
        hint = "Start from the results table that `lasercam build` writes for a sweep."
        problems.append(Problem("the table lacks the columns of measurements: glows, width_um, peak_nm", place, hint))
    _refuse(problems[:MAX_PROBLEMS])


def _numbers(name: str, cells: list[tuple[Location, str]], problems: list[Problem], *, zero: bool) -> FloatArray:
    """Float64 (N,); NaN for empty cells."""
    values = np.full(len(cells), np.nan)
    for i, (place, text) in enumerate(cells):
        if not text:
            continue
        try:
            value = float(text) if text.isascii() and "_" not in text else math.nan
        except ValueError:
            value = math.nan
        if math.isfinite(value) and value <= MAX_VALUE and (value > 0 or (zero and value == 0)):
            values[i] = value
            continue
        hint = "Write a decimal point." if "," in text else "Leave the cell empty where nothing was measured."
        least = "zero or more" if zero else "above zero"
        problems.append(Problem(f"'{shorten(text)}' under {name} is not a number {least}", place, hint))
    return values


def _answer(place: Location, text: str, problems: list[Problem]) -> int:
    word = text.casefold()
    if not word:
        return -1
    if word not in _YES | _NO:
        problems.append(Problem(f"'{shorten(text)}' under glows is neither yes nor no", place))
        return -1
    return int(word in _YES)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])
