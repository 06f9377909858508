"""Shares of visual cryptography in pictures: which share each shows, and what two of them show together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import UsageError
from lasercam.pipeline.hidden_texts import PanelImage
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.reading_files import write_new
from lasercam.readback.shares.dot_text import DotText, read_dot_text
from lasercam.readback.shares.grid import SeenShare, find_share
from lasercam.readback.shares.overlay import (
    DARK,
    LIGHT,
    UNTOLD,
    codes,
    orientations,
    overlaid,
    secret_of_both,
)
from lasercam.sources.image.picture import rgb8_png
from lasercam.sources.shares import Shares

_MOST_WRONG = 0.05
"""Of the pixels of a secret picture that is taken for the job's."""
_LEAST_SAME = 0.8
_PX_PER_QUARTER = 8
_COLOURS = np.array([(0, 0, 0), (255, 210, 0), (255, 60, 0)], np.uint8)
"""Quarters in neither share, in one, in both: what a reader of single dots, and of twice exposed ones, sees."""
_TONES = np.array([(255, 255, 255), (0, 0, 0), (200, 60, 200)], np.uint8)


@dataclass(frozen=True, eq=False)
class Secret:
    """A picture that two shares make.

    Attributes:
        of: titles of the pictures it comes from.
        pixels: uint8 (rows, columns): LIGHT, DARK or UNTOLD.
        overlay: int64 (2 rows, 2 columns), shares that each quarter glows in; None where both are in one picture.
        agreement: share of the pixels that follow the rule of two shares.
        text: what the dots read.
        pattern: of the job, whose picture is nearest; empty without one.
        wrong: share of that picture's pixels that differ.
    """

    of: tuple[str, ...]
    pixels: NDArray[np.uint8]
    overlay: NDArray[np.int64] | None
    agreement: float
    text: DotText | None
    pattern: str
    wrong: float

    @property
    def is_right(self) -> bool:
        """Whether it is that of the job, where there is one."""
        return not self.pattern or self.wrong <= _MOST_WRONG


