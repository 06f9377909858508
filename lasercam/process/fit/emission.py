"""Emission peak over dose: monotonic, a parabola over ln dose where one fits, else straight lines between levels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import FitError
from lasercam.model.process_fit import FitCurve, FitNumber, FitPoint
from lasercam.process.fit.fitted import (
    MIN_R_SQUARED,
    Fitted,
    constant_settings,
    fit_input,
    refuse_bad,
    seen_cells,
    varied_settings,
)
from lasercam.process.fit.results import SETTINGS, SweepResults
from lasercam.process.fit.robust import robust_linear

FloatArray = NDArray[np.float64]

MIN_PEAK_NM, MAX_PEAK_NM = 300.0, 2_000.0
MIN_SHIFT_SCATTERS: Final = 3.0
"""A shift smaller than this many scatters over the whole range is none."""
QUADRATIC_LEVELS: Final = 5
MIN_REPEATS: Final = 3
"""Cells beyond the first of their level from which the scatter is known."""
_WORSE: Final = 1.3
_J_MM: Final = 1e-3  # 1 µW / (1 µm/s) = 1e-6 J/s / (1e-3 mm/s)
_STD_PER_MAD: Final = 1.482602218505602


def fit_emission(results: SweepResults, *, against: str | None = None, seed: int = 0) -> Fitted:
    """Peak over one setting, or over the line dose of lines.

    Args:
        results: the table.
        against: the setting; None = the only one that varies, or `line_dose` where energy and speed do.
        seed: of the bootstrap.

    Raises:
        FitError: too few points, no spread, peaks that go up and down, or a shift lost in the scatter.
    """
    cells = seen_cells(results, "peak_nm")
    peak = cells.measured["peak_nm"]
    if peak.min() < MIN_PEAK_NM or peak.max() > MAX_PEAK_NM:
        odd = int(cells.lines[(peak < MIN_PEAK_NM) | (peak > MAX_PEAK_NM)][0])
        raise FitError(f"line {odd}: a peak outside {MIN_PEAK_NM:g} to {MAX_PEAK_NM:g} nm is none")
    key, x, free = _dose(cells, against)
    constants = constant_settings(cells, free)
    item = fit_input(key, x)
    logs = np.log(x / item.reference)
    levels, place = np.unique(np.asarray(np.round(logs, 6), np.float64), return_inverse=True)
    medians = np.array([np.median(peak[place == i]) for i in range(len(levels))], np.float64)
    counts = np.bincount(place)
    left = peak - medians[place]
    noise = _noise(left, counts) if int((counts - 1).sum()) >= MIN_REPEATS else _rough_noise(levels, medians)
    _refuse_backward(levels, medians, counts, noise, item.reference, item.unit)
    shift = float(abs(medians[-1] - medians[0]))
    if shift < MIN_SHIFT_SCATTERS * noise or shift == 0.0:
        raise FitError(f"no spread: the peak moves by {shift:.3g} nm while cells scatter by {noise:.2g} nm")
    total = float(((peak - np.median(peak)) ** 2).sum())
    fitted = _quadratic(logs, peak, seed) if len(levels) >= QUADRATIC_LEVELS else None
    coefficients: dict[str, FitNumber] = {}
    points: tuple[FitPoint, ...] = ()
    curve: FitCurve
    if fitted is not None and fitted[1] <= _WORSE * noise + 1e-9:
        curve = "quadratic"
        coefficients, scatter, r_squared, weights = fitted
    else:
        curve = "piecewise_linear"
        smooth = _monotonic(medians, counts)
        stds = _level_stds(peak, place, counts, noise, seed)
        places = [item.low, *(item.reference * np.exp(levels[1:-1])).tolist(), item.high]
        points = tuple(
            FitPoint(at=at, value=value, std=std)
            for at, value, std in zip(places, smooth.tolist(), stds.tolist(), strict=True)
        )
        left = peak - smooth[place]
        scatter = noise
        r_squared = 1.0 - float((np.minimum(np.abs(left), 4.0 * noise) ** 2).sum()) / total
        weights = np.where(np.abs(left) > 4.0 * max(noise, 1e-9), 0.25, 1.0)
        if r_squared < MIN_R_SQUARED:
            raise FitError(f"peak over {key}: the curve explains only {100 * r_squared:.0f} % of the variation")
    return Fitted(
        "emission", curve, (item,), coefficients, points, scatter, r_squared, cells, x[:, None], peak, weights,
        constants, (f"the peak moves {'red' if medians[-1] > medians[0] else 'blue'} with {key.replace('_', ' ')}",),
    )  # fmt: skip


def _dose(cells: SweepResults, against: str | None) -> tuple[str, FloatArray, list[str]]:
    """The variable's name, its values (N,), and the settings it accounts for."""
    varied = varied_settings(cells)
    parts = ("pulse_energy", "repetition_rate", "average_power", "speed")
    if against is None:
        several = sorted(set(varied) - ({"average_power"} if "pulse_energy" in varied else set()))
        if len(several) == 1:
            against = several[0]
        elif several and set(several) <= set(parts) and "speed" in cells.settings:
            against = "line_dose"
        else:
            found = " and ".join(several) or "nothing"
            raise FitError(f"{found} varies over the measured cells; say against what the peak is to be fitted")
    if against == "line_dose":
        settings = cells.settings
        if {"pulse_energy", "repetition_rate"} <= set(settings):
            power = settings["pulse_energy"] * settings["repetition_rate"]
        elif "average_power" in settings:
            power = settings["average_power"]
        else:
            raise FitError("a line dose needs energy and rate, or power, and speed")
        if "speed" not in settings or not np.isfinite(power / settings["speed"]).all():
            raise FitError("a line dose needs energy and rate, or power, and speed of every cell")
        return against, np.asarray(_J_MM * power / settings["speed"], np.float64), list(parts)
    if against not in SETTINGS or against in ("pitch", "depth"):
        raise FitError(
            f"the peak cannot be fitted against '{against}'; use exposure, pulses, pulse_energy, line_dose …"
        )
    if against not in varied:
        raise FitError(f"no spread: {against} does not vary over the measured cells")
    return against, varied[against], [against]


