"""Jogging to the marks of a remount on the simulated controller: in lines, and with keys on a real pseudo terminal."""

import io
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lasercam.cli.main import run
from lasercam.errors import LasercamError, RefusedError
from lasercam.model.machine import Machine
from lasercam.run.faults import FaultError
from lasercam.run.jog import Jogger
from lasercam.run.link import GrblLink
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.link import SimulatedLink
from lasercam.transports.simulated.options import ControllerOptions
from lasercam.transports.simulated.settings import settings_of, work_offset_mm
from tests.pipeline.test_registration import JOB
from tests.run.stage import Yes, stage
from tests.support.jobs import write_job
from tests.transports.host import Host


class Bench:
    """A machine, its controller, and who jogs."""

    def __init__(self, machine: Machine, look: Callable[[], bool] = lambda: False) -> None:
        options = ControllerOptions(work_offset_mm=work_offset_mm(machine))
        self.controller = SimulatedController(settings_of(machine), options)
        self.person = Yes()
        self.jogger = Jogger(GrblLink(SimulatedLink(self.controller)), machine, self.person, look)

    def work_um(self) -> tuple[float, ...]:
        """Where the stage truly is."""
        offset = self.controller.options.work_offset_mm
        return tuple(round((a - b) * 1000) for a, b in zip(self.controller.true_place_mm, offset, strict=True))


def test_it_goes_where_it_says_with_the_beam_off() -> None:
    bench = Bench(stage())
    bench.jogger.prepare()
    assert bench.person.asked == ["Home the axes now? They move to their switches; the beam stays off."]
    assert bench.jogger.to((1234.4, -567.0, 12.0))
    assert bench.jogger.place_um == (1234, -567, 12) == bench.work_um()
    assert bench.jogger.step(0, -34.0)
    assert bench.jogger.step(2, 1.0)
    assert bench.jogger.place_um == (1200, -567, 13) == bench.work_um()
    assert bench.jogger.close().is_dark
    assert bench.controller.exposed() == []


def test_a_beam_that_was_left_on_is_cut_before_anything_moves() -> None:
    bench = Bench(stage())
    host = Host(SimulatedLink(bench.controller))
    host.lines(0.5)
    for line in ("$H", "G21G90G94G17G54", "M3S0", "G1F60S1000"):
        assert host.ask(line) == "ok"
    assert bench.controller.beam_power == 1000
    bench.jogger.prepare()
    assert bench.controller.beam_power == 0
    before = len(bench.controller.exposed())
    bench.jogger.to((1000.0, 1000.0, 0.0))
    assert len(bench.controller.exposed()) == before


@pytest.mark.parametrize("place", [(20_001.0, 0.0, 0.0), (0.0, -20_001.0, 0.0), (-5_000.0, -5_000.0, 0.0)])
def test_it_refuses_what_is_out_of_reach_or_beyond_a_zone(place: tuple[float, float, float]) -> None:
    zone = {"name": "clamp", "low": ["-3 mm", "-3 mm"], "high": ["-2 mm", "-2 mm"], "source": "example value"}
    bench = Bench(stage(keep_out=[zone]))
    bench.jogger.prepare()
    bench.jogger.to((0.0, 0.0, 0.0))
    with pytest.raises(RefusedError, match=r"outside|clamp"):
        bench.jogger.to(place)
    assert bench.work_um() == (0, 0, 0)


def test_it_stops_on_the_way_and_knows_where() -> None:
    looks = iter((False, False, True))
    bench = Bench(stage(), lambda: next(looks, False))
    bench.jogger.prepare()
    looks = iter((False, False, True))
    start = bench.jogger.place_um
    assert not bench.jogger.to((0.0, 0.0, 0.0))
    assert bench.jogger.place_um == bench.work_um()
    assert (0, 0, 0) != bench.jogger.place_um != start
    assert bench.jogger.to((0.0, 0.0, 0.0))


def test_an_alarm_on_the_way_is_a_fault() -> None:
    bench = Bench(stage(), lambda: bool(bench.controller.trip_limit()))
    bench.jogger.prepare()
    with pytest.raises(FaultError, match="ALARM:1"):
        bench.jogger.to((0.0, 0.0, 0.0))


