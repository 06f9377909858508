"""Hostile and messy files."""

import gzip
import itertools
import socket

import pytest

from lasercam.errors import InputError
from lasercam.sources.svg import document
from lasercam.sources.svg.document import parse_svg

NS = 'xmlns="http://www.w3.org/2000/svg"'


def parse(text: str) -> document.SvgDocument:
    return parse_svg(text.encode(), "d.svg")


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(10))
REFUSED = {
    "billion laughs": (f"<!DOCTYPE svg [{LAUGHS}]><svg {NS}>&l9;</svg>", "made of other entities"),
    "quadratic": (
        f'<!DOCTYPE svg [<!ENTITY a "{"x" * 5000}">]><svg {NS}><desc>{"&a;" * 1000}</desc></svg>',
        "expand to 5,000,000",
    ),
    "external entity": (
        f'<!DOCTYPE svg [<!ENTITY p SYSTEM "file:///etc/passwd">]><svg {NS}><desc>&p;</desc></svg>', "another file"
    ),
    "public entity": (f'<!DOCTYPE svg [<!ENTITY p PUBLIC "x" "http://x.y/z">]><svg {NS}>&p;</svg>', "another file"),
    "parameter entity": (
        f'<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://x.y/z.dtd"> %p;]><svg {NS}/>', "parameter entity"
    ),
    "hidden nesting": (
        f'<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b \'&#38;a;&a;\'>]><svg {NS}>&b;</svg>', "made of other entities"
    ),
    "undeclared entity": (f"<svg {NS}>&nothing;</svg>", "not well-formed"),
    "style sheet": (f'<?xml-stylesheet href="http://x.y/z.css"?><svg {NS}/>', "external style sheet"),
    "not closed": (f"<svg {NS}><rect></svg>", "not well-formed"),
    "not svg": ("<html><body/></html>", "not <svg>"),
    "wrong namespace": ('<svg xmlns="http://example.org"/>', "not <svg>"),
    "plain text": ("hello", "not well-formed"),
    "nothing": ("", "empty"),
    "space": ("  \n ", "empty"),
    "too deep": (f"<svg {NS}>" + "<g>" * 5000 + "</g>" * 5000 + "</svg>", "not well-formed"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("the parser reached for the network")

    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    text, message = REFUSED[name]
    with pytest.raises(InputError, match=message) as error:
        parse(text)
    assert error.value.problems[0].location is not None
    assert error.value.problems[0].location.file == "d.svg"


def test_places_of_problems() -> None:
    with pytest.raises(InputError) as error:
        parse(f"<svg {NS}>\n<g>\n<rect>\n</g></svg>")
    assert error.value.problems[0].location is not None
    assert error.value.problems[0].location.line == 4


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 100_000)
    bomb = gzip.compress(b" " * 50_000_000)
    with pytest.raises(InputError, match="more than 100,000 bytes"):
        parse_svg(bomb, "d.svgz")
    with pytest.raises(InputError, match="cannot be unpacked"):
        parse_svg(b"\x1f\x8bgarbage", "d.svgz")


def test_accepted() -> None:
    plain = f'<svg {NS}><rect id="r"/></svg>'
    for data in (plain.encode(), gzip.compress(plain.encode()), plain.encode("utf-16")):
        assert set(parse_svg(data, "d.svg").by_id) == {"r"}


def test_files_without_a_namespace_are_read() -> None:
    found = parse('<svg><g><rect id="r"/></g></svg>')
    assert found.tag(found.by_id["r"]) == "rect"


def test_prefixed_elements_are_read() -> None:
    found = parse('<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:rect id="r"/><rect id="q"/></s:svg>')
    assert [found.tag(found.by_id[i]) for i in "rq"] == ["rect", "rect"]


def test_undeclared_prefixes_are_read_and_said() -> None:
    found = parse(f'<svg {NS}><g inkscape:label="a" id="g"/></svg>')
    assert "undeclared namespace prefixes" in found.notes[0]
    assert found.by_id["g"].get("inkscape:label") == "a"


def test_foreign_elements_are_no_svg() -> None:
    found = parse(f'<svg {NS} xmlns:x="http://x.y"><x:rect id="r"/></svg>')
    assert found.tag(found.by_id["r"]) == ""


def test_plain_entities_are_read() -> None:
    found = parse(
        '<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg"><!ENTITY c "a&lt;b">]>'
        '<svg xmlns="&ns;"><rect id="&c;"/></svg>'
    )
    assert set(found.by_id) == {"a<b"}
    assert found.tag(found.root) == "svg"


def test_lines_of_elements() -> None:
    found = parse(f'<svg {NS}>\n\n<rect id="r"/>\n<g id="g"/></svg>')
    assert [found.place(found.by_id[i]).line for i in "rg"] == [3, 4]


def test_random_bytes_are_refused_with_a_message() -> None:
    for data in itertools.islice((bytes([i, 255 - i, i // 2]) * 5 for i in range(256)), 0, 256, 5):
        with pytest.raises(InputError):
            parse_svg(data, "d.svg")
