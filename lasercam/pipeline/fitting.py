"""Fit: from the filled table of a sweep to a lab's process file and a plot, both whole or not at all."""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date as calendar_date
from io import BytesIO
from pathlib import Path

from lasercam.errors import FitError, InputError, Problem, UsageError, name_problem
from lasercam.model.process_window import Process
from lasercam.pipeline.inputs import read_bytes
from lasercam.process.fit.document import process_text
from lasercam.process.fit.emission import fit_emission
from lasercam.process.fit.fitted import Fitted
from lasercam.process.fit.line_width import fit_line_width
from lasercam.process.fit.results import SweepResults, read_results
from lasercam.process.fit.threshold import fit_threshold
from lasercam.process.library import load_library, read_process_file, resolve_process, written_files

MODELS = ("threshold", "line_width", "emission")
_NAME = re.compile(r"[a-z][A-Za-z0-9_]{0,79}")


@dataclass(frozen=True)
class FitOutput:
    """What `fit_table` wrote.

    Attributes:
        fitted: the response.
        process: as later jobs will find it.
        file: the process file.
        plot: the picture.
    """

    fitted: Fitted
    process: Process
    file: Path
    plot: Path


def fit_table(
    table: Path,
    output: Path,
    *,
    process: str,
    model: str,
    name: str | None = None,
    only: Sequence[tuple[str, str]] = (),
    against: str | None = None,
    date: str | None = None,
    folders: Sequence[Path] = (),
    seed: int = 0,
) -> FitOutput:
    """Fit a table and write the lab's process file beside a plot of the same name ending in .png.

    Args:
        table: the filled CSV.
        output: the file to write, .yaml or .yml; may replace an earlier fit of the same process id.
        process: id of the process the cells were written with.
        model: one of MODELS.
        name: id of the new process; None = `<process>_<model>_fit`.
        only: settings or columns and the one value of each that is used.
        against: for emission, the setting the peak is fitted against.
        date: of the measurement, ISO; None = today.
        folders: process files of the lab.
        seed: of the bootstrap.

    Raises:
        InputError: files that cannot be read or written.
        UsageError: names that do not exist.
        FitError: the measurements do not support the model.
    """
    if model not in MODELS:
        raise UsageError(str(name_problem("model", model, MODELS)))
    if against is not None and model != "emission":
        raise UsageError(f"--against chooses the dose of an emission; a {model} fit has none")
    own = name or f"{process}_{model}_fit"
    day = _day(date)
    _check_names(own, output)
    library = load_library(folders)
    if process not in library:
        raise UsageError(str(name_problem("process", process, sorted(library))))
    parent = library[process]
    results = read_results(read_bytes(table), table.name)
    for key, value in only:
        results = results.only(key, value)
    fitted = _fitted(results, model, against, seed)
    text = process_text(fitted, parent, own, day)
    made = _read_back(text, own, output, folders)
    plot = output.with_suffix(".png")
    _write(output, plot, text, _picture(fitted, day))
    return FitOutput(fitted, made, output, plot)


def _fitted(results: SweepResults, model: str, against: str | None, seed: int) -> Fitted:
    try:
        if model == "threshold":
            return fit_threshold(results, seed=seed)
        if model == "line_width":
            return fit_line_width(results, seed=seed)
        return fit_emission(results, against=against, seed=seed)
    except FitError as error:
        raise FitError(f"{results.file}: no {model.replace('_', ' ')} is fitted: {error}") from error


def _day(date: str | None) -> str:
    if date is None:
        return calendar_date.today().isoformat()
    try:
        return calendar_date.fromisoformat(date).isoformat()
    except ValueError as error:
        raise UsageError(f"'{date}' is no date; write it as 2026-05-02") from error


def _check_names(name: str, output: Path) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}' cannot be the id of a process: letters, digits and _, the first letter small")
    if output.suffix not in (".yaml", ".yml"):
        raise UsageError(f"a process file ends in .yaml or .yml, '{output.name}' does not")


def _read_back(text: str, name: str, output: Path, folders: Sequence[Path]) -> Process:
    """The process as the library will read it beside the lab's other files.

    Raises:
        InputError: it does not fit, or its id is taken by another file than the one it replaces.
    """
    written = dict(written_files(folders))
    if name in written and written[name].tree.file != str(output):
        there = written[name].place("process")
        message = f"the process '{name}' exists already, in {there}"
        raise InputError(Problem(message, hint="Give the fit another id with --as."))
    written[name] = read_process_file(text.encode(), str(output), output.name)
    return resolve_process(name, written)


def _picture(fitted: Fitted, day: str) -> bytes:
    from lasercam.preview.fit_figure import draw_fit

    out = BytesIO()
    draw_fit(fitted, out, date=day)
    return out.getvalue()


def _write(output: Path, plot: Path, text: str, picture: bytes) -> None:
    """Both files, each complete when it appears.

    Raises:
        InputError: nothing can be written there.
    """
    contents: Mapping[Path, bytes] = {plot: picture, output: text.encode()}
    with ExitStack() as leftovers:
        ready: dict[Path, Path] = {}
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            for path, content in contents.items():
                handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
                leftovers.callback(Path(unfinished).unlink, missing_ok=True)
                with os.fdopen(handle, "wb") as out:
                    out.write(content)
                Path(unfinished).chmod(0o644)
                ready[path] = Path(unfinished)
            for path, unfinished_path in ready.items():
                unfinished_path.replace(path)
        except OSError as error:
            message = f"nothing can be written to '{output.parent}': {error.strerror}"
            raise InputError(Problem(message)) from error
