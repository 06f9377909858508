"""Job files handed over to LinuxCNC's remote shell: what runs, what the journal says, and how it ends."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from lasercam.controllers.linuxcncrsh import LinuxCncKeys, LinuxCncRemoteShell
from lasercam.errors import LinkError, RefusedError
from lasercam.lasers.simulated import SimulatedKeys, SimulatedLaser
from lasercam.model.laser_control import LaserTargets
from lasercam.run.faults import AbortedError, FaultError, StoppedError
from tests.controllers.linuxcnc_double import Faults, LinuxCncDouble
from tests.run.file_stage import FileStage, file_toolpath
from tests.support import builders

Made = Callable[..., tuple[LinuxCncDouble, FileStage]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    doubles: list[LinuxCncDouble] = []

    def make(seed: int = 1, *, n_strokes: int = 5, piece_time: str = "60 s", **double: object) -> object:
        controller = LinuxCncDouble(**double)
        doubles.append(controller)
        keys = LinuxCncKeys.model_validate(
            {"kind": "linuxcncrsh", "host": "127.0.0.1", "port": controller.port, "piece_time": piece_time,
             "source": "test"}
        )  # fmt: skip
        machine = builders.machine("linuxcnc")
        toolpath = file_toolpath(Random(seed), n_strokes=n_strokes)
        stage = FileStage(tmp_path, toolpath, machine, keys, lambda: LinuxCncRemoteShell(keys, machine))
        return controller, stage

    yield make
    for controller in doubles:
        controller.close()


def require_dark(controller: LinuxCncDouble) -> None:
    assert not controller.gate
    assert controller.spindle == "OFF"


def test_a_file_runs_whole_as_it_was_built(made: Made) -> None:
    controller, stage = made()
    assert stage.session() == 1
    assert controller.opened == [stage.path.read_text()]
    assert stage.record.is_finished
    assert all(row in stage.record.done for row in stage.exposing)
    stage.require_honest(controller.beams)
    require_dark(controller)
    assert stage.session() == 0, "nothing is left"
    assert controller.runs == 1


def test_a_long_file_goes_over_in_pieces(made: Made) -> None:
    controller, stage = made(n_strokes=8, piece_time="0.2 s")
    stage.session()
    assert controller.runs > 3
    stage.require_honest(controller.beams)
    assert stage.record.is_finished


@pytest.mark.parametrize("seed", range(8))
def test_abort_cuts_at_once_and_resume_exposes_nothing_twice(made: Made, seed: int) -> None:
    random = Random(seed)
    piece_time = random.choice(("60 s", "0.3 s"))
    controller, stage = made(seed, n_strokes=4, piece_time=piece_time)
    reports = random.randint(1, 10)

    def told(event: dict[str, object]) -> None:
        nonlocal reports
        reports -= event["event"] == "progress"
        if reports == 0:
            stage.controls.abort("test")

    try:
        stage.session(told=told)
    except AbortedError:
        require_dark(controller)
        stage.require_honest(controller.beams)
        assert len(stage.record.open_question) <= 4
        stage.session(resume=True)
    stage.require_honest(controller.beams)
    assert stage.record.is_finished
    require_dark(controller)


def test_abort_in_a_line_leaves_that_row_partly(made: Made) -> None:
    controller, stage = made(3, n_strokes=1)

    def told(event: dict[str, object]) -> None:
        if event["event"] == "progress":
            stage.controls.abort("test")

    with pytest.raises(AbortedError):
        stage.session(told=told)
    shares = stage.shares(controller.beams)
    begun = [row for row, share in shares.items() if 0.05 < share < 0.95]
    if begun:
        assert stage.record.partly.ranges == ((begun[0], begun[0] + 1),)
    stage.require_honest(controller.beams)


def test_stop_and_pause_land_behind_a_piece(made: Made) -> None:
    controller, stage = made(n_strokes=6, piece_time="0.2 s")

    def told(event: dict[str, object]) -> None:
        if event["event"] == "progress":
            stage.controls.stop()

    with pytest.raises(StoppedError):
        stage.session(told=told)
    assert controller.runs == 1
    assert not stage.record.open_question
    require_dark(controller)
    assert any("behind this piece" in text for text in stage.messages)
    pauses = 0

    def paused(event: dict[str, object]) -> None:
        nonlocal pauses
        if event["event"] == "progress" and not pauses:
            pauses += 1
            stage.controls.pause_or_go_on()
        elif event.get("text") == "paused where the beam is off":
            require_dark(controller)
            pauses += 1
            stage.controls.pause_or_go_on()

    stage.session(resume=True, told=paused)
    assert pauses == 2
    stage.require_honest(controller.beams)
    assert stage.record.is_finished


@pytest.mark.parametrize(
    ("double", "said"),
    {
        "estop": ({"estop": "ON"}, "emergency stop"),
        "off": ({"machine": "OFF"}, "machine is off"),
        "not homed": ({"homed": "YES NO YES NO NO NO"}, "not homed: y"),
        "override": ({"override": 90.0}, "feed override is 90"),
        "armed": ({"spindle": "FORWARD"}, "spindle is FORWARD"),
        "system": ({"codes": "G21 G90 G55 G49"}, "G55"),
        "tool": ({"codes": "G21 G90 G54 G43"}, "tool offset"),
    }.values(),
)
def test_nothing_starts_on_a_machine_that_is_not_ready(made: Made, double: dict[str, object], said: str) -> None:
    controller, stage = made(**double)
    with pytest.raises(RefusedError, match=said):
        stage.session()
    assert not controller.runs
    assert not [r for r in controller.requests if r.startswith(("set open", "set abort", "set mdi"))]


@pytest.mark.parametrize("fault", ["refuses_hello", "refuses_enable"])
def test_a_wrong_password_is_said_so(made: Made, fault: str) -> None:
    controller, stage = made(faults=Faults(**{fault: True}))
    with pytest.raises(LinkError, match="LASERCAM_LINUXCNC_"):
        stage.session()
    assert not controller.runs


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("program_error_s", "exceed joint 0"),
        ("estop_s", "emergency stop"),
        ("override_s", "120 %"),
        ("paused_s", "PAUSED"),
        ("stopped_at_display_s", "stopped"),
    ],
)
def test_what_nobody_asked_for_cuts_the_beam(made: Made, fault: str, said: str) -> None:
    controller, stage = made(faults=Faults(**{fault: 0.35}))
    with pytest.raises(FaultError, match=said):
        stage.session()
    assert controller.spindle == "OFF"
    stage.require_honest(controller.beams)
    assert not stage.record.is_finished
    if fault == "estop_s":  # outputs cannot be cleared then, and nobody may think so
        assert any("NOT confirmed" in text for text in stage.messages)
        assert stage.record.open_question.ranges[-1][1] < len(stage.block), "what came behind cannot have begun"
    else:
        require_dark(controller)
    controller.estop, controller.machine, controller.override = "OFF", "ON", 100.0
    stage.session(resume=True)
    stage.require_honest(controller.beams)


def test_a_dropped_link_is_cut_over_a_new_one(made: Made) -> None:
    controller, stage = made(faults=Faults(dropped_s=0.3))
    with pytest.raises(LinkError):
        stage.session()
    require_dark(controller)
    stage.require_honest(controller.beams)
    assert not stage.record.is_finished


def test_a_lost_link_leaves_one_piece_in_question(made: Made) -> None:
    controller, stage = made(n_strokes=8, piece_time="0.4 s", faults=Faults(dropped_s=0.2, stays_away=True))
    with pytest.raises(LinkError):
        stage.session()
    assert any("NOT confirmed" in text for text in stage.messages)
    controller.settle()
    stage.require_honest(controller.beams)
    assert controller.runs == 1
    end = stage.record.open_question.ranges[-1][1]
    assert end < len(stage.block)
    assert sum(share > 0 for share in stage.shares(controller.beams).values()) <= end


def test_a_controller_that_never_runs_is_a_fault(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lasercam.run.piece_run.START_S", 0.3)
    controller, stage = made(faults=Faults(never_runs=True))
    with pytest.raises(FaultError):
        stage.session()
    assert not controller.beams


def test_a_changed_file_never_leaves(made: Made) -> None:
    controller, stage = made()
    stage.path.write_bytes(stage.path.read_bytes() + b"\n")
    with pytest.raises(RefusedError, match="not the file that was built"):
        stage.session()
    assert not controller.requests


def test_the_frame_is_traced_dark(made: Made) -> None:
    controller, stage = made()
    stage.session(frame=True)
    assert controller.runs == 1
    assert not controller.beams
    assert not stage.journal_path.exists()


def test_a_work_offset_is_asked_about(made: Made) -> None:
    _, stage = made(n_strokes=1, offset_mm=(1.0, 0.0, -2.5))
    stage.session()
    assert any("(1.0000, 0.0000, -2.5000) mm" in question for question in stage.person.asked)


def test_without_a_link_the_operator_is_told_what_to_do(made: Made) -> None:
    controller, stage = made()
    object.__setattr__(stage.planned, "keys", None)
    with pytest.raises(RefusedError) as caught:
        stage.session()
    text = str(caught.value)
    assert stage.planned.sha256 in text
    assert "--section job.ngc --executed all" in text
    assert "At LinuxCNC" in text
    assert not controller.requests


class Killed(BaseException):
    """SIGKILL: nothing of the program runs any more, and nothing is cut."""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_program_leaves_an_honest_journal(made: Made, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """LinuxCNC runs its piece to the end; the journal has said before that it might."""
    random = Random(100 + seed)
    controller, stage = made(seed, n_strokes=6, piece_time=random.choice(("60 s", "0.3 s")))
    reports = random.randint(1, 12)

    def told(event: dict[str, object]) -> None:
        nonlocal reports
        reports -= event["event"] == "progress"
        if reports == 0:
            raise Killed

    def no_cut(link: LinuxCncRemoteShell) -> None:
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(LinuxCncRemoteShell, "cut", no_cut)
        try:
            stage.session(told=told)
        except Killed:
            controller.settle()
    stage.require_honest(controller.beams)
    stage.session(resume=True)
    stage.require_honest(controller.beams)
    assert stage.record.is_finished


def test_a_laser_is_set_opened_watched_and_closed(made: Made) -> None:
    controller, stage = made(n_strokes=6)
    keys = {"kind": "simulated", "source": "test", "attenuator_time": "0 s", "output_time": "0 s"}
    laser = SimulatedLaser(SimulatedKeys.model_validate(keys), stage.machine.laser)
    stage.laser = laser
    stage.planned = replace(stage.planned, targets=LaserTargets(10, 30.0, 10_000.0))
    seen: list[bool | None] = []

    def told(event: dict[str, object]) -> None:
        if event["event"] == "progress":
            seen.append(laser.read().is_open)
            if len(seen) == 8:
                laser.close_output()  # by somebody else

    with pytest.raises(FaultError, match="its output is closed"):
        stage.session(told=told)
    assert all(seen[:8])
    assert not laser.read().is_open
    require_dark(controller)
    stage.require_honest(controller.beams)
    assert stage.record.open_question, "what was written since the last look"
    stage.session(resume=True)
    assert stage.record.is_finished
    assert not laser.read().is_open
