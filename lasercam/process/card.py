"""A process on a page: what its source says, how far each number goes, and what it leaves open."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap

from lasercam.model.process_fit import FitRecord
from lasercam.model.process_outcome import HeatModel, HeatPoint, Outcome
from lasercam.model.process_window import CampaignStep, Process, Rule, Unknown, Window
from lasercam.process.window import describe
from lasercam.process.window_text import read_windows
from lasercam.units import LENGTH, TEMPERATURE, WAVELENGTH, format_quantity

_ANSWERS = {
    "machine": "the machine profile",
    "pattern": "the pattern",
    "recipe": "the recipe",
    "sample": "the sample",
    "supply": "`supply` in the job",
}


@dataclass(frozen=True)
class SummaryRow:
    """A process as one row of a table.

    Attributes:
        name: the id jobs use.
        title: one line.
        kind: exposure, heat, campaign, limit, class_rule.
        passes: verbs a recipe may use it with.
        materials: sample material ids it is for.
        n_unknown: questions the source leaves open.
        n_conflicts: contradictions in the source.
        doi: of the work the numbers were read in; empty where none is known.
        origin: `lasercam`, or the lab's file.
    """

    name: str
    title: str
    kind: str
    passes: tuple[str, ...]
    materials: tuple[str, ...]
    n_unknown: int
    n_conflicts: int
    doi: str
    origin: str


def summary_rows(library: Mapping[str, Process]) -> list[SummaryRow]:
    """One row per process, in alphabetical order of their ids."""
    return [
        SummaryRow(
            name=name,
            title=process.document.title,
            kind=process.document.kind,
            passes=tuple(p.value for p in process.passes),
            materials=process.document.materials,
            n_unknown=len(process.unknown),
            n_conflicts=len(process.document.conflicts),
            doi=process.document.original_doi or process.document.doi,
            origin=process.origin,
        )
        for name, process in sorted(library.items())
    ]


def card(process: Process, width: int = 100) -> list[str]:
    """The process as lines of plain text.

    Args:
        process: from the library.
        width: columns to fill; words are never broken.
    """
    document = process.document
    lines = [f"{process.name}: {document.title}", *_wrapped(f"Source: {document.source}", width, "  ")]
    for title, entries in _sections(process):
        if entries:
            lines += ["", title]
            for entry in entries:
                lines += _wrapped(entry, width, "  ")
    return [*lines, "", f"From {process.origin}, SHA-256 {process.digest}"]


def _sections(process: Process) -> Iterator[tuple[str, list[str]]]:
    """Headings and their entries, empty ones included."""
    document = process.document
    yield "What it is", list(_nature(process))
    yield (
        "Material",
        [
            f"{_words(name)}: {fact.value} ({fact.confidence.value}){_note(fact.note)}"
            for name, fact in document.material.items()
        ],
    )
    yield "Windows", _windows(process.parameters, document.source)
    yield "Stages", [_stage(stage) for stage in document.steps]
    yield "Cases", [_stage(stage) for stage in document.cases]
    yield "Not said by the source", [_unknown(unknown) for unknown in process.unknown]
    yield "Outcome", list(_outcome(process.outcome))
    yield "Fitted by the lab", [] if document.fit is None else list(_fit(document.fit))
    yield "After a furnace", [line for model in document.heat for line in _heat(model)]
    yield (
        "Stands afterwards",
        [
            f"{_words(label)}: {_words(limit.parameter)} {describe(limit.parameter, limit)} ({limit.confidence.value})"
            f"{_note(limit.conditions)}{_note(limit.note)}"
            for label, limit in process.limits.items()
        ],
    )
    yield "Rules", [_rule(rule) for rule in document.rules]
    yield "Contradictions in the source", [f"- {conflict}" for conflict in document.conflicts]
    yield "Notes", [f"- {note}" for note in document.notes]


def _nature(process: Process) -> Iterator[str]:
    document = process.document
    yield f"Kind: {_words(document.kind)}"
    if process.passes:
        yield f"Used by steps that {' or '.join(p.value for p in process.passes)}"
    if document.features:
        yield f"Writes: {', '.join(document.features)}"
    if document.materials:
        yield f"For samples of: {', '.join(document.materials)}"
    if document.regime:
        yield f"Light: {document.regime} ({document.regime_confidence.value})"
    if process.ancestors:
        yield f"Inherits from: {', '.join(process.ancestors)}"
    if document.follows:
        yield f"Follows: {' or '.join(document.follows)}"
    if document.requires:
        yield f"Requires: {'; '.join(document.requires)}"
    if document.one_way:
        yield "One way: no way back is described"


def _windows(windows: Mapping[str, Window], citation: str) -> list[str]:
    lines = []
    for name, window in windows.items():
        lines.append(f"{_words(name)}: {describe(name, window)} ({window.confidence.value}){_note(window.note)}")
        lines += [
            f"- {describe(name, Window(typ=value, confidence=confidence))} ({confidence.value}), assuming {assume}"
            for value, confidence, assume in window.candidates
        ]
        if window.source and window.source != citation:
            lines.append(f"- from {window.source}")
    return lines


def _stage(stage: CampaignStep) -> str:
    windows = [
        f"{_words(name)} {describe(name, window)} ({window.confidence.value}){_note(window.note)}"
        for name, window in read_windows(stage.parameters).items()
    ]
    with_windows = f": {', '.join(windows)}" if windows else ""
    gives = f"; gives {stage.outcome}" if stage.outcome else ""
    needed = ", required" if stage.required else ""
    agent = _words(stage.agent)
    return f"{_words(stage.step)} ({agent}{needed}, {stage.confidence.value}){with_windows}{gives}{_note(stage.note)}"


def _unknown(unknown: Unknown) -> str:
    only = f" (for {unknown.features})" if unknown.features != "any" else ""
    why = f": {unknown.why}" if unknown.why else ""
    return f"{unknown.key}{only}{why}; answered by {_ANSWERS[unknown.answered_by]}"


def _outcome(outcome: Outcome) -> Iterator[str]:
    for line in outcome.emission:
        peak, fwhm = format_quantity(line.peak, WAVELENGTH), format_quantity(line.fwhm, WAVELENGTH)
        shape = f"FWHM {fwhm} and relative radiance {line.radiance:g} ({line.shape_confidence.value})"
        yield f"emission of {line.phase} at {peak} ({line.confidence.value}), {shape}{_note(line.note)}"
    if outcome.effect != "none":
        yield f"effect: {outcome.effect} {'material or emission' if outcome.effect == 'removes' else 'emission'}"
    if outcome.excitation is not None:
        yield f"looked at under {format_quantity(outcome.excitation, WAVELENGTH)}"
    if outcome.daylight_visible is not None:
        yield f"in daylight: {'visible' if outcome.daylight_visible else 'not visible'}"
    if outcome.smallest_feature is not None:
        size = format_quantity(outcome.smallest_feature, LENGTH)
        yield f"smallest feature: {size} ({outcome.smallest_feature_confidence.value})"
    yield from (f"trend: {trend}" for trend in outcome.trends)
    for name, fact in outcome.facts.items():
        yield f"{_words(name)}: {fact.value} ({fact.confidence.value}){_note(fact.note)}"


def _fit(fit: FitRecord) -> Iterator[str]:
    yield (
        f"{_words(fit.model)}, {_words(fit.curve)}: {fit.cells} cells of {fit.file}, {fit.date},"
        f" R² {fit.r_squared:.3g}, scatter {fit.scatter:.3g} (SHA-256 {fit.sha256})"
    )
    for item in fit.inputs:
        yield f"- {_words(item.parameter)} from {item.low:.6g} to {item.high:.6g} {item.unit}".rstrip()
    yield from (f"- {_words(name)} = {n.value:.5g} ± {n.std:.2g}" for name, n in fit.coefficients.items())
    yield from (f"- {p.value:.5g} ± {p.std:.2g} nm at {p.at:.6g} {fit.inputs[0].unit}".rstrip() for p in fit.points)


def _heat(model: HeatModel) -> list[str]:
    written_by = f", written by {' or '.join(model.written_by)}" if model.written_by else ""
    shift = f", red shift {format_quantity(model.total_shift, WAVELENGTH)} in all" if model.total_shift else ""
    between = f"between the points {model.between_confidence.value}"
    head = f"{model.subject}{written_by}: {_words(model.kind)}{shift}, {between}{_note(model.note)}"
    return [head, *(_heat_point(point) for point in model.points)]


def _heat_point(point: HeatPoint) -> str:
    until = f" to {format_quantity(point.until, TEMPERATURE)}" if point.until is not None else ""
    said: list[str] = [point.state]
    if point.peak is not None:
        said.append(f"peak {format_quantity(point.peak, WAVELENGTH)}")
    if point.radiance_factor is not None:
        said.append(f"radiance × {point.radiance_factor:g}")
    at = format_quantity(point.temperature, TEMPERATURE)
    return f"- {at}{until}: {', '.join(said)} ({point.confidence.value}){_note(point.note)}"


def _rule(rule: Rule) -> str:
    return f"{rule.code} ({rule.severity}) {_condition(rule)}: {rule.says}"


def _condition(rule: Rule) -> str:
    if rule.after:
        when = f"after {' or '.join(rule.after)}"
    elif rule.missing is not None:
        when = f"unless {_words(rule.missing)} is supplied"
    elif rule.between:
        when = f"when {_words(rule.parameter or '')} is between {rule.between[0]} and {rule.between[1]}"
    elif rule.differs_from is not None:
        when = f"when {_words(rule.parameter or '')} is not {rule.differs_from}"
    else:
        bound = f"below {rule.below}" if rule.below is not None else f"above {rule.above}"
        when = f"when {_words(rule.parameter or '')} is {bound}"
    of = f" in {' or '.join(rule.materials)}" if rule.materials else ""
    return f"{when}{of}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _note(text: str) -> str:
    return f"; {text}" if text else ""


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    further = indent + "  "
    return wrap(
        text,
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
