import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lasercam.errors import InputError
from lasercam.schema import tree as tree_module
from lasercam.schema.tree import MAX_BYTES, MAX_DEPTH, MAX_NODES, Tree, parse_yaml

TEXT = """\
# a comment first
job: three
sample: {id: A7, size: [10 mm, 'x y', ""]}

steps:
  - name: one
    write:
      a.b: dual
  -
    name: "two"
empty:
"""


def place(tree: Tree, *path: str | int, key: bool = False) -> tuple[int, int]:
    at = tree.at(path, key=key)
    assert at.file == "job.yaml"
    return at.line, at.column


def refusal(text: str | bytes) -> list[tuple[tuple[int, int], str]]:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "job.yaml")
    return [((p.location.line, p.location.column), str(p)) for p in caught.value.problems if p.location]


def test_everything_stays_text_and_has_a_place() -> None:
    tree = parse_yaml(TEXT, "job.yaml")
    assert tree.data == {
        "job": "three",
        "sample": {"id": "A7", "size": ["10 mm", "x y", ""]},
        "steps": [{"name": "one", "write": {"a.b": "dual"}}, {"name": "two"}],
        "empty": None,
    }
    assert place(tree) == (2, 1)
    assert place(tree, "job", key=True) == (2, 1)
    assert place(tree, "job") == (2, 6)
    assert place(tree, "sample") == (3, 9)
    assert place(tree, "sample", "size", 1) == (3, 32)
    assert place(tree, "sample", "size", key=True) == (3, 18)
    assert place(tree, "steps", 0, "write", "a.b", key=True) == (8, 7)
    assert place(tree, "steps", 0, "write", "a.b") == (8, 12)
    assert place(tree, "steps", 1, "name") == (10, 11)


def test_what_is_absent_has_the_place_of_what_holds_it() -> None:
    tree = parse_yaml(TEXT, "job.yaml")
    assert place(tree, "steps", 0, "write", "nothing", "below") == place(tree, "steps", 0, "write")
    assert place(tree, "steps", 7, key=True) == place(tree, "steps")
    assert place(tree, "nothing", key=True) == (2, 1)
    assert place(parse_yaml("", "job.yaml"), "nothing") == (1, 1)


def test_a_part_of_a_document_keeps_its_places() -> None:
    tree = parse_yaml(TEXT, "job.yaml")
    below = tree.under(("steps", 0))
    assert below.data == {"name": "one", "write": {"a.b": "dual"}}
    for path in ((), ("name",), ("write",), ("write", "a.b"), ("write", "absent")):
        assert below.at(path) == tree.at(("steps", 0, *path))
        assert below.at(path, key=True) == tree.at(("steps", 0, *path), key=True)
    assert place(tree.under(("sample",)), key=True) == (3, 1), "its own key, not the start of the file"
    with pytest.raises((KeyError, IndexError)):
        tree.under(("job", "below"))


@pytest.mark.parametrize("word", ["NO", "010", "12:30", "1e3", "~", "null", "true", "0x1F", "2026-05-02", ".inf", "<<"])
def test_characters_mean_themselves(word: str) -> None:
    assert parse_yaml(f"a: {word}", "f").data == {"a": word}
    assert parse_yaml(f"- {word}", "f").data == [word]


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("a: 1\nb:\n  c: 1\n  a: 1\n  c: 2\n", (5, 3), "the key 'c' stands twice; first in line 3"),
        ("a: 1\n'a': 2\n", (2, 1), "stands twice"),
        ("a: &x 1\nb: [1, *x]\n", (2, 8), "aliases"),
        ("a: !!str 1\n", (1, 4), "tag"),
        ("a: !include x\n", (1, 4), "!include"),
        ("a: !!python/object/apply:os.system [x]\n", (1, 4), "tag"),
        ("? [a, b]\n: 1\n", (1, 3), "a key must be plain text"),
        ("? {a: b}\n: 1\n", (1, 3), "a key must be plain text"),
        ("a: 1\n---\nb: 1\n", (2, 1), "another document"),
        ("a:\n\t- b\n", (2, 1), "cannot start any token"),
        ("a: [1, 2\nb: 3\n", (2, 2), "expected"),
        ("a: 'x\n", (2, 1), "quoted scalar"),
        ("a b: c: d\n", (1, 7), "mapping values are not allowed"),
        ("a:\n   b: 1\n  c: 1\n", (3, 3), "this is not YAML"),
        ("a: {b: c}}\n", (1, 10), "this is not YAML"),
        ("µé😀: 1\nµé😀: 2\n", (2, 1), "stands twice"),
        ("µé😀: {a: 1, a: 2}\n", (1, 13), "stands twice"),
        ("a: 1\nb: x\0\n", (2, 5), "U+0000"),
        ("a: \x07", (1, 4), "U+0007"),
        ("%YAML 3.0\n---\na", (1, 1), "incompatible"),
        (b"a: 1\nb: \xff\n", (2, 4), "not UTF-8"),
        (b"\xc3\xa9: \xed\xa0\x80", (1, 4), "not UTF-8"),
        (b"\xff\xfea", (1, 1), "not UTF-16"),
        ("a: \ud800", (1, 1), "surrogates"),
        ("[" * 100_000, (1, MAX_DEPTH + 1), "nested deeper"),
        ("- " * 100_000, (1, 2 * MAX_DEPTH + 1), "nested deeper"),
        ("{a: " * 100_000, (1, 4 * MAX_DEPTH + 1), "nested deeper"),
        ("\n".join(" " * i + "a:" for i in range(60)), (MAX_DEPTH + 1, MAX_DEPTH + 1), "nested deeper"),
    ],
)
def test_every_refusal_has_its_place(text: str | bytes, where: tuple[int, int], says: str) -> None:
    (found,) = refusal(text)
    assert found[0] == where
    assert says in found[1]


