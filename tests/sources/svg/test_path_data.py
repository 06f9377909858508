"""Path data: both readers against each other, and against svgpathtools."""

import numpy as np
import pytest
import svgpathtools
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lasercam.sources.svg.curves import flatten_table
from lasercam.sources.svg.mathematics import directions, path_length, segment
from lasercam.sources.svg.path_data import ARC, CLOSE, CUBIC, LINE, MOVE, read_paths, read_plain

TOKENS = [*"MmLlHhVvCcSsQqTtAaZz01,-.+ eE\nxé", "1", "-3", ".5", "1e2", "1e30", "12345678901234567890"]
NUMBER = st.floats(-500, 500, allow_nan=False).map(lambda v: round(v, 3))


@st.composite
def good_path(draw: st.DrawFn) -> str:
    """A well-formed path of a few commands, numbers separated by spaces."""
    counts = {"L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2}
    words = [f"M {draw(NUMBER)} {draw(NUMBER)}"]
    for _ in range(draw(st.integers(1, 8))):
        letter = draw(st.sampled_from("LHVCSQTA"))
        name = draw(st.sampled_from([letter, letter.lower()]))
        if letter == "A":
            radii = [abs(draw(NUMBER)) + 1.0, abs(draw(NUMBER)) + 1.0]
            flags = [draw(st.sampled_from("01")) for _ in range(2)]
            words.append(f"{name} {radii[0]} {radii[1]} {draw(NUMBER)} {' '.join(flags)} {draw(NUMBER)} {draw(NUMBER)}")
        else:
            words.append(" ".join([name, *(str(draw(NUMBER)) for _ in range(counts[letter]))]))
    return " ".join(words) + draw(st.sampled_from(["", " Z"]))


def same(first: object, second: object) -> None:
    for name in ("kind", "points", "path"):
        one, two = getattr(first, name), getattr(second, name)
        assert one.dtype == two.dtype
        assert one.tobytes() == two.tobytes(), name
    assert first.errors == second.errors  # type: ignore[attr-defined]


@settings(max_examples=300)
@given(st.lists(st.lists(st.sampled_from(TOKENS), max_size=30).map(lambda t: "".join(["M1 2", *t])), max_size=5))
def test_both_readers_read_anything_alike(texts: list[str]) -> None:
    same(read_plain(texts), read_paths(texts, compiled=True))


@settings(max_examples=100)
@given(st.lists(good_path(), max_size=5))
def test_both_readers_read_good_paths_alike(texts: list[str]) -> None:
    plain = read_plain(texts)
    assert not plain.errors
    same(plain, read_paths(texts, compiled=True))


@settings(max_examples=150)
@given(good_path())
def test_points_are_those_of_svgpathtools(text: str) -> None:
    ours = read_plain([text])
    # svgpathtools fails on arcs without extent, which SVG says to leave out.
    assume(not ((ours.kind == ARC) & (ours.points[:, :2] == ours.points[:, 6:]).all(axis=1)).any())
    theirs = [s for s in svgpathtools.parse_path(text) if s.start != s.end or not isinstance(s, svgpathtools.Line)]
    mine = [
        segment(int(k), row)
        for k, row in zip(ours.kind, ours.points, strict=True)
        if k != MOVE and (k not in (LINE, CLOSE) or (row[:2] != row[6:]).any())
    ]
    mine = [m for m in mine if m is not None]
    assert len(mine) == len(theirs)
    for one, two in zip(mine, theirs, strict=True):
        assert type(one) is type(two)
        assert one.start == pytest.approx(two.start, abs=1e-6)
        assert one.end == pytest.approx(two.end, abs=1e-6)
        for t in (0.25, 0.5, 0.8):
            assert abs(one.point(t) - two.point(t)) < 1e-6


@settings(max_examples=80)
@given(good_path(), st.sampled_from([0.5, 0.05]))
def test_polylines_stay_within_the_tolerance(text: str, tolerance: float) -> None:
    table = read_plain([text])
    flat = flatten_table(table, np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]), tolerance)
    vertices = flat.lines.xy_um @ np.array([1.0, 1j])
    assume(len(vertices) > 1)
    for k, row in zip(table.kind, table.points, strict=True):
        piece = segment(int(k), row)
        if piece is None:
            continue
        for t in np.linspace(0.0, 1.0, 23):
            point = piece.point(t)
            a, b = vertices[:-1], vertices[1:]
            step = b - a
            length2 = np.where(np.abs(step) > 0.0, np.abs(step) ** 2, 1.0)
            along = np.clip(((point - a) * step.conj()).real / length2, 0.0, 1.0)
            assert np.abs(point - a - along * step).min() <= tolerance * (1 + 1e-6) + 1e-7


