"""`lasercam completion`: what a shell needs to complete commands, options, files and names."""

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the code that makes SHELL complete lasercam's commands, options, files and names.

    bash: add `eval "$(lasercam completion bash)"` to ~/.bashrc. zsh: the same with zsh, in ~/.zshrc. fish: write the
    output to ~/.config/fish/completions/lasercam.fish.
    """
    from click.shell_completion import get_completion_class

    from lasercam.cli.main import program

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click completes no {shell}")
    maker = kind(program, {}, "lasercam", "_LASERCAM_COMPLETE")
    click.echo(click.shell_completion.ShellComplete.source(maker))
    return 0
