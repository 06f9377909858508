"""The cascade: presentation attributes, style sheets, style attributes, inheritance."""

from functools import cached_property
from typing import Any, ClassVar

from lasercam.errors import InputError, Problem
from lasercam.sources.svg.colours import BLACK, NO_PAINT, Paint, read_colour, read_opacity, read_paint
from lasercam.sources.svg.document import MAX_BRACKETS, Element, is_nested_too_deep
from lasercam.sources.svg.font_properties import font_px, font_shorthand, font_weight, is_size, is_weight
from lasercam.sources.svg.lengths import numbers, split_length

INHERITED = frozenset(
    [
        "clip-rule",
        "color",
        "color-interpolation",
        "direction",
        "dominant-baseline",
        "fill",
        "fill-opacity",
        "fill-rule",
        "font-family",
        "font-kerning",
        "font-size",
        "font-stretch",
        "font-style",
        "font-variant",
        "font-variation-settings",
        "font-weight",
        "kerning",
        "letter-spacing",
        "marker-end",
        "marker-mid",
        "marker-start",
        "paint-order",
        "stroke",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-opacity",
        "stroke-width",
        "text-anchor",
        "visibility",
        "word-spacing",
        "writing-mode",
    ]
)
OWN = frozenset(
    [
        "alignment-baseline",
        "baseline-shift",
        "clip-path",
        "display",
        "filter",
        "mask",
        "opacity",
        "overflow",
        "transform",
        "transform-box",
        "transform-origin",
        "vector-effect",
        "stop-color",
        "stop-opacity",
        "mix-blend-mode",
        "mask-type",
        "text-decoration",
        "unicode-bidi",
    ]
)
PROPERTIES = INHERITED | OWN
GEOMETRY = frozenset(("x", "y", "cx", "cy", "r", "rx", "ry", "width", "height"))
"""SVG 2 lets style sheets set these too; they are read as attributes only, like most renderers do."""

_NOT_ATTRIBUTES = frozenset(("transform", "font-kerning", "font-variation-settings"))
"""The first is read from the element itself, since its syntax differs; the others have no attribute."""
_CHOICES = {
    "fill-rule": ("nonzero", "evenodd"),
    "clip-rule": ("nonzero", "evenodd"),
    "stroke-linecap": ("butt", "round", "square"),
    "stroke-linejoin": ("miter", "round", "bevel", "miter-clip", "arcs"),
    "visibility": ("visible", "hidden", "collapse"),
    "text-anchor": ("start", "middle", "end"),
    "direction": ("ltr", "rtl"),
}


def is_readable(name: str, value: str) -> bool:
    """Whether a declaration means something; one that does not counts as not written."""
    if value in ("inherit", "initial", "unset"):
        return True
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name in ("fill", "stroke"):
        return read_paint(value) is not None
    if name in ("color", "stop-color"):
        return read_colour(value) is not None
    if name in ("fill-opacity", "stroke-opacity", "opacity", "stop-opacity"):
        return read_opacity(value) is not None
    if name == "dominant-baseline":
        return value not in ("no-change", "reset-size", "use-script")
    if name == "font-weight":
        return is_weight(value)
    if name == "font-size":
        return is_size(value)
    if name == "stroke-miterlimit":
        limits = numbers(value)
        return len(limits) == 1 and limits[0] >= 1.0
    if name in ("stroke-width", "stroke-dashoffset"):
        return split_length(value) is not None
    return True


