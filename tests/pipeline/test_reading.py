"""Pictures as people take them: turned, mirrored, negative, cut, mixed up, of something else. Never a wrong file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lasercam.channel.presets import shipped_channels
from lasercam.model.camera_image import CameraImage
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.reading import page_rows, read_stored, sentences
from lasercam.pipeline.simulated_pages import SimulatedPages
from tests.pipeline.test_stored_data import JOB, TEXT

OTHER = "Another file, written on the same day by somebody else altogether, in the lab next door."


def pictures_of(folder: Path, text: str) -> list[CameraImage]:
    folder.mkdir()
    (folder / "job.yaml").write_text(text)
    job = load_job(folder / "job.yaml")
    toolpath = plan_job(job)
    build(job, toolpath, judge(job, toolpath), folder / "out", pictures=False)
    with SimulatedPages(folder / "out", job, toolpath, "data", shipped_channels()["bench"], seed=2) as simulated:
        return list(simulated.pictures())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[CameraImage]:
    return pictures_of(tmp_path_factory.mktemp("reading") / "a", JOB)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[CameraImage]:
    return pictures_of(tmp_path_factory.mktemp("reading") / "b", JOB.replace(TEXT.decode(), OTHER))


def with_planes(image: CameraImage, planes: np.ndarray, title: str = "") -> CameraImage:
    return replace(image, planes=np.ascontiguousarray(planes, np.float32), title=title or image.title)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: np.rot90(p, 1, axes=(1, 2)),
        lambda p: np.rot90(p, 2, axes=(1, 2)),
        lambda p: p[:, :, ::-1],
        lambda p: np.rot90(p[:, ::-1], 1, axes=(1, 2)),
        lambda p: 1.0 - p,
        lambda p: np.clip(p * 2.5, 0.0, 1.0),
        lambda p: p * 0.1,
    ],
    ids=["quarter turn", "half turn", "mirrored", "mirrored and turned", "negative", "over-exposed", "faint"],
)
def test_however_the_picture_lies(pictures: list[CameraImage], change: object) -> None:
    changed = [with_planes(image, change(image.planes)) for image in pictures]  # type: ignore[operator]
    reading = read_stored(changed)
    assert reading.whole
    assert reading.files[0].content == TEXT


def test_files_that_are_mixed_up_are_told_apart(pictures: list[CameraImage], others: list[CameraImage]) -> None:
    reading = read_stored([pictures[0], others[1], others[0], pictures[2], others[2], pictures[1]])
    assert {read.content for read in reading.files} == {TEXT, OTHER.encode()}


def test_a_corner_that_is_cut_off_costs_pages_and_never_gives_wrong_ones(pictures: list[CameraImage]) -> None:
    half = [with_planes(image, image.planes[:, : image.planes.shape[1] // 2]) for image in pictures]
    reading = read_stored(half)
    assert all(read.content in (None, TEXT) for read in reading.files)
    assert not reading.whole
    covered = []
    for image in pictures:
        planes = image.planes.copy()
        planes[:, 60:120, 100:160] = 0.0  # dust
        covered.append(with_planes(image, planes))
    assert read_stored(covered).files[0].content in (None, TEXT)


def test_missing_layers_are_made_up_for_or_missed(pictures: list[CameraImage]) -> None:
    one = read_stored(pictures[1:2])  # one page of three, any one of which is enough
    assert one.files[0].content == TEXT
    states = {row["page"]: row["state"] for row in page_rows(one.files[0])}
    assert sorted(states.values()) == ["not seen", "not seen, recovered", "read"]
    assert "made up by parity" in " ".join(sentences(one.files[0]))


def test_foreign_pictures_are_no_files(pictures: list[CameraImage]) -> None:
    rng = np.random.default_rng(0)
    y, x = np.indices((400, 500))
    foreign = {
        "noise": rng.random((1, 400, 500)),
        "black": np.zeros((3, 400, 500)),
        "rings": np.cos(np.hypot(x - 250, y - 200) / 7.0)[None] * 0.5 + 0.5,
        "lattice": ((x % 9 == 4) & (y % 9 == 4))[None].astype(float),
        "nothing but NaN": np.full((1, 400, 500), np.nan),
    }
    images = [CameraImage(p.astype(np.float32), tuple("abc"[: len(p)]), title) for title, p in foreign.items()]
    reading = read_stored(images)
    assert not reading.files
    assert set(reading.missed) == set(foreign)
    assert reading.pageless == tuple(range(len(images)))
    beside = read_stored([*images, *pictures])
    assert beside.files[0].content == TEXT


def test_two_looks_at_a_bad_page_are_better_than_one(pictures: list[CameraImage]) -> None:
    def cut(image: CameraImage, rows: slice) -> CameraImage:
        planes = image.planes.copy()
        planes[:, rows] = 0.0
        return with_planes(image, planes)

    height = pictures[0].planes.shape[1]
    upper, lower = slice(0, int(0.45 * height)), slice(int(0.55 * height), height)
    alone = read_stored([cut(pictures[0], upper)])
    assert not alone.whole
    both = read_stored([cut(pictures[0], upper), cut(pictures[0], lower)])
    assert all(read.content in (None, TEXT) for read in both.files)
