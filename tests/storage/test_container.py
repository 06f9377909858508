"""Containers give back what was packed, exactly, or say why not; secrets stay secret."""

import hashlib
import hmac
import struct
import tracemalloc
import zlib

import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import LasercamError, ParameterError, StorageError
from lasercam.storage.container import Compression, Description, describe, pack, unpack
from lasercam.storage.file_names import safe_name
from lasercam.storage.keys import SCRYPT, Cipher, Hardness, Kdf, Key, Lock, Passphrase, SecretKey

SALT = bytes(range(16))
KEY = SecretKey(bytes(range(100, 132)))
OTHER_KEY = SecretKey(bytes(32))
CIPHERS = (Cipher.AES_256_GCM, Cipher.CHACHA20_POLY1305)
QUICK = Hardness(Kdf.SCRYPT, 14, 8, 1)
QUICK_ARGON2 = Hardness(Kdf.ARGON2ID, 13, 2, 2)
TEXT = b"attack at dawn, " * 40

SALTS = st.binary(min_size=16, max_size=16)
LOCKS = st.one_of(
    st.none(), st.builds(Lock, st.just(KEY), st.binary(min_size=16, max_size=16), st.sampled_from(CIPHERS))
)
CODES = st.integers(0, 3)
NAMES = st.text(max_size=80).map(safe_name)


def sealed(damaged: bytes) -> bytes:
    """With a right checksum again: what somebody would do who means harm."""
    return damaged[:-4] + struct.pack(">I", zlib.crc32(damaged[:-4]))


def changed(container: bytes, at: int, new: bytes) -> bytes:
    return sealed(container[:at] + new + container[at + len(new) :])


@given(st.binary(max_size=3_000), NAMES, st.sampled_from(Compression), LOCKS)
@settings(deadline=None)
def test_what_goes_in_comes_out(content: bytes, name: str, compression: Compression, lock: Lock | None) -> None:
    container = pack(content, name, compression, lock)
    assert container == pack(content, name, compression, lock)
    found = unpack(container, lock.key if lock else None)
    assert (found.content, found.name) == (content, name)
    about = describe(container)
    assert found.description == about
    assert about.container_bytes == len(container)
    assert about.is_locked == (lock is not None)
    assert len(container) <= len(content) + len(name.encode()) + (108 if lock else 64)


@given(st.binary(max_size=400), LOCKS, st.data())
@settings(deadline=None, max_examples=300)
def test_damage_anywhere_is_noticed(content: bytes, lock: Lock | None, data: st.DataObject) -> None:
    container = pack(content * 3, "a.bin", lock=lock)
    key = lock.key if lock else None
    bits = data.draw(st.lists(st.integers(0, 8 * len(container) - 1), min_size=1, max_size=5, unique=True))
    damaged = bytearray(container)
    for bit in bits:
        damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(StorageError):
        unpack(bytes(damaged), key)
    cut = data.draw(st.integers(0, len(container) - 1))
    with pytest.raises(StorageError):
        unpack(container[:cut], key)
    with pytest.raises(StorageError, match="something behind it"):
        unpack(container + b"\0", key)


@given(st.binary(max_size=300), st.sampled_from(CIPHERS), st.data())
@settings(deadline=None, max_examples=150)
def test_a_change_with_a_mended_checksum_is_noticed(content: bytes, cipher: Cipher, data: st.DataObject) -> None:
    """The checksum is for accidents; the cipher's tag covers the header as well."""
    container = pack(content, "name", lock=Lock(KEY, SALT, cipher))
    at = data.draw(st.integers(0, len(container) - 5))
    new = data.draw(st.integers(0, 255).filter(lambda value: value != container[at]))
    with pytest.raises(StorageError):
        unpack(changed(container, at, bytes([new])), KEY)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=200)
def test_strangers_are_refused(data: bytes) -> None:
    for container in (data, b"LCVC" + data, sealed(b"LCVC\1" + data + b"1234")):
        for key in (None, KEY):
            with pytest.raises(StorageError):
                unpack(container, key)


@given(
    st.integers(0, 3), st.integers(0, 3), st.binary(min_size=3, max_size=3), st.binary(max_size=300), st.integers(0, 2)
)
@settings(deadline=None, max_examples=200)
def test_hostile_headers_cost_nothing(cipher: int, kdf: int, cost: bytes, rest: bytes, number: int) -> None:
    """Whatever a header asks for: an answer at once, and never content."""
    start = struct.pack(">4sBBB3sQ", b"LCVC", 1, cipher, kdf, cost, 22 + 50 + len(rest))
    body = struct.pack(">BQ32sB", number, len(rest), bytes(32), 9) + bytes(8) + rest
    keys: list[Key | None] = [None, KEY]
    if not is_allowed(kdf, cost):
        # Costs within bounds really are spent; that is for other tests.
        keys.append(Passphrase("x"))
    for key in keys:
        with pytest.raises(StorageError):
            unpack(sealed(start + body + b"1234"), key)


