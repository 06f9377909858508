"""A payload writes the pages of its file and nothing else; keys and locked content go nowhere."""

from pathlib import Path

import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.pipeline.load import load_job
from lasercam.sources.payload.source import Payload
from lasercam.storage.container import unpack
from lasercam.storage.keys import Passphrase, SecretKey
from lasercam.storage.page import DARK, decode_page
from lasercam.storage.volume import assemble
from tests.support.sources import make

KEYS: dict[str, object] = {
    "type": "payload", "file": "f.bin", "page": ["48", "50"], "pitch": ["4 um", "5 um"], "layer_pitch": "20 um",
    "fields": ["3", "2"], "gap": "4", "group": ["4", "2"],
}  # fmt: skip
CONTENT = np.random.default_rng(0).bytes(2_000)
SALT = "00112233445566778899aabbccddeeff"


def payload(assets: dict[str, bytes] | None = None, **keys: object) -> Payload:
    made: Payload = make(Payload, {**KEYS, **keys}, assets={"f.bin": CONTENT, **(assets or {})}, name="data")
    return made


def read_back(source: Payload, bits: int = 2) -> bytes:
    """The file from the dots alone: page by page from where they stand and which part they belong to."""
    n = 1 << bits
    sites, layout = source.sites, source.volume.plan.code.layout
    seen = np.full((sites.pages, layout.rows, layout.columns), DARK, np.uint8)
    for block in source.features():
        x, y, z = block.xyz_um.T
        fx, column = np.divmod(np.rint(x / 4.0).astype(int), layout.columns + 4)
        fy, up = np.divmod(np.rint(y / 5.0).astype(int), layout.rows + 4)
        place = np.rint(z / 20.0).astype(int) * 6 + fy * 3 + fx
        level = np.where(block.part == 2 * n, n - 1, block.part % n)
        assert (level == block.variant).all()
        target = (place, layout.rows - 1 - up, column)
        assert (seen[target] == DARK).all()
        seen[target] = level
    contents = {}
    for address, levels in zip(source.volume.plan.addresses.tolist(), seen, strict=True):
        got = decode_page(source.volume.header(address), levels, np.zeros(levels.shape, np.bool_))
        assert got.content is not None
        contents[address] = got.content
    return assemble(source.volume.header(0), contents).container


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_the_dots_are_the_file(bits: int) -> None:
    source = payload(bits=str(bits))
    assert unpack(read_back(source, bits)).content == CONTENT
    assert unpack(read_back(source, bits)).name == "f.bin"


def test_parts_are_levels_pilots_and_marks() -> None:
    parts = payload().parts
    assert parts.atoms == (*(f"symbol_{i}" for i in range(4)), *(f"pilot_{i}" for i in range(4)), "marks")
    assert parts.select("level_2") == (2, 6)
    assert parts.select("pilots") == (4, 5, 6, 7)


def test_deep_pages_come_first_and_blocks_are_small() -> None:
    source = payload()
    assert source.sites.layers > 1
    depths = [block.xyz_um[0, 2] for block in source.features()]
    assert depths == sorted(depths, reverse=True)
    assert max(len(b) for b in source.features(max_rows=500)) <= 500


def test_presence_writes_no_level_0() -> None:
    source = payload(bits="1", presence="true")
    parts = np.concatenate([b.part for b in source.features()])
    assert set(parts.tolist()) == {1, 3, 4}
    assert "only half as many losses" in " ".join(source.notes)


def test_a_lock_hides_the_content_and_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_PHRASE", "correct horse")
    content = b"a plain secret that compresses well " * 30
    source = payload({"f.bin": content}, lock={"passphrase_from": "THE_PHRASE", "salt": SALT})
    again = payload({"f.bin": content}, lock={"passphrase_from": "THE_PHRASE", "salt": SALT})
    assert source.volume.container == again.volume.container
    assert b"secret" not in source.volume.container
    assert b"f.bin" not in source.volume.container
    assert unpack(source.volume.container, Passphrase("correct horse")).content == content
    said = repr(source.__dict__) + " ".join(source.notes)
    assert "correct horse" not in said
    assert "aes-256-gcm" in " ".join(source.notes)


