"""Robust fits of functions that are linear in their coefficients, with uncertainties from covariance and bootstrap."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import FitError

FloatArray = NDArray[np.float64]

N_BOOTSTRAP: Final = 200
_STD_PER_MAD: Final = 1.482602218505602  # of a normal distribution: 1 / Φ⁻¹(3/4)
_ROUNDS: Final = 4
_EXACT: Final = 1e-12
_CURVED_P: Final = 1e-3
_CURVED_GAIN: Final = 2.0
_OUTLIER: Final = 4.0
_CONDITION: Final = 1e8
_DETERMINED: Final = 0.8


@dataclass(frozen=True)
class LinearFit:
    """Coefficients of a design and how well they hold.

    Attributes:
        coefficients: float64 (K,).
        covariance: float64 (K, K).
        samples: float64 (B, K), coefficients of the bootstrap's resampled data.
        scatter: robust standard deviation of the residuals, in the unit of the values.
        r_squared: share of the variation explained, outliers weighted down.
        outliers: share of the points more than four scatters away.
        residuals: float64 (N,).
        weights: float64 (N,), 1 for points in line, less for outliers.
    """

    coefficients: FloatArray
    covariance: FloatArray
    samples: FloatArray
    scatter: float
    r_squared: float
    outliers: float
    residuals: FloatArray
    weights: FloatArray

    def std(self, of: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """Standard uncertainties (Q,) of quantities computed from coefficients (…, K) → (…, Q).

        The larger one of linear propagation of the covariance and of the bootstrap's spread (from its quartiles, so
        that a few degenerate resamplings do not count).
        """
        middle = of(self.coefficients)
        steps = 1e-6 * np.sqrt(np.diag(self.covariance)) + 1e-12 * np.abs(self.coefficients) + 1e-300
        jacobian = np.stack([(of(self.coefficients + e) - middle) / e.sum() for e in np.diag(steps)], axis=-1)
        linear = np.sqrt(np.maximum(np.einsum("qi,ij,qj->q", jacobian, self.covariance, jacobian), 0.0))
        low, high = np.nanquantile(of(self.samples), [0.15865525, 0.84134475], axis=0)
        return np.asarray(np.maximum(linear, 0.5 * (high - low)), np.float64)


def robust_linear(
    design: FloatArray,
    values: FloatArray,
    *,
    seed: int,
    sigma: FloatArray | None = None,
    n_bootstrap: int = N_BOOTSTRAP,
) -> LinearFit:
    """Fit values ≈ design · coefficients with the soft L1 loss.

    Args:
        design: (N, K), finite, of full rank.
        values: (N,), finite.
        seed: of the bootstrap; the same seed gives the same uncertainties.
        sigma: (N,) relative uncertainties of the values, > 0; None = all the same.
        n_bootstrap: resamplings.

    Raises:
        FitError: fewer than K + 2 points, or points that do not determine the coefficients.

    Source: P. J. Huber, Robust Statistics (1981), asymptotic covariance of an M-estimate (ch. 7), cited from memory.
    """
    n, k = design.shape
    if n < k + 2:
        raise FitError(f"too few points: {n} for {k} coefficients, at least {k + 2} are needed")
    scale = np.ones(n) if sigma is None else sigma
    x, y = design / scale[:, None], values / scale
    norms = np.linalg.norm(x, axis=0)
    if not np.all(norms > 0) or np.linalg.cond(x / norms) > _CONDITION:
        raise FitError("the settings were not varied independently, so their effects cannot be told apart")
    coefficients, spread = _fitted(x, y)
    residuals = y - x @ coefficients
    size = float(np.linalg.norm(y)) / np.sqrt(n) or 1.0
    if spread <= _EXACT * size:
        weights, covariance = np.ones(n), np.zeros((k, k))
    else:
        z = (residuals / spread) ** 2
        weights = 1.0 / np.sqrt(1.0 + z)
        influence = np.mean((residuals * weights) ** 2) / np.mean((1.0 + z) ** -1.5) ** 2
        covariance = influence * n / (n - k) * np.linalg.inv(x.T @ x)
    middle = np.average(values, weights=weights / scale**2)
    total = float((weights / scale**2 * (values - middle) ** 2).sum())
    left = float((weights * residuals**2).sum())
    samples = _bootstrap(x, y, coefficients, max(spread, _EXACT * size), seed, n_bootstrap)
    return LinearFit(
        coefficients,
        covariance,
        samples,
        spread * float(np.median(scale)),
        1.0 - left / total if total > 0 else 0.0,
        float(np.mean(np.abs(residuals) > _OUTLIER * max(spread, _EXACT * size))),
        residuals * scale,
        weights,
    )


def is_curved(design: FloatArray, values: FloatArray, extra: FloatArray, fit: LinearFit) -> bool:
    """Whether further columns (N, Q) explain far more than chance: the shape of the model is wrong.

    An F test with outliers weighted down; it speaks below p = 0.001, where the extra columns at least halve what is
    left over.
    """
    n, k = design.shape
    q = extra.shape[1]
    if n - k - q < 3:
        return False
    root = np.sqrt(fit.weights)
    wide = np.hstack((design, extra)) * root[:, None]
    if np.linalg.matrix_rank(wide) < k + q:
        return False
    solved, *_ = np.linalg.lstsq(wide, values * root, rcond=None)
    narrow_left = float((fit.weights * fit.residuals**2).sum())
    wide_left = float(((values * root - wide @ solved) ** 2).sum())
    floor = (_EXACT * float(np.linalg.norm(values))) ** 2
    if narrow_left <= floor:
        return False
    wide_left = max(wide_left, floor)
    from scipy.special import fdtrc

    f = (narrow_left - wide_left) / q / (wide_left / (n - k - q))
    return bool(narrow_left > _CURVED_GAIN * wide_left and fdtrc(q, n - k - q, max(f, 0.0)) < _CURVED_P)


def scatter_of(residuals: FloatArray, n_coefficients: int) -> float:
    """Robust standard deviation of residuals (N,) that are left by a fit of K coefficients."""
    n = len(residuals)
    return float(_STD_PER_MAD * np.median(np.abs(residuals)) * np.sqrt(n / max(n - n_coefficients, 1)))


def _fitted(x: FloatArray, y: FloatArray) -> tuple[FloatArray, float]:
    """Coefficients and scatter; the loss's scale is the scatter, found in a few rounds."""
    start, *_ = np.linalg.lstsq(x, y, rcond=None)
    coefficients = np.asarray(start, np.float64)
    size = float(np.linalg.norm(y)) / np.sqrt(len(y)) or 1.0
    spread = scatter_of(y - x @ coefficients, x.shape[1])
    for _ in range(_ROUNDS):
        if spread <= _EXACT * size:
            break
        coefficients = _solved(x, y, coefficients, spread)
        renewed = scatter_of(y - x @ coefficients, x.shape[1])
        if abs(renewed - spread) <= 0.01 * spread:
            break
        spread = renewed
    return coefficients, spread


