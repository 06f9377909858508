from itertools import product
from typing import Any

import pytest

from lasercam.errors import InputError, Location
from lasercam.model.confidence import Confidence
from lasercam.model.job import JobDocument
from lasercam.model.machine import Machine
from lasercam.model.process_window import Process, ProcessDocument, Window
from lasercam.model.recipe import RecipeTable
from lasercam.plan.recipes import build_recipe_table
from tests.support import builders

STATED, ASSUMED = Confidence.STATED, Confidence.ASSUMED


def process(name: str = "p", **windows: Window) -> Process:
    return Process(
        document=ProcessDocument(process=name, title="t", source=f"source of {name}"),
        parameters=windows,
        unknown=(),
        outcome=ProcessDocument(process=name, title="t", source="s").outcome,
        digest="",
        origin="test",
    )


def point(typ: float, **more: Any) -> Window:
    return Window(typ=typ, confidence=more.pop("confidence", STATED), **more)


LINES = process("p", pulse_energy=point(50.0), repetition_rate=point(1e4), speed=point(400.0))
DOTS = process("dots", pulse_energy=point(50.0, confidence=ASSUMED), repetition_rate=point(1e4), exposure=point(1.0))
OPEN = process("open", speed=point(400.0))
TORN = process(
    "torn",
    pulse_energy=Window(candidates=((200.0, STATED, ""), (50.0, ASSUMED, "")), confidence=STATED),
    repetition_rate=point(1e4),
    speed=point(400.0),
)
BOTH = process("both", pulse_energy=point(1.0), repetition_rate=point(1e4), exposure=point(1.0), pulses=point(9.0))
PROCESSES = {p.name: p for p in (LINES, DOTS, OPEN, TORN, BOTH, process("bare"))}


def table(
    recipes: dict[str, dict[str, object]], *names: str, supply: dict[str, Any] | None = None, **machines: Machine
) -> RecipeTable:
    job = JobDocument.model_validate(
        {
            "job": "j",
            "machine": "m",
            "sample": {"id": "a", "material": "other", "size": ["1 mm"] * 3, "refractive_index": "1.5"},
            "patterns": {"x": {}},
            "recipes": recipes,
            "steps": [{"name": "s", "write": {"x": "r"}}],
            "supply": supply or {},
        }
    )
    lines = {("recipes", name): i for i, name in enumerate(recipes)}

    def locate(*path: str | int, key: bool = False) -> Location:
        return Location("/".join(map(str, path)), lines.get(path[:2], 0) + 1, 1)

    used = [(n, machines.get(n, builders.machine())) for n in names or recipes]
    return build_recipe_table(job, used, PROCESSES, locate)


def one(supply: dict[str, Any] | None = None, **keys: object) -> Any:
    found = table({"r": {"process": "p", **keys}}, supply=supply)
    assert len(found) == 1
    return found[0]


