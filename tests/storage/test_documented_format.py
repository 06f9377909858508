"""What lasercam writes, a reader that knows only the documentation reads, from levels on pages to the file."""

import numpy as np
import pytest

from lasercam.storage.container import pack
from lasercam.storage.keys import Cipher, Hardness, Kdf, Lock, Passphrase, SecretKey
from lasercam.storage.page import DARK, PageCode
from lasercam.storage.page_layout import PageLayout
from lasercam.storage.volume import Volume, plan_volume
from tests.storage import plain_reader

SALT = bytes(range(50, 66))
KEY = bytes(range(32))
LOCKS = {
    1: None,
    2: Lock(SecretKey(KEY), SALT),
    3: Lock(SecretKey(KEY), SALT, Cipher.CHACHA20_POLY1305),
    4: Lock(Passphrase("open sesame"), SALT, hardness=Hardness(Kdf.SCRYPT, 14, 8, 1)),
}
SECRETS = {1: None, 2: KEY, 3: KEY, 4: "open sesame"}
SIDES = {1: (66, 80), 2: (52, 48), 3: (40, 46), 4: (38, 44)}


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_a_reader_made_from_the_manual(bits: int) -> None:
    random = np.random.default_rng(bits)
    code = PageCode(PageLayout(*SIDES[bits], bits), 24)
    content = random.bytes(4 * code.content_bytes) + bytes(900)
    container = pack(content, "räume.bin", lock=LOCKS[bits])
    volume = Volume(container, plan_volume(len(container), code, 4, 2))
    # Two groups of three, the last page of one of them never written.
    assert (volume.plan.groups, volume.plan.group_data, volume.plan.data_pages) == (2, 3, 5)
    pages = []
    for address, levels in volume.pages():
        assert address in volume.plan.addresses
        hurt = levels.copy()
        # Three neighbours in the data, a torn copy of the header, and what is never written reads as anything.
        middle = volume.plan.code.layout.unit_sites[5, :3]
        hurt[middle[:, 0], middle[:, 1]] ^= 1
        if address % 2:
            hurt[0, 6:20] = 0
        pages.append(np.where(levels == DARK, 0, hurt).tolist())
    # Of each group two pages are lost altogether.
    kept = [page for page, address in zip(pages, volume.plan.addresses, strict=True) if address not in (0, 1, 3, 4)]
    assert len(kept) == len(pages) - 4
    found = plain_reader.container_of(kept, bits)
    assert found == container
    assert plain_reader.unpack(found, SECRETS[bits]) == ("räume.bin", content)
