"""Registrations that a job names: read, held against the job's own marks, and found for the steps they are for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

from lasercam.errors import GeometryError, InputError, Location, PatternError, Problem
from lasercam.geometry.mark_fit import Lie
from lasercam.geometry.placed_marks import placed_marks
from lasercam.model.frame import Frame
from lasercam.model.job import JobDocument, Placement
from lasercam.model.machine import Machine
from lasercam.model.protocols import CarriesMarks, PatternSource
from lasercam.model.registration import RegisteredMark, RegistrationDocument
from lasercam.pipeline.inputs import InputFile, Inputs
from lasercam.plan.frames import frame_of
from lasercam.plan.registered import along_normal_um, lie_of, registered_frame
from lasercam.schema.document import read_document
from lasercam.schema.tree import Tree, parse_yaml

SAME_UM = 1e-3
"""Differences of rounded numbers that are none."""
AGAIN = "Measure the marks and run `lasercam register` again."


class PatternOfJob(Protocol):
    """A pattern as written and the source that makes it."""

    @property
    def placement(self) -> Placement:
        """Where it lies."""
        ...

    @property
    def source(self) -> PatternSource:
        """What makes it."""
        ...


@dataclass(frozen=True, eq=False)
class Registered:
    """A registration that later steps are written by.

    Attributes:
        step: index of the remount.
        file: how the job refers to it.
        digest: SHA-256 of the file.
        document: what it says.
    """

    step: int
    file: str
    digest: str
    document: RegistrationDocument

    @property
    def lie(self) -> Lie:
        """How the sample lies."""
        return lie_of(self.document.frame)

    def frame(self, nominal: Frame) -> Frame:
        """The frame of a step behind it."""
        return registered_frame(self.lie, nominal)

    def facts(self) -> dict[str, object]:
        """For the manifest: what is left at each mark, µm."""
        made = self.document
        return {
            "step": made.step,
            "file": self.file,
            "sha256": self.digest,
            "machine": made.machine,
            "model": made.model,
            "date": made.date,
            "tolerance_um": made.tolerance,
            "rms_um": made.rms,
            "off_um": {name: list(mark.off) for name, mark in made.marks.items()},
        }

    @property
    def text(self) -> str:
        """What was fitted and what is left, in words."""
        made, frame = self.document, self.document.frame
        name, off = worst_mark(made)
        factors = " × ".join(f"{factor:.9g}" for factor in frame.scale)
        tilt = (
            "" if made.heights != "tilt" else f", tilted {frame.slope[0] * 1e3:.4g}, {frame.slope[1] * 1e3:.4g} µm/mm"
        )
        return (
            f"fitted ({made.model}) to {len(made.marks)} marks of '{made.pattern}', {made.date}: turned by"
            f" {frame.rotation:.7g}°, {factors} of the nominal size{tilt}; {made.rms:.3g} µm rms are left, most at"
            f" {name} ({off:.3g} of {made.tolerance:.3g} µm allowed)"
        )


def worst_mark(document: RegistrationDocument) -> tuple[str, float]:
    """The mark that lies farthest from its fitted place in the plane, and how far, µm."""
    distance = {name: mark.distance_um for name, mark in document.marks.items()}
    name = max(distance, key=lambda mark: distance[mark])
    return name, distance[name]


def remount_before(document: JobDocument, step: int) -> int | None:
    """The last remount before a step, by index; None where the sample never left the stage."""
    return next((i for i in reversed(range(step)) if document.steps[i].remount is not None), None)


def steps_behind(document: JobDocument, remount: int) -> tuple[int, ...]:
    """Steps with a beam behind a remount and before the next."""
    behind = range(remount + 1, len(document.steps))
    return tuple(i for i in behind if document.steps[i].pass_kind and remount_before(document, i) == remount)


def registered_for(
    registrations: Mapping[int, Registered], document: JobDocument, machines: Sequence[Machine], step: int
) -> Registered | None:
    """What a step is written by; None where it stays in the nominal frame."""
    remount = remount_before(document, step)
    found = None if remount is None else registrations.get(remount)
    return found if found is not None and found.document.machine == machines[step].machine else None


def nominal_marks(name: str, pattern: PatternOfJob, place: Location) -> Mapping[str, tuple[float, float, float]]:
    """Marks of a pattern in the sample's frame, by name: x, y, depth.

    Raises:
        InputError: the pattern has none.
    """
    source = pattern.source
    marks = placed_marks(pattern.placement, source) if isinstance(source, CarriesMarks) else {}
    if not marks:
        text = f"pattern '{name}' has no marks that could be measured"
        raise InputError(Problem(text, place, "Name a pattern of `type: marks`, or a group that holds one."))
    return marks


def read_registrations(
    document: JobDocument,
    tree: Tree,
    inputs: Inputs,
    machines: Sequence[Machine],
    patterns: Mapping[str, PatternOfJob],
    heights: bytes | None,
) -> Mapping[int, Registered]:
    """The registrations that are there, by index of their remount.

    Raises:
        InputError: a file that is no registration, is one of something else, or was changed by hand.
    """
    found: dict[int, Registered] = {}
    for index, step in enumerate(document.steps):
        if step.remount is None or step.remount.registration is None or step.remount.marks is None:
            continue
        place = tree.at(("steps", index, "remount", "registration"))
        file = inputs.find("registration", step.remount.registration, place)
        if file is None:
            continue
        made, own = _read(file)
        nominal = nominal_marks(step.remount.marks, patterns[step.remount.marks], place)
        _refuse_other(made, document, index, nominal, place)
        machine = next(
            (machines[i] for i in steps_behind(document, index) if machines[i].machine == made.machine), None
        )
        if machine is not None:
            try:
                _refuse_changed(made, own, frame_of(document.sample, machine, heights))
            except (PatternError, GeometryError) as error:
                raise InputError(Problem(str(error), own.at(()))) from error
        found[index] = Registered(index, file.reference, file.digest, made)
    return found


def _read(file: InputFile) -> tuple[RegistrationDocument, Tree]:
    own = parse_yaml(file.content, file.name)
    return read_document(RegistrationDocument, own, what="a registration"), own


def _refuse_other(
    made: RegistrationDocument,
    document: JobDocument,
    index: int,
    nominal: Mapping[str, tuple[float, float, float]],
    place: Location,
) -> None:
    """The registration must be of this remount and of marks that lie where the job has them."""
    step = document.steps[index]
    pattern = step.remount.marks if step.remount is not None else None
    for said, wanted, what in ((made.job, document.job, "job"), (made.step, step.name, "step"),
                               (made.pattern, pattern, "pattern")):  # fmt: skip
        if said != wanted:
            text = f"the registration was made for {what} '{said}', here it is named for {what} '{wanted}'"
            raise InputError(Problem(text, place, AGAIN))
    for name, mark in made.marks.items():
        if name not in nominal or max(abs(a - b) for a, b in zip(mark.nominal, nominal[name], strict=True)) > SAME_UM:
            there = "is not there any more" if name not in nominal else "was moved in the job"
            text = f"mark '{name}' of the registration {there}"
            raise InputError(Problem(text, place, AGAIN))


def _refuse_changed(made: RegistrationDocument, own: Tree, nominal: Frame) -> None:
    """What is left at each mark follows from the frame and the measured places, and keeps the tolerance."""
    fitted = lie_of(made.frame).places_um(along_normal_um(nominal, [mark.nominal for mark in made.marks.values()]))
    for (name, mark), there in zip(made.marks.items(), fitted.tolist(), strict=True):
        off = tuple(a - b for a, b in zip(mark.measured, there, strict=False))
        if len(mark.off) != len(off) or max(abs(a - b) for a, b in zip(off, mark.off, strict=True)) > SAME_UM:
            text = f"mark '{name}': the frame and the measured place do not make what `off` says"
            hint = f"The file was changed by hand, or the objective or the sample's index was. {AGAIN}"
            raise InputError(Problem(text, own.at(("marks", name)), hint))
        too_far(name, mark, made.tolerance, made.height_tolerance, own.at(("marks", name)))
    rms = sqrt(sum(mark.distance_um**2 for mark in made.marks.values()) / len(made.marks))
    if abs(rms - made.rms) > SAME_UM:
        text = f"`rms` says {made.rms:.4g} µm, and the marks make {rms:.4g} µm"
        raise InputError(Problem(text, own.at(("rms",)), f"The file was changed by hand. {AGAIN}"))


def too_far(name: str, mark: RegisteredMark, tolerance_um: float, height_um: float, place: Location | None) -> None:
    """Refuse a mark beyond its tolerance."""
    plane = mark.distance_um
    height = abs(mark.off[2]) if len(mark.off) > 2 else 0.0
    for off, limit, what in ((plane, tolerance_um, "place"), (height, height_um, "height")):
        if off > limit:
            text = f"mark '{name}' lies {off:.4g} µm from its fitted {what}; {limit:.4g} µm are allowed"
            raise InputError(Problem(text, place, AGAIN))
