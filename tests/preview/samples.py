"""Processes, toolpaths and a decoder for the tests of the preview."""

import hashlib
from collections.abc import Sequence

import numpy as np

from lasercam.model.process_outcome import EmissionLine, Outcome
from lasercam.model.process_window import Process, ProcessDocument
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import RowKind, Toolpath
from tests.support.builders import line_recipe, rows, toolpath

Z_UM = -100.0
"""Stage travel of the tests' layer; the builders' frame makes it 150 µm deep."""


def line(peak_nm: float, fwhm_nm: float = 40.0, radiance: float = 1.0, phase: str = "X") -> EmissionLine:
    return EmissionLine.model_validate(
        {"phase": phase, "peak": f"{peak_nm} nm", "fwhm": f"{fwhm_nm} nm", "radiance": str(radiance)}
    )


def outcome(effect: str = "adds", *peaks: EmissionLine, daylight: bool | None = False) -> Outcome:
    return Outcome(emission=peaks, effect=effect, daylight_visible=daylight)


def process(name: str, result: Outcome) -> Process:
    document = ProcessDocument(process=name, title="a process", source="example", outcome=result)
    return Process(
        document=document, parameters={}, unknown=(), outcome=result,
        digest=hashlib.sha256(name.encode()).hexdigest(), origin="test",
    )  # fmt: skip


DUAL = outcome("adds", line(514.0, 25.0, phase="CsPbBr3"), line(613.0, phase="CsPb(Br/I)3"))
REWRITTEN = outcome("replaces", line(655.0, phase="CsPb(Br/I)3"))
PROCESSES = {
    "glass_bri_lines": process("glass_bri_lines", DUAL),
    "glass_bri_rewrite": process("glass_bri_rewrite", REWRITTEN),
}


def hatched(
    modules: np.ndarray, *, module_um: float, lines_per_module: int, recipe: int, section: int, first_row: int = 0
):
    """LINE rows over the dark modules of a matrix (row 0 on top): runs of modules, `lines_per_module` lines each."""
    listed = []
    n = len(modules)
    for row in range(n - 1, -1, -1):
        change = np.flatnonzero(np.diff(np.concatenate(([0], modules[row].astype(int), [0]))))
        for sub in range(lines_per_module):
            y = (n - 1 - row + (sub + 0.5) / lines_per_module) * module_um
            for begin, end in zip(change[::2], change[1::2], strict=True):
                inset = 0.5 * module_um / lines_per_module
                listed.append((RowKind.JUMP, (begin * module_um + inset, y, Z_UM), 0))
                listed.append((RowKind.LINE, (end * module_um - inset, y, Z_UM), recipe))
    return rows(listed, start_um=(0.0, 0.0, Z_UM), section=section, first_row=first_row)


def qr_matrix(text: str) -> np.ndarray:
    import segno

    return np.array([list(r) for r in segno.make(text, error="m", micro=False).matrix], bool)


def rewritten_qr(text: str, module_um: float = 20.0) -> Toolpath:
    """A QR code written with the dual-phase recipe, then rewritten as a whole."""
    matrix = qr_matrix(text)
    first = hatched(matrix, module_um=module_um, lines_per_module=10, recipe=0, section=0)
    again = hatched(matrix, module_um=module_um, lines_per_module=10, recipe=1, section=1, first_row=len(first))
    recipes = [line_recipe(), line_recipe(name="again", process="glass_bri_rewrite")]
    return toolpath(recipes, [first, again], pass_kinds=(PassKind.WRITE, PassKind.REWRITE))


def decoded(rgb: np.ndarray) -> set[str]:
    """Texts of every QR code that any of many looks at a picture (rows, columns, 3) finds."""
    import zxingcpp
    from PIL import Image, ImageFilter

    found: set[str] = set()
    planes = [rgb.max(axis=2), rgb.mean(axis=2).astype(np.uint8), *(rgb[:, :, c] for c in range(3))]
    for plane in planes:
        for stretched in _stretched(plane):
            for blur in (0.0, 1.0, 2.5, 5.0):
                picture = Image.fromarray(stretched)
                picture = picture.filter(ImageFilter.GaussianBlur(blur)) if blur else picture
                for scale in (1.0, 0.5):
                    size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
                    gray = np.asarray(picture.resize(size, Image.Resampling.BOX))
                    for seen in (gray, 255 - gray):
                        for code in zxingcpp.read_barcodes(
                            np.ascontiguousarray(seen), formats=zxingcpp.BarcodeFormat.QRCode
                        ):
                            found.add(code.text)
        if found:
            break
    return found


def _stretched(plane: np.ndarray) -> Sequence[np.ndarray]:
    low, high = int(plane.min()), int(plane.max())
    if low == high:
        return [plane]
    linear = (plane.astype(float) - low) / (high - low)
    return [plane, np.rint(255 * linear).astype(np.uint8), np.rint(255 * np.sqrt(linear)).astype(np.uint8)]
