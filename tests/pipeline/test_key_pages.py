"""Pages about keys: found by path, told with what they take, near misses named."""

import pytest

from lasercam.errors import UsageError
from lasercam.pipeline.catalogue import explain
from lasercam.pipeline.key_pages import all_paths, find_key, near_keys


def page(name: str) -> str:
    return "\n".join(explain(name))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("steps.write", "first pass: part → recipe"),
        ("steps.order", "planned | by_setup | as_given, default planned"),
        ("sample.size", "width (x), height (y) and thickness (z)"),
        ("recipes.speed", "writing speed of lines"),
        ("recipes.red.speed", "such as 0.4 mm/s"),
        ("patterns.qr.error_correction", "L | M | Q | H"),
        ("patterns.lines.array.counts", "copies along x and y"),
        ("steps.heat.hold_time", "at the plateau"),
        ("supply.glass_bri_lines.spot_radius.source", "how the lab knows"),
        ("profile.axes.x.max_speed", "fastest travel"),
        ("profile.laser.pulse_energy.scale.law", "takes"),
        ("process_file.doi", "DOI of the work"),
        ("steps", "write"),
        ("patterns", "Types: areas, cipher_text, dxf"),
        ("steps[0].write", "first pass"),
    ],
)
def test_keys_are_explained(path: str, said: str) -> None:
    assert said in page(path)
    assert all(len(line) <= 80 for line in page(path).splitlines())


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("steps.wirte", "steps.write"),
        ("patterns.qr.eror_correction", "patterns.qr.error_correction"),
        ("sample.siez", "sample.size"),
        ("W_SELF_FOKUS", "W_SELF_FOCUS"),
        ("profile.controler.increment", "profile.controller.increment"),
    ],
)
def test_near_names_are_offered(typo: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{meant}'"):
        page(typo)


def test_every_listed_path_is_found() -> None:
    paths = all_paths()
    assert len(paths) > 400
    assert not [path for path in paths if find_key(path) is None]
    assert near_keys("steps.writ")[0] == "steps.write"


@pytest.mark.parametrize("path", ["", ".", "steps.", "patterns.qr.", "patterns.no.at", "a.b.c.d", "profile", "[0]"])
def test_what_is_no_key_is_none(path: str) -> None:
    assert find_key(path) is None