def refused(recipes: dict[str, dict[str, object]], *names: str, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        table(recipes, *names, **options)
    return caught.value


def test_a_stated_point_is_the_default_with_its_confidence_and_source() -> None:
    recipe = one()
    assert (recipe.laser.pulse_energy_uj, recipe.laser.rep_rate_hz, recipe.speed_nm_s) == (50.0, 1e4, 400_000)
    assert (recipe.exposure_ns, recipe.pulses, recipe.pitch_ticks) == (0, 0, 0)
    assert recipe.values["pulse_energy"].confidence is STATED
    assert recipe.values["pulse_energy"].source == "source of p"
    assert recipe.laser.pulse_duration_fs == 300.0, "the machine's"
    assert one(process="dots").values["pulse_energy"].confidence is ASSUMED


def test_a_drive_of_the_job_replaces_the_stated_one() -> None:
    recipe = one(exposure="10 ms")
    assert (recipe.speed_nm_s, recipe.exposure_ns, recipe.writes_lines) == (0, 10_000_000, False)
    both = one(exposure="10 ms", speed="1 mm/s")
    assert both.writes_lines
    assert both.writes_dots


def test_values_away_from_the_stated_point_are_extrapolated() -> None:
    assert one(pulse_energy="50 uJ").values["pulse_energy"].confidence is STATED
    assert one(pulse_energy="50.1 uJ").values["pulse_energy"].confidence is Confidence.EXTRAPOLATED
    assert one(process="torn", pulse_energy="50 uJ").values["pulse_energy"].confidence is ASSUMED
    assert one(process="torn", pulse_energy="0.2 mJ").values["pulse_energy"].confidence is STATED


def test_like_inherits_what_is_not_given_again() -> None:
    recipes = {
        "base": {"process": "p", "pulse_energy": "10 uJ", "speed": "1 mm/s"},
        "middle": {"like": "base", "pulse_energy": "20 uJ"},
        "last": {"like": "middle", "speed": "2 mm/s", "process": "open", "repetition_rate": "5 kHz"},
    }
    found = table(recipes)
    laser = [(r.name, r.process, r.laser.pulse_energy_uj, r.laser.rep_rate_hz, r.speed_nm_s) for r in found.recipes]
    assert laser == [
        ("base", "p", 10.0, 1e4, 1_000_000),
        ("middle", "p", 20.0, 1e4, 1_000_000),
        ("last", "open", 20.0, 5e3, 2_000_000),
    ]


@pytest.mark.parametrize(
    ("recipes", "says"),
    [
        ({"a": {"like": "a"}}, "circle: a → a"),
        ({"a": {"like": "b"}, "b": {"like": "c"}, "c": {"like": "b"}}, "circle: a → b → c → b"),
        ({"a": {"like": "bee"}, "be": {"process": "p"}}, "unknown recipe 'bee'; did you mean 'be'?"),
        ({"a": {}}, "recipe 'a' names no process"),
        ({"a": {"process": "dts"}}, "unknown process 'dts'; did you mean 'dots'?"),
        ({"a": {"process": "open"}}, "recipe 'a' has no repetition_rate, and process 'open' states none"),
        ({"a": {"process": "torn"}}, "Its source offers 200 µJ or 50 µJ: choose one"),
        ({"a": {"process": "p", "exposure": "1 s", "pulses": "5"}}, "gives both exposure and pulses"),
        ({"a": {"process": "both"}}, "gives both exposure and pulses"),
        ({"a": {"process": "p", "pulses": "5"}, "b": {"like": "a", "exposure": "1 s"}}, "gives both"),
        ({"a": {"process": "p", "pulses": "2.5"}}, "asks for 2.5 pulses; pulses are whole"),
        ({"a": {"process": "p", "pulses": {"from": "1", "to": "4", "count": "3"}}}, "asks for 2.5 pulses"),
        ({"a": {"process": "p", "speed": "0.4 nm/s"}}, "speed is below 1 nm/s"),
        ({"a": {"process": "p", "exposure": "0.4 ns"}}, "exposure is below 1 ns"),
        ({"a": {"process": "p", "pitch": "0.04 nm"}}, "pitch is below 0.1 nm"),
        ({"a": {"process": "p", "exposure": "1000 d"}}, "exposure is beyond"),
        ({"a": {"process": "p", "speed": "1e6 km/s"}}, "speed is beyond"),
        (
            {"a": {"process": "p", "speed": {"from": "1 mm/s", "to": "2 mm/s", "count": "300"},
                   "pulse_energy": {"from": "1 uJ", "to": "2 uJ", "count": "300"}}},
            "90,000 members; a table holds at most 65,536",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_resolved_is_refused(recipes: dict[str, dict[str, object]], says: str) -> None:
    error = refused(recipes)
    assert says in str(error)
    assert all(p.location is not None and p.location.file.startswith("recipes/") for p in error.problems)


def test_everything_missing_is_named_at_once() -> None:
    assert len(refused({"a": {"process": "open"}}).problems) == 2
    assert len(refused({"a": {"process": "bare"}}).problems) == 3


def test_families_are_counted_with_the_first_key_slowest() -> None:
    energies, rates, speeds = (10.0, 20.0), (1e3, 2e3, 3e3), (100.0, 200.0)
    keys = {
        "speed": [f"{v} um/s" for v in speeds],
        "repetition_rate": [f"{v} Hz" for v in rates],
        "pulse_energy": [f"{v} uJ" for v in energies],
    }
    found = table({"before": {"process": "p"}, "r": {"process": "p", **keys}, "after": {"process": "p"}})
    assert (found.first, found.sizes) == ({"before": 0, "r": 1, "after": 13}, {"before": 1, "r": 12, "after": 1})
    members = found.recipes[1:13]
    got = [(r.laser.pulse_energy_uj, r.laser.rep_rate_hz, r.speed_nm_s / 1000) for r in members]
    assert got == list(product(energies, rates, speeds))
    assert [r.member for r in members] == list(range(12))
    assert [members[3].label, found[0].label] == ["r[3]", "before"]


def test_times_speeds_and_distances_are_rounded_once() -> None:
    recipe = one(exposure="1.2345678915 s", speed="0.1234567 mm/s", pitch="0.12346 um")
    assert (recipe.exposure_ns, recipe.speed_nm_s, recipe.pitch_ticks) == (1_234_567_892, 123_457, 1235)
    assert one(pulses="4294967295").pulses == 4_294_967_295


def supplied(**values: str) -> dict[str, Any]:
    return {key: {"value": value, "source": "knife edge"} for key, value in values.items()}


def test_supplied_numbers_fill_what_the_source_leaves_open() -> None:
    recipe = one({"open": supplied(repetition_rate="5 kHz", pulse_energy="7 uJ", spot_radius="4 um")}, process="open")
    assert (recipe.laser.rep_rate_hz, recipe.laser.pulse_energy_uj) == (5e3, 7.0)
    assert recipe.values["spot_radius"].value == 4.0
    assert {recipe.values[k].source for k in ("repetition_rate", "spot_radius")} == {"knife edge"}
    assert recipe.values["repetition_rate"].confidence is Confidence.SUPPLIED
    given = one({"open": supplied(repetition_rate="5 kHz", pulse_energy="7 uJ")}, process="open", pulse_energy="9 uJ")
    assert given.laser.pulse_energy_uj == 9.0, "the recipe's own value comes first"
    assert one({"torn": supplied(pulse_energy="50 uJ")}, process="torn").laser.pulse_energy_uj == 50.0
    assert one({"dots": supplied(exposure="9 s")}).exposure_ns == 0, "supplied to another process"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"spot_radius": "4"}, "spot_radius: '4' has no unit"),
        ({"spot_radius": "4 uJ"}, "is not a length"),
        ({"spot_radius": "-4 um"}, "spot_radius: '-4 um' must be above 0"),
        ({"spot_radius": "0 um"}, "must be above 0"),
        ({"pulse_energy": "0 uJ"}, "must be above 0"),
        ({"depth": "-1 um"}, "must be at least 0"),
        ({"pulses": "0"}, "must be above 0"),
        ({"pulses": "2.5"}, "pulses are whole"),
        ({"pulses": "1e10"}, "at most 4,294,967,295"),
        ({"pulses": "5", "exposure": "1 s"}, "gives both"),
    ],
)
def test_unusable_supplies_are_refused_where_they_stand(values: dict[str, str], says: str) -> None:
    error = refused({"r": {"process": "p"}}, supply={"p": supplied(**values)})
    assert says in str(error)
    assert error.problems[0].location is not None


