"""The two Aerotech dialects: what is planned is what their reader finds, whatever the plan and its blocks."""

import io
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects import aerotech_a3200_reader, aerotech_units, automation1_reader, line_forms
from lasercam.dialects.aerotech_a3200 import AerotechA3200, a3200_encoder
from lasercam.dialects.automation1 import Automation1, automation1_encoder
from lasercam.model.machine import Machine
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import aerotech_planning as aerotech
from tests.dialects import planning

K = RowKind
Encode = Callable[..., object]
LANGUAGES: list[tuple[str, Encode, ModuleType]] = [
    ("aerotech_a3200", a3200_encoder, aerotech_a3200_reader), ("automation1", automation1_encoder, automation1_reader)
]  # fmt: skip
BOTH = pytest.mark.parametrize(("dialect", "encoder", "reader"), LANGUAGES, ids=[name for name, _, _ in LANGUAGES])


def written(encoder: Encode, blocks: list[ToolpathBlock], machine: Machine, *, compiled: bool | None = None) -> bytes:
    program = planning.program_for(aerotech.RECIPES, blocks, machine, ("a title",))
    return planning.encode(encoder(program, use_compiled=compiled), blocks)


@BOTH
@settings(deadline=None, max_examples=60)
@given(block=aerotech.plans(), cuts=st.lists(st.integers(0, 60), max_size=3), loops=st.sampled_from(["yes", "no"]))
def test_files_say_what_was_planned(
    dialect: str, encoder: Encode, reader: ModuleType, block: ToolpathBlock, cuts: list[int], loops: str
) -> None:
    machine = aerotech.machine(dialect, {"loops": loops})
    blocks = planning.cut(block, cuts)
    data = [written(encoder, blocks, machine, compiled=c) for c in (False, True)]
    assert data[0] == data[1]
    for compiled in (False, True):
        assert planning.reread(reader, data[0], machine, use_compiled=compiled) == aerotech.expected(block)
    assert data[0] == written(encoder, [block], machine), "blocks must not show in the file"
    assert loops == "yes" or not any(line.lower().startswith(b"repeat") for line in data[0].split(b"\n"))


@BOTH
@settings(deadline=None, max_examples=40)
@given(block=planning.plans(aerotech.UNIT, counted=True), cuts=st.lists(st.integers(0, 30), max_size=3))
def test_every_shape_is_written_with_stops(
    dialect: str, encoder: Encode, reader: ModuleType, block: ToolpathBlock, cuts: list[int]
) -> None:
    machine = aerotech.machine(dialect, {"line_gate": "stops", "pulse_max_us": "500000"})
    data = written(encoder, planning.cut(block, cuts), machine)
    for compiled in (False, True):
        assert planning.reread(reader, data, machine, use_compiled=compiled) == aerotech.expected(block)
    assert data == written(encoder, [block], machine)


@BOTH
def test_long_runs_are_loops_of_bounded_length(dialect: str, encoder: Encode, reader: ModuleType) -> None:
    n = 2 * aerotech_units.MAX_LOOP + 3
    block = aerotech.rows([(K.DOT, (5, 0, 0), 3, 0)] + [(K.DOT, (3, 1, 0), 3, 0)] * n)
    machine = aerotech.machine(dialect)
    data = written(encoder, [block], machine)
    assert data == written(encoder, planning.cut(block, range(1, n, 777)), machine)
    assert data.lower().count(b"\nrepeat 10000\n") == 2
    assert len(data) < 2000
    found = list(reader.read(io.BytesIO(data), machine))
    ends = np.concatenate([b.end_ticks for b in found])
    assert (ends == block.end_ticks).all()
    assert sum(map(len, found)) == n + 1


@BOTH
def test_lines_go_on_over_chunks(
    dialect: str, encoder: Encode, reader: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = aerotech.rows(
        [(K.DOT, (i % 7 + 1, i % 3, 0), 2 + i % 2, 0) for i in range(60)]
        + [(K.LEAD, (50, 0, 0), 0, 0), (K.LINE, (100, 0, 0), 0, 0), (K.LEAD, (50, 0, 0), 0, 0)]
    )
    machine = aerotech.machine(dialect)
    data = written(encoder, [block], machine)
    for compiled in (False, True):

        def lines(*, compiled: bool = compiled) -> list[int]:
            found = reader.read(io.BytesIO(data), machine, use_compiled=compiled)
            return [line for b in found for line in b.line.tolist()]

        whole = lines()
        with monkeypatch.context() as context:
            context.setattr(line_forms, "CHUNK_BYTES", 41)
            assert lines() == whole
    text = data.split(b"\n")
    assert {text[line - 1].split(b" ")[0].split(b"(")[0] for line in whole} == {
        b"G1", b"PSOCONTROL" if dialect == "aerotech_a3200" else b"PsoEventGenerateSingle"
    }  # fmt: skip


@pytest.mark.parametrize("dialect", [AerotechA3200(), Automation1()])
def test_dialects_meet_the_protocol(dialect: AerotechA3200 | Automation1) -> None:
    name = "aerotech_a3200" if dialect.suffix == ".pgm" else "automation1"
    machine = aerotech.machine(name)
    block = aerotech.rows([(K.DOT, (1, 1, 1), 2, 0)])
    header = planning.header_for(aerotech.RECIPES, [block], machine)
    assert [f for f in dialect.judge(header, 0, machine) if f.blocks] == []
    encoder = dialect.encoder(planning.program_for(aerotech.RECIPES, [block], machine))
    assert encoder.end().endswith(b"END PROGRAM\n" if dialect.suffix == ".pgm" else b"end\n")
    assert len({code.code for code in dialect.codes}) == len(dialect.codes)
    for word in ("[sourced]", "[assumed]", "Not proven"):
        assert word in dialect.explanation
