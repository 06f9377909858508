"""Newport XPS: what is planned is what the calls and the trajectory files say, and no damage passes."""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects import newport_xps_reader
from lasercam.dialects.newport_xps import NewportXps
from lasercam.dialects.newport_xps_encoder import NewportXpsEncoder
from lasercam.errors import GeometryError, MachineLimitError, RereadError
from lasercam.model.finding import Finding
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect, OffersCompanions, ReadsCompanions
from lasercam.model.recipe import LaserSettings, Recipe
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.dialects import golden_job, planning
from tests.dialects.damage import survivors
from tests.support import builders

K = RowKind
XPS = NewportXps()
CUTS = st.lists(st.integers(0, 40), max_size=3)
OPERATOR = {**planning.TRIGGER, "counted_by": "operator"}
PULSED = {"lines": "pulses"}
MACHINES = {
    "gated": planning.xps_machine(),
    "pulsed": planning.xps_machine(PULSED),
    "operator": planning.xps_machine({"trigger_gpio": "GPIO1.DO"}, trigger=OPERATOR),
}


def write(block: ToolpathBlock, machine: Machine, *cuts: int) -> tuple[bytes, Mapping[str, bytes]]:
    encoder = NewportXpsEncoder(planning.program_for(planning.RECIPES, [block], machine, ("a title",)))
    return planning.encode(encoder, planning.cut(block, cuts)), encoder.companions()


def read(data: bytes, files: Mapping[str, bytes], machine: Machine) -> list[planning.Exposed]:
    def companion(name: str) -> bytes:
        if name not in files:
            raise RereadError("no such file")
        return files[name]

    return planning.exposed(newport_xps_reader.read(io.BytesIO(data), machine, companion))


def written_or_refused(block: ToolpathBlock, machine: Machine, why: str) -> tuple[bytes, Mapping[str, bytes]] | None:
    refusal = ""
    try:
        return write(block, machine)
    except MachineLimitError as error:
        refusal = str(error)
    assert re.search(why, refusal)
    return None


@settings(deadline=None)
@given(planning.run_plans(10, dots=True), CUTS, st.sampled_from(["gated", "operator"]))
def test_pvt_files_say_what_was_planned(block: ToolpathBlock, cuts: list[int], name: str) -> None:
    machine = MACHINES[name]
    data, files = write(block, machine, *cuts)
    assert read(data, files, machine) == planning.planned(block, planning.RECIPES)
    assert (data, files) == write(block, machine), "blocks must not show in the files"
    for file, content in files.items():
        assert file == f"lc-{hashlib.sha256(content).hexdigest()[:16]}.trj"
        assert data.count(f"MultipleAxesPVTVerification(XYZ,{file})".encode()) == 1


@settings(deadline=None)
@given(planning.run_plans(10, dots=True))
def test_pulsed_pvt_files_say_what_was_planned_or_are_refused(block: ToolpathBlock) -> None:
    machine = MACHINES["pulsed"]
    written = written_or_refused(block, machine, "one window")
    if written is None:
        return
    data, files = written
    assert b"DOSet" not in data or (block.recipe[block.kind == K.DOT] < 4).any()
    assert read(data, files, machine) == planning.planned(block, planning.RECIPES)


@settings(deadline=None)
@given(planning.run_plans(10, dots=False, shots=True, in_plane=True))
def test_line_arc_files_say_what_was_planned_or_are_refused(block: ToolpathBlock) -> None:
    machine = planning.xps_arc_machine()
    written = written_or_refused(block, machine, "one window|shorter than the")
    if written is None:
        return
    data, files = written
    assert read(data, files, machine) == planning.planned(block, planning.RECIPES)


