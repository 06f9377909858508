"""Small work stays plain, much of it does not; and pieces of shared work make up the whole."""

import numpy as np
import pytest

from lasercam.storage import sharing
from lasercam.storage.sharing import START_UP_S, PlainWork, run_shared


def test_many_small_pieces_change_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "compiled", type("Fresh", (), {"cache_info": lambda: Loaded(0)}))
    work = PlainWork()
    assert work.is_too_much(1.1 * START_UP_S)
    assert [work.is_too_much(0.4 * START_UP_S) for _ in range(4)] == [False, False, True, True]
    assert not work.is_too_much(0.1 * START_UP_S)
    monkeypatch.setattr(sharing, "compiled", type("Fresh", (), {"cache_info": lambda: Loaded(1)}))
    assert work.is_too_much(0.0)


class Loaded:
    """What a cache tells about itself."""

    def __init__(self, size: int) -> None:
        self.currsize = size


@pytest.mark.parametrize("rows", [0, 1, 5, 64, 67])
def test_pieces_make_up_the_whole(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(sharing, "_processors", lambda: 3)
    calls = []

    def double(values: np.ndarray, factor: int, out: np.ndarray) -> None:
        calls.append(len(out))
        out[:] = factor * values

    values, out = np.arange(rows), np.full(rows, -1)
    run_shared(double, (values,), (2,), (out,), least=10)
    assert (out == 2 * np.arange(rows)).all()
    assert sum(calls) == rows
    assert len(calls) == (1 if rows < 20 else 3)
    assert max(calls) - min(calls) <= 1
