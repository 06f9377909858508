"""The laser of a run: opened when everything is confirmed, closed at every exit, and never taken at its first word."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import lasercam.run.session as session_module
from lasercam.errors import LasercamError, LinkError, RefusedError
from lasercam.lasers.settings_file import SettingsFile, SettingsFileKeys
from lasercam.lasers.simulated import Fault as LaserFault
from lasercam.lasers.simulated import SimulatedKeys, SimulatedLaser
from lasercam.model.laser_control import LaserState, LaserTargets
from lasercam.run.faults import FaultError
from lasercam.run.light import LOOK_S, Light
from tests.run.stage import DyingJournal, Fault, Killed, Stage
from tests.support import builders

TARGETS = LaserTargets(10, 30.0, 10_000.0)
NEVER = 10**9


class StageLaser(SimulatedLaser):
    """A quick laser on the controller's clock that remembers when it was open, and closes by itself where told."""

    def __init__(self, stage: Stage, faults: set[LaserFault] | None = None) -> None:
        keys = {"kind": "simulated", "source": "test", "attenuator_time": "0 s", "output_time": "0 s"}
        self.controller = stage.controller
        self.closes_after_s = float("inf")
        self.spans: list[list[float]] = []
        self.said: list[str] = []
        super().__init__(SimulatedKeys.model_validate(keys), builders.machine().laser, faults=faults)

    def open_output(self) -> None:
        super().open_output()
        if self.faults.isdisjoint({LaserFault.STAYS_DARK}):
            now = self.controller.now_s
            self.spans.append([now, now + self.closes_after_s])

    def close_output(self) -> None:
        super().close_output()
        if self.spans and LaserFault.STAYS_OPEN not in self.faults:
            self.spans[-1][1] = min(self.spans[-1][1], self.controller.now_s)

    def read(self) -> LaserState:
        state = super().read()
        return replace(state, is_open=bool(state.is_open) and self.lit(self.controller.now_s))

    def lit(self, at_s: float) -> bool:
        return any(a <= at_s <= b for a, b in self.spans)


@pytest.fixture(autouse=True)
def _mortal_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "Journal", DyingJournal)


def staged(folder: Path, seed: int, faults: set[LaserFault] | None = None) -> tuple[Stage, StageLaser]:
    stage = Stage(folder, Random(seed))
    stage.planned = replace(stage.planned, targets=TARGETS)
    laser = StageLaser(stage, faults)
    stage.laser = laser
    return stage, laser


def dark_rows(stage: Stage, laser: StageLaser) -> set[int]:
    """Rows during which the beam was on at the controller, and the laser dark for some of it."""
    dark = [
        p for p in stage.controller.exposed()
        if not any(a <= p.from_s and p.to_s <= b for a, b in laser.spans)
    ]  # fmt: skip
    full = stage.controller.exposed
    try:
        stage.controller.exposed = lambda: dark  # type: ignore[method-assign,return-value]
        return set(stage.truth())
    finally:
        stage.controller.exposed = full  # type: ignore[method-assign]


def test_a_run_sets_opens_and_closes(tmp_path: Path) -> None:
    stage, laser = staged(tmp_path, 1)
    stage.session(Fault("none", NEVER))
    assert stage.record().is_finished
    assert (laser.read().divider, laser.read().attenuator_percent) == (10, 30.0)
    assert laser.opened == 1
    assert laser.read().is_open is False
    assert not dark_rows(stage, laser)
    assert any("Set divider 10 (10,000 Hz), attenuator 30 %" in q for q in stage.person.asked)
    assert any("reads back: closed, divider 10, 10,000 Hz, attenuator 30 %" in q for q in stage.person.asked)
    assert b"laser for 'job.gcode' reads back: closed, divider 10" in stage.journal_path.read_bytes()


def test_a_laser_that_is_right_already_is_not_touched(tmp_path: Path) -> None:
    stage, laser = staged(tmp_path, 1)
    laser.set_targets(TARGETS)
    stage.session(Fault("none", NEVER))
    assert not any("Set divider" in question for question in stage.person.asked)


