import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import GeometryError
from lasercam.model.confidence import Confidence, worst
from lasercam.model.toolpath import RowKind, ToolpathBlock
from tests.support import builders

K = RowKind


def test_rows_expose_where_the_beam_reaches_the_sample() -> None:
    block = builders.rows([(kind, (i + 1.0, 0.0, 0.0)) for i, kind in enumerate(K)], count=3)
    assert {K(k) for k in block.kind[block.exposes]} == {K.LINE, K.DOT, K.SHOTS, K.CLOSING}
    dot = int(K.DOT)
    assert block.exposed_from()[dot].tolist() == block.end_ticks[dot].tolist()
    assert block.exposed_from()[int(K.LINE)].tolist() == block.start_ticks[int(K.LINE)].tolist()


@pytest.mark.parametrize("column", ["start_ticks", "end_ticks", "count", "recipe", "part"])
def test_columns_of_different_lengths_are_refused(column: str) -> None:
    block = builders.rows([(K.DOT, (1, 0, 0)), (K.DOT, (2, 0, 0))])
    columns = {name: getattr(block, name) for name in ("start_ticks", "end_ticks", "kind", "count", "recipe", "part")}
    columns[column] = columns[column][:1]
    with pytest.raises(GeometryError, match="2 rows need"):
        ToolpathBlock(0, 0, **columns)


def test_published_rows_cannot_be_changed() -> None:
    block = builders.rows([(K.DOT, (1, 0, 0))])
    for array in block.arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_blocks_can_be_read_from_any_row_on() -> None:
    blocks = [
        builders.rows([(K.DOT, (i + j, 0, 0)) for j in range(3)], first_row=3 * i, section=i // 2) for i in range(4)
    ]
    path = builders.toolpath([builders.dot_recipe()], blocks, pass_kinds=[builders.PassKind.WRITE] * 2)
    assert [b.first_row for b in path.blocks(5)] == [3, 6, 9]
    assert [b.first_row for b in path.blocks()] == [0, 3, 6, 9]
    assert list(path.blocks(12)) == []
    assert [b.first_row for b in path.section_blocks(1)] == [6, 9]
    assert [b.first_row for b in path.section_blocks(1)] == [6, 9], "it can be read again"


@given(st.lists(st.sampled_from(list(Confidence))))
def test_a_result_is_as_good_as_its_worst_input(inputs: list[Confidence]) -> None:
    order = list(Confidence)
    assert order.index(worst(inputs)) == max((order.index(c) for c in inputs), default=0)


def test_exposures_are_lines_dots_and_single_shots() -> None:
    kinds = [K.JUMP, K.LEAD, K.OPENING, K.LINE, K.CLOSING, K.LEAD, K.DOT, K.SHOTS]
    block = builders.rows([(kind, (i + 1.0, 0.0, 0.0)) for i, kind in enumerate(kinds)], count=5)
    assert block.n_exposures == 1 + 1 + 5
    assert block.kind_at_sample.tolist() == [K.JUMP, K.LEAD, K.LEAD, K.LINE, K.LINE, K.LEAD, K.DOT, K.SHOTS]
