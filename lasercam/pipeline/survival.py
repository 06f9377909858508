"""Whether stored data will come back: a sample of its pages, photographed and read during the check."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import comb
from typing import ClassVar, Final

import numpy as np

from lasercam.channel.model import ChannelDocument
from lasercam.channel.presets import shipped_channels
from lasercam.channel.voxels import VoxelSheet
from lasercam.errors import InputError
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.protocols import Check, CheckContext
from lasercam.model.toolpath import Toolpath, ToolpathBlock
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.page_camera import PageCamera, filters_for
from lasercam.pipeline.stored_patterns import written_payloads
from lasercam.pipeline.voxel_glow import VoxelGlow
from lasercam.pipeline.written_pages import NO_LEVEL, Dose, planned_level
from lasercam.sources.payload.source import Payload
from lasercam.storage.odds import page_success, score_interval
from lasercam.storage.page import PageCode
from lasercam.storage.reed_solomon import ReedSolomon

CHANNEL: Final = "bench"
"""Preset that the check looks through."""
SAMPLE_PAGES: Final = 6
"""Pages that are photographed; each takes the best part of a second."""
LEAST_MARGIN: Final = 0.2
"""Share of the correcting power that should be left on the worst page (assumed: presets are guesses themselves)."""

SURVIVAL_CODES = (
    CodeInfo(
        "E_PAYLOAD_UNREADABLE",
        Severity.ERROR,
        "Levels of stored data cannot be told apart",
        "Two levels of a payload are exposed alike, or what the job writes them with glows alike: no reader can tell "
        "them apart, so the data are lost before they are written. Give every level its own recipe (`level_0`, "
        "`level_1`, …), or a recipe family with a member per level; where one process gives several colours, say which "
        "(`levels:`, each with its source).",
        can_waive=True,
    ),
    CodeInfo(
        "W_PAYLOAD_MARGIN",
        Severity.WARNING,
        "Stored data may not come back",
        "A sample of the pages was drawn as a microscope would show it, through the preset channel `bench`, and read "
        "back blindly. Pages failed, or the worst one used most of what its code can correct. The finding tells how "
        "many pages were lost, the interval (95 %, Wilson) that this leaves for the share of lost pages, what the "
        "parity over pages makes of it, and the correcting power used.\n\n"
        "More `parity`, fewer `bits`, a larger `pitch` or `layer_pitch` help. The channel's numbers are assumed: "
        "measure yours and run `lasercam read --simulate DIR --channel FILE`.",
        "simulated pages, this project",
        can_waive=True,
    ),
    CodeInfo(
        "N_PAYLOAD_MARGIN",
        Severity.NOTE,
        "How safely stored data come back",
        "As W_PAYLOAD_MARGIN, where all is well.",
        "simulated pages, this project",
    ),
)


def survival_checks(loaded: LoadedJob, toolpath: Toolpath) -> list[Check]:
    """The check of a job that stores data; none for other jobs."""
    sources = written_payloads(loaded)
    return [Survival(loaded, toolpath, sources)] if sources else []


@dataclass(frozen=True)
class Trial:
    """What became of the sampled pages.

    Attributes:
        pages: photographed.
        lost: of them, not read.
        effort: share of the correcting power that the worst codeword took.
        symbols, erased, mistaken: of the pages that were read: all, flagged, wrong unflagged.
    """

    pages: int
    lost: int
    effort: float
    symbols: int
    erased: int
    mistaken: int

    def page_loss(self, code: PageCode) -> tuple[float, float]:
        """Probability that a page is lost at the rates measured, and at the highest they may be (95 %, Wilson).

        Symbols are taken to be hit independently, as the layout of a page sees to.
        """
        if self.symbols == 0:
            return 1.0, 1.0
        codec = ReedSolomon(code.length, code.length - code.parity)
        at = [count / self.symbols for count in (self.mistaken, self.erased)]
        most = [score_interval(count, self.symbols)[1] for count in (self.mistaken, self.erased)]
        return (
            1.0 - page_success(codec, code.codewords, *at),
            1.0 - page_success(codec, code.codewords, *most),
        )


class Survival:
    """Photographs and reads a few pages of every payload."""

    codes: ClassVar[tuple[CodeInfo, ...]] = SURVIVAL_CODES

    def __init__(self, loaded: LoadedJob, toolpath: Toolpath, sources: dict[str, Payload]) -> None:
        self._loaded, self._toolpath, self._sources = loaded, toolpath, sources

    def begin(self, context: CheckContext) -> None:
        """Note which parts are levels of which payload."""
        self._context = context
        self._levels: dict[str, np.ndarray[tuple[int], np.dtype[np.int16]]] = {}
        for pattern in self._sources:
            names = [part.name for part in context.header.parts]
            own = [name.removeprefix(f"{pattern}.") if name.startswith(f"{pattern}.") else "" for name in names]
            self._levels[pattern] = np.array([planned_level(part) for part in own], np.int16)
        self._doses: dict[tuple[str, int], dict[Dose, None]] = defaultdict(dict)

    def block(self, block: ToolpathBlock) -> None:
        """Note which exposures make a level."""
        step = self._context.header.sections[block.section].step
        exposing = block.exposes
        for pattern, level_of in self._levels.items():
            level = level_of[block.part[exposing]]
            pairs = np.unique(np.stack((level, block.recipe[exposing].astype(np.int64))), axis=1)
            for one, recipe in pairs[:, (pairs[0] >= 0) & (pairs[0] < NO_LEVEL)].T.tolist():
                self._doses[pattern, one][Dose(step, recipe)] = None

    def end(self) -> Iterable[Finding]:
        """One finding per payload."""
        for pattern, source in self._sources.items():
            levels = range(source.volume.plan.code.layout.levels)
            doses = {i: tuple(self._doses[pattern, i]) for i in levels if self._doses[pattern, i]}
            # A repair is judged where it ends up: on the sample, among the voxels that are there.
            if doses and not source.is_repair:
                yield from self._judge(pattern, source, doses)

    def _judge(self, pattern: str, source: Payload, doses: dict[int, tuple[Dose, ...]]) -> Iterator[Finding]:
        glow = VoxelGlow(self._loaded, self._toolpath, source.level_emissions)
        glows = [glow.of(doses[i], frozenset((i,))) for i in sorted(doses)]
        place = self._loaded.locate("patterns", pattern)
        by_history: dict[object, list[int]] = defaultdict(list)
        by_look: dict[object, list[int]] = defaultdict(list)
        for number, level in enumerate(sorted(doses)):
            by_history[doses[level]].append(level)
            by_look[glows[number].lines].append(level)
        for alike, how in ((by_history, "written alike"), (by_look, "glow alike")):
            same = next((found for found in alike.values() if len(found) > 1), None)
            if same is not None:
                text = f"pattern '{pattern}': levels {', '.join(map(str, same))} {how}; no reader can tell them apart"
                hint = (
                    "Give every level its own exposure, and say with `levels:` how each glows if its process does not."
                )
                yield Finding(
                    "E_PAYLOAD_UNREADABLE", Severity.ERROR, text, f"patterns.{pattern}", location=place, hint=hint
                )
                return
        channel = shipped_channels()[CHANNEL]
        try:
            filters = filters_for(glows, channel, pattern)
        except InputError:
            return  # what glows nowhere was found above, unless there is one level only
        levels = sorted(doses)
        index = self._loaded.document.sample.refractive_index or 1.5

        def sheet(at: int) -> VoxelSheet:
            page = source.volume.page(int(source.volume.plan.addresses[at]))
            row, column = np.nonzero(np.isin(page, levels))
            kind = np.searchsorted(levels, page[row, column])
            return VoxelSheet(source.sites.on_page_um(row, column), kind.astype(np.int64))

        seed = (self._loaded.document.seed,)
        camera = PageCamera(pattern, source.sites, glows, filters, channel, index, seed, sheet)
        yield self._finding(pattern, source, _try_pages(source, camera), channel)

    def _finding(self, pattern: str, source: Payload, trial: Trial, channel: ChannelDocument) -> Finding:
        low, high = (1.0 - p for p in reversed(score_interval(trial.pages - trial.lost, trial.pages)))
        plan = source.volume.plan
        group = plan.group_data, plan.group_parity
        text = (
            f"through the channel '{channel.channel}', {trial.lost} of {trial.pages} sampled pages are lost"
            f" (so {low:.0%} to {high:.0%} of all, 95 %)"
        )
        if trial.symbols:
            likely, most = trial.page_loss(plan.code)
            text += (
                f"; the worst codeword takes {trial.effort:.0%} of its parity. {trial.erased / trial.symbols:.2%} of"
                f" the bytes are flagged as lost and {trial.mistaken / trial.symbols:.2%} wrong: by these rates a page"
                f" is lost with probability {likely:.1g} (below {most:.1g}, 95 %), and a group of {group[0]} +"
                f" {group[1]} pages with {group_loss(most, *group):.1g} at most"
            )
        is_safe = trial.lost == 0 and trial.effort <= 1.0 - LEAST_MARGIN
        return Finding(
            "N_PAYLOAD_MARGIN" if is_safe else "W_PAYLOAD_MARGIN",
            Severity.NOTE if is_safe else Severity.WARNING,
            text,
            f"patterns.{pattern}",
            value=trial.effort,
            limit=1.0 - LEAST_MARGIN,
            location=self._loaded.locate("patterns", pattern),
            hint="" if is_safe else "Give more parity, fewer bits, or a larger pitch.",
        )


def group_loss(page_loss: float, data: int, parity: int) -> float:
    """Probability that more pages of a group are lost than its parity replaces, pages being lost independently.

    >>> round(group_loss(0.1, 2, 1), 6)
    0.028
    """
    pages = data + parity
    survives = sum(comb(pages, k) * page_loss**k * (1.0 - page_loss) ** (pages - k) for k in range(parity + 1))
    return max(0.0, 1.0 - survives)


def _try_pages(source: Payload, camera: PageCamera) -> Trial:
    """A sample of pages, spread over all of them, photographed and read."""
    from lasercam.readback.pages.reader import look_for_pages
    from lasercam.readback.stored_file import files_of, judge_header

    places = sorted({i * (source.sites.pages - 1) // max(1, SAMPLE_PAGES - 1) for i in range(SAMPLE_PAGES)})
    lost, effort, symbols, erased, mistaken = 0, 0.0, 0, 0, 0
    code = source.volume.plan.code
    for place in places:
        header = source.volume.header(int(source.volume.plan.addresses[place]))
        found = files_of(look_for_pages(camera.picture(place), judge_header).pages)
        page = next((f.pages[header.address] for f in found if header.address in f.pages), None)
        if page is None or page.content != source.volume.content(header.address):
            lost, effort = lost + 1, 1.0
        else:
            effort = max(effort, page.effort)
            symbols += code.codewords * code.length
            erased, mistaken = erased + page.erased_bytes, mistaken + page.mistaken_bytes
    return Trial(len(places), lost, effort, symbols, erased, mistaken)
