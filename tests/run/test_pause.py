"""A pause lands where the beam is off, everything sent executed, and the rest follows."""

from pathlib import Path
from random import Random

import pytest

from lasercam.run.operator import Controls
from lasercam.run.stream import Wish
from tests.run import stage as stage_module
from tests.run.stage import Fault, Stage


class Pausing(Controls):
    """Pauses when asked for the sixtieth time, until it has lasted for a hundred looks."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.lit: list[float] = []
        self.exposed: set[int] = set()
        self.stage: Stage | None = None

    def wish(self) -> Wish:
        self.looks += 1
        if self.looks < 60 or len(self.lit) >= 100:
            return super().wish()
        if self.stage is not None and any("paused" in text for text in self.stage.messages):
            self.lit.append(self.stage.controller.beam_power)
            self.exposed.add(len(self.stage.controller.exposed()))
        return Wish.PAUSE


@pytest.mark.parametrize("seed", range(8))
def test_pause_and_go_on(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    controls = Pausing()
    monkeypatch.setattr(stage_module, "Controls", lambda: controls)
    stage = Stage(tmp_path, Random(seed))
    controls.stage = stage
    stage.session(Fault("none", 10**9))
    assert controls.lit
    assert not any(controls.lit)
    assert len(controls.exposed) == 1, "nothing happens in a pause"
    truth = stage.truth()
    assert stage.duplicates(truth) == []
    assert all(stage.is_whole(row, truth) for row in stage.exposing())