@settings(max_examples=60)
@given(st.lists(good_path(), min_size=1, max_size=4), st.sampled_from([1.0, 0.01]))
def test_both_evaluations_give_the_same_bits(texts: list[str], tolerance: float) -> None:
    table = read_plain(texts)
    matrices = np.random.default_rng(len(texts)).normal(size=(len(texts), 6))
    plain, fast = (flatten_table(table, matrices, tolerance, compiled=c) for c in (False, True))
    assert plain.lines.xy_um.tobytes() == fast.lines.xy_um.tobytes()
    assert plain.lines.offsets.tobytes() == fast.lines.offsets.tobytes()


def test_arcs_are_placed_as_ellipses() -> None:
    table = read_plain(["M 3 0 A 3 3 0 1 1 0 -3"])
    flat = flatten_table(table, np.array([[2.0, 0.5, -0.3, 1.0, 10.0, 20.0]]), 1e-4)
    back = np.linalg.solve(np.array([[2.0, -0.3], [0.5, 1.0]]), (flat.lines.xy_um - [10.0, 20.0]).T)
    assert np.hypot(*back) == pytest.approx(3.0, abs=1e-9)


def test_flags_need_no_separators() -> None:
    spaced = read_plain(["M0 0 A 5 5 0 1 0 10 10 5 5 0 0 1 20 20"])
    same(spaced, read_plain(["M0 0A5 5 0 1010 10 5 5 0 0120 20"]))


def test_numbers_need_no_separators() -> None:
    same(read_plain(["M 0.5 -3.5 L .5 .5 100 -1"]), read_plain(["M.5-3.5.5.5 1e2-1"]))


@pytest.mark.parametrize(
    ("text", "kinds", "place"),
    [
        ("M 0 0 L 1 1 L 2", [MOVE, LINE], 15),
        ("M 0 0 L 1 1 x 3 3", [MOVE, LINE], 12),
        ("L 1 1", [], 0),
        ("M 0 0 A 1 1 0 2 0 3 3", [MOVE], 14),
        ("M 0 0 C 1 1 2 2 3 3 4 4", [MOVE, CUBIC], 23),
        ("M 0 0 Z 5", [MOVE, CLOSE], 8),
        ("M 0 0 L 1 1, L 3 3", [MOVE, LINE], 13),
        ("M 0 0 L 1e99 1", [MOVE], 8),
    ],
)
def test_what_stands_before_an_error_is_kept(text: str, kinds: list[int], place: int) -> None:
    table = read_plain([text])
    assert table.kind.tolist() == kinds
    assert table.errors == ((0, place),)
    same(table, read_paths([text], compiled=True))


def test_none_is_an_empty_path() -> None:
    for text in ("none", " none\n", "", "  "):
        same(read_plain([text]), read_paths([text], compiled=True))
        assert not read_plain([text]).errors
        assert len(read_plain([text])) == 0


def test_a_command_after_closing_starts_where_the_subpath_started() -> None:
    table = read_plain(["M 5 5 L 9 5 Z l 1 1"])
    assert table.kind.tolist() == [MOVE, LINE, CLOSE, MOVE, LINE]
    assert table.points[3, 6:].tolist() == [5.0, 5.0]
    assert table.points[4, 6:].tolist() == [6.0, 6.0]


def test_length_is_that_of_the_circle() -> None:
    table = read_plain(["M 10 0 A 10 10 0 0 1 0 10 M 50 50 L 60 50 Z"])
    assert path_length(table) == pytest.approx(5 * np.pi + 20, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("M 0 0 L 3 4", 0.6 + 0.8j, 0.6 + 0.8j),
        ("M 0 0 C 0 0 0 5 5 5", 1j, 1 + 0j),
        ("M 0 0 Q 5 0 5 5", 1 + 0j, 1j),
        ("M 10 0 A 10 10 0 0 1 0 10", 1j, -1 + 0j),
        ("M 10 0 A 10 10 0 0 0 0 10", -1 + 0j, 1j),
    ],
)
def test_directions_at_the_ends(text: str, first: complex, last: complex) -> None:
    table = read_plain([text])
    found = directions(int(table.kind[1]), table.points[1])
    assert found is not None
    assert found[0] == pytest.approx(first, abs=1e-9)
    assert found[1] == pytest.approx(last, abs=1e-9)