def test_texts_and_zeros_that_mean_something_are_let_through() -> None:
    recipe = one({"p": supplied(reversibility="one-way", depth="0 um", anneal_temperature="-20 degC")})
    assert "reversibility" not in recipe.values
    assert (recipe.values["depth"].value, recipe.values["anneal_temperature"].value) == (0.0, -20.0)


def test_a_recipe_belongs_to_one_laser() -> None:
    other = builders.machine(
        objective={"name": "other", "na": 0.8, "working_distance": "1 mm", "source": "example value"}
    )
    recipes = {"r": {"process": "p"}, "q": {"process": "p"}}
    assert len(table(recipes, "r", "q", "r", q=other)) == 2
    job = {"r": {"process": "p"}}
    document = JobDocument.model_validate(
        {"job": "j", "machine": "m", "patterns": {"x": {}}, "recipes": job,
         "sample": {"id": "a", "material": "other", "size": ["1 mm"] * 3, "refractive_index": "1.5"},
         "steps": [{"name": "s", "write": {"x": "r"}}]}
    )  # fmt: skip
    with pytest.raises(InputError, match="two machines with different optics"):
        build_recipe_table(
            document, [("r", builders.machine()), ("r", other)], PROCESSES, lambda *_a, **_k: Location("f", 1, 1)
        )
