"""PI GCS: what is planned is what the macros say, and no damage passes."""

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects import pi_gcs_reader
from lasercam.dialects.pi_gcs import PiGcs
from lasercam.dialects.pi_gcs_encoder import PiGcsEncoder
from lasercam.errors import MachineLimitError, RereadError
from lasercam.model.finding import Finding
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import golden_job, planning
from tests.dialects.damage import survivors
from tests.support import builders

K = RowKind
PI = PiGcs()
FILE = golden_job.GOLDEN / "pi_gcs" / "small_job.gcs"
STEPS = st.lists(
    st.tuples(
        st.sampled_from([int(K.JUMP), int(K.DOT)]),
        st.tuples(*[st.one_of(st.just(0), st.integers(-20_000, 20_000))] * 3),
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=40,
)


def write(block: ToolpathBlock, machine: Machine, *cuts: int, title: tuple[str, ...] = ("a title",)) -> bytes:
    encoder = PiGcsEncoder(planning.program_for(planning.RECIPES, [block], machine, title))
    return planning.encode(encoder, planning.cut(block, cuts))


def read(data: bytes, machine: Machine) -> list[planning.Exposed]:
    return planning.exposed(pi_gcs_reader.read(io.BytesIO(data), machine))


@settings(deadline=None)
@given(
    STEPS,
    st.lists(st.integers(0, 40), max_size=3),
    st.sampled_from(["um", "mm"]),
    st.sampled_from(["1 nm", "1 um", "10 um"]),
)
def test_macros_say_what_was_planned(steps: list, cuts: list[int], unit: str, increment: str) -> None:
    machine = planning.pi_machine({"unit": unit}, controller={"increment": increment})
    block = planning.plan(steps, round(machine.controller.increment * 10_000), counted=True)
    data = write(block, machine, *cuts)
    assert read(data, machine) == planning.planned(block, planning.RECIPES)
    assert data == write(block, machine), "blocks must not show in the file"
    for body in re.findall(rb"MAC BEG LC\d+\n(.*?)MAC END\n", data, re.DOTALL):
        assert body.count(b"\n") <= 30
        assert body.endswith(b"DIO 1 0\nDIO 3 0\n")
        assert not re.search(rb"[;!#]", body)


def test_refusals() -> None:
    machine = planning.pi_machine()
    for kind in (K.LINE, K.LEAD):
        with pytest.raises(MachineLimitError, match="not supported: lines on a PI controller"):
            write(builders.rows([(K.JUMP, (0, 0, 0)), (kind, (1, 0, 0))]), machine)
    with pytest.raises(MachineLimitError, match="by position"):
        write(builders.rows([(K.JUMP, (0, 0, 0)), (K.SHOTS, (1, 0, 0))], count=3), machine)
    counted = golden_job.dots_block()
    with pytest.raises(MachineLimitError, match="whose pulses the operator counts"):
        write(counted, planning.pi_machine(trigger=None))
    with pytest.raises(MachineLimitError, match="7 pulses per dot are more than the 6"):
        write(counted, planning.pi_machine(trigger={**planning.SLOW_TRIGGER, "max_pulses": 6}))
    with pytest.raises(MachineLimitError, match="no whole number of milliseconds"):
        write(counted, planning.pi_machine(trigger=planning.TRIGGER))
    with pytest.raises(MachineLimitError, match="'unit' is not stated"):
        write(counted, planning.pi_machine(controller={"settings": {}}))


def test_a_settle_time_is_waited() -> None:
    machine = planning.pi_machine(controller={"settle_time": "50 ms"})
    block = builders.rows([(K.DOT, (1, 0, 0), 2)])
    data = write(block, machine)
    assert b"WAC ONT? 3 = 1\nDEL 50\nDIO 1 1\nDEL 1000\nDIO 1 0\n" in data
    assert read(data, machine) == planning.planned(block, planning.RECIPES)
    with pytest.raises(RereadError, match="settles for another time"):
        read(data.replace(b"DEL 50\n", b"DEL 49\n"), machine)


def judge(machine: Machine, *recipes: Recipe) -> dict[str, Finding]:
    block = builders.rows([(K.JUMP, (1, 0, 0))])
    found = list(PI.judge(planning.header_for(recipes, [block], machine), 0, machine))
    known = {code.code for code in PI.codes}
    assert all(f.code in known and f.hint for f in found)
    return {f.code: f for f in found}


def test_judgement() -> None:
    lines, _, dots, _, counted = planning.RECIPES
    assert judge(planning.pi_machine(), dots, counted) == {}
    assert "E_NO_LINES" in judge(planning.pi_machine(), lines)
    assert "0.012 s" in judge(planning.pi_machine(), builders.dot_recipe(0.0124))["E_WAIT_GRID"].hint
    assert "E_NO_POSITION_FIRING" in judge(planning.pi_machine(), builders.line_recipe(pitch_ticks=5_000))
    by_program = {**planning.SLOW_TRIGGER, "counted_by": "program"}
    assert "operator" in judge(planning.pi_machine(trigger=by_program), counted)["E_CONTROLLER_SETTING"].hint


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"x_axis": "2"}, "are not three"),
        ({"x_axis": "1 5"}, "letters and digits"),
        ({"unit": "nm"}, "'mm' or 'um'"),
        ({"units": "mm"}, "did you mean 'unit'"),
        ({"max_macro_lines": "9"}, "10 at least"),
    ],
)
def test_settings_are_judged(keys: dict[str, str], why: str) -> None:
    found = judge(planning.pi_machine(keys), planning.RECIPES[2])
    assert list(found) == ["E_CONTROLLER_SETTING"]
    assert why in found["E_CONTROLLER_SETTING"].message + found["E_CONTROLLER_SETTING"].hint


def test_energies_set_by_program_are_refused() -> None:
    machine = planning.set_by_program(planning.pi_machine())
    assert "cannot write" in judge(machine)["E_CONTROLLER_SETTING"].message
    with pytest.raises(MachineLimitError, match="cannot write"):
        write(golden_job.dots_block(), machine)


def test_outputs_are_judged() -> None:
    shared = planning.pi_machine(trigger={**planning.SLOW_TRIGGER, "output": 1})
    assert "share digital output 1" in judge(shared)["E_CONTROLLER_SETTING"].message
    zero = planning.pi_machine(trigger={**planning.SLOW_TRIGGER, "output": 0})
    assert "numbered from 1" in judge(zero)["E_CONTROLLER_SETTING"].message


def test_text_of_people_stays_a_comment() -> None:
    machine = planning.pi_machine()
    block = golden_job.dots_block()
    data = write(block, machine, title=("end of job", "x\nDIO 1 1", "set the pulse counter to 9"))
    assert read(data, machine) == planning.planned(block, planning.RECIPES)
    assert data.splitlines().count(b"DIO 1 1") == 3


def test_the_golden_file_holds_the_job() -> None:
    machine, block = planning.pi_machine(), golden_job.dots_block()
    assert read(FILE.read_bytes(), machine) == planning.planned(block, planning.RECIPES)


def test_no_damaged_macro_passes_for_the_job() -> None:
    machine = planning.pi_machine()
    meant = planning.planned(golden_job.dots_block(), planning.RECIPES)
    found = survivors(FILE.read_bytes(), lambda changed: read(changed, machine) == meant)
    code = {what for what in found if "b'; " not in what}
    # Where no dot is written, a travel may lead elsewhere; closing may come before the comment above it.
    harmless = re.compile(r"bit of b'MOV 1 0\.000 2 0\.000 3 0\.000|swapped b'DIO 1 0")
    assert {what for what in code if not harmless.match(what)} == set()
