"""Pages of the format itself: coded, photographed, found, decoded."""

import numpy as np
import pytest

from lasercam.readback.pages.header_bits import HeaderReading
from lasercam.readback.pages.reader import find_pages, look_for_pages
from lasercam.storage.page import DARK, PageCode, decode_page, encode_page
from lasercam.storage.page_header import PageHeader, read_header
from lasercam.storage.page_layout import PageLayout
from tests.support.page_camera import BANDS, Camera, Written, photograph

EMPTY_OR_LIT = np.array([[0.0, 0.0], [1.0, 0.4]])


def judge(reading: HeaderReading) -> PageHeader | None:
    return read_header(reading.bits, reading.erased)


def coded(
    layout: PageLayout, parity: int, address: int, *, presence: bool = False
) -> tuple[PageHeader, bytes, Written]:
    code = PageCode(layout, parity)
    header = PageHeader(layout, parity, address, 10, 10, 2, b"abcd", 10 * code.content_bytes - 3, presence)
    content = np.random.default_rng(address).bytes(code.content_bytes)
    levels = encode_page(header, content)
    bands = EMPTY_OR_LIT if presence else BANDS[: layout.levels]
    return header, content, Written(layout, np.where(levels == DARK, 0, levels), header.voxel_bits(), bands)


@pytest.mark.parametrize(
    "camera",
    [
        Camera(rotation_deg=77.0, mirror=True, psf=0.35, spread=0.2, photons=400.0),
        Camera(rotation_deg=190.0, distortion=1.5, loss=0.01, jitter=0.05),
        Camera(invert=True, vignetting=0.6, blob=4.0),
    ],
)
def test_content_comes_back(camera: Camera) -> None:
    header, content, page = coded(PageLayout(64, 64, 2), 32, 5)
    [seen] = find_pages(photograph(page, camera), judge)
    assert seen.header == header
    assert decode_page(header, seen.levels, seen.erased).content == content


@pytest.mark.parametrize("bits", [1, 2])
def test_half_a_page_gives_its_header_by_both_copies(bits: int) -> None:
    header, content, page = coded(PageLayout(64, 64, bits), 32, 2)
    image = photograph(page, Camera(rotation_deg=0.0))
    [seen] = look_for_pages(type(image)(image.planes[:, :, : 30 + 6 * 60].copy(), image.channels), judge).pages
    assert seen.header == header
    assert decode_page(header, seen.levels, seen.erased).content == content


@pytest.mark.parametrize("camera", [Camera(rotation_deg=10.0), Camera(invert=True, mirror=True, spread=0.15)])
def test_empty_sites_may_be_a_level(camera: Camera) -> None:
    header, content, page = coded(PageLayout(96, 96, 1), 32, 3, presence=True)
    [seen] = find_pages(photograph(page, camera), judge)
    assert seen.header == header
    assert decode_page(header, seen.levels, seen.erased).content == content
    assert seen.lost_share == 0.0