@dataclass(frozen=True, eq=False)
class SharesSeen:
    """What pictures show of shares.

    Attributes:
        pictures: their titles, each with what it shows.
        secrets: pictures that shares make.
        refusals: why pairs make none.
    """

    pictures: tuple[tuple[str, str], ...]
    secrets: tuple[Secret, ...]
    refusals: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether a secret was read, and none is wrong."""
        return bool(self.secrets) and all(secret.is_right for secret in self.secrets)


def share_patterns(loaded: LoadedJob) -> dict[str, Shares]:
    """Patterns of a job that are split into shares."""
    return {name: p.source for name, p in loaded.patterns.items() if isinstance(p.source, Shares)}


def read_shares(pictures: Sequence[PanelImage], patterns: Mapping[str, Shares], *, overlay: bool) -> SharesSeen:
    """What pictures show of shares, alone and together.

    Args:
        pictures: two of them where they are laid on each other without a job.
        patterns: of a job; may be none.
        overlay: lay the two pictures on each other whatever they are.

    Raises:
        UsageError: not two pictures to lay on each other.
    """
    if overlay and len(pictures) != 2:
        raise UsageError(f"--overlay lays two pictures on each other, one of each share; found {len(pictures)}")
    seen = [(picture.title, _share_in(picture)) for picture in pictures]
    said: list[tuple[str, str]] = []
    known: dict[tuple[str, int], int] = {}
    for number, (title, share) in enumerate(seen):
        words, mine = _what(share, patterns)
        said.append((title, words))
        for key in mine:
            known.setdefault(key, number)
    secrets = [
        _secret((title,), secret_of_both(share), None, share.valid, patterns)
        for title, share in seen
        if share is not None and share.is_overlay
    ]
    pairs = {(known[name, 0], known[name, 1]) for name in patterns if (name, 0) in known and (name, 1) in known}
    refusals = []
    for one, other in sorted(pairs | ({(0, 1)} if overlay else set())):
        made = _together(seen[one], seen[other], patterns)
        if isinstance(made, str):
            refusals.append(made)
        else:
            secrets.append(made)
    return SharesSeen(tuple(said), tuple(secrets), tuple(refusals))


def _share_in(picture: PanelImage) -> SeenShare | None:
    light = np.asarray(picture.image.planes.max(axis=0), np.float32)
    found = find_share(light)
    return found if found is not None else find_share(np.asarray(light.max() - light, np.float32))


def _what(share: SeenShare | None, patterns: Mapping[str, Shares]) -> tuple[str, list[tuple[str, int]]]:
    """What a picture shows, in words, and which shares of the job it is."""
    if share is None:
        return "no share is found: no lattice of dots with two glowing quarters in every pixel", []
    rows, columns = share.pixels
    size = f"{columns} by {rows} pixels, {share.valid:.0%} of them as they must be"
    if share.is_overlay:
        return f"both shares at once, {size}", []
    words, mine = [], []
    for name, source in patterns.items():
        for number, quarters in enumerate(source.subpixels):
            same = max(_same(codes(grid), codes(quarters)) for _, _, grid in orientations(share.quarters))
            if same >= _LEAST_SAME:
                words.append(f"share_{number + 1} of {name} ({same:.1%} of its pixels)")
                mine.append((name, number))
    if patterns and not words:
        return f"a share, {size}; it is none of this job's", []
    return f"{' and '.join(words) or 'a share'}, {size}", mine


def _same(seen: NDArray[np.int64], wanted: NDArray[np.int64]) -> float:
    """Largest share of equal values, over the places where a table may lie on another one a few rows off."""
    return max(float((part == wanted).mean()) for part in _placed(seen, wanted.shape, -1))


def _placed(
    table: NDArray[np.integer[Any]], shape: tuple[int, ...], nothing: int
) -> Iterator[NDArray[np.integer[Any]]]:
    """A table cut and filled up to a shape, at every place where little of either is lost."""
    spare = [abs(a - b) + 1 for a, b in zip(table.shape, shape, strict=True)]
    if spare[0] > max(4, shape[0]) or spare[1] > max(4, shape[1]):
        yield np.full(shape, nothing)
        return
    wide = np.full([b + 2 * s + a for a, b, s in zip(table.shape, shape, spare, strict=True)], nothing)
    wide[tuple(slice(s + b // 2, s + b // 2 + a) for a, b, s in zip(table.shape, shape, spare, strict=True))] = table
    y, x = (s + b // 2 for b, s in zip(shape, spare, strict=True))
    for dy in range(-spare[0], spare[0] + 1):
        for dx in range(-spare[1], spare[1] + 1):
            yield wide[y + dy : y + dy + shape[0], x + dx : x + dx + shape[1]]


def _together(
    one: tuple[str, SeenShare | None], other: tuple[str, SeenShare | None], patterns: Mapping[str, Shares]
) -> Secret | str:
    """The picture of two shares, or why there is none."""
    (first_title, first), (second_title, second) = one, other
    missing = [title for title, share in (one, other) if share is None or share.is_overlay]
    if first is None or second is None or missing:
        return f"{' and '.join(missing)}: no single share; an overlay takes one picture of each share alone"
    laid = overlaid(first, second)
    if not laid.fits:
        return (
            f"{first_title} and {second_title} do not belong together: at best {laid.agreement:.0%} of the pixels are"
            " equal or opposite, as chance gives in the best of many places; together they show noise, and no picture"
            " is written"
        )
    dark = float((laid.secret == DARK).mean())
    if dark in (0.0, 1.0):
        how = "the same share" if dark == 0.0 else "a share and its negative"
        return f"{first_title} and {second_title} show {how}: that hides nothing"
    shares = laid.first.astype(np.int64) + laid.second
    return _secret((first_title, second_title), laid.secret, shares, laid.agreement, patterns)


def _secret(
    of: tuple[str, ...],
    pixels: NDArray[np.uint8],
    shares: NDArray[np.int64] | None,
    agreement: float,
    patterns: Mapping[str, Shares],
) -> Secret:
    wrong = {name: _wrong(pixels, source.picture) for name, source in patterns.items()}
    nearest = min(wrong, key=lambda name: wrong[name], default="")
    return Secret(of, pixels, shares, agreement, read_dot_text(pixels), nearest, wrong.get(nearest, 0.0))


def _wrong(pixels: NDArray[np.uint8], picture: NDArray[np.bool_]) -> float:
    """Share of a job's picture that differs, in the direction in which least does."""
    turned = [
        np.where(unsure, UNTOLD, np.where(dark, DARK, LIGHT))
        for (_, _, dark), (_, _, unsure) in zip(
            orientations(pixels == DARK), orientations(pixels == UNTOLD), strict=True
        )
    ]
    wanted = np.where(picture, DARK, LIGHT)
    return 1.0 - max(_same(table.astype(np.int64), wanted.astype(np.int64)) for table in turned)