def test_a_key_file_locks_too() -> None:
    key = bytes(range(32))
    source = payload({"k": key}, lock={"key_file": "k", "cipher": "chacha20-poly1305"})
    assert unpack(source.volume.container, SecretKey(key)).content == CONTENT


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"lock": {"passphrase_from": "NOBODY_SET_THIS", "salt": SALT}}, "NOBODY_SET_THIS holds no passphrase"),
        ({"lock": {"passphrase_from": "PATH"}}, r"needs a 'salt'.*salt: [0-9a-f]{32}"),
        ({"lock": {"key_file": "f.bin"}}, "2000 bytes that are no key"),
        ({"file": "none"}, "no file 'none'"),
        ({"file": "empty"}, "nothing to store"),
        ({"layers": "1", "fields": ["1", "1"]}, "layers of 1 hold 1"),
        ({"layer_pitch": None, "fields": ["1", "1"]}, "no layer_pitch says how far apart"),
        ({"parity": "200"}, "leave no room"),
        ({"page": ["32", "32"]}, "rows or more"),
        ({"pitch": ["1e-5 um", "1 um"]}, "out of scale"),
        ({"repair": "r0.csv"}, "headed page, row, column"),
        ({"repair": "r1.csv"}, "line 2: there is no page 999"),
        ({"repair": "r2.csv"}, "line 3: no voxel stands in row 1, column 1"),
        ({"repair": "r3.csv"}, "names no voxel"),
        ({"repair": "r4.csv"}, "expected three whole numbers"),
        ({"repair": "r5.csv"}, "named twice"),
    ],
)
def test_what_cannot_be_is_refused(keys: dict[str, object], said: str) -> None:
    tables = {
        "empty": b"",
        "r0.csv": b"a,b\n1,2",
        "r1.csv": b"page,row,column\n999,0,0\n",
        "r2.csv": b"page,row,column\n0,0,0\n0,1,1\n",
        "r3.csv": b"page,row,column\n",
        "r4.csv": b"page,row,column\n0,-1,0\n",
        "r5.csv": b"page,row,column\n0,0,0\n0,0,0\n",
    }
    with pytest.raises(InputError, match=said):
        payload(tables, **keys)


def test_contradicting_keys_are_refused() -> None:
    for keys, said in (
        ({"text": "x"}, "found both"),
        ({"file": None, "text": "x", "lock": {"key_file": "k"}}, "for everyone to read"),
        ({"presence": "true"}, "one bit per voxel"),
        ({"levels": [{"peak": "514 nm", "fwhm": "20 nm", "source": "lab"}]}, "4 levels need as many"),
        ({"group": ["200", "60"]}, "255 pages at most"),
        ({"lock": {}}, "found neither"),
    ):
        with pytest.raises(ValueError, match=said):
            payload(**keys)  # type: ignore[arg-type]


def test_a_repair_writes_the_named_voxels_only() -> None:
    source = payload({"r.csv": b"page,row,column\n3,10,20\n3,10,21\n0,0,0\n"}, repair="r.csv")
    xyz = np.concatenate([b.xyz_um for b in source.features()])
    place = source.volume.plan.addresses.tolist().index(3)
    corner = np.array(source.sites.corner_um(place))
    height = source.volume.plan.code.layout.rows - 1
    expected = {
        tuple(corner + np.array((20 * 4.0, (height - 10) * 5.0, 0.0))),
        tuple(corner + np.array((21 * 4.0, (height - 10) * 5.0, 0.0))),
        (0.0, height * 5.0, 0.0),
    }
    assert {tuple(p) for p in xyz.tolist()} == expected
    assert "Repair: of all voxels 3 on 2 pages" in " ".join(source.notes)


JOB = """
job: locked
machine: fs1030-linuxcnc
sample: {{id: S1, material: other, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.5, description: glass}}
patterns:
  data: {{type: payload, file: secret.txt, page: [48, 48], pitch: [5 um, 5 um], layer_pitch: 20 um, at: [1 mm, 1 mm],
          depth: 100 um, lock: {{passphrase_from: LC_TEST_PHRASE, salt: {salt}}}}}
recipes:
  r: {{process: glass_halide_colour_3d, pulse_energy: 0.8 uJ, repetition_rate: 100 kHz, exposure: 1 s}}
steps: [{{name: write, write: {{data: r}}}}]
"""


def test_a_loaded_job_keeps_neither_key_nor_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_TEST_PHRASE", "phrase of the lab")
    (tmp_path / "secret.txt").write_text("the plain text of the lab")
    (tmp_path / "job.yaml").write_text(JOB.format(salt=SALT))
    loaded = load_job(tmp_path / "job.yaml")
    kept = {reference: file.content for (_, reference), file in loaded.inputs.read_files.items()}
    assert "payload:data" in kept
    assert "secret.txt" not in kept
    everything = b"".join(kept.values()) + loaded.content
    assert b"plain text of the lab" not in everything
    assert b"phrase of the lab" not in everything
