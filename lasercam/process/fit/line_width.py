"""Width of lines over speed and energy: a power law, linear in logarithms."""

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import FitError
from lasercam.model.process_fit import FitNumber
from lasercam.process.fit.fitted import (
    Fitted,
    constant_settings,
    fit_input,
    refuse_bad,
    seen_cells,
    varied_settings,
)
from lasercam.process.fit.results import SweepResults
from lasercam.process.fit.robust import is_curved, robust_linear

FloatArray = NDArray[np.float64]


def fit_line_width(results: SweepResults, *, seed: int = 0) -> Fitted:
    """width = width_ref (v / v_ref)^a (E / E_ref)^b, over whichever of speed and energy (or power) was varied.

    Args:
        results: the table; widths are those of lines.
        seed: of the bootstrap.

    Raises:
        FitError: too few points, no spread, no power law, or exponents that the data hardly determine.
    """
    cells = seen_cells(results, "width_um")
    varied = varied_settings(cells)
    strength = "pulse_energy" if "pulse_energy" in cells.settings else "average_power"
    keys = [key for key in ("speed", strength) if key in varied]
    if not keys:
        raise FitError(f"no spread: neither speed nor {strength} varies over the measured cells")
    if "speed" not in cells.settings or not np.isfinite(cells.settings["speed"]).all():
        raise FitError("a line width needs the speed of every line; a table of dots has none")
    constants = constant_settings(cells, keys)
    inputs = [fit_input(key, varied[key]) for key in keys]
    values = np.stack([varied[key] for key in keys], axis=1)
    references = np.array([item.reference for item in inputs])
    logs = np.log(values / references)
    width = cells.measured["width_um"]
    design = np.hstack((np.ones((len(width), 1)), logs))
    log_width = np.log(width)
    fit = robust_linear(design, log_width, seed=seed)
    if float(np.ptp(log_width)) < 1e-9:
        raise FitError("no spread: all lines have the same width")
    refuse_bad(fit, "line width over " + " and ".join(keys))
    crossed = [logs[:, i] * logs[:, j] for i in range(len(keys)) for j in range(i, len(keys))]
    if is_curved(design, log_width, np.stack(crossed, axis=1), fit):
        raise FitError(
            f"line width over {' and '.join(keys)} is curved on logarithmic scales: no power law holds over the whole"
            " range; fit a narrower one"
        )
    stds = fit.std(lambda c: c)
    names = ["width_um", *(f"power_{key}" for key in keys)]
    middle = float(np.exp(fit.coefficients[0]))
    numbers = [(middle, middle * float(stds[0])), *zip(fit.coefficients[1:].tolist(), stds[1:].tolist(), strict=True)]
    coefficients = {name: FitNumber(value=value, std=std) for name, (value, std) in zip(names, numbers, strict=True)}
    notes = [
        f"the effect of {key} is not told apart from none: exponent {coefficients[f'power_{key}'].value:.2g} ±"
        f" {coefficients[f'power_{key}'].std:.2g}"
        for key in keys
        if abs(coefficients[f"power_{key}"].value) < 2.0 * coefficients[f"power_{key}"].std
    ]
    return Fitted(
        "line_width", "power_law", tuple(inputs), coefficients, (), fit.scatter, fit.r_squared, cells, values, width,
        fit.weights, constants, tuple(notes),
    )  # fmt: skip
