"""How often pages of stored data are erased, over all jobs of a sample, against what their process was shown for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.recipe import PassKind
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.known_pages import KnownPage, KnownPages
from lasercam.pipeline.ledger import Ledger
from lasercam.pipeline.ledger_pages import touched_pages
from lasercam.pipeline.ledger_saving import whole_pieces
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.planning import pattern_uses
from lasercam.pipeline.stored_patterns import stored_patterns

PAGE_CODES = (
    CodeInfo(
        "W_PAGE_CYCLES",
        Severity.WARNING,
        "Pages of stored data are erased more often than anybody has shown",
        "The process states how many cycles of erasing and writing again were demonstrated (`cycles`). With this job, "
        "pages will have been erased more often; beyond that nobody knows whether they still take and keep data. A "
        "page is known by its place on the sample, whatever job or file wrote it; the ledger (`--ledger`) brings what "
        "earlier jobs did, with erasures that were perhaps made. Use fresh pages, or waive this and measure.",
        can_waive=True,
    ),
    CodeInfo(
        "N_PAGE_CYCLES",
        Severity.NOTE,
        "How many cycles of erasing and writing pages have left",
        "Of all pages of stored data that the job touches, the one that was erased most often, over all jobs of the "
        "ledger and this one, and what is left of the cycles that its process was shown for.",
    ),
)
_IS_DATA = re.compile(r"\.symbol_\d+$")
_ABOUT = {info.code: info for info in PAGE_CODES}


@dataclass(frozen=True)
class Shown:
    """What a process says of cycles.

    Attributes:
        process: its name.
        most: cycles that were shown; None where it does not say.
    """

    process: str
    most: float | None


def page_findings(loaded: LoadedJob, toolpath: Toolpath, ledger: Ledger | None) -> Iterator[Finding]:
    """One finding per payload whose pages are erased, or may have been by what the ledger holds."""
    erases = any(section.pass_kind is PassKind.ERASE for section in toolpath.header.sections)
    entries = ledger.current if ledger is not None else ()
    if not stored_patterns(loaded) or not (erases or entries):
        return
    known = KnownPages(entries)
    found = touched_pages(loaded, toolpath, whole_pieces(toolpath))
    known.add(found)
    # Patterns of one job may share places, so what became of each is looked up when all are counted.
    by_pattern: dict[str, list[KnownPage]] = {}
    for page in known:
        if page.entry == 0:
            by_pattern.setdefault(page.pattern, []).append(page)
    # Ledgers did not always record pages, but they have always named parts.
    unknown = [e.entry for e in entries if e.pages is None and any(_IS_DATA.search(part) for part in e.parts)]
    shown = _shown(loaded)
    for pattern, pages in by_pattern.items():
        if pattern in shown and (shown[pattern].most is not None or any(page.cycles for page in pages)):
            yield _finding(loaded, pattern, pages, shown[pattern], unknown, is_ledger=bool(entries))


def _shown(loaded: LoadedJob) -> dict[str, Shown]:
    """By payload, the fewest cycles that any of the processes was shown for that touch it."""
    found = {}
    for pattern, use in pattern_uses(loaded).items():
        each = []
        for name in dict.fromkeys(member.process for exposure in use.exposures for member in exposure.members):
            window = loaded.processes[name].parameters.get("cycles")
            most = None if window is None else window.max if window.max is not None else window.typ
            each.append(Shown(name, most))
        found[pattern] = min(each, key=lambda s: float("inf") if s.most is None else s.most)
    return found


def _finding(
    loaded: LoadedJob,
    pattern: str,
    pages: Sequence[KnownPage],
    shown: Shown,
    unknown: Sequence[int],
    *,
    is_ledger: bool,
) -> Finding:
    worst = max(pages, key=lambda p: p.cycles)
    x, y, depth = worst.page.corner_um
    where = f"page {worst.page.address} (layer {worst.page.layer}, corner at x {x:g}, y {y:g}, depth {depth:g} µm)"
    after = "after this job" + ("" if is_ledger else ", earlier jobs not known (no ledger)")
    said = f"{where} will have been erased {worst.cycles} time{'s' * (worst.cycles != 1)} {after}"
    if unknown:
        said += f"; ledger entries {', '.join(map(str, unknown))} do not say which pages they touched"
    over = [p for p in pages if shown.most is not None and p.cycles > shown.most]
    if over:
        code, tail = "W_PAGE_CYCLES", f"; {shown.process} was shown for {shown.most:g} cycles"
    elif shown.most is None:
        code, tail = "N_PAGE_CYCLES", f"; {shown.process} does not say how many cycles were shown"
    else:
        left = shown.most - worst.cycles
        tail = f"; {left:g} of the {shown.most:g} cycles that {shown.process} was shown for are left on it"
        code = "N_PAGE_CYCLES"
    rest = f", {len(over):,} of {len(pages):,} pages beyond that" if over else f", the most of {len(pages):,} pages"
    return Finding(
        code,
        _ABOUT[code].severity,
        f"{said}{rest if not over else ''}{tail}{rest if over else ''}",
        f"patterns.{pattern}",
        value=float(worst.cycles),
        limit=shown.most,
        location=loaded.locate("patterns", pattern),
        count=len(over) or len(pages),
        hint="Use fresh pages, or waive this and measure." if over else "",
    )
