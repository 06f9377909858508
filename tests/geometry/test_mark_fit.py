"""How a sample lies, from its marks: hand-worked, against an independent fit, with noise, and refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.geometry.mark_fit import Lie, Sightings, fit_marks

NAN = float("nan")
STRAIGHT = Lie((0.0, 0.0, 0.0))
SQUARE = [(2000.0, 2000.0, -130.0), (8000.0, 2000.0, -130.0), (8000.0, 8000.0, -130.0), (2000.0, 8000.0, -130.0)]


def seen(nominal, measured, sigma=1.0):
    n = len(nominal)
    table = np.array([(*place, NAN)[:3] for place in measured], np.float64)
    weights = np.broadcast_to(np.asarray(sigma, np.float64), n).copy()
    return Sightings(tuple(f"m{i}" for i in range(n)), np.array(nominal, np.float64), table, weights, weights * 20.0)


def test_a_quarter_turn_and_a_shrinkage_by_hand() -> None:
    # (x, y) becomes (5000 - 0.998 y, 7000 + 0.998 x).
    nominal = [(0.0, 0.0, 0.0), (1000.0, 0.0, 0.0), (0.0, 500.0, 0.0)]
    fit = fit_marks(seen(nominal, [(5000.0, 7000.0), (5000.0, 7998.0), (4501.0, 7000.0)]), "similarity", STRAIGHT)
    assert fit.lie == Lie((5000.0, 7000.0, 0.0), 90.0, (0.998, 0.998, 0.998))
    assert fit.heights == "nominal"
    assert fit.rms_um < 1e-9


def test_a_shift_is_the_weighted_mean() -> None:
    # Off by 2 and by 8 along x, with weights 1 and 1/4: (2 + 8/4) / (1 + 1/4) = 3.2.
    fit = fit_marks(seen(SQUARE[:2], [(2002.0, 2000.0), (8008.0, 2000.0)], [1.0, 2.0]), "shift", STRAIGHT)
    assert fit.lie.corner_um == (3.2, 0.0, 0.0)
    assert fit.plane_um.tolist() == pytest.approx([1.2, 4.8])


def test_what_a_model_leaves_out_stays_as_it_was() -> None:
    before = Lie((10.0, 20.0, 5.0), 30.0, (0.99, 0.98, 0.97))
    nominal = np.array(SQUARE)
    moved = replace(before, corner_um=(-300.0, 700.0, 5.0), rotation_deg=31.5)
    fit = fit_marks(seen(SQUARE, moved.places_um(nominal)[:, :2]), "rigid", before)
    assert fit.lie == moved
    shifted = replace(before, corner_um=(-300.0, 700.0, 5.0))
    assert fit_marks(seen(SQUARE, shifted.places_um(nominal)[:, :2]), "shift", before).lie == shifted


lies = st.builds(
    lambda x, y, z, turn, a, b, shear, u, v: (Lie((x, y, z), turn, (a, a, a), 0.0, (u, v)), b, shear),
    *[st.floats(-2e4, 2e4)] * 3, st.floats(-179.0, 179.0), st.floats(0.9, 1.1), st.floats(0.9, 1.1),
    st.floats(-0.02, 0.02), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(lies, st.sampled_from(["similarity", "stretch", "affine"]), st.integers(0, 2**32 - 1))
def test_the_true_lie_is_found_again_within_noise(drawn, model, seed) -> None:
    lie, other, shear = drawn
    if model != "similarity":
        lie = replace(lie, scale=(lie.scale[0], other, (lie.scale[0] * other) ** 0.5))
    if model == "affine":
        lie = replace(lie, shear=shear)
    rng = np.random.default_rng(seed)
    nominal = np.column_stack((rng.uniform(0, 1e4, (12, 2)), rng.uniform(-300, 0, 12)))
    true = lie.places_um(nominal)
    exact = fit_marks(seen(nominal, true), model, STRAIGHT)
    assert np.abs(exact.lie.places_um(nominal) - true).max() < 1e-3
    noise = rng.normal(0.0, 0.3, true.shape)
    fit = fit_marks(seen(nominal, true + noise), model, STRAIGHT)
    # A least-squares fit never leaves more than the truth does, and lies within a few sigma of it at the marks.
    assert fit.rms_um <= np.sqrt((noise[:, :2] ** 2).sum(axis=1).mean()) + 1e-3
    assert np.abs(fit.lie.places_um(nominal) - true).max() < 6 * 0.3
    assert fit.lie == fit.lie.rounded()


def test_a_similarity_is_that_of_the_complex_numbers() -> None:
    """w = a z + b with one complex division: an oracle that knows no matrices."""
    rng = np.random.default_rng(3)
    nominal = np.column_stack((rng.uniform(0, 1e4, (7, 2)), np.zeros(7)))
    measured = nominal[:, :2] @ np.array([[0.9, 0.3], [-0.3, 0.9]]) + rng.normal(0, 5.0, (7, 2)) + [300.0, -40.0]
    z, w = nominal[:, 0] + 1j * nominal[:, 1], measured[:, 0] + 1j * measured[:, 1]
    dz, dw = z - z.mean(), w - w.mean()
    a = (dw * dz.conj()).sum() / (abs(dz) ** 2).sum()
    b = w.mean() - a * z.mean()
    lie = fit_marks(seen(nominal, measured), "similarity", STRAIGHT).lie
    assert lie.rotation_deg == pytest.approx(np.degrees(np.angle(a)), abs=1e-6)
    assert lie.scale[0] == pytest.approx(abs(a), abs=1e-8)
    assert lie.corner_um[:2] == pytest.approx((b.real, b.imag), abs=1e-3)


def test_heights_alone_say_how_it_slopes() -> None:
    """0.5 µm/mm along x, -0.3 along y, from the marks' own depth; places in the plane do not pull at it."""
    heights = [12.0 + 0.0005 * x - 0.0003 * y + up for x, y, up in SQUARE]
    off = [(0.2, -0.1), (-0.3, 0.1), (0.1, 0.2), (0.0, -0.2)]
    measured = [(x + a, y + b, z) for (x, y, _), (a, b), z in zip(SQUARE, off, heights, strict=True)]
    fit = fit_marks(seen(SQUARE, measured), "rigid", STRAIGHT)
    assert fit.lie.slopes == pytest.approx((0.0005, -0.0003), abs=1e-9)
    assert fit.lie.corner_um[2] == pytest.approx(12.0, abs=1e-3)
    assert fit.heights == "tilt"
    level = fit_marks(seen(SQUARE, measured), "rigid", STRAIGHT, level=True)
    assert (level.heights, level.lie.slopes) == ("shift", (0.0, 0.0))
    assert level.lie.corner_um[2] == pytest.approx(np.mean(heights) + 130.0, abs=1e-3)


