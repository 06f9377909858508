"""`lasercam check`: judge a job."""

from pathlib import Path

import click

from lasercam.cli.terminal import FORMAT, JOB, echo_json, echo_verdict, progress


@click.command("check")
@JOB
@FORMAT
@click.option(
    "--ledger", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="What the sample already holds."
)
def command(job: Path, form: str, ledger: Path | None) -> int:
    """Judge JOB: print every finding with its line and what to do. Exit code 1 when there are errors."""
    from lasercam.api.job import duration, load

    opened = load(job)
    verdict = opened.check(progress(), ledger=ledger)
    if form == "json":
        echo_json(opened.facts(verdict))
    else:
        for section in opened.sections:
            click.echo(
                f"step {section.step + 1} {section.step_name}: {section.n_exposures:,} exposures,"
                f" about {duration(section.duration_s)}"
            )
        echo_verdict(verdict)
    return 0 if verdict.is_clean else 1
