"""SVG files as element trees: nothing is fetched, nothing multiplies, every element knows its line.

The one module that imports lxml.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lasercam.errors import InputError, Location, Problem, shorten

Element: TypeAlias = Any
"""An lxml element; its package is imported lazily."""

MAX_BYTES = 64 * 1024 * 1024
"""Largest file read, after unpacking."""
MAX_DEPTH = 200
"""Deepest nesting followed."""
MAX_COPIES = 300_000
"""Most elements drawn beyond those in the file, by `use`, markers and the like."""
MAX_BRACKETS = 32
"""Deepest nesting of brackets in a style."""
MAX_ENTITY_BYTES = 1_000_000
"""Most text that entities may add."""

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}"
INKSCAPE_LABEL = "{http://www.inkscape.org/namespaces/inkscape}label"
INKSCAPE_GROUPMODE = "{http://www.inkscape.org/namespaces/inkscape}groupmode"

_DOCTYPE = re.compile(r"<!DOCTYPE\s+[^\[>]*(\[(?P<subset>.*?)\]\s*)?>", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY\s+(?P<name>%|[^\s%]+)\s+(?P<value>\"[^\"]*\"|'[^']*'|[^>]*)", re.DOTALL)
_STYLESHEET_PI = re.compile(r"<\?xml-stylesheet\b[^?]*\?>", re.DOTALL)


@dataclass(frozen=True, eq=False)
class SvgDocument:
    """A parsed file.

    Attributes:
        root: the outermost `svg` element.
        file: its name for messages.
        by_id: first element of every id.
        notes: what the reader of the drawing should know about how it was read.
        n_elements: elements in the file.
    """

    root: Element
    file: str
    by_id: dict[str, Element]
    notes: tuple[str, ...] = ()
    n_elements: int = 0
    _names: dict[str, str] = field(default_factory=dict)

    def tag(self, element: Element) -> str:
        """Local name of an SVG element; empty for elements of other vocabularies, comments and the like."""
        raw = element.tag
        try:
            return self._names[raw]
        except (KeyError, TypeError):
            pass
        if not isinstance(raw, str):
            return ""
        namespace, _, local = raw.rpartition("}")
        own = namespace[1:] in ("", SVG_NAMESPACE)
        name = self._names[raw] = local if own else ""
        return name

    def place(self, element: Element) -> Location:
        """Where an element starts in the file."""
        return Location(self.file, int(element.sourceline or 1), 1)

    def describe(self, element: Element) -> str:
        """An element as messages call it."""
        identity = element.get("id")
        name = self.tag(element) or str(element.tag)
        return f"<{shorten(name, 40)} id='{shorten(identity, 40)}'>" if identity else f"<{shorten(name, 40)}>"


def href(element: Element) -> str:
    """The link of an element: plain `href`, else `xlink:href`; empty when there is none."""
    # The last one is how the parser names it where the prefix is not declared, as inside entities.
    for name in ("href", XLINK_HREF, "xlink:href"):
        link = element.get(name)
        if link is not None:
            return str(link).strip()
    return ""


def meets_conditions(element: Element) -> bool:
    """Whether an element's conditions let it be shown, to a reader of English.

    Source: https://www.w3.org/TR/SVG2/struct.html#ConditionalProcessing
    """
    if element.get("requiredExtensions") is not None:
        return False
    languages = element.get("systemLanguage")
    return languages is None or any(one.strip().lower().split("-")[0] == "en" for one in languages.split(","))


def text_of(element: Element) -> str:
    """All text inside an element."""
    return "".join(element.itertext())


def style_sheets(document: SvgDocument) -> Iterator[tuple[str, int]]:
    """Text and first line of every style element that holds CSS."""
    for element in document.root.iter():
        if document.tag(element) == "style":
            kind = (element.get("type") or "text/css").strip().lower()
            if kind in ("text/css", ""):
                text, place = text_of(element), document.place(element)
                if is_nested_too_deep(text):
                    raise InputError(Problem(f"the style sheet nests brackets over {MAX_BRACKETS} deep", place))
                yield text, place.line


def is_nested_too_deep(css: str) -> bool:
    """Whether brackets are nested deeper than the style parser, which calls itself, should follow."""
    if sum(map(css.count, "([{")) <= MAX_BRACKETS:
        return False
    depth = 0
    for sign in css:
        if sign in "([{":
            depth += 1
            if depth > MAX_BRACKETS:
                return True
        elif sign in ")]}":
            depth = max(depth - 1, 0)
    return False


def children(element: Element) -> Iterator[Element]:
    """Child elements in order."""
    return (child for child in element if isinstance(child.tag, str))


def parse_svg(data: bytes, file: str) -> SvgDocument:
    """The document in an SVG file.

    Args:
        data: the file, plain or gzip-compressed (.svgz).
        file: its name for messages.

    Raises:
        InputError: not XML, not SVG, larger or deeper than is read, or with entities that fetch or multiply.
    """
    from lxml import etree

    data = _unpacked(data, file)
    _guard_prologue(data, file)
    notes: list[str] = []

    options: dict[str, Any] = {
        "resolve_entities": "internal",  # what is left of them after the guard; never files or addresses
        "no_network": True,
        "load_dtd": False,
        "dtd_validation": False,
        "attribute_defaults": False,
        "huge_tree": False,
        "remove_comments": True,
        "remove_pis": True,
    }

    strict: Any = etree.XMLParser(**options)
    try:
        root = etree.fromstring(data, strict)
    except etree.XMLSyntaxError as error:
        # Clip art often uses prefixes such as inkscape: without declaring them; that alone hides no geometry.
        # The exception's own log also holds errors of earlier files; the parser's does not.
        log = list(strict.error_log)
        if not log or any(entry.domain_name != "NAMESPACE" for entry in log):
            line, column = error.position
            message = shorten(str(error.msg), 160)
            place = Location(file, max(int(line or 1), 1), max(int(column or 1), 1))
            raise InputError(
                Problem(f"this is not well-formed XML: {message}", place, "Save it again as plain SVG.")
            ) from error
        root = etree.fromstring(data, etree.XMLParser(**options, recover=True))
        notes.append("The file uses undeclared namespace prefixes; their attributes were read as plain names.")
    except ValueError as error:
        raise InputError(Problem(f"this is not XML: {shorten(str(error), 120)}", Location(file, 1, 1))) from error
    document = SvgDocument(root, file, {}, tuple(notes), sum(1 for _ in root.iter()))
    if document.tag(root) != "svg":
        raise InputError(
            Problem(
                f"the outermost element is <{shorten(str(root.tag), 60)}>, not <svg>",
                document.place(root),
                "Give an SVG.",
            )
        )
    for element in root.iter():
        identity = element.get("id") if isinstance(element.tag, str) else None
        if identity is not None:
            document.by_id.setdefault(identity, element)
    return document


def _unpacked(data: bytes, file: str) -> bytes:
    """The XML bytes of a plain or gzip-compressed file, at most MAX_BYTES."""
    if data[:2] == b"\x1f\x8b":
        try:
            unpack = zlib.decompressobj(wbits=31)
            data = unpack.decompress(data, MAX_BYTES + 1)
        except zlib.error as error:
            raise InputError(
                Problem(f"the compressed file cannot be unpacked ({error})", Location(file, 1, 1))
            ) from error
    if len(data) > MAX_BYTES:
        raise InputError(
            Problem(f"the file has more than {MAX_BYTES:,} bytes, the most that is read", Location(file, 1, 1))
        )
    if not data.strip():
        raise InputError(Problem("the file is empty", Location(file, 1, 1), "Give an SVG drawing."))
    return data


def _guard_prologue(data: bytes, file: str) -> None:
    """Refuse entities that fetch or multiply, and external style sheets, before the parser sees them."""
    if b"<!" not in data and b"<?xml-s" not in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", errors="replace")
    for sheet in _STYLESHEET_PI.finditer(text):
        line = text.count("\n", 0, sheet.start()) + 1
        raise InputError(
            Problem(
                "the file asks for an external style sheet; external references are not read",
                Location(file, line, 1),
                "Move its rules into a <style> element.",
            )
        )
    if "<!ENTITY" not in text:
        return
    sizes: dict[str, int] = {}
    doctype = _DOCTYPE.search(text)
    declared = doctype.group("subset") if doctype and doctype.group("subset") else text
    shift = text.find(declared)
    for match in _ENTITY.finditer(declared):
        name, value = match.group("name"), match.group("value")
        place = Location(file, text.count("\n", 0, shift + match.start()) + 1, 1)
        if name == "%" or value[:1] not in "\"'":
            raise InputError(
                Problem(
                    f"the entity '{shorten(name)}' refers to another file or is a parameter entity; neither is read",
                    place,
                    "Save the drawing as plain SVG.",
                )
            )
        if "&" in re.sub(r"&(#\d+|#x[0-9a-fA-F]+|lt|gt|amp|quot|apos);", "", value):
            raise InputError(
                Problem(
                    f"the entity '{shorten(name)}' is made of other entities, which can multiply without bound",
                    place,
                    "Save the drawing as plain SVG.",
                )
            )
        sizes[name] = len(value) - 2
    added = sum(size * text.count(f"&{name};") for name, size in sizes.items())
    if added > MAX_ENTITY_BYTES:
        raise InputError(
            Problem(
                f"its entities expand to {added:,} characters; at most {MAX_ENTITY_BYTES:,} are read",
                Location(file, 1, 1),
                "Save the drawing as plain SVG.",
            )
        )
