"""Adding up where the time of a job goes, and how much energy the sample gets, from the rows that are written."""

import numpy as np
from numpy.typing import NDArray

from lasercam.model.job import Step
from lasercam.model.machine import Machine
from lasercam.model.timing import TimedBlock
from lasercam.model.toolpath import NS_PER_S, RowKind, Section, Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.timing import timed_blocks
from lasercam.plan.kinematics.model import motion_model
from lasercam.preview.time_budget import (
    EXPOSING,
    GATE,
    MOVING,
    SETTLING,
    WITHOUT_BEAM,
    StepTime,
    TimeBudget,
    TimeShare,
)

_BEAM_KINDS = (EXPOSING, MOVING, GATE, SETTLING)


def open_seconds(toolpath: Toolpath) -> NDArray[np.float64]:
    """How long a dot of each recipe is exposed: float64 (R,), s."""
    recipes = toolpath.header.recipes.recipes
    return np.array(
        [r.exposure_ns / NS_PER_S if r.exposure_ns else r.pulses / max(r.laser.rep_rate_hz, 1e-12) for r in recipes]
    )


def time_budget(loaded: LoadedJob, toolpath: Toolpath) -> TimeBudget:
    """Time and energy of every step and recipe, from one reading of the rows."""
    sections = toolpath.header.sections
    machines = [loaded.machines[section.step] for section in sections]
    ledgers = {section.index: _Ledger(toolpath, section, loaded.machines[section.step]) for section in sections}
    near = np.zeros(len(toolpath.header.recipes))
    for timed in timed_blocks(toolpath, machines, near, tuple(ledgers)):
        ledgers[timed.block.section].add(timed)
    steps = []
    for index, step in enumerate(loaded.document.steps):
        mine = [s for s in sections if s.step == index]
        if mine:
            shares = _joined([share for s in mine for share in ledgers[s.index].shares()])
            steps.append(StepTime(step.name, step.verb, shares, stops=sum(s.repeat for s in mine)))
        else:
            steps.append(_without_beam(step))
    notes = []
    if any(step.stops for step in steps):
        notes.append(
            "an operator stop is counted for every job file and repeat, and for every step by hand; how long they take"
            " is not known and not counted"
        )
    return TimeBudget(loaded.document.job, tuple(steps), tuple(notes))


def _without_beam(step: Step) -> StepTime:
    """A furnace or a soak lasts as long as it is held; what a person does lasts unknown."""
    heat, soak = step.heat, step.soak
    if heat is not None:
        ramps = "" if heat.ramp_rate is None else ", ramps not counted"
        held = TimeShare("", {WITHOUT_BEAM: heat.hold_time})
        return StepTime(step.name, step.verb, (held,), 1, f"held{ramps or ', ramps not given'}")
    if soak is not None:
        return StepTime(step.name, step.verb, (TimeShare("", {WITHOUT_BEAM: soak.hold_time}),), 1)
    return StepTime(step.name, step.verb, (), 1, "by hand, time not known")


class _Ledger:
    """Sums over the rows of one section, by recipe."""

    def __init__(self, toolpath: Toolpath, section: Section, machine: Machine) -> None:
        self._section = section
        self._recipes = toolpath.header.recipes.recipes
        self._settle_s = machine.controller.settle_time
        self._open_s = open_seconds(toolpath)
        stand_s = motion_model(toolpath.header.recipes, machine).stand_s
        self._gate_s = stand_s - self._settle_s - self._open_s
        n = len(self._recipes)
        self._seconds = np.zeros((len(_BEAM_KINDS), n))
        self._exposures = np.zeros(n)
        self._open_for_s = np.zeros(n)
        self._counted = np.zeros(n)

    def add(self, timed: TimedBlock) -> None:
        """Add rows."""
        block, n = timed.block, len(self._recipes)
        kind, recipe, seconds = block.kind, block.recipe, timed.seconds
        is_dot = kind == RowKind.DOT
        dots = np.bincount(recipe[is_dot], minlength=n).astype(np.float64)
        whole = np.bincount(recipe[is_dot], seconds[is_dot], n)
        exposing, moving, gate, settling = self._seconds
        exposing += dots * self._open_s
        settling += dots * self._settle_s
        gate += dots * self._gate_s
        moving += np.maximum(whole - dots * (self._open_s + self._settle_s + self._gate_s), 0.0)
        self._exposures += dots
        by_count = is_dot & (block.count > 0)
        counted = np.bincount(recipe[by_count], minlength=n)
        self._counted += np.bincount(recipe[by_count], block.count[by_count], n)
        self._open_for_s += (dots - counted) * self._open_s
        if is_dot.all():
            return
        lit = (kind == RowKind.LINE) | (kind == RowKind.CLOSING) | (kind == RowKind.SHOTS)
        exposing += np.bincount(recipe[lit], seconds[lit], n)
        is_line = (kind == RowKind.LINE) | (kind == RowKind.CLOSING)
        self._open_for_s += np.bincount(recipe[is_line], seconds[is_line], n)
        self._exposures += np.bincount(recipe[kind == RowKind.LINE], minlength=n)
        runs = kind == RowKind.SHOTS
        shots = np.bincount(recipe[runs], block.count[runs], n)
        self._counted += shots
        self._exposures += shots
        opening = kind == RowKind.OPENING
        gate += np.bincount(recipe[opening], seconds[opening], n)
        # A jump belongs to no recipe: it is travel to what the section writes next.
        dark = (kind == RowKind.JUMP) | (kind == RowKind.LEAD)
        owner = _next_recipe(kind, recipe)
        moving += np.bincount(owner[dark], seconds[dark], n)

    def shares(self) -> list[TimeShare]:
        """One for each recipe the section uses."""
        found = []
        for index, recipe in enumerate(self._recipes):
            if not self._seconds[:, index].any():
                continue
            laser, times = recipe.laser, self._section.repeat
            seconds = {kind: float(s) * times for kind, s in zip(_BEAM_KINDS, self._seconds[:, index], strict=True)}
            # Counted dots and single shots get what is counted, all else what the source gives while it is open.
            open_s = float(self._open_for_s[index])
            pulses = 0.0 if laser.is_cw else float(self._counted[index]) + open_s * laser.rep_rate_hz
            energy = open_s * laser.cw_power_uw if laser.is_cw else pulses * laser.pulse_energy_uj
            exposures = int(self._exposures[index]) * times
            found.append(TimeShare(recipe.label, seconds, exposures, energy * times, pulses * times))
        return found


def _next_recipe(kind: NDArray[np.uint8], recipe: NDArray[np.uint16]) -> NDArray[np.int64]:
    """int64 (N,), the recipe of the next row that is no jump, of the last one behind it."""
    known = np.flatnonzero(kind != RowKind.JUMP)
    if not len(known):
        return recipe.astype(np.int64)
    at = np.minimum(np.searchsorted(known, np.arange(len(kind))), len(known) - 1)
    return recipe[known[at]].astype(np.int64)


def _joined(shares: list[TimeShare]) -> tuple[TimeShare, ...]:
    """Shares of one recipe in several sections together."""
    found: dict[str, TimeShare] = {}
    for share in shares:
        old = found.get(share.recipe)
        if old is None:
            found[share.recipe] = share
        else:
            seconds = {kind: old.seconds[kind] + share.seconds[kind] for kind in _BEAM_KINDS}
            found[share.recipe] = TimeShare(
                share.recipe, seconds, old.exposures + share.exposures, old.energy_uj + share.energy_uj,
                old.pulses + share.pulses,
            )  # fmt: skip
    return tuple(found.values())
