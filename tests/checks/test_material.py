"""Material, kind of feature and verb of every process that is used."""

import pytest

from lasercam.checks.material import Purpose
from lasercam.model.recipe import PassKind
from lasercam.process.library import load_process
from tests.checks.situation import codes, context, dots, job, judge, lines, process
from tests.support import builders

LINES, REWRITE = load_process("glass_bri_lines"), load_process("glass_bri_rewrite")
LINE, DOT = [lines([((0, 0, 120), (50, 0, 120))])], [dots([(5, 5, 120)])]


def found(blocks, processes, recipe=None, **options):
    return judge(Purpose(), context(blocks, [recipe or builders.line_recipe()], processes=processes, **options))


@pytest.mark.parametrize(("material", "expected"), [("br_i_borosilicate", 0), ("br_borosilicate", 1)])
def test_the_material_the_source_wrote_in(material, expected):
    sample = {"id": "S", "material": material, "size": ["9 mm", "9 mm", "1 mm"], "refractive_index": 1.5}
    findings = found(LINE, [LINES], written=job(sample=sample))
    assert codes(findings) == ["W_MATERIAL"] * expected
    assert all("is for br_i_borosilicate" in f.message for f in findings)


def test_the_kind_of_feature_the_source_wrote():
    assert not found(LINE, [LINES])
    assert codes(found(DOT, [LINES])) == ["W_FEATURE_KIND"]
    assert not found(DOT, [process("glass_bri_lines")])
    assert not found(DOT, [process("glass_bri_lines", features=["areas"])])


@pytest.mark.parametrize(
    ("claimed", "kind", "expected"),
    [
        (LINES, PassKind.WRITE, 0),
        (LINES, PassKind.REWRITE, 1),
        (REWRITE, PassKind.REWRITE, 0),
        (REWRITE, PassKind.WRITE, 1),
        (REWRITE, PassKind.ERASE, 1),
        (load_process("glass_bri_heat_treatment"), PassKind.WRITE, 1),
    ],
)
def test_the_verb_the_process_is_for(claimed, kind, expected):
    recipe = builders.line_recipe(process=claimed.name)
    findings = found(LINE, [claimed], recipe, kinds=(kind,))
    assert [c for c in codes(findings) if c == "E_PASS_KIND"] == ["E_PASS_KIND"] * expected
