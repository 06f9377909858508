"""Material, kind of feature and verb of every process that is used."""

import pytest

from lasercam.checks.material import Purpose
from lasercam.model.recipe import LaserSettings, PassKind
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


def test_the_kind_of_light_the_source_wrote_with():
    continuous = builders.line_recipe(laser=LaserSettings(405.0, cw_power_uw=1000.0))
    fs, cw = process("glass_bri_lines", regime="femtosecond"), process("glass_bri_lines", regime="cw")
    assert not found(LINE, [fs])
    assert codes(found(LINE, [cw])) == ["W_REGIME"]
    assert codes(found(LINE, [fs], continuous)) == ["W_REGIME"]
    assert not found(LINE, [cw], continuous)
    assert not found(LINE, [process("glass_bri_lines", regime="lamp")], continuous)


@pytest.mark.parametrize(
    ("sample", "says"),
    [
        ({"composition": "CsPbBr1.5I1.5"}, None),
        ({"composition": "CsPbBr0.4I0.6"}, "add up to +2: 2 halides too few"),
        ({"composition": "CsPbBrxI1-x"}, "is no formula"),
        ({"weighed_in": {"CsBr": {"mass": "63.8 mg", "amount": "0.3 mmol"}}}, None),
        ({"weighed_in": {"PbBr2": {"mass": "62 mg", "amount": "0.3 mmol"}}}, "are 110.1 mg, not 62 mg"),
        ({"weighed_in": {"water": {"mass": "1 g", "amount": "1 mol"}}}, "is no formula"),
    ],
)
def test_what_a_sample_is_made_of_must_add_up(sample, says):
    base = {"id": "S", "material": "br_i_borosilicate", "size": ["9 mm", "9 mm", "1 mm"], "refractive_index": 1.5}
    findings = found(LINE, [LINES], written=job(sample=base | sample))
    assert codes(findings) == ["E_SUM_RULE"] * (says is not None)
    assert all(says in f.message for f in findings)
