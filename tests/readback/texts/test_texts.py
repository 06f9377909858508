"""Hidden texts in pictures: lasercam's own views, and photographs made of them."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lasercam.cli.main import run
from lasercam.pipeline.load import load_job
from lasercam.readback.texts.panels import panels
from lasercam.sources.element_cells import HidesText
from tests.support.photographs import Distortion, photographed

ROOT = Path(__file__).parents[3]
JOB = ROOT / "patterns" / "three_level_encryption.yaml"
VIEWS = {"first": ("uv", "1"), "uv": ("uv", "2"), "red": ("uv+lp645", "2"), "green": ("uv+sp600", "2")}


def _job(folder: Path, visible: str, hidden: str, font: str, height: str = "400 um") -> Path:
    text = JOB.read_text(encoding="utf-8")
    for old, new in (
        ("visible: E", f"visible: {json.dumps(visible)}"),
        ("hidden: F", f"hidden: {json.dumps(hidden)}"),
        ("font: segment-14", f"font: {font}"),
        ("height: 400 um", f"height: {height}"),
        ("    strokes: 3 # example value: lines of one segment\n    stroke_pitch: 10 um # example value\n", ""),
    ):
        assert old in text
        text = text.replace(old, new)
    path = folder / "job.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _view(job: Path, name: str, folder: Path) -> Path:
    view, step = VIEWS[name]
    path = folder / f"{name}.png"
    assert run(["preview", str(job), "-o", str(path), "--view", view, "--step", step]) == 0
    return path


def _picture(path: Path) -> NDArray[np.uint8]:
    rgb = np.asarray(Image.open(path).convert("RGB"))
    [panel] = panels(rgb, 255.0)
    return rgb[panel.rows, panel.columns]


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("letters")
    return {name: _view(JOB, name, folder) for name in VIEWS}


@pytest.fixture(scope="module")
def dots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    folder = tmp_path_factory.mktemp("dots")
    job = _job(folder, "8B", "3P", "dot-5x7")
    return job, {name: _view(job, name, folder) for name in ("uv", "red")}


def _read(capsys: pytest.CaptureFixture[str], job: Path, *images: Path, code: int = 0) -> list[dict[str, object]]:
    capsys.readouterr()
    assert run(["read", *map(str, images), "--job", str(job), "--format", "json"]) == code
    texts: list[dict[str, object]] = json.loads(capsys.readouterr().out)["texts"]
    return texts


def _shown(text: dict[str, object]) -> dict[str, tuple[str, str]]:
    return {c["channel"]: (c["shows"], c["text"]) for c in text["colours"]}  # type: ignore[attr-defined]


def test_cells_hold_exactly_what_is_written() -> None:
    source = load_job(JOB).patterns["message"].source
    assert isinstance(source, HidesText)
    cells = source.cells
    drawn = [cells.origins_um[c] + cells.elements[e].xy_um for c, e in np.argwhere(cells.visible_on).tolist()]
    own = np.concatenate(drawn)
    written = np.concatenate([block.xyz_um[:, :2] for block in source.features()])
    shift = own.min(axis=0) - written.min(axis=0)
    assert sorted(map(tuple, np.round(own - shift, 6).tolist())) == sorted(map(tuple, np.round(written, 6).tolist()))


def test_every_view_shows_its_message(letters: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    first, both, red = _read(capsys, JOB, *(letters[name] for name in ("first", "uv", "red")))
    assert _shown(first)["green"] == ("visible", "E")
    assert _shown(both)["all colours"] == ("visible", "E")
    assert _shown(both)["green"][0] == "visible without hidden", "what was rewritten lost its green"
    assert _shown(red) == {
        "all colours": ("hidden", "F"), "red": ("hidden", "F"), "green": ("nothing", ""), "blue": ("nothing", "")
    }  # fmt: skip


def test_it_is_said_in_words(letters: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["read", str(letters["first"]), str(letters["red"]), "--job", str(JOB)]) == 0
    said = capsys.readouterr().out
    assert "first.png: message reads 'E' (the visible message); the hidden message is not shown" in said
    assert "red.png: message reads 'F' (the hidden message)" in said


def test_a_segment_alone_is_read_where_another_picture_shows_the_text(
    letters: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    both, green = _read(capsys, JOB, letters["uv"], letters["green"])
    assert green["placed_by"] in ("", "uv.png")
    assert both["found"]
    assert green["found"]


@pytest.mark.parametrize(
    "how",
    [
        Distortion(turned_deg=30, scale=0.4),
        Distortion(turned_deg=-100, scale=0.4, jpeg=85),
        Distortion(mirrored=True, turned_deg=20, scale=0.4),
        Distortion(slant=0.2, scale=0.4, blur_px=1.0, noise=0.03, vignette=0.5, background=0.1, seed=5),
        Distortion(negative=True, scale=0.4),
        Distortion(scale=0.2, noise=0.02, seed=6),
    ],
    ids=["turned", "far turned", "mirrored", "slanted and poor", "negative", "small"],
)
def test_photographs_are_read(
    how: Distortion,
    letters: dict[str, Path],
    dots: tuple[Path, dict[str, Path]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for job, view, shows, text in (
        (JOB, letters["uv"], "visible", "E"),
        (JOB, letters["red"], "hidden", "F"),
        (dots[0], dots[1]["uv"], "visible", "8B"),
    ):
        path = tmp_path / f"photo{'.jpg' if how.jpeg else '.png'}"
        path.write_bytes(photographed(_picture(view), how))
        [seen] = _read(capsys, job, path)
        assert _shown(seen)["all colours"] == (shows, text)
        assert seen["negative"] == how.negative
        if text == "F":
            assert seen["mirrored"] == how.mirrored
            turned = how.turned_deg
            assert abs((float(str(seen["turned_deg"])) - turned + 180) % 360 - 180) < 5


def test_another_text_is_said_to_be_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = _job(tmp_path, "H", "-", "segment-14")
    path = _view(other, "first", tmp_path)
    [seen] = _read(capsys, JOB, path, code=1)
    assert _shown(seen)["all colours"] == ("other", "H")
    assert run(["read", str(path), "--job", str(JOB)]) == 1
    assert "reads 'H', which is neither message of this job" in capsys.readouterr().out


def test_foreign_pictures_hold_no_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 255, (200, 300, 3), dtype=np.uint8)
    blobs = np.zeros((200, 300, 3), np.uint8)
    for y, x in rng.integers(10, 180, (30, 2)):
        blobs[y : y + 9, x : x + 9] = 200
    black = np.zeros((100, 100, 3), np.uint8)
    for number, rgb in enumerate((noise[:120, :160], blobs, black)):
        path = tmp_path / f"{number}.png"
        Image.fromarray(rgb).save(path)
        [seen] = _read(capsys, JOB, path, code=1)
        shown = {"nothing"} if not seen["found"] else {shows for shows, _ in _shown(seen).values()}
        assert not shown & {"visible", "hidden", "visible without hidden"}


def test_a_missing_segment_is_no_character(
    letters: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rgb = _picture(letters["first"]).copy()
    rgb[: rgb.shape[0] // 2, : rgb.shape[1] // 4] = 0  # the upper left stroke
    path = tmp_path / "broken.png"
    Image.fromarray(rgb).save(path)
    [seen] = _read(capsys, JOB, path, code=1)
    assert not seen["found"] or _shown(seen)["all colours"] == ("undecodable", "?")


def test_a_sheet_is_read_panel_by_panel() -> None:
    sheet = np.full((400, 600, 3), 255, np.uint8)
    sheet[50:150, 50:250], sheet[50:150, 300:500] = 0, 0
    sheet[80:100, 100:150] = 200
    sheet[300:310, 50:60] = 30  # a letter
    assert [p.title for p in panels(sheet, 255.0)] == ["panel 1 of 2", "panel 2 of 2"]
    bars = np.full((400, 600, 3), 255, np.uint8)
    bars[50:350, 50:120] = 0
    assert panels(bars, 255.0)[0].rows == slice(0, 400), "a dark bar on white is no picture"
    file = BytesIO()
    Image.fromarray(sheet).save(file, "PNG")
