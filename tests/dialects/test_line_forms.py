"""Lines of fixed forms: both ways of reading agree, and only the one canonical writing of a number is read."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lasercam.dialects.line_forms import COMMENT, MAX_LINE_BYTES, Forms
from lasercam.errors import RereadError

FORMS = ("G0 X#", "G0 X# Y#", "G1 X# F#", "RANGE #,#", "INPUT 0 4", "INPUT 0 42", "X1C2(#)", "end")
LANGUAGE = Forms(FORMS, ";")
Found = tuple[list[int], list[int], str, int]


def read(data: bytes, *, compiled: bool) -> Found:
    """Forms, numbers, and the error with its line."""
    forms: list[int] = []
    numbers: list[int] = []
    try:
        for lines in LANGUAGE.read(io.BytesIO(data), use_compiled=compiled):
            forms += list(lines.form)
            numbers += list(lines.numbers)
    except RereadError as error:
        return forms, numbers, error.reason, error.line
    return forms, numbers, "", 0


@pytest.mark.parametrize("compiled", [False, True])
def test_lines_are_read(compiled: bool) -> None:
    forms, numbers, error, _ = read(
        b"; any text # 1\nG0 X-0.5 Y12\nINPUT 0 42\nX1C2(7)\nRANGE -20,3.000000001\nend\n", compiled=compiled
    )
    assert (forms, error) == ([COMMENT, 1, 5, 6, 3, 7], "")
    assert numbers[4:8] == [-500_000_000, 12_000_000_000, 0, 0]
    assert numbers[16:20] == [-20_000_000_000, 3_000_000_001, 0, 0]


REFUSED = [
    b"", b"G0 X", b"G0 X1.", b"G0 X.5", b"G0 X+1", b"G0 X01", b"G0 X-0", b"G0 X-0.0", b"G0 X--1", b"G0 X1e3",
    b"G0 X1 ", b" G0 X1", b"G0  X1", b"g0 X1", b"G0 X1\r", b"G0 X1\0", b"G0 X#", b"G0 X1 Y2 Z3", b"INPUT 0 5",
    b"INPUT 0 420", b"INPUT 00 4", b"INPUT 0 4.0", b"G0 X1234567890", b"G0 X1.1234567890", b"en", b"ende",
    b"; \xb5", b"; \t", b";" * (MAX_LINE_BYTES + 1), b"G0 X1" * 100, b"G0 X1\xb5",
]  # fmt: skip


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("line", REFUSED)
def test_what_has_no_form_is_refused(line: bytes, compiled: bool) -> None:
    _, _, error, number = read(b"G0 X1\n" + line + b"\nend\n", compiled=compiled)
    assert error
    assert number == 2


@pytest.mark.parametrize("compiled", [False, True])
def test_a_file_without_its_last_line_end_was_cut(compiled: bool) -> None:
    assert read(b"end\nend", compiled=compiled)[2:] == ("the file does not end with a line end: it was cut", 2)
    assert read(b"end\n" + b"G" * 3_000_000, compiled=compiled)[3] == 2
    assert read(b"", compiled=compiled) == ([], [], "", 0)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*FORMS, ";"]).flatmap(
                lambda form: st.lists(
                    st.one_of(st.from_regex(r"-?[0-9]{1,11}(\.[0-9]{0,11})?", fullmatch=True), st.just("7")),
                    min_size=form.count("#"), max_size=form.count("#"),
                ).map(lambda numbers: _filled(form, numbers))
            ),
            st.text("G0X1.-#;, end\x00\xb5", max_size=12),
        ),
        max_size=6,
    )
)  # fmt: skip
def test_compiled_equals_plain(lines: list[str]) -> None:
    data = "".join(f"{line}\n" for line in lines).encode("latin-1")
    assert read(data, compiled=True) == read(data, compiled=False)


def _filled(form: str, numbers: list[str]) -> str:
    for number in numbers:
        form = form.replace("#", number, 1)
    return form


def test_forms_that_a_line_could_have_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        Forms(["G0 X#", "G0 X#"], ";")
    with pytest.raises(ValueError, match="one place"):
        Forms(["G0 X#", "G0 X1"], ";")
