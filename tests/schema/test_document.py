from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.errors import InputError
from lasercam.model.job import JobDocument, Step
from lasercam.model.machine import Machine
from lasercam.schema.document import MAX_PROBLEMS, Document, read_document
from lasercam.schema.tree import Tree, parse_yaml

JOB = """\
job: good
machine: m
sample: {id: A7, material: other, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.5}
patterns:
  grid: {type: lines, anything: goes}
recipes:
  dual: {process: p, pulse_energy: 50 uJ}
  speed: {like: dual}
steps:
  - {name: first, write: {grid.lines: dual}}
  - name: oven
    heat: {temperature: 200 degC, hold_time: 1 h}
supply:
  p: {spot_radius: {value: 4 um, source: measured}}
waive:
  - {code: W_X, on: machine, because: it is so}
"""

MACHINE = """\
machine: m
title: a machine
axes:
  x: {min: 0 mm, max: 1 mm, max_speed: 1 mm/s, acceleration: 1 mm/s^2}
  y: {min: 0 mm, max: 1 mm, max_speed: 1 mm/s, acceleration: 1 mm/s^2}
  z: {min: 0 mm, max: 1 mm, max_speed: 1 mm/s, acceleration: 1 mm/s^2}
laser:
  wavelength: 1030 nm
  pulse_duration: 300 fs
  base_rate: 10 kHz
  pulse_energy: {min: 1 uJ, max: 2 uJ}
  source: example value
gate: {min_open: 1 ms, overhead: 0 s, source: example value}
objective: {name: o, na: 0.4, working_distance: 1 mm, source: example value}
controller: {dialect: linuxcnc, increment: 1 nm, path_tolerance: 1 um, source: example value}
source: example value
"""


def problems(text: str, model: type[Document] = JobDocument) -> list[tuple[tuple[int, int], str]]:
    with pytest.raises(InputError) as caught:
        read_document(model, parse_yaml(text, "f"), what="a job")
    return [((p.location.line, p.location.column), str(p)) for p in caught.value.problems if p.location]


def changed(old: str, new: str, text: str = JOB) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_the_good_ones_are_read() -> None:
    assert read_document(JobDocument, parse_yaml(JOB, "f"), what="a job").recipes["dual"].pulse_energy == (50.0,)
    assert read_document(Machine, parse_yaml(MACHINE, "f"), what="a machine").controller.increment == 0.001


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("job: good", "jab: good", (1, 1), "unknown key 'jab'; did you mean 'job'?"),
        ("id: A7", "id: A7, sise: 1", (3, 18), "did you mean 'size'?"),
        ("process: p,", "proces: p,", (7, 10), "did you mean 'process'?"),
        ("speed: {like: dual}", "speed: {lik: dual}", (8, 11), "did you mean 'like'?"),
        ("speed: {like: dual}", "source: {lik: dual}", (8, 12), "did you mean 'like'?"),
        ("name: first,", "nam: first,", (10, 6), "did you mean 'name'?"),
        ("name: first,", "name: first, mashine: x,", (10, 19), "did you mean 'machine'?"),
        ("temperature:", "temprature:", (12, 12), "did you mean 'temperature'?"),
        ("value: 4 um", "valu: 4 um", (14, 21), "did you mean 'value'?"),
        ("p: {spot_radius: {value:", "value: {source: {valu:", (14, 20), "did you mean 'value'?"),
        ("because:", "becaus:", (16, 30), "did you mean 'because'?"),
    ],
)
def test_unknown_keys_at_every_depth(old: str, new: str, where: tuple[int, int], says: str) -> None:
    found = [p for p in problems(changed(old, new)) if "unknown key" in p[1]]
    assert [p[0] for p in found] == [where]
    assert says in found[0][1]


