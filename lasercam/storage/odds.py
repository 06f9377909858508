"""How likely a code gives everything back, from the rates of lost and of wrong symbols; how sure a count makes one."""

from math import exp, lgamma, log, sqrt

from lasercam.errors import ParameterError
from lasercam.storage.reed_solomon import ReedSolomon


def codeword_success(code: ReedSolomon, wrong: float, erased: float = 0.0) -> float:
    """Probability that a codeword is corrected, symbols being hit independently of each other.

    The sum over all e wrong and r erased symbols with 2 e + r ≤ n − k, exact but for rounding: what lies beyond that
    bound is never corrected.

    Args:
        code: n, k.
        wrong: probability that a symbol is wrong and nobody knows, 0 to 1.
        erased: probability that it is known to be lost, 0 to 1 − wrong.

    Raises:
        ParameterError: no such probabilities.

    >>> round(codeword_success(ReedSolomon(255, 223), wrong=0.03), 6)
    0.997984
    """
    right = 1.0 - wrong - erased
    if not (0.0 <= wrong <= 1.0 and 0.0 <= erased <= 1.0 and right > -1e-12):
        raise ParameterError(
            f"shares of wrong and of erased symbols lie within 0 and 1 together, not {wrong} and {erased}"
        )
    total = 0.0
    for n_wrong in range(code.parity // 2 + 1):
        for n_erased in range(min(code.parity - 2 * n_wrong, code.n - n_wrong) + 1):
            counts = n_wrong, n_erased, code.n - n_wrong - n_erased
            ways = lgamma(code.n + 1) - sum(lgamma(count + 1) for count in counts)
            total += _weighted(ways, counts, (wrong, erased, max(right, 0.0)))
    return min(total, 1.0)


def _weighted(ways: float, counts: tuple[int, ...], rates: tuple[float, ...]) -> float:
    """One term of the multinomial distribution; `ways` is a logarithm."""
    for count, rate in zip(counts, rates, strict=True):
        if count and rate <= 0.0:
            return 0.0
        ways += count * log(rate) if count else 0.0
    return exp(ways)


def page_success(code: ReedSolomon, codewords: int, wrong: float, erased: float = 0.0) -> float:
    """Probability that all codewords of a page are corrected; as `codeword_success`."""
    return codeword_success(code, wrong, erased) ** codewords


def score_interval(successes: int, trials: int, deviations: float = 1.96) -> tuple[float, float]:
    """The range of probabilities that a count does not contradict.

    Args:
        successes, trials: 0 ≤ successes ≤ trials, trials ≥ 1.
        deviations: 1.96 for a confidence of 95 %.

    Raises:
        ParameterError: no such counts.

    Source: E. B. Wilson, 10.1080/01621459.1927.10502953.

    >>> [round(p, 4) for p in score_interval(20, 20)]
    [0.8389, 1.0]
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ParameterError(f"{successes} of {trials} trials cannot have succeeded")
    share, squared = successes / trials, deviations**2
    middle = share + squared / (2 * trials)
    reach = deviations * sqrt(share * (1 - share) / trials + squared / (4 * trials**2))
    whole = 1 + squared / trials
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)
