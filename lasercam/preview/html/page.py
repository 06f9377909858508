"""The page around a scene: one file, without a network, in which no text of a job can become markup or code."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from importlib import resources
from typing import Any, BinaryIO

from lasercam.preview.html.scene import Scene

SCRIPTS = (
    "decode.js", "words.js", "scene.js", "matrices.js", "camera.js", "shaders.js", "drawing.js", "colours.js",
    "picture.js", "overlay.js", "panel.js", "findings.js", "playback.js", "pointing.js", "live.js", "viewer.js",
)  # fmt: skip
"""Joined in this order inside one function, so that nothing leaks into the page."""

_ENCODED_AT_A_TIME = 3 << 18


@cache
def script() -> str:
    """The page's one script."""
    bodies = (_shipped(name) for name in SCRIPTS)
    return '(() => {\n"use strict";\n' + "\n".join(bodies) + "\n})();\n"


@cache
def style() -> str:
    """The page's style sheet."""
    return _shipped("viewer.css")


def _shipped(name: str) -> str:
    return (resources.files("lasercam.preview.html") / name).read_text(encoding="utf-8")


def write_page(scene: Scene, out: BinaryIO) -> None:
    """The page with its scene inside; opens from a file.

    Args:
        scene: what it shows.
        out: where the bytes go.
    """
    for text in _before_rows(scene.facts, live=False):
        out.write(text.encode("utf-8"))
    out.write(b'<script type="application/octet-stream" id="rows">')
    for first in range(0, len(scene.rows), _ENCODED_AT_A_TIME):
        out.write(base64.b64encode(scene.rows[first : first + _ENCODED_AT_A_TIME]))
    out.write(b"</script>\n")
    out.write(_end().encode("utf-8"))


def live_page(title: str) -> bytes:
    """The page without a scene; its script asks the server that gave it for one."""
    return ("".join(_before_rows({"job": title}, live=True)) + _end()).encode("utf-8")


def policy(*, live: bool) -> str:
    """What the page may do: run its own script, use its own style; talk to nobody, or to its own server."""
    connect = "'self'" if live else "'none'"
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (script(), style())
    ]
    return (
        f"default-src 'none'; script-src {hashes[0]}; style-src {hashes[1]}; connect-src {connect};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )


def json_in_html(data: Any) -> str:
    r"""JSON that may stand in a script element: nothing in it can end the element or begin a comment.

    >>> json_in_html("</script><!--")
    '"\\u003c/script\\u003e\\u003c!--"'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _before_rows(facts: Mapping[str, Any], *, live: bool) -> Iterator[str]:
    yield "<!doctype html>\n"
    yield f'<html lang="en"{" data-live" if live else ""}>\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(policy(live=live))}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{escape(str(facts['job']))} – lasercam preview</title>\n"
    yield f"<style>{style()}</style>\n</head>\n"
    yield _shipped("body.html")
    yield '<section id="summary" aria-label="Summary in words">\n'
    if "headline" in facts:
        yield f"<h2>In words</h2>\n<p>{escape(facts['headline'])}. {escape(facts['note'])}</p>\n"
    for table in facts.get("summary", ()):
        yield from _table(table)
    yield "</section>\n"
    if not live:
        yield f'<script type="application/json" id="facts">{json_in_html(facts)}</script>\n'


def _table(table: Mapping[str, Any]) -> Iterator[str]:
    yield f"<table>\n<caption>{escape(table['caption'])}</caption>\n<thead><tr>"
    yield "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table["head"])
    yield "</tr></thead>\n<tbody>\n"
    for row in table["rows"]:
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n"
    yield "</tbody>\n</table>\n"


def _end() -> str:
    return f"<script>{script()}</script>\n</body>\n</html>\n"