def test_curves_within_the_path_tolerance() -> None:
    corner = [(K.JUMP, (0, 0, 0)), (K.LEAD, (10, 0, 0)), (K.LINE, (60, 0, 0)), (K.LINE, (61, 1, 0)),
              (K.LINE, (61, 2, 0)), (K.LEAD, (61, 12, 0))]  # fmt: skip
    block = builders.rows(corner)
    quick = {"min": "-50 mm", "max": "50 mm", "max_speed": "20 mm/s", "acceleration": "500 mm/s^2"}
    axes = {"axes": {"x": quick, "y": quick, "z": quick}}
    machine = planning.xps_machine(**axes)
    data, files = write(block, machine)
    assert read(data, files, machine) == planning.planned(block, planning.RECIPES)
    # 4/27 × |Δv| / v × L = 0.148 × 0.765 × 1.414 µm = 0.16 µm, and along y 4 Δv / T = 320 mm/s² at 0.4 mm/s.
    tight = planning.xps_machine(controller={"path_tolerance": "0.1 um"}, **axes)
    with pytest.raises(MachineLimitError, match=r"corner of 45 degrees .* 0\.16 µm"):
        write(block, tight)
    with pytest.raises(
        MachineLimitError, match=r"needs 320 mm/s² of axis y, which has 100 mm/s²; possible is 223\.6 µm/s"
    ):
        write(block, planning.xps_machine())
    with pytest.raises(RereadError, match="neither keeps its speed"):
        read(data, files, tight)


def test_equal_lines_share_a_trajectory() -> None:
    rows = []
    for i in range(50):
        rows += [(K.JUMP, (0, i, 0)), (K.LEAD, (10, i, 0)), (K.LINE, (90, i, 0)), (K.LEAD, (100, i, 0))]
    block = builders.rows(rows)
    data, files = write(block, planning.xps_machine())
    assert len(files) == 1
    assert data.count(b"PVTExecution") == 50
    with pytest.raises(MachineLimitError, match="more than 1 trajectory files"):
        write(builders.rows([*rows, *[(K.LEAD, (110, 49, 0)), (K.LINE, (120, 49, 0)), (K.LEAD, (130, 49, 0))]]),
              planning.xps_machine({"max_files": "1"}))  # fmt: skip


