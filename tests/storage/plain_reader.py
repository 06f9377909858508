"""A reader of LCV1 and LCVC written from `lasercam/docs/storage.md` alone: the proof that the description is enough.

Plain lists and loops; nothing of lasercam, and other people's Reed-Solomon code, cryptography and zstd.
"""

import hashlib
import hmac
import math
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import reedsolo
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

Site = tuple[int, int]
Page = list[list[int]]
"""Levels, row by row; None of them is looked at where nothing is written."""

CELLS = {1: 2, 2: 1, 3: 2, 4: 1}


@dataclass(frozen=True)
class Header:
    bits: int
    rows: int
    columns: int
    parity: int
    address: int
    pages: int
    group_data: int
    group_parity: int
    file_id: bytes
    size: int


def step(s: int) -> int:
    s ^= (s << 13) % 2**32
    s ^= s >> 17
    return s ^ (s << 5) % 2**32


def bands_and_marks(rows: int, columns: int) -> tuple[int, set[Site]]:
    height = max(6, 2 * math.ceil(492 / (2 * columns)))
    corners = [(r, c) for r in (0, 2 * ((rows - 6) // 4), rows - 6) for c in (0, 2 * ((columns - 6) // 4), columns - 6)]
    return height, {(r + i, c + j) for r, c in corners for i in range(6) for j in range(6)}


def header_of(page: Page, bits: int) -> Header:
    """From the upper copy, or else from the lower one."""
    rows, columns = len(page), len(page[0])
    height, marks = bands_and_marks(rows, columns)
    for first, backwards in ((0, False), (rows - height, True)):
        sites = [(r, c) for r in range(first, first + height) for c in range(columns) if (r, c) not in marks][:384]
        values = [1 if page[r][c] == 2**bits - 1 else 0 for r, c in (reversed(sites) if backwards else sites)]
        coded = bytes(int("".join(map(str, values[i : i + 8])), 2) for i in range(0, 384, 8))
        try:
            plain = bytes(reedsolo.RSCodec(20).decode(coded)[0])
        except reedsolo.ReedSolomonError:
            continue
        if plain[:3] == b"LC\x01" and zlib.crc32(plain[:24]) == int.from_bytes(plain[24:]):
            return Header(
                plain[3] % 0x80, plain[4] * 2, plain[5] * 2, plain[6], int.from_bytes(plain[7:10]),
                int.from_bytes(plain[10:13]), plain[13], plain[14], plain[15:19], int.from_bytes(plain[19:24]),
            )  # fmt: skip
    raise ValueError("no copy of the header can be read")


def stream_of(page: Page, head: Header) -> bytes:
    """The scrambled bytes, from the levels."""
    height, marks = bands_and_marks(head.rows, head.columns)
    cells = [
        (r, c) for r in range(height, head.rows - height, 2) for c in range(0, head.columns, 2) if (r, c) not in marks
    ]
    per_unit = CELLS[head.bits]
    count = len(cells) // per_unit
    order, state = list(range(count)), 0x4C435631
    for last in range(count - 1, 0, -1):
        state = step(state)
        other = state % (last + 1)
        order[last], order[other] = order[other], order[last]
    text = ""
    for place in order:
        for r, c in cells[place * per_unit : (place + 1) * per_unit]:
            for level in (page[r][c], page[r][c + 1], page[r + 1][c], page[r + 1][c + 1]):
                text += f"{level ^ level >> 1:0{head.bits}b}"
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def content_of(page: Page, head: Header) -> bytes | None:
    """What a page holds; None for a lost page."""
    stream = bytearray(stream_of(page, head))
    state = (head.address + 1) * 0x9E3779B1 % 2**32 or 1
    for i in range(len(stream)):
        state = step(state)
        stream[i] ^= state % 256
    words = math.ceil(len(stream) / 255)
    n = len(stream) // words
    code = reedsolo.RSCodec(head.parity, nsize=n)
    try:
        data = b"".join(bytes(code.decode(stream[w : n * words : words])[0]) for w in range(words))
    except reedsolo.ReedSolomonError:
        return None
    return data[:-4] if zlib.crc32(data[:-4]) == int.from_bytes(data[-4:]) else None


def container_of(pages: Iterable[Page], bits: int) -> bytes:
    """The container, lost pages made up for by parity."""
    contents: dict[int, bytes] = {}
    for page in pages:
        head = header_of(page, bits)
        content = content_of(page, head)
        if content is not None:
            contents[head.address] = content
    size = len(next(iter(contents.values())))
    d, groups = head.group_data, math.ceil(head.pages / head.group_data)
    for group in range(groups):
        known = {a // groups: contents[a] for a in contents if a % groups == group}
        known |= {j: bytes(size) for j in range(d) if j * groups + group >= head.pages}
        for j, page_content in solved(known, d, size).items():
            contents[j * groups + group] = page_content
    return b"".join(contents[a] for a in range(head.pages))[: head.size]


def solved(known: dict[int, bytes], d: int, size: int) -> dict[int, bytes]:
    """Missing data pages of a group, by Gauss and Jordan."""
    reedsolo.init_tables()
    mul, div = reedsolo.gf_mul, reedsolo.gf_div
    missing = [j for j in range(d) if j not in known]
    lines = []
    for i in [number - d for number in sorted(known) if number >= d][: len(missing)]:
        total = list(known[d + i])
        for j in range(d):
            if j in known:
                total = [t ^ mul(factor(div, i, j), x) for t, x in zip(total, known[j], strict=True)]
        lines.append([factor(div, i, j) for j in missing] + total)
    for at in range(len(missing)):
        swap = next(line for line in range(at, len(lines)) if lines[line][at])
        lines[at], lines[swap] = lines[swap], lines[at]
        lines[at] = [div(x, lines[at][at]) for x in lines[at]]
        for other in range(len(lines)):
            if other != at:
                by = lines[other][at]
                lines[other] = [x ^ mul(by, y) for x, y in zip(lines[other], lines[at], strict=True)]
    return {j: bytes(lines[at][len(missing) :]) for at, j in enumerate(missing)}


def factor(div: Callable[[int, int], int], i: int, j: int) -> int:
    return div(255 ^ j, (255 - i) ^ j)


def unpack(container: bytes, secret: bytes | str | None) -> tuple[str, bytes]:
    """Name and content; the secret is a key of 32 bytes or a passphrase to be stretched by scrypt."""
    assert container[:5] == b"LCVC\x01"
    assert int.from_bytes(container[10:18]) == len(container)
    assert zlib.crc32(container[:-4]) == int.from_bytes(container[-4:])
    body = container[18:-4]
    if container[5]:
        assert secret is not None
        salt, nonce = container[18:34], container[34:46]
        master = secret
        if isinstance(secret, str):
            assert container[6] == 1
            n, r, p = 2 ** container[7], container[8], container[9]
            master = hashlib.scrypt(secret.encode(), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)
        pseudorandom = hmac.digest(salt, master, "sha256")
        key = hmac.digest(pseudorandom, b"LCVC 1 encryption\x01", "sha256")
        cipher = (AESGCM, ChaCha20Poly1305)[container[5] - 1](key)
        body = cipher.decrypt(nonce, container[46:-4], container[:46])
        nonce_key = hmac.digest(pseudorandom, b"LCVC 1 nonce\x01", "sha256")
        assert hmac.digest(nonce_key, container[:34] + body, "sha256")[:12] == nonce
    size, name_size = int.from_bytes(body[1:9]), body[41]
    content = body[42 + name_size :]
    if body[0]:
        content = zstandard.ZstdDecompressor().decompress(content)
    assert len(content) == size
    assert hashlib.sha256(content).digest() == body[9:41]
    return body[42 : 42 + name_size].decode(), content
