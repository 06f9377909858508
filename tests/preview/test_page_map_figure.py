"""Maps of pages: every site in the colour of what became of it."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from lasercam.preview.page_map_figure import PageMap, SiteState, draw_page_maps, site_states

SHAPE = (32, 40)


def states(**changed: np.ndarray) -> np.ndarray:
    nothing = np.zeros(SHAPE, np.bool_)
    given = {"margin": np.full(SHAPE, 30.0, np.float32), "erased": nothing, "lost": nothing,
             "in_image": ~nothing, "dark": nothing, **changed}  # fmt: skip
    return site_states(**given)


def only(row: int, column: int) -> np.ndarray:
    one = np.zeros(SHAPE, np.bool_)
    one[row, column] = True
    return one


def test_the_worst_is_said_of_a_site() -> None:
    both = only(3, 4)
    assert states()[3, 4] == SiteState.SURE
    assert states(erased=both)[3, 4] == SiteState.ERASED
    assert states(erased=both, lost=both)[3, 4] == SiteState.LOST
    assert states(corrected=both)[3, 4] == SiteState.CORRECTED
    assert states(corrected=both, erased=both)[3, 4] == SiteState.ERASED
    assert states(wrong=both)[3, 4] == SiteState.WRONG
    assert states(erased=both, in_image=~both)[3, 4] == SiteState.OUTSIDE
    assert states(erased=both, dark=both)[3, 4] == SiteState.DARK
    assert (states(wrong=both) == SiteState.SURE).sum() == SHAPE[0] * SHAPE[1] - 1


@pytest.mark.parametrize(
    ("margin", "state"),
    [(12.1, SiteState.SURE), (11.9, SiteState.FAIR), (5.9, SiteState.WEAK), (2.9, SiteState.DOUBTFUL)],
)
def test_margins_are_graded(margin: float, state: SiteState) -> None:
    assert (states(margin=np.full(SHAPE, margin, np.float32)) == state).all()


def test_sites_stand_where_they_are() -> None:
    found = states(lost=only(2, 35), wrong=only(30, 1))
    out = BytesIO()
    draw_page_maps([PageMap("a page", found, ("two flaws",))], out)
    picture = np.asarray(Image.open(out).convert("RGB")).astype(int)
    wrong = np.argwhere(np.abs(picture - (0xD5, 0x5E, 0x00)).sum(axis=2) < 6)
    # The legend lies to the right of the map.
    lower = wrong[wrong[:, 1] < picture.shape[1] / 2].mean(axis=0)
    assert lower[0] > 0.6 * picture.shape[0]
    assert lower[1] < 0.15 * picture.shape[1]


@pytest.mark.parametrize("fmt", ["png", "svg", "pdf"])
def test_the_same_maps_give_the_same_bytes(fmt: str) -> None:
    maps = [PageMap(f"page {k}", states(lost=only(k, k)), ()) for k in range(3)]
    outs = []
    for _ in range(2):
        out = BytesIO()
        draw_page_maps(maps, out, fmt=fmt)
        outs.append(out.getvalue())
    assert outs[0] == outs[1]
