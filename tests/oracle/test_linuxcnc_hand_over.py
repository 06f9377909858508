"""Job files handed over to a whole LinuxCNC through linuxcncrsh; its gate, sampled every millisecond, is the truth."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from lasercam.controllers.linuxcncrsh import LinuxCncKeys, LinuxCncRemoteShell
from lasercam.errors import LinkError, RefusedError
from lasercam.model.file_control import FileEnding
from lasercam.run.faults import AbortedError, FaultError
from tests.oracle import linuxcnc_headless as headless
from tests.oracle.linuxcnc_served import ServedLinuxCnc
from tests.run.file_stage import FileStage, file_toolpath
from tests.support import builders

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("LASERCAM_SLOW"), reason="runs in real time; LASERCAM_SLOW=1 enables it"),
    pytest.mark.skipif(not headless.is_installed(), reason="LinuxCNC is not installed"),
]
SLACK = 0.15
"""Gate edges come some servo cycles early, more on a busy computer (18 of 150 µm were seen)."""


@pytest.fixture(scope="module")
def controller() -> Iterator[ServedLinuxCnc]:
    stage = headless.Stage((20_000.0,) * 3, (500_000.0,) * 3, (-50_000.0,) * 3, (50_000.0,) * 3)
    with ServedLinuxCnc(stage) as served:
        yield served


class Written:
    """What this test writes, told from what was written before."""

    def __init__(self, controller: ServedLinuxCnc) -> None:
        self._controller = controller
        self._before = len(controller.beams())

    def beams(self) -> list:
        return self._controller.beams()[self._before :]


@pytest.fixture
def stage(controller: ServedLinuxCnc) -> FileStage:
    return made(controller, seed=5, n_strokes=7)


def made(
    controller: ServedLinuxCnc, *, seed: int, n_strokes: int, piece_time: str = "60 s",
    lengths_um: tuple[int, ...] = (150, 300),
) -> FileStage:  # fmt: skip
    # Job files must be readable by the user LinuxCNC runs as.
    folder = Path(tempfile.mkdtemp(prefix="job-", dir=controller.folder))
    folder.chmod(0o755)
    keys = LinuxCncKeys.model_validate(
        {"kind": "linuxcncrsh", "host": "127.0.0.1", "port": controller.port, "piece_time": piece_time, "source": "t"}
    )
    axis = {"min": "-50 mm", "max": "50 mm", "max_speed": "20 mm/s", "acceleration": "500 mm/s^2"}
    machine = builders.machine("linuxcnc", axes={"x": axis, "y": axis, "z": axis})
    toolpath = file_toolpath(Random(seed), n_strokes=n_strokes, speed_um_s=1000.0, lengths_um=lengths_um)
    return FileStage(folder, toolpath, machine, keys, lambda: LinuxCncRemoteShell(keys, machine))


def require_dark(controller: ServedLinuxCnc) -> None:
    time.sleep(0.3)
    last = controller.samples()[-1]
    assert not last[3], "the gate is open"
    assert not last[4], "the spindle runs"


def test_everything_is_written_once(controller: ServedLinuxCnc, stage: FileStage) -> None:
    written = Written(controller)
    stage.session()
    shares = stage.shares(written.beams())
    print({row: round(share, 3) for row, share in shares.items()})
    assert all(abs(share - 1.0) <= SLACK for share in shares.values())
    assert all(row in stage.record.done for row in stage.exposing)
    assert stage.record.is_finished
    require_dark(controller)


def test_pieces_are_written_once(controller: ServedLinuxCnc) -> None:
    stage = made(controller, seed=8, n_strokes=8, piece_time="0.4 s")
    written = Written(controller)
    stage.session()
    shares = stage.shares(written.beams())
    print({row: round(float(share), 3) for row, share in shares.items()})
    assert all(abs(share - 1.0) <= SLACK for share in shares.values())
    require_dark(controller)


@pytest.mark.parametrize("seed", range(6))
def test_an_abort_cuts_at_once_and_nothing_is_written_twice(controller: ServedLinuxCnc, seed: int) -> None:
    stage = made(controller, seed=20 + seed, n_strokes=9)
    written, reports = Written(controller), 2 + 5 * seed

    def told(event: dict[str, object]) -> None:
        nonlocal reports
        reports -= event["event"] == "progress"
        if reports == 0:
            stage.controls.abort("test")

    with pytest.raises(AbortedError):
        stage.session(told=told)
    beams = written.beams()
    print(f"in question: {stage.record.open_question}")
    stage.require_honest(beams, slack=SLACK)
    assert len(stage.record.open_question) <= 2
    begun = [r for r, s in stage.shares(beams).items() if 0.1 < s < 0.9]
    assert all(row in stage.record.open_question for row in begun)
    require_dark(controller)
    stage.session(resume=True)
    stage.require_honest(written.beams(), slack=SLACK)
    assert stage.record.is_finished
    require_dark(controller)


def test_an_abort_ends_the_light_in_the_middle_of_a_line(controller: ServedLinuxCnc) -> None:
    stage = made(controller, seed=0, n_strokes=1, lengths_um=(3000,))
    written = Written(controller)

    def told(event: dict[str, object]) -> None:
        if event["event"] == "progress" and int(str(event["line"])) >= 9:
            stage.controls.abort("test")

    with pytest.raises(AbortedError):
        stage.session(told=told)
    (beam,) = written.beams()
    print(f"light for {beam.seconds:.3f} s of a stroke of 12 s")
    assert beam.seconds < 6.0
    assert len(stage.record.partly) == 1
    assert not stage.record.uncertain
    stage.require_honest([beam], slack=SLACK)
    require_dark(controller)


@pytest.mark.parametrize(("asked", "said"), [("pause", "PAUSED"), ("abort", "stopped"), ("estop", "emergency stop")])
def test_a_hand_at_the_machine_ends_it(controller: ServedLinuxCnc, stage: FileStage, asked: str, said: str) -> None:
    written, reports = Written(controller), 8

    def told(event: dict[str, object]) -> None:
        nonlocal reports
        reports -= event["event"] == "progress"
        if reports == 0:
            controller.ask(asked)

    with pytest.raises(FaultError, match=said):
        stage.session(told=told)
    try:
        stage.require_honest(written.beams(), slack=SLACK)
        assert not controller.samples()[-1][4], "the spindle runs"
        if asked == "estop":
            with pytest.raises(RefusedError, match="emergency stop"):
                stage.session(resume=True)
        else:
            require_dark(controller)
    finally:
        if asked == "estop":
            controller.ask("reset")
    stage.session(resume=True)
    stage.require_honest(written.beams(), slack=SLACK)
    assert stage.record.is_finished


def test_a_lost_link_leaves_the_piece_running_and_in_question(controller: ServedLinuxCnc) -> None:
    stage = made(controller, seed=9, n_strokes=8, piece_time="0.9 s")
    written, reports, links = Written(controller), 6, []
    opened = stage._open

    def lost() -> LinuxCncRemoteShell:
        link = opened()
        link.cut = lambda: FileEnding(is_dark=False, problem="the cable is out")
        links.append(link)
        return link

    def told(event: dict[str, object]) -> None:
        nonlocal reports
        reports -= event["event"] == "progress"
        if reports == 0:
            links[0].close()

    stage._open = lost
    with pytest.raises(LinkError):
        stage.session(told=told)
    time.sleep(4.0)
    stage._open = opened
    stage.require_honest(written.beams(), slack=SLACK)
    assert stage.record.open_question
    assert stage.record.open_question.ranges[-1][1] < len(stage.block)
    require_dark(controller)
    stage.session(resume=True)
    stage.require_honest(written.beams(), slack=SLACK)


def test_the_frame_is_dark(controller: ServedLinuxCnc, stage: FileStage) -> None:
    written = Written(controller)
    stage.session(frame=True)
    assert not written.beams()
    require_dark(controller)
