"""Order of characters on lines that run both ways: worked examples, and properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lasercam.sources.text.bidi import line_levels, visual_runs

# Capitals stand for Hebrew letters, as in the examples of UAX #9.
HEBREW = {chr(ord("A") + i): chr(0x5D0 + i) for i in range(26)}


def shown(sample: str) -> str:
    """The line as it stands, capitals for letters that run to the left."""
    real = "".join(HEBREW.get(c, c) for c in sample)
    runs = visual_runs(real, [""] * len(real))
    mirrored = str.maketrans("()[]", ")(][")  # as the shaper does in runs to the left
    pieces = [
        sample[r.first : r.stop][::-1].translate(mirrored) if r.is_rtl else sample[r.first : r.stop] for r in runs
    ]
    return "".join(pieces)


@pytest.mark.parametrize(
    ("stored", "visual"),
    [
        ("car is THE CAR in arabic", "car is RAC EHT in arabic"),
        ("CAR IS the car IN ENGLISH", "HSILGNE NI the car SI RAC"),
        ("he said 'IT IS 123, 456, OK'.", "he said 'KO ,456 ,123 SI TI'."),
        ("ABC 12-34 DEF", "FED 12-34 CBA"),
        ("abc 12 def", "abc 12 def"),
        ("ABC", "CBA"),
        ("12", "12"),
        ("AB (cd EF [&ef] !) gh", "gh (! [ef&] FE cd) BA"),
        ("smith (fabrikam ARABIC) HEBREW", "smith (fabrikam CIBARA) WERBEH"),
        ("ARABIC (BOOK) x", "x (KOOB) CIBARA"),
        ("ABC (12) d", "d (12) CBA"),
        ("", ""),
        ("A  ", "  A"),
        ("a B  ", "a B  "),
    ],
)
def test_worked_examples(stored: str, visual: str) -> None:
    assert shown(stored) == visual


@given(st.text(alphabet="abcABC 12,.-$%()", max_size=30))
def test_every_character_stands_once(sample: str) -> None:
    stands = [i for r in visual_runs(sample, [""] * len(sample)) for i in range(r.first, r.stop)]
    assert sorted(stands) == list(range(len(sample)))
    assert len(shown(sample)) == len(sample)


@given(st.text(alphabet="abc 12,.-$%()", max_size=30))
def test_text_without_rtl_letters_stays(sample: str) -> None:
    assert shown(sample) == sample
    assert all(level % 2 == 0 for level in line_levels(sample))
