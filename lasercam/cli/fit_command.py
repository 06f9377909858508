"""`lasercam fit`: from a sweep's filled results table to a process file of the lab."""

from pathlib import Path

import click

from lasercam.cli.terminal import FORMAT, echo_json


@click.command("fit")
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@click.option("--process", required=True, help="Process the cells were written with; the new one inherits from it.")
@click.option(
    "--model",
    type=click.Choice(["threshold", "line_width", "emission"]),
    required=True,
    help="Liu plot of dots; width of lines over speed and energy; peak over dose.",
)
@click.option("--as", "name", help="Id of the new process; default: PROCESS_MODEL_fit.")
@click.option("--only", multiple=True, metavar="KEY=VALUE", help="Use only cells with this value, e.g. speed=0.4mm/s.")
@click.option("--against", help="Setting an emission is fitted against, or line_dose; default: what varies.")
@click.option("--date", help="Day of the measurement, as 2026-05-02; default: today.")
@click.option("--processes", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The lab's folder.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the bootstrap; the same gives the same.")
@FORMAT
def command(
    results: Path,
    output: Path,
    process: str,
    model: str,
    name: str | None,
    only: tuple[str, ...],
    against: str | None,
    date: str | None,
    processes: Path | None,
    seed: int,
    form: str,
) -> int:
    """Fit a response to RESULTS, the filled table of a sweep, and write it as a process file with a plot beside.

    Refuses, with the reason, what the measurements do not support. Later jobs find the process when the file lies in
    their `processes` folder or in one of LASERCAM_PROCESSES.
    """
    from lasercam.api.fitting import fit_table
    from lasercam.errors import UsageError

    chosen = []
    for text in only:
        key, equals, value = text.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise UsageError(f"--only wants KEY=VALUE, such as speed=0.4mm/s, not '{text}'")
        chosen.append((key.strip(), value.strip()))
    made = fit_table(
        results, output, process=process, model=model, name=name, only=chosen, against=against, date=date,
        processes=processes, seed=seed,
    )  # fmt: skip
    fitted = made.fitted
    if form == "json":
        echo_json(
            {
                "process": made.process.name,
                "file": str(made.file),
                "plot": str(made.plot),
                "fit": made.process.document.fit.model_dump(mode="json") if made.process.document.fit else None,
                "notes": list(fitted.notes),
            }
        )
        return 0
    click.echo(f"{model}, {fitted.curve.replace('_', ' ')}: {len(fitted.y)} cells, R² {fitted.r_squared:.4g}")
    for key, number in fitted.coefficients.items():
        click.echo(f"  {key} = {number.value:.5g} ± {number.std:.2g}")
    for point in fitted.points:
        click.echo(f"  {point.value:.5g} ± {point.std:.2g} nm at {point.at:.6g} {fitted.inputs[0].unit}".rstrip())
    for note in fitted.notes:
        click.echo(f"  {note}")
    click.echo(f"{made.file} written: process {made.process.name}, measured; {made.plot}")
    return 0
