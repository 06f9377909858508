"""QR codes: read back from their geometry, compared with another encoder, parts that tile the symbol."""

from typing import Any

import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from lasercam.errors import InputError, PatternError
from lasercam.sources.qr import QrCode
from lasercam.sources.qr_matrix import capacity, encode, finder_mask, size_of
from tests.support.sources import joined, make

MODULE_UM = 10.0
FILLS: list[dict[str, Any]] = [
    {"fill": "dots"},
    {"fill": "dot_cluster", "cluster": 3, "solid_finder": False},
    {"fill": "hatch", "hatch_pitch": 2.5},
    {"fill": "hatch", "hatch_pitch": 1.7, "hatch_angle": 35.0, "inset": 0.5},
    {"fill": "concentric", "hatch_pitch": 3.0},
]
SEGNO_MODES = {1: "numeric", 2: "alphanumeric", 4: "byte"}


def qr(**keys: object) -> QrCode:
    said: dict[str, object] = {} if "text" in keys or "url" in keys else {"text": "lasercam"}
    return make(QrCode, {"type": "qr", "module": MODULE_UM, **said, **keys})


def written_modules(source: QrCode, part: str, side: int) -> NDArray[np.bool_]:
    """bool (side, side), row 0 at the top: modules that the part's dots or lines pass through."""
    block = joined(source.features(1000))
    block = block.take(np.isin(block.part, source.parts.select(part)))
    if block.all_dots:
        points = block.xyz_um[:, :2]
    else:
        first = np.repeat(block.offsets[:-1], block.vertex_counts)
        inner = np.flatnonzero(np.arange(len(first)) + 1 < np.repeat(block.offsets[1:], block.vertex_counts))
        start, end = block.xyz_um[inner, :2], block.xyz_um[inner + 1, :2]
        reach = np.hypot(*(end - start).T)
        # Points a tenth of a module apart, none of them at the very end, which may lie on a border.
        n = np.ceil(reach / (MODULE_UM / 10)).astype(int)
        owner = np.repeat(np.arange(len(n)), n)
        step = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        points = start[owner] + (end - start)[owner] * ((step + 0.5) / n[owner])[:, None]
    column, row = np.floor(points / MODULE_UM + 1e-9).astype(int).T
    image = np.zeros((side, side), np.bool_)
    image[side - 1 - row, column] = True
    return image


def read(source: QrCode) -> bytes:
    """What a reader finds in a picture of the written modules, glowing on dark glass."""
    side = round(source.area().bounds_um()[2] / MODULE_UM)
    glow = np.pad(written_modules(source, "written", side), 4)
    picture = np.kron(glow, np.ones((4, 4), bool)).astype(np.uint8) * 255
    found = zxingcpp.read_barcodes(np.ascontiguousarray(picture), formats=zxingcpp.BarcodeFormat.QRCode)
    assert len(found) == 1, "no reader finds the code"
    return bytes(found[0].bytes)


@pytest.mark.parametrize("keys", FILLS)
@pytest.mark.parametrize("polarity", ["dark_written", "light_written"])
def test_every_fill_and_polarity_reads(keys: dict[str, Any], polarity: str) -> None:
    assert read(qr(text="Łódź 玻璃 0123", polarity=polarity, **keys)) == "Łódź 玻璃 0123".encode()


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [1, 2, 6, 7, 10, 27, 40])
def test_full_codes_read_at_every_size_and_level(version: int, level: str) -> None:
    text = ("aZ" * 2000)[: capacity(version, level)]
    source = qr(text=text, version=version, error_correction=level, fill="dots")
    assert len(source.modules) == size_of(version)
    assert read(source) == text.encode()