def test_bombs_end_early() -> None:
    bomb = "a: &a [x,x]\n" + "".join(f"b{i}: &b{i} [*b{i - 1},*b{i - 1}]\n" for i in range(1, 60))
    assert "aliases" in refusal(bomb.replace("*b0", "*a"))[0][1]
    large = "\n".join(f"k{i}: 1" for i in range(1_000_000))
    (found,) = refusal(large)
    assert f"more than {MAX_NODES:,} values" in found[1]
    assert found[0][0] == MAX_NODES // 2
    assert "bytes" in refusal(b"#" * (MAX_BYTES + 1))[0][1]


def test_a_document_at_the_limit_of_depth_is_read() -> None:
    data = parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f").data
    for _ in range(MAX_DEPTH - 1):
        assert isinstance(data, list)
        (data,) = data
    assert data == []


def test_byte_order_marks_are_no_part_of_the_text() -> None:
    text = "job: µ\nb: 1"
    for written in (text, "\ufeff" + text, text.encode("utf-8-sig"), text.encode("utf-16"), text.encode()):
        tree = parse_yaml(written, "job.yaml")
        assert tree.data == {"job": "µ", "b": "1"}
        assert place(tree, "job") == (1, 6)
        assert place(tree, "job", key=True) == (1, 1)


@pytest.mark.parametrize("text", ["", b"", "\n\n", "# only a comment", "---\n", "\ufeff", "--- \n...\n"])
def test_empty_files_are_empty(text: str | bytes) -> None:
    assert parse_yaml(text, "f").data is None


def test_many_duplicates_are_all_named() -> None:
    found = refusal("a: 1\na: 2\nb: 1\nb: 2\na: 3\n")
    assert [where for where, _ in found] == [(2, 1), (4, 1), (5, 1)]
    assert all("first in line" in text for _, text in found)


def test_a_large_file_and_its_parts_are_read_in_linear_time() -> None:
    text = "patterns:\n" + "".join(f"  p{i}: {{type: lines, at: [1 mm, 2 mm]}}\n" for i in range(20_000))
    tree = parse_yaml(text, "f")
    assert isinstance(tree.data, dict)
    for i in range(0, 20_000, 2):  # by scanning all places each time, this would take a quarter of an hour
        assert tree.under(("patterns", f"p{i}")).at(("type",)).line == i + 2


PLAIN = st.recursive(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), max_size=8
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcµ é", max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN, st.booleans())
def test_what_is_dumped_is_read_back(data: object, flow: bool) -> None:
    class Quoting(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    text = yaml.dump(data, Dumper=Quoting, default_style='"', default_flow_style=flow, allow_unicode=True)
    text = text.replace("!!str ", "")
    assert parse_yaml(text, "f").data == data


@given(st.binary(max_size=200) | st.text(max_size=200) | st.text("ab:-[]{},'\"\n\t &*!|>%#?", max_size=80))
def test_any_bytes_are_a_document_or_a_refusal_with_a_place(text: bytes | str) -> None:
    try:
        tree = parse_yaml(text, "f")
    except InputError as error:
        places = [p.location for p in error.problems]
    else:
        places = [tree.at(())]
    assert all(place is not None and place.line >= 1 and place.column >= 1 for place in places)


@pytest.mark.parametrize(
    "text", [TEXT, "a: 1\na: 2", "a: [\n", "a: &x 1\nb: *x", "[" * 99, "a: \x07", "", "a: 1\n---\nb: 2"]
)
def test_the_plain_reader_agrees_with_the_fast_one(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> object:
        try:
            tree = parse_yaml(text, "f")
        except InputError as error:
            return [p.location.line for p in error.problems if p.location]
        return tree.data, tree.keys, tree.values

    fast = read()
    monkeypatch.setattr(tree_module, "_Loader", yaml.BaseLoader)
    assert read() == fast