def _noise(left: FloatArray, counts: NDArray[np.int64]) -> float:
    """Scatter of cells of the same level, from what they leave over beside its median."""
    repeated = int((counts - 1).sum())
    rms = float(np.sqrt((left**2).sum() / repeated))
    mad = float(_STD_PER_MAD * np.median(np.abs(left)) * np.sqrt(counts.sum() / repeated))
    return min(rms, 1.5 * mad) if mad > 0 else rms


def _rough_noise(levels: FloatArray, medians: FloatArray) -> float:
    """Scatter without replicates: how far each level lies off the line between its neighbours; never too small.

    Raises:
        FitError: too few levels for it.
    """
    if len(levels) < QUADRATIC_LEVELS:
        raise FitError(
            f"too few points: {len(levels)} levels without replicates do not tell how far cells scatter; write"
            f" replicates, or {QUADRATIC_LEVELS} levels and more"
        )
    share = (levels[1:-1] - levels[:-2]) / (levels[2:] - levels[:-2])
    off = medians[1:-1] - ((1.0 - share) * medians[:-2] + share * medians[2:])
    return float(np.sqrt(np.mean(off**2 / (1.0 + share**2 + (1.0 - share) ** 2))))


def _refuse_backward(
    levels: FloatArray, medians: FloatArray, counts: NDArray[np.int64], noise: float, reference: float, unit: str
) -> None:
    direction = 1.0 if medians[-1] >= medians[0] else -1.0
    steps = direction * np.diff(medians)
    # The spread of a median of n is about 1.25 times that of their mean.
    error = 1.25 * noise * np.sqrt(1.0 / counts[1:] + 1.0 / counts[:-1])
    allowed = np.maximum(3.0 * error, 0.02 * float(np.ptp(medians)))
    bad = np.flatnonzero(steps < -allowed)
    if bad.size:
        i = int(bad[0])
        low, high = (reference * float(np.exp(levels[j])) for j in (i, i + 1))
        raise FitError(
            f"non-monotonic: the peak goes from {medians[i]:.4g} to {medians[i + 1]:.4g} nm between {low:.4g} and"
            f" {high:.4g} {unit}".rstrip()
            + ", against the direction of the whole series; fit a narrower range"
        )


def _monotonic(values: FloatArray, counts: NDArray[np.int64]) -> FloatArray:
    """The nearest monotonic sequence (pool adjacent violators), in the direction of the ends."""
    sign = 1.0 if values[-1] >= values[0] else -1.0
    blocks: list[tuple[float, float, int]] = []
    for value, count in zip((sign * values).tolist(), counts.tolist(), strict=True):
        blocks.append((value, float(count), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n, p), (b, m, q) = blocks[-2:]
            blocks[-2:] = [((a * n + b * m) / (n + m), n + m, p + q)]
    return sign * np.repeat([b[0] for b in blocks], [b[2] for b in blocks])


def _quadratic(
    logs: FloatArray, peak: FloatArray, seed: int
) -> tuple[dict[str, FitNumber], float, float, FloatArray] | None:
    """A parabola over ln dose: coefficients, scatter, R², weights; None where it is bad or turns around inside."""
    fit = robust_linear(np.stack([np.ones_like(logs), logs, logs**2], axis=1), peak, seed=seed)
    _, slope, curvature = fit.coefficients.tolist()
    ends = [slope + 2.0 * curvature * float(end) for end in (logs.min(), logs.max())]
    if ends[0] * ends[1] <= 0:
        return None
    try:
        refuse_bad(fit, "peak")
    except FitError:
        return None
    stds = fit.std(lambda c: c).tolist()
    names = ("peak_nm", "slope_nm", "curvature_nm")
    numbers = {
        name: FitNumber(value=value, std=std)
        for name, value, std in zip(names, fit.coefficients.tolist(), stds, strict=True)
    }
    return numbers, fit.scatter, fit.r_squared, fit.weights


def _level_stds(
    peak: FloatArray, place: NDArray[np.int64], counts: NDArray[np.int64], noise: float, seed: int
) -> FloatArray:
    """Uncertainty of each level: of a median by the scatter, or by resampling its cells, whichever is larger."""
    chance = np.random.default_rng(seed)
    found = 1.25 * noise / np.sqrt(counts)
    for i, count in enumerate(counts.tolist()):
        if count > 2:
            mine = peak[place == i]
            drawn = np.median(mine[chance.integers(0, count, (200, count))], axis=1)
            found[i] = max(found[i], float(drawn.std()))
    return np.asarray(found, np.float64)
