"""The report: complete, self-contained, the same every time, and nothing in it is a job's own markup."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lasercam.pipeline.build import REPORT_NAME, build, file_digest
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.manifest import read_manifest
from lasercam.pipeline.page import page
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.report_pictures import embedded, in_order
from tests.pipeline.conftest import Built
from tests.support.jobs import GOOD, write_job

HOSTILE = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}'&quot;\\u202e"


class Page(HTMLParser):
    """Tags, their attributes and the text of a page; complains about tags that do not close."""

    VOID = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build with pictures."""
    folder = tmp_path_factory.mktemp("report")
    loaded = load_job(write_job(folder))
    toolpath = plan_job(loaded)
    return build(loaded, toolpath, judge(loaded, toolpath), folder / "out")


def report(folder: Path) -> str:
    return (folder / REPORT_NAME).read_text(encoding="utf-8")


def test_it_says_what_how_long_how_much_and_how_sure(drawn: Path) -> None:
    words = Page(report(drawn)).words
    manifest = json.loads((drawn / "manifest.json").read_text())
    for wanted in (
        "Report of the job good for sample A7 (br_i_borosilicate)",
        "Time at the stage",
        "grid lines first: grid.lines with dual; again: grid.odd with red",
        "The lab has supplied 5 values",
        "spot radius 4 µm supplied example value",
        "peak fluence",
        "10.1002/lpor.202401258",
        manifest["toolpath"],
        *(entry["sha256"] for entry in manifest["programs"]),
        *(entry["sha256"] for entry in manifest["files"] if entry["file"] != REPORT_NAME),
        *(finding["code"] for finding in manifest["findings"]),
    ):
        assert wanted in words, wanted
    # Five lines and three: 8 × 300 µm at 0.4 mm/s and 0.5 W are 3 J.
    energy = re.search(r"Energy on the sample ([\d.]+) J", words)
    assert energy is not None
    assert float(energy[1]) == pytest.approx(3.0, rel=0.01)


