"""How a sample lies, fitted to marks that were found again: weighted least squares, rounded to stated digits."""

from dataclasses import dataclass, replace
from math import atan2, degrees, hypot
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import GeometryError
from lasercam.geometry.attitude import attitude
from lasercam.model.frame import Matrix3, Row3

FloatArray = NDArray[np.float64]

CORNER_DIGITS = 4
"""Decimals of a corner in µm: ticks of the toolpath."""
ROTATION_DIGITS = 7
"""Decimals of a rotation in degrees: 0.02 nm at 10 mm."""
RATIO_DIGITS = 9
"""Decimals of scale, shear and slope: 0.01 nm at 10 mm."""
IN_LINE = 1e-3
"""Spread across a line over the spread along it, below which marks lie in one line (assumed)."""
MAX_MARKS = 1_000
_MAX_ROUNDS = 60
_STEP = 1e-6
_NO_REDUNDANCY = 1e-6
_UNKNOWNS = {
    "shift": (), "rigid": ("rotation",), "similarity": ("rotation", "scale"),
    "stretch": ("rotation", "scale_x", "scale_y"), "affine": ("rotation", "scale_x", "scale_y", "shear"),
}  # fmt: skip


@dataclass(frozen=True)
class Lie:
    """How a sample lies: a corner, and what its axes became.

    Attributes:
        corner_um: where its frame's origin stands, controller coordinates.
        rotation_deg: counterclockwise.
        scale: actual over nominal size along x, y and the normal.
        shear: shift along the sample's x per length along its y.
        slopes: rise in the controller's z per nominal length along the sample's x and y.
    """

    corner_um: Row3
    rotation_deg: float = 0.0
    scale: Row3 = (1.0, 1.0, 1.0)
    shear: float = 0.0
    slopes: tuple[float, float] = (0.0, 0.0)

    @property
    def matrix(self) -> Matrix3:
        """From the sample's x, y and way along the normal to the controller's axes."""
        rows = attitude(self.rotation_deg, self.scale, self.slopes)
        if not self.shear:
            return rows
        first, second, third = ((a, b + self.shear * a, c) for a, b, c in rows)
        return first, second, third

    def places_um(self, nominal_um: FloatArray) -> FloatArray:
        """Controller coordinates (N, 3) of x, y and way along the normal (N, 3)."""
        out = np.empty((len(nominal_um), 3))
        for axis, (row, start) in enumerate(zip(self.matrix, self.corner_um, strict=True)):
            out[:, axis] = start + (nominal_um[:, 0] * row[0] + nominal_um[:, 1] * row[1] + nominal_um[:, 2] * row[2])
        return out

    def rounded(self) -> "Lie":
        """The same to the stated digits, so that it can be written down and means the same bits everywhere."""
        x, y, z = (round(value, CORNER_DIGITS) + 0.0 for value in self.corner_um)
        a, b, c = (round(value, RATIO_DIGITS) for value in self.scale)
        u, v = (round(value, RATIO_DIGITS) + 0.0 for value in self.slopes)
        turn = round(self.rotation_deg, ROTATION_DIGITS) + 0.0
        return Lie((x, y, z), turn, (a, b, c), round(self.shear, RATIO_DIGITS) + 0.0, (u, v))


@dataclass(frozen=True, eq=False)
class Sightings:
    """Marks that were found again.

    Attributes:
        names: of the marks.
        nominal_um: float64 (N, 3), x, y and way along the normal in the sample's frame; the way is negative below it.
        measured_um: float64 (N, 3), controller coordinates; z is NaN where it was not measured.
        sigma_um: float64 (N,), uncertainty in the plane, > 0.
        height_sigma_um: float64 (N,), uncertainty of z, > 0.
    """

    names: tuple[str, ...]
    nominal_um: FloatArray
    measured_um: FloatArray
    sigma_um: FloatArray
    height_sigma_um: FloatArray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_height(self) -> NDArray[np.bool_]:
        """bool (N,), marks with a measured z."""
        return np.isfinite(self.measured_um[:, 2])


@dataclass(frozen=True, eq=False)
class MarkFit:
    """A fitted lie and what is left.

    Attributes:
        lie: rounded.
        off_um: float64 (N, 3), measured minus fitted; z NaN where it was not measured.
        heights: what was made of heights.
        without_um: float64 (N,), how far each mark lies in the plane from where all others put it; NaN where the
            others alone say nothing about it.
        rest_rms_um: float64 (N,), root mean square in the plane of the others when a mark is left out; NaN alike.
    """

    lie: Lie
    off_um: FloatArray
    heights: Literal["tilt", "shift", "nominal"]
    without_um: FloatArray
    rest_rms_um: FloatArray

    @property
    def plane_um(self) -> FloatArray:
        """float64 (N,), distance in the plane from the fitted place."""
        return np.asarray(np.hypot(self.off_um[:, 0], self.off_um[:, 1]))

    @property
    def rms_um(self) -> float:
        """Root mean square of the distances in the plane."""
        return float(np.sqrt(np.mean(self.plane_um**2)))