RUN = [(K.JUMP, (0, 0, 0)), (K.LEAD, (10, 0, 0)), (K.LINE, (20, 0, 0)), (K.LEAD, (30, 0, 0))]
SHOT_RUN = [*RUN[:2], (K.SHOTS, (20, 0, 0)), RUN[3]]
REFUSED = {
    "without a run-up": (RUN[:1] + RUN[2:], {}, MachineLimitError),
    "run-ups without a line": (RUN[:2], {}, GeometryError),
    "speed changes": ([*RUN[:2], (K.LINE, (20, 0, 0), 1), RUN[3]], {}, MachineLimitError),
    "run-up turns by 90": ([*RUN[:3], (K.LEAD, (20, 9, 0))], {}, MachineLimitError),
    "corner of 90": ([*RUN[:3], (K.LINE, (20, 9, 0)), (K.LEAD, (20, 19, 0))], {}, MachineLimitError),
    "more than the 2 elements": (RUN, {"max_elements": "2"}, MachineLimitError),
    "fire by position": (SHOT_RUN, {}, MachineLimitError),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_an_xps_cannot_run_is_refused(why: str) -> None:
    rows, keys, error = REFUSED[why]
    with pytest.raises(error, match=why):
        write(builders.rows(rows, count=3), planning.xps_machine(keys))


def test_more_refusals() -> None:
    dot = builders.rows([(K.DOT, (1, 0, 0), 2)])
    with pytest.raises(MachineLimitError, match="not supported: dots on an XY group"):
        write(dot, planning.xps_arc_machine())
    with pytest.raises(MachineLimitError, match="in the plane"):
        write(
            builders.rows([(K.JUMP, (0, 0, 0)), (K.LEAD, (1, 0, 1)), (K.LINE, (2, 0, 2)), (K.LEAD, (3, 0, 3))]),
            planning.xps_arc_machine(),
        )
    with pytest.raises(MachineLimitError, match="no counted trigger"):
        write(golden_job.linuxcnc_block(), planning.xps_machine(trigger=None))
    with pytest.raises(MachineLimitError, match="7 pulses per dot are more than the 6"):
        write(golden_job.linuxcnc_block(), planning.xps_machine(trigger={**planning.TRIGGER, "max_pulses": 6,
                                                                         "counted_by": "program"}))  # fmt: skip
    with pytest.raises(MachineLimitError, match=r"an element lasts 0\.1 s to"):
        write(builders.rows(RUN), planning.xps_machine(controller={"min_segment_time": "100 ms"}))
    with pytest.raises(MachineLimitError, match="'group' is not stated"):
        write(dot, planning.xps_machine(controller={"settings": {}}))


def test_a_single_shot_is_one_long_element() -> None:
    block = golden_job.linuxcnc_block()
    block.count.flags.writeable = True
    block.count[block.recipe == 4] = 1
    machine = planning.xps_machine()
    data, files = write(block, machine)
    assert read(data, files, machine)[-1][-1] == 1
    assert b"MultipleAxesPVTPulseOutputSet(XYZ,2,3,0.02)" in data


def judge(machine: Machine, *recipes: Recipe) -> dict[str, Finding]:
    block = builders.rows([(K.JUMP, (1, 0, 0))])
    found = list(XPS.judge(planning.header_for(recipes, [block], machine), 0, machine))
    known = {code.code for code in XPS.codes}
    assert all(f.code in known and f.hint for f in found)
    return {f.code: f for f in found}


def test_judgement() -> None:
    lines, _, dots, _, counted = planning.RECIPES
    assert judge(planning.xps_machine(), lines, dots, counted) == {}
    assert list(judge(MACHINES["operator"], lines, dots, counted)) == ["E_TRIGGER_WIDTH"]
    assert judge(planning.xps_arc_machine(), lines) == {}
    assert "E_STANDING_DOT" in judge(planning.xps_arc_machine(position_firing=None), dots)
    assert "E_NO_POSITION_FIRING" in judge(planning.xps_machine(), builders.line_recipe(pitch_ticks=5_000))
    slow = planning.xps_machine({"lines": "pulses", "pulse_period_step": "0.003"})
    found = judge(slow, lines)["E_PULSE_PERIOD"]
    assert found.limit == pytest.approx(1 / 0.003)
    assert judge(planning.xps_machine({"pulse_period_step": "0.003"}, trigger=None), lines) == {}
    assert (judge(planning.xps_machine(), builders.dot_recipe(pulses=1001))["E_PULSE_COUNT"].limit) == 1000
    assert "E_NO_TRIGGER" in judge(planning.xps_machine(trigger=None), counted)


def test_continuous_light_is_gated() -> None:
    laser = LaserSettings(wavelength_nm=405.0, cw_power_uw=1.0)
    recipe = builders.line_recipe(laser=laser)
    machine = planning.xps_machine(PULSED)
    header = planning.header_for([recipe], [builders.rows(RUN)], machine)
    header = replace(header, sections=(replace(header.sections[0], laser=laser),))
    (found,) = [f for f in XPS.judge(header, 0, machine) if f.code == "E_PULSE_PERIOD"]
    assert "continuous light has no pulses" in found.message
    assert found.hint == "state lines: gate"


SETTINGS = [
    ({"gruop": "XYZ"}, "did you mean 'group'"),
    ({"group": "X;Y"}, "'group' is 'X;Y'"),
    ({"group": "GroupKill(XYZ)"}, "must be"),
    ({"gate_gpio": "GPIO3.DO,1,1)"}, "digital port"),
    ({"gate_gpio": ""}, "'gate_gpio' is not stated"),
    ({"z_group": "Z"}, "remove z_group"),
    ({"trajectory": "spline"}, "'pvt'"),
    ({"trajectory": "line-arc"}, "z_group"),
    ({"trajectory": "line-arc", "z_group": "Z"}, "output pulses only"),
    ({"lines": "laser"}, "'gate'"),
    ({"pulse_period_step": "0"}, "is 0"),
    ({"max_elements": "many"}, "max_elements"),
]


@pytest.mark.parametrize(("keys", "why"), SETTINGS)
def test_settings_are_judged(keys: dict[str, str], why: str) -> None:
    found = judge(planning.xps_machine(keys), planning.RECIPES[0])
    assert list(found) == ["E_CONTROLLER_SETTING"]
    assert why in found["E_CONTROLLER_SETTING"].message + found["E_CONTROLLER_SETTING"].hint


def test_energies_set_by_program_are_refused() -> None:
    machine = planning.set_by_program(planning.xps_machine())
    assert "cannot write" in judge(machine)["E_CONTROLLER_SETTING"].message
    with pytest.raises(MachineLimitError, match="cannot write"):
        write(golden_job.dots_block(), machine)


def test_gate_and_trigger_need_their_own_outputs() -> None:
    shared = planning.xps_machine({"trigger_gpio": "GPIO3.DO"}, trigger={**OPERATOR, "output": 0})
    assert "share output 0" in judge(shared)["E_CONTROLLER_SETTING"].message
    far = planning.xps_machine({"trigger_gpio": "GPIO3.DO"}, trigger={**OPERATOR, "output": 16})
    assert "no output 16" in judge(far)["E_CONTROLLER_SETTING"].message


def test_text_of_people_stays_a_comment() -> None:
    title = (
        "end of job",
        "set the pulse counter to 9",
        "x\nGroupKill(XYZ)",
        "output pulses fire the laser, one every 1 s",
    )
    machine = planning.xps_machine()
    block = builders.rows(RUN)
    encoder = NewportXpsEncoder(planning.program_for(planning.RECIPES, [block], machine, title))
    data = planning.encode(encoder, [block])
    assert read(data, encoder.companions(), machine) == planning.planned(block, planning.RECIPES)
    assert not re.search(rb"^GroupKill", data, re.MULTILINE)


def test_the_protocols_are_met() -> None:
    dialect: Dialect = XPS
    machine = planning.xps_machine()
    program = planning.program_for(planning.RECIPES, [builders.rows(RUN)], machine)
    assert isinstance(dialect, ReadsCompanions)
    assert isinstance(dialect.encoder(program), OffersCompanions)
    data, _ = write(builders.rows(RUN), machine)
    with pytest.raises(RereadError, match="not at hand"):
        list(dialect.reader(io.BytesIO(data), machine))


HEAD = b"GPIODigitalSet(GPIO3.DO,1,0)\nGroupMoveAbsolute(XYZ,0.000000,0.000000,0.000000)\n"
OPEN = (
    b"EventExtendedConfigurationTriggerSet(XYZ.PVT.ElementNumberStart,2,0,0,0)\n"
    b"EventExtendedConfigurationActionSet(GPIO3.DO.DOSet,1,1,0,0)\nEventExtendedStart(int *)\n"
)
CLOSE = OPEN.replace(b"Start,2", b"Start,3").replace(b"DOSet,1,1", b"DOSet,1,0")
STAND = b"0.01, 0, 0, 0, 0, 0, 0\n1, 0, 0, 0, 0, 0, 0\n0.01, 0, 0, 0, 0, 0, 0\n"
NAME = f"lc-{hashlib.sha256(STAND).hexdigest()[:16]}.trj".encode()
VERIFY, RUN_IT = b"MultipleAxesPVTVerification(XYZ,%b)\n" % NAME, b"MultipleAxesPVTExecution(XYZ,%b,1)\n" % NAME
END = b"GPIODigitalSet(GPIO3.DO,1,0)\n# end of job\n"
GOOD = HEAD + VERIFY + OPEN + CLOSE + RUN_IT + END
BAD = {
    "moves before every output is closed": GOOD.replace(HEAD[:29], b""),
    "from a place that no move has set": GOOD.replace(HEAD[29:], b""),
    "was not verified before": GOOD.replace(VERIFY, b""),
    "runs without firing": GOOD.replace(OPEN + CLOSE, b""),
    "out of order": GOOD.replace(OPEN + CLOSE, CLOSE + OPEN),
    "stays on behind the trajectory": GOOD.replace(CLOSE, b""),
    "not its action and start right behind it": GOOD.replace(b"EventExtendedStart(int *)\n", b"", 1),
    "an output is set that": GOOD.replace(b"GPIO3.DO,1,0)", b"GPIO3.DO,1,1)"),
    "not an output of the machine profile": GOOD.replace(b"DOSet,1,1", b"DOSet,2,2"),
    "runs a trajectory more than once": GOOD.replace(b".trj,1)", b".trj,2)"),
    "no name of a trajectory file": GOOD.replace(NAME, b"../../etc/passwd"),
    "no such file": GOOD.replace(NAME, b"lc-0123456789abcdef.trj"),
    "is no call that lasercam writes": GOOD.replace(VERIFY, b"GroupKill(XYZ)\n" + VERIFY),
    "neither a comment nor a call": GOOD.replace(VERIFY, b"\n" + VERIFY),
    "behind the closing of the outputs": GOOD.replace(b"# end", RUN_IT + b"# end"),
    "without closing every output": GOOD.replace(END, b"# end of job\n"),
    "without its last line": GOOD.replace(b"# end of job\n", b""),
    "behind the end of the job": GOOD + b"# more\n",
    "leads to where the stage stands": GOOD.replace(VERIFY, HEAD[29:] + VERIFY),
    "while the firing": GOOD.replace(RUN_IT, HEAD[29:].replace(b"0.000000)", b"0.100000)") + RUN_IT),
    "printable ASCII": GOOD.replace(b"# end", b"# \xe9\n# end"),
}


def test_a_small_script_is_a_dot() -> None:
    assert read(GOOD, {NAME.decode(): STAND}, planning.xps_machine()) == [(K.DOT, (0,) * 3, (0,) * 3, 0, 10**9, 0)]


@pytest.mark.parametrize("why", BAD)
def test_what_no_job_says_is_refused_with_its_line(why: str) -> None:
    assert BAD[why] != GOOD
    with pytest.raises(RereadError, match=why) as caught:
        read(BAD[why], {NAME.decode(): STAND}, planning.xps_machine())
    assert 0 < caught.value.line <= BAD[why].count(b"\n")


def golden(name: str) -> tuple[bytes, dict[str, bytes]]:
    path = golden_job.GOLDEN / "newport_xps" / name
    return path.read_bytes(), {p.name: p.read_bytes() for p in path.with_name(f"{name}.files").iterdir()}


GOLDEN = {
    "small_job.xps": (planning.xps_machine(), golden_job.linuxcnc_block()),
    "line_arc.xps": (planning.xps_arc_machine(), golden_job.shots_block()),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_files_hold_the_job(name: str) -> None:
    machine, block = GOLDEN[name]
    assert read(*golden(name), machine) == planning.planned(block, planning.RECIPES)


@pytest.mark.parametrize("name", GOLDEN)
def test_no_damaged_calls_pass_for_the_job(name: str) -> None:
    data, files = golden(name)
    machine, block = GOLDEN[name]
    meant = planning.planned(block, planning.RECIPES)
    found = survivors(data, lambda changed: read(changed, files, machine) == meant)
    calls = {what for what in found if "b'# " not in what}
    # What may change: the acceleration of a line-arc, as long as the leads suffice; the order of two groups' moves;
    # when outputs are closed and a trajectory is verified, if before its run; closing once more at the head.
    harmless = re.compile(
        r"bit of b'XYLineArcExecution|(swapped|twice) b'GPIODigitalSet"
        r"|swapped b'(GroupMoveAbsolute\(XY,|GroupMoveAbsolute\(Z|[A-Za-z]+Verification|[A-Za-z]+PulseOutputSet)"
    )
    assert {what for what in calls if not harmless.match(what)} == set()
    comments = {what for what in found - calls if "one every" in what and "swapped" not in what}
    assert comments == set() or name == "line_arc.xps"


@pytest.mark.parametrize("name", GOLDEN)
def test_no_damaged_trajectory_passes_for_the_job(name: str) -> None:
    data, files = golden(name)
    machine, block = GOLDEN[name]
    meant = planning.planned(block, planning.RECIPES)
    for file, content in files.items():

        def same_name(changed: bytes, file: str = file) -> bool:
            return read(data, {**files, file: changed}, machine) == meant

        def new_name(changed: bytes, file: str = file) -> bool:
            name = f"lc-{hashlib.sha256(changed).hexdigest()[:16]}.trj"
            return read(data.replace(file.encode(), name.encode()), {**files, name: changed}, machine) == meant

        assert survivors(content, same_name) == set()
        found = survivors(content, new_name)
        # A longer or equal rest around an exposure at rest is no change of it.
        assert {what for what in found if "0.01, 0, 0, 0, 0, 0, 0" not in what} == set(), file
