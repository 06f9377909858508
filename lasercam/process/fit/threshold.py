"""Liu plot: spot radius and threshold energy from diameters of dots, with incubation where pulse numbers vary."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import FitError
from lasercam.model.process_fit import FitNumber
from lasercam.process.fit.fitted import Fitted, constant_settings, fit_input, refuse_bad, seen_cells, varied_settings
from lasercam.process.fit.results import SweepResults
from lasercam.process.fit.robust import LinearFit, is_curved, robust_linear

FloatArray = NDArray[np.float64]

MAX_RADIUS_STD: Final = 0.3
MAX_THRESHOLD_STD: Final = 0.5
MAX_EXTRAPOLATION: Final = 4.0
"""How far the threshold may lie below the smallest energy that left a mark."""
MAX_CONTRADICTIONS: Final = 0.5


def fit_threshold(results: SweepResults, *, seed: int = 0) -> Fitted:
    """Spot radius w0, threshold energy E_th of one pulse (or of the constant number) and incubation exponent S.

    D² = 2 w0² (ln E − ln E_th − (S − 1) ln N). Diameters are measured with the same uncertainty, so that of their
    squares grows with the diameter; the fit weights them accordingly, with the diameters of a first fit.

    Args:
        results: the table; widths are diameters.
        seed: of the bootstrap.

    Raises:
        FitError: too few points, no spread, another law, or a result that the data hardly determine.

    Source: J. M. Liu, Opt. Lett. 7, 196 (1982); Y. Jee et al., J. Opt. Soc. Am. B 5, 648 (1988); cited from memory.
    """
    cells = seen_cells(results, "width_um")
    if "pulse_energy" not in cells.settings:
        raise FitError("a threshold needs the column pulse_energy_uJ")
    pulses = _pulses(cells)
    free = ["pulse_energy", "pulses", "exposure"] if pulses is not None else ["pulse_energy"]
    constants = constant_settings(cells, free)
    energy, diameter = cells.settings["pulse_energy"], cells.measured["width_um"]
    if not np.isfinite(energy).all():
        raise FitError("pulse_energy is missing in some of the measured cells")
    inputs = [fit_input("pulse_energy", energy)]
    columns = [np.ones_like(energy), np.log(energy / inputs[0].reference)]
    incubates = pulses is not None and bool(np.ptp(np.log(pulses)) > 1e-9)
    if incubates and pulses is not None:
        inputs.append(fit_input("pulses", pulses))
        columns.append(np.log(pulses))
    design = np.stack(columns, axis=1)
    first = robust_linear(design, diameter**2, seed=seed, sigma=diameter, n_bootstrap=1)
    model = np.sqrt(np.clip(design @ first.coefficients, (0.25 * diameter) ** 2, (4.0 * diameter) ** 2))
    fit = robust_linear(design, diameter**2, seed=seed, sigma=2.0 * model)
    _refuse_shape(fit, design, diameter, incubates=incubates)
    reference = inputs[0].reference

    def physics(c: FloatArray) -> FloatArray:
        """Coefficients (…, K) as radius, ln of the threshold, and S."""
        slope = np.where(c[..., 1] > 0, c[..., 1], np.nan)
        found = [np.sqrt(slope / 2.0), np.log(reference) - c[..., 0] / slope]
        if incubates:
            found.append(1.0 - c[..., 2] / slope)
        return np.stack(found, axis=-1)

    radius, log_threshold, *exponent = physics(fit.coefficients).tolist()
    stds = fit.std(physics)
    threshold = float(np.exp(log_threshold))
    _refuse_loose(radius, threshold, stds, float(energy.min()), incubates=incubates)
    coefficients = {
        "spot_radius_um": FitNumber(value=radius, std=float(stds[0])),
        "threshold_energy_uj": FitNumber(value=threshold, std=threshold * float(stds[1])),
    }
    if incubates:
        if not 0 < exponent[0] <= 1.0 + 2.0 * float(stds[2]):
            raise FitError(
                f"the incubation exponent comes out as {exponent[0]:.3g} ± {float(stds[2]):.2g}; only values above"
                " 0 and at most 1 mean anything (the threshold would rise with pulse number)"
            )
        coefficients["incubation_s"] = FitNumber(value=min(exponent[0], 1.0), std=float(stds[2]))
    notes = [_counted(pulses, constants, incubates=incubates), *_contradictions(results, radius, threshold, exponent)]
    scatter_um = fit.scatter / float(np.median(2.0 * model))
    return Fitted(
        "threshold", "liu", tuple(inputs), coefficients, (), scatter_um, fit.r_squared, cells,
        np.stack([energy, pulses], axis=1) if incubates and pulses is not None else energy[:, None],
        diameter, fit.weights, constants, tuple(notes),
    )  # fmt: skip


def _pulses(cells: SweepResults) -> FloatArray | None:
    """Pulses of each dot (N,): counted, or exposure times rate; None for lines and where nobody can tell."""
    settings = cells.settings
    if "speed" in settings and np.isfinite(settings["speed"]).any():
        if "speed" in varied_settings(cells):
            raise FitError("speed varies: the diameter law is for dots, or for lines of one speed; choose one value")
        return None
    counted = settings.get("pulses")
    if counted is None and {"exposure", "repetition_rate"} <= set(settings):
        counted = settings["exposure"] * settings["repetition_rate"]
    if counted is None or not np.isfinite(counted).all():
        return None
    if counted.min() < 1.0 - 1e-9:
        raise FitError(f"a dot of {counted.min():g} pulses is none")
    return np.asarray(counted, np.float64)


def _refuse_shape(fit: LinearFit, design: FloatArray, diameter: FloatArray, *, incubates: bool) -> None:
    if fit.coefficients[1] <= 0:
        raise FitError("the diameters do not grow with pulse energy: this is no ablation series (non-monotonic)")
    refuse_bad(fit, "squared diameter over ln energy")
    extra = design[:, 1:2] ** 2
    if incubates:
        extra = np.hstack((extra, design[:, 2:] ** 2))
    if is_curved(design, diameter**2, extra, fit):
        raise FitError(
            "squared diameter over ln energy is curved, not straight: more than one process, a beam that is not"
            " Gaussian, or focus that drifts; fit a narrower range of energies"
        )


def _refuse_loose(radius: float, threshold: float, stds: FloatArray, lowest: float, *, incubates: bool) -> None:
    if float(stds[0]) > MAX_RADIUS_STD * radius or float(stds[1]) > MAX_THRESHOLD_STD:
        raise FitError(
            f"the data hardly determine the result: spot radius {radius:.3g} ± {float(stds[0]):.2g} µm, threshold"
            f" {threshold:.3g} µJ ± {100 * float(stds[1]):.0f} %; measure more cells or a wider range"
        )
    if not incubates and threshold * MAX_EXTRAPOLATION < lowest:
        raise FitError(
            f"extrapolation: the threshold comes out at {threshold:.3g} µJ, {lowest / threshold:.1f} times below the"
            f" smallest energy measured, {lowest:g} µJ; measure closer to it"
        )


def _counted(pulses: FloatArray | None, constants: dict[str, float], *, incubates: bool) -> str:
    if incubates:
        from_more = pulses is not None and float(pulses.min()) > 1.0
        return f"the threshold is that of a single pulse{', extrapolated by the incubation law' if from_more else ''}"
    if pulses is not None:
        return f"the threshold is that of {f'{pulses[0]:g} pulses' if pulses[0] > 1 else 'a single pulse'} on one spot"
    if "speed" in constants:
        return f"the threshold is that of lines written at {constants['speed']:g} µm/s"
    return "nobody says how many pulses a dot had; the threshold is that of the dots as written"


def _contradictions(results: SweepResults, radius: float, threshold: float, exponent: list[float]) -> list[str]:
    """Cells in which nothing was seen although the fit expects a mark of more than a fifth of the spot.

    Raises:
        FitError: most of the dark cells are such.
    """
    widths = results.measured["width_um"]
    dark = results.chosen((results.glows == 0) | (widths == 0))
    energy = dark.settings.get("pulse_energy", np.full(len(dark), np.nan))
    limit = np.full(len(dark), threshold)
    if exponent and len(dark):
        counted = _pulses(dark)
        if counted is None:
            return []
        limit = threshold * counted ** (exponent[0] - 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = radius * np.sqrt(2.0 * np.log(np.maximum(energy / limit, 1.0)))
    against = int(np.count_nonzero(expected > 0.2 * radius))
    if not against:
        return []
    text = f"in {against} of {len(dark)} cells noted as empty the fit expects a mark"
    if against > MAX_CONTRADICTIONS * len(dark):
        raise FitError(f"{text}: the threshold does not agree with them")
    return [text]
