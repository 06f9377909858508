"""The container of a payload: packed once from what the job names, then kept with the build instead of it."""

import os
from collections.abc import Mapping

from lasercam.errors import InputError, LasercamError, Problem, shorten
from lasercam.model.protocols import SourceContext
from lasercam.sources.payload.keys import LockKeys, PayloadKeys
from lasercam.storage.container import Compression, pack
from lasercam.storage.file_names import safe_name
from lasercam.storage.keys import ARGON2ID, SALT_BYTES, SCRYPT, Cipher, Key, Lock, Passphrase, new_salt, parse_key

CIPHERS = {"aes-256-gcm": Cipher.AES_256_GCM, "chacha20-poly1305": Cipher.CHACHA20_POLY1305}
HARDNESS = {"scrypt": SCRYPT, "argon2id": ARGON2ID}


def read_container(keys: PayloadKeys, context: SourceContext, environment: Mapping[str, str] = os.environ) -> bytes:
    """The container; inside a build, the one that is kept there: neither key nor content is needed again.

    Raises:
        InputError: no such file, no key, no salt.
    """
    return context.asset(f"payload:{context.name}", lambda: _pack(keys, context, environment))


def _pack(keys: PayloadKeys, context: SourceContext, environment: Mapping[str, str]) -> bytes:
    if keys.text is not None:
        content, name = keys.text.encode(), ""
    else:
        content, name = context.private(keys.file or ""), safe_name(keys.file or "")
    if not content:
        message = f"'{shorten(name)}' is empty; there is nothing to store"
        raise InputError(Problem(message, context.locate("file")))
    lock = None if keys.lock is None else _lock(keys.lock, context, environment)
    compression = Compression.ZSTD if keys.compression == "zstd" else Compression.NONE
    try:
        return pack(content, name, compression, lock)
    except LasercamError as error:
        raise InputError(Problem(str(error), context.locate("file" if keys.text is None else "text"))) from error


def _lock(keys: LockKeys, context: SourceContext, environment: Mapping[str, str]) -> Lock:
    if keys.passphrase_from is not None and keys.salt is None:
        message = "a passphrase needs a 'salt', so that one passphrase gives every job another key"
        hint = f"It is no secret. Here is a fresh one: salt: {new_salt().hex()}"
        raise InputError(Problem(message, context.locate("lock", key=True), hint))
    salt = bytes(SALT_BYTES) if keys.salt is None else bytes.fromhex(keys.salt)
    return Lock(_key(keys, context, environment), salt, CIPHERS[keys.cipher], HARDNESS[keys.kdf])


def _key(keys: LockKeys, context: SourceContext, environment: Mapping[str, str]) -> Key:
    try:
        if keys.key_file is not None:
            return parse_key(context.private(keys.key_file), shorten(keys.key_file))
        name = keys.passphrase_from or ""
        if not environment.get(name):
            place = context.locate("lock", "passphrase_from")
            hint = f"Set it for this command only: read -rs {name} && export {name}"
            raise InputError(Problem(f"the environment variable {name} holds no passphrase", place, hint))
        return Passphrase(environment[name])
    except LasercamError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(Problem(str(error), context.locate("lock"))) from None
