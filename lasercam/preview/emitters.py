"""Emissions of a sample, who wrote them, and what steps without a beam make of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lasercam.model.confidence import Confidence, worst
from lasercam.model.process_outcome import Outcome
from lasercam.process.colour import SpectralLine


@dataclass(frozen=True, order=True)
class Emitter:
    """One kind of emission; processes that name the same one write into the same picture.

    Attributes:
        peak_nm: centre, nm.
        fwhm_nm: full width at half maximum, nm.
        phase: what emits.
    """

    peak_nm: float
    fwhm_nm: float
    phase: str

    @property
    def line(self) -> SpectralLine:
        """Its spectrum."""
        return SpectralLine(self.peak_nm, self.fwhm_nm)


@dataclass(frozen=True)
class Origin:
    """Where an emission comes from.

    Attributes:
        written: the emission as it was written.
        by: processes that wrote it.
        factor: its radiance by now, relative to when it was written.
    """

    written: Emitter
    by: frozenset[str]
    factor: float = 1.0


@dataclass(frozen=True)
class Treated:
    """What a step without a beam makes of one emission.

    Attributes:
        emitter: what glows afterwards; None = nothing.
        factor: radiance afterwards, relative to the emission as written; None = as it was before the step.
        confidence: of the new centre.
        note: what a reader of the pictures must know.
    """

    emitter: Emitter | None
    factor: float | None = None
    confidence: Confidence = Confidence.STATED
    note: str = ""


Treatment = Callable[[Emitter, Origin], Treated]
"""From an emission as it is, and where it comes from, to what becomes of it."""

Change = Mapping[Emitter, tuple[Treated, float]]
"""What becomes of each emission in a step, and the factor on its radiance before the step."""


def changes(
    treatments: Sequence[Treatment | None], outcomes: Sequence[Iterable[tuple[str, Outcome]]]
) -> tuple[Change, ...]:
    """What each step without a beam makes of each emission that is there by then; empty for steps with a beam.

    Args:
        treatments: by step; None for those with a beam.
        outcomes: by step, processes of its exposures and what they do there.
    """
    found: list[Change] = []
    there: dict[Emitter, Origin] = {}
    for treatment, exposed in zip(treatments, outcomes, strict=True):
        change: dict[Emitter, tuple[Treated, float]] = {}
        if treatment is not None:
            after: dict[Emitter, Origin] = {}
            for emitter, origin in there.items():
                treated = treatment(emitter, origin)
                factor = origin.factor if treated.factor is None else treated.factor
                change[emitter] = treated, factor / origin.factor
                if treated.emitter is not None:
                    same = after.get(treated.emitter)
                    by = origin.by if same is None else origin.by | same.by
                    after[treated.emitter] = Origin(origin.written, by, factor)
            there = after
        for name, outcome in exposed:
            if outcome.effect in ("adds", "replaces"):
                for line in outcome.emission:
                    emitter = Emitter(line.peak, line.fwhm, line.phase)
                    by = there[emitter].by if emitter in there else frozenset()
                    there[emitter] = Origin(emitter, by | {name})
        found.append(change)
    return tuple(found)


def trusted(outcomes: Iterable[Outcome], made: Sequence[Change]) -> dict[Emitter, tuple[Confidence, Confidence]]:
    """Everything that can glow, with the confidence of its peak and of its width and radiance."""
    found: dict[Emitter, tuple[Confidence, Confidence]] = {}
    for outcome in outcomes:
        if outcome.effect not in ("adds", "replaces"):
            continue
        for line in outcome.emission:
            _trust(found, Emitter(line.peak, line.fwhm, line.phase), line.confidence, line.shape_confidence)
    for change in made:
        for before, (treated, _) in change.items():
            if treated.emitter is not None:
                peak, shape = found[before]
                own = treated.confidence if treated.emitter != before else worst((peak, treated.confidence))
                _trust(found, treated.emitter, worst((own, peak)), shape)
    return dict(sorted(found.items()))


def _trust(
    found: dict[Emitter, tuple[Confidence, Confidence]], emitter: Emitter, peak: Confidence, shape: Confidence
) -> None:
    old_peak, old_shape = found.get(emitter, (peak, shape))
    found[emitter] = worst((old_peak, peak)), worst((old_shape, shape))
