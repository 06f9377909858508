"""A file or text as the bytes that go onto pages, compressed and locked if wanted: format LCVC, version 1.

    offset  bytes   header, in the clear; numbers are unsigned and most significant byte first
         0      4   `LCVC`
         4      1   version, 1
         5      1   cipher: 0 none, 1 AES-256-GCM, 2 ChaCha20-Poly1305
         6      1   key derivation: 0 none (a key of 32 bytes, or no lock), 1 scrypt, 2 Argon2id
         7      3   its cost: log2 of N or of KiB; r or passes; lanes; all 0 without derivation
        10      8   bytes of the container, all of it
        18     16   salt    } only where there is a cipher
        34     12   nonce   }
                    body, encrypted where there is a cipher, then with the cipher's tag of 16 bytes behind it
         0      1   0 stored, 1 one zstd frame
         1      8   bytes of the content
         9     32   SHA-256 of the content
        41      1   bytes of the name
        42          name in UTF-8, then the content
        −4      4   CRC-32 (that of zlib) of everything before it

The checksum in the clear tells damage from a wrong key. The header, nonce included, is the cipher's associated data.
"""

import hmac
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final
from zlib import crc32

from lasercam.errors import ParameterError, StorageError, shorten
from lasercam.storage.compression import compress, decompress
from lasercam.storage.file_names import MOST_BYTES, safe_name
from lasercam.storage.keys import SALT_BYTES, Cipher, Hardness, Kdf, Key, Lock, Passphrase, SecretKey
from lasercam.storage.sealing import NONCE_BYTES, TAG_BYTES, seal, stretched, synthetic_nonce, unseal

MAGIC: Final = b"LCVC"
VERSION: Final = 1
MOST_CONTENT_BYTES: Final = 1 << 30
"""What a container may unpack to unless the reader is told otherwise."""
START: Final = struct.Struct(">4sBBB3BQ")
BODY_START: Final = struct.Struct(">BQ32sB")
_CHECKSUM: Final = struct.Struct(">I")


class Compression(IntEnum):
    """How content is kept, as the body numbers it."""

    NONE = 0
    ZSTD = 1


@dataclass(frozen=True)
class Description:
    """What a container tells without a key.

    Attributes:
        container_bytes: size of all of it.
        protected_bytes: size of its body: name and content, compressed if that was wanted.
        cipher: NONE where it is open to everybody.
        hardness: of the passphrase; None where it is open or wants a key of 32 bytes.
    """

    container_bytes: int
    protected_bytes: int
    cipher: Cipher
    hardness: Hardness | None

    @property
    def is_locked(self) -> bool:
        """It takes a key to read."""
        return self.cipher is not Cipher.NONE

    @property
    def option(self) -> str:
        """What the command line calls it."""
        return "--passphrase-from VARIABLE" if self.hardness else "--key-file FILE"

    @property
    def wants(self) -> str:
        """What opens it, in words."""
        if not self.is_locked:
            return "no key"
        return "a passphrase" if self.hardness else "a key file"


@dataclass(frozen=True)
class Unpacked:
    """What was in a container.

    Attributes:
        content: as it was packed; its SHA-256 has been checked.
        name: of the file, never a path; empty where none was given.
        description: of the container.
    """

    content: bytes = field(repr=False)
    name: str = field(repr=False)
    description: Description


@dataclass(frozen=True)
class _Header:
    description: Description
    salt: bytes
    nonce: bytes
    size: int


def pack(
    content: bytes, name: str = "", compression: Compression = Compression.ZSTD, lock: Lock | None = None
) -> bytes:
    """A container of the content. The same arguments make the same bytes, given the same version of zstd.

    Args:
        content: any bytes, none included.
        name: of the file, without folders; or empty. It is as secret as the content.
        compression: ZSTD is given up where it does not make the content smaller.
        lock: None leaves the container open to everybody.

    Raises:
        ParameterError: a name that no file should have.
    """
    _check_name(name)
    packed = compress(content) if compression is Compression.ZSTD else content
    if len(packed) >= len(content):
        compression, packed = Compression.NONE, content
    encoded = name.encode()
    body = BODY_START.pack(compression, len(content), sha256(content).digest(), len(encoded)) + encoded + packed
    if lock is None:
        start = START.pack(MAGIC, VERSION, 0, 0, 0, 0, 0, START.size + len(body) + _CHECKSUM.size)
        whole = start + body
    else:
        hardness = lock.hardness if isinstance(lock.key, Passphrase) else None
        kdf = (hardness.kdf, hardness.log2_cost, hardness.rounds, hardness.lanes) if hardness else (0, 0, 0, 0)
        size = START.size + SALT_BYTES + NONCE_BYTES + len(body) + TAG_BYTES + _CHECKSUM.size
        header = START.pack(MAGIC, VERSION, lock.cipher, *kdf, size) + lock.salt
        master = stretched(lock.key, lock.salt, hardness)
        nonce = synthetic_nonce(master, lock.salt, header, body)
        whole = header + nonce + seal(lock.cipher, master, lock.salt, nonce, body, header + nonce)
    return whole + _CHECKSUM.pack(crc32(whole))


