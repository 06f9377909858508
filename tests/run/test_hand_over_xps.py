"""Job files handed over to a Newport XPS, of which there is only a double."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from lasercam.controllers.newport_xps import NewportXpsCalls, XpsKeys
from lasercam.dialects.newport_xps import NewportXps
from lasercam.errors import LinkError, RefusedError
from lasercam.run.faults import AbortedError, FaultError
from tests.controllers.xps_double import NOT_READY, XpsDouble
from tests.dialects import planning
from tests.run.file_stage import FileStage, file_toolpath

Made = Callable[..., tuple[XpsDouble, FileStage]]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    doubles: list[XpsDouble] = []

    def make(seed: int = 1, *, n_strokes: int = 4, piece_time: str = "0 s", **double: object) -> object:
        controller = XpsDouble(**double)
        doubles.append(controller)
        keys = XpsKeys.model_validate(
            {"kind": "xps_calls", "host": "127.0.0.1", "port": controller.port, "ftp_port": controller.ftp.port,
             "folder": "/Admin/Public/Trajectories", "piece_time": piece_time, "source": "test"}
        )  # fmt: skip
        machine = planning.xps_machine()
        toolpath = file_toolpath(Random(seed), n_strokes=n_strokes)
        stage = FileStage(tmp_path, toolpath, machine, keys, lambda: NewportXpsCalls(keys, machine), NewportXps())
        return controller, stage

    yield make
    for controller in doubles:
        controller.close()


def test_calls_are_sent_as_the_file_has_them(made: Made) -> None:
    controller, stage = made()
    stage.session()
    lines = [line for line in stage.path.read_text().splitlines() if not line.startswith("#")]
    assert [call for call in controller.calls if call in lines and "GPIODigitalSet" not in call] == [
        line for line in lines if "GPIODigitalSet" not in line
    ]
    names = {path.name: path.read_bytes() for path in stage.path.with_name(stage.path.name + ".files").iterdir()}
    assert {path.rpartition("/")[2]: content for path, content in controller.ftp.files.items()} == names
    stage.require_honest(controller.beams)
    assert stage.record.is_finished
    assert all(row in stage.record.done for row in stage.exposing)
    assert not controller.outputs


@pytest.mark.parametrize("seed", range(5))
def test_abort_and_resume_expose_nothing_twice(made: Made, seed: int) -> None:
    random = Random(seed)
    controller, stage = made(seed, n_strokes=5, piece_time=random.choice(("0 s", "0.2 s")))
    reports = random.randint(1, 12)

    def told(event: dict[str, object]) -> None:
        nonlocal reports
        reports -= event["event"] == "progress"
        if reports == 0:
            stage.controls.abort("test")

    try:
        stage.session(told=told)
    except AbortedError:
        assert not controller.outputs
        assert not controller.events
        stage.require_honest(controller.beams)
        assert len(stage.record.open_question) <= 6, "one trajectory at most"
        stage.session(resume=True)
    stage.require_honest(controller.beams)
    assert stage.record.is_finished


@pytest.mark.parametrize(
    ("double", "said"),
    [
        ({"state": NOT_READY}, "Not initialized"),
        ({"events": {7: (2, 1, 1)}}, "events are left over"),
        ({"outputs": 1}, "is high"),
        ({"firmware": "XPS-D Firmware V1.4"}, "SFTP"),
    ],
)
def test_nothing_starts_on_a_controller_that_is_not_ready(made: Made, double: dict[str, object], said: str) -> None:
    controller, stage = made(**double)
    with pytest.raises(RefusedError, match=said):
        stage.session()
    assert not [call for call in controller.calls if call.startswith(("Group", "GPIODigitalSet")) and "Get" not in call]
    assert not controller.ftp.files


@pytest.mark.parametrize("name", ["MultipleAxesPVTExecution", "MultipleAxesPVTVerification", "GroupMoveAbsolute"])
def test_an_error_stops_the_job_with_its_line(made: Made, name: str) -> None:
    controller, stage = made(error_at=name)
    with pytest.raises(FaultError, match=r"line [0-9]+, .*error -17: text of error -17"):
        stage.session()
    assert not controller.outputs
    assert not controller.events
    stage.require_honest(controller.beams)


def test_a_lost_link_leaves_one_call(made: Made) -> None:
    controller, stage = made(6, n_strokes=3, dropped_at="MultipleAxesPVTExecution")
    with pytest.raises(LinkError):
        stage.session()
    controller.settle()
    stage.require_honest(controller.beams)
    assert not controller.outputs
    assert len(stage.record.open_question) <= 6
    stage.session(resume=True)
    stage.require_honest(controller.beams)


def test_a_file_that_arrives_spoilt_is_not_run(made: Made) -> None:
    controller, stage = made()
    controller.ftp._spoils = True
    with pytest.raises(LinkError, match="does not hold what was sent"):
        stage.session()
    assert not controller.beams


def test_a_wrong_password_and_folder_are_said_so(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    controller, stage = made()
    controller.ftp.folders.clear()
    with pytest.raises(LinkError, match="does not take files into /Admin/Public/Trajectories: 550"):
        stage.session()
    monkeypatch.setenv("LASERCAM_XPS_PASSWORD", "other")
    with pytest.raises(LinkError, match="530"):
        stage.session(resume=True)


def test_only_calls_of_the_dialect_are_sent(made: Made, tmp_path: Path) -> None:
    controller, stage = made()
    bad = tmp_path / "bad.xps"
    bad.write_text("# fine\nGroupMoveAbsolute(XYZ,1,2,3)\nKillAll()\n")
    link = stage._open()
    with pytest.raises(LinkError, match=r"line 3 of 'bad.xps', 'KillAll"):
        link.hand_over(bad, {})
    link.close()
    assert not [call for call in controller.calls if "Kill" in call or "Move" in call]
