"""What is planned is what the readers find, and what LinuxCNC's own interpreter finds."""

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lasercam.dialects import grbl_reader, linuxcnc_reader
from lasercam.dialects.acs import Acs
from lasercam.dialects.grbl import Grbl, GrblEncoder
from lasercam.dialects.linuxcnc import LinuxCnc, LinuxCncEncoder
from lasercam.dialects.newport_xps import NewportXps
from lasercam.dialects.pi_gcs import PiGcs
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect, Encoder
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import planning
from tests.oracle import rs274

CUTS = st.lists(st.integers(0, 30), max_size=3)


@settings(deadline=None)
@given(planning.plans(10, counted=True), CUTS)
def test_linuxcnc_files_say_what_was_planned(block: ToolpathBlock, cuts: list[int]) -> None:
    machine = planning.linuxcnc_machine()
    program = planning.program_for(planning.RECIPES, [block], machine, ("a title",))
    blocks = planning.cut(block, cuts)
    data = [planning.encode(LinuxCncEncoder(program, use_compiled=c), blocks) for c in (False, True)]
    assert data[0] == data[1]
    for compiled in (False, True):
        found = planning.reread(linuxcnc_reader, data[0], machine, use_compiled=compiled)
        assert found == planning.planned(block, planning.RECIPES)
    assert data[0] == planning.encode(LinuxCncEncoder(program), [block]), "blocks must not show in the file"


@settings(deadline=None)
@given(planning.plans(10_000, counted=False), CUTS)
def test_grbl_files_say_what_was_planned(block: ToolpathBlock, cuts: list[int]) -> None:
    machine = planning.grbl_machine()
    program = planning.program_for(planning.TIMED_RECIPES, [block], machine, ("a title",))
    blocks = planning.cut(block, cuts)
    data = [planning.encode(GrblEncoder(program, use_compiled=c), blocks) for c in (False, True)]
    assert data[0] == data[1]
    assert max(map(len, data[0].split(b"\n"))) <= 70
    assert not set(data[0]) & set(b" ();$?!~")
    for compiled in (False, True):
        found = planning.reread(grbl_reader, data[0], machine, use_compiled=compiled)
        assert found == planning.planned(block, planning.TIMED_RECIPES)


@pytest.mark.rs274
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(block=planning.plans(1000, counted=True))
def test_linuxcnc_itself_agrees(interpret: Callable[[bytes], list[rs274.Call]], block: ToolpathBlock) -> None:
    machine = planning.linuxcnc_machine()
    data = planning.encode(LinuxCncEncoder(planning.program_for(planning.RECIPES, [block], machine)), [block])
    assert rs274.exposures(interpret(data), gate=0, trigger=3, pulses=planning.PULSES) == planning.planned(
        block, planning.RECIPES
    )


PROTOCOL = [
    (LinuxCnc(), planning.linuxcnc_machine(), b"M2\n"), (Grbl(), planning.grbl_machine(), b"M2\n"),
    (NewportXps(), planning.xps_machine(), b"# end of job\n"), (Acs(), planning.acs_machine(), b"STOP\n"),
    (PiGcs(), planning.pi_machine(), b"; end of job\n"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "machine", "last"), PROTOCOL)
def test_dialects_meet_the_protocol(dialect: Dialect, machine: Machine, last: bytes) -> None:
    block = planning.plan([(int(RowKind.DOT), (1, 1, 1), 0, False)], 10_000, counted=False)
    dots = planning.TIMED_RECIPES[2:]
    header = planning.header_for(dots, [block], machine)
    assert [f for f in dialect.judge(header, 0, machine) if f.blocks] == []
    encoder: Encoder = dialect.encoder(planning.program_for(planning.TIMED_RECIPES, [block], machine))
    assert dialect.suffix.startswith(".")
    assert dialect.summary
    assert dialect.explanation
    assert len({code.code for code in dialect.codes}) == len(dialect.codes)
    assert all(code.explanation for code in dialect.codes)
    assert encoder.end().endswith(last)


@pytest.mark.parametrize(("dialect", "machine", "last"), PROTOCOL)
def test_a_job_of_no_rows_is_dark(dialect: Dialect, machine: Machine, last: bytes) -> None:
    block = planning.plan([], 10_000, counted=False)
    encoder: Encoder = dialect.encoder(planning.program_for(planning.TIMED_RECIPES, [block], machine))
    data = encoder.begin() + encoder.end()
    assert planning.exposed(dialect.reader(io.BytesIO(data), machine)) == []


@pytest.mark.parametrize("use_compiled", [False, True])
def test_line_numbers_go_on_over_chunks(use_compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file read in tiny chunks gives the same rows and lines as read at once."""
    from lasercam.dialects import gcode_words

    steps = [(int(RowKind.DOT), (i % 7 + 1, i % 3, 0), i, False) for i in range(200)]
    block = planning.plan(steps, 10, counted=True)
    machine = planning.linuxcnc_machine()
    data = planning.encode(LinuxCncEncoder(planning.program_for(planning.RECIPES, [block], machine)), [block])

    def read() -> list[tuple[object, ...]]:
        found = list(linuxcnc_reader.read(io.BytesIO(data), machine, use_compiled=use_compiled))
        return [(e, *t) for b in found for e, t in zip(planning.exposed([b]), zip(b.line.tolist()), strict=True)]

    whole = read()
    monkeypatch.setattr(gcode_words, "CHUNK_BYTES", 37)
    assert read() == whole
    lines = data.split(b"\n")
    assert all(lines[line - 1] in (b"M64 P0", b"M64 P3") for *_, line in whole)
