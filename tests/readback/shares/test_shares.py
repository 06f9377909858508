"""Shares in pictures: found, laid on each other, and refused where they do not belong together."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lasercam.cli.main import run
from lasercam.pipeline.load import load_job
from lasercam.readback.shares.dot_text import read_dot_text
from lasercam.readback.shares.grid import find_share
from lasercam.readback.shares.overlay import overlaid
from lasercam.readback.texts.panels import panels
from lasercam.sources.shares import Shares
from tests.support.photographs import Distortion, photographed

ROOT = Path(__file__).parents[3]
JOB = ROOT / "patterns" / "visual_cryptography.yaml"


def _layer(job: Path, layer: str, path: Path) -> Path:
    arguments = ["preview", str(job), "-o", str(path), "--view", "uv"]
    assert run([*arguments, "--layer", layer] if layer else arguments) == 0
    return path


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("shares")
    other = folder / "other.yaml"
    other.write_text(JOB.read_text(encoding="utf-8").replace("seed: 1995", "seed: 7"), encoding="utf-8")
    return {
        "one": _layer(JOB, "1", folder / "one.png"),
        "two": _layer(JOB, "2", folder / "two.png"),
        "both": _layer(JOB, "", folder / "both.png"),
        "foreign": _layer(other, "2", folder / "foreign.png"),
    }


def _picture(path: Path) -> NDArray[np.uint8]:
    rgb = np.asarray(Image.open(path).convert("RGB"))
    [panel] = panels(rgb, 255.0)
    return rgb[panel.rows, panel.columns]


def _source() -> Shares:
    source = load_job(JOB).patterns["secret"].source
    assert isinstance(source, Shares)
    return source


def test_two_shares_show_the_secret(views: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["read", str(views["one"]), str(views["two"]), "--overlay", "-o", str(tmp_path / "out")]
    assert run(arguments) == 0
    assert "reads '42'" in capsys.readouterr().out
    secret = np.asarray(Image.open(tmp_path / "out" / "secret.png").convert("L")) < 128
    assert np.array_equal(secret[8::16, 8::16], _source().picture)
    first, second = _source().subpixels
    overlay = np.asarray(Image.open(tmp_path / "out" / "overlay.png"))
    assert np.array_equal(overlay[4::8, 4::8].any(axis=2), first | second), "what a reader of single dots sees"
    assert run(arguments) == 1, "nothing is overwritten"


def test_the_job_says_which_share_is_which(views: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    images = [str(views[name]) for name in ("two", "one", "both", "foreign")]
    assert run(["read", *images, "--job", str(JOB), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    shows = [one["shows"] for one in said["shares"]]
    assert [s.split(" (")[0] for s in shows[:2]] == ["share_2 of secret", "share_1 of secret"]
    assert shows[2].startswith("both shares at once")
    assert shows[3].endswith("it is none of this job's")
    assert [(s["text"], s["wrong_pixels"], s["right"]) for s in said["secrets"]] == [("42", 0.0, True)] * 2


def test_a_wrong_pair_gives_no_picture(
    views: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert run(["read", str(views["one"]), str(views["foreign"]), "--overlay", "-o", str(folder)]) == 1
    assert "do not belong together" in capsys.readouterr().out
    assert not folder.exists()
    assert run(["read", str(views["one"]), str(views["one"]), str(views["two"]), "--overlay"]) == 0, "named twice"
    capsys.readouterr()
    copy = tmp_path / "copy.png"
    copy.write_bytes(views["one"].read_bytes())
    assert run(["read", str(views["one"]), str(copy), "--overlay"]) == 1
    assert "show the same share" in capsys.readouterr().out
    assert run(["read", str(views["one"]), "--overlay"]) == 2
    black = tmp_path / "black.png"
    Image.fromarray(np.zeros((200, 200, 3), np.uint8)).save(black)
    assert run(["read", str(views["one"]), str(black), "--overlay"]) == 1
    assert "no share is found" in capsys.readouterr().out


@pytest.mark.parametrize(
    "how",
    [
        Distortion(turned_deg=12, scale=0.6),
        Distortion(turned_deg=-100, scale=0.5, jpeg=60),
        Distortion(mirrored=True, scale=0.5),
        Distortion(slant=0.12, turned_deg=5, blur_px=1.5, noise=0.04, vignette=0.5, background=0.1, scale=0.6, seed=8),
    ],
    ids=["turned", "far turned", "mirrored", "slanted and poor"],
)
def test_photographs_of_shares_are_read(how: Distortion, views: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(photographed(_picture(views["two"]), how))
    shares = [
        find_share(np.asarray(np.asarray(Image.open(p).convert("RGB")).max(axis=2) / 255, np.float32)) for p in (path,)
    ]
    plain = find_share(np.asarray(_picture(views["one"]).max(axis=2) / 255, np.float32))
    assert plain is not None
    assert shares[0] is not None
    laid = overlaid(plain, shares[0])
    assert laid.agreement == 1.0
    assert laid.is_mirrored == how.mirrored
    assert np.array_equal(laid.secret == 1, _source().picture)


def test_wrong_dots_are_counted(views: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rgb = _picture(views["two"]).copy()
    lit = np.argwhere(rgb.max(axis=2) > 128)
    y, x = lit[len(lit) // 2]
    rgb[y - 15 : y + 16, x - 15 : x + 16] = 0
    path = tmp_path / "hole.png"
    Image.fromarray(rgb).save(path)
    assert run(["read", str(views["one"]), str(path), "--job", str(JOB), "--format", "json"]) == 0
    [secret] = json.loads(capsys.readouterr().out)["secrets"]
    assert 0.0 < secret["wrong_pixels"] < 0.05
    assert secret["untold"] >= 1


def test_no_text_is_read_where_there_is_none() -> None:
    picture = np.random.default_rng(4).integers(0, 2, (9, 13)).astype(np.uint8)
    assert read_dot_text(picture) is None
    assert read_dot_text(np.zeros((9, 13), np.uint8)) is None
