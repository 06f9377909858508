"""Pages in a camera image, found without knowing anything about them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lasercam.errors import FitError, ParameterError, ReadingError
from lasercam.model.camera_image import CameraImage
from lasercam.readback.pages.crosstalk import unmix_neighbours
from lasercam.readback.pages.header_bits import HeaderJudge, HeaderReading, PageHeader, opposite, read_header
from lasercam.readback.pages.lattice import Lattice, find_lattices
from lasercam.readback.pages.levels import classify, even_out
from lasercam.readback.pages.light import FloatImage, finite, total_light
from lasercam.readback.pages.lying import lying
from lasercam.readback.pages.marks import Arrangement, Marks, arrangements, distinct, find_marks
from lasercam.readback.pages.sampling import follow_dots, sample, site_places
from lasercam.readback.pages.seen_page import SeenPage
from lasercam.readback.pages.warp import (
    BLURS_PITCHES,
    FloatArray,
    Nodes,
    Warp,
    even_light,
    fit_warp,
    measure_phases,
    regions,
)
from lasercam.storage.page_layout import PageLayout, Role

LEAST_PITCH_PX = 4.0
"""With fewer pixels per voxel neighbours run into each other; reading is tried, and said to be doubtful."""
_LEAST_SIDE_PX = 64
_MARGIN_SITES = 3
_FOLLOWED = 2
_FOLLOWED_BLURS = 2.5
_FAINT = 0.07
"""Pitches by which the phases miss a smooth map where a wider window may help; jitter of 0.2 pitch alone gives 0.09."""
_MOST_TRIES = 12
_MOST_PAGES = 400
_LEAST_SCORE = 2.0
"""Of an arrangement that is told to a person; chance reaches 1."""
_CERTAIN_SCORE = 6.0
"""Of nine: it is a page, whatever its header says, and another look at the image would not find a better one."""


@dataclass(frozen=True, eq=False)
class Look:
    """What an image shows.

    Attributes:
        pages: read, the best seen first.
        missed: what was seen besides but could not be read, a sentence each.
    """

    pages: tuple[SeenPage, ...]
    missed: tuple[str, ...]


@dataclass(eq=False)
class _Light:
    """An image in the polarity that is tried.

    Attributes:
        planes: float32 (channels, height, width), dots bright.
        total, even: float32 (height, width), all light, and the same evened.
        is_negative: whether the image was turned into its negative.
        title: of the image.
        nearest: best score of marks that lie as those of a page, but whose header could not be read.
    """

    planes: FloatImage
    total: FloatImage
    even: FloatImage
    is_negative: bool
    title: str
    nearest: float = 0.0


@dataclass(eq=False)
class _Box:
    """Sites of a part of a lattice.

    Attributes:
        warp: from pixels to lattice coordinates.
        first: lattice coordinates of its first site.
        places: float64 (rows, columns, 2), pixels.
        residual: root mean square of what the smooth map misses, in pitches.
        light: float32 (rows, columns), all light of every site; NaN outside the image.
        lit: bool (rows, columns), sites on the lattice.
        taken: bool (rows, columns), sites of pages that are read already.
    """

    warp: Warp
    first: tuple[int, int]
    places: FloatArray
    residual: float
    light: NDArray[np.float32]
    lit: NDArray[np.bool_]
    taken: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.taken = np.zeros(self.lit.shape, np.bool_)


def find_pages(image: CameraImage, accept: HeaderJudge) -> list[SeenPage]:
    """Every page of stored data that an image shows, wherever and however it lies.

    Args:
        image: one field of view; pages may be turned, mirrored, distorted, cut by the edge, and negative.
        accept: says whether header bits are a header.

    Raises:
        ReadingError: no page can be read; says how far it went.
    """
    look = look_for_pages(image, accept)
    if not look.pages:
        raise ReadingError(f"no page is read in {_named(image)}: {'; '.join(look.missed)}")
    return list(look.pages)


def look_for_pages(image: CameraImage, accept: HeaderJudge) -> Look:
    """The same without an error when there is no page: all that was seen."""
    planes = np.ascontiguousarray(image.planes, np.float32)
    if min(planes.shape[1:]) < _LEAST_SIDE_PX:
        return Look((), (
            f"it has {planes.shape[2]} × {planes.shape[1]} pixels; a page needs {_LEAST_SIDE_PX} along each side",
        ))  # fmt: skip
    if not np.isfinite(planes).all():
        return Look((), ("its pixels are not all numbers",))
    total = total_light(planes)
    lattices = find_lattices(total)
    if not lattices:
        return Look((), (
            "it shows no regular lattice of dots; a page is a square lattice of dots at least"
            f" {LEAST_PITCH_PX:g} pixels apart",
        ))  # fmt: skip
    missed: list[str] = []
    for lattice in lattices:
        said: list[str] = []
        for is_negative in (False, True):
            light = _Light(
                1.0 - planes if is_negative else planes,
                -total if is_negative else total,
                even_light(total, lattice.pitch_px, is_negative=is_negative),
                is_negative,
                image.title,
            )
            pages = _read_lattice(light, lattice, accept, said)
            if pages:
                return Look(tuple(pages), tuple(dict.fromkeys(said)))
            if light.nearest > _CERTAIN_SCORE:
                return Look((), tuple(dict.fromkeys(said)))
        missed = missed or said
    best = max(missed, key=_how_far, default="nothing in it looks like a page")
    return Look((), (best,))


def _read_lattice(light: _Light, lattice: Lattice, accept: HeaderJudge, missed: list[str]) -> list[SeenPage]:
    """Pages on one lattice; adds to `missed` what could not be read."""
    tries: list[tuple[float, list[_Box], list[str]]] = []
    for blur in BLURS_PITCHES:
        boxes, said, worst = _boxes(light, lattice, blur)
        tries.append((worst, boxes, said))
        if worst <= _FAINT:
            break
    # A lattice that slips unseen by a site gives levels at wrong places: the smoothest one is read first.
    tries.sort(key=lambda one: one[0])
    for _, boxes, said in tries:
        pages = [page for box in boxes for page in _read_box(light, box, accept, said)]
        if pages or light.nearest > _CERTAIN_SCORE:
            missed += said
            return pages
    missed += tries[0][2]
    return []


def _boxes(light: _Light, lattice: Lattice, blur: float) -> tuple[list[_Box], list[str], float]:
    """Parts of a lattice that may hold pages, what was seen besides, and the worst residual in pitches."""
    nodes = measure_phases(light.even, lattice, blur)
    boxes, said = [], []
    for part in regions(nodes)[:_MOST_PAGES]:
        try:
            boxes.append(_box(light, nodes, part, blur))
        except FitError as error:
            said.append(_LATTICE.format(lattice.pitch_px) + f", but {error}")
    if not boxes and not said:
        said.append(_LATTICE.format(lattice.pitch_px) + " of too few dots for a page")
    worst = max((box.residual for box in boxes), default=np.inf)
    return boxes, said, np.inf if said else worst


_LATTICE = "it shows a lattice with a pitch of {:.3g} pixels"
_FAR = ("header", "do not lie as", "marks", "smooth")


def _how_far(sentence: str) -> int:
    """How near to a page a complaint is."""
    return next((len(_FAR) - k for k, word in enumerate(_FAR) if word in sentence), 0)


def _box(light: _Light, nodes: Nodes, part: NDArray[np.bool_], blur: float) -> _Box:
    """The sites around a region of a lattice.

    Raises:
        FitError: its dots stand on no smooth lattice.
    """
    warp, residual, on = fit_warp(nodes, part)
    at = warp.lattice(np.stack([nodes.yx[k][on] for k in (0, 1)], axis=1))
    first = np.floor(at.min(axis=0)).astype(int) - _MARGIN_SITES
    last = np.ceil(at.max(axis=0)).astype(int) + _MARGIN_SITES
    shape = (int(last[0] - first[0]) + 1, int(last[1] - first[1]) + 1)
    lit = np.zeros(shape, np.bool_)
    near = np.round(at).astype(int) - first
    reach = max(1, round(np.sqrt(nodes.sites)))
    lit[tuple(np.clip(near, 0, np.array(shape) - 1).T)] = True
    lit = ndimage.maximum_filter(lit, 2 * reach + 1)
    corner = (int(first[0]), int(first[1]))
    places = site_places(warp, corner, shape)
    for _ in range(_FOLLOWED):
        places, _moved = follow_dots(light.even, warp, places, lit, _FOLLOWED_BLURS * blur)
    seen = sample(light.total[None], places, _pitch(places))[0]
    return _Box(warp, corner, places, residual, seen, lit)


def _pitch(places: FloatArray) -> float:
    """Mean distance of neighbouring sites, in pixels."""
    down, right = np.diff(places, axis=0), np.diff(places, axis=1)
    area = np.abs(down[:, :-1, 0] * right[:-1, :, 1] - down[:, :-1, 1] * right[:-1, :, 0])
    return float(np.sqrt(np.median(area)))


def _read_box(light: _Light, box: _Box, accept: HeaderJudge, missed: list[str]) -> list[SeenPage]:
    """Pages in a box, one after the other."""
    marks = find_marks(box.light)
    pages: list[SeenPage] = []
    pitch = _pitch(box.places)
    while len(pages) < _MOST_PAGES:
        free = Marks(*(part[~box.taken[tuple(marks.sites.T)]] for part in (marks.sites, marks.weight, marks.centre)))
        ordered = arrangements(free, box.lit & np.isfinite(box.light))
        page = next((p for one in distinct(ordered, _MOST_TRIES) for p in _read(light, box, one, accept)), None)
        if page is not None:
            pages.append(page)
            continue
        if not pages or len(free.sites) >= 4:
            missed.append(_complaint(pitch, free, ordered))
            light.nearest = max(light.nearest, ordered[0].score if ordered else 0.0)
        return pages
    return pages


def _complaint(pitch_px: float, marks: Marks, ordered: list[Arrangement]) -> str:
    seen = _LATTICE.format(pitch_px)
    few = f" ({LEAST_PITCH_PX:g} or more are needed)" if pitch_px < LEAST_PITCH_PX else ""
    if not ordered or ordered[0].score < _LEAST_SCORE:
        why = f"{len(marks.sites)} marks" if len(marks.sites) else "no marks"
        lie = " that do not lie as those of a page do" if len(marks.sites) > 3 else "; a page has nine"
        return f"{seen}{few} with {why}{lie}: is this a page, wholly in focus?"
    best = ordered[0]
    # Without a header nobody knows which way is up.
    short, long = sorted((best.rows, best.columns))
    return (
        f"{seen}{few} and {best.matched} of nine marks as on a page of {short} × {long} voxels, but its"
        " header cannot be read: it is damaged, cut off, out of focus, or of another format"
    )


def _read(light: _Light, box: _Box, one: Arrangement, accept: HeaderJudge) -> Iterator[SeenPage]:
    """The page of an arrangement, if its header is one."""
    try:
        guess = PageLayout(one.rows, one.columns, 1)
    except ParameterError:
        return
    places = _page_places(box, one)
    seen = sample(light.planes, places, _pitch(places))
    in_image = finite(seen, 0)
    unlit = guess.roles == Role.DARK
    alone, _ = unmix_neighbours(seen, unlit)
    evened = even_out(alone, ~unlit & in_image)
    reading = read_header(evened, guess)
    if reading is None:
        return
    for bits in (reading, opposite(reading)):
        header = accept(bits)
        if header is None or (header.layout.rows, header.layout.columns) != (one.rows, one.columns):
            continue
        yield _page(light, box, one, header, bits, places, evened)
        return


def _page_places(box: _Box, one: Arrangement) -> FloatArray:
    """Pixels (rows, columns, 2) of the sites of a page, also of those outside the box."""
    grid = np.stack(np.meshgrid(np.arange(one.rows), np.arange(one.columns), indexing="ij"), axis=-1)
    at = one.sites(grid)
    inside = np.asarray(((at >= 0) & (at < box.lit.shape)).all(axis=-1))
    places: FloatArray = box.places[tuple(np.where(inside[..., None], at, 0).transpose(2, 0, 1))]
    if not inside.all():
        places[~inside] = box.warp.pixels((at[~inside] + box.first).astype(np.float64))
    return places


def _page(
    light: _Light,
    box: _Box,
    one: Arrangement,
    header: PageHeader,
    bits: HeaderReading,
    places: FloatArray,
    evened: FloatArray,
) -> SeenPage:
    layout = header.layout
    grid = np.stack(np.meshgrid(np.arange(one.rows), np.arange(one.columns), indexing="ij"), axis=-1)
    at = one.sites(grid).reshape(-1, 2)
    at = at[((at >= 0) & (at < box.lit.shape)).all(axis=1)]
    box.taken[at[:, 0], at[:, 1]] = True
    read = classify(evened, layout, is_empty_a_level=header.presence)
    in_image = finite(evened, 0)
    written = in_image & (layout.roles != Role.DARK)
    lost = read.lost & written & (not header.presence)
    pitch = _pitch(places)
    share = float(lost.sum() / max(int(written.sum()), 1))
    corners = places[[0, 0, -1, -1], [0, -1, 0, -1]]
    notes = [lying(corners, is_negative=light.is_negative)]
    if pitch < LEAST_PITCH_PX:
        notes.append(f"only {pitch:.2g} pixels per voxel; {LEAST_PITCH_PX:g} or more are recommended")
    if not in_image.all():
        notes.append(f"{1.0 - float(in_image.mean()):.1%} of the page lie outside the image")
    return SeenPage(
        layout, header, bits, read.levels, read.erased, read.margin, lost, in_image, read.statistics, corners, pitch,
        box.residual, one.matched, share, light.title, tuple(notes),
    )  # fmt: skip


def _named(image: CameraImage) -> str:
    return f"'{image.title}'" if image.title else "the image"
