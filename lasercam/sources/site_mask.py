"""Which sites of a regular array are written, from a file."""

import io

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import InputError, Location, Problem, shorten

_WRITTEN, _FREE = "1#", "0."


def read_mask(content: bytes, name: str, counts: tuple[int, int, int], location: Location | None) -> NDArray[np.bool_]:
    """Sites that are written: bool (1 or layers, rows, columns), the lowest row and the shallowest layer first.

    Args:
        content: of the file.
        name: of the file, for messages.
        counts: columns, rows and layers of the array.
        location: of the key that names the file.

    Raises:
        InputError: neither text of 0 and 1 nor an NPY array, another size than the array, or nothing to write.
    """
    nx, ny, nz = counts
    try:
        mask = _npy(content) if content.startswith(b"\x93NUMPY") else _text(content)
    except ValueError as error:
        raise InputError(Problem(f"'{name}' is no mask: {shorten(str(error), 120)}", location)) from error
    if mask.ndim == 2:
        mask = mask[None, :, :]
    if mask.ndim != 3 or mask.shape[0] not in (1, nz) or mask.shape[1:] != (ny, nx):
        found = " × ".join(str(n) for n in mask.shape[::-1])
        raise InputError(
            Problem(
                f"the mask '{name}' has {found} sites, the array {nx} × {ny} in {nz} layers",
                location,
                "A mask has as many columns and rows as the array, and one layer or all.",
            )
        )
    if not mask.any():
        raise InputError(Problem(f"the mask '{name}' leaves nothing to write", location))
    return np.ascontiguousarray(mask)


def _npy(content: bytes) -> NDArray[np.bool_]:
    try:
        values = np.load(io.BytesIO(content), allow_pickle=False)
    except (OSError, EOFError, SyntaxError, MemoryError) as error:
        raise ValueError(f"it is no NPY array: {error}") from error
    if values.dtype.kind not in "biu" or not np.isin(values, (0, 1)).all():
        raise ValueError("its values are not true and false, or 1 and 0")
    return np.asarray(values, np.bool_)


def _text(content: bytes) -> NDArray[np.bool_]:
    """Lines as they read: the highest row first."""
    text = content.decode("utf-8-sig")
    lines = [line.replace(",", "").replace(" ", "").replace("\t", "") for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        strange = [c for c in line if c not in _WRITTEN + _FREE]
        if strange:
            raise ValueError(f"line {number} holds '{strange[0]}'; 1 or # is written, 0 or . is not")
        if len(line) != len(lines[0]):
            raise ValueError(f"line {number} has {len(line)} sites, line 1 has {len(lines[0])}")
    if not lines:
        raise ValueError("it is empty")
    return np.array([[c in _WRITTEN for c in line] for line in lines[::-1]], np.bool_)
