"""Coverage maps against areas counted point by point, and the compiled loop against the plain one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.checks import shadow
from lasercam.checks.shadow import Light, cast_shadows, empty_maps

SLOPE = 0.4 / math.sqrt(1.5**2 - 0.4**2)


def light(start, end=None, *, radius=1.0, area=None, judged=True, slope=SLOPE) -> Light:
    start = np.asarray(start, float).reshape(-1, 3)
    end = start if end is None else np.asarray(end, float).reshape(-1, 3)
    n = len(start)
    length = np.sqrt(((end - start)[:, :2] ** 2).sum(axis=1))
    written = np.where(length > 0, 2 * radius * length, np.pi * radius**2) if area is None else np.full(n, float(area))
    return Light(start, end, written, np.full(n, radius), np.full(n, slope), np.full(n, judged))


def maps_for(*several: Light, widest: float = 1.0):
    corners = np.vstack([p for item in several for p in (item.start_um, item.end_um)])
    return empty_maps(corners[:, 2], corners[:, :2].min(axis=0), corners[:, :2].max(axis=0), widest)


def grid(count: int, pitch: float, depth: float) -> np.ndarray:
    y, x = np.divmod(np.arange(count * count), count)
    return np.column_stack((x * pitch, y * pitch, np.full(count * count, depth)))


def counted(written: np.ndarray, radius: float, x: float, y: float, circle: float) -> float:
    """Share of a circle that discs cover, by 200,000 points inside it."""
    random = np.random.default_rng(5)
    r, phi = circle * np.sqrt(random.random(200_000)), 2 * np.pi * random.random(200_000)
    points = np.column_stack((x + r * np.cos(phi), y + r * np.sin(phi)))
    near = written[np.hypot(written[:, 0] - x, written[:, 1] - y) < circle + radius]
    hit = np.zeros(len(points), bool)
    for disc in near:
        hit |= np.hypot(points[:, 0] - disc[0], points[:, 1] - disc[1]) < radius
    return float(hit.mean())


@pytest.mark.parametrize(("above", "pitch"), [(20.0, 4.0), (60.0, 5.0), (200.0, 6.0), (400.0, 3.0)])
def test_a_lattice_blocks_what_its_discs_cover(above: float, pitch: float) -> None:
    written = light(grid(120, pitch, 100.0))
    middle = 60 * pitch
    deep = light([(middle, middle, 100.0 + above)])
    maps = maps_for(written, deep)
    assert not cast_shadows(maps, written).share.any()
    found = cast_shadows(maps, deep)
    circle = math.hypot(1.0, above * SLOPE)
    exact = counted(written.start_um, 1.0, middle, middle, circle)
    # A circle of few lattice cells depends on where it lies; the map tells its mean.
    assert found.share[0] == pytest.approx(exact, rel=0.35 if circle < 3 * pitch else 0.12)
    assert found.plane_share[0] == pytest.approx(found.share[0])
    assert maps.depth_um[found.plane[0]] == 100.0


def test_half_of_a_cone_at_the_edge_of_a_field() -> None:
    written = light(grid(100, 2.5, 100.0))
    deep = light([(-0.1, 125.0, 300.0), (-200.0, 125.0, 300.0), (125.0, 125.0, 300.0)])
    found = cast_shadows_of(written, deep)
    assert found.share[1] == 0.0
    assert found.share[0] == pytest.approx(found.share[2] / 2, rel=0.15)


def cast_shadows_of(*several: Light):
    maps = maps_for(*several)
    for item in several:
        found = cast_shadows(maps, item)
    return found


def test_layers_block_one_after_the_other() -> None:
    layers = [light(grid(100, 2.5, depth)) for depth in (400.0, 300.0, 200.0)]
    alone = cast_shadows_of(layers[2], light([(125.0, 125.0, 600.0)])).share[0]
    three = cast_shadows_of(*layers, light([(125.0, 125.0, 600.0)])).share[0]
    assert three == pytest.approx(1 - (1 - alone) ** 3, rel=0.05)


def test_overlapping_lines_never_cover_more_than_all() -> None:
    x = np.arange(0, 200, 0.5)
    start = np.column_stack((x, np.zeros(400), np.full(400, 100.0)))
    hatch = light(start, start + np.array((0.0, 200.0, 0.0)))
    found = cast_shadows_of(hatch, hatch, light([(100.0, 100.0, 300.0)]))
    assert found.share[0] == pytest.approx(1.0, abs=1e-9)


def test_a_line_finds_the_one_place_that_is_written_above_it() -> None:
    small = light(grid(10, 2.0, 100.0) + np.array((5000.0, 0.0, 0.0)))
    found = cast_shadows_of(small, light([(0.0, 9.0, 150.0)], [(10_000.0, 9.0, 150.0)]))
    assert found.share[0] > 0.05


def test_a_slanted_line_is_looked_at_where_it_is_deep() -> None:
    plate = light(grid(100, 2.0, 100.0))
    down = light([(-50.0, 100.0, 100.0)], [(150.0, 100.0, 200.0)])
    up = light([(-50.0, 100.0, 100.0)], [(150.0, 100.0, 100.0)])
    assert cast_shadows_of(plate, down).share[0] > 0.3
    assert cast_shadows_of(plate, up).share[0] == 0.0


def test_the_same_depth_and_what_is_closer_than_the_focus_is_long_are_neighbours() -> None:
    plate = light(grid(50, 2.0, 100.0))
    gap = 1.0 / SLOPE
    close = light([(50.0, 50.0, 100.0), (50.0, 50.0, 100.0 + 0.99 * gap)])
    far = light([(50.0, 50.0, 100.0 + 1.01 * gap)])
    maps = maps_for(plate, close, far)
    cast_shadows(maps, plate)
    assert not cast_shadows(maps, close).share.any()
    assert cast_shadows(maps, far).share[0] > 0.5


def test_time_decides() -> None:
    plate, deep = light(grid(50, 2.0, 100.0)), light([(50.0, 50.0, 200.0)])
    assert cast_shadows_of(deep, plate).share.max() == 0.0
    assert cast_shadows_of(plate, deep).share.max() > 0.5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90))
def test_compiled_and_plain_agree_to_the_bit(seed: int, depths: int) -> None:
    random = np.random.default_rng(seed)
    n = 300
    start = random.random((n, 3)) * [300.0, 200.0, 1.0]
    start[:, 2] = 50.0 + 7.0 * random.integers(0, depths, n)
    end = start.copy()
    lines = random.random(n) < 0.4
    end[lines, :2] += random.normal(0, 30, (int(lines.sum()), 2))
    end[lines, 2] += random.normal(0, 3, int(lines.sum()))
    radius = random.choice([0.5, 2.0], n)
    item = Light(
        start, end, random.random(n) * 5, radius, np.full(n, SLOPE), random.random(n) < 0.8
    )  # fmt: skip
    results = []
    for loop in (shadow._cast, shadow._compiled()):
        maps = maps_for(item, widest=2.0)
        found = shadow.Blocked(np.zeros(n), np.full(n, -1, np.int64), np.zeros(n))
        loop(
            item.start_um, item.end_um, item.area_um2, item.radius_um, item.slope, item.is_judged,
            maps.depth_um, maps.coverage, maps.box, maps.low_um[0], maps.low_um[1], maps.cell_um, maps.bits,
            found.share, found.plane, found.plane_share,
        )  # fmt: skip
        assert maps.coverage.min() >= 0
        assert maps.coverage.max() <= 1 + 1e-9
        results.append((found.share, found.plane, found.plane_share, maps.coverage, maps.box))
    for plain, fast in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, fast)


@given(st.integers(1, 5_000), st.floats(1.0, 1e6), st.floats(0.1, 50.0))
def test_memory_is_bounded_and_a_cell_holds_a_feature(depths: int, size: float, widest: float) -> None:
    maps = empty_maps(np.arange(depths, dtype=float), np.zeros(2), np.array([size, size / 3]), widest)
    assert len(maps.depth_um) <= shadow.MOST_PLANES
    assert maps.coverage.size <= 4 / 3 * shadow.MOST_CELLS + 64
    assert maps.cell_um >= 2 * widest
    assert maps.cell_um * 2**maps.bits >= size
