"""Derivation of keys and authenticated encryption; what there is of cryptography in lasercam, all by `cryptography`."""

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from lasercam.errors import StorageError
from lasercam.storage.keys import KEY_BYTES, Cipher, Hardness, Kdf, Key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
ENCRYPTION: Final = b"LCVC 1 encryption"
NONCE: Final = b"LCVC 1 nonce"


def stretched(key: Key, salt: bytes, hardness: Hardness | None) -> bytes:
    """32 bytes from a passphrase by the key derivation named, or the key as it is where there is none.

    Raises:
        StorageError: a cost out of bounds, or a derivation that this installation does not know.
    """
    if hardness is None:
        return key.secret
    hardness.check()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    cost, rounds, lanes = 1 << hardness.log2_cost, hardness.rounds, hardness.lanes
    try:
        if hardness.kdf is Kdf.SCRYPT:
            return Scrypt(salt=salt, length=KEY_BYTES, n=cost, r=rounds, p=lanes).derive(key.secret)
        argon2 = Argon2id(salt=salt, length=KEY_BYTES, iterations=rounds, lanes=lanes, memory_cost=cost)
        return argon2.derive(key.secret)
    except UnsupportedAlgorithm:
        raise StorageError(
            f"the installed `cryptography` does not know {hardness.kdf.name.lower()}; it needs OpenSSL 3.2 or newer"
        ) from None
    except MemoryError:
        raise StorageError(
            f"deriving the key takes {hardness.memory_bytes >> 20} MiB of memory, more than there is"
        ) from None


def separated(master: bytes, salt: bytes, purpose: bytes) -> bytes:
    """32 bytes for one purpose, by HKDF-SHA256 (RFC 5869) with the salt and the purpose as its info."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt, purpose).derive(master)


def synthetic_nonce(master: bytes, salt: bytes, header: bytes, body: bytes) -> bytes:
    """12 bytes that differ wherever key, salt, header or body do: the start of an HMAC-SHA256 over header and body."""
    mac = hmac.new(separated(master, salt, NONCE), header, sha256)
    mac.update(body)
    return mac.digest()[:NONCE_BYTES]


def seal(cipher: Cipher, master: bytes, salt: bytes, nonce: bytes, body: bytes, header: bytes) -> bytes:
    """The body encrypted, and 16 bytes that vouch for it and the header."""
    return _aead(cipher, master, salt).encrypt(nonce, body, header)


def unseal(cipher: Cipher, master: bytes, salt: bytes, nonce: bytes, sealed: bytes, header: bytes) -> bytes | None:
    """The body; None where key, header and sealed bytes do not belong together."""
    from cryptography.exceptions import InvalidTag

    try:
        return _aead(cipher, master, salt).decrypt(nonce, sealed, header)
    except InvalidTag:
        return None


def _aead(cipher: Cipher, master: bytes, salt: bytes) -> "AESGCM | ChaCha20Poly1305":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

    key = separated(master, salt, ENCRYPTION)
    return AESGCM(key) if cipher is Cipher.AES_256_GCM else ChaCha20Poly1305(key)