def fit_marks(seen: Sightings, model: str, before: Lie, *, level: bool = False) -> MarkFit:
    """The lie nearest to the marks.

    Args:
        seen: the marks.
        model: shift, rigid, similarity, stretch or affine; what a model leaves out stays as it was before.
        before: how the sample was taken to lie: its rotation and scale count where the model has none.
        level: heights give one height, and no tilt.

    Raises:
        GeometryError: numbers that are not finite, one place twice, marks in one line where that is not enough, or a
            mirrored sample.
    """
    _refuse_bad(seen)
    n_heights = int(seen.has_height.sum())
    tilts = n_heights >= 3 and not level
    if model in ("stretch", "affine") and _flatness(seen.nominal_um[:, :2]) < IN_LINE:
        raise GeometryError(f"the marks lie in one line, and a fit of {model} needs places beside it")
    if tilts and _flatness(seen.nominal_um[seen.has_height, :2]) < IN_LINE:
        raise GeometryError("the marks with heights lie in one line, so the slope across it is not known")
    if model != "shift":
        _refuse_mirrored(seen)
    unknowns = [*_UNKNOWNS[model], *(("slope_x", "slope_y") if tilts else ())]
    start = _begin(seen, model, before)
    lie, jacobian = _refined(seen, start, model, unknowns, moves_z=n_heights > 0)
    lie = lie.rounded()
    off = seen.measured_um - lie.places_um(seen.nominal_um)
    without, rest = _left_out(seen, jacobian, off)
    return MarkFit(lie, off, "tilt" if tilts else "shift" if n_heights else "nominal", without, rest)


def _refuse_bad(seen: Sightings) -> None:
    usable = np.isfinite(seen.measured_um[:, :2]).all(axis=1) & np.isfinite(seen.nominal_um).all(axis=1)
    usable &= ~np.isinf(seen.measured_um[:, 2]) & (seen.sigma_um > 0) & (seen.height_sigma_um > 0)
    if not usable.all():
        raise GeometryError(f"mark {seen.names[int(np.argmin(usable))]} holds a number that is not finite")
    if len(seen) > MAX_MARKS:
        raise GeometryError(f"{len(seen):,} marks; at most {MAX_MARKS:,} are fitted")
    for table, what in ((seen.nominal_um, "have one nominal place"), (seen.measured_um, "were measured at one place")):
        order = np.lexsort((table[:, 1], table[:, 0]))
        same = np.flatnonzero((np.diff(table[order, :2], axis=0) == 0.0).all(axis=1))
        if len(same):
            a, b = sorted((int(order[same[0]]), int(order[same[0] + 1])))
            raise GeometryError(f"marks {seen.names[a]} and {seen.names[b]} {what}")


def _flatness(places_um: FloatArray) -> float:
    """Spread of places (N, 2) across the line that fits them best over the spread along it."""
    centred = places_um - places_um.mean(axis=0)
    spread = np.linalg.svd(centred, compute_uv=False)
    return float(spread[1] / spread[0]) if spread[0] > 0 else 0.0


def _moments(seen: Sightings) -> tuple[FloatArray, float]:
    """Weighted sum of measured times nominal, (2, 2), and of nominal squared, both about their means."""
    weight = seen.sigma_um**-2.0
    weight = weight / weight.sum()
    nominal, measured = seen.nominal_um[:, :2], seen.measured_um[:, :2]
    p, q = nominal - weight @ nominal, measured - weight @ measured
    return (q * weight[:, None]).T @ p, float((weight[:, None] * p * p).sum())


def _refuse_mirrored(seen: Sightings) -> None:
    """Marks beside one line tell left from right.

    Source: the sign of the determinant decides between rotation and reflection, 10.1109/34.88573.
    """
    cross, _ = _moments(seen)
    if len(seen) >= 3 and _flatness(seen.nominal_um[:, :2]) >= IN_LINE and float(np.linalg.det(cross)) < 0.0:
        raise GeometryError(
            "the measured places are a mirror image of the nominal ones: names of marks are exchanged, an axis counts"
            " the other way, or the sample lies upside down"
        )


def _begin(seen: Sightings, model: str, before: Lie) -> Lie:
    """Rotation and one scale in closed form, places that agree in the mean.

    Source: 10.1109/34.88573 (Umeyama 1991), in the plane.
    """
    cross, squares = _moments(seen)
    along, across = float(cross[0, 0] + cross[1, 1]), float(cross[1, 0] - cross[0, 1])
    lie = replace(before, slopes=(0.0, 0.0))
    if model != "shift":
        lie = replace(lie, rotation_deg=degrees(atan2(across, along)))
    if model not in ("shift", "rigid"):
        one = hypot(along, across) / squares
        lie = replace(lie, scale=(one, one, one))
    shift = (seen.measured_um[:, :2] - lie.places_um(seen.nominal_um)[:, :2]).mean(axis=0)
    return replace(lie, corner_um=(before.corner_um[0] + float(shift[0]), before.corner_um[1] + float(shift[1]),
                                   before.corner_um[2]))  # fmt: skip


