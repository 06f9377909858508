"""The runbook: what the operator does, in order, and nothing a job could smuggle in."""

from pathlib import Path

from lasercam.pipeline.runbook import runbook_html
from tests.pipeline.conftest import Built
from tests.support.jobs import GOOD


def test_steps_stand_in_order_with_settings_files_and_states(built: Built) -> None:
    text = (built(GOOD) / "runbook.md").read_text()
    first, again = text.index("### 1. first (write)"), text.index("### 2. again (rewrite)")
    assert first < text.index("01-first.ngc") < again < text.index("02-again.ngc") < text.index("## Recipes")
    assert "1030 nm, 300 fs, 10 kHz, 50 µJ per pulse **on target** (500 mW average)" in text
    assert "Predicted afterwards, `grid.even`: emitting: 514 nm (CsPbBr3, stated), 613 nm" in text[again:]
    assert "Predicted afterwards, `grid.odd`: emitting: 655 nm" in text[again:]
    assert "| spot radius | 4 µm | supplied | example value |" in text


def test_a_jobs_text_is_only_text(built: Built) -> None:
    hostile = "<script>alert(1)</script> **bold** `code` | cell [link](javascript:x)"
    folder = built(GOOD.replace("sample: {id: A7", f"title: '{hostile}'\nsample: {{id: A7"))
    page = (folder / "runbook.html").read_text()
    assert "<script" not in page
    assert "javascript:x" not in page.replace("[link](javascript:x)", "")
    assert 'href="javascript' not in page
    assert "<strong>bold" not in page


def test_the_page_needs_nothing_from_outside(built: Built) -> None:
    page = (built(GOOD) / "runbook.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "src=" not in page
    assert "http" not in page.replace("https://doi.org", "").replace("http-equiv", "")
    assert page.count('<span class="tick"') == (built(GOOD, "b") / "runbook.md").read_text().count("- [ ]")
    assert runbook_html("a <b> c") != runbook_html("a b c")


def test_the_runbook_is_kept_and_hashed(built: Built) -> None:
    folder: Path = built(GOOD)
    assert {"runbook.md", "runbook.html"} <= {p.name for p in folder.iterdir()}
