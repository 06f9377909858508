"""Codes in photographs and in lasercam's own views."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lasercam.errors import InputError, PatternError, Problem
from lasercam.pipeline.inputs import read_bytes
from lasercam.pipeline.load import load_job
from lasercam.pipeline.readability import payloads
from lasercam.readback.qr import QrReading, read_qr
from lasercam.sources.image.picture import read_picture


@dataclass(frozen=True)
class Readings:
    """What was found in a picture.

    Attributes:
        image: the file's name.
        found: every code, with the look at the picture that showed it.
        expected: payloads that the job carries and the patterns they belong to; empty without a job.
    """

    image: str
    found: tuple[QrReading, ...]
    expected: dict[bytes, str]

    @property
    def holds(self) -> bool:
        """Whether any code was found; with a job, one of the job's."""
        return any(not self.expected or one.payload in self.expected for one in self.found)

    def owner(self, reading: QrReading) -> str | None:
        """The pattern of the job that a code belongs to."""
        return self.expected.get(reading.payload)

    def data(self) -> dict[str, Any]:
        """What `lasercam read --format json` prints."""
        codes = [
            {"text": one.text, "bytes": one.payload.hex(), "look": one.rung.title, "pattern": self.owner(one)}
            for one in self.found
        ]
        there = {one.payload for one in self.found}
        missing = [name for payload, name in self.expected.items() if payload not in there]
        return {"image": self.image, "codes": codes, "not_found": missing}


def read_codes(image: str | Path, job: str | Path | None = None) -> Readings:
    """QR codes in a PNG, TIFF or JPEG.

    Args:
        image: the file.
        job: a job or its build, whose codes are looked for.

    Raises:
        InputError: the picture cannot be read, or the job carries no code.
    """
    file = Path(image)
    expected = {} if job is None else payloads(load_job(Path(job)))
    if job is not None and not expected:
        raise InputError(Problem(f"no pattern of '{job}' carries a code"))
    try:
        picture = read_picture(read_bytes(file), file.name)
    except PatternError as error:
        raise InputError(Problem(str(error))) from error
    return Readings(file.name, read_qr(picture.values, expected or None), expected)
