"""A rewrite or an erasure hits only what was written before, by the process it follows, as often as was shown."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.checks.exposures import Items, Steps, have_one_lattice, met_again_ticks, steps, tiles
from lasercam.checks.neighbours import crowded
from lasercam.checks.segments import near_pairs, shared_stretch
from lasercam.checks.sweep import Scene, Sweep
from lasercam.checks.tally import Tally, finding, part_name, part_place, recipe_place
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CheckContext
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import TICKS_PER_UM, ToolpathBlock

_XIAO_2024 = "10.1002/lpor.202401258"

_Written = tuple[int, int, int]  # sums of two hashes over all exposures, and their number


class Subset:
    """Judges rewrites and erasures against what earlier steps wrote."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "E_SUBSET",
            Severity.ERROR,
            "A rewrite exposes what was never written",
            "A rewrite changes a feature that is already there; on untouched material the same exposure is only a "
            "first pass, and shows what should be hidden. Every dot of a rewrite or erase step must lie on a dot or "
            "line that an earlier step wrote, and every line must lie along earlier lines over its whole length, "
            "both to the machine's programmable increment (behind a registration, to what rounding in both frames can "
            "make). A part that an earlier step wrote in full, exposure by "
            "exposure, is recognised without comparing each. Select the hidden part of the same pattern "
            "(`message.hidden` of `message.visible`) instead of drawing it again, and keep placement and machine "
            "the same in both steps.",
            f"{_XIAO_2024}: rewritten segments are part of the first pass",
        ),
        CodeInfo(
            "W_NOT_FOLLOWING",
            Severity.WARNING,
            "A rewrite follows a process it was not shown for",
            "The source describes what a second pass does to features that certain processes wrote. After another "
            "process the outcome is not known: the number and colour of the emitters may differ from the first. "
            "Compared are the `follows` of the rewrite's process with the processes of the recipes that wrote the "
            "same part (or, where parts differ, any earlier step). Rewrite with a process made for the first pass, "
            "or waive this with a reason and treat the outcome as an experiment.",
            can_waive=True,
        ),
        CodeInfo(
            "W_REWRITES",
            Severity.WARNING,
            "A feature is rewritten more often than was shown",
            "The process states how many passes over a written feature were demonstrated (`passes`). Each further one "
            "is extrapolated: the shift of the emission may stop, or the glass may be damaged. Passes of all steps "
            "over the same part are added, `repeat` included. Remove passes, or waive this with a reason.",
            can_waive=True,
        ),
    )

    def __init__(self) -> None:
        self._written: dict[tuple[int, int], _Written] = {}
        self._recipes: dict[tuple[int, int], set[int]] = {}
        self._missed: Tally[tuple[int, int, str]] = Tally()

    def begin(self, context: CheckContext) -> None:
        """Prepare; nothing is compared when no step rewrites."""
        self._context = context
        self._steps: Steps = steps(context.header.sections)
        self._tolerance = met_again_ticks(context.header.sections)
        # Between frames, each end of a line may stick out as far as both roundings reach.
        self._ends = self._tolerance * (1 if have_one_lattice(context.header.sections) else 2)
        self._again = [kind is not PassKind.WRITE for kind in self._steps.pass_kinds]
        earlier = np.tri(len(self._steps), k=-1, dtype=np.bool_)
        self._matters: NDArray[np.bool_] = earlier & np.array(self._again, np.bool_)[:, None]
        # A rewrite as the very first step has nothing before it to be near to, and is wrong all the same.
        self._sweep = Sweep(
            context.header.sections,
            context.blocks,
            self._matters,
            self._tolerance + 1,
            judged=np.array(self._again, np.bool_),
        )

    def block(self, block: ToolpathBlock) -> None:
        """Sum up what each part of each step writes."""
        if not any(self._again):
            return
        self._sweep.add(block)
        section = self._context.header.sections[block.section]
        step = self._steps.of_section[block.section]
        for tile in tiles(block, section.frame, step):
            for items in (tile.dots, tile.lines):
                self._sum(items, step)

    def end(self) -> Iterable[Finding]:
        """Compare sums; where they differ, every exposure."""
        if not any(self._again):
            return []
        open_parts = [key for key in self._written if self._again[key[0]] and self._same_before(*key) is None]
        if open_parts:
            wanted = np.zeros((len(self._steps), len(self._context.header.parts)), np.bool_)
            wanted[tuple(np.array(open_parts).T)] = True
            for scene in self._sweep.scenes():
                self._dots(scene, wanted)
                self._lines(scene, wanted)
        subset = [self._subset_finding(*key) for key in self._missed.cases]
        return [*subset, *self._not_following(), *self._rewrites()]

    def _sum(self, items: Items, step: int) -> None:
        """Add each exposure's hash to its part's: sums do not depend on order, so no part is ever held."""
        if not len(items):
            return
        first, second = _fingerprints(items)
        for part in np.flatnonzero(np.bincount(items.part)).tolist():
            mine = items.part == part
            old = self._written.get((step, part), (0, 0, 0))
            sums = int(first[mine].sum(dtype=np.uint64)), int(second[mine].sum(dtype=np.uint64))
            mask = (1 << 64) - 1
            total = (old[0] + sums[0]) & mask, (old[1] + sums[1]) & mask, old[2] + int(mine.sum())
            self._written[step, part] = total
            used = self._recipes.setdefault((step, part), set())
            used.update(np.flatnonzero(np.bincount(items.recipe[mine])).tolist())

    def _same_before(self, step: int, part: int) -> int | None:
        """The latest earlier step that exposed exactly the same of this part."""
        mine = self._written[step, part]
        return next((s for s in reversed(range(step)) if self._written.get((s, part)) == mine), None)

    def _dots(self, scene: Scene, wanted: NDArray[np.bool_]) -> None:
        dots = scene.dots
        own = scene.own_dots & wanted[dots.step, dots.part] & (dots.row >= 0)  # below 0: of earlier jobs
        if not own.any():
            return
        reach = np.zeros(len(dots), np.int64)
        missed = own & ~crowded(dots.start, reach, dots.step, own, self._matters, extra=self._tolerance + 1)
        left = np.flatnonzero(missed)
        for dot, line in near_pairs(dots.take(left), scene.lines, self._tolerance + 1):
            hit = self._matters[dots.step[left[dot]], scene.lines.step[line]]
            missed[left[dot[hit]]] = False
        self._note(dots, np.flatnonzero(missed), "dots")

    def _lines(self, scene: Scene, wanted: NDArray[np.bool_]) -> None:
        lines = scene.lines
        own = np.flatnonzero(scene.own_lines & wanted[lines.step, lines.part] & (lines.row >= 0))
        if not len(own):
            return
        pieces: list[NDArray[np.float64]] = [np.zeros((0, 3))]
        for i, j in near_pairs(lines.take(own), lines, self._tolerance + 1):
            judged = self._matters[lines.step[own[i]], lines.step[j]]
            i, j = i[judged], j[judged]
            first, last = shared_stretch(lines, own[i], lines, j, self._tolerance)
            runs = last >= first
            pieces.append(np.column_stack((i[runs], first[runs], last[runs])))
        length = np.sqrt(((lines.end[own] - lines.start[own]).astype(np.float64) ** 2).sum(axis=1))
        covered = _covered(np.concatenate(pieces), len(own), self._tolerance)
        self._note(lines, own[covered < length - self._ends], "lines")

    def _note(self, items: Items, missed: NDArray[np.intp], what: str) -> None:
        keys = np.column_stack((items.step[missed], items.part[missed]))
        for step, part in np.unique(keys, axis=0).tolist():
            mine = missed[(keys[:, 0] == step) & (keys[:, 1] == part)]
            at = items.start[mine[0]] / TICKS_PER_UM
            place = f"x {at[0]:.4f}, y {at[1]:.4f}, depth {at[2]:.4f} µm"
            self._missed.add((step, part, what), items.row[mine], 0.0, (place,))

    def _subset_finding(self, step: int, part: int, what: str) -> Finding:
        case = self._missed.cases[step, part, what]
        total = self._written[step, part][2]
        verb = self._steps.pass_kinds[step].value
        return finding(
            self.codes[0],
            f"step '{self._steps.names[step]}' would {verb} {case.count:,} of {total:,} exposures where no earlier "
            f"step wrote ({what}; first: row {case.first_row} at {case.detail[0]})",
            part_name(self._context, part),
            part_place(self._context, part),
            case,
            limit=self._tolerance / TICKS_PER_UM,
            unit="um",
            hint="Rewrite a part of the pattern that the first pass wrote, with the same placement and machine.",
        )

    def _not_following(self) -> Iterable[Finding]:
        """Once per recipe of a rewrite and process before it."""
        recipes = self._context.header.recipes
        found: dict[tuple[str, str], tuple[tuple[str, ...], int]] = {}
        for (step, part), used in self._recipes.items():
            if not self._again[step]:
                continue
            before = self._recipes_before(step, part)
            for recipe in sorted(used):
                process = self._context.processes.get(recipes[recipe].process)
                follows = process.document.follows if process else ()
                for earlier in sorted({recipes[r].process for r in before}) if follows else ():
                    if earlier not in follows:
                        found.setdefault((recipes[recipe].name, earlier), (follows, part))
        for (name, earlier), (follows, part) in found.items():
            process_id = next(r.process for r in recipes.recipes if r.name == name)
            yield finding(
                self.codes[1],
                f"recipe '{name}' rewrites with {process_id}, which was shown after {', '.join(follows)}; "
                f"{part_name(self._context, part)} was written with {earlier}",
                f"recipes.{name}",
                recipe_place(self._context, name, "process"),
                hint=f"Choose a rewrite that follows {earlier}, or write the part with {follows[0]}.",
                source=self._context.processes[process_id].document.source,
            )

    def _recipes_before(self, step: int, part: int) -> set[int]:
        """Recipes of first passes over a part; of all first passes where the part was never written by itself."""
        firsts = [(key, used) for key, used in self._recipes.items() if key[0] < step and not self._again[key[0]]]
        mine = [used for key, used in firsts if key[1] == part]
        return set().union(*(mine or [used for _, used in firsts]))

    def _rewrites(self) -> Iterable[Finding]:
        recipes = self._context.header.recipes
        repeats = self._repeats()
        passes: dict[tuple[int, str], tuple[int, str]] = {}
        for (step, part), used in sorted(self._recipes.items()):
            if not self._again[step]:
                continue
            for name in sorted({recipes[r].process for r in used}):
                recipe = next(recipes[r].name for r in sorted(used) if recipes[r].process == name)
                count = passes.get((part, name), (0, recipe))[0] + repeats[step]
                passes[part, name] = (count, recipe)
        worst: dict[str, tuple[int, int, str]] = {}
        for (part, name), (count, recipe) in passes.items():
            if count > worst.get(name, (0, 0, ""))[0]:
                worst[name] = (count, part, recipe)
        for name, (count, part, recipe) in worst.items():
            process = self._context.processes.get(name)
            window = process.parameters.get("passes") if process else None
            limit = None if window is None else (window.max if window.max is not None else window.typ)
            if process is None or limit is None or count <= limit:
                continue
            yield finding(
                self.codes[2],
                f"{part_name(self._context, part)} is passed over {count} times with {name}; {limit:g} "
                f"{'pass was' if limit == 1 else 'passes were'} shown",
                f"recipes.{recipe}",
                recipe_place(self._context, recipe, "process"),
                value=float(count),
                limit=limit,
                hint="Remove a pass or its `repeat`, or waive this with a reason.",
                source=process.document.source,
            )

    def _repeats(self) -> list[int]:
        """How often each step is run."""
        repeats = [1] * len(self._steps)
        for section, step in zip(self._context.header.sections, self._steps.of_section, strict=True):
            repeats[step] = max(repeats[step], section.repeat)
        return repeats


