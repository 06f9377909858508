"""The README's picture of the interactive preview: `python -m tests.support.viewer_picture` takes it anew.

It is a photograph of the page in headless Chromium, with fewer colours so that it stays small.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from lasercam.errors import LasercamError
from lasercam.pipeline.interactive import write_interactive
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.browser import Browser
from tests.support.gallery import PATTERNS, PICTURES

JOB = "mesh_in_glass"
NAME = "viewer.png"
SIZE = 1400, 800
COLOURS = 128
MAX_BYTES = 100_000

# Half-way through the job, by time, from closer by, with a row kept so that its facts are told.
_SCENE = """(() => {
  const set = (id, value, kind) => {
    const control = document.getElementById(id);
    control.value = value;
    control.dispatchEvent(new Event(kind));
  };
  document.getElementById("show-travel").click();
  set("mode", "time", "change");
  set("time", 8600, "input");
  const { picture, pointing } = window.lasercam;
  pointing.keep(picture.scene.toolAt(picture.state.timeS).segment);
  picture.camera.height *= 0.92;
  picture.touch();
})()"""


def photograph() -> bytes:
    """The page as a PNG."""
    loaded = load_job(PATTERNS / f"{JOB}.yaml")
    toolpath = plan_job(loaded)
    with tempfile.TemporaryDirectory() as folder, Browser(SIZE) as browser:
        page = Path(folder) / "page.html"
        with page.open("wb") as out:
            write_interactive(loaded, toolpath, judge(loaded, toolpath).findings, out)
        browser.open(page)
        browser.wait_for("document.documentElement?.dataset.version === 'file'")
        browser.run(_SCENE)
        browser.run("new Promise(done => setTimeout(done, 800))")
        if browser.said:
            raise LasercamError(f"the page complains: {browser.said}")
        return browser.screenshot()


def main() -> int:
    """Take it, make it small, put it with the others."""
    image = Image.open(io.BytesIO(photograph())).convert("RGB")
    out = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    if out.tell() > MAX_BYTES:
        sys.stderr.write(f"{NAME} would have {out.tell():,} bytes; at most {MAX_BYTES:,} are wanted\n")
        return 1
    (PICTURES / NAME).write_bytes(out.getvalue())
    sys.stdout.write(f"{NAME}: {out.tell():,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
