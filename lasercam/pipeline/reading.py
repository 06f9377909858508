"""Reading stored data: images in, files out, with an account of every page."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Final

from lasercam.errors import StorageError
from lasercam.model.camera_image import CameraImage
from lasercam.pipeline.progress import SILENT, Progress
from lasercam.readback.pages.reader import Look, look_for_pages
from lasercam.readback.stored_file import PageOutcome, StoredFile, files_of, judge_header
from lasercam.storage.container import unpack
from lasercam.storage.keys import Key
from lasercam.storage.page_header import PageHeader
from lasercam.storage.salvage import Salvaged, salvage
from lasercam.storage.volume import Assembled

SHARED_FROM_IMAGES: Final = 24
"""Images from which further processes pay for their start of two to three seconds."""
MOST_WORKERS: Final = 8
"""More would wait for the pictures."""


@dataclass(frozen=True, eq=False)
class ReadFile:
    """One file, as far as it could be had.

    Attributes:
        stored: its pages.
        assembled: its container.
        content: the file; None where it is not whole, or locked. It has been held against its own SHA-256.
        name: as it was called; empty where that is not known.
        problem: why there is no content; empty where there is.
        saved: the beginning of it where that could be saved.
    """

    stored: StoredFile
    assembled: Assembled
    content: bytes | None
    name: str
    problem: str
    saved: Salvaged | None = None

    @property
    def title(self) -> str:
        """The file in a few words."""
        return f"file {self.stored.header.file_id.hex()}" + (f" '{self.name}'" if self.name else "")


@dataclass(frozen=True, eq=False)
class Reading:
    """What images told.

    Attributes:
        files: the one with the most pages first.
        missed: what was seen but could not be read, by image.
        pageless: images without any page, by number.
        images: how many there were.
    """

    files: tuple[ReadFile, ...]
    missed: Mapping[str, tuple[str, ...]]
    pageless: tuple[int, ...]
    images: int

    @property
    def whole(self) -> bool:
        """Whether there is a file, and every file is whole."""
        return bool(self.files) and all(f.content is not None for f in self.files)


def read_stored(
    images: Iterable[CameraImage], key: Key | None = None, progress: Progress = SILENT, *, total: int = 0
) -> Reading:
    """Every file whose pages images show.

    Args:
        images: one at a time; none is kept.
        key: opens locked files; open ones are read without it.
        progress: shown while reading.
        total: images, where known; many are shared between processes.
    """
    missed: dict[str, tuple[str, ...]] = {}
    pageless: list[int] = []
    counted = 0

    def looks() -> Iterator[Any]:
        nonlocal counted
        with progress.task("reading", total) as advance:
            for title, look in _looked_at(images, workers_for(total)):
                if look.missed:
                    missed[title] = look.missed
                if not look.pages:
                    pageless.append(counted)
                counted += 1
                advance(1)
                yield from look.pages

    files = files_of(looks())
    return Reading(tuple(open_file(f, key) for f in files), missed, tuple(pageless), counted)


def workers_for(total: int) -> int:
    """Processes beside this one that are worth their start for so many images."""
    return min(MOST_WORKERS, (os.cpu_count() or 1) - 1) if total >= SHARED_FROM_IMAGES else 0


def _look(image: CameraImage) -> Look:
    return look_for_pages(image, judge_header)


def _looked_at(images: Iterable[CameraImage], workers: int) -> Iterator[tuple[str, Look]]:
    """Looks in the order of the images; no more images are held than keep the workers busy."""
    if not workers:
        yield from ((image.title, _look(image)) for image in images)
        return
    pending: deque[tuple[str, Future[Look]]] = deque()
    # Spawned, since a fork of a process with running threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for image in images:
            pending.append((image.title, pool.submit(_look, image)))
            if len(pending) > 2 * workers:
                title, look = pending.popleft()
                yield title, look.result()
        while pending:
            title, look = pending.popleft()
            yield title, look.result()


def open_file(stored: StoredFile, key: Key | None = None) -> ReadFile:
    """The file that pages make, or why there is none."""
    assembled = stored.assembled()
    if not assembled.complete:
        saved = salvage(assembled.container, assembled.available(_page_bytes(stored)))
        share = len(assembled.lost) / stored.header.data_pages
        problem = (
            f"{len(assembled.lost):,} of {stored.header.data_pages:,} data pages ({share:.1%}) are lost: parity covers"
            f" {stored.header.group_parity} pages in every {stored.header.group_data + stored.header.group_parity}"
        )
        return ReadFile(stored, assembled, None, saved.name, problem, saved)
    try:
        opened = unpack(assembled.container, key if _is_locked(assembled.container) else None)
    except StorageError as error:
        return ReadFile(stored, assembled, None, "", str(error))
    return ReadFile(stored, assembled, opened.content, opened.name, "")


def _is_locked(container: bytes) -> bool:
    from lasercam.storage.container import describe

    try:
        return describe(container).is_locked
    except StorageError:
        return False


def _page_bytes(stored: StoredFile) -> int:
    from lasercam.storage.page import PageCode

    return PageCode(stored.header.layout, stored.header.parity).content_bytes


def page_rows(read: ReadFile) -> Iterator[dict[str, Any]]:
    """An account of every page that should be there, by address."""
    recovered, lost = set(read.assembled.recovered), set(read.assembled.lost)
    seen = read.stored.pages
    for address in sorted({*seen, *read.assembled.missing}):
        page = seen.get(address)
        state = "read" if page is not None and page.content is not None else "unreadable" if page else "not seen"
        if address in recovered:
            state += ", recovered"
        elif address in lost:
            state += ", lost"
        yield {"page": address, "state": state, **_page_facts(page)}


def _page_facts(page: PageOutcome | None) -> dict[str, Any]:
    if page is None:
        return {}
    return {
        "images": list(page.titles),
        "voxels_missing": page.lost,
        "voxels_erased": page.erased,
        "voxels_wrong": page.wrong if page.content is not None else None,
        "correction_used": round(page.effort, 3),
        "notes": list(page.notes),
    }


def file_facts(read: ReadFile) -> dict[str, Any]:
    """A file as data for programs."""
    return {
        "id": read.stored.header.file_id.hex(),
        "name": read.name,
        "whole": read.content is not None,
        "bytes": None if read.content is None else len(read.content),
        "problem": read.problem,
        "missing_voxels": sum(page.lost for page in read.stored.pages.values()),
        "saved_bytes": len(read.saved.content) if read.saved is not None else None,
        "conflicts": list(read.stored.conflicts),
        "pages": list(page_rows(read)),
    }


def sentences(read: ReadFile) -> Iterator[str]:
    """A file in words: what it is, what happened to its pages, what to do."""
    pages, header = read.stored.pages, read.stored.header
    got = [page for page in pages.values() if page.content is not None]
    if read.content is not None:
        yield f"{read.title}: {len(read.content):,} bytes, whole; its SHA-256 is right"
    else:
        yield f"{read.title}: {read.problem}"
    worst = max((page.effort for page in got), default=0.0)
    lost, recovered = read.assembled.lost, read.assembled.recovered
    unread = len(pages) - len(got)
    yield (
        f"of {_pages(header):,} pages ({header.data_pages:,} of data, the others parity) {len(got):,} were read"
        + (f", {unread:,} unreadable" if unread else "")
        + (f", {len(recovered):,} made up by parity" if recovered else "")
        + f"; the worst took {worst:.0%} of its parity"
    )
    missing = sum(page.lost for page in pages.values())
    if missing:
        need = "needed: pages are lost" if lost else "not needed: the code covers them"
        yield f"{missing:,} voxels do not glow; repair is {need}"
    if read.saved is not None and read.content is None:
        if read.saved.content:
            share = len(read.saved.content) / read.saved.size if read.saved.size else 0.0
            yield f"its first {len(read.saved.content):,} bytes ({share:.0%}) can be saved; nothing vouches for them"
        else:
            yield f"nothing of it can be saved: {read.saved.why_not}"
    yield from read.stored.conflicts


def _pages(header: PageHeader) -> int:
    """Pages that were written: of data and of parity."""
    groups = -(-header.data_pages // header.group_data)
    return header.data_pages + groups * header.group_parity


def missing_voxels(read: ReadFile) -> Iterator[tuple[int, int, int]]:
    """Page, row and column of every voxel that does not glow, of pages that were seen."""
    for address, page in sorted(read.stored.pages.items()):
        for row, column in zip(*page.missing_mask.nonzero(), strict=True):
            yield address, int(row), int(column)
