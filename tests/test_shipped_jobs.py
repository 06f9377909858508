"""Every job that ships: it loads, is judged without an error, builds, is proven, and says where it comes from."""

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from PIL import Image

from lasercam.model.finding import Severity
from lasercam.pipeline.build import build
from lasercam.pipeline.inputs import shipped_names
from lasercam.pipeline.job_schema import job_schema
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.manifest import read_manifest
from lasercam.pipeline.pictures import simulate
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from lasercam.preview.views import View, render_views
from lasercam.readback.qr import read_qr
from tests.support import gallery

ROOT = Path(__file__).parents[1]
JOBS = sorted((ROOT / "patterns").glob("*.yaml"))
MOST_EXPOSURES = 100_000
"""A shipped job is an example: it is looked at, checked and built in seconds."""
OWN = re.compile(r"\b[Oo]ur own\b")
DRAWN = "nanostripes"
"""The job whose pictures are drawn too; each job's pictures would take minutes."""


class EditorLoader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: only `true` and `false` are truth values, so that `on` is a key."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
EditorLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def as_editors_read(path: Path) -> Any:
    """The job as plain data."""
    return EditorLoader(path.read_text(encoding="utf-8")).get_single_data()


def decoded(view: View) -> list[str]:
    """What a reader of QR codes finds in a picture."""
    return [found.text for found in read_qr(view.rgb)]


@cache
def validator() -> jsonschema.Draft202012Validator:
    """One for all jobs: the schema takes longer to make than a job to validate."""
    schema = job_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def strings(node: Any) -> Iterator[str]:
    """Every text in a YAML document, keys too."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)
    elif isinstance(node, str):
        yield node


def is_absolute(text: str) -> bool:
    """Whether a text begins like a path of one particular computer."""
    return bool(re.match(r"(/|~|\\\\|[A-Za-z]:[\\/](?!/)|file:)", text.strip()))


def test_there_are_jobs_and_each_is_a_template() -> None:
    assert [p.stem for p in JOBS] == sorted(shipped_names("patterns"))
    assert len(JOBS) >= 12


@pytest.mark.parametrize("path", JOBS, ids=lambda p: p.stem)
def test_a_shipped_job_builds_and_is_proven(path: Path, tmp_path: Path) -> None:
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    assert 0 < sum(s.n_exposures for s in toolpath.header.sections) <= MOST_EXPOSURES
    verdict = judge(loaded, toolpath)
    open_findings = [f for f in verdict.findings if f.severity is not Severity.NOTE and not f.waived]
    assert not [f.message for f in open_findings if f.severity is Severity.ERROR]
    assert not [f"{f.code} {f.on}: {f.message}" for f in open_findings], "answer it, or waive it with a reason"
    folder = build(loaded, toolpath, verdict, tmp_path / "out", pictures=False)
    proof = verify_build(folder, job=path)
    assert proof.holds, proof.mismatches
    for entry in read_manifest(folder).programs:
        assert str(tmp_path) not in (folder / entry.file).read_text(encoding="utf-8")
    for name in ("manifest.json", "runbook.md"):
        text = (folder / name).read_text(encoding="utf-8")
        assert str(tmp_path) not in text
        assert str(ROOT) not in text


@pytest.mark.parametrize("path", JOBS, ids=lambda p: p.stem)
def test_a_shipped_job_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    document = as_editors_read(path)
    assert document["job"] == path.stem, "the name people ask for"
    assert 10 <= len(document["title"]) <= 70
    assert text.startswith("# "), "a job opens with what it shows"
    assert document.get("cites") or OWN.search(text), "cite the paper, or say in a comment that it is our own"
    assert not [s for s in strings(document) if is_absolute(s)]
    for waiver in document.get("waive") or ():
        assert len(waiver["because"]) >= 15, f"{waiver['code']}: a reason is a sentence"
    for process, answers in (document.get("supply") or {}).items():
        for key, answer in answers.items():
            assert answer["source"].strip(), f"supply.{process}.{key}"


@pytest.mark.parametrize("path", JOBS, ids=lambda p: p.stem)
def test_editors_accept_a_shipped_job(path: Path) -> None:
    document = as_editors_read(path)
    assert not [f"{e.json_path}: {e.message}" for e in validator().iter_errors(document)]


def test_editors_refuse_a_spoilt_job() -> None:
    document = as_editors_read(ROOT / "patterns" / f"{DRAWN}.yaml")
    next(iter(document["patterns"].values()))["pich"] = "1 um"
    assert list(validator().iter_errors(document))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/etc/logo.svg", True),
        ("~/logo.svg", True),
        ("C:\\logo.svg", True),
        ("file:///logo.svg", True),
        ("assets/logo.svg", False),
        ("https://doi.org/10.1002/lpor.202401258", False),
        ("20 nJ", False),
    ],
)
def test_absolute_paths_are_recognised(text: str, expected: bool) -> None:
    assert is_absolute(text) is expected


def test_a_build_with_pictures_shows_something(tmp_path: Path) -> None:
    loaded = load_job(ROOT / "patterns" / f"{DRAWN}.yaml")
    toolpath = plan_job(loaded)
    folder = build(loaded, toolpath, judge(loaded, toolpath), tmp_path / "out")
    pictures = sorted(folder.glob("*.png"))
    assert pictures
    for path in pictures:
        with Image.open(path) as image:
            assert len(image.convert("RGB").reduce(8).getcolors(1_000_000) or ()) > 10


def test_the_decoy_is_read_under_uv_and_the_secret_behind_the_filter_after_the_rewrite() -> None:
    loaded = load_job(ROOT / "patterns" / "qr_dual_payload.yaml")
    keys = loaded.document.patterns["label"]
    first, second = render_views(simulate(loaded, plan_job(loaded)), ("daylight", "uv", "uv+lp645"))
    assert [decoded(view) for view in first] == [[], [keys["text_a"]], []]
    assert [decoded(view) for view in second] == [[], [keys["text_a"]], [keys["text_b"]]]


def test_the_gallery_shows_every_job() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition(gallery.BEGIN)[2].partition(gallery.END)[0]
    shown = re.findall(r'<img src="lasercam/docs/pictures/([\w.-]+)\.png"', section)
    assert shown == [p.stem for p in JOBS], "run python -m tests.support.gallery"
    for path in JOBS:
        assert path.stem in section
        picture = ROOT / "lasercam" / "docs" / "pictures" / f"{path.stem}.png"
        assert picture.stat().st_size <= gallery.MAX_BYTES
        with Image.open(picture) as image:
            image.verify()


def test_the_gallery_replaces_itself() -> None:
    once = gallery.with_gallery(f"a\n{gallery.PLACEHOLDER}\nb\n", f"{gallery.BEGIN}\n1\n{gallery.END}")
    assert once == f"a\n{gallery.BEGIN}\n1\n{gallery.END}\nb\n"
    assert gallery.with_gallery(once, f"{gallery.BEGIN}\n2\n{gallery.END}") == once.replace("1", "2")


def test_gallery_pictures_are_trimmed_and_small() -> None:
    image = Image.effect_noise((800, 600), 90).convert("RGB")
    page = Image.new("RGB", (1200, 1000), "white")
    page.paste(image, (150, 250))
    raw = io.BytesIO()
    page.save(raw, "PNG")
    small = gallery.small(raw.getvalue())
    assert len(small) <= gallery.MAX_BYTES
    with Image.open(io.BytesIO(small)) as reduced:
        margin = 2 * gallery.MARGIN_PX
        assert reduced.width / reduced.height == pytest.approx((800 + margin) / (600 + margin), rel=0.02)
