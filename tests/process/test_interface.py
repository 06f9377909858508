"""The flat interface against rays traced by Snell's law, and against the worked numbers for dry lenses."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lasercam.errors import MachineLimitError, ParameterError
from lasercam.model.machine import Objective
from lasercam.process.depth_travel import aberration_per_depth, travel_per_depth
from lasercam.process.interface import aberrated_length_um, depth_scale, interface_aberration_um

INDEX = st.floats(1.0, 1.7)


def traced(na: float, sample: float, immersion: float) -> float:
    """Depth per travel of the ray of one aperture: equal heights at the surface, and Snell's law."""
    return math.tan(math.asin(na / immersion)) / math.tan(math.asin(na / sample))


# F21: n 1.5, 133.333 µm of travel: paraxial 200, marginal 210.316 (NA 0.40) and 237.187 (NA 0.65), best 204.745 µm.
@pytest.mark.parametrize(
    ("model", "na", "depth"),
    [("paraxial", 0.4, 200.0), ("marginal_ray", 0.4, 210.316), ("best_focus", 0.4, 204.745),
     ("marginal_ray", 0.65, 237.187)],
)  # fmt: skip
def test_the_worked_depths_need_the_worked_travel(model, na, depth):
    assert depth * depth_scale(na, 1.5, 1.0, model) == pytest.approx(133.333, rel=1e-5)


@given(st.floats(0.01, 0.99), INDEX, INDEX)
def test_the_outermost_ray_is_the_traced_one(share, sample, immersion):
    na = share * min(sample, immersion)
    assert 1 / depth_scale(na, sample, immersion, "marginal_ray") == pytest.approx(
        traced(na, sample, immersion), rel=1e-9
    )
    inner = traced(1e-4, sample, immersion)
    assert 1 / depth_scale(na, sample, immersion, "paraxial") == pytest.approx(inner, rel=1e-6)
    blur = interface_aberration_um(100.0, na, sample, immersion)
    assert blur == pytest.approx(100 * (traced(na, sample, immersion) - sample / immersion), rel=1e-6, abs=1e-9)
    assert math.copysign(1, blur) == math.copysign(1, sample - immersion) or blur == 0


@given(st.floats(0.05, 0.95), INDEX, INDEX)
def test_the_best_focus_lies_between(share, sample, immersion):
    assume(abs(sample - immersion) > 1e-3)
    na = share * min(sample, immersion)
    scales = [depth_scale(na, sample, immersion, m) for m in ("paraxial", "best_focus", "marginal_ray")]
    assert scales == sorted(scales) or scales == sorted(scales, reverse=True)


def test_equal_media_are_one_medium():
    assert interface_aberration_um(500.0, 1.2, 1.5, 1.5) == 0.0
    assert {depth_scale(1.2, 1.5, 1.5, m) for m in ("paraxial", "best_focus", "marginal_ray")} == {1.0}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((1.2, 1.5, 1.0, "paraxial"), "there is no such lens"),
        ((1.4, 1.33, 1.52, "marginal_ray"), "reflects the outer rays totally"),
        ((0.4, 1.5, 1.0, "exact"), "allowed: paraxial, best_focus, marginal_ray"),
    ],
)
def test_what_cannot_be(arguments, says):
    with pytest.raises(ParameterError, match=says):
        depth_scale(*arguments)


def test_a_blurred_focus_is_longer_by_the_blur():
    assert aberrated_length_um(6.147, 10.316) == pytest.approx(16.463)
    assert aberrated_length_um(6.147, -10.316) == pytest.approx(16.463)


def objective(**changes):
    data = {"name": "o", "na": 0.4, "working_distance": "1 mm", "source": "x", **changes}
    return Objective.model_validate(data)


def test_a_profile_says_what_travel_makes_of_depth():
    assert travel_per_depth(objective(), 1.52) == 1.0 / 1.52
    assert travel_per_depth(objective(depth_correction="best_focus"), 1.5) == pytest.approx(133.333 / 204.745, rel=1e-5)
    marginal = objective(depth_correction="marginal_ray")
    assert travel_per_depth(marginal, 1.5) == pytest.approx(133.333 / 210.316, rel=1e-5)
    measured = objective(depth_correction="measured", depth_per_travel=1.62)
    assert travel_per_depth(measured, 1.5) == pytest.approx(1 / 1.62)
    # LSA 10.316 µm at 133.333 µm of travel, whatever depth is meant by it
    assert aberration_per_depth(marginal, 1.5) * 210.316 == pytest.approx(10.316, rel=1e-4)


@pytest.mark.parametrize(
    "changes", [{"depth_correction": "measured"}, {"depth_per_travel": 1.6}, {"depth_correction": "exact"}]
)
def test_half_a_correction_is_refused(changes):
    with pytest.raises(ValueError, match=r"depth_per_travel|Input should be"):
        objective(**changes)


def test_a_correction_by_rays_that_do_not_enter_is_refused():
    strong = objective(na=1.4, immersion_index=1.52, depth_correction="marginal_ray")
    with pytest.raises(MachineLimitError, match=r"reflects all above NA 1.33; use `paraxial` or `measured`"):
        travel_per_depth(strong, 1.33)
    assert travel_per_depth(objective(na=1.4, immersion_index=1.52), 1.33) == 1.52 / 1.33
