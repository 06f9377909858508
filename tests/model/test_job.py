import pytest
from pydantic import ValidationError

from lasercam.model.job import JobDocument, Placement, Step
from lasercam.model.recipe import PassKind

JOB = {
    "job": "j",
    "machine": "m",
    "sample": {"id": "a", "material": "other", "size": ["1 mm"] * 3, "refractive_index": "1.5"},
    "patterns": {"p": {"type": "lines"}},
    "steps": [{"name": "s", "write": {"p": "r"}}],
}


@pytest.mark.parametrize("name", ["p", "p-1", "P_2", "0", "a" * 80])
def test_pattern_names(name: str) -> None:
    assert name in JobDocument.model_validate({**JOB, "patterns": {name: {}}}).patterns


@pytest.mark.parametrize("name", ["", "a.b", "a b", "é", "../x", "-a", ".a", "a" * 81, "a\n", "*"])
def test_names_that_no_reference_could_mean_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        JobDocument.model_validate({**JOB, "patterns": {name: {}}})


@pytest.mark.parametrize("name", ["p", "p.a", "*.a", "p?.*", "p.*.red", "p.[ab]", "p.a(1)", "p.é"])
def test_references(name: str) -> None:
    assert Step.model_validate({"name": "s", "erase": {name: "r"}}).exposures == {name: "r"}


@pytest.mark.parametrize("name", ["", ".a", "p.", "p..a", "p a", "p.a b", "p.a\n", "é.a", "p." + "a" * 200])
def test_texts_that_are_no_references(name: str) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate({"name": "s", "write": {name: "r"}})


@pytest.mark.parametrize(
    ("verb", "value", "kind"),
    [
        ("write", {"p": "r"}, PassKind.WRITE),
        ("rewrite", {"p": "r"}, PassKind.REWRITE),
        ("erase", {"p": "r"}, PassKind.ERASE),
        ("manual", "change the ink", None),
        ("remount", {}, None),
        ("soak", {"medium": "water", "hold_time": "1 h"}, None),
        ("read", {"excitation": "365 nm"}, None),
    ],
)
def test_a_step_has_one_verb(verb: str, value: object, kind: PassKind | None) -> None:
    step = Step.model_validate({"name": "s", verb: value})
    assert (step.verb, step.pass_kind) == (verb, kind)
    other = "manual" if verb != "manual" else "remount"
    with pytest.raises(ValidationError, match="exactly one verb"):
        Step.model_validate({"name": "s", verb: value, other: "x" if other == "manual" else {}})


@pytest.mark.parametrize(
    "keys",
    [
        {"rewrite": {"p": "r"}, "over": ["x"]},
        {"manual": "x", "over": "x"},
        {"heat": {"temperature": "20 degC", "hold_time": "1 s"}, "order": "by_setup"},
        {"write": {}},
        {"write": {"p": "r"}, "repeat": 0},
        {"write": {"p": "r"}, "repeat": "nan"},
    ],
)
def test_keys_that_would_mean_nothing_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Step.model_validate({"name": "s", **keys})


def test_one_item_where_a_list_is_allowed() -> None:
    assert Step.model_validate({"name": "s", "write": {"p": "r"}, "over": "one"}).over == ("one",)
    assert Placement.model_validate({"type": "x", "inside": "a"}).inside == ("a",)


@pytest.mark.parametrize(
    "keys",
    [
        {"depth": "-1 um"},
        {"at": ["1 mm"]},
        {"at": ["1 mm", "nan mm"]},
        {"mirror": "z"},
        {"array": {"counts": [0, 1], "pitch": ["1 mm", "1 mm"]}},
        {"array": {"counts": [1, 100_001], "pitch": ["1 mm", "1 mm"]}},
        {"array": {"counts": [1, 1], "pitch": ["0 mm", "1 mm"]}},
        {"rotate": "1"},
    ],
)
def test_impossible_placements_are_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Placement.model_validate({"type": "x", **keys})
