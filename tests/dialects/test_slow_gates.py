"""Gates that close slowly: every dialect waits until they have, and every reader asks for it."""

import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from lasercam.dialects.acs import Acs
from lasercam.dialects.aerotech_a3200 import AerotechA3200, a3200_encoder
from lasercam.dialects.automation1 import Automation1, automation1_encoder
from lasercam.dialects.grbl import Grbl, GrblEncoder
from lasercam.dialects.linuxcnc import LinuxCnc, LinuxCncEncoder
from lasercam.dialects.newport_xps import NewportXps
from lasercam.dialects.pi_gcs import PiGcs
from lasercam.errors import LasercamError, MachineLimitError, RereadError
from lasercam.model.commanded import closing_wait_ns, commanded_kind
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect
from lasercam.model.toolpath import RowKind as K
from lasercam.model.toolpath import ToolpathBlock
from tests.dialects import aerotech_planning as aerotech
from tests.dialects import planning
from tests.support import builders

RECIPES = planning.RECIPES[:4]
FAST_UM_S, DELAY_S = 400, 0.02
WAY_UM = round(FAST_UM_S * DELAY_S)


def slow(machine: Machine, settle: float = 0.0) -> Machine:
    """The same machine with a gate that opens and closes 20 ms late."""
    gate = machine.gate.model_copy(update={"open_delay": DELAY_S, "close_delay": DELAY_S})
    controller = machine.controller.model_copy(update={"settle_time": settle})
    return machine.model_copy(update={"gate": gate, "controller": controller})


MACHINES: dict[str, tuple[Dialect, Machine]] = {
    "linuxcnc": (LinuxCnc(), slow(planning.linuxcnc_machine())),
    "grbl": (Grbl(), slow(planning.grbl_machine())),
    "aerotech_a3200": (AerotechA3200(), slow(aerotech.machine())),
    "a3200_held": (AerotechA3200(), slow(aerotech.machine(settings={"pulse_max_us": "1000"}))),
    "a3200_unrolled": (AerotechA3200(), slow(aerotech.machine(settings={"loops": "no"}))),
    "automation1": (Automation1(), slow(aerotech.machine("automation1"))),
    "acs": (Acs(), slow(planning.acs_machine())),
    "pi_gcs": (PiGcs(), slow(planning.pi_machine())),
    "newport_xps": (NewportXps(), slow(planning.xps_machine())),
}
# What each file waits: 50 ms in GRBL's steps, 20 ms elsewhere; behind a pulse of Aerotech's hardware 1 ms more.
WAITS = {
    "linuxcnc": "G4 P0.02\n", "grbl": "G4P0.05\n", "a3200_held": "G4 P0.02\n", "acs": "WAIT 20\n", "pi_gcs": "DEL 20\n",
    "aerotech_a3200": "G4 P1.021\n", "a3200_unrolled": "G4 P1.021\n", "automation1": "Dwell(1.021)\n",
}  # fmt: skip


def rows(listed: list[tuple[K, tuple[int, int, int], int]]) -> ToolpathBlock:
    """Rows from kind, move in µm and recipe."""
    move = np.array([step for _, step, _ in listed], np.int64) * 10_000
    end = np.cumsum(move, axis=0)
    n = len(listed)
    return ToolpathBlock(
        0, 0, end - move, end, np.array([int(k) for k, _, _ in listed], np.uint8), np.zeros(n, np.uint32),
        np.array([r for _, _, r in listed], np.uint16), np.zeros(n, np.uint16),
    )  # fmt: skip


DOTS = [(K.JUMP, (10, 10, 5), 0), *[(K.DOT, (20, 0, 0), 2)] * 6, (K.DOT, (0, 0, 0), 3), (K.DOT, (0, 7, 0), 2)]
LINE = [
    (K.JUMP, (30, 20, 0), 0), (K.LEAD, (50, 0, 0), 0), (K.OPENING, (WAY_UM, 0, 0), 0), (K.LINE, (90, 0, 0), 0),
    (K.CLOSING, (WAY_UM, 0, 0), 0), (K.LEAD, (58, 0, 0), 0),
]  # fmt: skip