class Style:
    """Computed style of an element.

    Attributes:
        values: every property that was set here or inherited, as written.
        font_px: computed font size, px.
    """

    __slots__ = ("__dict__", "font_px", "values")
    initial: ClassVar["Style"]

    def __init__(self, values: dict[str, str], font_px: float = 16.0) -> None:
        self.values = values
        self.font_px = font_px

    def get(self, name: str, default: str = "") -> str:
        """A property as written, or the default."""
        return self.values.get(name, default)

    @cached_property
    def for_children(self) -> dict[str, str]:
        """What children inherit."""
        return {name: value for name, value in self.values.items() if name in INHERITED}

    @cached_property
    def is_displayed(self) -> bool:
        """False for display: none, which hides all children too."""
        return self.get("display") != "none"

    @cached_property
    def is_visible(self) -> bool:
        """False for visibility: hidden or collapse."""
        return self.get("visibility", "visible") == "visible"

    @cached_property
    def opacity(self) -> float:
        """Of the element as a group."""
        return _opacity(self.get("opacity"))

    @cached_property
    def colour(self) -> tuple[str, float]:
        """What currentColor means."""
        return read_colour(self.get("color")) or ("#000000", 1.0)

    @cached_property
    def fill(self) -> Paint:
        """Paint of the inside, opacity included."""
        return self._paint("fill", BLACK)

    @cached_property
    def stroke(self) -> Paint:
        """Paint of the line, opacity included."""
        return self._paint("stroke", NO_PAINT)

    def _paint(self, name: str, default: Paint) -> Paint:
        paint = read_paint(self.get(name)) or default
        colour, alpha = self.colour if paint.colour == "currentColor" else (paint.colour, paint.alpha)
        alpha *= _opacity(self.get(f"{name}-opacity"))
        return Paint(colour, alpha, paint.server, paint.context, paint.has_fallback)

    @cached_property
    def fill_rule(self) -> str:
        """`nonzero` or `evenodd`."""
        return self.get("fill-rule", "nonzero")

    @cached_property
    def is_dashed(self) -> bool:
        """Whether strokes may have gaps."""
        return self.get("stroke-dasharray", "none") != "none"

    @cached_property
    def has_caps(self) -> bool:
        """Whether strokes reach beyond their ends, so that even a line without extent shows."""
        return self.get("stroke-linecap", "butt") != "butt"

    @cached_property
    def link_properties(self) -> tuple[str, str, str]:
        """clip-path, mask and filter, empty when none."""
        found = [self.get(name).strip() for name in ("clip-path", "mask", "filter")]
        clip, mask, filtered = ("" if value == "none" else value for value in found)
        return clip, mask, filtered

    @cached_property
    def is_plain(self) -> bool:
        """Whether the element draws without clip, mask, filter, markers or group opacity of 0."""
        has_marker = any(self.get(f"marker-{where}", "none") != "none" for where in ("start", "mid", "end"))
        return not any(self.link_properties) and not has_marker and self.opacity > 0.0


Style.initial = Style({})


def _opacity(text: str) -> float:
    value = read_opacity(text) if text else None
    return 1.0 if value is None else value


