"""What the interactive page of a large dot array costs: python -m tests.benchmarks.bench_html [rows].

CPU of making it, beside that of reading all rows once; its size; peak memory; and, where Chromium is installed, the
time of a frame under software rendering (a graphics card is far faster): of all voxels, and of the share drawn while it
moves.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from lasercam.pipeline.interactive import job_scene
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.preview.html.page import write_page
from tests.support.browser import Browser, program
from tests.support.jobs import DOTS, broken, write_job

_FRAMES = """(async () => {
  const { picture } = window.lasercam, gl = picture.drawing.gl, pixel = new Uint8Array(4), found = [];
  for (const share of [1, picture.leastShare]) {
    const began = performance.now(), n = 4;
    for (let i = 0; i < n; i++) {
      picture.camera.turn(0.05, 0);
      picture.drawNow(share);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel); // until it is drawn
    }
    found.push([share, (performance.now() - began) / n]);
  }
  return found;
})()"""


def main(n_rows: int) -> None:
    """Print what the page costs."""
    side = max(1, round((n_rows / 50) ** 0.5))
    text = broken(
        "counts: [6, 5, 3], pitch: [30 um, 30 um, 60 um]",
        f"counts: [{side}, {side}, 50], pitch: [8 um, 8 um, 20 um]",
        DOTS,
    )
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_job(write_job(Path(folder), text))
        toolpath = plan_job(loaded)
        job_scene(loaded, plan_job(load_job(write_job(Path(folder), DOTS))), [])  # imports, compiled code
        begun = time.process_time()
        for _ in toolpath.blocks():
            pass
        read = time.process_time() - begun
        begun = time.process_time()
        scene = job_scene(loaded, toolpath, [])
        page = Path(folder) / "page.html"
        with page.open("wb") as out:
            write_page(scene, out)
        made = time.process_time() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{toolpath.header.n_rows:,} rows: {made:.2f} s CPU, {made / read:.1f} times reading them; ", end="")
        print(f"{page.stat().st_size / 1e6:.1f} MB, {peak:.0f} MB peak memory\n{scene.facts['note']}")
        if program() is not None:
            with Browser((1400, 900)) as browser:
                begun = time.monotonic()
                browser.open(page)
                browser.wait_for("document.documentElement?.dataset.version === 'file'")
                print(f"opened in {time.monotonic() - begun:.1f} s")
                for share, ms in browser.run(_FRAMES):
                    print(f"a frame of {share:.1%} of it: {ms:.0f} ms, rendered in software")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
