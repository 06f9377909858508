"""A context for checks, built from code, and the loop that runs a check over blocks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lasercam.errors import Location
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.finding import Finding
from lasercam.model.frame import Frame
from lasercam.model.job import JobDocument
from lasercam.model.machine import Machine
from lasercam.model.process_window import Process, ProcessDocument, Unknown, Window
from lasercam.model.protocols import Check, CheckContext
from lasercam.model.recipe import PassKind, Recipe
from lasercam.model.toolpath import PartInfo, RowKind, Section, ToolpathBlock
from lasercam.pipeline.timing import clocks
from tests.support import builders

DEPTH_UM = 120.0
FRAME = Frame((0, 0, 0), 1 / 1.5, 10)
"""As tests.support.builders makes it: the sample's corner at the controller's origin, depth = 1.5 × travel."""


def job(**changes: Any) -> JobDocument:
    """A job with one pattern and one step; `changes` replace top-level keys."""
    data: dict[str, Any] = {
        "job": "test-job",
        "machine": "test",
        "sample": {
            "id": "A1",
            "material": "br_i_borosilicate",
            "size": ["10 mm", "10 mm", "2 mm"],
            "refractive_index": 1.5,
        },
        "patterns": {"pattern": {"type": "lines"}},
        "recipes": {"lines": {"process": "glass_bri_lines"}, "dots": {"process": "glass_bri_dots"}},
        "steps": [{"name": "step 0", "write": {"pattern": "lines"}}],
        **changes,
    }
    return JobDocument.model_validate(data)


def process(
    name: str = "glass_bri_lines",
    windows: Mapping[str, Mapping[str, Any]] | None = None,
    unknown: Sequence[Mapping[str, Any]] = (),
    **document: Any,
) -> Process:
    """A process window; `windows` hold internal units, `document` further keys of its file."""
    parameters = {k: Window.model_validate({"confidence": "stated", **v}) for k, v in (windows or {}).items()}
    questions = tuple(Unknown.model_validate(u) for u in unknown)
    text = ProcessDocument.model_validate({"process": name, "title": "t", "source": "doi:10.0/test", **document})
    return Process(
        document=text, parameters=parameters, unknown=questions, outcome=text.outcome, digest="0" * 64, origin="test"
    )


def valued(**values: float) -> dict[str, Valued]:
    """Values as the lab supplies them."""
    return {k: Valued(v, Confidence.SUPPLIED, "knife edge") for k, v in values.items()}


def dots(xyz_um: Any, *, section: int = 0, first_row: int = 0, recipe: int = 0, part: int = 0) -> ToolpathBlock:
    """Timed dots at x, y and depth (µm), one after the other."""
    ends = ticks(xyz_um)
    starts = np.vstack((ends[:1], ends[:-1])) if len(ends) else ends
    return _block(starts, ends, RowKind.DOT, section, first_row, recipe, part)


def lines(segments_um: Any, *, section: int = 0, first_row: int = 0, recipe: int = 0, part: int = 0) -> ToolpathBlock:
    """Lines, each from x, y, depth to x, y, depth; they do not have to follow each other."""
    ends = np.asarray(segments_um, float).reshape(-1, 2, 3)
    return _block(ticks(ends[:, 0]), ticks(ends[:, 1]), RowKind.LINE, section, first_row, recipe, part)


def _block(
    starts: Any, ends: Any, kind: RowKind, section: int, first_row: int, recipe: int, part: int
) -> ToolpathBlock:
    n = len(ends)
    return ToolpathBlock(
        section, first_row, np.ascontiguousarray(starts), np.ascontiguousarray(ends), np.full(n, kind, np.uint8),
        np.zeros(n, np.uint32), np.full(n, recipe, np.uint16), np.full(n, part, np.uint16),
    )  # fmt: skip


def ticks(xyz_um: Any) -> Any:
    """Controller ticks of sample positions, at FRAME, without rounding to an increment."""
    xyz = np.asarray(xyz_um, float).reshape(-1, 3) * 10_000
    xyz[:, 2] /= -1.5
    return np.rint(xyz).astype(np.int64)


def context(
    blocks: Sequence[ToolpathBlock],
    recipes: Sequence[Recipe] | None = None,
    *,
    kinds: Sequence[PassKind] = (PassKind.WRITE,),
    parts: Sequence[str] = ("pattern.part", "other.part"),
    machine: Machine | None = None,
    written: JobDocument | None = None,
    processes: Sequence[Process] = (),
    sections: Callable[[tuple[Section, ...]], tuple[Section, ...]] = lambda s: s,
) -> CheckContext:
    """A context over ready blocks."""
    table = recipes if recipes is not None else [builders.line_recipe(exposure_ns=10**9)]
    header = builders.header(table, [b for b in blocks if len(b)], pass_kinds=kinds)
    made = sections(header.sections)
    header = replace(header, sections=made, parts=tuple(PartInfo(p, 1) for p in parts))
    ready = list(blocks)

    def stream() -> Iterator[ToolpathBlock]:
        return iter(ready)

    profile = machine or builders.machine()
    return CheckContext(
        header,
        (profile,) * len(made),
        written or job(),
        {p.name: p for p in processes},
        lambda *path: Location("job.yaml", 1 + len(path), 1),
        stream,
        clocks(header, (profile,) * len(made)),
    )


def judge(check: Check, situation: CheckContext) -> list[Finding]:
    """What the check finds."""
    check.begin(situation)
    for block in situation.blocks():
        check.block(block)
    return list(check.end())


def codes(findings: Sequence[Finding]) -> list[str]:
    """Codes of findings, sorted."""
    return sorted(f.code for f in findings)
