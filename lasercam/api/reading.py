"""Files, codes and texts out of pictures, and stored data through a simulated channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lasercam.api.findings import SILENT, Progress
from lasercam.errors import InputError, Problem
from lasercam.pipeline.camera_files import codes_in, image_files, load_all
from lasercam.pipeline.channels import find_channel
from lasercam.pipeline.hidden_texts import TextInPicture as TextInPicture
from lasercam.pipeline.hidden_texts import hidden_texts, panel_images, read_hidden_texts, text_facts
from lasercam.pipeline.hidden_texts import is_of_job as is_of_job
from lasercam.pipeline.hidden_texts import text_sentences as text_sentences
from lasercam.pipeline.load import load_job
from lasercam.pipeline.overlays import SharesSeen as SharesSeen
from lasercam.pipeline.overlays import read_shares, share_patterns
from lasercam.pipeline.overlays import share_facts as share_facts
from lasercam.pipeline.overlays import share_sentences as share_sentences
from lasercam.pipeline.overlays import write_secrets as write_secrets
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
from lasercam.readback.images import split_channel
from lasercam.storage.keys import Key as Key
from lasercam.storage.keys import Passphrase as Passphrase
from lasercam.storage.keys import is_variable as is_variable
from lasercam.storage.keys import load_key as load_key


@dataclass(frozen=True)
class Readings:
    """What was found in pictures.

    Attributes:
        stored: files made of pages of stored data, and what could not be read.
        codes: QR codes: image, text, bytes (hexadecimal), look and the job's pattern.
        expected: payloads that the job carries and the patterns they belong to; empty without a job.
        texts: what every picture shows of the texts that the job hides.
    """

    stored: Reading
    codes: tuple[dict[str, Any], ...] = ()
    expected: Mapping[bytes, str] = field(default_factory=dict)
    texts: tuple[TextInPicture, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether anything was found, all that was asked for, and whole."""
        asked = [code for code in self.codes if not self.expected or code["pattern"]]
        shown = any(is_of_job(one) for one in self.texts)
        return bool(shown or self.stored.whole or (asked and not self.stored.files))

    @property
    def not_shown(self) -> list[str]:
        """Codes of the job that a picture with another one of them does not show, a sentence for each picture."""
        shown: dict[tuple[str, str], set[str]] = {}
        for code in self.codes:
            if code["pattern"]:
                shown.setdefault((code["image"], code["panel"]), set()).add(code["pattern"])
        absent = {place: [n for n in self.expected.values() if n not in there] for place, there in shown.items()}
        return [f"{', '.join(filter(None, at))}: {', '.join(names)} not shown" for at, names in absent.items() if names]

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
            **({"texts": [text_facts(one) for one in self.texts]} if self.texts else {}),
        }


def read_images(
    images: Sequence[str | Path],
    job: str | Path | None = None,
    *,
    tone: Tone = "auto",
    key: Key | None = None,
    progress: Progress = SILENT,
) -> Readings:
    """Stored data, QR codes and a job's hidden texts in photographs, microscope tiles or lasercam's own views.

    Many images are shared between processes: a program calls this below `if __name__ == "__main__":`.

    Args:
        images: files; folders stand for the images in them.
        job: a job or its build, whose codes and texts are looked for.
        tone: how pixel values follow light.
        key: opens files locked with it.
        progress: shown meanwhile.

    Raises:
        InputError: a picture cannot be read, or the job carries no code and hides no text.
    """
    loaded = None if job is None else load_job(Path(job))
    expected, cells = ({}, {}) if loaded is None else (payloads(loaded), hidden_texts(loaded))
    if loaded is not None and not expected and not cells:
        raise InputError(Problem(f"no pattern of '{job}' carries a code, hides a text or is made of shares"))
    groups = image_files([Path(image) for image in images])
    texts = tuple(read_hidden_texts(list(panel_images(groups, tone)), cells, progress)) if cells else ()
    if loaded is not None and not expected:
        return Readings(Reading((), {}, (), len(groups)), texts=texts)
    damaged: dict[str, str] = {}
    alone = [files for files in groups if len(files) == 1 and not split_channel(files[0].name)[1]]
    reading = read_stored(load_all(groups, tone, damaged), key, progress, total=len(groups))
    reading = replace(reading, missed={**reading.missed, **{name: (why,) for name, why in damaged.items()}})
    if not reading.whole and len(alone) > 1:
        said = ("if these are pictures of one page through several filters, name them NAME.CHANNEL.png",)
        reading = replace(reading, missed={**reading.missed, f"{len(alone)} pictures without a channel": said})
    codes = tuple(
        {"image": path.name, **code}
        for number in reading.pageless
        for path in groups[number]
        if groups[number][0].name not in damaged
        for code in codes_in(path, expected)
    )
    return Readings(reading, codes, expected, texts)


def has_shares(job: str | Path) -> bool:
    """Whether a job, or a build, has patterns that show their picture only together."""
    return bool(share_patterns(load_job(Path(job))))


def read_overlay(
    images: Sequence[str | Path], job: str | Path | None = None, *, tone: Tone = "auto", overlay: bool = False
) -> tuple[SharesSeen, list[str]]:
    """Pictures of shares laid on each other, and the patterns of the job that were not looked for.

    Args:
        images: files; folders stand for the images in them.
        job: a job or its build, whose shares they should be.
        tone: how pixel values follow light.
        overlay: two pictures, one of each share, whatever the job says.

    Raises:
        InputError: a picture cannot be read.
    """
    loaded = None if job is None else load_job(Path(job))
    patterns = {} if loaded is None else share_patterns(loaded)
    others = [] if loaded is None else sorted({*payloads(loaded).values(), *hidden_texts(loaded)})
    groups = image_files([Path(image) for image in images])
    return read_shares(list(panel_images(groups, tone)), patterns, overlay=overlay), others


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
