"""From a sweep's filled results table to a process file of the lab."""

from collections.abc import Sequence
from pathlib import Path

from lasercam.pipeline.fitting import FitOutput as FitOutput
from lasercam.pipeline.fitting import fit_table as _fit_table
from lasercam.process.lab import environment_folders


def fit_table(
    results: str | Path,
    output: str | Path,
    *,
    process: str,
    model: str,
    name: str | None = None,
    only: Sequence[tuple[str, str]] = (),
    against: str | None = None,
    date: str | None = None,
    processes: str | Path | None = None,
    seed: int = 0,
) -> FitOutput:
    """Fit a response to a filled table and write it as a process file, with a plot beside.

    Args:
        results: the filled table (CSV).
        output: the file to write.
        process: what the cells were written with; the new one inherits from it.
        model: threshold, line_width or emission.
        name: id of the new process; absent: PROCESS_MODEL_fit.
        only: use only cells with these values, by key.
        against: setting an emission is fitted against, or line_dose; absent: what varies.
        date: day of the measurement, ISO; absent: today.
        processes: the lab's folder, beside those of LASERCAM_PROCESSES.
        seed: of the bootstrap; the same gives the same.

    Raises:
        FitError: the measurements do not support the model; says why.
    """
    folders = (*([Path(processes)] if processes else []), *environment_folders())
    return _fit_table(
        Path(results), Path(output), process=process, model=model, name=name, only=list(only), against=against,
        date=date, folders=folders, seed=seed,
    )  # fmt: skip