def test_it_is_one_file_that_asks_for_nothing(drawn: Path) -> None:
    found = Page(report(drawn))
    assert not {tag for tag, _ in found.tags} & {"script", "link", "iframe", "object", "form", "base", "svg"}
    for tag, attributes in found.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:").startswith("data:"), tag
        assert attributes.get("href", "#").startswith("#"), tag
    policy = next(a["content"] for t, a in found.tags if t == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "url(" not in report(drawn)
    assert "@import" not in report(drawn)


def test_pictures_are_inside_and_told_in_words(drawn: Path) -> None:
    images = [attributes for tag, attributes in Page(report(drawn)).tags if tag == "img"]
    assert len(images) == 4, "time, contact sheet, two toolpaths"
    assert all(image["alt"] for image in images)
    kinds = {str(image["src"]).partition(";")[0] for image in images}
    assert kinds == {"data:image/png", "data:image/svg+xml"}


def test_it_is_kept_hashed_and_the_same_every_time(drawn: Path, built: Built) -> None:
    entry = next(entry for entry in read_manifest(drawn).files if entry.file == REPORT_NAME)
    assert entry.sha256 == file_digest(drawn / REPORT_NAME)
    assert report(built(GOOD, "a")) == report(built(GOOD, "b"))
    assert "made without pictures" in report(built(GOOD, "c"))


def hostile_job() -> str:
    quoted = json.dumps(HOSTILE)
    text = GOOD.replace(
        "sample: {id: A7", f"title: {quoted}\ncites: [{quoted}]\nsample: {{id: {json.dumps(HOSTILE[:70])}"
    )
    text = text.replace("n: 1.52}", "n: 1.52}").replace('source: "example value"', f"source: {quoted}")
    text = text.replace("name: first,", f"name: {json.dumps('<b>' + HOSTILE[:60])},")
    return text.replace("speed: 0.4 mm/s}", f"speed: 0.4 mm/s, note: {quoted}}}", 1)


@pytest.mark.parametrize("name", [REPORT_NAME, "runbook.html"])
def test_a_jobs_text_is_only_text(built: Built, name: str) -> None:
    text = (built(hostile_job()) / name).read_text(encoding="utf-8")
    found = Page(text)
    assert not {tag for tag, _ in found.tags} & {"script", "b onerror", "iframe"}
    assert [a for t, a in found.tags if t == "img"] == []
    assert not [a for _, attributes in found.tags for a in attributes if a.startswith("on")]
    assert "{{ 7*7 }}" in found.words, "text is not a template"
    assert "<script>alert(1)" in found.words
    assert text.count("<style>") == text.count("</style>") == 1
    assert text.count("<title>") == text.count("</title>") == 1
    assert "\u202e" not in text, "nothing turns the direction of the words around it"


def test_a_template_that_lacks_a_value_is_no_page() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        page("report.html.jinja", job="only this")


def test_pictures_too_many_or_too_large_are_named_instead(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"toolpath-{number:02d}-x.png").write_bytes(b"0" * 300_000)
    (tmp_path / "toolpath-00-x.svg").write_bytes(b"<svg/>")
    (tmp_path / "toolpath-01-x.svg").write_bytes(b"0" * 300_001)
    names = in_order(sorted(p.name for p in tmp_path.iterdir()))
    found, left_out = embedded(tmp_path, names)
    assert found[0].file == "toolpath-00-x.svg"
    assert found[1].file == "toolpath-01-x.png"
    assert sum(len(picture.uri) for picture in found) < 8_100_000
    assert len(found) + len(left_out) == 40
    assert left_out[0] not in {picture.file for picture in found}


def test_what_a_waiver_says_stands_beside_its_finding(built: Built) -> None:
    words = Page(
        report(built(GOOD + 'waive:\n  - {code: W_SELF_FOCUS, on: recipes.dual, because: "no <i>filament</i>"}\n'))
    ).words
    at = words.index("Warning W_SELF_FOCUS on recipes.dual (job.yaml, line")
    assert "Waived because: no <i>filament</i>" in words[at : at + 900]


def test_a_qr_codes_capacity_is_told(tmp_path: Path) -> None:
    from lasercam.pipeline.report_tables import capacity_rows

    loaded = load_job(Path(__file__).parents[2] / "patterns" / "qr_two_state.yaml")
    ((pattern, what, told),) = capacity_rows(loaded)
    assert what == "QR code"
    (square,) = loaded.patterns[pattern].source.code_squares
    assert told.startswith(f"{len(square.payload)} bytes of at most ")
    assert f"version {(square.modules - 17) // 4}" in told


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
@pytest.mark.parametrize(("paper", "points"), [("A4", {594, 595}), ("letter", {612})])
def test_it_prints_on_paper_of_either_size(drawn: Path, tmp_path: Path, paper: str, points: set[int]) -> None:
    text = report(drawn).replace("@page { margin", f"@page {{ size: {paper}; margin")
    assert f"size: {paper}" in text
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'out.pdf'}", str(tmp_path / "report.html")]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    printed = (tmp_path / "out.pdf").read_bytes()
    widths = {int(width) for width in re.findall(rb"/MediaBox \[0 0 (\d+)", printed)}
    assert widths
    assert widths <= points
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/") <= 20


def test_what_a_pattern_says_of_its_capacity_is_told_as_it_stands(drawn: Path) -> None:
    from lasercam.pipeline.report_tables import capacity_texts

    folder = drawn.parent / "capacity"
    folder.mkdir()
    (folder / "grid.capacity.txt").write_text("Bytes\n  data   17\t%\n<b>\n", encoding="utf-8")
    (folder / "other.capacity.txt").write_text("of no pattern", encoding="utf-8")
    told = capacity_texts(load_job(drawn), folder)
    assert told == [("grid", "Bytes\n  data   17�%\n<b>")]
