"""Which visible characters can hide which hidden ones, and what to write instead when they cannot."""

from __future__ import annotations

from dataclasses import dataclass

from lasercam.sources.text.elements import ELEMENT_FONTS, FULL_BLOCK, ElementFont, element_font

MAX_DECOYS = 8
_LISTED = 6


@dataclass(frozen=True)
class Misfit:
    """A hidden character that does not fit into the visible one at its place.

    Attributes:
        line: counted from 0.
        place: in the line, counted from 0.
        visible: what shows.
        hidden: what should hide in it.
        offending: elements that the visible one lacks.
    """

    line: int
    place: int
    visible: str
    hidden: str
    offending: tuple[str, ...]


def misfits(font: ElementFont, visible: list[str], hidden: list[str]) -> list[Misfit]:
    """Every place where the hidden character has elements that the visible one lacks.

    Args:
        font: that can write all of them.
        visible: lines.
        hidden: as many lines, as long as those.
    """
    found = []
    for row, (shown, secret) in enumerate(zip(visible, hidden, strict=True)):
        for place, (v, h) in enumerate(zip(shown, secret, strict=True)):
            extra = (font.mask(h) or 0) & ~(font.mask(v) or 0)
            if extra:
                found.append(Misfit(row, place, v, h, font.names(extra)))
    return found


def decoys(font: ElementFont, hidden: str, like: str = "") -> list[str]:
    """Characters that can hide one, those that look most like `like` first, and the full block last.

    >>> decoys(element_font("segment-14"), "F", like="E")[0]
    'E'
    """
    secret = font.mask(hidden) or 0
    wanted = (font.mask(like) or 0) if like else secret

    def strangeness(character: str) -> tuple[int, bool, str]:
        mask = font.masks[character]
        return (mask ^ wanted).bit_count(), not character.isalnum(), character

    fitting = [c for c, mask in font.masks.items() if secret & ~mask == 0 and mask != secret]
    return [*sorted(fitting, key=strangeness), FULL_BLOCK]


def proposal(font: ElementFont, visible: list[str], hidden: list[str]) -> str:
    """What to do about misfits, in a sentence or two."""
    found = misfits(font, visible, hidden)
    changed = [[*line] for line in visible]
    for misfit in found:
        changed[misfit.line][misfit.place] = decoys(font, misfit.hidden, misfit.visible)[0]
    nearest = " / ".join("".join(line) for line in changed)
    said = [f"The nearest visible text that works: '{nearest}'."]
    for secret in list(dict.fromkeys(m.hidden for m in found))[:_LISTED]:
        said.append(f"'{secret}' hides in {' '.join(decoys(font, secret)[-MAX_DECOYS:])}.")
    others = [name for name in ELEMENT_FONTS if name != font.name and works(element_font(name), visible, hidden)]
    if others:
        said.append(f"As written, it works with font: {' or '.join(others)}.")
    said.append(f"{FULL_BLOCK} hides everything.")
    return " ".join(said)


def works(font: ElementFont, visible: list[str], hidden: list[str]) -> bool:
    """Whether a font has all characters and hides every one of them."""
    characters = {c for line in (*visible, *hidden) for c in line}
    return all(font.mask(c) is not None for c in characters) and not misfits(font, visible, hidden)
