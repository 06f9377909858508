"""The page in a real browser: what is drawn, what controls do, and that nothing complains."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tests.preview.html.test_page import HOSTILE, hostile_job, page
from tests.support.browser import Browser
from tests.support.jobs import DOTS, GOOD, broken

BLUE, ORANGE = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)
READY = "document.documentElement?.dataset.version === 'file'"
RESTS = "(p => !p.changed && !p.moving && !p.working && p.drawnShare === 1)(lasercam.picture)"
COMPOSED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 20))))"


def shown(browser: Browser, folder: Path, text: str) -> None:
    """The job in the browser, seen from above and without boxes, travel and pins."""
    path = folder / "page.html"
    path.write_text(page(folder, text), encoding="utf-8")
    browser.open(path)
    browser.wait_for(READY)
    for box in ("show-travel", "show-sample", "show-findings"):
        browser.run(f"document.getElementById('{box}').checked && document.getElementById('{box}').click()")
    browser.run("document.querySelector('[data-view=top]').click()")


def picture(browser: Browser) -> NDArray[np.uint8]:
    """The canvas as it is shown, without the overlay: uint8 (rows, columns, 3)."""
    browser.run("document.getElementById('overlay').hidden = true")
    browser.wait_for(RESTS)
    browser.run(COMPOSED)
    left, top, width, height = browser.run(
        "(r => [r.left, r.top, r.width, r.height])(document.getElementById('picture').getBoundingClientRect())"
    )
    image = np.asarray(Image.open(io.BytesIO(browser.screenshot())).convert("RGB"))
    browser.run("document.getElementById('overlay').hidden = false")
    inset = 30  # of whatever stands in the corners
    return image[int(top) + inset : int(top + height) - inset, int(left) + inset : int(left + width) - inset]


def blobs(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Centres (N, 2) of what differs from the background, rows first."""
    differs = np.abs(image.astype(int) - image[0, 0].astype(int)).max(axis=2) > 60
    labels, n = ndimage.label(differs)
    return np.array(ndimage.center_of_mass(differs, labels, range(1, n + 1))).reshape(n, 2)


def share_of(image: NDArray[np.uint8], colour: tuple[int, int, int]) -> float:
    """Share of the pixels in a colour, however much of the paper lies over it."""
    paper = image[0, 0].astype(float)
    away, wanted = image - paper, np.array(colour) - paper
    along = away @ wanted / (wanted @ wanted)
    off = np.linalg.norm(away - along[..., None] * wanted, axis=2)
    return float(np.mean((along > 0.4) & (off < 25)))


def set_value(browser: Browser, control: str, value: object, kind: str = "input") -> None:
    browser.run(
        f"(c => {{ c.value = {value!r}; c.dispatchEvent(new Event({kind!r})); }})(document.getElementById({control!r}))"
    )


def words(browser: Browser, name: str) -> str:
    return str(browser.run(f"document.getElementById({name!r}).innerText"))


def test_voxels_lie_where_the_job_says(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, DOTS)
    from_above = blobs(picture(browser))
    assert len(from_above) == 6 * 5, "three layers lie on each other"
    rows, columns = (np.unique(np.round(from_above[:, k], 0)) for k in (0, 1))
    pitch_y, pitch_x = (np.diff(np.sort(v)) for v in (rows, columns))
    pitch = np.concatenate([p[p > 5] for p in (pitch_x, pitch_y)])
    assert np.ptp(pitch) <= 2, "30 µm along x and along y"
    browser.run("document.querySelector('[data-view=front]').click()")
    from_front = blobs(picture(browser))
    assert len(from_front) == 6 * 3
    depth = np.diff(np.unique(np.round(from_front[:, 0], 0)))
    across = np.diff(np.unique(np.round(from_front[:, 1], 0)))
    assert depth[depth > 5].mean() == pytest.approx(2 * across[across > 5].mean(), rel=0.05), "60 µm against 30 µm"
    set_value(browser, "layer", 1)
    upper = blobs(picture(browser))
    assert len(upper) == 6
    assert upper[:, 0].max() <= from_front[:, 0].min() + 3, "the first layer is the shallowest, and up is up"
    assert "1 of 3: 200" in words(browser, "layer-says")
    set_value(browser, "layer", 2)
    browser.run("document.getElementById('deeper').click()")
    assert len(blobs(picture(browser))) == 12
    assert browser.said == []
    assert [r for r in browser.requests if not r.startswith("file:")] == []