def _solved(x: FloatArray, y: FloatArray, start: FloatArray, spread: float) -> FloatArray:
    """Coefficients with the soft L1 loss of one scale."""
    from scipy.optimize import least_squares

    def left(c: FloatArray) -> FloatArray:
        return np.asarray(x @ c - y, np.float64)

    def slopes(_: FloatArray) -> FloatArray:
        return x

    found = least_squares(left, start, jac=slopes, loss="soft_l1", f_scale=spread, x_scale="jac")
    return np.asarray(found.x, np.float64)


def _bootstrap(x: FloatArray, y: FloatArray, start: FloatArray, spread: float, seed: int, n_samples: int) -> FloatArray:
    """Coefficients (B, K) of points drawn again with replacement, with the loss's scale of the whole.

    Raises:
        FitError: hardly any resampling determines the coefficients: they hang on single points.
    """
    chance = np.random.default_rng(seed)
    n, k = x.shape
    norms = np.linalg.norm(x, axis=0)
    found: list[FloatArray] = []
    for _ in range(n_samples):
        drawn = chance.integers(0, n, n)
        if np.linalg.cond(x[drawn] / norms) < _CONDITION:
            found.append(_solved(x[drawn], y[drawn], start, spread))
    if len(found) < _DETERMINED * n_samples:
        raise FitError("the result hangs on single cells: most resamplings of the data leave it undetermined")
    return np.array(found).reshape(-1, k)
