"""Random jobs and random faults: nothing is exposed twice, the journal never claims too much, it always ends dark.

Sixty seeds here; `LASERCAM_SLOW=1` runs a thousand.
"""

import os
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

import lasercam.run.session as session_module
from lasercam.errors import LasercamError
from lasercam.run.flight import SEGMENT_BLOCKS, SPARE_REPLIES
from lasercam.run.row_ranges import RowRanges
from lasercam.run.stream import BATCH_LINES
from lasercam.transports import faults as scripted
from lasercam.transports.faults import Kind, Where
from lasercam.transports.simulated.options import GRBLHAL, ControllerOptions
from tests.run.stage import MAX_AHEAD_S, SET_BY_S, WAY, DyingJournal, Fault, Killed, Stage, stage

SEEDS = range(1000 if os.environ.get("LASERCAM_SLOW") else 60)
SPOILT = ("flip", "lose_byte")
"""What the controller is told is not what was sent. GRBL has no checksum: such a line may be executed as it arrives,
so neither the journal nor anybody else knows. These runs must end, and end dark."""
AT_ONCE = (
    "limit", "say_alarm", "say_banner", "say_error", "inject_override", "inject_hold", "inject_reset", "power", "abort",
    "disk_full",
)  # fmt: skip
LOST = ("close", "close_after", "kill", "kill_after")
BEAM_OFF_S = 0.5


@pytest.fixture(autouse=True)
def _mortal_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "Journal", DyingJournal)


def run_to_its_end(stage: Stage, fault: Fault) -> str:
    """The first session; how it ended."""
    try:
        stage.session(fault)
    except Killed:
        return "killed"
    except LasercamError as error:
        return type(error).__name__
    return "done"


