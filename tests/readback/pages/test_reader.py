"""Pages in images: found blind, read right, and never read wrong in silence."""

from dataclasses import replace

import numpy as np
import pytest

from lasercam.errors import ReadingError
from lasercam.model.camera_image import CameraImage
from lasercam.readback.pages.header_bits import HeaderReading
from lasercam.readback.pages.reader import find_pages, look_for_pages
from lasercam.readback.pages.seen_page import grouped, merge
from lasercam.storage.page_layout import PageLayout, Role
from tests.support.page_camera import BANDS, Camera, Written, cut, photograph, write_page
from tests.support.page_judge import by_checksum, checksummed, corrected, shares

PAGE = write_page(48, 64, 2)
WIDE_BANDS = np.array([[0.25], [0.5], [0.75], [1.0]])


def read_one(page: Written, camera: Camera):
    return find_pages(photograph(page, camera), corrected(page))[0]


@pytest.mark.parametrize(
    ("rotation_deg", "mirror"),
    [
        (0.0, True), (17.0, False), (45.0, True), (90.0, False), (90.0, True), (133.0, True), (180.0, False),
        (251.0, False), (270.0, True), (344.0, False),
    ],
)  # fmt: skip
def test_lies_anyhow(rotation_deg: float, mirror: bool) -> None:
    seen = read_one(PAGE, Camera(rotation_deg=rotation_deg, mirror=mirror))
    assert shares(PAGE, seen) == (0.0, 0.0)
    assert ("mirrored" in seen.notes[0]) == mirror


@pytest.mark.parametrize(
    ("camera", "wrong", "flagged"),
    [
        (Camera(invert=True, rotation_deg=80.0), 0.0, 0.001),
        (Camera(vignetting=0.8), 0.0, 0.001),
        (Camera(invert=True, vignetting=0.8, mirror=True), 0.0, 0.001),
        (Camera(distortion=1.5, rotation_deg=10.0), 0.0, 0.001),
        (Camera(perspective=0.04, rotation_deg=200.0), 0.0, 0.001),
        (Camera(pitch_px=4.0, rotation_deg=30.0), 0.0, 0.001),
        (Camera(pitch_px=11.0, psf=0.2, rotation_deg=5.0), 0.0, 0.001),
        (Camera(psf=0.4, photons=500.0), 0.001, 0.01),
        (Camera(jitter=0.1, psf=0.3), 0.001, 0.01),
        (Camera(spread=0.3), 0.001, 0.01),
        (Camera(gain=2.5), 0.001, 0.01),
        (Camera(photons=100.0, noise=0.02), 0.001, 0.02),
    ],
)  # fmt: skip
def test_endures(camera: Camera, wrong: float, flagged: float) -> None:
    seen = shares(PAGE, read_one(PAGE, camera))
    assert seen[0] <= wrong
    assert seen[1] <= flagged


@pytest.mark.parametrize(("rows", "columns", "bits"), [(96, 96, 1), (60, 34, 3), (50, 96, 4), (130, 48, 2)])
def test_sizes_and_levels(rows: int, columns: int, bits: int) -> None:
    random = np.random.default_rng(3)
    bands = np.abs(random.normal(size=(1 << bits, 4))) + 0.05
    if bits == 4:
        angle = np.arange(16) % 4, np.arange(16) // 4
        bands = 0.25 + 0.25 * np.stack((angle[0], angle[1], 3 - angle[0], 3 - angle[1]), axis=1)
    page = write_page(rows, columns, bits, bands=bands / bands.max())
    seen = read_one(page, Camera(rotation_deg=40.0, noise=0.002))
    assert seen.layout == page.layout
    assert shares(page, seen)[0] <= 0.001
    assert shares(page, seen)[1] <= 0.01


def test_brightness_alone_carries_levels() -> None:
    page = write_page(64, 64, 2, bands=WIDE_BANDS)
    wrong, flagged = shares(page, read_one(page, Camera(rotation_deg=12.0, psf=0.3, vignetting=0.5)))
    assert wrong <= 0.001
    assert flagged <= 0.01


def test_a_lost_dot_is_an_erasure_and_not_a_level() -> None:
    random = np.random.default_rng(5)
    lost = (random.random((48, 64)) < 0.04) & (PAGE.layout.roles == Role.DATA)
    seen = read_one(replace(PAGE, lost=lost), Camera(rotation_deg=7.0))
    assert seen.erased[lost].mean() > 0.99
    assert seen.lost[lost].mean() > 0.98
    assert seen.erased[~lost & (PAGE.layout.roles == Role.DATA)].mean() < 0.002
    assert seen.lost_share == pytest.approx(lost.sum() / (PAGE.layout.roles != Role.DARK).sum(), abs=0.002)
    assert shares(PAGE, seen)[0] == 0.0


def test_a_bright_inclusion_is_erased() -> None:
    seen = read_one(PAGE, Camera(blob=6.0, psf=0.3))
    wrong, flagged = shares(PAGE, seen)
    assert wrong <= 0.003
    assert 0.01 < flagged < 0.08


def test_says_where_it_lies() -> None:
    seen = read_one(PAGE, Camera(pitch_px=8.0, rotation_deg=0.0, margin=5.0))
    np.testing.assert_allclose(seen.corners_px[3] - seen.corners_px[0], (47 * 8.0, 63 * 8.0), atol=0.4)
    np.testing.assert_allclose(seen.corners_px[0], (40.5, 40.5), atol=0.7)
    assert seen.pitch_px == pytest.approx(8.0, rel=0.01)
    assert seen.residual_pitches < 0.05
    assert seen.marks_found == 9
    assert seen.notes == ("upright",)


