"""Whether the codes of a job can be read: design rules, quiet zones, and every simulated view decoded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lasercam.errors import shorten
from lasercam.geometry.placement import copies
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import CarriesCodes, Check, CheckContext, CodeSquare
from lasercam.model.toolpath import Toolpath, ToolpathBlock
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.pictures import views_of, written_width_um
from lasercam.pipeline.read_views import Drawn, LookedAt, RegionRows, draw, read
from lasercam.preview.exposed_rows import ExposedRows, exposed_rows

MEASURED = "measured on simulated images, this project"

READABILITY_CODES = (
    CodeInfo(
        "E_QR_UNREADABLE",
        Severity.ERROR,
        "A code can be read in no view",
        "After every step, the code and four modules around it are drawn as a camera would see them in daylight, under "
        "UV, and behind the filter of every `read` step, with 6 pixels per module and the written width that the job "
        "supplies (else the ideal focus). A reader of QR codes tries each picture as it is, inverted, low-passed, "
        "scaled, and by logarithm. It found the text in none of them, not even with an exposure set for that picture "
        "alone, so nobody will read this code. Most often the modules are smaller than the spot, or parts of the code "
        "are not written.\n\n"
        "Make modules at least two written widths wide, write `dark` and not a part of it, keep other patterns away. "
        "The simulation knows no scattering and no unevenness: what it cannot read, glass will not show; what it can "
        "read, glass still has to. A job that is not meant to be read waives this with that reason.",
        MEASURED,
        can_waive=True,
    ),
    CodeInfo(
        "N_QR_READABLE",
        Severity.NOTE,
        "In which views a code can be read",
        "Says for each step and each view (daylight, UV, UV behind the filters of `read` steps) whether a reader of QR "
        "codes finds the text in the simulated picture, and in which colour if not in all. A view uses one exposure "
        "for all steps, set for its brightest pixel; below 5 % of that a picture is black. This black level is "
        "assumed: nobody has published the camera. Where a code is lost to it alone the note says so: a camera that "
        "exposes longer reads it, so do not take such a code for hidden. Emission widths and radiances are mostly "
        "assumed too.",
        MEASURED,
    ),
    CodeInfo(
        "E_QR_QUIET_ZONE",
        Severity.ERROR,
        "Another pattern glows less than a module away from a code",
        "A reader finds the code's corners by the dark border around it. Beside glowing dots of another pattern codes "
        "with a border of one module were read in 100 % of the pictures, without one in none. Features that lie wholly "
        "inside the code's square are not counted here: what they do is seen when the views are read. Move the other "
        "pattern, or keep it `outside` the code, whose area includes the quiet zone.",
        MEASURED,
        can_waive=True,
    ),
    CodeInfo(
        "W_QR_QUIET_ZONE",
        Severity.WARNING,
        "Another pattern glows inside the quiet zone of a code",
        "ISO/IEC 18004 asks for four empty modules around a code. One was enough for the reader used here, others and "
        "slanted views need more. Move the other pattern, or keep it `outside` the code.",
        f"ISO/IEC 18004; {MEASURED}",
        can_waive=True,
    ),
    CodeInfo(
        "W_QR_DESIGN",
        Severity.WARNING,
        "A code is laid out in a way that reads poorly",
        "Rules from pictures of codes of versions 1 to 40 with missing, uneven and displaced dots: two by two dots per "
        "module or more (94 % read with 10 % of the dots missing; single dots 53 to 73 % with 2 % missing, 0 % with "
        "10 %, and 0 % with brightness varying by 40 %, where two by two read 100 %); a dot diameter of 0.8 to 1.0 "
        "dot pitches (below 0.8 a reader without low-pass finds nothing); finder patterns written closed (they lift "
        "the plain reader from 0 to 100 % at 0.5 to 0.8, and are the one thing error correction does not cover); error "
        "correction M or Q. The diameter is twice the spot radius that the job supplies, else the ideal focus.",
        MEASURED,
        can_waive=True,
    ),
)

QUIET_MODULES = 4
"""Empty modules around a code. Source: ISO/IEC 18004."""
LEAST_QUIET_MODULES = 1.0
"""Source: beside foreign dots 100 % read with one module, 0 % with none; simulated images, this project."""
DIAMETER_PER_PITCH = (0.8, 1.0)
"""Source: simulated images, this project."""
MOST_SQUARES = 24
"""Codes and copies that are read per job; an array of labels is one label many times."""
MOST_ROWS = 2_000_000
"""Rows of one code that are held to draw it."""

_INSIDE = 0.5
"""Slack in modules: a code's own lines may end on its border."""