def job(name: str) -> ToolpathBlock:
    return rows([*DOTS, *DOTS] if name == "pi_gcs" else [*DOTS, *LINE, *LINE, *DOTS])


def written(name: str, block: ToolpathBlock, machine: Machine | None = None) -> tuple[bytes, dict[str, bytes]]:
    dialect, default = MACHINES[name]
    encoder = dialect.encoder(planning.program_for(RECIPES, [block], machine or default))
    data = planning.encode(encoder, [block])
    return data, dict(encoder.companions()) if hasattr(encoder, "companions") else {}


def found(name: str, data: bytes, files: dict[str, bytes], machine: Machine | None = None) -> list[planning.Exposed]:
    dialect, default = MACHINES[name]
    stream, on = io.BytesIO(data), machine or default
    if isinstance(dialect, NewportXps):
        return planning.exposed(dialect.reader_with(stream, on, lambda file: files[file]))
    return planning.exposed(dialect.reader(stream, on))


def expected(block: ToolpathBlock) -> list[planning.Exposed]:
    return planning.planned(replace(block, kind=commanded_kind(block.kind)), RECIPES)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_files_of_slow_gates_say_what_was_planned(name: str) -> None:
    block = job(name)
    data, files = written(name, block)
    assert found(name, data, files) == expected(block)


def without(data: bytes, line: str) -> Iterator[bytes]:
    """The file without one of these lines, in turn."""
    lines = data.decode().splitlines(keepends=True)
    for i, text in enumerate(lines):
        if text == line:
            yield "".join(lines[:i] + lines[i + 1 :]).encode()


@pytest.mark.parametrize("name", sorted(WAITS))
def test_no_wait_for_the_gate_may_be_missing(name: str) -> None:
    data, files = written(name, job(name))
    spoiled = list(without(data, WAITS[name]))
    assert len(spoiled) >= 2
    for text in spoiled:
        with pytest.raises(RereadError, match=r"gate|pulses are over"):
            found(name, text, files)


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_file_for_a_fast_gate_is_refused_for_a_slow_one(name: str) -> None:
    """The same rows, dots only, written as if the gate closed at once: every dialect's reader asks for the wait."""
    block = rows(DOTS)
    _, machine = MACHINES[name]
    fast = machine.model_copy(update={"gate": machine.gate.model_copy(update={"open_delay": 0.0, "close_delay": 0.0})})
    data, files = written(name, block, fast)
    assert found(name, data, files, fast) == expected(block)
    with pytest.raises(RereadError, match=r"close|pulses are over"):
        found(name, data, files)


@pytest.mark.parametrize("name", ["aerotech_a3200", "automation1", "acs", "newport_xps"])
def test_the_run_out_comes_behind_the_closing(name: str) -> None:
    """A line whose run-out is taken away, so that the stage brakes where the gate still closes, is refused."""
    block = rows([*LINE[:-1], (K.JUMP, (0, 30, 0), 0)])
    with pytest.raises(LasercamError):
        written(name, block)


@pytest.mark.parametrize("name", ["aerotech_a3200", "automation1", "acs", "newport_xps"])
def test_readers_ask_for_the_run_out(name: str) -> None:
    """The closing row as a plain lead: what an encoder that knows nothing of slow gates would write."""
    plain = rows([(K.LEAD if k in (K.CLOSING, K.OPENING) else k, m, r) for k, m, r in [*LINE[:-1], *LINE]])
    _, machine = MACHINES[name]
    fast = machine.model_copy(update={"gate": machine.gate.model_copy(update={"open_delay": 0.0, "close_delay": 0.0})})
    data, files = written(name, plain, fast)
    assert found(name, data, files, fast) == planning.planned(plain, RECIPES)
    with pytest.raises(RereadError, match="gate"):
        found(name, data, files)