@pytest.mark.parametrize("refused", ["Set divider", "energy measured", "interlock", "on the stage", "Home the axes"])
def test_nothing_opens_before_everything_is_confirmed(tmp_path: Path, refused: str) -> None:
    stage, laser = staged(tmp_path, 1)
    stage.person.confirm = lambda question: refused not in question  # type: ignore[method-assign]
    with pytest.raises(RefusedError):
        stage.session(Fault("none", NEVER))
    assert laser.opened == 0
    assert not stage.controller.exposed()


def test_a_trace_of_the_box_stays_closed(tmp_path: Path) -> None:
    stage, laser = staged(tmp_path, 1)
    stage.session(Fault("none", NEVER), frame=True)
    assert laser.opened == 0


@pytest.mark.parametrize(
    "kind", ["abort", "stop", "close", "close_after", "kill", "power", "limit", "freeze", "disk_full", "say_error",
             "swallow_ok", "inject_reset"],
)  # fmt: skip
def test_every_way_out_is_dark(tmp_path: Path, kind: str) -> None:
    """Also where the controller is not heard any more: the laser does not need it."""
    stage, laser = staged(tmp_path, 2)
    with suppress(LasercamError, Killed):
        stage.session(Fault(kind, 6))
    assert laser.opened == 1
    assert laser.read().is_open is False
    assert stage.link is not None
    assert stage.link.happened_s is not None
    if kind != "swallow_ok":  # a lost `ok` is missed when the buffer is to be empty; until then all goes as planned
        assert laser.spans[-1][1] - stage.link.happened_s < 2.5
    if kind in ("abort", "power", "limit", "freeze", "disk_full", "say_error", "inject_reset", "close", "kill"):
        assert laser.spans[-1][1] - stage.link.happened_s < 0.6


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (LaserFault.STUCK_ATTENUATOR, "the attenuator is at 0 %"),
        (LaserFault.WRONG_DIVIDER, "divider is 11"),
        (LaserFault.NOT_READY, "refuses to open"),
        (LaserFault.STAYS_DARK, "still closed"),
        (LaserFault.SILENT, "does not answer"),
    ],
)
def test_a_laser_that_does_not_do_as_it_is_told_stops_the_run_before_its_start(
    tmp_path: Path, fault: LaserFault, says: str
) -> None:
    stage, laser = staged(tmp_path, 1)
    object.__setattr__(laser.keys, "settle_time", 0.05)
    laser.faults.add(fault)
    with pytest.raises(LinkError) as raised:
        stage.session(Fault("none", NEVER))
    assert says in str(raised.value)
    assert not stage.controller.exposed()
    assert not stage.record().attempts


SEEDS = range(18)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_laser_that_closes_by_itself(tmp_path: Path, seed: int) -> None:
    """What the controller went on with in the dark is not called done."""
    stage, laser = staged(tmp_path, 100 + seed)
    laser.closes_after_s = Random(seed).uniform(0.3, 12.0)
    fault = None
    try:
        stage.session(Fault("none", NEVER))
    except FaultError as error:
        fault = error
    record = stage.record()
    dark = dark_rows(stage, laser)
    assert (fault is None) is record.is_finished
    if fault is not None:
        assert (fault.kind, "its output is closed" in str(fault)) == ("laser", True)
        assert b"the laser is not as it was set" in stage.journal_path.read_bytes()
    assert not (dark and record.is_finished)
    assert not dark & set(record.done)
    assert dark <= set(record.touched)
    over = [p.to_s for p in stage.controller.exposed()]
    assert max(over, default=0.0) - laser.spans[0][1] <= LOOK_S + 0.5
    laser.closes_after_s = float("inf")
    before = {row: list(pieces) for row, pieces in stage.truth().items()}
    if not record.is_finished:
        stage.session(Fault("none", NEVER), resume=True, answer="skip")
    assert stage.record().is_finished
    assert all(stage.truth()[row] == before[row] for row in record.open_question if row in before)