@settings(max_examples=40, deadline=None)
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
    | st.from_regex(r"\A[0-9]{1,80}\Z")
    | st.from_regex(r"\A[A-Z0-9 $%*+./:-]{1,80}\Z"),
    level=st.sampled_from("LMQH"),
)
def test_any_text_reads(text: str, level: str) -> None:
    assert read(qr(text=text, error_correction=level, fill="dots")) == text.encode()


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [1, 5, 9, 10, 26, 27, 40])
def test_full_codes_equal_another_encoders(version: int, level: str) -> None:
    # Where padding is left the two differ in it; a full symbol has none.
    payload = bytes((37 * i + 101) % 256 for i in range(capacity(version, level)))
    ours = encode(payload, level, version)
    # The mask is the encoder's choice; bits 12 to 10 of the format information name it (ISO/IEC 18004, 7.9).
    mask = int("".join(str(int(bit)) for bit in ours[8, 2:5]), 2) ^ 0b101
    other = segno.make_qr(payload, version=version, error=level, mode="byte", mask=mask, boost_error=False)
    np.testing.assert_array_equal(ours, np.array(other.matrix, bool))


@given(
    payload=st.from_regex(rb"\A[0-9]{1,300}\Z") | st.from_regex(rb"\A[A-Z :]{1,300}\Z") | st.binary(min_size=1),
    level=st.sampled_from("LMQH"),
)
@settings(max_examples=60, deadline=None)
def test_the_lowest_version_that_fits_is_taken(payload: bytes, level: str) -> None:
    mode = (
        1
        if payload.isdigit()
        else 2
        if all(c in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:" for c in payload)
        else 4
    )
    other = segno.make_qr(payload, error=level, mode=SEGNO_MODES[mode], boost_error=False)
    assert len(encode(payload, level)) == size_of(int(other.version))


@pytest.mark.parametrize("mode", [1, 2, 4])
@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [1, 9, 10, 27, 40])
def test_capacity_is_what_another_encoder_takes(version: int, level: str, mode: int) -> None:
    sample = {1: b"7", 2: b"A", 4: b"a"}[mode]
    most = capacity(version, level, mode)
    options = {"version": version, "error": level, "mode": SEGNO_MODES[mode], "boost_error": False}
    segno.make_qr(sample * most, **options)
    with pytest.raises(segno.DataOverflowError):
        segno.make_qr(sample * (most + 1), **options)
    assert len(encode(sample * most, level, version)) == size_of(version)
    with pytest.raises(PatternError, match=f"holds {most:,}"):
        encode(sample * (most + 1), level, version)


@pytest.mark.parametrize("keys", FILLS)
@pytest.mark.parametrize("polarity", ["dark_written", "light_written"])
@pytest.mark.parametrize("quiet_zone", [1, 4])
def test_atoms_partition_the_symbol(keys: dict[str, Any], polarity: str, quiet_zone: int) -> None:
    source = qr(polarity=polarity, quiet_zone=quiet_zone, **keys)
    side = len(source.modules) + 2 * quiet_zone
    atoms = {atom: written_modules(source, atom, side) for atom in source.parts.atoms}
    assert np.sum(list(atoms.values()), axis=0).tolist() == np.ones((side, side), int).tolist()
    inner = slice(quiet_zone, -quiet_zone)
    assert (atoms["finder_dark"] | atoms["data_dark"])[inner, inner].tolist() == source.modules.tolist()
    assert atoms["quiet"][inner, inner].sum() == 0
    assert (atoms["finder_dark"] | atoms["finder_light"])[inner, inner].tolist() == finder_mask(
        side - 2 * quiet_zone
    ).tolist()
    # 7 × 7 modules are a dark ring of 24, a light ring of 16 and a core of 9, and a light separator of 15.
    assert atoms["finder_dark"].sum() == 3 * (24 + 9)
    assert atoms["finder_light"].sum() == 3 * (16 + 15)
    assert not atoms["data_dark"][side - quiet_zone - 8 :, quiet_zone : quiet_zone + 8].any()