def describe(container: bytes) -> Description:
    """What can be known without a key.

    Raises:
        StorageError: foreign, damaged or truncated bytes, or a version of the format that is not known here.
    """
    return _header(container).description


def unpack(container: bytes, key: Key | None = None, *, most_bytes: int = MOST_CONTENT_BYTES) -> Unpacked:
    """What is in a container, exactly as it was packed, or an error.

    Args:
        container: exactly its bytes.
        key: what it was locked with; None for one that is open.
        most_bytes: content larger than this is refused before it is unpacked.

    Raises:
        StorageError: as `describe`; a key that is missing, wrong or too much; content of another digest.
    """
    header = _header(container)
    body = container[header.size : -_CHECKSUM.size]
    if header.description.is_locked:
        body = _unlocked(container, header, body, key)
    elif key is not None:
        raise StorageError(
            "the container is not encrypted although a key was given; nothing vouches for where it comes from."
            " Leave the key out to read it all the same"
        )
    if len(body) < BODY_START.size:
        raise StorageError(_MALFORMED)
    number, size, digest, name_size = BODY_START.unpack_from(body)
    packed = body[BODY_START.size + name_size :]
    if number not in set(Compression) or BODY_START.size + name_size > len(body):
        raise StorageError(_MALFORMED)
    if size > most_bytes:
        raise StorageError(f"the content is said to have {size} bytes; {most_bytes} are allowed here")
    content = decompress(packed, size) if number == Compression.ZSTD else packed
    if len(content) != size or not hmac.compare_digest(sha256(content).digest(), digest):
        raise StorageError("the content does not match its own SHA-256: it is not what was packed")
    name = body[BODY_START.size : BODY_START.size + name_size].decode(errors="replace")
    return Unpacked(content, safe_name(name), header.description)


_MALFORMED: Final = "the container is malformed inside, although its checksum is right: its writer broke the format"


def _unlocked(container: bytes, header: _Header, sealed: bytes, key: Key | None) -> bytes:
    about = header.description
    if key is None:
        raise StorageError(
            f"the container is encrypted; it takes {about.wants} to read it (`lasercam read` takes {about.option})"
        )
    if isinstance(key, SecretKey) == (about.hardness is not None):
        given = "a key file" if isinstance(key, SecretKey) else "a passphrase"
        raise StorageError(f"the container is locked with {about.wants}, and {given} was given")
    master = stretched(key, header.salt, about.hardness)
    body = unseal(about.cipher, master, header.salt, header.nonce, sealed, container[: header.size])
    if body is None:
        what = "passphrase" if about.hardness else "key"
        raise StorageError(
            f"wrong {what}: the container arrived undamaged, and this {what} does not open it (or somebody has"
            " changed it)"
        )
    return body


def _header(container: bytes) -> _Header:
    if container[:4] != MAGIC[: len(container[:4])] or not container:
        raise StorageError("these bytes are no container of lasercam: they do not begin with `LCVC`")
    if len(container) > 4 and container[4] != VERSION:
        raise StorageError(f"the container has version {container[4]}; this lasercam reads version {VERSION}")
    if len(container) < START.size:
        raise StorageError(f"the container is truncated: {len(container)} bytes do not even hold its header")
    _, _, cipher, kdf, log2_cost, rounds, lanes, size = START.unpack_from(container)
    if len(container) != size:
        what = "is truncated" if len(container) < size else "has something behind it"
        raise StorageError(f"the container {what}, or its header is damaged: {len(container)} bytes, not {size}")
    if size < START.size + _CHECKSUM.size or crc32(container[:-4]) != _CHECKSUM.unpack(container[-4:])[0]:
        raise StorageError("the container is damaged: its checksum does not match its bytes")
    if cipher not in set(Cipher) or kdf not in set(Kdf):
        raise StorageError(f"the container names cipher {cipher} and key derivation {kdf}, which are not known here")
    if (not kdf and (log2_cost or rounds or lanes)) or (kdf and not cipher):
        raise StorageError(_MALFORMED)
    hardness = Hardness(Kdf(kdf), log2_cost, rounds, lanes) if kdf else None
    if not cipher:
        about = Description(size, size - START.size - _CHECKSUM.size, Cipher.NONE, None)
        return _Header(about, b"", b"", START.size)
    header_size = START.size + SALT_BYTES + NONCE_BYTES
    inside = size - header_size - TAG_BYTES - _CHECKSUM.size
    if inside < 0:
        raise StorageError(_MALFORMED)
    salt = container[START.size : START.size + SALT_BYTES]
    nonce = container[START.size + SALT_BYTES : header_size]
    return _Header(Description(size, inside, Cipher(cipher), hardness), salt, nonce, header_size)


def _check_name(name: str) -> None:
    better = safe_name(name)
    if name != better:
        ask = f"; '{better}' would do" if better else ""
        raise ParameterError(
            f"'{shorten(name)}' is no name for a stored file: no folders, no control signs, no leading"
            f" dot or dash, at most {MOST_BYTES} bytes{ask}"
        )
