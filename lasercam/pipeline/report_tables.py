"""Tables of a report: key facts, patterns, time and energy, capacity; plain texts, not yet escaped."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lasercam.errors import shorten
from lasercam.model.finding import Severity, Verdict
from lasercam.model.protocols import CarriesCodes
from lasercam.model.toolpath import TICKS_PER_UM, Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.preview.palette import counted, duration, length
from lasercam.preview.time_budget import KINDS, StepTime, TimeBudget, TimeShare
from lasercam.units import ENERGY, format_quantity

MOST_TIME_ROWS = 200

CAPACITY_FILE = "capacity.txt"
"""What patterns that store data call their account of it."""

_LONG = 4_000


@dataclass(frozen=True)
class PatternText:
    """A pattern and what writes it."""

    name: str
    type: str
    uses: tuple[str, ...]


@dataclass(frozen=True)
class TimeRow:
    """Time and energy of one recipe in one step; `span` rows share the step's heading, 0 = under an earlier one."""

    number: int
    step: str
    verb: str
    note: str
    span: int
    recipe: str
    exposures: str
    seconds: tuple[str, ...]
    energy: str
    pulses: str


@dataclass(frozen=True)
class TimeTable:
    """Where time and energy go."""

    kinds: tuple[str, ...]
    rows: tuple[TimeRow, ...]
    total: TimeRow
    hidden: str


def key_facts(loaded: LoadedJob, toolpath: Toolpath, verdict: Verdict, budget: TimeBudget) -> list[tuple[str, str]]:
    """What people ask first."""
    header = toolpath.header
    waived = sum(f.waived is not None for f in verdict.findings)
    warnings = sum(f.severity is Severity.WARNING and f.waived is None for f in verdict.findings)
    said = [counted(warnings, "warning"), f"{waived:,} waived"] if verdict.findings else ["no findings"]
    low, high = (
        tuple(pick(getattr(s, key)[i] for s in header.sections) for i in range(3))
        for pick, key in ((min, "low_ticks"), (max, "high_ticks"))
    )
    size = " × ".join(length((b - a) / TICKS_PER_UM) for a, b in zip(low, high, strict=True))
    confidences = dict.fromkeys(r.confidence.value for r in header.recipes.recipes)
    return [
        ("Time at the stage", duration(budget.beam_s)),
        ("Operator stops", f"{budget.stops:,}"),
        ("Energy on the sample", format_quantity(budget.energy_uj, ENERGY)),
        ("Pulses on the sample", _count(budget.pulses) if budget.pulses else "continuous light"),
        ("Exposures", f"{sum(s.n_exposures * s.repeat for s in header.sections):,}"),
        ("Job files", f"{len(header.sections):,}"),
        ("Box of all moves", size),
        ("Machine", ", ".join(dict.fromkeys(loaded.machines[s.step].machine for s in header.sections))),
        ("Findings", ", ".join(said)),
        ("Confidence of recipes", ", ".join(confidences)),
    ]


def pattern_rows(loaded: LoadedJob) -> list[PatternText]:
    """Patterns with the steps and recipes that write them."""
    rows = []
    for name in loaded.patterns:
        uses = [
            f"{shorten(step.name, _LONG)}: {part} with {recipe}"
            for step in loaded.document.steps
            for part, recipe in step.exposures.items()
            if fnmatchcase(name, part.split(".")[0])
        ]
        rows.append(PatternText(name, str(loaded.document.patterns[name].get("type", "")), tuple(uses)))
    return rows


def capacity_rows(loaded: LoadedJob) -> list[tuple[str, str, str]]:
    """What codes hold, and could."""
    from lasercam.sources.qr_matrix import capacity

    rows: list[tuple[str, str, str]] = []
    for name, pattern in loaded.patterns.items():
        if isinstance(pattern.source, CarriesCodes):
            for code in pattern.source.code_squares:
                version = (code.modules - 17) // 4
                most = capacity(version, code.error_correction)
                what = f"QR code {code.name}".strip()
                held = f"{counted(len(code.payload), 'byte')} of at most {most:,} (as bytes)"
                rows.append((name, what, f"{held}, version {version}, error correction {code.error_correction}"))
    return rows


def capacity_texts(loaded: LoadedJob, folder: Path) -> list[tuple[str, str]]:
    """Patterns and the accounts they hand out of the data they hold: the files PATTERN.capacity.txt of a build."""
    paths = {name: folder / f"{name}.{CAPACITY_FILE}" for name in loaded.patterns}
    return [(name, _lines(path.read_text(encoding="utf-8"))) for name, path in paths.items() if path.is_file()]


def _lines(text: str) -> str:
    return "\n".join(shorten(line, _LONG) for line in text.splitlines())


def time_rows(budget: TimeBudget) -> TimeTable:
    """Time and energy by step and recipe."""
    kinds = tuple(kind for kind in KINDS if budget.of(kind) > 0)
    rows: list[TimeRow] = []
    hidden = 0
    for number, step in enumerate(budget.steps, 1):
        shares = step.shares or (TimeShare("", {}),)
        room = max(1, MOST_TIME_ROWS - len(rows))
        hidden += max(0, len(shares) - room)
        for index, share in enumerate(shares[:room]):
            span = min(len(shares), room) if index == 0 else 0
            rows.append(_time_row(number, step, share, kinds, span))
    whole = TimeShare(
        "", {kind: budget.of(kind) for kind in kinds}, sum(s.exposures for s in budget.shares()), budget.energy_uj,
        budget.pulses,
    )  # fmt: skip
    total = _time_row(0, StepTime("", ""), whole, kinds, 1)
    more = f"{counted(hidden, 'further row')} are left out; they count in the sums." if hidden else ""
    return TimeTable(kinds, tuple(rows), total, more)


def _time_row(number: int, step: StepTime, share: TimeShare, kinds: tuple[str, ...], span: int) -> TimeRow:
    stops = counted(step.stops, "operator stop") if step.stops else ""
    return TimeRow(
        number,
        shorten(step.name, _LONG),
        step.verb,
        "; ".join(words for words in (stops, step.note) if words),
        span,
        share.recipe,
        f"{share.exposures:,}" if share.exposures else "",
        tuple(duration(share.seconds[kind]) if share.seconds.get(kind) else "" for kind in kinds),
        format_quantity(share.energy_uj, ENERGY) if share.energy_uj else "",
        _count(share.pulses) if share.pulses else "",
    )


def _count(number: float) -> str:
    """How many, whole while that can be told."""
    return f"{number:,.0f}" if number < 1e9 else f"{number:.4g}"
