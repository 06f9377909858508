"""What `lasercam register` reads and writes: tables of marks, the registration, and its picture."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date as calendar_date
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import get_args

from lasercam.errors import InputError, Problem, QuantityError, UsageError
from lasercam.model.registration import FitModel, RegistrationDocument
from lasercam.pipeline.inputs import read_bytes
from lasercam.pipeline.mark_table import MeasuredMark, read_marks, typed_mark
from lasercam.pipeline.registering import Remount, Wishes, register
from lasercam.preview.registration_figure import draw_registration
from lasercam.units import LENGTH, parse_quantity


@dataclass(frozen=True)
class Written:
    """A registration on disk.

    Attributes:
        document: what it says.
        file, picture: where it lies.
        notes: what the operator should think about.
        lines: all of it in words.
    """

    document: RegistrationDocument
    file: Path
    picture: Path
    notes: tuple[str, ...]
    lines: tuple[str, ...]


def measured_marks(table: Path | None, typed: Sequence[str]) -> tuple[list[MeasuredMark], str]:
    """Marks of a filled table and typed ones, and where they come from, in words.

    Raises:
        UsageError: neither is given.
        InputError: the table cannot be read.
    """
    if table is None and not typed:
        raise UsageError("no marks: give --measured FILE.csv or --mark NAME=x,y; --template FILE.csv writes a table")
    marks, sources = [], []
    if table is not None:
        content = read_bytes(table)
        marks += read_marks(content, table.name)
        sources.append(f"{table.name}, sha256 {sha256(content).hexdigest()}")
    if typed:
        marks += [typed_mark(text) for text in typed]
        sources.append("typed")
    return marks, " and ".join(sources)


def wished(
    model: str,
    source: str,
    date: str | None,
    tolerance: str | None,
    height_tolerance: str | None,
    *,
    by: str = "",
    note: str = "",
    level: bool = False,
) -> Wishes:
    """What was asked for on the command line.

    Raises:
        UsageError: no such model, no date, no length.
    """
    if model not in get_args(FitModel):
        raise UsageError(f"'{model}' is no model; allowed: {', '.join(get_args(FitModel))}")
    try:
        day = calendar_date.today() if date is None else calendar_date.fromisoformat(date)
    except ValueError as error:
        raise UsageError(f"'{date}' is no date; write it as 2026-05-02") from error
    for text, what in ((by, "--by"), (note, "--note")):
        if len(text) > 400 or not text.isprintable():
            raise UsageError(f"{what} is one line of at most 400 characters")
    return Wishes(
        model, day.isoformat(), source, level, _length(tolerance, "--tolerance"),  # type: ignore[arg-type]
        _length(height_tolerance, "--height-tolerance"), by, note,
    )  # fmt: skip


def _length(text: str | None, option: str) -> float | None:
    if text is None:
        return None
    try:
        value = parse_quantity(text, LENGTH)
    except QuantityError as error:
        raise UsageError(f"{option}: {error}") from error
    if not 0.0 < value <= 1e4:
        raise UsageError(f"{option}: '{text}' is not above zero and at most 10 mm")
    return value


def write_template(remount: Remount, path: Path) -> None:
    """A table of the marks to fill in; an existing file is never replaced."""
    if path.exists():
        raise InputError(Problem(f"'{path}' exists already", hint="Name another file, so that no measurement is lost."))
    _write({path: remount.template().encode()})


def register_file(
    remount: Remount,
    marks: Sequence[MeasuredMark],
    wishes: Wishes,
    job: Path,
    output: Path | None,
    *,
    replace: bool = False,
) -> Written:
    """The registration and its picture, written; nothing where it is refused.

    Raises:
        InputError: it cannot be written, or one is there already.
        RefusedError: see `register`.
    """
    named = _named(remount)
    file = output if output is not None else _default(job, named)
    if file.suffix not in (".yaml", ".yml"):
        raise UsageError(f"a registration ends in .yaml or .yml, '{file.name}' does not")
    if file.exists() and not replace:
        raise InputError(Problem(f"'{file}' exists already", hint="Name another file with -o, or say --replace."))
    made = register(remount, marks, wishes)
    picture = BytesIO()
    draw_registration(made.document, picture)
    beside = file.with_suffix(".png")
    _write({beside: picture.getvalue(), file: made.text.encode()})
    lines = [*_told(made.document), *made.notes, f"{file} written, and {beside.name}"]
    if named is None:
        lines.append(f"name it in the job: step '{remount.name}', `remount: {{..., registration: {file.name}}}`")
    return Written(made.document, file, beside, made.notes, tuple(lines))


def _named(remount: Remount) -> str | None:
    text = remount.loaded.document.steps[remount.step].remount
    return None if text is None else text.registration


def _default(job: Path, named: str | None) -> Path:
    if job.is_dir():
        raise UsageError("a build is never changed: name the file with -o, beside the job file, and build again")
    return job.parent / (named if named is not None else "registration.yaml")


def _told(document: RegistrationDocument) -> list[str]:
    frame = document.frame
    corner = ", ".join(f"{value / 1e3:.6f}" for value in frame.corner)
    lines = [
        f"{document.model} over {len(document.marks)} marks: corner ({corner}) mm, turned by {frame.rotation:.7g}°,"
        f" scale {' × '.join(f'{factor:.9g}' for factor in frame.scale)}"
        + (f", shear {frame.shear:.6g}" if frame.shear else "")
    ]
    if document.heights == "tilt":
        lines.append(f"  tilted: {frame.slope[0] * 1e3:.5g} µm/mm along x, {frame.slope[1] * 1e3:.5g} µm/mm along y")
    for name, mark in document.marks.items():
        height = f", height {mark.off[2]:+.3f}" if len(mark.off) > 2 else ""
        lines.append(f"  {name}: off x {mark.off[0]:+.3f}, y {mark.off[1]:+.3f}{height} µm")
    lines.append(f"  {document.rms:.3g} µm rms; {document.tolerance:.3g} µm are allowed")
    return lines


def _write(contents: Mapping[Path, bytes]) -> None:
    """All files, each complete when it appears."""
    with ExitStack() as leftovers:
        ready: dict[Path, Path] = {}
        try:
            for path, content in contents.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
                leftovers.callback(Path(unfinished).unlink, missing_ok=True)
                with os.fdopen(handle, "wb") as out:
                    out.write(content)
                Path(unfinished).chmod(0o644)
                ready[path] = Path(unfinished)
            for path, unfinished_path in ready.items():
                unfinished_path.replace(path)
        except OSError as error:
            raise InputError(Problem(f"'{path}' cannot be written: {error.strerror}")) from error