def is_allowed(kdf: int, cost: bytes) -> bool:
    """From the bounds as documented: 512 MiB at once, 4 GiB in all."""
    memory = (128 * cost[1] if kdf == 1 else 1024) << min(cost[0], 40)
    return memory <= 512 << 20 and memory * (cost[2] if kdf == 1 else cost[1]) <= 4 << 30


def test_the_format_is_as_documented() -> None:
    """A reader written from the format's description alone."""
    for cipher, library in zip(CIPHERS, (AESGCM, ChaCha20Poly1305), strict=True):
        whole = pack(TEXT, "plan.txt", lock=Lock(Passphrase("Zürich"), SALT, cipher, QUICK))
        assert whole[:10] == b"LCVC\1" + bytes([cipher, 1, 14, 8, 1])
        assert int.from_bytes(whole[10:18]) == len(whole)
        assert zlib.crc32(whole[:-4]) == int.from_bytes(whole[-4:])
        salt, nonce = whole[18:34], whole[34:46]
        assert salt == SALT
        master = hashlib.scrypt("Zürich".encode(), salt=salt, n=2**14, r=8, p=1, maxmem=2**26, dklen=32)
        extracted = hmac.digest(salt, master, "sha256")
        key = hmac.digest(extracted, b"LCVC 1 encryption\1", "sha256")
        body = library(key).decrypt(nonce, whole[46:-4], whole[:46])
        nonce_key = hmac.digest(extracted, b"LCVC 1 nonce\1", "sha256")
        assert hmac.digest(nonce_key, whole[:34] + body, "sha256")[:12] == nonce
        assert body[0] == 1
        assert int.from_bytes(body[1:9]) == len(TEXT)
        assert body[9:41] == hashlib.sha256(TEXT).digest()
        assert body[41:50] == b"\x08plan.txt"
        assert zstandard.ZstdDecompressor().decompress(body[50:]) == TEXT


def test_an_open_container_to_the_byte() -> None:
    assert pack(b"abc", "n").hex() == (
        "4c435643010000000000" + "0000000000000044" + "00" + "0000000000000003"
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" + "016e616263" + "a7a97596"
    )  # fmt: skip
    found = unpack(pack(b"abc", "n"))
    assert found.description == Description(68, 46, Cipher.NONE, None)


@pytest.mark.parametrize("hardness", [QUICK, QUICK_ARGON2])
def test_passphrases(hardness: Hardness) -> None:
    container = pack(TEXT, lock=Lock(Passphrase("Zu\u0308rich"), SALT, hardness=hardness))
    assert describe(container).hardness == hardness
    assert describe(container).wants == "a passphrase"
    # Composed or not, the same letters.
    assert unpack(container, Passphrase("Z\u00fcrich")).content == TEXT
    with pytest.raises(StorageError, match=r"^wrong passphrase"):
        unpack(container, Passphrase("Zurich"))
    with pytest.raises(StorageError, match="locked with a passphrase, and a key file was given"):
        unpack(container, KEY)


def test_keys_that_do_not_fit() -> None:
    locked, open_ = pack(TEXT, lock=Lock(KEY, SALT)), pack(TEXT)
    with pytest.raises(StorageError, match="encrypted; it takes a key file"):
        unpack(locked)
    with pytest.raises(StorageError, match=r"^wrong key"):
        unpack(locked, OTHER_KEY)
    with pytest.raises(StorageError, match="locked with a key file, and a passphrase was given"):
        unpack(locked, Passphrase("x"))
    with pytest.raises(StorageError, match="not encrypted although a key was given"):
        unpack(open_, KEY)


def test_messages_name_the_trouble() -> None:
    container = pack(TEXT)
    cases = [
        (b"", "do not begin with `LCVC`"),
        (b"%PDF-1.7" + container, "do not begin with `LCVC`"),
        (container[:4] + b"\7" + container[5:], "version 7; this lasercam reads version 1"),
        (container[:9], "truncated: 9 bytes"),
        (container[:-1], f"truncated.*{len(container) - 1} bytes, not {len(container)}"),
        (container[:30] + b"?" + container[31:], "damaged: its checksum"),
        (changed(container, 5, b"\3"), "cipher 3 and key derivation 0"),
        (changed(container, 6, b"\1"), "malformed"),
        (changed(container, 18, b"\2"), "malformed"),
        (changed(container, 27, b"?"), "SHA-256"),
        (changed(container, 19, (1 << 40).to_bytes(8)), "1099511627776 bytes; 1073741824 are allowed"),
        (changed(container, 60, b"????"), "cannot be unpacked"),
    ]
    for damaged, message in cases:
        with pytest.raises(StorageError, match=message):
            unpack(damaged)
    with pytest.raises(StorageError, match="640 bytes; 639 are allowed"):
        unpack(container, most_bytes=639)
    assert unpack(container, most_bytes=640).content == TEXT