def test_without_homing_a_person_vouches_for_the_zero() -> None:
    machine = stage()
    settings = {**machine.controller.settings, "22": "0"}
    machine = machine.model_copy(update={"controller": machine.controller.model_copy(update={"settings": settings})})
    bench = Bench(machine)
    host = Host(SimulatedLink(bench.controller))
    host.lines(0.5)
    assert host.ask("G21G91") == "ok"
    assert host.ask("G0X-5") == "ok"
    host.lines(0.05)
    host.say(b"\x18")
    host.lines(1.0)
    assert bench.controller.state == "Alarm"
    bench.jogger.prepare()
    assert "cannot home" in bench.person.asked[0]


def furnace(folder: Path) -> Path:
    return write_job(folder, JOB.replace("fs1030-linuxcnc", "fs1030-grbl"))


LINES = "x 1.2\ny -0.4\nz 0.01\nfocused\nx 0.010\nok\n\nok\nskip\n"


def test_marks_are_confirmed_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = furnace(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(LINES))
    options = ["--jog", "--simulate", "--yes", "--tolerance", "5 mm", "--date", "2026-05-02"]
    assert run(["register", str(job), *options]) == 0
    told = capsys.readouterr().err
    assert "--mark mark_1=3.200,1.600,-0.122" in told  # at 2, 2, -0.132 in the nominal frame
    assert "--mark mark_2=9.210,1.600\n" in told  # expected where mark_1 says; its height was not measured
    document = yaml.safe_load((tmp_path / "registration.yaml").read_text())
    assert "jogged on a simulated controller" in str(document)
    assert list(document["marks"]) == ["mark_1", "mark_2", "mark_3"]


@pytest.mark.parametrize(
    ("lines", "options", "why"),
    [
        ("x 1 2\n", ["--simulate"], "is no jog"),
        ("ok\n", [], "name one link"),
        ("", ["--simulate"], "marks"),
    ],
)
def test_refusals(
    lines: str, options: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert run(["register", str(furnace(tmp_path)), "--jog", "--yes", *options]) != 0
    assert why in capsys.readouterr().err
    assert not (tmp_path / "registration.yaml").exists()


def test_other_controllers_are_jogged_by_their_own_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["register", str(write_job(tmp_path, JOB)), "--jog", "--simulate", "--yes"]) == 1
    assert "by its own means" in capsys.readouterr().err


def test_jogging_options_need_jog(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["register", str(furnace(tmp_path)), "--simulate"]) == 2
    assert "belong to --jog" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
@pytest.mark.parametrize("ends_by", ["keys", "SIGTERM"])
def test_keys_move_and_the_terminal_is_given_back(ends_by: str, tmp_path: Path) -> None:
    import termios

    job = furnace(tmp_path)
    ours, theirs = os.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "lasercam", "register", str(job), "--jog", "--simulate", "--yes"]
    process = subprocess.Popen(
        [*command, "--tolerance", "5 mm", "--date", "2026-05-02"], stdin=theirs, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        heard = until(process, "there")
        assert termios.tcgetattr(theirs)[3] != before[3]
        if ends_by == "keys":
            for keys, answer in (
                (b"\x1b[C", "(2.010, 2.000"), (b"++\x1bOB", "(2.010, 1.950"), (b"f", "there"), (b"\r", "there"),
                (b"\n", "there"), (b"n", "mark_4 is not"),
            ):  # fmt: skip
                os.write(ours, keys)
                heard += until(process, answer)
            assert process.wait(60) == 0
            assert "--mark mark_1=2.010,1.950,-0.132" in heard + process.stderr.read().decode()
        else:
            process.terminate()
            assert process.wait(60) == 5
            assert not (tmp_path / "registration.yaml").exists()
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.communicate()
        os.close(ours)
        os.close(theirs)


def until(process: "subprocess.Popen[bytes]", wanted: str) -> str:
    """What it says, up to what is waited for."""
    assert process.stderr is not None
    heard, deadline = "", time.monotonic() + 60.0
    while wanted not in heard:
        assert time.monotonic() < deadline, heard
        if select.select([process.stderr], [], [], 0.2)[0]:
            data = os.read(process.stderr.fileno(), 4096)
            assert data, heard
            heard += data.decode()
    return heard


def test_nothing_is_confirmed_for_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lasercam.cli.jog_dialog import jogged_marks

    person = Yes()
    monkeypatch.setattr(person, "confirm", lambda question: False)
    opened: list[Machine] = []
    with pytest.raises(LasercamError, match="not confirmed"):
        jogged_marks({}, stage(), lambda machine: opened.append(machine), person)  # type: ignore[arg-type, func-returns-value]
    assert opened == []
