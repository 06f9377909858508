"""What a sample holds, across jobs: recorded, never lost unnoticed, and never written over by mistake."""

import json

import pytest

from lasercam.cli.main import run
from lasercam.errors import InputError
from lasercam.pipeline.judge import judge
from lasercam.pipeline.ledger import ledger_of, read_ledger
from lasercam.pipeline.ledger_adding import add_build
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.jobs import GOOD, broken, write_job

FIRST = "  - {name: first, write: {grid.lines: dual}}\n"
AGAIN = "  - {name: again, rewrite: {grid.odd: red}}\n"
DUAL = "  dual: {process"
WRITES = broken(AGAIN, "", GOOD)
REWRITES = broken(FIRST, "", GOOD)
PLACE = "at: [1 mm, 1 mm]"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A build that writes the grid."""
    folder = tmp_path_factory.mktemp("built")
    assert run(["build", str(write_job(folder, WRITES)), "-o", str(folder / "out"), "--no-pictures"]) == 0
    return folder / "out"


@pytest.fixture
def ledger(tmp_path, built):
    """A ledger that holds it."""
    path = tmp_path / "A7.ledger"
    add_build(built, path, date="2026-05-02")
    return path


def judged(folder, text, path):
    loaded = load_job(write_job(folder, text))
    return judge(loaded, plan_job(loaded), ledger=None if path is None else read_ledger(path))


def codes(verdict):
    return {f.code for f in verdict.errors}


def test_nothing_is_written_over_what_is_there(tmp_path, ledger):
    assert not codes(judged(tmp_path, WRITES, None))
    verdict = judged(tmp_path, WRITES, ledger)
    found = {f.on: f for f in verdict.errors}
    assert {(name, f.code, f.count) for name, f in found.items()} == {
        ("patterns.grid.odd", "E_DUPLICATE", 3),
        ("patterns.grid.even", "E_DUPLICATE", 2),
    }
    for name, f in found.items():
        assert f"{name} (ledger entry 1, 2026-05-02) wrote before" in f.message
        assert f.first_row >= 0
    assert any("1 executed build(s) with 5 exposures, 2026-05-02" in note for note in verdict.notes)


def test_elsewhere_is_free(tmp_path, ledger):
    assert not codes(judged(tmp_path, broken(PLACE, "at: [5 mm, 5 mm]", WRITES), ledger))
    assert not codes(judged(tmp_path, broken("depth: 200 um", "depth: 260 um", WRITES), ledger))


@pytest.mark.parametrize("shift_um", [-25, 1, 25])
def test_a_partial_overlap_is_found(tmp_path, ledger, shift_um):
    text = broken(PLACE, f"at: [{1000 + shift_um} um, 1 mm]", WRITES)
    assert codes(judged(tmp_path, text, ledger)) == {"E_DUPLICATE"}


def test_another_origin_on_the_stage_is_the_same_place_on_the_sample(tmp_path, ledger):
    text = broken("refractive_index: 1.52", "refractive_index: 1.52, origin: [3 mm, 2 mm, 1 mm]", WRITES)
    assert codes(judged(tmp_path, text, ledger)) == {"E_DUPLICATE"}


def test_a_rewrite_may_follow_an_earlier_job_but_only_where_it_wrote(tmp_path, ledger):
    assert "E_SUBSET" in codes(judged(tmp_path, REWRITES, None))
    assert not codes(judged(tmp_path, REWRITES, ledger))
    assert codes(judged(tmp_path, broken(PLACE, "at: [1 mm, 1.4 mm]", REWRITES), ledger)) == {"E_SUBSET"}


def test_rewrites_are_counted_across_jobs(tmp_path, ledger):
    write_job(tmp_path, REWRITES, "again.yaml")
    out = tmp_path / "again"
    assert run(["build", str(tmp_path / "again.yaml"), "-o", str(out), "--no-pictures", "--ledger", str(ledger)]) == 0
    add_build(out, ledger, date="2026-05-03")
    found = {f.code: f for f in judged(tmp_path, REWRITES, ledger).findings}
    assert found["W_REWRITES"].value == 2
    peaks = {f.part: [line.peak_nm for line in f.lines] for f in read_ledger(ledger).features}
    assert peaks == {"grid.odd": [655], "grid.even": [514, 613]}


def test_the_command_line_keeps_a_ledger(tmp_path, built, capsys):
    path = tmp_path / "A7.ledger"
    assert run(["ledger", "add", str(built), "--ledger", str(path), "--date", "2026-05-02", "--note", "cold day"]) == 0
    assert run(["ledger", "add", str(built), "--ledger", str(path)]) == 1
    assert "recorded already, as entry 1" in capsys.readouterr().err
    assert run(["ledger", "add", str(built), "--ledger", str(path), "--again"]) == 0
    assert run(["ledger", "show", "--ledger", str(path)]) == 0
    said = capsys.readouterr().out
    assert "1. 2026-05-02 good: 5 exposures; write: first" in said
    assert "cold day" in said
    assert "grid.odd: emitting: 514 nm (stated), 613 nm (stated)" in said
    assert run(["check", str(write_job(tmp_path, WRITES)), "--ledger", str(path)]) == 1
    assert run(["build", str(tmp_path / "job.yaml"), "-o", str(tmp_path / "o"), "--ledger", str(path)]) == 1
    assert not (tmp_path / "o").exists()
    capsys.readouterr()
    assert run(["ledger", "show", "--ledger", str(path), "--format", "json"]) == 0
    assert [e["entry"] for e in json.loads(capsys.readouterr().out)] == [1, 2]


def test_a_job_names_its_ledger(tmp_path, ledger, capsys):
    text = broken("{id: A7,", "{id: A7, ledger: A7.ledger,", WRITES)
    assert run(["check", str(write_job(tmp_path, text))]) == 1
    assert "E_DUPLICATE" in capsys.readouterr().out
    new = broken("{id: A7,", "{id: A7, ledger: none.ledger,", WRITES)
    assert run(["check", str(write_job(tmp_path, new))]) == 0, "a fresh sample has no ledger yet"
    for outside in ("../A7.ledger", "/srv/A7.ledger"):
        loaded = load_job(write_job(tmp_path, broken("{id: A7,", f"{{id: A7, ledger: {outside},", WRITES)))
        with pytest.raises(InputError, match="leads out of the job's folder"):
            ledger_of(loaded, None, tmp_path)


def test_another_sample_has_another_ledger(tmp_path, built, ledger):
    text = broken("id: A7", "id: B1", WRITES)
    loaded = load_job(write_job(tmp_path, text))
    with pytest.raises(InputError, match="about sample A7, the job about B1"):
        ledger_of(loaded, ledger, tmp_path)
    assert run(["build", str(tmp_path / "job.yaml"), "-o", str(tmp_path / "b1"), "--no-pictures"]) == 0
    with pytest.raises(InputError, match="about sample A7, the build about B1"):
        add_build(tmp_path / "b1", ledger)


def test_a_ledger_cannot_be_changed_unnoticed(tmp_path, built, ledger):
    add_build(built, ledger, date="2026-05-03", again=True)
    whole = ledger.read_bytes()
    first, second, _ = whole.split(b"\n")
    for spoilt, says in [
        (first.replace(b'"sample":"A7"', b'"sample":"A8"') + b"\n" + second + b"\n", "chain of hashes"),
        (first.replace(b"2026-05-02", b"2026-05-01") + b"\n" + second + b"\n", "chain of hashes"),
        (second + b"\n", "chain of hashes"),
        (first + b"\n" + first + b"\n", "chain of hashes"),
        (whole[:-30], "cut off"),
        (whole + b"{}\n", "no entry of a ledger"),
        (b"[[[[\n", "no entry of a ledger"),
        (b"\xff\xfe\n", "no entry of a ledger"),
    ]:
        ledger.write_bytes(spoilt)
        with pytest.raises(InputError, match=says):
            read_ledger(ledger)


def test_rows_that_are_gone_or_changed_stop_everything(tmp_path, ledger):
    (rows,) = (tmp_path / "A7.ledger.rows").iterdir()
    content = rows.read_bytes()
    rows.write_bytes(content[:-1] + b"x")
    with pytest.raises(InputError, match="were changed"):
        judged(tmp_path, WRITES, ledger)
    rows.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        judged(tmp_path, WRITES, ledger)


def test_a_build_that_was_spoilt_is_not_recorded(tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["build", str(write_job(tmp_path, WRITES)), "-o", str(out), "--no-pictures"]) == 0
    program = next(out.glob("*.ngc"))
    program.write_text(program.read_text() + "\n(more)\n")
    with pytest.raises(InputError, match="not what it says"):
        add_build(out, tmp_path / "A7.ledger")
    assert not (tmp_path / "A7.ledger").exists()
    assert not (tmp_path / "A7.ledger.rows").exists()


def test_the_same_rows_give_the_same_file(tmp_path, built):
    entries = [add_build(built, tmp_path / name / "x.ledger", date="2026-05-02") for name in "ab"]
    assert entries[0] == entries[1]
    assert entries[0].rows.rows == entries[0].exposures == 5
