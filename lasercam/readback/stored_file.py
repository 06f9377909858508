"""Files put together from the pages that were seen: whole, or what of them could be saved, and how near it was."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lasercam.preview.page_map_figure import site_states
from lasercam.readback.pages.header_bits import HeaderReading
from lasercam.readback.pages.seen_page import SeenPage, merge
from lasercam.storage.page import DARK, PageCode, PageReading, decode_page, encode_page
from lasercam.storage.page_header import PageHeader, read_header
from lasercam.storage.page_layout import Role
from lasercam.storage.volume import Assembled, assemble

LEAST_AGREEMENT = 0.8
"""Share of the header's voxels that must be what the header found says: damaged copies agree, chance does not."""


def judge_header(reading: HeaderReading) -> PageHeader | None:
    """The header that bits tell, beyond doubt; for lasercam.readback.pages.reader."""
    found = read_header(reading.bits, reading.erased, LEAST_AGREEMENT)
    if found is None or (found.layout.rows, found.layout.columns) != (reading.rows, reading.columns):
        return None
    return found


@dataclass(frozen=True, eq=False)
class PageOutcome:
    """What became of one page; as small as can be, since there may be thousands.

    Attributes:
        header: its own.
        titles: of the images it was seen in.
        content: its bytes; None where it could not be read.
        effort: share of its power to correct that the worst codeword took; 1 where it failed.
        erased_bytes, mistaken_bytes: symbols of all its codewords that were flagged, and that were wrong unflagged.
        lost, erased, wrong: voxels that do not glow, that tell nothing, and that tell a wrong level; `wrong` is known
            only of pages that were read.
        missing: uint8, packed bool (rows, columns) of voxels that should be there and do not glow.
        notes: how the page lies, what else a person should know.
        states: uint8 (rows, columns), a SiteState of lasercam.preview.page_map_figure per site.
        seen: what was seen, kept only where it could not be read: another look may help.
    """

    header: PageHeader
    titles: tuple[str, ...]
    content: bytes | None
    effort: float
    erased_bytes: int
    mistaken_bytes: int
    lost: int
    erased: int
    wrong: int
    missing: NDArray[np.uint8]
    notes: tuple[str, ...]
    states: NDArray[np.uint8]
    seen: SeenPage | None

    @property
    def missing_mask(self) -> NDArray[np.bool_]:
        """bool (rows, columns), voxels that should be there and do not glow."""
        layout = self.header.layout
        bits = np.unpackbits(self.missing, count=layout.rows * layout.columns)
        return bits.astype(np.bool_).reshape(layout.rows, layout.columns)


@dataclass(eq=False)
class StoredFile:
    """Pages of one file.

    Attributes:
        header: of one of them.
        pages: by address.
        conflicts: what did not fit together, a sentence each.
    """

    header: PageHeader
    pages: dict[int, PageOutcome] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)

    def add(self, seen: SeenPage, header: PageHeader) -> None:
        """One more look at one of its pages."""
        before, now = self.pages.get(header.address), _outcome(header, seen)
        if before is None:
            self.pages[header.address] = now
            return
        titles = (*before.titles, *now.titles)
        if before.content is not None and now.content not in (None, before.content):
            self.conflicts.append(
                f"page {header.address:,} in '{now.titles[0]}' holds other data than in '{before.titles[0]}'; the first"
                " is kept"
            )
        elif before.content is None:
            if now.content is None and before.seen is not None:
                now = _outcome(header, merge([before.seen, seen]))
            self.pages[header.address] = replace(now, titles=titles)

    def assembled(self) -> Assembled:
        """The container from the pages that could be read."""
        return assemble(self.header, {a: p.content for a, p in self.pages.items() if p.content is not None})


def files_of(seen: Iterable[SeenPage]) -> list[StoredFile]:
    """Files by their pages, the one with the most pages first."""
    files: dict[tuple[object, ...], StoredFile] = {}
    for one in seen:
        header = one.header
        if isinstance(header, PageHeader):
            files.setdefault(header.file, StoredFile(header)).add(one, header)
    return sorted(files.values(), key=lambda f: -len(f.pages))


def _outcome(header: PageHeader, seen: SeenPage) -> PageOutcome:
    written = header.layout.roles != Role.DARK
    read = decode(header, seen.levels, seen.erased, seen.margin)
    missing = seen.lost & written
    if header.presence and read.content is not None:
        meant = encode_page(header, read.content)
        missing = (meant != 0) & (meant != DARK) & (seen.levels == 0)
    states = site_states(
        seen.margin, seen.erased, seen.lost, seen.in_image, ~written,
        corrected=None if read.content is None else read.wrong,
    )  # fmt: skip
    return PageOutcome(
        header,
        (seen.title,),
        read.content,
        1.0 if read.content is None else float((read.erased + 2 * read.mistaken).max()) / header.parity,
        int(read.erased.sum()),
        int(read.mistaken.sum()),
        int(missing.sum()),
        int((seen.erased & written).sum()),
        int((read.wrong & ~seen.erased).sum()),
        np.packbits(missing),
        seen.notes,
        states,
        None if read.content is not None else seen,
    )


def decode(
    header: PageHeader, levels: NDArray[np.uint8], erased: NDArray[np.bool_], margin: NDArray[np.float32]
) -> PageReading:
    """The page, trying as flagged first, then with fewer and with more voxels taken for lost.

    Flags cost one symbol of parity each, errors two: where flags are many, the surest of them are worth more as data,
    where none are left, the least sure data are worth more as flags. The page's CRC-32 decides.
    """
    read = decode_page(header, levels, erased)
    if read.content is not None:
        return read
    for guess in _other_flags(header, erased, margin):
        again = decode_page(header, levels, guess)
        if again.content is not None:
            return again
    return read


def _other_flags(
    header: PageHeader, erased: NDArray[np.bool_], margin: NDArray[np.float32]
) -> Iterator[NDArray[np.bool_]]:
    data = header.layout.roles == Role.DATA
    doubtful = erased & data & (margin > 0)
    if doubtful.any():
        yield erased & (~doubtful | (margin <= np.median(margin[doubtful])))
        yield erased & ~doubtful
    sure = np.sort(margin[data & ~erased])
    codewords = PageCode(header.layout, header.parity).codewords
    for voxels in (2 * codewords, 5 * codewords):
        if voxels < len(sure):
            yield erased | (data & (margin <= sure[voxels]))
