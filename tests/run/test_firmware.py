"""The same jobs and faults on real firmware, where `LASERCAM_GRBL_SIM` names its desktop simulator.

Forty seeds, a few seconds each; `LASERCAM_SLOW=1` runs two hundred. The simulator now and then garbles a byte of its
own output: then a session ends with a fault that nobody scripted, and another one goes on. Nothing may be exposed twice
all the same.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

import lasercam.run.session as session_module
from lasercam.transports.process import VARIABLE
from tests.run import test_faults as simulated
from tests.run.firmware import FULL, FirmwareStage
from tests.run.stage import WAY, DyingJournal, Fault

pytestmark = pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no firmware simulator")
KINDS = sorted(set(WAY) - {"limit"})
SEEDS = range(200 if os.environ.get("LASERCAM_SLOW") else 40)
SESSIONS = 6


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Random], FirmwareStage]]:
    monkeypatch.setattr(session_module, "Journal", DyingJournal)
    stages: list[FirmwareStage] = []

    def make(random: Random) -> FirmwareStage:
        stages.append(FirmwareStage(tmp_path, random))
        return stages[-1]

    yield make
    for stage in stages:
        stage.controller.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_any_fault(seed: int, made: Callable[[Random], FirmwareStage]) -> None:
    random = Random(seed)
    stage = made(random)
    fault = Fault(KINDS[seed % len(KINDS)], random.randint(0, 40))
    simulated.judge_any_fault(stage, fault, SESSIONS)
    assert stage.controller.outputs() <= {0, FULL}, "the beam was on at part of its power"
