"""Rows that follow each other without a gap, with recipes that can drive them and room to get up to speed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.glance import glance_at
from lasercam.checks.tally import Tally, finding, info, part_name, part_place
from lasercam.model.commanded import feed_speeds_nm_s
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.toolpath import NM_PER_UM, TICKS_PER_UM, RowKind, ToolpathBlock


class Beam:
    """Judges each row, and each together with the one before it."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_CHAIN",
            Severity.ERROR,
            "A row does not start where the one before it ended",
            "A controller is told ends only: it starts each move where it stands. When a row's start differs from the "
            "end of the row before it in the same section, the exposure is not where the toolpath says. The rows come "
            "from lasercam's own plan or from a pass added to it, so this is a fault of the program: report it, with "
            "the job. Nothing is written.",
        ),
        CodeInfo(
            "E_ROW",
            Severity.ERROR,
            "A row contradicts itself",
            "Each kind of row has its own meaning: jumps and leads are dark and count no pulses, a dot's count is "
            "its recipe's number of pulses (0 when the dot is timed), a run of shots has at least two. A row that "
            "says otherwise could open the beam where it should be dark. It is a fault of the program or of an added "
            "pass: report it, with the job.",
        ),
        CodeInfo(
            "E_RECIPE_KIND",
            Severity.ERROR,
            "The recipe cannot write this kind of feature",
            "Dots need an `exposure` or `pulses`, lines need a `speed`. A recipe that has only the other one does not "
            "say how long the beam stays, and nothing is derived in its place. Add the missing key to the recipe, or "
            "attach another recipe to the part.",
        ),
        CodeInfo(
            "E_ZERO_LINE",
            Severity.ERROR,
            "A line has no length",
            "A line from a point to itself has no time in which the beam could be on: controllers drop it or stop in "
            "it with the beam open. It arises when a pattern's lines are shorter than the machine's increment, or "
            "from repeated vertices. Remove the line, or write the place as a dot with an exposure of its own.",
        ),
        CodeInfo(
            "E_RUN_UP",
            Severity.ERROR,
            "A line starts before the stage is at speed",
            "An axis needs the way v² / (2 a) to reach the speed v from rest. Written from standstill, the first part "
            "of a line gets more pulses per length than the rest: a hot spot. Therefore each run of lines must begin "
            "behind a dark lead in the same direction at least that long (to the increment), with a the acceleration "
            "of the slowest axis taking part, unless the line before it continues at the same speed. "
            "The plan adds leads by itself; a pass or an own toolpath must too.",
            "uniform acceleration; machine profile, `axes: acceleration`",
        ),
    )

    def __init__(self) -> None:
        self._found: Tally[tuple[str, int, int]] = Tally()
        self._last: tuple[int, NDArray[np.int64], NDArray[np.int64], int, int] | None = None
        self._lead: NDArray[np.float64] = np.zeros(3)

    def begin(self, context: CheckContext) -> None:
        """Prepare what recipes can do."""
        self._context = context
        recipes = context.header.recipes.recipes
        self._lines: NDArray[np.bool_] = np.array([r.writes_lines for r in recipes] or [False])
        self._dots: NDArray[np.bool_] = np.array([r.writes_dots for r in recipes] or [False])
        self._pulses: NDArray[np.int64] = np.array([r.pulses for r in recipes] or [0], np.int64)
        self._shots: NDArray[np.bool_] = np.array([r.pulses == 1 or r.pitch_ticks > 0 for r in recipes] or [False])
        self._speeds = [feed_speeds_nm_s(context.header.recipes, m) / NM_PER_UM for m in context.machines]

    def block(self, block: ToolpathBlock) -> None:
        """Look at all rows and at the seam to the block before."""
        if not len(block):
            return
        kind, recipe = block.kind, block.recipe
        if self._is_plain(block):
            self._remember(block)
            return
        before = self._before(block)
        gap = np.any(block.start_ticks != before.end, axis=1) & before.is_there
        self._note("E_CHAIN", block, gap)
        is_line, is_dot = (kind == RowKind.LINE) | (kind == RowKind.CLOSING), kind == RowKind.DOT
        is_shots = kind == RowKind.SHOTS
        is_dark = np.isin(kind, (RowKind.JUMP, RowKind.LEAD, RowKind.OPENING))
        wrong = (kind > RowKind.CLOSING) | (is_dark & (block.count > 0)) | (is_line & (block.count > 0))
        wrong |= is_dot & (block.count != self._pulses[recipe])
        wrong |= is_shots & (block.count < 2)
        self._note("E_ROW", block, wrong)
        self._note("E_RECIPE_KIND lines", block, is_line & ~self._lines[recipe], by_recipe=True)
        self._note("E_RECIPE_KIND dots", block, is_dot & ~self._dots[recipe], by_recipe=True)
        self._note("E_RECIPE_KIND shots", block, is_shots & ~self._shots[recipe], by_recipe=True)
        self._note("E_ZERO_LINE", block, (is_line | is_shots) & np.all(block.start_ticks == block.end_ticks, axis=1))
        self._run_ups(block, before, is_line | is_shots)
        self._remember(block)

    def _is_plain(self, block: ToolpathBlock) -> bool:
        """Whether these are dots of one recipe in a row and nothing is wrong with them: so it is in arrays."""
        seen = glance_at(self._context, block)
        if not seen.only_dots or seen.recipe is None or self._last is None or self._last[0] != block.section:
            return False
        if len(block) < 2 or not self._dots[seen.recipe] or not np.array_equal(self._last[2], block.start_ticks[0]):
            return False
        if bool((block.count != self._pulses[seen.recipe]).any()):
            return False
        if not np.array_equal(block.start_ticks[1:], block.end_ticks[:-1]):
            return False
        self._lead = np.zeros(3)
        return True

    def _remember(self, block: ToolpathBlock) -> None:
        """Keep the last row for the seam to the next block."""
        self._last = (
            block.section, block.start_ticks[-1], block.end_ticks[-1], int(block.kind[-1]), int(block.recipe[-1]),
        )  # fmt: skip

    def end(self) -> Iterable[Finding]:
        """One finding per code, part and recipe."""
        return [self._finding(*key) for key in self._found.cases]

    def _before(self, block: ToolpathBlock) -> "_Before":
        """For each row the one before it, across the seam of blocks."""
        there = np.ones(len(block), np.bool_)
        start, end = np.empty_like(block.start_ticks), np.empty_like(block.end_ticks)
        kind, recipe = np.empty_like(block.kind), np.empty_like(block.recipe)
        start[1:], end[1:] = block.start_ticks[:-1], block.end_ticks[:-1]
        kind[1:], recipe[1:] = block.kind[:-1], block.recipe[:-1]
        if self._last is not None and self._last[0] == block.section:
            _, start[0], end[0], kind[0], recipe[0] = self._last
        else:
            there[0] = False
            start[0] = end[0] = block.start_ticks[0]
            kind[0], recipe[0] = RowKind.JUMP, 0
        return _Before(there, start, end, kind, recipe)

    def _run_ups(self, block: ToolpathBlock, before: "_Before", is_line: NDArray[np.bool_]) -> None:
        speed = self._speeds[block.section]
        # A gate opens within the run-up: OPENING goes on from its LEAD, and the line from both.
        run_before = self._run_before(block, before)
        goes_on = np.isin(before.kind, (RowKind.LINE, RowKind.CLOSING)) & (speed[before.recipe] == speed[block.recipe])
        first = np.flatnonzero(is_line & ~goes_on & (speed[block.recipe] > 0))
        if not len(first):
            return
        along = (block.end_ticks[first] - block.start_ticks[first]).astype(np.float64)
        length = np.sqrt((along * along).sum(axis=1))
        unit = along / np.where(length > 0, length, 1.0)[:, None]
        limits = np.array([a.acceleration for a in self._context.machines[block.section].axis_list])
        share = np.abs(unit)
        slowest = np.where(share > 0, limits / np.where(share > 0, share, 1.0), np.inf).min(axis=1)
        needed = speed[block.recipe[first]] ** 2 / (2.0 * slowest) * TICKS_PER_UM
        run = (run_before[first] * unit).sum(axis=1)
        increment = self._context.header.sections[block.section].frame.increment_ticks
        short = (length > 0) & (run < needed - increment)
        mask = np.zeros(len(block), np.bool_)
        mask[first[short]] = True
        worst = float((needed - run)[short].max()) / TICKS_PER_UM if short.any() else 0.0
        at = int(np.argmax(np.where(short, needed - run, -np.inf)))
        detail = (float(run[at]) / TICKS_PER_UM, float(needed[at]) / TICKS_PER_UM)
        self._note("E_RUN_UP", block, mask, worst, detail, by_recipe=True)

    def _run_before(self, block: ToolpathBlock, before: "_Before") -> NDArray[np.float64]:
        """float64 (N, 3), dark way at speed that leads to each row: of the LEAD before, and OPENING behind it."""
        way = (before.end - before.start).astype(np.float64)
        way[~np.isin(before.kind, (RowKind.LEAD, RowKind.OPENING))] = 0.0
        opened = before.kind == RowKind.OPENING
        lead = np.zeros_like(way)
        lead[1:] = way[:-1]
        lead[0] = self._lead
        total = way + np.where(opened[:, None], lead, 0.0)
        self._lead = way[-1]
        return np.asarray(total, np.float64)

    def _note(
        self,
        code: str,
        block: ToolpathBlock,
        rows: NDArray[np.bool_],
        worst: float = 0.0,
        detail: tuple[object, ...] = (),
        *,
        by_recipe: bool = False,
    ) -> None:
        found = np.flatnonzero(rows)
        if not len(found):
            return
        recipe = block.recipe[found].astype(np.int64) if by_recipe else np.full(len(found), -1)
        keys = np.column_stack((block.part[found].astype(np.int64), recipe))
        for part, one in np.unique(keys, axis=0).tolist():
            mine = found[np.all(keys == (part, one), axis=1)]
            self._found.add((code, part, one), mine + block.first_row, worst, detail)

    def _finding(self, code: str, part: int, recipe: int) -> Finding:
        case = self._found.cases[code, part, recipe]
        name = self._context.header.recipes[recipe].name if recipe >= 0 else ""
        whose = part_name(self._context, part)
        value = limit = None
        unit = ""
        if code == "E_CHAIN":
            text, hint = "rows do not start where the row before them ended", "Report this as a fault, with the job."
        elif code == "E_ROW":
            text, hint = "rows contradict their kind or their recipe", "Report this as a fault, with the job."
        elif code.startswith("E_RECIPE_KIND"):
            kind = code.split()[1]
            key = {"lines": "`speed`", "dots": "`exposure` or `pulses`", "shots": "`pitch` or `pulses: 1`"}[kind]
            text = f"recipe '{name}' is to write {kind} of {whose}, but has no {key}"
            hint = f"Add {key} to recipe '{name}', or attach another recipe."
        elif code == "E_ZERO_LINE":
            text, hint = "lines have no length", "Remove them, or write the place as a dot."
        else:
            value, limit = (float(str(v)) for v in case.detail)
            unit = "um"
            text = (
                f"lines of recipe '{name}' start after a run-up of {value:.4g} µm; {limit:.4g} µm (v² / 2a) are needed"
            )
            hint = "Put a dark lead before each run of lines, or lower the speed."
        return finding(
            info(self.codes, code.split()[0]),
            f"{text} ({case.count:,} rows, first {case.first_row})",
            whose,
            part_place(self._context, part),
            case,
            value=value,
            limit=limit,
            unit=unit,
            hint=hint,
        )


@dataclass(frozen=True, eq=False)
class _Before:
    """The row before each row of a block; where there is none, a jump that ends where the row starts."""

    is_there: NDArray[np.bool_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.uint8]
    recipe: NDArray[np.uint16]
