"""Files, codes and texts out of pictures, and stored data through a simulated channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lasercam.api.findings import SILENT, Progress
from lasercam.errors import InputError, Problem
from lasercam.pipeline.camera_files import codes_in, image_files, load_all
from lasercam.pipeline.channels import find_channel
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.read_back import ReadBack as ReadBack
from lasercam.pipeline.read_back import read_back as _read_back
from lasercam.pipeline.readability import payloads
from lasercam.pipeline.reading import Reading, file_facts, read_stored
from lasercam.pipeline.reading import sentences as sentences
from lasercam.pipeline.reading_files import kept_images
from lasercam.pipeline.reading_files import write_reading as write_reading
from lasercam.pipeline.simulated_pages import simulated_pages
from lasercam.pipeline.verify import verify_build
from lasercam.readback.images import Tone as Tone
from lasercam.storage.keys import Key as Key
from lasercam.storage.keys import Passphrase as Passphrase
from lasercam.storage.keys import load_key as load_key


@dataclass(frozen=True)
class Readings:
    """What was found in pictures.

    Attributes:
        stored: files made of pages of stored data, and what could not be read.
        codes: QR codes: image, text, bytes (hexadecimal), look and the job's pattern.
        expected: payloads that the job carries and the patterns they belong to; empty without a job.
    """

    stored: Reading
    codes: tuple[dict[str, Any], ...] = ()
    expected: Mapping[bytes, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether anything was found, all that was asked for, and whole."""
        asked = [code for code in self.codes if not self.expected or code["pattern"]]
        return bool(self.stored.whole or (asked and not self.stored.files))

    @property
    def is_anything_whole(self) -> bool:
        """Whether a stored file can be written."""
        return any(read.content is not None for read in self.stored.files)

    def data(self) -> dict[str, Any]:
        """What `lasercam read --format json` prints, but for the files it has written."""
        found = {code["bytes"] for code in self.codes}
        return {
            "images": self.stored.images,
            "files": [file_facts(read) for read in self.stored.files],
            "codes": list(self.codes),
            "not_found": [name for payload, name in self.expected.items() if payload.hex() not in found],
            "not_read": {title: list(said) for title, said in self.stored.missed.items()},
        }


def read_images(
    images: Sequence[str | Path],
    job: str | Path | None = None,
    *,
    tone: Tone = "auto",
    key: Key | None = None,
    progress: Progress = SILENT,
) -> Readings:
    """Stored data and QR codes in photographs, microscope tiles or lasercam's own views.

    Many images are shared between processes: a program calls this below `if __name__ == "__main__":`.

    Args:
        images: files; folders stand for the images in them.
        job: a job or its build, whose codes are looked for.
        tone: how pixel values follow light.
        key: opens files locked with it.
        progress: shown meanwhile.

    Raises:
        InputError: a picture cannot be read, or the job carries no code.
    """
    expected = {} if job is None else payloads(load_job(Path(job)))
    if job is not None and not expected:
        raise InputError(Problem(f"no pattern of '{job}' carries a code"))
    groups = image_files([Path(image) for image in images])
    reading = read_stored(load_all(groups, tone), key, progress, total=len(groups))
    codes = tuple(
        {"image": path.name, **code}
        for number in reading.pageless
        for path in groups[number]
        for code in codes_in(path, expected)
    )
    return Readings(reading, codes, expected)


def read_simulated(
    build: str | Path,
    channel: str = "bench",
    *,
    seed: int = 0,
    key: Key | None = None,
    kept: Path | None = None,
    progress: Progress = SILENT,
) -> Readings:
    """Stored data of a build, photographed through a simulated channel and decoded.

    Args:
        build: its folder; verified first.
        channel: preset or file of the channel.
        seed: of everything random.
        key: opens files locked with it.
        kept: the simulated images are written there; absent: nowhere.
        progress: shown meanwhile.

    Raises:
        InputError: the build is not proven, or there is no such channel.
    """
    folder, model = Path(build), find_channel(channel)
    proof = verify_build(folder, progress)
    if not proof.holds:
        raise InputError(Problem(f"'{folder}' is not proven: {proof.mismatches[0]}", None, "Run `lasercam verify`."))
    loaded = load_job(folder)
    pictures, total = simulated_pages(folder, loaded, plan_job(loaded), model, seed=seed, progress=progress)
    if kept is not None:
        pictures = kept_images(pictures, kept, f"simulated by lasercam, channel {model.channel}, seed {seed}")
    return Readings(read_stored(pictures, key, progress, total=total))


def read_back(
    build: str | Path, channel: str = "bench", *, seed: int = 0, progress: Progress = SILENT
) -> list[ReadBack]:
    """Every copy of stored data in a build, photographed through a simulated channel and compared with its file."""
    folder = Path(build)
    loaded = load_job(folder)
    return list(_read_back(folder, loaded, plan_job(loaded), find_channel(channel), seed=seed, progress=progress))
