"""Places that an erase step has cleared: what lay there before is no longer in the way of a later write."""

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import Steps
from lasercam.checks.segments import near_pairs
from lasercam.checks.sweep import Scene
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import PassKind

Steps2 = NDArray[np.bool_]
"""bool (S, S), [later step, earlier step]."""


def clearing(context: CheckContext, order: Steps) -> Steps2:
    """Earlier steps that erase, as a later one of the job finds them.

    A furnace in between ends it: it may bring back what was erased, as the recovery of CsPbBr3 does on purpose. What a
    ledger brings has numbers below zero; which of its erasures a furnace followed is its own business.
    """
    sections = context.header.sections
    number = {index: section.step for index, section in zip(order.of_section, sections, strict=True)}
    furnaces = [i for i, step in enumerate(context.job.steps) if step.heat is not None]
    found = np.zeros((len(order), len(order)), np.bool_)
    for earlier, kind in enumerate(order.pass_kinds):
        if kind is not PassKind.ERASE:
            continue
        for later in range(earlier + 1, len(order)):
            found[later, earlier] = not any(number[earlier] < i < number[later] for i in furnaces)
    return found


def not_cleared(
    scene: Scene, index: NDArray[np.intp], matters: Steps2, clears: Steps2, tolerance_ticks: int
) -> NDArray[np.bool_]:
    """Whether something still lies where these dots go: bool (K,), dots on dots only.

    Args:
        scene: dots in the order of the toolpath.
        index: intp (K,), of its dots, at whose places earlier dots lie.
        matters: pairs of steps that must not share a place.
        clears: of `clearing`.
        tolerance_ticks: places no farther apart are the same.
    """
    dots = scene.dots
    pairs = list(near_pairs(dots.take(index), dots, tolerance_ticks + 1))
    asked = np.concatenate([a for a, _ in pairs]) if pairs else np.zeros(0, np.intp)
    other = np.concatenate([b for _, b in pairs]) if pairs else np.zeros(0, np.intp)
    earlier = other < index[asked]
    asked, other = asked[earlier], other[earlier]
    later_step, earlier_step = dots.step[index[asked]], dots.step[other]
    clear = clears[later_step, earlier_step]
    cleared = np.full(len(index), -1, np.intp)
    np.maximum.at(cleared, asked[clear], other[clear])
    standing = ~clear & matters[later_step, earlier_step] & (other > cleared[asked])
    found = np.zeros(len(index), np.bool_)
    found[asked[standing]] = True
    return found
