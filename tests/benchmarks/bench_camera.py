"""How much pages endure until they are no longer read, and how long reading takes.

`python -m tests.benchmarks.bench_camera [images per cell]`. The camera is that of the tests, not the channel simulator;
faults are simulated, not measured in glass. A page passes when every codeword of 255 bytes with 32 of parity would be
corrected (an error costs two, an erasure one); "found" pages have a header that 20 bytes of parity correct.
"""

import sys
import time
from dataclasses import replace

import numpy as np

from lasercam.readback.pages.reader import look_for_pages
from tests.support.page_camera import Camera, photograph, write_page
from tests.support.page_judge import corrected, shares, survives

BASE = Camera(psf=0.3, loss=0.01, spread=0.1, photons=500.0, gain=0.5, rotation_deg=11.0)
"""What every row starts from; example values."""
ROWS: dict[str, list[Camera]] = {
    "base": [BASE],
    "loss (share of dots)": [replace(BASE, loss=loss) for loss in (0.0, 0.02, 0.03, 0.04)],
    "PSF sigma (pitches)": [replace(BASE, psf=psf) for psf in (0.2, 0.4, 0.45, 0.5, 0.55)],
    "jitter (pitches)": [replace(BASE, jitter=jitter) for jitter in (0.05, 0.1, 0.15, 0.2)],
    "brightness spread (sd of log)": [replace(BASE, spread=spread) for spread in (0.2, 0.3, 0.4, 0.5)],
    "photons per dot": [replace(BASE, photons=photons) for photons in (200.0, 100.0, 50.0, 25.0)],
    "distortion (pitches)": [replace(BASE, distortion=distortion) for distortion in (0.5, 1.5, 3.0)],
    "perspective": [replace(BASE, perspective=share) for share in (0.05, 0.1, 0.15)],
    "vignetting": [replace(BASE, vignetting=share) for share in (0.5, 0.8)],
    "inclusion radius (pitches)": [replace(BASE, blob=radius) for radius in (5.0, 7.0, 9.0)],
    "pixels per pitch": [replace(BASE, pitch_px=pitch) for pitch in (3.0, 4.0, 5.0, 8.0)],
    "gain (over-exposure)": [replace(BASE, gain=gain) for gain in (1.0, 2.0, 4.0)],
    "all mild": [replace(BASE, spread=0.2, jitter=0.05, psf=0.35, distortion=1.0, vignetting=0.4, photons=300.0)],
}
_KEYS = {
    "loss": "loss", "PSF": "psf", "jitter": "jitter", "brightness": "spread", "photons": "photons",
    "distortion": "distortion", "perspective": "perspective", "vignetting": "vignetting", "inclusion": "blob",
    "pixels": "pitch_px", "gain": "gain",
}  # fmt: skip


def main(images: int) -> None:
    """Print a table: share of images found and passing, mean shares of wrong and flagged voxels."""
    page = write_page(96, 96, 2)
    accept = corrected(page)
    look_for_pages(photograph(page, BASE), accept)
    print("| fault | value | found | pass | wrong | flagged | CPU s |\n|---|---|---|---|---|---|---|")
    spent, taken = 0.0, 0.0
    for name, cameras in ROWS.items():
        for camera in cameras:
            found, passing, cells = 0, 0, []
            begun = spent
            for seed in range(images):
                start = time.process_time()
                image = photograph(page, replace(camera, seed=seed, rotation_deg=camera.rotation_deg + 37.0 * seed))
                drawn = time.process_time()
                pages = look_for_pages(image, accept).pages
                spent += time.process_time() - drawn
                taken += drawn - start
                found += len(pages) == 1
                passing += survives(page, pages)
                cells += [shares(page, pages[0])] if pages else []
            wrong, flagged = np.mean(cells, axis=0) if cells else (np.nan, np.nan)
            key = _KEYS.get(name.split()[0])
            value = f"{getattr(camera, key):g}" if key else ""
            print(
                f"| {name} | {value} | {found}/{images} | {passing}/{images} | {wrong:.2%} | {flagged:.2%} |"
                f" {(spent - begun) / images:.2f} |",
                flush=True,
            )
    print(f"\nreading took {spent / taken:.2f} of the time that drawing the images took")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