def _moved(lie: Lie, model: str, names: list[str], step: FloatArray) -> Lie:
    """The lie with its unknowns changed by a step: corner x, y, z, then those named."""
    x, y, z = (a + float(b) for a, b in zip(lie.corner_um, step[:3], strict=True))
    change = dict(zip(names, step[3:].tolist(), strict=True))
    a, b, c = lie.scale
    if model == "similarity":
        a = b = c = a + change["scale"]
    elif model in ("stretch", "affine"):
        a, b = a + change["scale_x"], b + change["scale_y"]
        c = (a * b) ** 0.5 if a > 0 and b > 0 else c  # depth is not seen from above: taken as the mean of both
    u, v = lie.slopes
    return Lie(
        (x, y, z), lie.rotation_deg + degrees(change.get("rotation", 0.0)), (a, b, c),
        lie.shear + change.get("shear", 0.0), (u + change.get("slope_x", 0.0), v + change.get("slope_y", 0.0)),
    )  # fmt: skip


def _refined(seen: Sightings, start: Lie, model: str, names: list[str], *, moves_z: bool) -> tuple[Lie, FloatArray]:
    """Gauss-Newton until nothing moves; also the weighted Jacobian (N, 3, unknowns) there, zero for missing heights."""
    lie = start
    weight = np.column_stack((seen.sigma_um, seen.sigma_um, seen.height_sigma_um)) ** -1.0
    weight[~seen.has_height, 2] = 0.0
    reach = float(np.abs(seen.nominal_um).max(initial=1.0))
    free = [0, 1, *([2] if moves_z else []), *range(3, 3 + len(names))]
    is_slope = [3 + k for k, name in enumerate(names) if name.startswith("slope")]
    unit = np.array([1.0, 1.0, 1.0, *([1.0 / reach] * len(names))])  # one step of each moves places by about 1 µm
    measured = np.where(np.isfinite(seen.measured_um), seen.measured_um, 0.0)
    for _ in range(_MAX_ROUNDS):
        jacobian = np.zeros((len(seen), 3, len(unit)))
        for k in free:
            nudge = np.zeros(len(unit))
            # A corner moves places one to one; what turns or stretches is differenced over about a metre's millionth.
            nudge[k] = 1.0 if k < 3 else _STEP
            ahead, back = (_moved(lie, model, names, s * nudge).places_um(seen.nominal_um) for s in (1.0, -1.0))
            jacobian[:, :, k] = (ahead - back) / (2.0 * nudge[k]) * unit[k]
        # Heights say how the sample slopes, places in the plane all else: what is left in the plane would otherwise be
        # traded for a slope that shortens it.
        jacobian[:, :2, is_slope] = 0.0
        jacobian[:, 2, [k for k in range(3, len(unit)) if k not in is_slope]] = 0.0
        jacobian *= weight[:, :, None]
        left = (measured - lie.places_um(seen.nominal_um)) * weight
        found, *_ = np.linalg.lstsq(jacobian[:, :, free].reshape(-1, len(free)), left.reshape(-1), rcond=None)
        step = np.zeros(len(unit))
        step[free] = found
        lie = _moved(lie, model, names, step * unit)
        if float(np.abs(step).max()) < 1e-9:
            break
    return lie, jacobian[:, :, free]


def _left_out(seen: Sightings, jacobian: FloatArray, off_um: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What each mark is off from where the others put it, and what is then left at the others.

    Source: deleted residuals of least squares, e = (I - H)^-1 r with the mark's own block of the hat matrix
    (Cook and Weisberg 1982, Residuals and Influence in Regression, chapter 2).
    """
    n, _, p = jacobian.shape
    inverse = np.linalg.pinv(jacobian.reshape(-1, p).T @ jacobian.reshape(-1, p))
    sigma = seen.sigma_um
    plain = off_um[:, :2] / sigma[:, None]
    total = float((plain**2).sum())
    without, rest = np.full(n, np.nan), np.full(n, np.nan)
    if 2 * (n - 1) <= int(jacobian[:, :2].any(axis=(0, 1)).sum()):
        return without, rest  # whichever is left out, the others fit: none can be told from the rest
    for i in range(n):
        own = jacobian[i, :2]
        kept = np.eye(2) - own @ inverse @ own.T
        if float(np.linalg.eigvalsh(kept)[0]) < _NO_REDUNDANCY:
            continue
        deleted = np.linalg.solve(kept, plain[i])
        without[i] = float(np.hypot(*deleted)) * sigma[i]
        left = max(total - float(plain[i] @ deleted), 0.0)
        rest[i] = float(np.sqrt(left / (n - 1))) * float(np.median(sigma))
    return without, rest
