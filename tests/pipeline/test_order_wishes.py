"""What a step wishes about order, from the job file to rows and findings."""

import re
from pathlib import Path

import numpy as np
import pytest

from lasercam.errors import InputError
from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.jobs import DOTS, GOOD, write_job

COOLED = re.search(r"```yaml\n(.*?)```", (Path(__file__).parents[2] / "lasercam/docs/order.md").read_text(), re.DOTALL)


def planned(tmp_path: Path, text: str) -> Toolpath:
    return plan_job(load_job(write_job(tmp_path, text)))


def codes(tmp_path: Path, text: str) -> dict[str, str]:
    loaded = load_job(write_job(tmp_path, text))
    return {f.code: f.message + " | " + f.hint for f in judge(loaded, plan_job(loaded)).findings}


def places(path: Toolpath) -> np.ndarray:
    return np.vstack([b.end_ticks[b.kind == RowKind.DOT] for b in path.blocks()])


def test_the_example_of_the_manual_cools_in_four_rounds(tmp_path: Path) -> None:
    assert COOLED is not None
    text = COOLED[1]
    assert "E_COOLING" not in codes(tmp_path, text)
    cells = (places(planned(tmp_path, text))[:, :2] - 10_000_000) // 100_000
    for first in range(0, 400, 100):
        parities = {tuple(p) for p in (cells[first : first + 100] % 2).tolist()}
        assert len(parities) == 1, "every second row and column"


def test_too_long_a_wish_is_refused_with_the_longest_time_that_holds(tmp_path: Path) -> None:
    assert COOLED is not None
    found = codes(tmp_path, COOLED[1].replace("60 s", "600 s"))
    message = found["E_COOLING"]
    assert "nearer than 15 µm" in message
    offered = re.search(r"Wish for at most ([\d.]+) s", message)
    assert offered is not None
    assert 60.0 < float(offered[1]) < 600.0
    assert "E_COOLING" not in codes(tmp_path, COOLED[1].replace("60 s", f"{offered[1]} s"))


def test_an_order_as_given_is_judged_too(tmp_path: Path) -> None:
    assert COOLED is not None
    text = COOLED[1].replace("cooling:", "order: as_given, cooling:")
    assert "as_given" in codes(tmp_path, text)["E_COOLING"]


def test_lines_run_as_drawn_where_they_keep_their_direction(tmp_path: Path) -> None:
    def runs_right(text: str) -> set[bool]:
        path = planned(tmp_path, text)
        found = [
            b.end_ticks[b.kind == RowKind.LINE, 0] > b.start_ticks[b.kind == RowKind.LINE, 0] for b in path.blocks()
        ]
        return set(np.concatenate(found).tolist())

    assert runs_right(GOOD) == {True, False}
    assert runs_right(GOOD.replace("name: first,", "name: first, keep_direction: true,").replace(
        "name: again,", "name: again, keep_direction: yes,"
    )) == {True}  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("cooling: {distance: 5 um}", "'time' is missing"),
        ("cooling: {distance: 0 um, time: 1 s}", "distance"),
        ("cooling: {distance: 5 um, time: 1 mm}", "is not a time"),
        ("inner_first: true, order: as_given", "leaves nothing to order"),
        ("travel: rows, order: as_given", "leaves nothing to order"),
        ("travel: rows, cooling: {distance: 5 um, time: 1 s}", "`travel` and `cooling`, which both decide"),
        ("inner_first: true, cooling: {distance: 5 um, time: 1 s}", "`inner_first` and `cooling`, which both decide"),
        ("inner_first: true, travel: rows", "`inner_first` and `travel: rows`"),
        ("travel: row", "did you mean 'rows'?"),
        ("keep_directions: true", "did you mean 'keep_direction'?"),
    ],
)
def test_contradictions_and_slips_are_refused(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_job(write_job(tmp_path, DOTS.replace("name: write,", f"name: write, {keys},")))
    assert said in str(caught.value)


@pytest.mark.parametrize("keys", ["travel: rows", "keep_direction: true", "cooling: {distance: 5 um, time: 1 s}"])
def test_steps_without_a_beam_have_no_order(tmp_path: Path, keys: str) -> None:
    text = DOTS.replace("steps:\n", f"steps:\n  - {{name: wait, manual: wait, {keys}}}\n")
    with pytest.raises(InputError, match="but a manual step orders no features"):
        load_job(write_job(tmp_path, text))
