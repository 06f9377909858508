import numpy as np
import pytest

from lasercam.errors import UsageError
from lasercam.preview.depths import DepthTally, choose_layer


def layers(*depths):
    tally = DepthTally()
    for part in depths:
        tally.add(np.asarray(part, float))
    return tally.layers()


def test_planes_are_told_apart_and_tilt_is_not():
    found = layers([200.0, 200.0003, 220.0], [220.2, 180.0, 200.0])
    assert [(layer.depth_um, layer.exposures) for layer in found] == [
        (180.0, 1),
        (pytest.approx(200.0, abs=1e-3), 3),
        (pytest.approx(220.1), 2),
    ]
    assert found[1].holds(np.array([199.9, 200.1, 219.9])).tolist() == [True, True, False]


def test_many_depths_stay_bounded_and_none_is_lost():
    depth = np.linspace(0.0, 5000.0, 300_000)
    found = layers(*np.array_split(depth, 7))
    assert sum(layer.exposures for layer in found) == 300_000
    assert len(found) < 5_000
    inside = np.zeros(len(depth), int)
    for layer in found:
        inside += layer.holds(depth)
    assert inside.min() >= 1


def test_a_layer_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="1 = 10 µm, 2 = 20 µm"):
        choose_layer(layers([10.0, 20.0]), 2)
    with pytest.raises(UsageError, match="none"):
        choose_layer((), 0)