class Cascade:
    """Styles of elements, shared between all that have the same.

    Attributes:
        has_sheets: whether rules may apply to any element.
        unread: rules that ask for something outside the file or that cannot be read, with the line of their sheet.
    """

    def __init__(self, sheets: list[tuple[str, int]], root: Element) -> None:
        self.unread: list[tuple[str, int]] = []
        self._cache: dict[Any, Style] = {}
        self._keep: list[Style] = []
        self._matcher: Any = None
        self.has_sheets = bool(sheets)
        self._wrappers: dict[int, Any] = {}
        self._matched: dict[Element, tuple[tuple[str, str, bool], ...]] = {}
        if sheets:
            self._read_sheets(sheets, root)

    def style(self, element: Element, parent: Style) -> Style:
        """Computed style of an element inside a parent."""
        items = [(k, v) for k, v in element.items() if k in PROPERTIES or k in ("style", "marker", "font")]
        rules = self._rules(element) if self._matcher is not None else ()
        key = (id(parent), tuple(items), rules)
        found = self._cache.get(key)
        if found is None:
            if is_nested_too_deep(element.get("style") or ""):
                place = f"the style attribute in line {element.sourceline}"
                raise InputError(Problem(f"{place} nests brackets over {MAX_BRACKETS} deep"))
            found = self._cache[key] = self._compute(items, rules, parent)
            self._keep.append(parent)  # its id is in the key
        return found

    def _compute(self, items: list[tuple[str, str]], rules: Any, parent: Style) -> Style:
        values: dict[str, str] = dict(parent.for_children)
        plain: list[tuple[str, str]] = []
        important: list[tuple[str, str]] = []
        inline = ""
        for name, value in items:
            if name == "style":
                inline = value
            elif name not in _NOT_ATTRIBUTES and name not in ("marker", "font"):
                plain.append((name, value.strip()))
        for name, value, is_important in (*rules, *(_declarations(inline) if inline else ())):
            (important if is_important else plain).append((name, value))
        for name, value in (*plain, *important):
            if not is_readable(name, value):
                continue
            if name == "font-size" and value in ("initial", "unset", "inherit"):
                values[name] = "medium" if value == "initial" else "1em"
            elif value == "inherit" or (value == "unset" and name in INHERITED):
                if name in parent.values or name == "overflow":
                    values[name] = parent.values.get(name, "visible")
                else:
                    values.pop(name, None)
            elif value in ("initial", "unset"):
                values.pop(name, None)
            else:
                values[name] = value
        if values.get("font-weight") in ("bolder", "lighter"):
            values["font-weight"] = font_weight(values["font-weight"], parent.get("font-weight"))
        # The size is inherited as computed, not as written.
        size = values.pop("font-size", None)
        return Style(values, font_px(size, parent.font_px) if size is not None else parent.font_px)

    def _rules(self, element: Element) -> tuple[tuple[str, str, bool], ...]:
        found = self._matched.get(element)
        if found is None:
            wrapper = self._wrappers.get(id(element))
            matches = self._matcher.match(wrapper) if wrapper is not None else []
            # cssselect2 sorts by specificity, then by order.
            found = self._matched[element] = tuple(d for match in matches for d in match[3])
        return found

    def _read_sheets(self, sheets: list[tuple[str, int]], root: Element) -> None:
        import cssselect2
        import tinycss2

        self._matcher = cssselect2.Matcher()
        for text, line in sheets:
            self._read_rules(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), line)
        self._wrap(root)

    def _read_rules(self, rules: Any, line: int) -> None:
        import cssselect2
        import tinycss2

        for rule in rules:
            at = line + int(rule.source_line) - 1
            if rule.type == "qualified-rule":
                declarations = tuple(_declarations(rule.content))
                try:
                    selectors = cssselect2.compile_selector_list(rule.prelude)
                except cssselect2.SelectorError:
                    self.unread.append((f"the selector '{tinycss2.serialize(rule.prelude).strip()}'", at))
                    continue
                for selector in selectors:
                    if selector.pseudo_element is None:
                        self._matcher.add_selector(selector, declarations)
            elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content is not None:
                query = tinycss2.serialize(rule.prelude).strip().lower()
                if query in ("", "all", "screen"):
                    inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                    self._read_rules(inner, line)
            elif rule.type == "at-rule" and rule.lower_at_keyword == "import":
                self.unread.append(("@import (external references are not read)", at))

    def _wrap(self, root: Element) -> None:
        import cssselect2

        wrapped = cssselect2.ElementWrapper.from_xml_root(root)
        for wrapper in wrapped.iter_subtree():
            self._wrappers[id(wrapper.etree_element)] = wrapper


def _declarations(content: Any) -> list[tuple[str, str, bool]]:
    """Readable declarations of known properties: name, value, whether important; shorthands spelt out."""
    import tinycss2

    found: list[tuple[str, str, bool]] = []
    for item in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if item.type != "declaration":
            continue
        name = item.lower_name
        value = tinycss2.serialize(item.value).strip()
        if name == "font":
            found += [(each, text, bool(item.important)) for each, text in font_shorthand(value)]
            continue
        names = ("marker-start", "marker-mid", "marker-end") if name == "marker" else (name,)
        for each in names:
            if each in PROPERTIES and is_readable(each, value):
                found.append((each, value, bool(item.important)))
    return found
