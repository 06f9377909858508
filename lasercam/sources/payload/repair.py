"""Tables of voxels that are to be written again."""

import csv
import io

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Problem, shorten
from lasercam.model.protocols import SourceContext
from lasercam.storage.page_layout import Role
from lasercam.storage.volume import VolumePlan

COLUMNS = ("page", "row", "column")
"""Address of the page, and the site on it counted from the upper left, both from 0."""


def read_repair(context: SourceContext, reference: str, plan: VolumePlan) -> dict[int, NDArray[np.bool_]]:
    """bool (rows, columns) by address: voxels that the table names.

    Raises:
        InputError: no such table, or sites that no voxel of this payload stands on.
    """
    place = context.locate("repair")

    def refuse(line: int, message: str) -> InputError:
        where = f"'{shorten(reference)}', line {line}: "
        return InputError(Problem(where + message, place, "Make it anew with `lasercam read --repair`."))

    try:
        rows = list(csv.reader(io.StringIO(context.asset(reference).decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(f"'{shorten(reference)}' is no table of text", place)) from error
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        found = shorten(", ".join(rows[0])) if rows else "nothing"
        raise refuse(1, f"a repair table is headed {', '.join(COLUMNS)}; found {found}")
    layout = plan.code.layout
    written = set(plan.addresses.tolist())
    masks: dict[int, NDArray[np.bool_]] = {}
    for line, cells in enumerate(rows[1:], 2):
        if not cells:
            continue
        if len(cells) != len(COLUMNS) or not all(cell.strip().isascii() and cell.strip().isdigit() for cell in cells):
            raise refuse(line, f"expected three whole numbers; found '{shorten(','.join(cells))}'")
        address, row, column = (int(cell[:12]) for cell in cells)
        if address not in written:
            raise refuse(line, f"there is no page {address:,}")
        if row >= layout.rows or column >= layout.columns or layout.roles[row, column] == Role.DARK:
            raise refuse(line, f"no voxel stands in row {row:,}, column {column:,} of a page")
        mask = masks.setdefault(address, np.zeros((layout.rows, layout.columns), np.bool_))
        if mask[row, column]:
            raise refuse(line, f"row {row:,}, column {column:,} of page {address:,} is named twice")
        mask[row, column] = True
    if not masks:
        raise refuse(1, "the table names no voxel, so there is nothing to repair")
    return masks
