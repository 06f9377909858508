"""Measured marks as people write them: a table to fill in, read back, or typed one by one."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

from lasercam.errors import InputError, Location, Problem, QuantityError, UsageError, nearest, shorten
from lasercam.units import LENGTH, parse_quantity

USUAL_SIGMA_UM = 1.0
"""Uncertainty of a mark without one of its own; only ratios count."""
MAX_BYTES = 1_000_000
_COLUMN = re.compile(r"(x|y|z|sigma)_(nm|um|µm|mm)")
_IGNORED = re.compile(r"nominal_[a-z]+_[a-zµ]+|note")
_UNIT_UM = {"nm": 1e-3, "um": 1.0, "µm": 1.0, "mm": 1e3}
_HEAD = "the first line names the columns: mark,x_mm,y_mm, and perhaps z_mm and sigma_um (nm, um or mm)"


@dataclass(frozen=True)
class MeasuredMark:
    """One mark as it was found.

    Attributes:
        name: of the mark.
        place_um: controller coordinates; z is NaN where it was not measured.
        sigma_um: uncertainty in the plane.
        location: where it was written; None for a typed one.
    """

    name: str
    place_um: tuple[float, float, float]
    sigma_um: float = USUAL_SIGMA_UM
    location: Location | None = None


def mark_template(expected_um: Mapping[str, Sequence[float]]) -> str:
    """A table with a row per mark: where the controller would find it in the nominal frame, and empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["mark", "nominal_x_mm", "nominal_y_mm", "nominal_z_mm", "x_mm", "y_mm", "z_mm", "sigma_um"])
    for name, place in expected_um.items():
        writer.writerow([name, *(f"{value / 1e3:.6f}" for value in place), "", "", "", ""])
    return out.getvalue()


def read_marks(content: bytes, file: str) -> list[MeasuredMark]:
    """The marks of a filled table; rows without x and y were not measured, and are left out.

    Raises:
        InputError: no such table, cells that are no numbers.
    """
    if len(content) > MAX_BYTES:
        raise InputError(Problem(f"'{file}' has {len(content):,} bytes; at most {MAX_BYTES:,} are read"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Problem(f"the file is no UTF-8 text ({error.reason})", Location(file, 1, 1))) from error
    lines = text.splitlines()
    if not lines:
        raise InputError(Problem(f"the file is empty; {_HEAD}", Location(file, 1, 1)))
    separator = next((s for s in (";", "\t", ",") if s in lines[0]), ",")
    names, factors = _columns(lines[0], separator, file)
    found = []
    for number, row in enumerate(csv.reader(lines[1:], delimiter=separator), 2):
        mark = _mark(row, names, factors, Location(file, number, 1))
        if mark is not None:
            found.append(mark)
    return found


def typed_mark(text: str) -> MeasuredMark:
    """A mark typed as NAME=x,y or NAME=x,y,z; numbers without a unit are mm.

    Raises:
        UsageError: it reads otherwise.
    """
    name, equals, places = text.partition("=")
    cells = places.split(",")
    if not equals or not name.strip() or len(cells) not in (2, 3):
        raise UsageError(
            f"--mark wants NAME=x,y or NAME=x,y,z, such as mark_1=12.0031,4.5 (mm); found '{shorten(text)}'"
        )
    try:
        values = [_typed_um(cell) for cell in cells]
    except QuantityError as error:
        raise UsageError(f"--mark {shorten(name.strip())}: {error}") from error
    return MeasuredMark(name.strip(), (values[0], values[1], values[2] if len(values) == 3 else nan))


def _typed_um(cell: str) -> float:
    bare = re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*", cell)
    return parse_quantity(f"{cell.strip()} mm" if bare else cell, LENGTH)


def _columns(head: str, separator: str, file: str) -> tuple[list[str], list[float]]:
    """What each column holds (empty: ignored), and its unit in µm."""
    names, factors = [], []
    for cell in head.split(separator):
        title = cell.strip().strip('"').casefold()
        match = _COLUMN.fullmatch(title)
        if match is None and title != "mark" and title and not _IGNORED.fullmatch(title):
            close = nearest(title, ["mark", "x_mm", "y_mm", "z_mm", "sigma_um", "note"])
            hint = f"Did you mean '{close[0]}'?" if close else ""
            raise InputError(Problem(f"unknown column '{shorten(title)}'; {_HEAD}", Location(file, 1, 1), hint))
        names.append(match[1] if match is not None else title if title == "mark" else "")
        factors.append(_UNIT_UM[match[2]] if match is not None else 1.0)
    given = [name for name in names if name]
    if len(set(given)) != len(given) or not {"mark", "x", "y"} <= set(given):
        raise InputError(Problem(f"the first line reads '{shorten(head)}'; {_HEAD}", Location(file, 1, 1)))
    return names, factors


def _mark(row: Sequence[str], names: Sequence[str], factors: Sequence[float], place: Location) -> MeasuredMark | None:
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if name}
    if not any(cells.get(key) for key in ("x", "y", "z")):
        return None
    if not cells.get("mark") or not cells.get("x") or not cells.get("y"):
        raise InputError(Problem("a measured mark needs its name, x and y", place, "Leave all of them empty, or none."))
    if len(row) > len(names):
        raise InputError(Problem(f"{len(row)} cells stand under {len(names)} columns", place, "Write 12.5, not 12,5."))
    unit = dict(zip(names, factors, strict=True))
    values = {key: _number(cells[key], key, place) * unit[key] for key in ("x", "y", "z", "sigma") if cells.get(key)}
    sigma = values.get("sigma", USUAL_SIGMA_UM)
    if not sigma > 0.0:
        raise InputError(Problem(f"sigma is {sigma:g} µm; an uncertainty is above zero", place))
    return MeasuredMark(cells["mark"], (values["x"], values["y"], values.get("z", nan)), sigma, place)


def _number(cell: str, key: str, place: Location) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = nan
    if not isfinite(value) or "_" in cell:
        raise InputError(Problem(f"'{shorten(cell)}' under {key} is no finite number", place, "Write 12.5, not 12,5."))
    return value
