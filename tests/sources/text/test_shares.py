"""Two-share visual cryptography: each share alone is random, both together are the picture, and only so read."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from scipy import stats

from lasercam.errors import InputError
from lasercam.sources.shares import PATTERNS, Shares, random_patterns
from tests.support.sources import joined, make

PICTURE = b"##..##\n#.##.#\n......\n"


def shares(seed: int = 0, assets: Any = None, **keys: Any) -> Any:
    wanted = {"type": "shares", "pixel": "20 um", "combine": "resolved", "layer_distance": "30 um", **keys}
    if wanted["combine"] == "double_hit":
        wanted.pop("layer_distance")
    return make(Shares, wanted, assets={"p.txt": PICTURE, **(assets or {})}, seed=seed)


def glowing(source: Any, part: str) -> np.ndarray[Any, Any]:
    """What a camera that resolves subpixels sees of a part: dots per subpixel, from the features alone."""
    rows, columns = source.picture.shape
    counts = np.zeros((2 * rows, 2 * columns), dtype=int)
    chosen = source.parts.select(part)
    for block in source.features():
        xy = block.xyz_um[np.isin(block.part, chosen), :2]
        column, up = np.floor(xy / 10.0).astype(int).T
        np.add.at(counts, (2 * rows - 1 - up, column), 1)
    return counts


def per_pixel(subpixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    rows, columns = (n // 2 for n in subpixels.shape)
    return subpixels.reshape(rows, 2, columns, 2).sum(axis=(1, 3))


@pytest.mark.parametrize("keys", [{"text": "OK\n42"}, {"image": "p.txt", "margin": "0"}])
def test_resolved_shares_show_the_picture(keys: dict[str, Any]) -> None:
    source = shares(**keys)
    either = glowing(source, "share_1") | glowing(source, "share_2")
    assert np.array_equal(per_pixel(either > 0) == 4, source.picture)
    assert np.array_equal(per_pixel(either > 0) == 2, ~source.picture)


def test_added_light_shows_nothing() -> None:
    """Why `adds` is refused: the brightness of every pixel is the same, contrast 1.0 to 1.0."""
    source = shares(text="SECRET")
    both = per_pixel(glowing(source, "share_1") + glowing(source, "share_2"))
    assert (both == 4).all()
    with pytest.raises(InputError, match=r"1\.0 to 1\.0") as caught:
        shares(text="SECRET", combine="adds")
    assert "resolved" in str(caught.value)
    assert "double_hit" in str(caught.value)


def test_double_hits_show_the_picture_reversed() -> None:
    source = shares(image="p.txt", combine="double_hit", margin="0")
    first, second = glowing(source, "share_1"), glowing(source, "share_2")
    hit_twice = per_pixel((first > 0) & (second > 0))
    assert np.array_equal(hit_twice == 0, source.picture)
    assert np.array_equal(hit_twice == 2, ~source.picture)
    assert np.array_equal(glowing(source, "both") > 0, (first > 0) & (second > 0))
    assert {float(z) for z in joined(source.features()).xyz_um[:, 2]} == {0.0}


def test_the_picture_is_the_image() -> None:
    source = shares(image="p.txt", margin="2")
    expected = [[c == "#" for c in row] for row in PICTURE.decode().split()]
    assert np.array_equal(source.picture[2:-2, 2:-2], expected)
    assert source.picture.sum() == np.sum(expected)


def test_shares_lie_in_two_planes() -> None:
    block = joined(shares(text="A").features())
    assert set(block.xyz_um[block.part == 0, 2]) == {0.0}
    assert set(block.xyz_um[block.part == 1, 2]) == {30.0}


@pytest.mark.parametrize("share", ["share_1", "share_2"])
def test_each_share_alone_is_random(share: str) -> None:
    """Every pixel holds one of six patterns, equally often, in dark pixels as in light ones and beside each other."""
    rng = np.random.default_rng(7)
    drawing = "\n".join("".join(row) for row in np.where(rng.random((120, 150)) < 0.3, "#", ".")).encode()
    source = shares(image="d.txt", margin="0", assets={"d.txt": drawing}, seed=3)
    alone = glowing(source, share)
    assert (per_pixel(alone) == 2).all()
    pixels = alone.reshape(120, 2, 150, 2).transpose(0, 2, 1, 3).reshape(120, 150, 4)
    kinds = np.argmax((pixels[:, :, None, :] == PATTERNS.astype(int)).all(axis=-1), axis=-1)
    for chosen in (kinds[source.picture], kinds[~source.picture]):
        assert stats.chisquare(np.bincount(chosen, minlength=6)).pvalue > 1e-4
    table = np.zeros((6, 6))
    np.add.at(table, (kinds[:, :-1].ravel(), kinds[:, 1:].ravel()), 1)
    assert stats.chi2_contingency(table).pvalue > 1e-4
    correlation = np.corrcoef(source.picture.ravel(), pixels[:, :, 0].ravel())[0, 1]
    assert abs(correlation) < 4.0 / np.sqrt(120 * 150)


def test_seed_and_name_decide() -> None:
    base = random_patterns((40, 40), 1, "a")
    assert np.array_equal(base, random_patterns((40, 40), 1, "a"))
    for other in (random_patterns((40, 40), 2, "a"), random_patterns((40, 40), 1, "b")):
        assert 0.1 < np.mean(base == other) < 0.25  # a sixth by chance
    assert base.ravel()[:12].tolist() == random_patterns((2000,), 1, "a")[:12].tolist()


def test_clusters_fill_their_subpixel() -> None:
    one, nine = shares(text="A"), shares(text="A", cluster="3")
    assert np.array_equal(glowing(nine, "share_1"), 9 * glowing(one, "share_1"))


def image(array: Any, mode: str, suffix: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.array(array, dtype=np.uint8)).convert(mode).save(stream, suffix)
    return stream.getvalue()


@pytest.mark.parametrize(("mode", "suffix"), [("1", "PNG"), ("L", "BMP"), ("RGB", "PNG"), ("1", "PPM"), ("L", "TIFF")])
def test_pictures_of_two_tones(mode: str, suffix: str) -> None:
    content = image([[0, 255, 255], [255, 0, 255]], mode, suffix)
    source = shares(image="x", margin="0", assets={"x": content})
    assert source.picture.tolist() == [[True, False, False], [False, True, False]]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("x.png", image([[0, 128, 255]], "L"), "3 tones"),
        ("x.png", image([[0, 0]], "L"), "dark all over"),
        ("x.png", image([[255, 255]], "L"), "light all over"),
        ("x.png", image([[0, 255]], "RGBA"), "transparent"),
        ("x.png", b"not a picture", "cannot be read"),
        ("x.png", image(np.eye(20) * 255, "L")[:50], "cannot be read"),
        ("x.txt", b"##\n#", "1 signs in line 2"),
        ("x.txt", b"#x", "the sign 'x'"),
        ("x.txt", b"", "pixels"),
        ("x.txt", b"\xff\xfe", "not a text"),
    ],
)
def test_other_pictures_are_refused(name: str, content: bytes, found: str) -> None:
    with pytest.raises(InputError, match=found):
        shares(image=name, assets={name: content})


def test_keys_fit_each_other() -> None:
    for keys, found in (
        ({"text": "a", "image": "p.txt"}, "one of them"),
        ({}, "one of them"),
        ({"text": "a", "layer_distance": None}, "layer_distance"),
    ):
        with pytest.raises(ValidationError, match=found):
            shares(**keys)
    with pytest.raises(InputError, match=r"U\+00E9"):
        shares(text="é")
    with pytest.raises(InputError, match="nothing to hide"):
        shares(text=" ")