def write_secrets(seen: SharesSeen, folder: Path) -> list[Path]:
    """What was read as pictures: `secret.png`, and `overlay.png` of the two shares on each other.

    Pictures that are not the job's are not written.

    Raises:
        InputError: a file of that name is there already, or the folder cannot be written.
    """
    contents: dict[str, bytes] = {}
    for number, secret in enumerate([s for s in seen.secrets if s.is_right], 1):
        tag = "" if number == 1 else f"-{number}"
        about = f"read by lasercam from {', '.join(secret.of)}"
        contents[f"secret{tag}.png"] = rgb8_png(_enlarged(_TONES[secret.pixels], 2 * _PX_PER_QUARTER), about)
        if secret.overlay is not None:
            contents[f"overlay{tag}.png"] = rgb8_png(_enlarged(_COLOURS[secret.overlay], _PX_PER_QUARTER), about)
    return write_new(contents, folder) if contents else []


def _enlarged(values: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    return np.asarray(np.repeat(np.repeat(values, factor, axis=0), factor, axis=1), np.uint8)


def share_facts(seen: SharesSeen) -> dict[str, Any]:
    """What was seen, as data for programs."""
    return {
        "shares": [{"image": title, "shows": words} for title, words in seen.pictures],
        "secrets": [
            {
                "images": list(secret.of),
                "rows": secret.pixels.shape[0],
                "columns": secret.pixels.shape[1],
                "agreement": round(secret.agreement, 4),
                "untold": int((secret.pixels == UNTOLD).sum()),
                "text": secret.text.text if secret.text else None,
                "turned_deg": 90 * secret.text.turned_quarters if secret.text else None,
                "mirrored": secret.text.is_mirrored if secret.text else None,
                "pattern": secret.pattern or None,
                "wrong_pixels": round(secret.wrong, 4) if secret.pattern else None,
                "right": secret.is_right,
            }
            for secret in seen.secrets
        ],
        "refused": list(seen.refusals),
    }


def share_sentences(seen: SharesSeen) -> Iterator[str]:
    """What was seen, in words."""
    for title, words in seen.pictures:
        yield f"{title}: {words}"
    for secret in seen.secrets:
        rows, columns = secret.pixels.shape
        untold = int((secret.pixels == UNTOLD).sum())
        yield (
            f"{' and '.join(secret.of)}: a picture of {columns} by {rows} pixels; {secret.agreement:.1%} follow the"
            f" rule of two shares{f', {untold} cannot be told' if untold else ''}"
        )
        if secret.text is not None:
            how = f", turned by {90 * secret.text.turned_quarters}°" if secret.text.turned_quarters else ""
            how += ", mirrored" if secret.text.is_mirrored else ""
            yield f"  reads '{secret.text.text.replace(chr(10), ' / ')}'{how}"
        if secret.pattern:
            whose = f"that of {secret.pattern}" if secret.is_right else f"NOT that of {secret.pattern}"
            yield f"  it is {whose}: {secret.wrong:.1%} of the pixels differ"
    yield from seen.refusals
