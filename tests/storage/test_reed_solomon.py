"""The Reed-Solomon code against `reedsolo`, an independent implementation, and against its own promises."""

import numpy as np
import pytest
import reedsolo
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.compiling import compiled_with
from lasercam.errors import ParameterError
from lasercam.storage import reed_solomon, reed_solomon_kernels
from lasercam.storage.galois_field import INVERSES, POWERS, PRODUCTS
from lasercam.storage.reed_solomon import ReedSolomon, divide_plain, generator_rows

reedsolo.init_tables(0x11D)  # its plain functions calculate with nothing before
CODES = st.tuples(st.integers(2, 255), st.integers(1, 254)).filter(lambda c: c[1] < c[0]).map(lambda c: ReedSolomon(*c))


def random(code: ReedSolomon, count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, code.k), np.uint8)


def spoil(words: np.ndarray, errors: int, erasures: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Words with so many wrong symbols and so many flagged ones, half of which are wrong."""
    random = np.random.default_rng(seed)
    spoiled, erased = words.copy(), np.zeros(words.shape, np.bool_)
    for row, word in enumerate(spoiled):
        places = random.permutation(len(word))[: errors + erasures]
        word[places] ^= random.integers(1, 256, len(places), np.uint8)
        word[places[errors::2]] = words[row, places[errors::2]]
        erased[row, places[errors:]] = True
    return spoiled, erased


def test_the_field_is_one() -> None:
    elements = np.arange(256)
    assert (PRODUCTS == PRODUCTS.T).all()
    assert (PRODUCTS[1] == elements).all()
    assert (PRODUCTS[elements[1:], INVERSES[1:]] == 1).all()
    a, b, c = np.random.default_rng(1).integers(0, 256, (3, 5_000))
    assert (PRODUCTS[a, PRODUCTS[b, c]] == PRODUCTS[PRODUCTS[a, b], c]).all()
    assert (PRODUCTS[a, b ^ c] == PRODUCTS[a, b] ^ PRODUCTS[a, c]).all()
    assert [int(p) for p in POWERS[:9]] == [1, 2, 4, 8, 16, 32, 64, 128, 0x1D]
    reedsolo.init_tables()
    assert all(reedsolo.gf_mul(int(x), int(y)) == PRODUCTS[x, y] for x, y in zip(a[:500], b[:500], strict=True))


@given(CODES, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_encoding_agrees_with_reedsolo(code: ReedSolomon, seed: int) -> None:
    data = random(code, 2, seed)
    words = code.encode(data)
    oracle = reedsolo.RSCodec(code.parity, nsize=code.n)
    assert [bytes(word) for word in words] == [bytes(oracle.encode(bytes(row))) for row in data]


@given(CODES, st.integers(0, 2**32 - 1), st.data())
@settings(max_examples=60, deadline=None)
def test_what_the_bound_allows_is_corrected(code: ReedSolomon, seed: int, data: st.DataObject) -> None:
    erasures = data.draw(st.integers(0, code.parity))
    errors = data.draw(st.integers(0, (code.parity - erasures) // 2))
    sent = random(code, 1, seed)
    received, erased = spoil(code.encode(sent), errors, erasures, seed)
    decoded = code.decode(received, erased)
    assert (decoded.data == sent).all()
    assert decoded.corrected.tolist() == [errors + erasures]
    oracle = reedsolo.RSCodec(code.parity, nsize=code.n)
    told, _, _ = oracle.decode(bytes(received[0]), erase_pos=np.flatnonzero(erased[0]).tolist())
    assert bytes(told) == bytes(decoded.data[0])


@given(CODES, st.integers(0, 2**32 - 1), st.data())
@settings(max_examples=80, deadline=None)
def test_beyond_the_bound_it_fails_or_names_a_codeword(code: ReedSolomon, seed: int, data: st.DataObject) -> None:
    """A decoder may only claim a codeword within its reach; what it cannot decode stays as received."""
    erasures = data.draw(st.integers(0, code.n))
    errors = data.draw(st.integers(0, code.n - erasures))
    received, erased = spoil(code.encode(random(code, 1, seed)), errors, erasures, seed)
    before = received.copy()
    decoded = code.decode(received, erased)
    assert (received == before).all()
    count = int(decoded.corrected[0])
    if count < 0:
        assert decoded.is_failed[0]
        assert 2 * errors + erasures > code.parity
        assert (decoded.data == received[:, : code.k]).all()
        return
    word = code.encode(decoded.data)
    changed = (word != received) & ~erased
    assert count == erasures + changed.sum()
    assert 2 * changed.sum() + erasures <= code.parity


@pytest.mark.parametrize(("n", "k"), [(3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (9, 1), (4, 2)])
def test_decoding_finds_the_codeword_within_reach_and_no_other(n: int, k: int) -> None:
    """All codewords of small codes are looked at: one is within reach or none, and that decides."""
    code, chance = ReedSolomon(n, k), np.random.default_rng(n * k)
    every = code.encode(np.stack(np.divmod(np.arange(256**k), 256), axis=1)[:, 2 - k :].astype(np.uint8))
    count = 3_000 if k == 1 else 60
    received = every[chance.integers(0, len(every), count)]
    received ^= chance.integers(0, 256, received.shape, np.uint8) * (chance.random(received.shape) < 0.4)
    erased = chance.random(received.shape) < 0.2
    differ = ((every[None] != received[:, None]) & ~erased[:, None]).sum(axis=2)
    is_near = 2 * differ + erased.sum(axis=1)[:, None] <= code.parity
    decoded = code.decode(received, erased)
    assert is_near.sum(axis=1).max() == 1
    assert (decoded.is_failed == ~is_near.any(axis=1)).all()
    found = np.flatnonzero(~decoded.is_failed)
    assert 0 < len(found) < count
    assert (decoded.data[found] == every[is_near[found].argmax(axis=1), :k]).all()


def test_plain_and_compiled_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in (ReedSolomon(255, 223), ReedSolomon(48, 28), ReedSolomon(20, 7), ReedSolomon(2, 1)):
        sent = random(code, 24, 1)
        received, erased = code.encode(sent), np.zeros((24, code.n), np.bool_)
        for row in range(24):
            received[row : row + 1], erased[row : row + 1] = spoil(
                received[row : row + 1], row * code.parity // 40, row % (code.parity + 1), row
            )
        found = {}
        for is_loaded in (False, True):
            monkeypatch.setattr(reed_solomon.PLAIN_WORK, "is_too_much", lambda cost_s, answer=is_loaded: answer)
            decoded = code.decode(received, erased)
            found[is_loaded] = decoded.data.tobytes(), decoded.corrected.tolist()
        assert found[False] == found[True]


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    code = ReedSolomon(64, 48)
    received, erased = spoil(code.encode(random(code, 1_001, 3)), 5, 4, 3)
    received[::3] = 7
    whole = code.decode(received, erased)
    monkeypatch.setattr(reed_solomon, "WORTH_SHARING", 10**9)
    alone = code.decode(received, erased)
    assert (whole.data == alone.data).all()
    assert (whole.corrected == alone.corrected).all()
    assert 300 < np.count_nonzero(whole.is_failed) < 340


def test_division_is_one_and_the_same() -> None:
    code = ReedSolomon(255, 191)
    rows = generator_rows(code.parity)
    words = random(ReedSolomon(256 - 1, 254), 40, 9)
    words = np.column_stack((words, words[:, 0]))
    out = np.empty((40, code.parity), np.uint8)
    reed_solomon_kernels.divide(words[:2], rows, out[:2])
    compiled_with(reed_solomon_kernels.divide, reed_solomon_kernels.divide_word)(words[2:], rows, out[2:])
    assert (out == divide_plain(words, rows)).all()
    oracle = reedsolo.rs_calc_syndromes
    assert out.any(axis=1).all()
    for word, remainder in zip(words[:5], out[:5], strict=True):
        assert list(oracle(bytes(word), code.parity)) == list(oracle(bytes(remainder), code.parity))


def test_a_page_erased_all_over_is_not_read_as_zeros() -> None:
    """Zeros are a codeword, but nothing vouches for it where everything is lost."""
    code = ReedSolomon(255, 223)
    blank = np.zeros((2, 255), np.uint8)
    assert code.decode(blank, np.ones((2, 255), np.bool_)).is_failed.all()
    erased = np.zeros((2, 255), np.bool_)
    erased[0, :32], erased[1, :33] = True, True
    assert code.decode(blank, erased).corrected.tolist() == [32, -1]


def test_no_codewords_are_no_codewords() -> None:
    code = ReedSolomon(255, 223)
    assert code.encode(np.empty((0, 223), np.uint8)).shape == (0, 255)
    decoded = code.decode(np.empty((0, 255), np.uint8), np.empty((0, 255), np.bool_))
    assert decoded.data.shape == (0, 223)
    assert decoded.corrected.shape == (0,)


@pytest.mark.parametrize(("n", "k"), [(256, 223), (1, 1), (255, 255), (255, 0), (10, 12)])
def test_impossible_codes_are_refused(n: int, k: int) -> None:
    with pytest.raises(ParameterError, match="not"):
        ReedSolomon(n, k)


def test_other_shapes_are_refused() -> None:
    code = ReedSolomon(255, 223)
    with pytest.raises(ParameterError, match="223 columns"):
        code.encode(np.zeros((2, 222), np.uint8))
    with pytest.raises(ParameterError, match="received must be uint8"):
        code.decode(np.zeros((2, 255), np.int64))
    with pytest.raises(ParameterError, match="2 codewords come with erasures of 1"):
        code.decode(np.zeros((2, 255), np.uint8), np.zeros((1, 255), np.bool_))