def readability_checks(loaded: LoadedJob, toolpath: Toolpath) -> list[Check]:
    """The check of a job that carries codes; none for other jobs."""
    squares = tuple(_squares(loaded))
    return [Readability(loaded, toolpath, squares)] if squares else []


def payloads(loaded: LoadedJob) -> dict[bytes, str]:
    """What the codes of a job say, and the pattern (and code of it) that says it."""
    return {
        code.payload: f"{name}.{code.name}".rstrip(".")
        for name, pattern in loaded.patterns.items()
        if isinstance(pattern.source, CarriesCodes)
        for code in pattern.source.code_squares
    }


@dataclass(frozen=True, eq=False)
class Square:
    """One copy of a code on the sample.

    Attributes:
        pattern: name of its pattern.
        code: what it is.
        corners_um: float64 (4, 2), on the sample.
        copy, n_copies: which copy of how many.
    """

    pattern: str
    code: CodeSquare
    corners_um: NDArray[np.float64]
    copy: int
    n_copies: int

    @property
    def on(self) -> str:
        """As findings name it."""
        return f"patterns.{self.pattern}" + (f".{self.code.name}" if self.code.name else "")

    @property
    def title(self) -> str:
        """The code in words."""
        text = shorten(self.code.payload.decode("utf-8", "replace"), 40)
        which = f", copy {self.copy + 1} of {self.n_copies}" if self.n_copies > 1 else ""
        return f"code '{text}' ({self.code.modules} modules of {self.module_um:.4g} µm{which})"

    @property
    def module_um(self) -> float:
        """Edge of a module, µm."""
        return float(np.linalg.norm(self.corners_um[1] - self.corners_um[0])) / self.code.modules

    @property
    def box_um(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Corners of the picture that is taken of it: the quiet zone is inside."""
        margin = QUIET_MODULES * self.module_um
        low, high = self.corners_um.min(axis=0) - margin, self.corners_um.max(axis=0) + margin
        return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))

    def local(self, xy_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (N, 2) in modules from the lower-left corner, along the code's own edges."""
        across, up = self.corners_um[1] - self.corners_um[0], self.corners_um[3] - self.corners_um[0]
        axes = np.column_stack((across / (across @ across), up / (up @ up)))
        return np.asarray((xy_um - self.corners_um[0]) @ axes * self.code.modules, np.float64)


def _squares(loaded: LoadedJob) -> Iterator[Square]:
    """Codes of all patterns; of many copies the first, the middle and the last."""
    n = 0
    for name, pattern in loaded.patterns.items():
        if not isinstance(pattern.source, CarriesCodes) or not pattern.source.code_squares:
            continue
        placed = list(copies(pattern.placement))
        for index in sorted({0, len(placed) // 2, len(placed) - 1}):
            for code in pattern.source.code_squares:
                if n == MOST_SQUARES:
                    return
                n += 1
                corners = placed[index].points_um(np.column_stack((code.corners_um, np.zeros(4))))[:, :2]
                yield Square(name, code, corners, index, len(placed))


@dataclass
class _Region:
    """What lies in the picture of a square."""

    square: Square
    own: NDArray[np.bool_]
    border: NDArray[np.bool_]
    rows: dict[int, list[RegionRows]] = field(default_factory=dict)
    n_rows: int = 0


class Readability:
    """Judges whether codes can be read, from the rows alone."""

    codes: ClassVar[tuple[CodeInfo, ...]] = READABILITY_CODES

    def __init__(self, loaded: LoadedJob, toolpath: Toolpath, squares: tuple[Square, ...]) -> None:
        self._loaded = loaded
        self._toolpath = toolpath
        self._squares = squares
        self._last: tuple[bytes, Drawn] | None = None

    def begin(self, context: CheckContext) -> None:
        """Note which parts are the codes' own, and how wide every recipe writes."""
        self._context = context
        names = [part.name for part in context.header.parts]
        self._regions = []
        for square in self._squares:
            own, border = (
                np.isin(names, [f"{square.pattern}.{p}" for p in parts])
                for parts in (square.code.parts, square.code.border_parts)
            )
            self._regions.append(_Region(square, own, border))
        recipes = context.header.recipes.recipes
        self._width_um = np.array([written_width_um(recipe) for recipe in recipes])
        self._emits = np.array([bool(context.processes[r.process].outcome.emission) for r in recipes])

    def block(self, block: ToolpathBlock) -> None:
        """Keep the rows that fall into the picture of a code."""
        section = self._context.header.sections[block.section]
        rows = exposed_rows(block, section.frame)
        if not len(rows):
            return
        part = block.part[block.exposes]
        reach = 0.5 * self._width_um[rows.recipe][:, None]
        low = np.minimum(rows.start_um, rows.end_um)[:, :2] - reach
        high = np.maximum(rows.start_um, rows.end_um)[:, :2] + reach
        for region in self._regions:
            box = region.square.box_um
            chosen = np.flatnonzero(((high >= box[0]) & (low <= box[1])).all(axis=1))
            region.n_rows += len(chosen)
            if len(chosen) and region.n_rows <= MOST_ROWS:
                kept = ExposedRows(
                    rows.start_um[chosen], rows.end_um[chosen], rows.kind[chosen], rows.count[chosen],
                    rows.recipe[chosen],
                )  # fmt: skip
                region.rows.setdefault(section.step, []).append(RegionRows(kept, part[chosen]))

    def end(self) -> Iterable[Finding]:
        """Judge layout and surroundings, then look at every view."""
        found: list[Finding] = []
        said: set[tuple[str, str]] = set()
        for region in self._regions:
            pieces = [piece for step in region.rows.values() for piece in step]
            used = {int(r) for p in pieces for r in np.unique(p.rows.recipe[region.own[p.part]])}
            if not used:
                continue
            found += [*self._design(region.square, used), *self._quiet_zone(region, pieces)]
            table = self._read(region, used)
            # Copies that show the same are one finding.
            if (region.square.on, table.message.partition("): ")[2]) not in said:
                said.add((region.square.on, table.message.partition("): ")[2]))
                found.append(table)
        return found

    def _finding(self, square: Square, code: str, message: str, **more: Any) -> Finding:
        info = next(info for info in self.codes if info.code == code)
        place = self._loaded.locate("patterns", square.pattern)
        return Finding(code, info.severity, message, square.on, location=place, source=info.source, **more)

    def _design(self, square: Square, used: Iterable[int]) -> Iterator[Finding]:
        code = square.code
        name = f"patterns.{square.pattern}"
        if code.error_correction == "L":
            text = f"{name}: error correction L; M or Q read more often when dots are missing (67 to 73 % against 53 %)"
            yield self._finding(square, "W_QR_DESIGN", text, hint="Set error_correction: M.")
        n = code.dots_per_module
        if n is None:
            return
        if n < 2:
            text = f"{name}: one dot per module; two by two or more read where single dots are lost"
            hint = "Set fill: dot_cluster."
            yield self._finding(square, "W_QR_DESIGN", text, value=float(n), limit=2.0, unit="dots", hint=hint)
        if code.solid_finder is False:
            text = f"{name}: finder patterns of separate dots; closed ones are found by readers without a low-pass"
            yield self._finding(square, "W_QR_DESIGN", text, hint="Set solid_finder: true.")
        pitch_um = square.module_um / n
        low, high = DIAMETER_PER_PITCH
        for recipe in sorted(used):
            ratio = float(self._width_um[recipe]) / pitch_um
            if not low - 1e-9 <= ratio <= high + 1e-9:
                label = self._context.header.recipes.recipes[recipe].label
                text = (
                    f"{name}: recipe '{label}' writes dots of {self._width_um[recipe]:.3g} µm every {pitch_um:.3g} µm,"
                    f" {ratio:.2f} pitches wide; {low:g} to {high:g} reads best"
                )
                limit = low if ratio < low else high
                yield self._finding(
                    square, "W_QR_DESIGN", text, value=ratio, limit=limit, unit="pitches",
                    hint="Change the module, the dots per module or the spot.",
                )  # fmt: skip

    def _quiet_zone(self, region: _Region, pieces: Iterable[RegionRows]) -> Iterator[Finding]:
        """The nearest glowing feature of each other pattern, or of another copy; none where the border is written."""
        square, n = region.square, region.square.code.modules
        nearest: dict[str, float] = {}
        for piece in pieces:
            if region.border[piece.part].any():
                return
            start, end = square.local(piece.rows.start_um[:, :2]), square.local(piece.rows.end_um[:, :2])
            ends = np.stack((start, end))
            inside = ((ends > -_INSIDE) & (ends < n + _INSIDE)).all(axis=(0, 2))
            foreign = np.flatnonzero(self._emits[piece.rows.recipe] & ~inside)
            if not len(foreign):
                continue
            half = 0.5 * self._width_um[piece.rows.recipe[foreign]] / square.module_um
            gap = np.maximum(_distance_to_square(start[foreign], end[foreign], float(n)) - half, 0.0)
            for part in np.unique(piece.part[foreign]).tolist():
                name = self._context.header.parts[part].name.partition(".")[0]
                closest = float(gap[piece.part[foreign] == part].min())
                nearest[name] = min(closest, nearest.get(name, np.inf))
        for name, modules in nearest.items():
            if modules >= QUIET_MODULES - 1e-6:
                continue
            is_error = modules < LEAST_QUIET_MODULES - 1e-6
            other = "another copy of it" if name == square.pattern else f"pattern '{name}'"
            text = f"{square.title}: {other} glows {modules:.2g} modules from it, inside its quiet zone"
            limit = LEAST_QUIET_MODULES if is_error else float(QUIET_MODULES)
            yield self._finding(
                square, "E_QR_QUIET_ZONE" if is_error else "W_QR_QUIET_ZONE", text, value=modules, limit=limit,
                unit="modules", hint=f"Leave {QUIET_MODULES} modules, {QUIET_MODULES * square.module_um:.4g} µm.",
            )  # fmt: skip

    def _read(self, region: _Region, used: Iterable[int]) -> Finding:
        """What the views show."""
        square = region.square
        if not self._emits[list(used)].any():
            text = f"{square.title}: its processes state no emission, so no view was read"
            return self._finding(square, "N_QR_READABLE", text)
        if region.n_rows > MOST_ROWS:
            text = (
                f"{square.title}: {region.n_rows:,} exposures are more than the {MOST_ROWS:,} that are drawn; not read"
            )
            return self._finding(square, "N_QR_READABLE", text)
        views = views_of(self._loaded, self._toolpath)
        looks = read(self._drawn(region, views), square.code.payload)
        if any(one.reads or one.reads_longer for one in looks):
            return self._finding(square, "N_QR_READABLE", f"{square.title}: {_table(looks)}")
        widths = ", ".join(dict.fromkeys(f"{self._width_um[i]:.3g} µm" for i in sorted(used)))
        text = (
            f"{square.title}: it reads in no view ({', '.join(views)}) after any step; it is written {widths} wide on"
            f" modules of {square.module_um:.4g} µm"
        )
        least_um = 2.0 * float(self._width_um[list(used)].max())
        return self._finding(
            square, "E_QR_UNREADABLE", text, value=square.module_um, limit=least_um, unit="µm",
            hint="Make modules at least two written widths wide, and write all dark modules.",
        )  # fmt: skip

    def _drawn(self, region: _Region, views: Sequence[str]) -> Drawn:
        """The pictures of a square; two codes in one square share them."""
        square, key = region.square, region.square.corners_um.tobytes()
        if self._last is None or self._last[0] != key:
            self._last = key, draw(
                self._toolpath, self._loaded.processes, self._width_um, region.rows, square.box_um, square.module_um,
                views,
            )  # fmt: skip
        return self._last[1]


def _table(looks: Iterable[LookedAt]) -> str:
    """Step by step: in which views it reads, in which not."""
    by_step: dict[str, list[LookedAt]] = {}
    for one in looks:
        by_step.setdefault(one.step, []).append(one)
    said = []
    for step, seen in by_step.items():
        yes = [one.title for one in seen if one.reads]
        no = [one.title for one in seen if not one.reads]
        words = f"after '{step}' it " + (f"reads in {' and '.join(yes)}" if yes else "does not read")
        said.append(words + (f", not in {', '.join(no)}" if yes and no else f" in {', '.join(no)}" if no else ""))
    return "; ".join(said)


def _distance_to_square(start: NDArray[np.float64], end: NDArray[np.float64], side: float) -> NDArray[np.float64]:
    """Distance (N,) of straight strokes (N, 2) from the square between 0 and `side`; 0 where they touch it."""
    ends = [np.linalg.norm(p - np.clip(p, 0.0, side), axis=1) for p in (start, end)]
    direction = end - start
    square = np.maximum((direction**2).sum(axis=1), 1e-300)
    corners = []
    for corner in ((0.0, 0.0), (side, 0.0), (side, side), (0.0, side)):
        along = np.clip(((corner - start) * direction).sum(axis=1) / square, 0.0, 1.0)
        corners.append(np.linalg.norm(start + along[:, None] * direction - corner, axis=1))
    distance = np.minimum.reduce([*ends, *corners])
    # Where the stroke enters and leaves the strips between opposite edges; it crosses the square if both at once.
    with np.errstate(divide="ignore", invalid="ignore"):
        first, last = (0.0 - start) / direction, (side - start) / direction
    flat = direction == 0.0
    between = (start >= 0.0) & (start <= side)
    enter = np.where(flat, np.where(between, -np.inf, np.inf), np.minimum(first, last))
    leave = np.where(flat, np.where(between, np.inf, -np.inf), np.maximum(first, last))
    crosses = np.maximum(enter.max(axis=1), 0.0) <= np.minimum(leave.min(axis=1), 1.0)
    return np.where(crosses, 0.0, distance)
