"""The odds of a code: against SciPy's distributions, and against codewords that are really sent and decoded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lasercam.errors import ParameterError
from lasercam.storage.odds import codeword_success, page_success, score_interval
from lasercam.storage.reed_solomon import ReedSolomon
from tests.storage.code_trials import send_pages


@given(st.integers(2, 255), st.data())
@settings(max_examples=25, deadline=None)
def test_odds_agree_with_scipy(n: int, data: st.DataObject) -> None:
    code = ReedSolomon(n, data.draw(st.integers(1, n - 1)))
    rate = data.draw(st.floats(0, 1))
    for wrong, erased, most in ((rate, 0.0, code.parity // 2), (0.0, rate, code.parity)):
        assert codeword_success(code, wrong, erased) == pytest.approx(stats.binom.cdf(most, n, rate), abs=1e-9)


def test_mixed_odds_agree_with_scipy() -> None:
    code = ReedSolomon(40, 30)
    for wrong, erased in ((0.05, 0.1), (0.5, 0.5), (0.1, 0.0), (0.0, 0.0)):
        counts = [(e, r, 40 - e - r) for e in range(6) for r in range(11 - 2 * e)]
        sums = sum(stats.multinomial.pmf(c, 40, (wrong, erased, 1 - wrong - erased)) for c in counts)
        assert codeword_success(code, wrong, erased) == pytest.approx(sums, abs=1e-12)
        assert page_success(code, 8, wrong, erased) == pytest.approx(sums**8, abs=1e-12)
    with pytest.raises(ParameterError, match="0 and 1 together"):
        codeword_success(code, 0.6, 0.5)


@given(st.integers(1, 10_000), st.data())
def test_intervals_agree_with_scipy(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    theirs = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert score_interval(successes, trials, 1.959964) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


@pytest.mark.parametrize("counts", [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match="cannot have succeeded"):
        score_interval(*counts)


@pytest.mark.parametrize(
    ("k", "wrong", "erased"),
    [(223, 0.03, 0.0), (223, 0.045, 0.0), (223, 0.008, 0.07), (191, 0.09, 0.0), (191, 0.02, 0.15)],
)
def test_pages_come_back_as_often_as_theory_says(k: int, wrong: float, erased: float) -> None:
    """Where between a tenth and all but a few pages survive, so that a code one symbol too weak would show."""
    code = ReedSolomon(255, k)
    trials = send_pages(code, 8, 500, wrong, erased, seed=k)
    low, high = score_interval(trials.good, trials.pages, 3.3)
    assert low <= page_success(code, 8, wrong, erased) <= high
    assert trials.broken == 0
    # Without erasures none; with them a few, where these have used up the parity.
    assert trials.lies <= (0 if erased == 0 else 0.005 * 8 * 500)
    weaker = page_success(ReedSolomon(255, k + 4), 8, wrong, erased)
    assert weaker < low


def test_what_decoding_claims_by_mistake() -> None:
    """A weak code lies often, a strong one practically never, unless erasures have left it no parity to check with."""
    assert send_pages(ReedSolomon(20, 18), 1, 2_000, 0.2, 0.0, seed=1).lies > 100
    strong = send_pages(ReedSolomon(255, 223), 1, 500, 0.15, 0.0, seed=1)
    assert (strong.good, strong.lies) == (0, 0)
    code = ReedSolomon(255, 223)
    received = code.encode(np.zeros((1, 223), np.uint8))
    erased = np.zeros((1, 255), np.bool_)
    erased[0, :32], received[0, 100] = True, 1
    assert code.decode(received, erased).corrected.tolist() == [32]
    assert code.decode(received, erased).data.any()