@pytest.mark.parametrize("seed", SEEDS)
def test_any_fault(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    judge_any_fault(Stage(tmp_path, random), Fault(random.choice(sorted(WAY)), random.randint(0, 60)))


def judge_any_fault(stage: Stage, fault: Fault, most_sessions: int = 1) -> None:
    """A session with a fault, then what is left: the journal against the truth about the sample."""
    kind = fault.kind
    ended = run_to_its_end(stage, fault)
    assert stage.link is not None
    if kind == "freeze":
        stage.controller.thaw()
    is_dark_at_exit = stage.controller.beam_power == 0
    stage.controller.run_out(600)
    stage.controller.advance(stage.controller.now_s + 1)
    exposing, truth, record = stage.exposing(), stage.truth(), stage.record()

    assert stage.link.most_held <= 127 + len(b"?!\x18"), "more than the receive buffer is on its way"
    if ended not in ("killed", "LinkError") and kind != "freeze":
        assert is_dark_at_exit
    judge_darkness(stage, kind, ended)
    if ended == "done":
        assert record.is_finished
    if record.is_finished and kind not in SPOILT:  # killed behind the last line, perhaps
        assert all(stage.is_whole(row, truth) for row in exposing)
    if kind not in SPOILT:
        assert [row for row in record.done if row in exposing and not stage.is_whole(row, truth)] == []
        assert [row for row in truth if row not in record.touched] == []
        if kind != "freeze":  # a beam that hangs over a dot is one long exposure
            assert stage.duplicates(truth) == []
    in_question = [row for row in record.open_question if row in exposing]
    # One line of at least two bytes each in the buffer, moves in planner and step segments, one batch ahead of them.
    assert len(in_question) <= 127 // 2 + 15 + SEGMENT_BLOCKS + SPARE_REPLIES + BATCH_LINES

    in_question = set(in_question)
    for attempt in range(most_sessions):
        if stage.record().is_finished:
            break
        if attempt == most_sessions - 1:
            assert stage.session(Fault("none", 10**9), resume=True) >= 1
        else:
            with suppress(LasercamError):
                stage.session(Fault("none", 10**9), resume=True)
            in_question |= set(stage.record().open_question)
    after, record = stage.truth(), stage.record()
    assert record.is_finished
    assert not record.open_question
    if kind not in SPOILT:
        if kind != "freeze":
            assert stage.duplicates(after) == []
        assert [row for row in exposing if row not in in_question and not stage.is_whole(row, after)] == []


SCRIPTED = (
    (Kind.SWALLOW_OK, Where.REPLY), (Kind.EXTRA_OK, Where.REPLY), (Kind.DELAY, Where.REPLY), (Kind.SAY, Where.REPLY),
    (Kind.DELAY, Where.SENT_LINE), (Kind.SPLIT, Where.SENT_LINE), (Kind.MERGE, Where.SENT_LINE),
    (Kind.INJECT, Where.SENT_LINE), (Kind.CLOSE, Where.SENT_LINE),
    (Kind.FREEZE, Where.TIME), (Kind.POWER_CYCLE, Where.REPLY), (Kind.LIMIT, Where.TIME),
    (Kind.DUPLICATE, Where.REPLY), (Kind.DROP, Where.REPLY), (Kind.FLIP, Where.REPLY),
)  # fmt: skip


@pytest.mark.parametrize("firmware", [ControllerOptions(), GRBLHAL], ids=["grbl", "grblhal"])
@pytest.mark.parametrize("seed", SEEDS)
def test_several_scripted_faults(seed: int, firmware: ControllerOptions, tmp_path: Path) -> None:
    """Up to three faults in a row, delays and pieces of lines among them, that spoil no line on its way out."""
    random = Random(10_000 + seed)
    stage = Stage(tmp_path, random, firmware)
    script = []
    for kind, where in random.choices(SCRIPTED, k=random.randint(1, 3)):
        at = random.uniform(2, 12) if where is Where.TIME else random.randint(60, 160)
        data = random.choice((b"\x18", b"\x91", b"!", b"\x9a")) if kind is Kind.INJECT else b""
        data = random.choice((b"ok", b"ALARM:1", b"noise", b"error:9")) if kind is Kind.SAY else data
        seconds, bit = random.choice((0.05, 0.2, 1.0)), random.randrange(7)
        script.append(scripted.Fault(kind, where, at, seconds=seconds, data=data, bit=bit))
    with suppress(LasercamError):
        stage.scripted(script, seed)
    stage.controller.thaw()
    stage.controller.run_out(600)
    truth, record, exposing = stage.truth(), stage.record(), stage.exposing()
    assert [row for row in record.done if row in exposing and not stage.is_whole(row, truth)] == []
    assert [row for row in truth if row not in record.touched] == []
    # A beam that hangs over a dot, or waits there for a line that is late, makes one long exposure.
    hangs = any(f.kind is Kind.FREEZE or (f.kind, f.where) == (Kind.DELAY, Where.SENT_LINE) for f in script)
    assert hangs or stage.duplicates(truth) == []
    if not record.is_finished:
        stage.session(Fault("none", 10**9), resume=True)
    assert hangs or stage.duplicates(stage.truth()) == []
    assert stage.record().is_finished


def judge_darkness(stage: Stage, kind: str, ended: str) -> None:
    """The beam goes off in time after a fault."""
    assert stage.link is not None
    if stage.link.happened_s is None or ended == "done":
        return
    last_s, on_s = stage.lit_after_the_fault_s()
    if kind in AT_ONCE:
        assert last_s <= BEAM_OFF_S
    if kind in LOST:
        assert stage.controller.beam_power == 0
        assert on_s <= MAX_AHEAD_S + 0.3


@pytest.mark.parametrize(("changes", "is_asked"), [({}, False), ({"laser": SET_BY_S}, True)])
def test_strokes_that_starve_lit_are_named_before_the_start(
    changes: dict[str, object], is_asked: bool, tmp_path: Path
) -> None:
    """Where S is the energy, M3 is in force: a link lost within a long stroke leaves the beam on at standstill."""
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        one = Stage(folder, Random(seed), machine=stage(**changes))
        if one.longest_stroke_bytes() > 160:
            break
    one.session(Fault("none", 10**9))
    assert any("longer than the controller's buffer" in question for question in one.person.asked) == is_asked
    truth = one.truth()
    assert all(one.is_whole(row, truth) for row in one.exposing())


@pytest.mark.parametrize("answer", ["skip", "expose"])
def test_rows_in_question_are_a_persons_decision(tmp_path: Path, answer: str) -> None:
    for seed in range(40):
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        stage = Stage(folder, Random(seed))
        run_to_its_end(stage, Fault("kill_after", 6))
        record = stage.record()
        rows = RowRanges.of_rows(sorted(stage.exposing())) & record.open_question
        if rows:
            break
    stage.controller.power_cycle()
    before = stage.truth()
    stage.session(Fault("none", 10**9), resume=True, answer=answer)
    after = stage.truth()
    for row in rows:
        assert (len(after.get(row, [])) > len(before.get(row, []))) == (answer == "expose")
    left = stage.exposing() - set(rows)
    assert all(stage.is_whole(row, after) for row in left)


def test_inspect_runs_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Random(3))
    run_to_its_end(stage, Fault("kill_after", 6))
    stage.controller.power_cycle()
    before = stage.truth()
    with pytest.raises(LasercamError, match="look at the sample"):
        stage.session(Fault("none", 10**9), resume=True, answer="inspect")
    assert stage.truth() == before


def test_begun_jobs_are_not_begun_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Random(5))
    run_to_its_end(stage, Fault("stop", 2))
    with pytest.raises(LasercamError, match="--resume"):
        stage.session(Fault("none", 10**9))
