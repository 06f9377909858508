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
    from lasercam.pipeline.judge import judge
    from lasercam.pipeline.ledger import ledger_of
    from lasercam.pipeline.load import load_job
    from lasercam.pipeline.manifest import finding_data, section_data
    from lasercam.pipeline.planning import plan_job
    from lasercam.pipeline.quantities import derived_by_recipe

    loaded = load_job(job)
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath, progress(), ledger=ledger_of(loaded, ledger, job.parent))
    if form == "json":
        echo_json(
            {
                "job": toolpath.header.job,
                "toolpath": verdict.toolpath_digest,
                "clean": verdict.is_clean,
                "findings": [finding_data(f) for f in verdict.findings],
                "derived": derived_by_recipe(loaded, toolpath),
                "sections": [section_data(s) for s in toolpath.header.sections],
                "notes": list(verdict.notes),
            }
        )
    else:
        for section in toolpath.header.sections:
            click.echo(
                f"step {section.step + 1} {section.step_name}: {section.n_exposures:,} exposures,"
                f" about {section.duration_s:,.0f} s"
            )
        echo_verdict(verdict)
    return 0 if verdict.is_clean else 1