@pytest.mark.parametrize(
    ("old", "new", "where", "allowed"),
    [
        ("job: good", "job: good\nzzz: 1", (2, 1), "cites, job, machine, patterns,"),
        (
            "like: dual",
            "zzz: dual",
            (8, 11),
            "average_power, compensation, dot_diameter, emission, exposure, fluence, fluence_is, like,",
        ),
        (
            "hold_time:",
            "hold_time: 1 h, zzz:",
            (12, 51),
            "atmosphere, emission, hold_time, process, ramp_rate, temperature.",
        ),
        ("value: 4 um", "zzz: 4 um, value: 4 um", (14, 21), "definition, source, value."),
        ("code: W_X", "code: W_X, zzz: 1", (16, 17), "because, code, on."),
    ],
)
def test_the_allowed_keys_are_those_of_that_place(old: str, new: str, where: tuple[int, int], allowed: str) -> None:
    (found,) = problems(changed(old, new))
    assert found[0] == where
    assert f"Allowed: {allowed}" in found[1]


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("job: good\n", "", (1, 1), "the key 'job' is missing: the job's name"),
        ("patterns:\n", "pattern:\n", (1, 1), "the key 'patterns' is missing: WHAT: geometry by name"),
        ("id: A7, ", "", (3, 1), "the key 'id' is missing: the lab's name"),
        ("hold_time: 1 h", "ramp_rate: 5 K/min", (12, 5), "the key 'hold_time' is missing: at the plateau"),
        ("name: first, ", "", (10, 5), "the key 'name' is missing"),
        ("value: 4 um, ", "", (14, 7), "the key 'value' is missing"),
        ("machine: m", "machine:", (2, 9), "the key 'machine' has no value: a name in machine_profiles"),
        ("size: [10 mm, 10 mm, 2 mm]", "size: [10 mm, 10 mm]", (3, 41), "'size' has too few values: number 3"),
        ("size: [10 mm, 10 mm, 2 mm]", "size: [10 mm, 10, 2 mm]", (3, 49), "size: '10' has no unit"),
        ("refractive_index: 1.5", "refractive_index: 5", (3, 81), "'5' does not fit 'refractive_index'"),
        ("refractive_index: 1.5", "refractive_index: nan", (3, 81), "finite"),
        ("refractive_index: 1.5", "refractive_index: [1]", (3, 81), "does not fit"),
        ("job: good", "job: a b", (1, 6), "does not fit 'job'"),
        ("  grid: {", "  a.b: {", (5, 3), "'a.b' cannot be a name here"),
        ("{grid.lines: dual}", "{grid lines: dual}", (10, 27), "'grid lines' cannot be a name here"),
        ("{grid.lines: dual}", "{grid.lines: a b}", (10, 39), "does not fit 'grid.lines'"),
        ("{grid.lines: dual}", "{}", (10, 26), "does not fit 'write'"),
        ("write: {grid.lines: dual}", "write: {grid.lines: dual}, erase: {a: b}", (10, 5), "found write and erase"),
        ("write: {grid.lines: dual}", "repeat: 3", (10, 5), "found none"),
        ("write: {grid.lines: dual}", "rewrite: {grid: dual}, over: x", (10, 5), "only a write needs"),
        ("heat: {", "order: as_given\n    heat: {", (11, 5), "orders no features"),
        ("name: first", "name: first, repeat: 0", (10, 27), "'0' does not fit 'repeat'"),
        ("name: first", "name: first, repeat: 1.5", (10, 27), "does not fit 'repeat'"),
        ("name: first", "name: first, repeat: " + "9" * 5000, (10, 27), "does not fit 'repeat'"),
        ("name: first", "name: first, order: plannd", (10, 26), "did you mean 'planned'?"),
        ("name: first", "name: first, order: [planned]", (10, 26), "unknown value of 'order'"),
        ("code: W_X", "code: X", (16, 12), "'X' does not fit 'code'"),
        ("job: good", "job: good\nseed: -1", (2, 7), "'-1' does not fit 'seed'"),
        ("steps:", "steps: x\nsteps2:", (9, 8), "'x' does not fit 'steps'"),
        ("temperature: 200 degC", "temperature: 200", (12, 25), "temperature: '200' has no unit"),
        ("pulse_energy: 50 uJ", "pulse_energy: [50 uJ, 5 mm]", (7, 44), "'5 mm' is not an energy"),
    ],
)
def test_every_kind_of_problem_has_the_place_of_its_token(
    old: str, new: str, where: tuple[int, int], says: str
) -> None:
    found = problems(changed(old, new))
    assert (where, True) in [(p[0], says in p[1]) for p in found], found


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("x: {min: 0 mm", "x: {min: 2 mm", (4, 6), "min below max"),
        ("{min: 1 uJ, max: 2 uJ}", "{min: 3 uJ, max: 2 uJ}", (11, 17), "min not above max"),
        ("increment: 1 nm", "increment: 0.04 nm", (15, 44), "multiple of 0.1 nm"),
        ("increment: 1 nm", "increment: 0.25 nm", (15, 44), "multiple of 0.1 nm"),
        ("increment: 1 nm", "increment: 0 nm", (15, 44), "must be above 0"),
        ("na: 0.4", "na: inf", (14, 26), "finite"),
        ("na: 0.4", "na: nan", (14, 26), "finite"),
        ("dialect: linuxcnc", "dialect: ../x", (15, 23), "does not fit 'dialect'"),
        ("gate: {", "gate: {pin: 3, ", (13, 8), "Allowed: close_delay, min_open, open_delay,"),
        ("  y: {min: 0 mm", "  y: {min: 0 mm, mac: 1 mm", (5, 18), "did you mean 'max'?"),
        ("acceleration: 1 mm/s^2}\nlaser", "acceleration: 1 mm/s}\nlaser", (6, 62), "not an acceleration"),
    ],
)  # fmt: skip
def test_machine_profiles(old: str, new: str, where: tuple[int, int], says: str) -> None:
    found = problems(changed(old, new, MACHINE), Machine)
    assert (where, True) in [(p[0], says in p[1]) for p in found], found


