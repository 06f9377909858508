"""The pages of a sample as a table: one line for all pages that went through the same."""

from collections.abc import Iterator, Sequence

from lasercam.pipeline.known_pages import KnownPage, KnownPages
from lasercam.pipeline.ledger_documents import LedgerEntry

_HEAD = (
    "stored data", "pages", "kind", "layer", "written", "rewritten", "erased", "in question", "entry", "first at (um)",
)  # fmt: skip
_LISTED = 6
"""Ranges of pages in a line; what is left out is counted."""


def page_table(entries: Sequence[LedgerEntry]) -> Iterator[str]:
    """What became of every page of a sample, over all jobs: lines of a table; none where no page is known.

    A place is listed as the page that was last written, rewritten or erased there. Where each lies is in the ledger
    itself (`--format json`); the table says it of the first of a line.
    """
    groups: dict[tuple[str, ...], list[KnownPage]] = {}
    for known in KnownPages(entries):
        groups.setdefault(_facts(known), []).append(known)
    if not groups:
        return
    rows: list[tuple[str, ...]] = [_HEAD]
    for facts, pages in groups.items():
        rows.append((facts[0], _ranges([known.page.address for known in pages]), *facts[1:], _place(pages)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _facts(known: KnownPage) -> tuple[str, ...]:
    copy = f" copy {known.copy_number}" if known.copy_number > 1 else ""
    return (
        f"{known.pattern}{copy} ({known.file_id})",
        known.page.kind,
        f"{known.page.layer}",
        f"{known.written}",
        f"{known.rewritten}",
        f"{known.cycles}",
        f"{known.in_question:,}",
        f"{known.entry}",
    )


def _place(pages: Sequence[KnownPage]) -> str:
    """x, y and depth of the lowest left voxel of the page with the lowest address."""
    first = min(pages, key=lambda known: known.page.address)
    return ", ".join(f"{value:.10g}" for value in first.page.corner_um)


def _ranges(addresses: Sequence[int]) -> str:
    """Numbers in a few words.

    >>> _ranges([3, 0, 1, 2, 9])
    '0-3, 9'
    """
    found = list(page_ranges(sorted(addresses)))
    more = f" and {len(found) - _LISTED:,} more ranges" if len(found) > _LISTED else ""
    return f"{', '.join(found[:_LISTED])}{more}"


def page_ranges(numbers: Sequence[int]) -> Iterator[str]:
    """Rising numbers as ranges.

    >>> list(page_ranges([0, 1, 2, 5, 7, 8]))
    ['0-2', '5', '7-8']
    """
    start = 0
    for i in range(1, len(numbers) + 1):
        if i == len(numbers) or numbers[i] != numbers[i - 1] + 1:
            yield f"{numbers[start]}" if i - start == 1 else f"{numbers[start]}-{numbers[i - 1]}"
            start = i
