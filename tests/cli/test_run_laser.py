"""`lasercam run` with a laser behind REST and a controller behind TCP, both of them doubles in this process."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.model.machine import Machine
from lasercam.pipeline.laser_link import read_machine
from lasercam.run.journal import ProgramKey, read_journal
from lasercam.run.places import journal_beside
from lasercam.transports.server import TcpDoor, serve
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.options import ControllerOptions
from lasercam.transports.simulated.settings import settings_of, work_offset_mm
from tests.cli.test_laser import BY_LASER, profile
from tests.cli.test_run import built
from tests.lasers.pharos_double import PharosDouble, Trouble
from tests.support.jobs import GOOD, broken

JOB = broken("fs1030-linuxcnc", "fs1030-grbl", GOOD)


@pytest.fixture
def double() -> Iterator[PharosDouble]:
    made = PharosDouble()
    yield made
    made.stop()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, double: PharosDouble) -> Path:
    """A build for a machine whose laser is the double."""
    monkeypatch.chdir(tmp_path)
    adapter = f"{{kind: pharos, url: {double.url}, poll_interval: 5 ms, settle_time: 2 s, source: test}}"
    profile(tmp_path, adapter, BY_LASER, machine="fs1030-grbl")
    return built(tmp_path, JOB)


@pytest.fixture
def stage(folder: Path) -> Iterator[tuple[SimulatedController, str]]:
    """A simulated controller, twenty times as fast as a real one, and its address."""
    machine: Machine = read_machine("fs1030-grbl")[0]
    controller = SimulatedController(settings_of(machine), ControllerOptions(work_offset_mm=work_offset_mm(machine)))
    door, over = TcpDoor(), threading.Event()
    thread = threading.Thread(
        target=serve, args=(controller, door), kwargs={"shall_stop": over.is_set, "speed": 20.0}, daemon=True
    )
    thread.start()
    yield controller, door.name
    over.set()
    thread.join(5)
    door.close()


def asked(double: PharosDouble) -> list[str]:
    """What was asked of the laser, reading aside."""
    return [path.rsplit("/", 1)[1] for method, path, _ in double.log if method != "GET"]


def test_the_laser_is_set_for_every_file_and_open_only_within(
    folder: Path, stage: tuple[SimulatedController, str], double: PharosDouble
) -> None:
    assert run(["run", str(folder), "--tcp", stage[1], "--yes"]) == 0
    setting = ["TargetPpDivider", "TargetAttenuatorPercentage"]
    words = [word for word in asked(double) if word != "CloseOutput"]
    assert words == [*setting, "EnableOutput", "EnableOutput"], "both files want the same"
    assert asked(double)[0] == asked(double)[-1] == "CloseOutput"
    assert not double.light
    assert (double.divider, double.attenuator) == (10, pytest.approx(25.0))
    journal = journal_beside(folder)
    content = read_journal(journal)
    assert all(content.of(ProgramKey(section)).is_finished for section in (0, 1))
    assert b"laser for '01-first.gcode' reads back: closed, divider 10, 10,010 Hz" in journal.read_bytes()


def test_a_laser_that_closes_ends_the_run(
    folder: Path, stage: tuple[SimulatedController, str], double: PharosDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    def shut() -> None:
        deadline = time.monotonic() + 20
        while not stage[0].exposed() and time.monotonic() < deadline:
            time.sleep(0.005)
        double.is_open = double.was_open = False

    thread = threading.Thread(target=shut, daemon=True)
    thread.start()
    assert run(["run", str(folder), "--tcp", stage[1], "--yes"]) == 3
    thread.join()
    assert "the laser is not as it was set" in capsys.readouterr().err
    assert b"its output is closed" in journal_beside(folder).read_bytes()
    assert asked(double)[-1] == "CloseOutput"
    assert not read_journal(journal_beside(folder)).of(ProgramKey(0)).is_finished


def test_a_laser_that_is_gone_lets_nothing_begin(
    folder: Path, stage: tuple[SimulatedController, str], double: PharosDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    double.trouble.add(Trouble.DROPPED)
    assert run(["run", str(folder), "--tcp", stage[1], "--yes"]) == 3
    assert "NOT confirmed closed" in capsys.readouterr().err
    assert not stage[0].exposed()


def test_a_simulated_run_leaves_the_laser_alone(folder: Path, double: PharosDouble) -> None:
    assert run(["run", str(folder), "--simulate", "--yes"]) == 0
    assert double.log == []
    assert b"reads back" in journal_beside(folder, simulated=True).read_bytes(), "a simulated laser was set instead"
