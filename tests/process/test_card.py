"""Cards carry everything a reader of a process must know, within the width asked for."""

import pytest

from lasercam.process.card import card, summary_rows
from lasercam.process.library import load_library, load_process
from lasercam.process.window import describe


@pytest.mark.parametrize("name", sorted(load_library()))
def test_a_card_says_everything(name: str) -> None:
    process = load_process(name)
    document = process.document
    said = " ".join(" ".join(card(process)).split())
    assert said.startswith(f"{name}: {document.title} Source: {document.source}")
    for parameter, window in process.parameters.items():
        label = parameter.replace("_", " ")
        assert f"{label}: {describe(parameter, window)} ({window.confidence.value})" in said
        for _, confidence, assume in window.candidates:
            assert f"({confidence.value}), assuming {assume}" in said
    for unknown in process.unknown:
        assert f"{unknown.key}" in said
        assert unknown.why in said
    for conflict in document.conflicts:
        assert f"- {conflict}" in said
    for fact in process.outcome.facts.values():
        assert f"{fact.value} ({fact.confidence.value})" in said
    for rule in document.rules:
        assert rule.code in said
        assert rule.says in said
    for stage in (*document.steps, *document.cases):
        assert stage.step.replace("_", " ") in said
    for limit in process.limits.values():
        assert limit.conditions in said
    assert process.digest in said
    assert ("Contradictions in the source" in said) == bool(document.conflicts)


@pytest.mark.parametrize("width", [60, 100])
def test_cards_keep_to_the_width(width: int) -> None:
    for process in load_library().values():
        body = card(process, width)[1:-1]
        assert all(len(line) <= width for line in body)
        assert all(line.isprintable() for line in body)


def test_who_answers_is_said() -> None:
    lines = card(load_process("glass_bri_dots"), 200)
    assert "  na: no objective is named; answered by the machine profile" in lines
    assert "  spot_radius: no focal spot is given; answered by `supply` in the job" in lines
    assert any(line.startswith("  feature_pitch (for dots)") and line.endswith("the pattern") for line in lines)


def test_rules_read_as_conditions() -> None:
    said = "\n".join(card(load_process("glass_bri_heat_treatment"), 400))
    assert "when temperature is above 500 degC: " in said
    assert "when temperature is between 450 degC and 550 degC in i_borosilicate: " in said
    assert "(warning) after glass_bri_rewrite: " in said
    assert "unless atmosphere is supplied: " in "\n".join(card(load_process("film_fapbi3_delta_alpha"), 400))


def test_summary() -> None:
    rows = {row.name: row for row in summary_rows(load_library())}
    assert list(rows) == sorted(load_library())
    dots = rows["glass_bri_dots"]
    assert (dots.kind, dots.passes, dots.materials) == ("exposure", ("write",), ("br_i_borosilicate",))
    assert (dots.n_unknown, dots.n_conflicts, dots.origin) == (7, 3, "lasercam")
    assert rows["glass_cspbbr3_reversible"].doi == "10.1038/s41566-019-0538-8"
    assert rows["glass_bri_heat_treatment"].passes == ()
