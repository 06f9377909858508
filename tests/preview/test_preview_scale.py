import io
import tracemalloc

import pytest

from lasercam.preview.emission import RecipeEffect, simulate_emission, toolpath_steps
from lasercam.preview.toolpath_figure import RASTER_FROM_ROWS, draw_toolpath
from tests.benchmarks.bench_preview import dot_array
from tests.preview.samples import DUAL


def peak_mb(job, n_rows):
    toolpath = dot_array(n_rows)
    tracemalloc.start()
    try:
        job(toolpath)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def picture(toolpath):
    draw_toolpath(toolpath, io.BytesIO(), fmt="png", sample_size_um=(10_000.0, 10_000.0))


def emission(toolpath):
    simulate_emission(toolpath_steps(toolpath), [RecipeEffect("p", DUAL, 1.6)] * 2, max_px=500)


@pytest.mark.scale
@pytest.mark.parametrize("job", [picture, emission])
def test_memory_depends_on_the_picture_and_not_on_the_rows(job):
    few, many = 2 * RASTER_FROM_ROWS, 20 * RASTER_FROM_ROWS
    job(dot_array(few))
    assert peak_mb(job, many) < 1.3 * peak_mb(job, few) + 10
