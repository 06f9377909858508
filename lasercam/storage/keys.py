"""What locks and unlocks a container: a passphrase or a key of 32 bytes, and how hard guessing is made."""

import base64
import binascii
import secrets
import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

from lasercam.errors import ParameterError, StorageError

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
MOST_KEY_FILE_BYTES: Final = 4_096
MIB: Final = 1 << 20
MOST_VARIABLE: Final = 64


class Cipher(IntEnum):
    """Authenticated encryption, as the container's header numbers it."""

    NONE = 0
    AES_256_GCM = 1
    """NIST SP 800-38D."""
    CHACHA20_POLY1305 = 2
    """RFC 8439."""


class Kdf(IntEnum):
    """How a key is made from the secret, as the container's header numbers it."""

    NONE = 0
    """The secret is the key."""
    SCRYPT = 1
    """RFC 7914."""
    ARGON2ID = 2
    """RFC 9106."""


@dataclass(frozen=True)
class Hardness:
    """What one guess at a passphrase costs.

    Attributes:
        kdf: SCRYPT or ARGON2ID.
        log2_cost: 2 to this power is N for scrypt, and KiB of memory for Argon2id.
        rounds: r (blocks of 128 bytes) for scrypt, passes over the memory for Argon2id.
        lanes: p of either.
    """

    kdf: Kdf
    log2_cost: int
    rounds: int
    lanes: int

    @property
    def memory_bytes(self) -> int:
        """Memory that one guess takes."""
        return (128 * self.rounds if self.kdf is Kdf.SCRYPT else 1024) << self.log2_cost

    @property
    def work_bytes(self) -> int:
        """Memory times the times it is filled: a measure of the time, about 0.3 s for 128 MiB."""
        return self.memory_bytes * (self.lanes if self.kdf is Kdf.SCRYPT else self.rounds)

    def check(self) -> None:
        """Refuse what would take gigabytes or minutes.

        Raises:
            StorageError: a cost out of bounds; a container's header may ask for anything.
        """
        numbers = self.log2_cost, self.rounds, self.lanes
        is_sane = self.kdf is not Kdf.NONE and min(numbers) >= 1 and max(numbers) <= 255 and self.log2_cost <= 30
        if is_sane and self.kdf is Kdf.ARGON2ID:
            is_sane = 1 << self.log2_cost >= 8 * self.lanes
        if not is_sane or self.memory_bytes > MOST_MEMORY_BYTES or self.work_bytes > MOST_WORK_BYTES:
            raise StorageError(
                f"deriving the key is to cost {self.kdf.name.lower()} 2^{self.log2_cost}, {self.rounds}, {self.lanes};"
                f" allowed are {MOST_MEMORY_BYTES // MIB} MiB of memory and {MOST_WORK_BYTES // MIB} MiB filled in all"
            )


MOST_MEMORY_BYTES: Final = 512 * MIB
MOST_WORK_BYTES: Final = 4_096 * MIB
LEAST_WORK_BYTES: Final = 16 * MIB
"""Below this a passphrase is not protected; containers made elsewhere are read all the same."""
SCRYPT: Final = Hardness(Kdf.SCRYPT, 17, 8, 1)
"""128 MiB a guess. Source: OWASP Password Storage Cheat Sheet, recommendation for scrypt."""
ARGON2ID: Final = Hardness(Kdf.ARGON2ID, 16, 3, 4)
"""64 MiB a guess. Source: RFC 9106, section 4, second recommended option."""


@dataclass(frozen=True)
class Passphrase:
    """A secret that a person remembers. Letters that look alike are alike (Unicode NFC).

    Raises:
        StorageError: empty.
    """

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.text:
            raise StorageError("the passphrase is empty; give one, or leave encryption out")

    @property
    def secret(self) -> bytes:
        """What goes into the derivation."""
        try:
            return unicodedata.normalize("NFC", self.text).encode()
        except UnicodeEncodeError:
            raise StorageError("the passphrase holds bytes that are no text in UTF-8") from None


@dataclass(frozen=True)
class SecretKey:
    """A secret of 32 random bytes.

    Raises:
        StorageError: another length.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise StorageError(f"a key has {KEY_BYTES} bytes, not {len(self.secret)}")


Key = Passphrase | SecretKey


@dataclass(frozen=True)
class Lock:
    """How a container is to be locked.

    Attributes:
        key: what opens it.
        salt: 16 bytes, no secret, best random and kept in the job (`new_salt`), so that a second build makes the same
            container. The same passphrase with another salt is another key.
        cipher: AES_256_GCM or CHACHA20_POLY1305.
        hardness: what a guess at a passphrase costs; of no effect on a key of 32 bytes.

    Raises:
        ParameterError: no such cipher or salt, or a cost too low to protect a passphrase.
        StorageError: a cost out of bounds.
    """

    key: Key = field(repr=False)
    salt: bytes
    cipher: Cipher = Cipher.AES_256_GCM
    hardness: Hardness = SCRYPT

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES:
            raise ParameterError(f"a salt has {SALT_BYTES} bytes, not {len(self.salt)}")
        if self.cipher not in (Cipher.AES_256_GCM, Cipher.CHACHA20_POLY1305):
            raise ParameterError("a lock needs a cipher: AES-256-GCM or ChaCha20-Poly1305")
        self.hardness.check()
        if self.hardness.work_bytes < LEAST_WORK_BYTES:
            raise ParameterError(
                f"a guess at the passphrase would cost {self.hardness.work_bytes / MIB:.3g} MiB of memory filled;"
                f" {LEAST_WORK_BYTES // MIB} MiB is the least, {SCRYPT.work_bytes // MIB} MiB the default"
            )


def is_variable(text: str) -> bool:
    """Whether a text can be the name of an environment variable."""
    return text.isascii() and text.isidentifier() and len(text) <= MOST_VARIABLE


def new_salt() -> bytes:
    """16 random bytes, for a new job; a build must not call this."""
    return secrets.token_bytes(SALT_BYTES)


def load_key(path: Path) -> SecretKey:
    """The key in a file; see `parse_key`.

    Raises:
        StorageError: no such file, or something else in it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_KEY_FILE_BYTES + 1)
    except OSError as error:
        raise StorageError(f"the key file {path} cannot be read: {error.strerror}") from None
    return parse_key(data, str(path))


def parse_key(data: bytes, name: str) -> SecretKey:
    """The key in the bytes of a file: 32 bytes as they are, 64 hexadecimal digits, or base64; blanks do not matter.

    Raises:
        StorageError: something else; what it is is not repeated.
    """
    if len(data) == KEY_BYTES:
        return SecretKey(data)
    for decode in (bytes.fromhex, _from_base64):
        try:
            found = decode(data.decode("ascii"))
        except ValueError:
            continue
        if len(found) == KEY_BYTES:
            return SecretKey(found)
    size = f"{len(data)} bytes" if len(data) <= MOST_KEY_FILE_BYTES else f"more than {MOST_KEY_FILE_BYTES} bytes"
    raise StorageError(
        f"the key file {name} has {size} that are no key; a key is {KEY_BYTES} random bytes, or those as"
        f" {2 * KEY_BYTES} hexadecimal digits or in base64; `head -c {KEY_BYTES} /dev/urandom > my.key` makes one"
    )


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()).translate(str.maketrans("-_", "+/")), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