@pytest.mark.parametrize("said", [10, 90_000_000])
def test_a_bomb_takes_no_more_memory_than_it_says(said: int) -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(100_000_000))
    body = struct.pack(">BQ32sB", 1, said, bytes(32), 0) + bomb
    container = sealed(struct.pack(">4sBBB3BQ", b"LCVC", 1, 0, 0, 0, 0, 0, 22 + len(body)) + body + b"1234")
    tracemalloc.start()
    with pytest.raises(StorageError, match=f"more than {said} bytes"):
        unpack(container)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < said + 8_000_000


@pytest.mark.parametrize("cost", [(20, 255, 1), (31, 1, 1), (255, 255, 255), (17, 8, 255), (0, 8, 1), (17, 0, 1)])
@pytest.mark.parametrize("kdf", [Kdf.SCRYPT, Kdf.ARGON2ID])
def test_costs_out_of_bounds_are_refused_before_they_are_spent(kdf: Kdf, cost: tuple[int, int, int]) -> None:
    if kdf is Kdf.ARGON2ID:
        cost = {(17, 8, 255): (17, 255, 8), (20, 255, 1): (3, 1, 9)}.get(cost, cost)
    container = pack(TEXT, lock=Lock(Passphrase("x"), SALT, hardness=QUICK))
    hostile = changed(changed(container, 6, bytes([kdf])), 7, bytes(cost))
    with pytest.raises(StorageError, match="512 MiB of memory and 4096 MiB filled"):
        unpack(hostile, Passphrase("x"))
    with pytest.raises(StorageError, match="512 MiB"):
        Lock(KEY, SALT, hardness=Hardness(kdf, *cost))


def test_locks_that_protect_nothing_are_refused() -> None:
    with pytest.raises(ParameterError, match="16 MiB is the least, 128 MiB the default"):
        Lock(KEY, SALT, hardness=Hardness(Kdf.SCRYPT, 10, 8, 1))
    with pytest.raises(ParameterError, match="16 bytes, not 3"):
        Lock(KEY, b"abc")
    with pytest.raises(ParameterError, match="needs a cipher"):
        Lock(KEY, SALT, Cipher.NONE)
    assert SCRYPT.memory_bytes == 128 << 20


def test_nonces_tell_contents_keys_salts_and_names_apart() -> None:
    contents, names, keys, salts = (b"a", b"b", b""), ("", "x"), (KEY, OTHER_KEY), (SALT, bytes(16))
    nonces = {
        pack(content, name, lock=Lock(key, salt, cipher))[34:46]
        for content in contents for name in names for key in keys for salt in salts for cipher in CIPHERS
    }  # fmt: skip
    assert len(nonces) == 3 * 2 * 2 * 2 * 2


def test_secrets_do_not_show() -> None:
    phrase, secret = Passphrase("correct horse"), SecretKey(b"battery staple, thirty-two bytes")
    content = b"the plaintext of the message"
    shown = []
    for key in (phrase, secret):
        lock = Lock(key, SALT, hardness=QUICK)
        container = pack(content, "plaintext.txt", lock=lock)
        assert b"plaintext" not in container
        shown += [repr(key), str(key), repr(lock), repr(unpack(container, key)), repr(describe(container))]
        for wrong in (None, Passphrase("correct cow"), OTHER_KEY):
            try:
                unpack(container, wrong)
            except LasercamError as error:
                shown.append(repr(error))
    assert len(shown) == 16
    for text in shown:
        assert not any(word in text for word in ("correct", "horse", "battery", "staple", "plaintext", "cow"))


@pytest.mark.parametrize(
    "name", ["a/b", "..", ".profile", "-rf", "a\nb", "nul", "COM1.txt", "x" * 256, "a ", "\udc80", "ä" * 128]
)
def test_names_that_no_file_should_have(name: str) -> None:
    with pytest.raises(ParameterError, match="no name for a stored file"):
        pack(b"", name)
    if len(name.encode(errors="replace")) > 255 or name == "\udc80":
        return
    # A hostile writer does not ask; the reader hands out the nearest good name, or none.
    plain = pack(b"", "a")
    body = plain[18:-4][:41] + bytes([len(name.encode())]) + name.encode()
    hostile = plain[:10] + (22 + len(body)).to_bytes(8) + body + b"1234"
    found = unpack(sealed(hostile)).name
    assert found == safe_name(name) == safe_name(found)
    assert not set(found) & set("/\\\n")