def _fingerprints(items: Items) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Two 64-bit hashes of each exposure's place, the same for a line in either direction."""
    a, b = items.start, items.end
    if not items.are_dots:
        differs = a != b
        axis = np.argmax(differs, axis=1)
        rows = np.arange(len(a))
        swap = (a[rows, axis] > b[rows, axis])[:, None]
        a, b = np.where(swap, b, a), np.where(swap, a, b)
    first = np.full(len(a), 0x9E3779B97F4A7C15 if items.are_dots else 0xD1B54A32D192ED03, np.uint64)
    second = first ^ np.uint64(0x94D049BB133111EB)
    for column in (*a.T, *b.T) if not items.are_dots else a.T:
        word = column.astype(np.uint64)
        first = _mixed(first ^ word)
        second = _mixed(second + word * np.uint64(0xFF51AFD7ED558CCD))
    return first, second


def _mixed(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A bijection of 64-bit words in which every input bit reaches every output bit.

    Source: finaliser of the splitmix64 generator, 10.1145/2714064.2660195.
    """
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)))


def _covered(pieces: NDArray[np.float64], count: int, tolerance: float) -> NDArray[np.float64]:
    """Length of the union of stretches.

    Args:
        pieces: float64 (K, 3), line, from, to; ticks along the line.
        count: lines.
        tolerance: gaps up to this are none.

    Returns:
        float64 (count,), ticks.
    """
    order = np.lexsort((pieces[:, 1], pieces[:, 0]))
    covered, reached = np.zeros(count), np.zeros(count)
    for line, first, last in pieces[order].tolist():
        i = int(line)
        start = max(first, reached[i])
        if first - reached[i] <= tolerance:
            start = min(start, reached[i])
        if last > start:
            covered[i] += last - start
            reached[i] = last
    return covered
