"""Register: from measured marks to the registration file that later steps are written by, or a refusal with reasons."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from lasercam.errors import GeometryError, InputError, Problem, RefusedError, UsageError, name_problem, nearest
from lasercam.geometry.mark_fit import Lie, MarkFit, Sightings, fit_marks
from lasercam.model.frame import Frame
from lasercam.model.machine import Machine
from lasercam.model.mounting import MOST_TILT_DEG, SHRINKAGE
from lasercam.model.registration import MIN_MARKS, FitModel, RegistrationDocument
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.mark_diagnosis import culprit, other_ways
from lasercam.pipeline.mark_table import MeasuredMark, mark_template
from lasercam.pipeline.planning import recipe_table
from lasercam.pipeline.registration import nominal_marks, steps_behind
from lasercam.pipeline.registration_text import registration_text
from lasercam.plan.frames import frame_of
from lasercam.plan.registered import along_normal_um, lie_before
from lasercam.process.optics import rayleigh_um, spot_radius_um
from lasercam.schema.document import read_document
from lasercam.schema.tree import parse_yaml

TOLERANCE_SHARE = 0.1
"""Share of the smallest spot radius, and of its Rayleigh range, that marks may be off (assumed: as for rounding)."""
TURNED_DEG = 5.0
"""A turn beyond which the operator is asked whether it is meant (assumed)."""
Place = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Remount:
    """The remount that is registered.

    Attributes:
        loaded: the job.
        step: its index.
        pattern: whose marks are measured.
        machine: of the steps behind it.
        nominal: the marks in the sample's frame, by name.
        frame: nominal, of the first step behind it.
    """

    loaded: LoadedJob
    step: int
    pattern: str
    machine: str
    nominal: Mapping[str, Place]
    frame: Frame

    @property
    def name(self) -> str:
        """Of the step."""
        return self.loaded.document.steps[self.step].name

    @property
    def before(self) -> Lie:
        """How the job takes the sample to lie."""
        return lie_before(self.loaded.document.sample, self.frame)

    @property
    def profile(self) -> Machine:
        """Of the machine that it is measured on."""
        return next(m for m in self.loaded.machines if m.machine == self.machine)

    @property
    def expected_um(self) -> dict[str, list[float]]:
        """Where the controller would find each mark in the nominal frame."""
        expected = self.frame.ticks(np.array(list(self.nominal.values()), np.float64)) / 1e4
        return dict(zip(self.nominal, expected.tolist(), strict=True))

    def template(self) -> str:
        """A table of the marks to fill in."""
        return mark_template(self.expected_um)


@dataclass(frozen=True)
class Wishes:
    """How marks are to be fitted, and what the file shall say about them.

    Attributes:
        model: shift, rigid, similarity, stretch or affine.
        level: heights give no tilt.
        tolerance_um, height_tolerance_um: None = from the smallest spot.
        date: ISO.
        by, note, source: for readers.
    """

    model: FitModel
    date: str
    source: str
    level: bool = False
    tolerance_um: float | None = None
    height_tolerance_um: float | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Made:
    """A registration that keeps its tolerance.

    Attributes:
        document: as it will be read.
        text: of the file.
        notes: what the operator should think about.
    """

    document: RegistrationDocument
    text: str
    notes: tuple[str, ...]


def find_remount(loaded: LoadedJob, wanted: str | None) -> Remount:
    """The remount of that name or number (from 1); the only one where none is said.

    Raises:
        UsageError: it is not told which, or that step is no remount.
        InputError: it names no marks, or nothing is written behind it.
    """
    steps = loaded.document.steps
    remounts = {i: step.remount for i, step in enumerate(steps) if step.remount is not None}
    listed = ", ".join(f"{i + 1} ({steps[i].name})" for i in remounts) or "none"
    if wanted is None:
        if len(remounts) != 1:
            raise UsageError(f"the job has {len(remounts)} remounts: {listed}; say which with --step")
        index = next(iter(remounts))
    else:
        named = [i for i in remounts if wanted in (steps[i].name, str(i + 1))]
        if not named:
            close = nearest(wanted, [steps[i].name for i in remounts])
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise UsageError(f"step '{wanted}' is no remount; remounts: {listed}{hint}")
        index = named[0]
    pattern = remounts[index].marks
    place = loaded.locate("steps", index, "remount")
    if pattern is None:
        text = f"step '{steps[index].name}' names no marks, so there is nothing to compare with"
        raise InputError(Problem(text, place, "Write `marks: PATTERN`, the pattern whose marks are measured."))
    behind = steps_behind(loaded.document, index)
    if not behind:
        raise InputError(Problem(f"nothing is written behind step '{steps[index].name}'", place))
    machine = loaded.machines[behind[0]]
    frame = frame_of(loaded.document.sample, machine, loaded.heights)
    return Remount(
        loaded, index, pattern, machine.machine, nominal_marks(pattern, loaded.patterns[pattern], place), frame
    )


def register(remount: Remount, marks: Sequence[MeasuredMark], wishes: Wishes) -> Made:
    """The registration of measured marks.

    Raises:
        InputError: unknown or doubled marks.
        RefusedError: too few marks, marks that fit no frame of that model, or any beyond the tolerance.
    """
    _check_names(remount, marks)
    least = MIN_MARKS[wishes.model]
    if len(marks) < least:
        raise RefusedError(
            f"a fit of {wishes.model} needs {least} marks or more, so that a slip shows; {len(marks)} were measured"
        )
    _refuse_old_tilt(remount, marks, wishes)
    tolerance, height_tolerance = _tolerances(remount.loaded, wishes)
    seen = _sightings(remount, marks, height_tolerance / tolerance)
    try:
        fit = fit_marks(seen, wishes.model, remount.before, level=wishes.level)
    except GeometryError as error:
        raise RefusedError(f"no frame is fitted: {error}") from error
    _refuse_misfit(remount, seen, fit, wishes, tolerance, height_tolerance)
    _refuse_strange(fit.lie)
    text = registration_text(
        {
            "job": remount.loaded.document.job,
            "job_sha256": hashlib.sha256(remount.loaded.content).hexdigest(),
            "step": remount.name,
            "pattern": remount.pattern,
            "machine": remount.machine,
            "date": wishes.date,
            "by": wishes.by,
            "source": wishes.source,
            "note": wishes.note,
            "model": wishes.model,
        },
        fit, seen, [remount.nominal[name] for name in seen.names], tolerance, height_tolerance,
    )  # fmt: skip
    document = read_document(RegistrationDocument, parse_yaml(text.encode(), "registration"), what="a registration")
    return Made(document, text, tuple(_notes(remount, fit, wishes, seen)))


def _check_names(remount: Remount, marks: Sequence[MeasuredMark]) -> None:
    problems = []
    seen: set[str] = set()
    for mark in marks:
        if mark.name not in remount.nominal:
            problems.append(
                name_problem(f"mark of '{remount.pattern}'", mark.name, list(remount.nominal), mark.location)
            )
        elif mark.name in seen:
            problems.append(
                Problem(f"mark '{mark.name}' was measured twice", mark.location, "Keep one, or their mean.")
            )
        seen.add(mark.name)
    if problems:
        raise InputError(problems)


def _refuse_old_tilt(remount: Remount, marks: Sequence[MeasuredMark], wishes: Wishes) -> None:
    """A slope that was measured before the sample was taken off says nothing about how it lies now."""
    n_heights = sum(not isnan(mark.place_um[2]) for mark in marks)
    if any(remount.before.slopes) and n_heights < 3 and not wishes.level:
        raise RefusedError(
            "the job states a slope of the sample, measured before it was taken off; measure z of three marks or more,"
            " or say --level where it lies level now"
        )


def _tolerances(loaded: LoadedJob, wishes: Wishes) -> tuple[float, float]:
    """In the plane and in height, µm."""
    if wishes.tolerance_um is not None and wishes.height_tolerance_um is not None:
        return wishes.tolerance_um, wishes.height_tolerance_um
    spots = []
    for recipe in recipe_table(loaded).recipes:
        values, wavelength = recipe.values, recipe.values["wavelength"].value
        given = values["spot_radius"].value if "spot_radius" in values else None
        radius = given if given is not None else float(spot_radius_um(wavelength, values["na"].value, 1.0))
        index = loaded.document.sample.refractive_index
        spots.append((radius, float(rayleigh_um(radius, wavelength, index, 1.0))))
    plane, height = (TOLERANCE_SHARE * min(column) for column in zip(*spots, strict=True))
    return wishes.tolerance_um or float(f"{plane:.3g}"), wishes.height_tolerance_um or float(f"{height:.3g}")


def _sightings(remount: Remount, marks: Sequence[MeasuredMark], height_share: float) -> Sightings:
    sigma = np.array([mark.sigma_um for mark in marks])
    return Sightings(
        tuple(mark.name for mark in marks),
        along_normal_um(remount.frame, [remount.nominal[mark.name] for mark in marks]),
        np.array([mark.place_um for mark in marks], np.float64),
        sigma,
        sigma * height_share,
    )


def _refuse_strange(lie: Lie) -> None:
    low, high = SHRINKAGE.at_least or 0.0, SHRINKAGE.at_most or np.inf
    if not all(low <= factor <= high for factor in lie.scale):
        shown = " × ".join(f"{factor:.4g}" for factor in lie.scale)
        raise RefusedError(
            f"the marks say that the sample is {shown} of its nominal size; {low:g} to {high:g} are allowed: check"
            " units and names"
        )
    steepest = max(lie.slopes, key=abs)
    if abs(steepest) > np.sin(np.radians(MOST_TILT_DEG)):
        raise RefusedError(
            f"the heights rise by {steepest * 1e3:.4g} µm per mm, more than {MOST_TILT_DEG:g} degrees: check their"
            " units, or level the sample"
        )


def _refuse_misfit(
    remount: Remount, seen: Sightings, fit: MarkFit, wishes: Wishes, tolerance_um: float, height_tolerance_um: float
) -> None:
    """Say which mark is beyond the tolerance, which one spoils the fit, and what to do."""
    heights = np.where(seen.has_height, np.abs(np.nan_to_num(fit.off_um[:, 2])), 0.0)
    plane = fit.plane_um
    if plane.max() <= tolerance_um and heights.max() <= height_tolerance_um:
        return
    said = []
    if plane.max() > tolerance_um:
        worst = int(np.argmax(plane))
        x, y = fit.off_um[worst, :2]
        said.append(
            f"the marks do not fit ({wishes.model}): {seen.names[worst]} lies {plane[worst]:.4g} µm from its fitted"
            f" place (x {x:+.4g}, y {y:+.4g}), {tolerance_um:.4g} µm are allowed; {fit.rms_um:.4g} µm rms over"
            f" {len(seen)} marks"
        )
        said += [culprit(seen, fit), *other_ways(seen, remount.before, wishes.model, tolerance_um, level=wishes.level)]
    if heights.max() > height_tolerance_um:
        worst = int(np.argmax(heights))
        said.append(
            f"the heights do not fit ({fit.heights}): {seen.names[worst]} lies {fit.off_um[worst, 2]:+.4g} µm from its"
            f" fitted height, {height_tolerance_um:.4g} µm are allowed"
        )
        if fit.heights == "shift":
            said.append("for a sample that is not level measure z of three marks or more, and leave --level out")
    said.append("measure again, or state another --tolerance (--height-tolerance) that the job can bear")
    raise RefusedError("\n".join(said))


def _notes(remount: Remount, fit: MarkFit, wishes: Wishes, seen: Sightings) -> Iterator[str]:
    """What keeps the tolerance and is worth a thought all the same."""
    turned = (fit.lie.rotation_deg - remount.before.rotation_deg + 180.0) % 360.0 - 180.0
    if abs(turned) > TURNED_DEG:
        yield f"the sample lies turned by {turned:.4g}° against before: make sure that no two marks were mistaken"
    if fit.heights == "tilt" and int(seen.has_height.sum()) == 3:
        yield "three heights fit any plane, so nothing checks them; a fourth would"
    if fit.heights == "nominal":
        yield "no heights were measured: the surface is taken to stand as high as before, and to be level"
    if wishes.model in ("similarity", "stretch", "affine"):
        yield f"depths are scaled by {fit.lie.scale[2]:.9g} as the plane is (assumed: marks of one depth do not tell)"
