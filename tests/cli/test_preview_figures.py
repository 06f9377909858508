"""`lasercam preview`: figures of all kinds as files, and what is refused."""

import pytest

from lasercam.cli.main import run as lasercam
from tests.support.jobs import DOTS, GOOD, write_job


def run(*words: object) -> int:
    return lasercam([str(word) for word in words])


@pytest.mark.parametrize(
    ("view", "suffix"),
    [("order", "svg"), ("neighbours", "png"), ("time", "pdf"), ("sheet", "pdf"), ("uv,uv+bp600-630", "png")],
)
def test_every_kind_of_figure_is_a_file(tmp_path, capsys, view, suffix):
    out = tmp_path / f"figure.{suffix}"
    assert run("preview", write_job(tmp_path), "--view", view, "-o", out) == 0
    assert out.read_bytes()[:4] in (b"\x89PNG", b"%PDF", b"<?xm")
    assert f"{out} written" in capsys.readouterr().out


def test_the_eye_and_false_colours_see_other_pictures(tmp_path):
    job, pictures = write_job(tmp_path), set()
    for number, more in enumerate([(), ("--seen-by", "eye"), ("--false-colour",)]):
        out = tmp_path / f"{number}.png"
        assert run("preview", job, "--view", "uv", "-o", out, *more) == 0
        pictures.add(out.read_bytes())
    assert len(pictures) == 3


def test_pages_are_numbered_files_or_pages_of_one(tmp_path, capsys):
    job = write_job(tmp_path, DOTS)
    assert run("preview", job, "--pages", "-o", tmp_path / "layers.svg") == 0
    assert [p.name for p in sorted(tmp_path.glob("layers*"))] == [f"layers-00{i}.svg" for i in (1, 2, 3)]
    assert run("preview", job, "--pages", "--view", "order", "-o", tmp_path / "layers.pdf") == 0
    assert (tmp_path / "layers.pdf").read_bytes().count(b"/Type /Page ") == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "job.yaml", "layers-001.svg", "layers-002.svg", "layers-003.svg", "layers.pdf",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--view", "ordr", "-o", "x.png"), "there is no view 'ordr'; views are toolpath, dose, order, neighbours"),
        (("--view", "order", "-o", "x.gif"), "drawn as .png, .svg or .pdf, not .gif"),
        (("--view", "uv+lp", "-o", "x.png"), "'lp' is not a filter; write lp645"),
        (("--view", "uv,nope", "-o", "x.png"), "there is no view 'nope'"),
        (("--view", "uv", "--pages", "-o", "x.pdf"), "pages by layer are drawn of toolpath"),
        (("--view", "sheet", "--step", "9", "-o", "x.pdf"), "step 9 changes nothing that can be seen"),
        (("--pages", "--layer", "1", "-o", "x.pdf"), "leave one of them out"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_leaves_nothing(tmp_path, capsys, monkeypatch, words, told):
    job = write_job(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    assert run("preview", job, *words) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert [p.name for p in tmp_path.iterdir()] == ["job.yaml"]