def test_unions_follow_the_polarity() -> None:
    dark, light = qr().parts, qr(polarity="light_written").parts
    assert dark.unions["all"] == dark.unions["written"] == ("finder_dark", "data_dark")
    assert light.unions["all"] == light.unions["written"] == ("finder_light", "data_light", "quiet")
    assert dark.unions["light"] == light.unions["light"] == ("finder_light", "data_light")
    assert (dark.unions["data"], light.unions["data"]) == (("data_dark",), ("data_light",))
    assert (dark.unions["finder"], light.unions["finder"]) == (("finder_dark",), ("finder_light",))
    assert dark.atoms == light.atoms
    assert "quiet" not in qr(quiet_zone=0).parts.atoms


def test_geometry_does_not_depend_on_polarity() -> None:
    one, two = (
        joined(qr(polarity=p, fill="hatch", hatch_pitch=2.0).features()) for p in ("dark_written", "light_written")
    )
    assert one.xyz_um.tobytes() == two.xyz_um.tobytes()
    assert one.part.tobytes() == two.part.tobytes()


@settings(max_examples=30, deadline=None)
@given(pitch=st.floats(0.5, 9.9), angle=st.floats(-360, 360))
def test_hatch_rows_of_all_atoms_are_rows_of_the_square(pitch: float, angle: float) -> None:
    source = qr(fill="hatch", hatch_pitch=pitch, hatch_angle=angle, quiet_zone=1)
    block = joined(source.features())
    start, end = block.xyz_um[::2, :2], block.xyz_um[1::2, :2]
    # On rows half a pitch off the corner …
    turn = np.deg2rad(angle)
    across = (start[:, 1] * np.cos(turn) - start[:, 0] * np.sin(turn)) / pitch - 0.5
    np.testing.assert_allclose(across, np.rint(across), atol=1e-6)
    # … and together as long as the square's own hatch: nothing twice, nothing left out.
    rows = np.unique(np.rint(across))
    side = (len(source.modules) + 2) * MODULE_UM
    total = np.hypot(*(end - start).T).sum()
    margin = pitch * side  # a row on the border, in or out
    assert abs(total * pitch - side**2) <= 2 * margin + len(rows) * pitch


@settings(max_examples=20, deadline=None)
@given(pitch=st.sampled_from([1.0, 2.5, 3.3, 10.0]), angle=st.sampled_from([0.0, 45.0, 90.0]) | st.floats(-90, 90))
def test_dark_lines_never_enter_light_modules(pitch: float, angle: float) -> None:
    source = qr(fill="hatch", hatch_pitch=pitch, hatch_angle=angle, quiet_zone=2)
    side = len(source.modules) + 4
    dark, light = (written_modules(source, part, side) for part in ("dark", "light"))
    assert dark[2:-2, 2:-2].tolist() == source.modules.tolist()
    assert light[2:-2, 2:-2].tolist() == (~source.modules).tolist()


def test_hatch_pitch_that_divides_the_module_keeps_rows_off_borders() -> None:
    block = joined(qr(fill="hatch", hatch_pitch=2.5).features())
    assert set((block.xyz_um[:, 1] % MODULE_UM).tolist()) == {1.25, 3.75, 6.25, 8.75}


@pytest.mark.parametrize(
    ("keys", "in_data", "in_finder"),
    [
        ({}, 2, 4),
        ({"fill": "dots"}, 1, 2),
        ({"fill": "dots", "solid_finder": False}, 1, 1),
        ({"cluster": 3, "finder_pitch": 2.0}, 3, 5),
    ],
)
def test_dots_per_module(keys: dict[str, Any], in_data: int, in_finder: int) -> None:
    source = qr(**keys)
    block = joined(source.features())
    counts = dict(zip(source.parts.atoms, np.bincount(block.part).tolist(), strict=True))
    assert counts["finder_dark"] == 99 * in_finder**2
    assert counts["data_dark"] == (int(source.modules.sum()) - 99) * in_data**2
    assert counts["quiet"] == (29**2 - 21**2) * in_data**2
    data = block.xyz_um[block.part == source.parts.atoms.index("data_dark"), :2] / MODULE_UM
    fractions = sorted(set(np.round(data[:, 0] % 1, 6).tolist()))
    np.testing.assert_allclose(fractions, (np.arange(in_data) + 0.5) / in_data, atol=1e-5)


