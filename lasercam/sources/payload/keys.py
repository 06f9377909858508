"""Keys of stored data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from lasercam.model.job import Placement
from lasercam.schema.document import Document
from lasercam.schema.quantities import PositiveLength, Ratio, Wavelength
from lasercam.storage.keys import is_variable
from lasercam.storage.page_layout import LEAST_SIDE, MOST_BITS, MOST_SIDE

SALT = r"[0-9a-f]{32}"
"""Sixteen bytes in hexadecimal digits."""

Side = Annotated[int, Field(ge=LEAST_SIDE, le=MOST_SIDE)]
Fields = Annotated[int, Field(ge=1, le=10_000)]


class LockKeys(Document):
    """Authenticated encryption: without the key nobody reads the data, or changes it unnoticed."""

    passphrase_from: str | None = None
    """Name of the environment variable that holds the passphrase; it never stands in a file of the job."""
    key_file: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    """Instead: a file of 32 random bytes (or their hexadecimal or base64 digits), beside the job; it is read, and
    never kept with a build."""
    salt: Annotated[str, Field(pattern=f"^{SALT}$")] | None = None
    """Needed with a passphrase: 32 hexadecimal digits of your own, not secret, so that one passphrase gives every job
    another key."""
    cipher: Literal["aes-256-gcm", "chacha20-poly1305"] = "aes-256-gcm"
    """How it is encrypted."""
    kdf: Literal["scrypt", "argon2id"] = "scrypt"
    """How a passphrase becomes a key."""

    @field_validator("passphrase_from")
    @classmethod
    def _is_a_name(cls, text: str | None) -> str | None:
        # What is no name may be the passphrase itself: it is not repeated.
        if text is not None and not is_variable(text):
            raise ValueError(
                "passphrase_from takes the NAME of an environment variable (letters, digits, _), never the passphrase"
            )
        return text

    @model_validator(mode="after")
    def _one_key(self) -> LockKeys:
        if (self.passphrase_from is None) == (self.key_file is None):
            found = "both" if self.key_file is not None else "neither"
            raise ValueError(f"a lock needs either passphrase_from or key_file; found {found}")
        if self.key_file is not None and "kdf" in self.model_fields_set:
            raise ValueError("'kdf' means nothing with a key_file: the file is the key")
        return self


class LevelEmission(Document):
    """How the voxels of one level glow, as the lab measured it."""

    peak: Wavelength
    """Centre of the emission."""
    fwhm: Wavelength
    """Full width at half maximum."""
    radiance: Ratio = 1.0
    """Brightness relative to the other levels."""
    source: Annotated[str, Field(min_length=3)]
    """How the lab knows: a measurement with its date, a citation, or "example value"."""


class PayloadKeys(Placement):
    """Keys of stored data."""

    type: Literal["payload"]
    file: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    """The file that is stored. With a `lock` it is read and never kept with a build."""
    text: Annotated[str, Field(min_length=1, max_length=1_000_000)] | None = None
    """Instead of `file`: a text. It stands in the job file, so it cannot be locked."""
    compression: Literal["zstd", "none"] = "zstd"
    """Compressed data is stored as it was where it would not get smaller."""
    lock: LockKeys | None = None
    """Encryption."""
    bits: Annotated[int, Field(ge=1, le=MOST_BITS)] = 2
    """Bits of a voxel; 2 are four levels, the parts `symbol_0` to `symbol_3`."""
    presence: Annotated[bool, Field(strict=False)] = False
    """Level 0 is no voxel at all. Then a lost voxel reads as data, and half the losses are tolerated."""
    page: tuple[Side, Side] = (96, 96)
    """Voxels along x and along y of a page, even."""
    pitch: tuple[PositiveLength, PositiveLength]
    """Distance from voxel to voxel along x and y."""
    layer_pitch: PositiveLength | None = None
    """Distance from layer to layer; needed where there are several."""
    fields: tuple[Fields, Fields] = (1, 1)
    """Pages side by side along x and y in every layer."""
    gap: Annotated[int, Field(ge=2, le=1_000)] = 6
    """Empty pitches between pages side by side."""
    layers: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Most layers there is room for; absent: as many as needed."""
    parity: Annotated[int, Field(ge=2, le=200)] = 32
    """Reed-Solomon symbols in every codeword of some 250: half as many wrong bytes, or as many flagged ones, are put
    right."""
    group: tuple[Annotated[int, Field(ge=1, le=254)], Annotated[int, Field(ge=0, le=254)]] = (16, 4)
    """Pages of data in a group, and pages of parity beside them: so many pages of a group may be lost altogether."""
    levels: tuple[LevelEmission, ...] = ()
    """How each level glows, level 0 first, where the process does not say; empty: as the process says."""
    repair: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    """A table of voxels (CSV: page, row, column) that are written again; all others are left alone."""

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> PayloadKeys:
        if (self.file is None) == (self.text is None):
            found = "both" if self.file is not None else "neither"
            raise ValueError(f"give what is stored as 'file' or as 'text'; found {found}")
        if self.text is not None and self.lock is not None:
            raise ValueError("a text stands in the job file for everyone to read; put it into a file to lock it")
        if self.presence and self.bits != 1:
            raise ValueError(f"presence: true tells one bit per voxel, there or not; found bits: {self.bits}")
        if self.levels and len(self.levels) != 1 << self.bits:
            raise ValueError(f"{1 << self.bits} levels need as many emissions; found {len(self.levels)}")
        if sum(self.group) > 255:
            raise ValueError(f"a group has 255 pages at most; found {self.group[0]} + {self.group[1]}")
        return self
