"""A ledger follows journals: what was exposed in part is there, once, and says for every row how sure it is."""

from datetime import date
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.errors import InputError
from lasercam.model.execution import Execution, ProgramRows
from lasercam.pipeline.judge import judge
from lasercam.pipeline.ledger import ledger_of, read_ledger
from lasercam.pipeline.ledger_adding import add_build, add_journal, take_over
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.jobs import GOOD, broken, write_job

FIRST = "  - {name: first, write: {grid.lines: dual}}\n"
AGAIN = "  - {name: again, rewrite: {grid.odd: red}}\n"
FURNACE = "  - {name: furnace, heat: {temperature: 300 degC, hold_time: 1 h}}\n"
WRITES = broken(AGAIN, "", GOOD)
REWRITES = broken(FIRST, "", GOOD)
JOURNAL = "a" * 32


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A build that writes the grid and rewrites its odd lines."""
    folder = tmp_path_factory.mktemp("built")
    assert run(["build", str(write_job(folder, GOOD)), "-o", str(folder / "out"), "--no-pictures"]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def toolpath(built):
    return plan_job(load_job(built))


def lines(toolpath, section=0):
    """Row numbers of the lines of a section, in order."""
    return [
        block.first_row + i for block in toolpath.section_blocks(section) for i in block.exposes.nonzero()[0].tolist()
    ]


def executed(toolpath, *programs, journal=JOURNAL, **facts):
    return Execution(journal, "out.journal", toolpath.header.digest, False, programs, **facts)


def half(toolpath):
    """Two lines done, one cut, one uncertain, one untouched."""
    _, b, c, d, _ = lines(toolpath)
    return ProgramRows(0, 0, ((0, b + 1),), ((c, c + 1),), ((d, d + 1),))


def judged(folder, text, path):
    loaded = load_job(write_job(folder, text))
    return judge(loaded, plan_job(loaded), ledger=read_ledger(path))


def found(verdict):
    return {(f.code, f.on): f for f in verdict.errors}


def test_a_part_of_a_job_is_there_row_by_row(tmp_path, built, toolpath, capsys):
    path = tmp_path / "A7.ledger"
    entry, is_new = add_journal(built, path, executed(toolpath, half(toolpath)), date="2026-05-02")
    assert is_new
    (section,) = entry.sections
    assert (section.exposures, section.partly, section.uncertain) == (2, 1, 1)
    assert (entry.exposures, entry.in_question, entry.rows.rows) == (2, 2, 4)
    assert entry.steps == ("write: first",)
    assert run(["ledger", "show", "--ledger", str(path)]) == 0
    said = capsys.readouterr().out
    assert "2 exposures, 2 in question; write: first" in said
    assert "first: 2 exposures done, 1 partly, 1 uncertain (perhaps exposed)" in said


def test_later_jobs_keep_off_what_may_be_exposed(tmp_path, built, toolpath):
    """Four of five lines: done, cut and uncertain ones alike."""
    path = tmp_path / "A7.ledger"
    add_journal(built, path, executed(toolpath, half(toolpath)))
    verdict = judged(tmp_path, WRITES, path)
    assert {code for code, _ in found(verdict)} == {"E_DUPLICATE"}
    assert sum(f.count for f in verdict.errors) == 4
    assert any("2 more were made in part or perhaps" in note for note in verdict.notes)
    # A job of another name on another grid that hits the same voxels is seen as well.
    other = broken("job: good", "job: other", broken("count: 5, pitch: 50 um", "count: 2, pitch: 100 um", WRITES))
    assert {code for code, _ in found(judged(tmp_path, other, path))} == {"E_DUPLICATE"}
    elsewhere = broken("at: [1 mm, 1 mm]", "at: [5 mm, 5 mm]", WRITES)
    assert not found(judged(tmp_path, elsewhere, path))


def test_a_rewrite_needs_what_is_surely_there(tmp_path, built, toolpath):
    """Odd lines are the 1st, 3rd and 5th: only the first is surely written."""
    path = tmp_path / "A7.ledger"
    add_journal(built, path, executed(toolpath, half(toolpath)))
    (finding,) = judged(tmp_path, REWRITES, path).errors
    assert (finding.code, finding.count) == ("E_SUBSET", 2)


def test_rows_are_counted_once_however_often_they_are_taken_over(tmp_path, built, toolpath):
    path = tmp_path / "A7.ledger"
    add_journal(built, path, executed(toolpath, half(toolpath)), date="2026-05-02")
    before = path.read_bytes()
    _, is_new = add_journal(built, path, executed(toolpath, half(toolpath)), date="2026-05-03")
    assert not is_new
    assert path.read_bytes() == before
    section = toolpath.header.sections[0]
    whole = ProgramRows(0, 0, ((0, section.n_rows),), is_finished=True)
    entry, is_new = add_journal(built, path, executed(toolpath, whole), date="2026-05-03")
    assert is_new
    ledger = read_ledger(path)
    assert [e.entry for e in ledger.entries] == [1, 2]
    assert ledger.current == (entry,)
    assert (entry.exposures, entry.in_question) == (5, 0)
    assert {(f.part, f.written) for f in ledger.features} == {("grid.odd", 1), ("grid.even", 1)}
    assert sum(f.count for f in judged(tmp_path, WRITES, path).errors) == 5
    assert not found(judged(tmp_path, REWRITES, path))


def test_a_step_acts_once_on_what_the_sample_holds(tmp_path, built, toolpath):
    """The rewrite is half done, then done: its lines are rewritten once."""
    path = tmp_path / "A7.ledger"
    first, second = toolpath.header.sections
    done = ProgramRows(0, 0, ((0, first.n_rows),), is_finished=True)
    row = lines(toolpath, 1)[0]
    add_journal(built, path, executed(toolpath, done, ProgramRows(1, 0, ((second.first_row, row + 1),))))
    peaks = {f.part: ([n.peak_nm for n in f.lines], f.written) for f in read_ledger(path).features}
    assert peaks == {"grid.odd": ([655], 2), "grid.even": ([514, 613], 1)}
    everything = ProgramRows(1, 0, ((second.first_row, second.first_row + second.n_rows),), is_finished=True)
    add_journal(built, path, executed(toolpath, done, everything))
    assert {f.part: ([n.peak_nm for n in f.lines], f.written) for f in read_ledger(path).features} == peaks


def test_exposed_again_by_decision_is_said(tmp_path, built, toolpath, capsys):
    path = tmp_path / "A7.ledger"
    b = lines(toolpath)[1]
    rows = ProgramRows(0, 0, ((0, b + 1),), again=((b, b + 1), (b + 4, b + 5)))
    entry, _ = add_journal(built, path, executed(toolpath, rows))
    assert (entry.sections[0].exposures, entry.sections[0].twice) == (2, 1)
    assert run(["ledger", "show", "--ledger", str(path)]) == 0
    assert "1 exposed by decision although they were in question: perhaps twice" in capsys.readouterr().out


def test_furnaces_count_when_they_were_confirmed_or_followed(tmp_path):
    text = broken(FIRST, FIRST + FURNACE, GOOD)
    out = tmp_path / "out"
    assert run(["build", str(write_job(tmp_path, text)), "-o", str(out), "--no-pictures"]) == 0
    toolpath = plan_job(load_job(out))
    first, second = toolpath.header.sections
    done = ProgramRows(0, 0, ((0, first.n_rows),), is_finished=True)
    steps = []
    for by_hand, programs in (
        ((), (done,)),
        ((1,), (done,)),
        ((), (done, ProgramRows(1, 0, ((second.first_row, second.first_row + second.n_rows),)))),
    ):
        path = tmp_path / f"{len(steps)}.ledger"
        entry, _ = add_journal(out, path, executed(toolpath, *programs, by_hand=by_hand))
        steps.append(entry.steps)
    assert steps == [
        ("write: first",),
        ("write: first", "heat: furnace"),
        ("write: first", "heat: furnace", "rewrite: again"),
    ]


def test_a_run_that_was_killed_stops_every_check(tmp_path, built, toolpath):
    """The ledger knows that it does not know."""
    path = tmp_path / "A7.ledger"
    loaded = load_job(built)
    ledger = read_ledger(path, may_be_new=True)
    take_over(ledger, built, loaded, toolpath, executed(toolpath), day=date(2026, 5, 2), is_open=True)
    with pytest.raises(InputError, match="does not know what a run of 'good' has exposed"):
        ledger_of(load_job(write_job(tmp_path, WRITES)), path, tmp_path)
    add_journal(built, path, executed(toolpath, half(toolpath)))
    assert ledger_of(load_job(write_job(tmp_path, WRITES)), path, tmp_path) is not None


def test_a_journal_that_lost_rows_is_refused(tmp_path, built, toolpath):
    path = tmp_path / "A7.ledger"
    add_journal(built, path, executed(toolpath, half(toolpath)))
    a = lines(toolpath)[0]
    with pytest.raises(InputError, match="older than the ledger"):
        add_journal(built, path, executed(toolpath, ProgramRows(0, 0, ((0, a + 1),))))


def test_another_execution_has_another_journal(tmp_path, built, toolpath):
    path = tmp_path / "A7.ledger"
    add_build(built, path, date="2026-05-02")
    with pytest.raises(InputError, match="recorded already as a whole"):
        add_journal(built, path, executed(toolpath, half(toolpath)))
    add_journal(built, path, executed(toolpath, half(toolpath)), again=True)
    add_journal(built, path, executed(toolpath, half(toolpath), journal="b" * 32), again=True)
    assert [e.exposures + e.in_question for e in read_ledger(path).current] == [8, 4, 4]


def test_trials_and_samples_are_not_mixed(tmp_path, built, toolpath):
    path = tmp_path / "A7.ledger"
    trial = Execution(JOURNAL, "out.simulated.journal", toolpath.header.digest, True, (half(toolpath),))
    add_journal(built, path, trial)
    assert read_ledger(path).is_simulated
    with pytest.raises(InputError, match="is about a simulation, the journal about a real sample"):
        add_journal(built, path, executed(toolpath, half(toolpath), journal="b" * 32))
    with pytest.raises(InputError, match="is about a simulation"):
        add_build(built, path)


def test_somebody_else_wrote_meanwhile(tmp_path, built, toolpath):
    path: Path = tmp_path / "A7.ledger"
    stale = read_ledger(path, may_be_new=True)
    add_journal(built, path, executed(toolpath, half(toolpath)))
    with pytest.raises(InputError, match="was changed while this was prepared"):
        take_over(
            stale, built, load_job(built), toolpath, executed(toolpath, half(toolpath), journal="c" * 32),
            day=date(2026, 5, 2),
        )  # fmt: skip
    assert len(read_ledger(path).entries) == 1