def test_leaving_one_out_agrees_with_leaving_it_out() -> None:
    rng = np.random.default_rng(5)
    nominal = np.column_stack((rng.uniform(0, 1e4, (6, 2)), np.zeros(6)))
    measured = nominal[:, :2] + rng.normal(0, 0.1, (6, 2)) + [100.0, 50.0]
    measured[4] += [8.0, -6.0]
    fit = fit_marks(seen(nominal, measured), "similarity", STRAIGHT)
    assert int(np.nanargmin(fit.rest_rms_um)) == 4
    kept = [0, 1, 2, 3, 5]
    others = fit_marks(seen(nominal[kept], measured[kept]), "similarity", STRAIGHT)
    away = measured[4] - others.lie.places_um(nominal[4:5])[0, :2]
    assert fit.without_um[4] == pytest.approx(float(np.hypot(*away)), rel=1e-3)
    assert fit.rest_rms_um[4] == pytest.approx(others.rms_um, rel=1e-2)
    assert fit.without_um[4] == pytest.approx(10.0, abs=1.0)


@pytest.mark.parametrize(
    ("nominal", "measured", "model", "said"),
    [
        (SQUARE, [(-x, y) for x, y, _ in SQUARE], "similarity", "mirror image"),
        (SQUARE[:3], [(8000.0, 2000.0), (2000.0, 2000.0), (8000.0, 8000.0)], "rigid", "mirror image"),
        ([(0, 0, 0), (1, 1, 0), (2, 2, 0)], [(0, 0), (1, 1), (2, 2)], "stretch", "in one line"),
        ([(0, 0, 0), (1, 1, 0), (2, 2, 0)], [(0, 0, 1), (1, 1, 2), (2, 2, 3)], "rigid", "slope across"),
        (SQUARE[:3], [(1.0, 2.0), (1.0, 2.0), (3.0, 4.0)], "rigid", "m0 and m1 were measured at one place"),
        ([SQUARE[0]] * 2, [(1.0, 2.0), (3.0, 4.0)], "rigid", "m0 and m1 have one nominal place"),
        (SQUARE[:2], [(1.0, 2.0), (NAN, 4.0)], "rigid", "m1 holds a number that is not finite"),
    ],
)
def test_refused(nominal, measured, model, said) -> None:
    with pytest.raises(GeometryError, match=said):
        fit_marks(seen(nominal, measured), model, STRAIGHT)
