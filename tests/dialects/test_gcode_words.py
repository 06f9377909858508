"""The two tokenizers are one: same words, same numbers, same errors."""

import io
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects import gcode_words
from lasercam.dialects.gcode_words import LineRules, words
from lasercam.errors import RereadError

RULES = (LineRules(40, 40, strict_comments=True), LineRules(1000, 12, strict_comments=False))
PIECES = st.sampled_from(
    [
        *(b"G0", b"G1 ", b"x-1.5", b"Y+.25", b"Z3.", b"F", b"1e3", b"X" * 41, b"X 1 2 . 5 ", b"%", b"/", b"-", b".."),
        *(b"(", b")", b"(MSG,a)", b"(a)", b"( p y )", b";", b"; log", b"(logo", b"(-LOG)"),
        *(b"\r", b"\r\n", b"\n", b"\n", b"\t", b"\0", b"\xb5"),
        *(b"1234567890", b"X0.123456789", b"X.1234567890", b"X.1234567891", b"X999999999", b"X1000000000.5"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map(b"".join), st.binary(max_size=40))


def run(data: bytes, rules: LineRules, *, compiled: bool) -> tuple[list[object], str]:
    found: list[object] = []
    try:
        for w in words(io.BytesIO(data), rules, use_compiled=compiled):
            starts = [int(v) for v in w.starts]
            for i, (a, b) in enumerate(pairwise(starts)):
                found.append(
                    (w.first_line + i, [(int(w.letter[k]), int(w.value[k]), int(w.digits[k])) for k in range(a, b)])
                )
    except RereadError as error:
        return found, str(error)
    return found, ""


@settings(deadline=None, max_examples=400)
@given(TEXTS, st.sampled_from(RULES), st.sampled_from([1, 7, 1 << 20]))
def test_compiled_equals_plain(data: bytes, rules: LineRules, chunk: int) -> None:
    whole = run(data, rules, compiled=False)
    before = gcode_words.CHUNK_BYTES
    try:
        gcode_words.CHUNK_BYTES = chunk
        assert run(data, rules, compiled=False) == whole
        assert run(data, rules, compiled=True) == whole
    finally:
        gcode_words.CHUNK_BYTES = before


@pytest.mark.parametrize("compiled", [False, True])
def test_words_are_exact(compiled: bool) -> None:
    found, error = run(b"g1 X-1.5 y+.25\n\nZ3.(c) F000.123456789\n", LineRules(80, 80, True), compiled=compiled)
    assert error == ""
    assert found == [
        (1, [(71, 10**9, 1), (88, -1_500_000_000, 2), (89, 250_000_000, 2)]),
        (2, []),
        (3, [(90, 3 * 10**9, 1), (70, 123_456_789, 12)]),
    ]


def test_large_files_are_read_compiled_and_small_ones_plain() -> None:
    small, large = b"G0\n" * 10, b"G0X1\n" * 200_000
    assert [w.use_compiled for w in words(io.BytesIO(small), RULES[0])] == [False]
    assert all(w.use_compiled for w in words(io.BytesIO(large), RULES[0]))
