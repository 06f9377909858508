"""Tables as people fill them, and tables that are none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import InputError, UsageError
from lasercam.process.fit.results import read_results
from tests.process.fit.tables import dots, table


def test_a_table_is_read_with_gaps_answers_and_lines() -> None:
    text = "code,pulse_energy_uJ,glows,width_um,peak_nm\nA1,10,yes,1.5,\nA2,20,No,0,\n\nA3,30,,,514\n"
    read = read_results(text.encode(), "r.csv")
    assert read.texts["code"] == ("A1", "A2", "A3")
    assert read.settings["pulse_energy"].tolist() == [10, 20, 30]
    assert read.glows.tolist() == [1, 0, -1]
    assert read.lines.tolist() == [2, 3, 5]
    np.testing.assert_array_equal(read.measured["width_um"], [1.5, 0, np.nan])
    np.testing.assert_array_equal(read.measured["peak_nm"], [np.nan, np.nan, 514])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_spreadsheets_write_is_read_the_same(separator: str, ends: bytes, mark: bytes) -> None:
    plain, other = table(dots()), mark + table(dots(), separator).replace(b"\n", ends)
    for key, values in read_results(plain, "a").settings.items():
        np.testing.assert_array_equal(values, read_results(other, "a").settings[key])


HEAD = b"pulse_energy_uJ,glows,width_um\n"


@pytest.mark.parametrize(
    ("content", "says", "line"),
    [
        (b"", "empty", 1),
        (b"\n\n", "lacks the columns", 1),
        (HEAD, "no cells", 1),
        (b"pulse_energy_mJ,glows,width_um\n1,,2\n", "did you mean 'pulse_energy_uJ'", 1),
        (b"glows,width_um,width_um\n,1,1\n", "stands twice", 1),
        (b"pulse_energy_uJ,width_um\n1,2\n", "lacks the columns", 1),
        (HEAD + b"1,,2\n1,,two\n", "'two' under width_um is not a number", 3),
        (HEAD + b"nan,,2\n", "'nan' under pulse_energy_uJ", 2),
        (HEAD + b"inf,,2\n", "'inf' under", 2),
        (HEAD + b"1e300,,2\n", "'1e300' under", 2),
        (HEAD + b"0,,2\n", "not a number above zero", 2),
        (HEAD + b"-1,,2\n", "'-1' under", 2),
        (HEAD + b"1_0,,2\n", "'1_0' under", 2),
        (HEAD + "1,,٣\n".encode(), "'٣' under", 2),
        (HEAD + b'"1,5",,2\n', "decimal point", 2),
        (HEAD + b"1,perhaps,2\n", "neither yes nor no", 2),
        (HEAD + b"1,2\n", "2 values stand under 3 columns", 2),
        (HEAD + b"1,,2,\n", "4 values stand under 3 columns", 2),
        (HEAD + b"1,,\xff\n", "not UTF-8", 2),
        (b"PK\x03\x04\0\0" + HEAD, "NUL", 1),
        (HEAD + b'1,,"2\n', "no CSV table", 2),
    ],
)
def test_hostile_tables_are_refused_with_their_line(content: bytes, says: str, line: int) -> None:
    with pytest.raises(InputError, match=r"r\.csv") as caught:
        read_results(content, "r.csv")
    assert any(says in str(p) and p.location and p.location.line == line for p in caught.value.problems), caught.value


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_an_input_error(junk: bytes) -> None:
    for content in (junk, HEAD + junk):
        try:
            read = read_results(content, "x")
        except InputError:
            continue
        assert len(read) > 0
        assert all(np.isfinite(v[~np.isnan(v)]).all() for v in [*read.settings.values(), *read.measured.values()])


def test_cells_are_chosen_by_quantity_or_text() -> None:
    read = read_results(table(dots(pulses=(1, 10))), "x.csv")
    assert len(read.only("pulses", "10")) == 21
    assert read.only("recipe", "r[3]").lines.tolist() == [5]
    for key, value, says in [
        ("pulses", "11", "there are 1, 10"),
        ("pulse_energy", "1.2", "no unit"),
        ("puls", "1", "did you mean 'pulses'"),
        ("step", "rewrite", "there are write"),
    ]:
        with pytest.raises(UsageError, match=says):
            read.only(key, value)