@pytest.mark.parametrize("text", ["", "a", "[a]", "- job: x", "# nothing\n"])
def test_what_is_no_mapping_is_told_so(text: str) -> None:
    (found,) = problems(text)
    assert found[0][0] == 1
    assert "a job is a mapping with keys such as job, title" in found[1]


def test_all_problems_come_at_once_and_in_order_but_not_without_end() -> None:
    found = problems(JOB + "x1: 1\nx2: 2\n")
    assert [p[0] for p in found] == [(17, 1), (18, 1)]
    found = problems(JOB + "".join(f"x{i}: 1\n" for i in range(50_000)))
    assert len(found) == MAX_PROBLEMS + 1
    assert "49,900 more problems are not listed" in found[-1][1]


WORDS = st.sampled_from(
    ["", "x", "1", "-1", "1.5", "nan", "5 um", "-5 um", "0 s", "1 uJ", "10 kHz", "200 degC", "true", "a.b", "*", "p q",
     "planned", "write", "lines", "none", "linuxcnc", "1e99 um", "9" * 40, "\u00b5", "[key]", "x" * 300]
)  # fmt: skip


def _keys(model: type[Document]) -> list[str]:
    return [*model.model_fields, "zzz", "1", "", "[key]"]


JOB_KEYS = st.sampled_from(
    sorted({*_keys(JobDocument), *_keys(Step), "from", "to", "count", "scale", "p", "temperature"})
)
MACHINE_KEYS = st.sampled_from(
    sorted({*(k for f in Machine.model_fields.values() for k in getattr(f.annotation, "model_fields", {})), "x", "min"})
)


def _tree(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | WORDS | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys | st.text(max_size=4), inner, max_size=5),
        max_leaves=15,
    )


def _mutated(draw: st.DrawFn, data: Any, wild: st.SearchStrategy[Any]) -> Any:
    """The document with something else put in at one random place."""
    path = []
    here = data
    while isinstance(here, dict | list) and here and draw(st.integers(0, 3)):
        step = draw(st.sampled_from(sorted(here))) if isinstance(here, dict) else draw(st.integers(0, len(here) - 1))
        path.append((here, step))
        here = here[step]
    if not path:
        return draw(wild)
    holder, step = path[-1]
    what = draw(st.integers(0, 2))
    if what == 0 and isinstance(holder, dict):
        del holder[step]
    elif what == 1 and isinstance(holder, dict):
        holder[draw(JOB_KEYS | MACHINE_KEYS)] = draw(wild)
    else:
        holder[step] = draw(wild)
    return data


@st.composite
def mutants(draw: st.DrawFn, text: str) -> Any:
    data: Any = parse_yaml(text, "f").data
    for _ in range(draw(st.integers(1, 3))):
        data = _mutated(draw, data, _tree(JOB_KEYS | MACHINE_KEYS))
    return data


def _only_input_errors(model: type[Document], data: Any) -> None:
    try:
        read_document(model, Tree(data, "f"), what="a test")
    except InputError as error:
        found = error.problems
    else:
        found = ()
    assert all(p.location is not None and p.message for p in found)
    assert all(len(str(p)) < 2500 and str(p).isprintable() for p in found)


@settings(max_examples=300)
@given(mutants(JOB) | _tree(JOB_KEYS))
def test_a_job_is_read_or_refused_with_places(data: Any) -> None:
    _only_input_errors(JobDocument, data)


@settings(max_examples=300)
@given(mutants(MACHINE) | _tree(MACHINE_KEYS))
def test_a_machine_is_read_or_refused_with_places(data: Any) -> None:
    _only_input_errors(Machine, data)
