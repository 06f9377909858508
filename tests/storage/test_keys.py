"""Key files in the forms that people keep them, and messages that do not repeat what is in them."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import StorageError
from lasercam.storage.file_names import safe_name
from lasercam.storage.keys import Passphrase, SecretKey, load_key, new_salt

SECRET = bytes(range(180, 212))


@pytest.mark.parametrize(
    "data",
    [
        SECRET,
        SECRET.hex().encode(),
        SECRET.hex().upper().encode() + b"\n",
        SECRET.hex(" ").encode() + b"\r\n",
        base64.b64encode(SECRET),
        base64.b64encode(SECRET) + b"\n",
        base64.urlsafe_b64encode(SECRET),
    ],
)
def test_forms_of_a_key(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "my.key"
    path.write_bytes(data)
    assert load_key(path) == SecretKey(SECRET)


@pytest.mark.parametrize(
    "data", [b"", b"hunter2", SECRET[:31], SECRET + b"\n\n", SECRET.hex()[:-1].encode(), b"x" * 9_000]
)
def test_what_is_no_key(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("keys") / "my.key"
    path.write_bytes(data)
    with pytest.raises(StorageError, match=r"my\.key has (\d+|more than 4096) bytes.* that are no key") as caught:
        load_key(path)
    assert "hunter2" not in str(caught.value)


def test_a_missing_key_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read: No such file"):
        load_key(tmp_path / "none")
    with pytest.raises(StorageError, match="cannot be read"):
        load_key(tmp_path)


def test_what_is_no_secret() -> None:
    with pytest.raises(StorageError, match="passphrase is empty"):
        Passphrase("")
    with pytest.raises(StorageError, match="no text in UTF-8"):
        _ = Passphrase("a\udc80").secret
    with pytest.raises(StorageError, match="32 bytes, not 5"):
        SecretKey(b"abcde")
    assert len({new_salt() for _ in range(20)}) == 20


@given(st.text(max_size=400))
def test_safe_names_are_safe_and_stay(name: str) -> None:
    safe = safe_name(name)
    assert safe == safe_name(safe)
    assert len(safe.encode()) <= 255
    assert not safe.startswith((".", "-", "~", " "))
    assert safe not in ("", ".", "..") or safe == ""
    assert all(c.isprintable() and c not in '/\\<>:"|?*' for c in safe)