def test_somebody_turns_the_laser_meanwhile(tmp_path: Path) -> None:
    stage, laser = staged(tmp_path, 2)
    looks = 0
    read = laser.read

    def turned() -> LaserState:
        nonlocal looks
        looks += 1
        return replace(read(), attenuator_percent=80.0) if looks > 8 else read()

    laser.read = turned  # type: ignore[method-assign]
    with pytest.raises(FaultError, match="the attenuator is at 80 %, not 30 %"):
        stage.session(Fault("none", NEVER))
    assert laser.read().is_open is False
    assert not stage.record().is_finished


def test_one_lost_answer_is_put_up_with_two_are_not(tmp_path: Path) -> None:
    stage, laser = staged(tmp_path, 2)
    read, failing = laser.read, [False]
    losses = iter([True, False, True, True])

    def unreliable() -> LaserState:
        if failing[0] and next(losses, False):
            raise LinkError("the laser does not answer")
        return read()

    opened = laser.open_output

    def open_output() -> None:
        opened()
        laser.read = unreliable  # type: ignore[method-assign]

    laser.open_output = open_output  # type: ignore[method-assign]
    original = Light.look

    def look(light: Light, now_s: float, ended_to: int) -> None:
        failing[0] = True
        try:
            original(light, now_s, ended_to)
        finally:
            failing[0] = False

    Light.look = look  # type: ignore[method-assign]
    try:
        with pytest.raises(FaultError, match="cannot be seen any more"):
            stage.session(Fault("none", NEVER))
    finally:
        Light.look = original  # type: ignore[method-assign]
    assert next(losses, None) is None
    assert laser.read().is_open is False


def test_a_laser_that_stays_open_is_said_out_loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lasercam.lasers.session.CLOSING_S", 0.01)
    stage, laser = staged(tmp_path, 1)
    opened = laser.open_output

    def open_output() -> None:
        opened()
        laser.faults.add(LaserFault.STAYS_OPEN)

    laser.open_output = open_output  # type: ignore[method-assign]
    with pytest.raises(LinkError, match="NOT confirmed closed"):
        stage.session(Fault("none", NEVER))


def test_a_laser_that_does_not_read_back_is_left_to_the_person(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Random(1))
    stage.planned = replace(stage.planned, targets=TARGETS)
    keys = {"kind": "settings_file", "file": str(tmp_path / "laser.json"), "source": "test"}
    stage.laser = SettingsFile(SettingsFileKeys.model_validate(keys), builders.machine().laser)
    stage.session(Fault("none", NEVER))
    assert stage.record().is_finished
    assert '"divider": 10' in (tmp_path / "laser.json").read_text()
    assert any("Write this for the laser's own program?" in question for question in stage.person.asked)


def test_looks_do_not_hold_up_the_stream() -> None:
    """A laser that takes its time to answer is waited for in the background."""
    import threading

    release = threading.Event()

    class Slow(SimulatedLaser):
        slow = False

        def read(self) -> LaserState:
            if self.slow:
                release.wait(10)
            return super().read()

    keys = {"kind": "simulated", "source": "test", "attenuator_time": "0 s", "output_time": "0 s"}
    laser = Slow(SimulatedKeys.model_validate(keys), builders.machine().laser)
    with Light(laser) as light:
        light.make_ready(TARGETS, "f", lambda question: True)
        with light.beam(5):
            laser.slow = True
            light.look(0.0, 9)
            assert light.sure_to(9) == 5, "asked, and not answered yet"
            release.set()
            for _ in range(1000):
                light.look(0.1, 12)
                if light.sure_to(12) == 9:
                    break
                threading.Event().wait(0.005)
            assert light.sure_to(12) == 9, "what was over when it was asked"
            light.confirm(12)
            assert light.sure_to(12) == 12
    assert laser.read().is_open is False
