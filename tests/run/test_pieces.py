"""Long lines leave in pieces that end where the line ends, lie on it, and need no more words than they must."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import LasercamError
from lasercam.model.toolpath import TICKS_PER_UM, RowKind, Toolpath
from lasercam.run.pieces import SHARE, in_pieces
from lasercam.run.program import JobLine
from tests.run import stage as stage_module
from tests.run.stage import Fault, Killed, Stage
from tests.support import builders

UM = TICKS_PER_UM
LINE = JobLine(
    7, b"X0.000Y0.000F60S1000000\n", moves=True, syncs=False, dwell_s=0.0, beam_on_s=0.0, is_dark_after=False,
    starves_dark=True, power=1e6, output=1000.0, speed_mm_min=60.0, start_ticks=(0, 0, 0), end_ticks=(0, 0, 0),
    begun_to=4, ended_to=4,
)  # fmt: skip
PLACES = st.tuples(*[st.integers(-50_000, 50_000)] * 3)


def millimetres(um: int) -> str:
    return f"{'-' if um < 0 else ''}{abs(um) // 1000}.{abs(um) % 1000:03d}"


@given(start=PLACES, end=PLACES, seconds=st.floats(0.01, 500), ahead=st.floats(0.05, 5))
def test_pieces_are_the_line(
    start: tuple[int, int, int], end: tuple[int, int, int], seconds: float, ahead: float
) -> None:
    text = "".join(f"{a}{millimetres(v)}" for a, v in zip("XYZ", end, strict=True)) + "F60S1000000\n"
    line = replace(
        LINE, text=text.encode(), beam_on_s=seconds, start_ticks=tuple(v * UM for v in start),
        end_ticks=tuple(v * UM for v in end),
    )  # fmt: skip
    pieces = list(in_pieces(iter([line]), ahead, 1.0))
    assert "F60S1000000" in pieces[0].text.decode()
    assert all(b"F" not in piece.text and b"S" not in piece.text for piece in pieces[1:])
    assert sum(piece.beam_on_s for piece in pieces) == pytest.approx(seconds)
    assert pieces[-1].end_ticks == line.end_ticks
    assert pieces[-1].ended_to == 4
    assert all(piece.ended_to == 3 and piece.begun_to == 4 for piece in pieces[:-1])
    length = max(abs(b - a) for a, b in zip(start, end, strict=True))
    assert len(pieces) == 1 or pieces[0].beam_on_s <= max(ahead / SHARE, seconds / length) * (1 + 1e-9)
    at = line.start_ticks
    for index, piece in enumerate(pieces, 1):
        assert piece.start_ticks == at
        at = piece.end_ticks
        assert at is not None
        words = {"XYZ"[i]: millimetres(at[i] // UM) for i in range(3)}
        assert piece.text.decode().startswith("".join(f"{a}{v}" for a, v in words.items()))
        share = index / len(pieces)
        off = [abs(at[i] / UM - (start[i] + share * (end[i] - start[i]))) for i in range(3)]
        assert max(off) <= 0.5 + 1e-6


@pytest.mark.parametrize(
    "changes", [{"starves_dark": False}, {"is_dark_after": True}, {"moves": False}, {"beam_on_s": 0.2}]
)
def test_other_lines_are_left_alone(changes: dict[str, object]) -> None:
    """Under M3 a piece would stand lit; dots and dark travel have no beam on the way."""
    line = replace(LINE, **{"beam_on_s": 30.0, "end_ticks": (1000 * UM, 0, 0), **changes})
    assert list(in_pieces(iter([line]), 1.0, 1.0)) == [line]


def one_long_line(random: Random) -> Toolpath:
    block = builders.rows(
        [(RowKind.JUMP, (0, 0, 0)), (RowKind.LEAD, (20, 0, 0)), (RowKind.LINE, (15_020, 1, 0)),
         (RowKind.LEAD, (15_040, 1, 0))]
    )  # fmt: skip
    return builders.toolpath((builders.line_recipe(1000.0), builders.dot_recipe(name="dots")), [block])


@pytest.mark.parametrize("at", [0, 3, 9])
def test_a_line_of_fifteen_seconds_goes_dark_within_the_limit(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`max_ahead` is 1 s: the program is killed in the middle of one row."""
    monkeypatch.setattr(stage_module, "random_toolpath", one_long_line)
    stage = Stage(tmp_path, Random(0))
    with pytest.raises(Killed):
        stage.session(Fault("kill_after", at + 6))
    assert stage.link is not None
    assert stage.link.happened_s is not None
    stage.controller.run_out(600)
    assert stage.controller.beam_power == 0
    after = [p for p in stage.controller.exposed() if p.to_s > stage.link.happened_s]
    assert sum(p.to_s - max(p.from_s, stage.link.happened_s) for p in after) <= 1.1
    assert 2 in stage.record().open_question


def test_a_line_in_pieces_is_written_whole_and_at_its_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "random_toolpath", one_long_line)
    stage = Stage(tmp_path, Random(0))
    stage.session(Fault("none", 10**9))
    pieces = [p for p in stage.controller.exposed() if p.kind == "line"]
    assert len(pieces) >= 60
    assert stage.is_whole(2, stage.truth())
    # Where a piece had to wait for the next one, the stage would have slowed down.
    assert pieces[-1].to_s - pieces[0].from_s == pytest.approx(15.0, rel=1e-3)


def test_an_abort_where_two_pieces_meet_is_partly_exposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "random_toolpath", one_long_line)
    stage = Stage(tmp_path, Random(0))
    with pytest.raises(LasercamError):
        stage.session(Fault("abort", 20))
    assert list(stage.record().partly) == [2]
    assert stage.session(Fault("none", 10**9), resume=True) == 1
    assert stage.duplicates(stage.truth()) == []
