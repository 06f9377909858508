"""Pages are recognised by their places: shapely says whether two overlap, plain sums how often they were erased."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from lasercam.pipeline.known_pages import TOLERANCE_PITCHES, KnownPages, PagePlace, place_of
from lasercam.pipeline.ledger_documents import LedgerPage, LedgerPages
from lasercam.pipeline.page_table import page_ranges

PITCH = 6.0


def pages(
    *corners: tuple[float, float, float], turned: float = 0.0, erased: int = 0, side: float = 282.0
) -> LedgerPages:
    c, s = side * np.cos(turned), side * np.sin(turned)
    return LedgerPages(
        pattern="data",
        file_id="00000000",
        across_um=(float(c), float(s)),
        up_um=(float(-s), float(c)),
        pitch_um=PITCH,
        pages=tuple(LedgerPage(address=i, layer=1, corner_um=at, erased=erased) for i, at in enumerate(corners)),
    )


def cycles(known: KnownPages, found: LedgerPages) -> list[int]:
    return [max((k.cycles for k in known.at(place_of(found, page))), default=0) for page in found.pages]


def shape(place: PagePlace) -> Polygon:
    a, b, c, d = place.ends_um
    return Polygon([a, b, d, c])


@given(
    st.tuples(st.floats(-400, 400), st.floats(-400, 400)),
    st.floats(0.0, 6.3),
    st.floats(20.0, 400.0),
)
def test_overlap_is_what_shapely_says(at: tuple[float, float], turned: float, side: float) -> None:
    first, second = pages((0.0, 0.0, 100.0)), pages((*at, 100.0), turned=turned, side=side)
    one, two = place_of(first, first.pages[0]), place_of(second, second.pages[0])
    # Shrunk by less than the tolerance (by its root of two at most, along a slanting edge) they must be apart, by more
    # they must meet; in between both answers are right.
    tolerance = TOLERANCE_PITCHES * PITCH
    shrunk = shape(one).buffer(-1.5 * tolerance, join_style="mitre").intersects(shape(two))
    apart = not shape(one).buffer(-0.5 * tolerance, join_style="mitre").intersects(shape(two))
    assume(shrunk or apart)
    assert one.overlaps(two) == two.overlaps(one) == shrunk


@pytest.mark.parametrize(
    ("moved", "same"),
    [
        ((2.9, 0.0, 0.0), True),  # less than half a pitch
        ((0.0, 0.0, 2.9), True),
        ((0.0, 0.0, 3.1), False),  # another layer
        ((150.0, 0.0, 0.0), True),  # overlaps by half
        ((280.0, 0.0, 0.0), False),  # 2 µm of overlap are tolerance
        ((288.0, 0.0, 0.0), False),
    ],
)
def test_a_page_that_comes_back_goes_on_counting(moved: Sequence[float], same: bool) -> None:
    known = KnownPages()
    known.add([pages((1000.0, 2000.0, 100.0), erased=3)])
    x, y, depth = moved
    again = pages((1000.0 + x, 2000.0 + y, 100.0 + depth), erased=4)
    known.add([again])
    assert cycles(known, again) == [7 if same else 4]


def test_a_page_begun_at_another_corner_is_the_same_place() -> None:
    known = KnownPages()
    known.add([pages((0.0, 0.0, 50.0), erased=1)])
    known.add([pages((282.0, 282.0, 50.0), turned=np.pi, erased=1)])
    assert [k.cycles for k in known] == [2]


def test_small_shifts_do_not_add_up() -> None:
    """The place keeps its first name: a page drifting away from it becomes another one, and still counts."""
    known = KnownPages()
    for step in range(6):
        known.add([pages((2.0 * step, 0.0, 50.0), erased=1)])
    assert max(k.cycles for k in known) == 6
    assert len(known) > 1


def test_thousands_of_pages_and_sizes_are_told_apart() -> None:
    """A grid of pages in layers, then one large page over a few of them, found although it is ten times as large."""
    grid = [(400.0 * x, 400.0 * y, 20.0 * z) for x in range(20) for y in range(20) for z in range(5)]
    known = KnownPages()
    for _ in range(2):
        known.add([pages(*grid, erased=1)])
    assert len(known) == len(grid)
    assert {k.cycles for k in known} == {2}
    large = pages((-10.0, -10.0, 20.0), side=2820.0, erased=5)
    known.add([large])
    under = [k for k in known.at(place_of(large, large.pages[0])) if k.place.corner_um != (-10.0, -10.0, 20.0)]
    # 8 of 20 columns and rows begin below 2810 µm.
    assert len(under) == 64
    assert {k.place.corner_um[2] for k in under} == {20.0}
    assert cycles(known, pages((0.0, 0.0, 20.0), (0.0, 0.0, 40.0))) == [7, 2]


@given(st.sets(st.integers(0, 50)))
def test_ranges_name_every_number_once(numbers: set[int]) -> None:
    found = [
        n for text in page_ranges(sorted(numbers)) for n in range(int(text.split("-")[0]), int(text.split("-")[-1]) + 1)
    ]
    assert found == sorted(numbers)
