"""Dark before, between and after: whatever happens, and whoever asks to stop."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lasercam.errors import LinkError
from lasercam.lasers.session import LaserSession
from lasercam.lasers.settings_file import SettingsFile, SettingsFileKeys
from lasercam.lasers.simulated import Fault, SimulatedKeys, SimulatedLaser
from lasercam.model.laser_control import LaserTargets
from tests.support import builders

TARGETS = LaserTargets(10, 30.0, 10_000.0)


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def fail_in(session: LaserSession, error: BaseException, before: Callable[[], None] = lambda: None) -> None:
    """Something goes wrong while the beam is on."""
    with session, session.beam() as state:
        assert state.is_open
        before()
        raise error


def made(*faults: Fault) -> tuple[SimulatedLaser, LaserSession, Clock]:
    clock = Clock()
    keys = SimulatedKeys.model_validate({"kind": "simulated", "source": "test", "attenuator_time": "3 s"})
    laser = SimulatedLaser(keys, builders.machine().laser, clock=clock, faults=set(faults))
    return laser, LaserSession(laser, clock=clock, sleep=clock.sleep), clock


def test_the_state_agrees_when_apply_returns() -> None:
    laser, session, clock = made()
    with session:
        began = clock.now
        state = session.apply(TARGETS)
        # 30 % in 3 s; half a percent before the end is near enough
        assert clock.now - began == pytest.approx(2.95, abs=0.11)
    assert state.attenuator_percent == pytest.approx(30.0, abs=0.5)
    assert (state.divider, state.rate_hz) == (10, 10_000.0)
    assert laser.opened == 0


def test_an_open_laser_is_closed_at_entry() -> None:
    laser, session, clock = made()
    laser.open_output()
    clock.sleep(1.0)
    assert laser.read().is_open
    with session:
        assert laser.read().is_open is False


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), KeyboardInterrupt(), SystemExit(1), LinkError("x")])
def test_every_way_out_is_dark(error: BaseException) -> None:
    laser, session, clock = made()
    with pytest.raises(type(error)):
        fail_in(session, error)
    assert laser.opened == 1
    assert laser.read().is_open is False
    clock.sleep(10)
    assert laser.read().is_open is False


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault.STUCK_ATTENUATOR, "the attenuator is at 0 %, not 30 % ± 0.5 %"),
        (Fault.WRONG_DIVIDER, "the picker's divider is 11, not 10"),
        (Fault.OTHER_RATE, "20000 pulses per second leave the picker, not 10000 ± 1 %"),
        (Fault.SILENT, "does not answer"),
    ],
)
def test_what_does_not_agree_stops_the_work(fault: Fault, says: str) -> None:
    laser, session, _ = made()
    with session:
        laser.faults.add(fault)
        with pytest.raises(LinkError) as raised:
            session.apply(TARGETS)
        laser.faults.clear()
    assert says in str(raised.value)
    assert laser.opened == 0


@pytest.mark.parametrize("fault", [Fault.NOT_READY, Fault.STAYS_DARK])
def test_a_laser_that_does_not_open(fault: Fault) -> None:
    laser, session, _ = made(fault)
    with pytest.raises(LinkError, match=r"refuses to open|still closed"), session, session.beam():
        raise AssertionError("nothing is written in the dark")
    assert laser.read().is_open is False


@pytest.mark.parametrize("fault", [Fault.STAYS_OPEN, Fault.SILENT])
def test_a_laser_that_is_not_seen_to_close_is_said_out_loud(fault: Fault) -> None:
    laser, session, clock = made()
    with pytest.raises(LinkError, match="NOT confirmed closed: close it at the laser itself") as raised:
        fail_in(session, ValueError("the first thing that went wrong"), lambda: laser.faults.add(fault))
    chain, error = [], raised.value
    while error is not None:
        chain.append(str(error))
        error = error.__context__
    assert "the first thing that went wrong" in chain, "the cause is not lost"
    assert clock.now < 60


def test_a_link_that_comes_back_is_used_to_close() -> None:
    laser, session, _ = made()
    closing = laser.close_output
    failures = iter([LinkError("a hiccup"), LinkError("another")])

    def close() -> None:
        for failure in failures:
            raise failure
        closing()

    with session, session.beam():
        laser.close_output = close  # type: ignore[method-assign]
    assert laser.read().is_open is False


def test_nothing_moves_while_it_is_open() -> None:
    laser, session, _ = made()
    with session, session.beam(), pytest.raises(LinkError, match="the output is open"):
        session.apply(TARGETS)
    assert laser.read().divider == 1


def test_a_frequency_of_zero_behind_a_closed_output_says_nothing() -> None:
    laser, session, _ = made()
    laser._base_rate_hz = 0.0
    with session:
        session.apply(TARGETS)


def test_a_settings_file_confirms_nothing_and_opens_nothing(tmp_path: Path) -> None:
    keys = SettingsFileKeys.model_validate({"kind": "settings_file", "file": str(tmp_path / "l.json"), "source": "t"})
    with LaserSession(SettingsFile(keys, builders.machine().laser)) as session:
        assert not session.is_confirmed
        assert session.apply(TARGETS).divider is None
        with pytest.raises(LinkError, match="by hand"), session.beam():
            pass


PROGRAM = """
import sys, time
from lasercam.lasers.session import LaserSession
from lasercam.lasers.simulated import SimulatedKeys, SimulatedLaser
from tests.support import builders
keys = SimulatedKeys.model_validate({"kind": "simulated", "source": "test", "output_time": "0.3 s"})
laser = SimulatedLaser(keys, builders.machine().laser)
try:
    with LaserSession(laser) as session, session.beam():
        print("open", flush=True)
        time.sleep(30)
finally:
    print("at the end", "open" if laser.read().is_open else "closed", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_in_the_dark_even_twice(number: signal.Signals) -> None:
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "open\n"
        process.send_signal(number)
        process.send_signal(number)
        said = process.stdout.read()
    assert said == "at the end closed\n"
    assert process.returncode != 0


def test_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    _, session, _ = made()
    with session:
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_signals_are_left_to_who_wants_them() -> None:
    before = signal.getsignal(signal.SIGTERM)
    laser, _, clock = made()
    with LaserSession(laser, catch_signals=False, clock=clock, sleep=clock.sleep):
        assert signal.getsignal(signal.SIGTERM) is before
