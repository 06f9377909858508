"""`lasercam new`: start from a shipped pattern."""

import shutil
from pathlib import Path

import click


@click.command("new")
@click.argument("template")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; default: TEMPLATE.yaml here.")
def command(template: str, output: Path | None) -> int:
    """Copy the shipped pattern TEMPLATE (see `lasercam list patterns`) and its assets, ready to edit."""
    from lasercam.errors import InputError, Problem, UsageError, name_problem
    from lasercam.pipeline.inputs import shipped, shipped_names

    known = shipped_names("patterns")
    if template not in known:
        raise UsageError(str(name_problem("pattern", template, known)))
    target = output if output is not None else Path(f"{template}.yaml")
    if target.is_dir():
        target = target / f"{template}.yaml"
    with shipped("patterns") as folder:
        assets = folder / "assets" / template
        if target.exists() or (assets.is_dir() and (target.parent / "assets" / template).exists()):
            raise InputError(Problem(f"'{target}' or its assets exist already", hint="Name another file with -o."))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / f"{template}.yaml", target)
            if assets.is_dir():
                shutil.copytree(assets, target.parent / "assets" / template)
        except OSError as error:
            raise InputError(Problem(f"'{target}' cannot be written: {error.strerror}")) from error
    click.echo(f"{target} written; next: lasercam check {target}")
    return 0