def test_concentric_rings_of_touching_parts_are_a_pitch_apart() -> None:
    source = qr(fill="concentric", hatch_pitch=4.0)
    block = joined(source.features())
    dark = np.isin(block.part, source.parts.select("dark"))
    one, other = block.take(dark).xyz_um, block.take(~dark).xyz_um
    nearest = [np.hypot(*(other[:, :2] - xy).T).min() for xy in one[::37, :2]]
    assert min(nearest) >= 4.0 * 0.98


def test_area_is_the_square_with_its_quiet_zone() -> None:
    assert qr(quiet_zone=3).area().bounds_um() == (0.0, 0.0, 270.0, 270.0)


def test_blocks_are_compact() -> None:
    source = qr(text="x" * 500, fill="dots")
    for block in source.features(256):
        spread = np.ptp(block.xyz_um[:, 1])
        assert spread <= 3 * 8 * MODULE_UM


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"text": ""}, "empty"),
        ({"text": "\ud800"}, "half a character"),
        (
            {"text": "x" * 15, "version": 1},
            "15 bytes of UTF-8; version 1 with error correction M holds 14; .*version 2",
        ),
        ({"text": "x" * 15, "version": 1}, "error_correction L"),
        ({"text": "é" * 9, "version": 1, "error_correction": "L"}, "18 bytes.* holds 17"),
        ({"text": "1" * 42, "version": 1, "error_correction": "L"}, "42 digits.* holds 41"),
        (
            {"text": "x" * 2400},
            "largest QR code .version 40. with error correction M holds 2,331; .*error_correction L",
        ),
        ({"text": "x" * 3000, "error_correction": "L"}, "shorten the text"),
        ({"polarity": "light_written", "quiet_zone": 0}, "written border"),
        ({"fill": "hatch", "hatch_pitch": 11.0}, "would stay empty"),
        ({"fill": "hatch", "hatch_pitch": 1.0, "inset": 5.0}, "would stay empty"),
        ({"fill": "concentric", "hatch_pitch": 10.0}, "would stay empty"),
        ({"fill": "hatch", "hatch_pitch": 1e-3}, "at most 5,000,000"),
        ({"cluster": 100}, "at most 5,000,000"),
        ({"fill": "dots", "finder_pitch": 3.0}, "no whole fraction.*3.33333"),
        ({"fill": "dots", "finder_pitch": 20.0}, "no whole fraction.*10 µm"),
        ({"fill": "dots", "finder_pitch": 1e-9}, "no whole fraction"),
        ({"module": 1e8}, "at most 1e\\+09"),
        ({"module": 1e-4}, "at least 0.001"),
    ],
)
def test_what_cannot_be_written_is_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        qr(**keys)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"version": "M2"}, "Micro QR code, which is not made"),
        ({"version": "41"}, "1 to 40"),
        ({"version": "0"}, "1 to 40"),
        ({"text": "a", "url": "https://a"}, "one of them"),
        ({"url": "example.org"}, "scheme"),
        ({"fill": "hatch"}, "needs the key 'hatch_pitch'"),
        ({"fill": "dots", "cluster": 3}, "'cluster' means nothing"),
        ({"hatch_pitch": 1.0}, "'hatch_pitch' means nothing"),
        ({"fill": "concentric", "hatch_pitch": 1.0, "hatch_angle": 3.0}, "'hatch_angle' means nothing"),
        ({"fill": "hatch", "hatch_pitch": 1.0, "solid_finder": False}, "as solid as the data"),
        ({"solid_finder": False, "finder_pitch": 1.0}, "without 'solid_finder'"),
        ({"module": 0.0}, "above"),
        ({"quiet_zone": -1}, "greater than or equal to 0"),
        ({"error_correction": "X"}, "'L', 'M', 'Q' or 'H'"),
    ],
)
def test_keys_that_do_not_fit_are_refused(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        qr(**keys)


def test_text_stays_text() -> None:
    for text in ("010", "NO", "12:30"):
        assert read(qr(text=text)) == text.encode()
