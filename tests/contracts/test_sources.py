"""What every pattern source promises, asked of every registered one."""

import copy
from importlib.metadata import entry_points
from typing import Any

import pytest

from lasercam.testing import SourceContract
from tests.support.assets import layout_assets, mesh_assets, picture_assets

ASSETS: dict[str, bytes] = {
    "sites.txt": b"#1.#\n.11.\n1111\n",
    "points.csv": b"x,z,y,variant\n3,0,1,0\n1,5,9,2\n2.5,5,7,1\n0,0,0,65535\n",
    **mesh_assets(),
    **picture_assets(),
    **layout_assets(),
    "two_tones.txt": b"##..\n#..#\n....\n",
    "d.svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="1mm" height="1mm" viewBox="0 0 100 100">'
        b'<g id="cut"><circle id="ring" cx="50" cy="50" r="30" fill="#00f" stroke="red" stroke-width="2"/></g>'
        b'<path id="wave" d="M5 90 C 20 70 40 110 60 90 S 90 80 95 95 M 5 5 h 20 v 5" fill="none" stroke="lime" '
        b'stroke-dasharray="8 3"/><text id="word" x="60" y="15" font-family="sans-serif" font-size="12">R2</text></svg>'
    ),
}
"""Files the examples name."""

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "image": [
        {"file": "ramp.png", "mode": "levels", "levels": "4", "pixel": "5 um"},
        {"file": "ramp.png", "mode": "halftone", "dithering": "blue_noise", "pixel": "4 um", "width": "100 um"},
        {"file": "ramp.png", "mode": "lines", "levels": "5", "height": "60 um", "gamma": "2.2", "invert": "true"},
        {"file": "ramp.png", "mode": "variant", "levels": "16", "pixel": "5 um", "dithering": "bayer", "matrix": "4"},
        {
            "file": "colours.tif", "mode": "emission", "pixel": "3 um", "dithering": "floyd_steinberg",
            "peaks": [{"peak": "514 nm", "part": "green"}, {"peak": "613 nm", "part": "red"}],
            "colours": {"green": "#00ff2c", "red": "#ff0700"},
        },
    ],
    "mesh": [
        {"file": "ball.stl", "unit": "um", "mode": "solid", "pitch": "2 um", "layer_pitch": "3 um"},
        {"file": "ring.ply", "longest": "52 um", "up": "x", "mode": "surface", "pitch": "3 um"},
        {"file": "ring.glb", "scale": "1e-6", "mode": "contours", "planes": ["1 um", "2.5 um", "5 um"]},
        {
            "file": "ball.stl", "unit": "mm", "scale": "0.01", "mode": "slices", "layers": "5", "fill": "hatch",
            "hatch_pitch": "10 um", "layer_rotation": "30 deg", "inset": "4 um",
        },
    ],
    "sweep": [
        {"shape": ["3", "4"], "cell": "dot", "pitch": ["60 um", "50 um"], "labels": "dots", "frame": "true"},
        {
            "shape": ["2", "3", "2"], "cell": "dots", "count": "3", "spacing": "5 um", "pitch": ["50 um", "60 um"],
            "replicates": "2", "randomise": "true", "fast_along": "y", "first": ["8", "99"], "label_height": "15 um",
        },
        {
            "shape": ["5", "1"], "cell": "lines", "length": "200 um", "count": "2", "spacing": "5 um",
            "pitch": ["300 um", "40 um"], "labels": "none",
        },
    ],
    "group": [
        {
            "patterns": {
                "px": {
                    "type": "group", "at": ["300 um", "0 um"], "depth": "5 um",
                    "patterns": {
                        "red": {"type": "lines", "length": "30 um", "count": "4", "pitch": "5 um", "rotate": "90 deg",
                                "at": ["20 um", "0 um"]},
                        "blue": {"type": "voxels", "counts": ["5", "4", "3"], "pitch": ["4 um", "4 um", "9 um"],
                                 "at": ["40 um", "0 um"],
                                 "array": {"counts": ["2", "3"], "pitch": ["50 um", "40 um"]}},
                    },
                },
                "label": {"type": "qr", "text": "a", "module": "10 um", "fill": "hatch", "hatch_pitch": "5 um",
                          "outside": "window"},
                "window": {"type": "areas", "fill": "hatch", "hatch_pitch": "10 um", "at": ["3 um", "2 um"],
                           "shapes": [{"shape": "circle", "centre": ["103.3 um", "104.2 um"], "diameter": "90 um"}]},
            },
        },
    ],
    "areas": [
        {
            "fill": "crosshatch", "hatch_pitch": "5 um", "hatch_angle": "30 deg", "inset": "2 um", "outline": "true",
            "layers": "3", "layer_pitch": "20 um", "layer_rotation": "37 deg", "vary": "layer",
            "shapes": [
                {"shape": "rectangle", "centre": ["100 um", "50 um"], "size": ["200 um", "100 um"]},
                {"shape": "ring", "centre": ["100 um", "100 um"], "inner_diameter": "60 um",
                 "outer_diameter": "80 um"},
                {"shape": "ellipse", "centre": ["40 um", "40 um"], "size": ["30 um", "50 um"], "rotate": "20 deg",
                 "combine": "difference"},
            ],
        },
        {
            "fill": "contour", "hatch_pitch": "4 um", "tolerance": "0.1 um",
            "shapes": [
                {"shape": "polygon", "corners": [["0 um", "0 um"], ["90 um", "10 um"], ["40 um", "80 um"]]},
                {"shape": "circle", "centre": ["45 um", "30 um"], "diameter": "70 um", "combine": "intersection"},
            ],
        },
        {"outline": "true", "shapes": [{"shape": "circle", "centre": ["45 um", "40 um"], "diameter": "70 um"}]},
    ],
    "points": [
        {"file": "points.csv", "unit": "um"},
        {"file": "points.csv", "unit": "mm", "origin": "file"},
    ],
    "payload": [
        {
            "text": "stored", "page": ["48", "48"], "pitch": ["5 um", "4 um"], "layer_pitch": "20 um",
            "group": ["2", "1"],
        },
        {
            "file": "points.csv", "bits": "1", "presence": "true", "page": ["60", "50"], "pitch": ["3 um", "3 um"],
            "fields": ["2", "1"], "layer_pitch": "10 um", "compression": "none", "parity": "8", "group": ["1", "3"],
        },
    ],
    "marks": [
        {"shape": "cross", "size": "50 um", "strokes": "2", "stroke_pitch": "2 um"},
        {"shape": "l_corner", "size": "50 um", "span": ["300 um", "200 um"]},
        {"shape": "fiducials", "size": "60 um", "span": ["300 um", "200 um"], "dot_pitch": "2 um"},
        {"shape": "fiducials", "size": "60 um", "span": ["300 um", "200 um"], "count": "3", "gap": "0 um"},
        {"shape": "vernier", "size": "40 um", "divisions": "10", "pitch": "10 um"},
        {"shape": "ruler", "size": "40 um", "divisions": "50", "pitch": "10 um", "numbers": "true"},
    ],
    "voxels": [
        {"counts": ["7", "5", "3"], "pitch": ["4 um", "5 um", "10 um"]},
        {"counts": ["6", "4", "4"], "pitch": ["4 um", "4 um", "9 um"], "lattice": "hexagonal", "vary": "row"},
        {"counts": ["3", "3", "5"], "pitch": ["4 um", "4 um", "2 um"], "lattice": "body_centred", "vary": "column"},
        {"counts": ["4", "3", "2"], "pitch": ["4 um", "4 um", "2 um"], "mask": "sites.txt", "jitter": "0.5 um"},
    ],
    "lines": [
        {"length": "100 um", "count": "9", "pitch": "5 um"},
        {"length": "1 mm", "count": "1"},
        {
            "length": "100 um", "count": "5", "pitch": "5 um", "layers": "3", "layer_pitch": "20 um",
            "dash": ["8 um", "3 um"], "vary": "line",
        },
    ],
    "microdiscs": [
        {"counts": ["7", "5"], "pitch": "14 um", "cut": "imprint", "diameter": "10 um", "ring_width": "1 um"},
        {
            "counts": ["4", "3"], "pitch": "20 um", "lattice": "square", "cut": "trepan", "ring_width": "2 um",
            "diameter": {"from": "6 um", "to": "12 um", "count": "4"}, "lasing_wavelength": "535 nm",
        },
    ],
    "relief": [
        {
            "shape": "lens", "size": "10 um", "sag": "300 nm", "pitch": "500 nm",
            "removal": {"depth": "20 nm", "source": "example value"},
        },
    ],
    "qr": [
        {"text": "lasercam", "module": "10 um"},
        {"url": "https://example.org/a", "module": "10 um", "fill": "dots", "finder_pitch": "5 um", "version": "3"},
        {"text": "010", "module": "10 um", "fill": "hatch", "hatch_pitch": "2 um", "hatch_angle": "30 deg"},
        {
            "text": "π", "module": "12 um", "fill": "concentric", "hatch_pitch": "3 um", "polarity": "light_written",
            "quiet_zone": "2", "error_correction": "H",
        },
    ],
    "qr_dual": [
        {"mode": "channels", "text_a": "lasercam", "text_b": "010", "module": "10 um"},
        {
            "mode": "channels", "text_a": "lasercam", "text_b": "010", "module": "10 um", "solid_finder": "false",
            "per_module": "2", "quiet_zone": "0",
        },
        {
            "mode": "decoy_count", "text_a": "https://example.org", "text_b": "π", "module": "12 um", "fill": "hatch",
            "per_module": "4", "inset": "2 um", "version": "3", "error_correction": "Q",
        },
        {"mode": "decoy_count", "text_a": "A", "text_b": "B", "module": "12 um", "quiet_zone": "1"},
    ],
    "text": [
        {"text": "lasercam\n42", "height": "100 um", "align": "right", "junction_gap": "1 um"},
        {"text": "AV fi", "font": "dejavu-serif", "height": "50 um", "tolerance": "1 um", "fallback": ["dejavu-mono"]},
        {
            "text": "نور O", "font": "dejavu-sans", "height": "60 um", "fill": "hatch", "hatch_pitch": "5 um",
            "hatch_angle": "30 deg", "language": "ar",
        },
        {"text": "K9", "font": "dot-5x7", "height": "60 um", "letter_spacing": "5 um"},
        {"text": "K\n9", "font": "segment-14", "height": "60 um", "line_spacing": "90 um"},
    ],
    "cipher_text": [
        {"visible": "E", "hidden": "F", "height": "400 um"},
        {
            "visible": "8B\nE", "hidden": "3 \nF", "font": "dot-5x7", "height": "70 um", "hidden_strokes": "5",
            "stroke_pitch": "1 um", "align": "center", "line_spacing": "100 um", "letter_spacing": "3 um",
        },
        {"visible": "8", "hidden": "4", "font": "segment-7", "height": "90 um", "strokes": "2", "stroke_pitch": "1 um"},
    ],
    "svg": [
        {"file": "d.svg"},
        {
            "file": "d.svg", "fill": "hatch", "hatch_pitch": "20 um", "width": "500 um", "tolerance": "0.2 um",
            "origin": "drawing",
        },
        {
            "file": "d.svg", "fill": "contour", "hatch_pitch": "20 um", "stroke_mode": "outline", "scale": "2",
            "overlaps": "keep",
        },
        {"file": "d.svg", "fill": "dots", "dot_pitch": "25 um", "stroke_mode": "none", "dpi": "72"},
    ],
    "dxf": [
        {"file": "plan.dxf", "names": {"cut": "edge"}},
        {
            "file": "plan.dxf", "fill": "hatch", "hatch_pitch": "20 um", "outline": "true", "layers": ["cut", "solid"],
            "fill_rule": "nonzero",
        },
        {"file": "r12.dxf", "unit": "mm", "tolerance": "1 um", "ignore": ["TEXT"]},
    ],
    "gds": [
        {"file": "chip.gds", "fill": "hatch", "hatch_pitch": "1 um", "origin": "file"},
        {"file": "chip.gds", "cell": "UNIT", "layers": ["L1"], "names": {"L1": "core.inner"}},
        {"file": "chip.oas", "fill": "contour", "hatch_pitch": "0.8 um", "outline": "true", "inset": "0.2 um"},
    ],
    "shares": [
        {"text": "42", "pixel": "20 um", "layer_distance": "30 um", "combine": "resolved"},
        {"image": "two_tones.txt", "pixel": "20 um", "combine": "double_hit", "cluster": "2", "margin": "0"},
    ],
}  # fmt: skip
"""Small jobs of every source, a few thousand features each; a new source adds its own."""

REGISTERED = {entry.name: entry for entry in entry_points(group="lasercam.sources")}
CASES = [(name, i) for name in sorted(REGISTERED) for i in range(len(EXAMPLES.get(name, [])))]
PROMISES = sorted(name for name in dir(SourceContract) if name.startswith("test_"))


def test_sources_are_registered() -> None:
    assert {"voxels", "lines", "qr"} <= set(REGISTERED)


@pytest.mark.parametrize("name", sorted(REGISTERED))
def test_every_source_has_an_example(name: str) -> None:
    assert EXAMPLES.get(name), f"add an example of '{name}' to EXAMPLES"


@pytest.mark.parametrize(("name", "index"), CASES)
@pytest.mark.parametrize("promise", PROMISES)
def test_a_source_keeps_its_promises(promise: str, name: str, index: int) -> None:
    class Contract(SourceContract):
        kind = REGISTERED[name].load()
        examples = ({"type": name, **copy.deepcopy(EXAMPLES[name][index])},)
        assets = ASSETS

    getattr(Contract(), promise)()