def test_steps_and_time_change_the_picture(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, GOOD)
    done = picture(browser)
    assert share_of(done, BLUE) > 0.001
    assert share_of(done, ORANGE) > 0.001, "the rewrite lies on what was written"
    set_value(browser, "step", 1)
    first = picture(browser)
    assert share_of(first, ORANGE) == 0
    assert share_of(first, BLUE) > share_of(done, BLUE)
    assert "after 1. first (write), line 10" in words(browser, "step-says")
    assert "514 and 613 nm" in words(browser, "states")
    set_value(browser, "step", 0)
    assert len(blobs(picture(browser))) == 0
    assert words(browser, "step-says") == "before anything is written"
    set_value(browser, "step", 2)
    set_value(browser, "time", 3_000)
    half = picture(browser)
    assert 0 < share_of(half, BLUE) < share_of(first, BLUE)
    assert share_of(half, ORANGE) == 0
    assert "Tool at x" in words(browser, "tool")
    browser.run("document.getElementById('play').click()")
    browser.wait_for("lasercam.state.timeS > 0.305 * lasercam.picture.scene.facts.total_s")
    browser.run("document.getElementById('play').click()")
    assert browser.run("document.getElementById('play').getAttribute('aria-pressed')") == "false"
    assert browser.said == []


def test_colours_are_named_and_can_be_switched_off(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, GOOD)
    assert "dual" in words(browser, "legend")
    browser.run("document.querySelectorAll('#legend button')[1].click()")
    assert browser.run("document.querySelectorAll('#legend button')[1].getAttribute('aria-pressed')") == "false"
    assert share_of(picture(browser), ORANGE) == 0
    pictures = {}
    for mode in browser.run("[...document.getElementById('mode').options].map(o => o.value)"):
        set_value(browser, "mode", mode, "change")
        pictures[mode] = picture(browser)
        assert len(words(browser, "legend")) > 3, mode
    assert {"recipe", "step", "order", "time", "dose", "glow0"} <= pictures.keys()
    assert pictures["glow0"][0, 0].tolist() == [0, 0, 0], "under UV it is dark"
    assert len(np.unique(pictures["order"].reshape(-1, 3), axis=0)) > len(
        np.unique(pictures["step"].reshape(-1, 3), axis=0)
    )
    set_value(browser, "mode", "recipe", "change")
    browser.media(prefers_color_scheme="dark")
    try:
        dark = picture(browser)
        assert dark[0, 0].max() < 40
        assert share_of(dark, ORANGE) > 0.001
    finally:
        browser.media(prefers_color_scheme="light")
    assert browser.said == []


def test_what_is_pointed_at_is_told(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, broken("[6, 5, 3]", "[2, 2, 1]", DOTS))
    found = blobs(picture(browser))
    assert len(found) == 4
    left, top = browser.run("(r => [r.left, r.top])(document.getElementById('picture').getBoundingClientRect())")
    lowest = found[np.argmax(found[:, 0] - found[:, 1])]  # lower left: the pattern's own corner
    at = {"x": left + 30 + lowest[1], "y": top + 30 + lowest[0]}
    browser.mouse("mouseMoved", **at)
    browser.wait_for("!document.getElementById('hover').hidden")
    told = words(browser, "hover")
    assert "block.layer_1, line 5" in told
    assert "dot, line 7" in told
    assert "peak fluence: " in told
    assert "1 mm" in told or "1000 µm, 1000 µm, 200" in told
    browser.mouse("mousePressed", **at, button="left", clickCount=1)
    browser.mouse("mouseReleased", **at, button="left", clickCount=1)
    details = words(browser, "details")
    for fact in ("peak fluence", "spot radius", "glass_bri_dots", "takes"):
        assert fact in details, fact
    browser.run("document.getElementById('picture').focus()")
    browser.key("Escape")
    assert "Nothing is kept" in words(browser, "details")
    browser.key(".")
    browser.key(".")
    assert "row\n1, dot" in words(browser, "details")
    before = picture(browser)
    browser.key("ArrowLeft")
    browser.key("+")
    assert not np.array_equal(before, picture(browser)), "keys turn and zoom"
    assert browser.said == []


def test_a_finding_stands_out(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, GOOD)
    assert "warning(s)" in words(browser, "findings-title")
    before = share_of(picture(browser), BLUE)
    which = browser.run("lasercam.findings.all.findIndex(f => f.recipes.length === 1 && f.recipes[0] === 1)")
    assert which >= 0
    browser.run(f"document.querySelectorAll('#findings button')[{which}].click()")
    chosen = picture(browser)
    assert share_of(chosen, BLUE) < 0.2 * before, "everything else steps back"
    assert share_of(chosen, ORANGE) > 0.001
    assert browser.run(f"document.querySelectorAll('#findings button')[{which}].getAttribute('aria-pressed')") == "true"
    assert browser.said == []


def test_hostile_texts_stay_texts(browser: Browser, tmp_path: Path) -> None:
    shown(browser, tmp_path, hostile_job())
    assert browser.run("window.hurt") is None
    assert HOSTILE in words(browser, "job")
    for mode in ("step", "recipe"):
        set_value(browser, "mode", mode, "change")
    set_value(browser, "step", 1)
    browser.run("document.getElementById('picture').focus()")
    browser.key(".")
    assert "</script>" in words(browser, "details")
    assert browser.run("window.hurt") is None
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.said == []