def test_the_header_is_believed_by_its_checksum_only() -> None:
    layout = PageLayout(48, 64, 2)
    page = write_page(48, 64, 2)
    bits = checksummed(layout, 7)
    levels = page.levels.copy()
    for copy in layout.header_sites:
        levels[copy[:, 0], copy[:, 1]] = np.where(bits, 3, 0)
    [seen] = find_pages(photograph(replace(page, levels=levels), Camera(rotation_deg=100.0)), by_checksum)
    assert seen.header.number == 7
    assert seen.layout == layout


def test_several_pages_in_one_image() -> None:
    other, third = write_page(48, 48, 2, seed=5), write_page(40, 64, 1, seed=6, bands=BANDS[[0, 3]])
    image = photograph([(PAGE, (0.0, 0.0)), (other, (3.4, 71.7)), (third, (53.3, 2.2))], Camera(rotation_deg=25.0))
    seen = find_pages(image, corrected(PAGE, other, third))
    assert sorted(one.header.number for one in seen) == [0, 1, 2]
    for one in seen:
        assert shares((PAGE, other, third)[one.header.number], one) == (0.0, 0.0)


def test_pages_side_by_side_on_one_lattice() -> None:
    other = write_page(48, 64, 2, seed=5)
    seen = find_pages(photograph([(PAGE, (0.0, 0.0)), (other, (0.0, 65.0))], Camera()), corrected(PAGE, other))
    assert sorted(one.header.number for one in seen) == [0, 1]


def test_tiles_are_merged_to_the_whole_page() -> None:
    page = write_page(96, 96, 2, seed=8)
    image = photograph(page, Camera(rotation_deg=3.0))
    height, width = image.planes.shape[1:]
    tiles = [cut(image, 0, 0, height, 400), cut(image, 0, width - 400, height, width)]
    seen = [one for tile in tiles for one in find_pages(tile, corrected(page))]
    assert len(seen) == 2
    assert all(0.2 < one.erased.mean() < 0.6 for one in seen)
    assert all(any("outside" in note for note in one.notes) for one in seen)
    assert all(shares(page, one)[0] == 0.0 for one in seen)
    [group] = grouped(seen, lambda one: one.header.number)
    whole = merge(group)
    assert shares(page, whole) == (0.0, 0.0)
    assert whole.in_image.all()


def test_repeated_photographs_are_better_than_one() -> None:
    looks = [
        find_pages(photograph(PAGE, Camera(photons=22.0, psf=0.3, seed=seed)), corrected(PAGE))[0] for seed in (1, 2, 3)
    ]
    together = sum(shares(PAGE, merge(looks)))
    assert together < 0.5 * min(sum(shares(PAGE, look)) for look in looks)


def test_looks_at_different_pages_are_not_merged() -> None:
    other = write_page(48, 48, 2)
    with pytest.raises(ReadingError, match=r"48 × 48 voxels of 2 bits, .* 48 × 64 of 2"):
        merge([read_one(PAGE, Camera()), read_one(other, Camera())])


def refuse(reading: HeaderReading) -> None:
    return None


def test_an_unreadable_header_is_said() -> None:
    with pytest.raises(ReadingError, match=r"9 of nine marks as on a page of 48 × 64 voxels, but its header"):
        find_pages(photograph(PAGE, Camera()), refuse)


def test_a_page_without_marks_is_said() -> None:
    with pytest.raises(ReadingError, match=r"lattice with a pitch of 6\.?\d* pixels with .*marks"):
        find_pages(photograph(replace(PAGE, has_marks=False), Camera()), corrected(PAGE))


@pytest.mark.parametrize("kind", ["noise", "black", "clouds", "stripes", "tiny"])
def test_foreign_images_are_no_pages(kind: str) -> None:
    random = np.random.default_rng(2)
    y, x = np.mgrid[:300, :300] / 300.0
    pictures = {
        "noise": random.random((3, 300, 300)),
        "black": np.zeros((3, 300, 300)),
        "clouds": 0.5 + 0.3 * np.stack([np.sin(5 * x + k) * np.cos(7 * y * x) for k in range(3)]),
        "stripes": np.stack([np.sin(100 * x)] * 3),
        "tiny": random.random((3, 20, 300)),
    }
    with pytest.raises(ReadingError, match="no page is read in 'a picture'"):
        find_pages(CameraImage(pictures[kind].astype(np.float32), ("r", "g", "b"), "a picture"), by_checksum)


def test_a_qr_code_is_no_page() -> None:
    import segno

    modules = np.array(segno.make("https://example.org/" + "x" * 300).matrix, dtype=np.float32)
    image = np.kron(np.pad(modules, 4), np.ones((6, 6), np.float32))[None]
    with pytest.raises(ReadingError, match="no page is read"):
        find_pages(CameraImage(image, ("grey",)), by_checksum)


def test_too_coarse_an_image_is_said() -> None:
    look = look_for_pages(photograph(PAGE, Camera(pitch_px=3.0, psf=0.3)), corrected(PAGE))
    said = [note for page in look.pages for note in page.notes] + list(look.missed)
    assert any("or more are" in sentence for sentence in said)
    assert all(shares(PAGE, page)[0] < 0.01 for page in look.pages)


def test_the_upper_half_of_a_page_is_read_alone() -> None:
    image = photograph(PAGE, Camera())
    with pytest.raises(ReadingError, match="marks"):
        find_pages(cut(image, 0, 0, 120, image.planes.shape[2]), corrected(PAGE))
    seen = find_pages(cut(image, 0, 0, 30 + 6 * 34, image.planes.shape[2]), corrected(PAGE))
    assert shares(PAGE, seen[0])[0] == 0.0
