"""Any k pages of a group give back its data, and fewer say so."""

import itertools

import numpy as np
import pytest
import reedsolo
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.compiling import compiled
from lasercam.errors import ParameterError, StorageError
from lasercam.storage import page_groups
from lasercam.storage.page_groups import coefficients, combine, combine_plain, combined, parity_pages, recover

GROUPS = st.tuples(st.integers(1, 254), st.integers(0, 254)).filter(lambda g: sum(g) <= 255)


def group(k: int, m: int, size: int, seed: int) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """The data, and all pages by number."""
    data = np.random.default_rng(seed).integers(0, 256, (k, size), np.uint8)
    return data, dict(enumerate(np.concatenate((data, parity_pages(data, m)))))


@given(GROUPS, st.integers(0, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_any_k_pages_are_enough(sizes: tuple[int, int], size: int, seed: int) -> None:
    k, m = sizes
    data, pages = group(k, m, size, seed)
    kept = np.random.default_rng(seed).permutation(k + m)[:k]
    assert (recover({int(number): pages[int(number)] for number in kept}, k, m) == data).all()
    assert (recover(pages, k, m) == data).all()


def test_every_choice_of_a_small_group() -> None:
    data, pages = group(5, 4, 7, 3)
    for kept in itertools.combinations(range(9), 5):
        assert (recover({number: pages[number] for number in kept}, 5, 4) == data).all()


def test_parity_is_the_sum_that_the_format_states() -> None:
    """Coefficients from the formula with another library's field; the first parity page is the exclusive or."""
    reedsolo.init_tables()
    data = np.random.default_rng(4).integers(0, 256, (6, 5), np.uint8)
    parity = parity_pages(data, 3)
    assert (parity[0] == np.bitwise_xor.reduce(data, axis=0)).all()
    for i, at in itertools.product(range(3), range(5)):
        total = 0
        for j in range(6):
            total ^= reedsolo.gf_mul(reedsolo.gf_div(255 ^ j, (255 - i) ^ j), int(data[j, at]))
        assert parity[i, at] == total
    assert parity_pages(data, 0).shape == (0, 5)
    # A longer group only adds rows and columns.
    assert (coefficients(200, 55)[:3, :6] == coefficients(6, 3)).all()


def test_too_few_pages_are_refused_with_what_would_help() -> None:
    _, pages = group(4, 3, 9, 1)
    known = {number: pages[number] for number in (0, 4, 6)}
    with pytest.raises(StorageError, match=r"3 of the 7 pages.*data pages 2, 3, 4 of 4 are lost; 1 more"):
        recover(known, 4, 3)
    with pytest.raises(StorageError, match=r"0 of the 30 pages.* 12 …"):
        recover({}, 20, 10)


def test_plain_and_compiled_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    matrix, pages = random.integers(0, 256, (5, 9), np.uint8), random.integers(0, 256, (9, 10_001), np.uint8)
    outs = np.zeros((3, 5, 10_001), np.uint8)
    combine_plain(matrix, pages, outs[0])
    compiled(combine)(matrix, pages, page_groups.PRODUCTS, outs[1])
    combine(matrix, pages[:, :50].copy(), page_groups.PRODUCTS, outs[2, :, :50])
    assert (outs[1] == outs[0]).all()
    assert (outs[2, :, :50] == outs[0, :, :50]).all()
    for is_loaded in (False, True):
        monkeypatch.setattr(page_groups.PLAIN_WORK, "is_too_much", lambda cost_s, answer=is_loaded: answer)
        assert (combined(matrix, pages) == outs[0]).all()
    # Rows are shared out between threads from here on, and views and read-only pages change nothing.
    wide = np.repeat(pages, 30, axis=1)
    wide.flags.writeable = False
    assert (combined(matrix, wide)[:, ::30] == outs[0]).all()
    assert (combined(matrix, wide[:, ::30]) == outs[0]).all()


@pytest.mark.parametrize(("k", "m"), [(0, 2), (200, 56), (3, -1)])
def test_impossible_groups_are_refused(k: int, m: int) -> None:
    with pytest.raises(ParameterError, match="255 at most"):
        recover({}, k, m)
    with pytest.raises(ParameterError, match="255 at most"):
        parity_pages(np.zeros((k, 3), np.uint8), m)


def test_foreign_pages_are_refused() -> None:
    _, pages = group(3, 2, 8, 1)
    with pytest.raises(ParameterError, match="no page of number 5"):
        recover({**pages, 5: pages[0]}, 3, 2)
    with pytest.raises(ParameterError, match="not 7 and 8 bytes"):
        recover({**pages, 1: pages[1][:7]}, 3, 2)
    with pytest.raises(ParameterError, match="page 1 must be uint8"):
        recover({**pages, 1: pages[1].astype(np.int16)}, 3, 2)
    with pytest.raises(ParameterError, match="must be uint8"):
        parity_pages(np.zeros(4, np.uint8), 1)
