"""Deep before shallow across steps, orders and jobs: what is found, what is not, and what is said about it."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lasercam.checks.cone import BLOCKED_SHARE, Cone
from lasercam.model.recipe import PassKind
from lasercam.pipeline.judge import judge as judge_job
from lasercam.pipeline.ledger import read_ledger
from lasercam.pipeline.ledger_adding import add_build
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.checks.situation import codes, context, dots, judge, lines, valued
from tests.support import builders
from tests.support.jobs import DOTS, write_job

WRITE, REWRITE, ERASE = PassKind.WRITE, PassKind.REWRITE, PassKind.ERASE
RECIPE = builders.dot_recipe(values=valued(spot_radius=1.0))


def plate(depth: float, count: int = 40, at: float = 0.0) -> np.ndarray:
    y, x = np.divmod(np.arange(count * count), count)
    return np.column_stack((at + 2.5 * x, 2.5 * y, np.full(count * count, depth)))


def found(blocks, **options):
    return judge(Cone(), context(blocks, [RECIPE], **options))


def two(first, second, **options):
    upper, lower = dots(first), dots(second, section=1, first_row=len(first), part=1)
    return found([upper, lower], kinds=(WRITE, options.pop("kind", WRITE)), **options)


def test_a_deeper_step_after_a_shallow_one_is_found_with_its_arithmetic():
    (finding,) = two(plate(100), plate(200))
    assert finding.code == "W_CONE_BLOCKED"
    assert finding.on == "patterns.other.part"
    assert finding.first_row >= 1600
    # π (1 µm)² in every (2.5 µm)²
    assert finding.value == pytest.approx(math.pi / 2.5**2, rel=0.1)
    assert finding.limit == BLOCKED_SHARE
    half = math.degrees(math.asin(0.4 / 1.5))
    assert f"half-angle {half:.3g}°" in finding.message
    wide = 2 * math.hypot(1, 100 * math.tan(math.radians(half)))
    assert f"at 100 µm depth, where it is {wide:.4g} µm wide" in finding.message
    assert f"{1 - (1 - finding.value) ** 2:.1%} of the peak fluence" in finding.message


def test_deep_before_shallow_is_right():
    assert not two(plate(200), plate(100))
    assert not found([dots(np.vstack((plate(200), plate(100))))])


def test_the_same_depth_twice_is_not_above_itself():
    assert not two(plate(100), plate(100, at=200.0))


def test_beside_is_not_above():
    assert two(plate(100), plate(200, at=50.0))
    assert not two(plate(100), plate(200, at=200.0))


def test_order_within_one_step_counts():
    column = np.vstack([plate(d) for d in (100, 150, 200)]).reshape(3, -1, 3).transpose(1, 0, 2).reshape(-1, 3)
    (finding,) = found([dots(column)])
    assert finding.count > 1000


@pytest.mark.parametrize("kind", [REWRITE, ERASE])
def test_every_pass_is_blocked_but_only_writing_blocks(kind):
    assert codes(two(plate(100), plate(200), kind=kind)) == ["W_CONE_BLOCKED"]
    first = dots(plate(100))
    again = dots(plate(100), section=1, first_row=1600)
    last = dots(plate(200), section=2, first_row=3200)
    once = found([first, dots(plate(200), section=1, first_row=1600)], kinds=(WRITE, WRITE))
    twice = found([first, again, last], kinds=(WRITE, kind, WRITE))
    assert twice[0].value == once[0].value


def test_sparse_features_let_the_light_through():
    sparse = plate(100) * [8.0, 8.0, 1.0]  # one disc of 3.1 µm² in 400 µm²
    assert not two(sparse, plate(200))


def test_lines_block_by_their_width():
    hatch = [((0, y, 100), (300, y, 100)) for y in range(0, 300, 10)]
    deep = dots(plate(250, 20, at=100.0) + np.array((0.0, 100.0, 0.0)), section=1, first_row=30)
    (finding,) = found([lines(hatch), deep], kinds=(WRITE, WRITE))
    assert finding.value == pytest.approx(0.2, rel=0.15)


def test_a_stronger_objective_has_a_wider_cone():
    aside = plate(200, 4, at=115.0)  # 17 µm beside the plate's edge at 97.5 µm
    assert not two(plate(150), aside)
    objective = {"name": "o", "na": 1.2, "immersion_index": 1.5, "working_distance": "1 mm", "source": "x"}
    assert two(plate(150), aside, machine=builders.machine(objective=objective))


def test_without_a_spot_radius_the_ideal_one_is_taken():
    bare = builders.dot_recipe()
    blocks = [dots(plate(100)), dots(plate(200), section=1, first_row=1600)]
    (finding,) = judge(Cone(), context(blocks, [bare], kinds=(WRITE, WRITE)))
    assert finding.value == pytest.approx(math.pi * 0.8196**2 / 2.5**2, rel=0.1)


def test_rays_that_do_not_enter_are_not_judged():
    objective = {"name": "o", "na": 1.505, "immersion_index": 1.52, "working_distance": "1 mm", "source": "x"}
    assert not two(plate(100), plate(200), machine=builders.machine(objective=objective))


STEPS = "  - {name: write, write: {block.all: dot}}\n"
DENSE = (
    DOTS.replace("[6, 5, 3]", "[12, 12, 1]")
    .replace("[30 um, 30 um, 60 um]", "[10 um, 10 um, 1 um]")
    .replace("recipes:\n", "  deep: {type: voxels, counts: [12, 12, 1], pitch: [10 um, 10 um, 1 um], at: [1 mm, 1 mm], "
             "depth: 600 um}\nrecipes:\n")
)  # fmt: skip


def judged(folder: Path, steps: str, **options):
    loaded = load_job(write_job(folder, DENSE.replace(STEPS, steps)))
    verdict = judge_job(loaded, plan_job(loaded), **options)
    return [f for f in verdict.findings if f.code == "W_CONE_BLOCKED"]


def test_the_planner_orders_one_step_so_that_nothing_is_blocked(tmp_path: Path) -> None:
    both = "  - {name: both, write: {block.all: dot, deep.all: dot}}\n"
    assert not judged(tmp_path, both)
    assert judged(tmp_path, both.replace("deep.all: dot}", "deep.all: dot}, order: as_given"))
    apart = "  - {name: a, write: {block.all: dot}}\n  - {name: b, write: {deep.all: dot}}\n"
    (finding,) = judged(tmp_path, apart)
    assert finding.on == "patterns.deep.layer_1"
    assert finding.location is not None


def test_what_an_earlier_job_wrote_blocks_too(tmp_path: Path) -> None:
    from lasercam.cli.main import run

    loaded = write_job(tmp_path, DENSE)
    assert run(["build", str(loaded), "-o", str(tmp_path / "out"), "--no-pictures"]) == 0
    ledger = tmp_path / "A7.ledger"
    add_build(tmp_path / "out", ledger, date="2026-05-02")
    deep = "  - {name: deep, write: {deep.all: dot}}\n"
    assert not judged(tmp_path, deep)
    (finding,) = judged(tmp_path, deep, ledger=read_ledger(ledger))
    assert finding.on == "patterns.deep.layer_1"
    assert finding.first_row >= 0
    assert not judged(tmp_path, STEPS, ledger=read_ledger(ledger))


def test_rows_of_a_cloud_share_maps():
    random = np.random.default_rng(1)
    cloud = random.random((20_000, 3)) * [100.0, 100.0, 400.0] + [0.0, 0.0, 50.0]
    (finding,) = found([dots(cloud[:10_000]), dots(cloud[10_000:], first_row=10_000)])
    assert finding.count > 1_000
    downwards = cloud[np.argsort(-cloud[:, 2])]
    assert not found([dots(downwards[:10_000]), dots(downwards[10_000:], first_row=10_000)])


def test_another_step_of_the_same_section_count_is_named():
    def named(sections):
        return (sections[0], replace(sections[1], step_name="underneath"))

    (finding,) = two(plate(100), plate(200), sections=named)
    assert "in step 'underneath'" in finding.message