@pytest.mark.parametrize("name", ["aerotech_a3200", "automation1"])
def test_lines_switched_at_standstill_are_refused(name: str) -> None:
    dialect, _ = MACHINES[name]
    machine = slow(aerotech.machine(name, {"line_gate": "stops"}))
    block = rows(LINE)
    with pytest.raises(MachineLimitError, match="line_gate: window"):
        written(name, block, machine)
    found_codes = [f.code for f in dialect.judge(planning.header_for(RECIPES, [block], machine), 0, machine)]
    assert "E_CONTROLLER_SETTING" in found_codes


@pytest.mark.parametrize(("dialect", "wait_ms"), [("linuxcnc", 20), ("grbl", 50), ("acs", 20), ("newport_xps", 20)])
def test_waits_fit_the_controllers_steps(dialect: str, wait_ms: int) -> None:
    assert closing_wait_ns(MACHINES[dialect][1]) == wait_ms * 1_000_000


@pytest.mark.parametrize("name", ["linuxcnc", "grbl"])
@pytest.mark.parametrize("use_compiled", [False, True])
def test_the_stage_settles_before_every_dot(name: str, use_compiled: bool) -> None:
    from lasercam.dialects import grbl_reader, linuxcnc_reader

    _, default = MACHINES[name]
    machine = slow(default, settle=0.1)
    block = rows(DOTS)
    data, _ = written(name, block, machine)
    reader = linuxcnc_reader if name == "linuxcnc" else grbl_reader
    assert planning.reread(reader, data, machine, use_compiled=use_compiled) == expected(block)
    wait = "G4 P0.1\n" if name == "linuxcnc" else "G4P0.1\n"
    spoiled = list(without(data, wait))
    assert len(spoiled) == sum(kind == K.DOT for kind, _, _ in DOTS)
    for text in spoiled:
        with pytest.raises(RereadError, match="settled"):
            planning.reread(reader, text, machine, use_compiled=use_compiled)


def test_the_energy_settles_before_the_beam_opens() -> None:
    scale = {
        "law": "linear", "unit": "V", "low": 0, "high": 10, "full_at": 10, "full": "200 uJ", "settle": "0.5 s",
        "source": "example value",
    }  # fmt: skip
    energy = {"control": "analog", "output": 0, "min": "0.1 uJ", "max": "200 uJ", "scale": scale}
    laser = {
        "wavelength": "1030 nm", "pulse_duration": "300 fs", "base_rate": "100 kHz", "max_divider": 100,
        "pulse_energy": energy, "source": "example value",
    }  # fmt: skip
    machine = MACHINES["linuxcnc"][1].model_copy(update={"laser": builders.machine(laser=laser).laser})
    block = rows([*DOTS, *LINE])
    data, files = written("linuxcnc", block, machine)
    assert found("linuxcnc", data, files, machine) == expected(block)
    spoiled = list(without(data, "G4 P0.5\n"))
    assert spoiled
    for text in spoiled:
        with pytest.raises(RereadError, match="energy has settled"):
            found("linuxcnc", text, files, machine)


@pytest.mark.parametrize("name", ["linuxcnc", "grbl", "aerotech_a3200", "a3200_held", "automation1"])
def test_compiled_readers_ask_for_the_same(name: str) -> None:
    from lasercam.dialects import aerotech_a3200_reader, automation1_reader, grbl_reader, linuxcnc_reader

    readers = {"linuxcnc": linuxcnc_reader, "grbl": grbl_reader, "automation1": automation1_reader}
    reader, (_, machine) = readers.get(name, aerotech_a3200_reader), MACHINES[name]
    data, _ = written(name, job(name))
    assert planning.reread(reader, data, machine, use_compiled=True) == expected(job(name))
    said = []
    for text in without(data, WAITS[name]):
        for use_compiled in (False, True):
            with pytest.raises(RereadError) as caught:
                planning.reread(reader, text, machine, use_compiled=use_compiled)
            said.append(str(caught.value))
    assert said[::2] == said[1::2]


