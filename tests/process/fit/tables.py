"""Filled results tables of known truth."""

from collections.abc import Mapping, Sequence

import numpy as np


def table(columns: Mapping[str, Sequence[object] | np.ndarray], separator: str = ",") -> bytes:
    """A table as CSV; measurements that are not given stay empty, as `lasercam build` leaves them."""
    n = len(next(iter(columns.values())))
    whole = {"step": ["write"] * n, "recipe": [f"r[{i}]" for i in range(n)], **columns}
    for name in ("glows", "width_um", "peak_nm", "intensity", "note"):
        whole.setdefault(name, [""] * n)
    rows = zip(*(map(_text, column) for column in whole.values()), strict=True)
    return "".join(separator.join(row) + "\n" for row in [tuple(whole), *rows]).encode()


def _text(value: object) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def dots(
    *, w0=0.95, threshold=1.1487, s=1.0, pulses=(1,), noise=0.02, levels=7, copies=3, low=1.2, high=8.0, seed=1
) -> dict[str, np.ndarray]:
    """Diameters by D = w0 √(2 ln(E / (E_th N^(S-1)))), with Gaussian noise; dark ones have none."""
    chance = np.random.default_rng(seed)
    energy, counts = map(np.ravel, np.meshgrid(np.geomspace(low, high, levels), np.asarray(pulses, float)))
    energy, counts = np.repeat(energy, copies), np.repeat(counts, copies)
    ratio = np.maximum(energy / (threshold * counts ** (s - 1)), 1.0)
    diameter = w0 * np.sqrt(2 * np.log(ratio))
    diameter = np.where(diameter > 0, np.maximum(diameter + noise * chance.normal(size=energy.size), 0.0), 0.0)
    return {"pulse_energy_uJ": energy, "pulses": counts, "width_um": diameter}


def lines(*, a=-0.3, b=0.5, width=5.0, noise=0.03, seed=1, n=5, copies=1) -> dict[str, np.ndarray]:
    """Widths by width (v / 400)^a (E / 30)^b with relative noise."""
    chance = np.random.default_rng(seed)
    energy, speed = map(np.ravel, np.meshgrid(np.geomspace(10, 60, n), np.geomspace(100, 1000, n)))
    energy, speed = np.repeat(energy, copies), np.repeat(speed, copies)
    found = width * (speed / 400) ** a * (energy / 30) ** b * np.exp(noise * chance.normal(size=energy.size))
    rate = np.full(energy.size, 1e4)
    return {"pulse_energy_uJ": energy, "repetition_rate_Hz": rate, "speed_um/s": speed, "width_um": found}


def peaks(law, *, low=0.1, high=10.0, levels=7, copies=4, noise=0.8, seed=1) -> dict[str, np.ndarray]:
    """Peaks by a law over exposure in s, with Gaussian noise in nm."""
    chance = np.random.default_rng(seed)
    exposure = np.repeat(np.geomspace(low, high, levels), copies)
    return {"exposure_s": exposure, "peak_nm": law(exposure) + noise * chance.normal(size=exposure.size)}
