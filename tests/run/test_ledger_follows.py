"""Journal to ledger, whatever happens: nothing that was executed is missing, nothing claimed that was not.

The truth is the simulated controller's own record. Thirty seeds here; `LASERCAM_SLOW=1` runs a thousand.
"""

import os
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

import lasercam.run.session as session_module
from lasercam.errors import LasercamError
from lasercam.model.execution import RowState
from lasercam.pipeline.ledger_rows import saved_blocks
from lasercam.pipeline.ledger_saving import STATE_COLUMN, executed_name, executed_pieces, save_rows
from lasercam.run.execution import read_execution
from lasercam.run.journal import ProgramKey, read_journal
from lasercam.run.row_ranges import RowRanges
from tests.run.stage import WAY, DyingJournal, Fault, Killed, Stage

SEEDS = range(1000 if os.environ.get("LASERCAM_SLOW") else 30)
KINDS = sorted(set(WAY) - {"flip", "lose_byte", "freeze"})
"""Without what nobody can know: lines that arrive spoilt, and a beam that hangs."""


@pytest.fixture(autouse=True)
def _mortal_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "Journal", DyingJournal)


def in_ledger(stage: Stage, folder: Path) -> dict[int, RowState]:
    """By row, what a ledger that follows the journal now says of it."""
    execution = read_execution(stage.journal_path)
    if execution is None:
        return {}
    pieces = executed_pieces(stage.toolpath, execution)
    entry = save_rows(stage.toolpath, pieces, folder, executed_name(stage.toolpath, execution))
    (block,) = stage.toolpath.blocks()
    frame = stage.toolpath.header.sections[0].frame
    start, end = frame.sample_ticks(block.start_ticks), frame.sample_ticks(block.end_ticks)
    number = {(*a[:2], *b[:2]): row for row, (a, b) in enumerate(zip(start.tolist(), end.tolist(), strict=True))}
    found: dict[int, RowState] = {}
    for _, columns in saved_blocks(folder / entry.file):
        for a, b, state in zip(
            columns["start"].tolist(), columns["end"].tolist(), columns[STATE_COLUMN].tolist(), strict=True
        ):
            row = number[(*a[:2], *b[:2])]
            assert row not in found, "a row is in the ledger twice"
            found[row] = RowState(state)
    assert len(found) == entry.rows
    counted = {
        RowState.DONE: sum(p.exposures for p in pieces), RowState.PARTLY: sum(p.partly for p in pieces),
        RowState.UNCERTAIN: sum(p.uncertain for p in pieces),
    }  # fmt: skip
    assert counted == {state: list(found.values()).count(state) for state in counted}
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ledger_never_loses_an_exposure(seed: int, tmp_path: Path) -> None:
    """Session after session, each with a fault of its own, until the job is done."""
    random = Random(50_000 + seed)
    stage = Stage(tmp_path, random)
    before: dict[int, RowState] = {}
    for session in range(6):
        kind = random.choice(KINDS) if session < 5 else "none"
        with suppress(LasercamError, Killed):
            stage.session(
                Fault(kind, random.randint(0, 25)), resume=session > 0, answer=random.choice(("skip", "expose"))
            )
        stage.controller.run_out(600)
        stage.controller.advance(stage.controller.now_s + 1)
        truth, found = stage.truth(), in_ledger(stage, tmp_path / "rows")
        assert set(truth) <= set(found), f"exposed, and not in the ledger after {kind}"
        assert not [row for row, state in found.items() if state is RowState.DONE and not stage.is_whole(row, truth)]
        assert set(before) <= set(found), f"forgotten after {kind}"
        assert not [r for r, state in before.items() if state is RowState.DONE and found[r] is not RowState.DONE]
        before = found
        stage.controller.power_cycle()
        if stage.record().is_finished and not stage.record().open_question:
            break
    assert stage.record().is_finished
    assert set(before) == stage.exposing()


def test_a_decision_to_expose_again_that_comes_to_nothing_loses_nothing(tmp_path: Path) -> None:
    """Uncertain, to be exposed again, and the second attempt dies first: still perhaps exposed."""
    stage = Stage(tmp_path, Random(1))
    key = ProgramKey(0)
    with DyingJournal(stage.journal_path, stage.toolpath.header.digest) as journal:
        journal.start(key, file="f", sha256="s", rows=RowRanges.of((0, 20)), first_row=0)
        journal.sent(line=1, row=12, done=4)
        journal.start(key, file="f", sha256="s", rows=RowRanges.of((4, 20)), first_row=0)
    assert not read_journal(stage.journal_path).of(key).open_question
    exposing = {row for row in stage.exposing() if row < 12}
    found = in_ledger(stage, tmp_path / "rows")
    assert set(found) == exposing
    assert {row for row, state in found.items() if state is RowState.UNCERTAIN} == {r for r in exposing if r >= 4}
