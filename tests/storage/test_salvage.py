"""Of a broken container its beginning is saved, and never called the file."""

import numpy as np
import pytest

from lasercam.storage.container import Compression, pack
from lasercam.storage.keys import Lock, SecretKey
from lasercam.storage.salvage import salvage

CONTENT = b"".join(b"line %d of a long story\n" % i for i in range(20_000))


@pytest.mark.parametrize("compression", list(Compression))
def test_the_beginning_is_saved(compression: Compression) -> None:
    container = pack(CONTENT, "story.txt", compression)
    for share in (0.3, 0.9):
        cut = int(len(container) * share)
        damaged = container[:cut] + bytes(len(container) - cut)
        saved = salvage(damaged, cut)
        assert CONTENT.startswith(saved.content)
        assert len(saved.content) > 0.5 * share * len(CONTENT)
        assert (saved.size, saved.name) == (len(CONTENT), "story.txt")


def test_nothing_is_made_up() -> None:
    container = pack(np.random.default_rng(0).bytes(5_000), "x")
    assert "first page is lost" in salvage(container, 30).why_not
    locked = pack(CONTENT, "x", lock=Lock(SecretKey(bytes(32)), bytes(16)))
    saved = salvage(locked, len(locked) // 2)
    assert saved.content == b""
    assert "cannot be authenticated" in saved.why_not
    small = pack(CONTENT[:3_000], "x", Compression.ZSTD)
    assert "too near the beginning" in salvage(small, 80).why_not
