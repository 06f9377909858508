"""The link is kept full: short segments take no longer than the same job with a buffer and limits that never bind."""

import dataclasses
from pathlib import Path
from random import Random

import pytest

import tests.run.stage as stage_module
from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.transports.simulated.controller import SimulatedController
from lasercam.transports.simulated.options import ControllerOptions
from lasercam.transports.simulated.settings import settings_of, work_offset_mm
from tests.run.stage import Fault, Stage
from tests.support import builders


def strokes(count: int, segments: int, length_um: int) -> Toolpath:
    listed: list[tuple[RowKind, tuple[float, float, float]]] = []
    for index in range(count):
        y = 100.0 * index
        listed += [(RowKind.JUMP, (0, y, 0)), (RowKind.LEAD, (20, y, 0))]
        listed += [(RowKind.LINE, (20 + length_um * (i + 1), y, 0)) for i in range(segments)]
        listed.append((RowKind.LEAD, (40 + length_um * segments, y, 0)))
    return builders.toolpath((builders.line_recipe(8000.0), builders.dot_recipe(name="dots")), [builders.rows(listed)])


def written_in_s(one: Stage) -> float:
    one.session(Fault("none", 10**9))
    exposed = one.controller.exposed()
    return max(p.to_s for p in exposed) - min(p.from_s for p in exposed)


@pytest.mark.parametrize("shape", [(1, 2000, 5), (60, 20, 5), (100, 5, 2), (40, 1, 400), (4, 1, 12_000)])
def test_the_link_stays_full(shape: tuple[int, int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "random_toolpath", lambda random: strokes(*shape))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    real_s = written_in_s(Stage(tmp_path / "a", Random(0)))
    ideal = Stage(tmp_path / "b", Random(0))
    unbound = ideal.machine.controller.model_copy(update={"max_ahead": 1e3, "checkpoint_interval": 1e4})
    machine = ideal.machine.model_copy(update={"controller": unbound})
    ideal.planned = dataclasses.replace(ideal.planned, machine=machine)
    options = ControllerOptions(work_offset_mm=work_offset_mm(machine), rx_bytes=1024)
    ideal.controller = SimulatedController(settings_of(machine), options)
    assert real_s <= written_in_s(ideal) / 0.95