def test_waits_of_counted_dots_are_the_pickers_matter() -> None:
    """A counted dot's trigger is not the gate: nothing is waited for behind it."""
    block = rows([(K.JUMP, (10, 10, 5), 0), (K.DOT, (20, 0, 0), 4), (K.JUMP, (20, 0, 0), 0)])
    block = replace(block, count=np.array([0, planning.PULSES, 0], np.uint32))
    machine = MACHINES["linuxcnc"][1]
    program = planning.program_for(planning.RECIPES, [block], machine)
    data = planning.encode(LinuxCnc().encoder(program), [block])
    assert WAITS["linuxcnc"].encode() not in data
    assert found("linuxcnc", data, {}) == planning.planned(block, planning.RECIPES)


def test_an_energy_set_by_s_cannot_settle() -> None:
    scale = {
        "law": "linear", "unit": "S", "low": 0, "high": 1000, "full_at": 1000, "full": "200 uJ", "settle": "0.5 s",
        "source": "example value",
    }  # fmt: skip
    energy = {"control": "spindle", "min": "0.1 uJ", "max": "200 uJ", "scale": scale}
    laser = {
        "wavelength": "1030 nm", "pulse_duration": "300 fs", "base_rate": "100 kHz", "max_divider": 100,
        "pulse_energy": energy, "source": "example value",
    }  # fmt: skip
    machine = planning.grbl_machine().model_copy(update={"laser": builders.machine(laser=laser).laser})
    block = rows(DOTS)
    with pytest.raises(MachineLimitError, match="settle"):
        written("grbl", block, machine)
    with pytest.raises(MachineLimitError, match="settle"):
        found("grbl", b"", {}, machine)


@pytest.mark.parametrize("name", ["linuxcnc", "grbl", "aerotech_a3200", "a3200_held", "a3200_unrolled", "automation1"])
def test_compiled_encoders_write_the_same(name: str) -> None:
    """In blocks of any size, so that dots go on where others ended."""
    block, (dialect, machine) = job(name), MACHINES[name]
    program = planning.program_for(RECIPES, [block], machine)
    plain, _ = written(name, block)
    for use_compiled in (False, True):
        for places in ((), (3, 5, 9, 13, 14, 15, 20, 24)):
            if name == "linuxcnc":
                encoder = LinuxCncEncoder(program, use_compiled=use_compiled)
            elif name == "grbl":
                encoder = GrblEncoder(program, use_compiled=use_compiled)
            else:
                make = automation1_encoder if isinstance(dialect, Automation1) else a3200_encoder
                encoder = make(program, use_compiled=use_compiled)
            assert planning.encode(encoder, planning.cut(block, places)) == plain


@pytest.mark.parametrize(
    ("name", "code"), [("grbl", "E_DWELL_GRID"), ("acs", "E_WAIT_GRID"), ("pi_gcs", "E_WAIT_GRID")]
)
def test_waits_off_the_grid_are_refused_with_the_key_that_rounds_them(name: str, code: str) -> None:
    """20.5 ms are no whole number of the controller's steps: without `wait_step` nobody knows how long it waits."""
    dialect, machine = MACHINES[name]
    gate = machine.gate.model_copy(update={"open_delay": 0.0205, "close_delay": 0.0205})
    controller = machine.controller.model_copy(update={"wait_step": 0.0})
    off = machine.model_copy(update={"gate": gate, "controller": controller})
    block = rows(DOTS)
    judged = {f.code: f for f in dialect.judge(planning.header_for(RECIPES, [block], off), 0, off)}
    assert judged[code].on == "machine.controller.wait_step"
    assert "wait until the gate has closed of 0.0205 s" in judged[code].message
    with pytest.raises(LasercamError):
        dialect.encoder(planning.program_for(RECIPES, [block], off)).block(block)
