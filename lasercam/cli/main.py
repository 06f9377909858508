"""Entry point: commands found by name and imported when they run, failures turned into messages and exit codes."""

import importlib
import os
import sys
from typing import Any

import click

from lasercam._version import __version__
from lasercam.errors import LasercamError

COMMANDS = {
    "new": "Start a job from a shipped pattern.",
    "check": "Judge a job: every finding, with its line and what to do.",
    "preview": "Draw what a job or a build will do and show.",
    "watch": "Show a job in the browser, anew at every save.",
    "export": "Write a toolpath for other programs: CSV, NPZ, SVG, GDSII.",
    "build": "Write job files, kept inputs, pictures, manifest and runbook.",
    "verify": "Re-read the job files of a build and prove them equal to its job.",
    "run": "Execute a build on its controller, with a journal, pause, abort and resume.",
    "register": "Find a remounted sample again by its marks; write the frame for later steps.",
    "read": "Read stored data and QR codes in photographs, tiles or views.",
    "repair": "Build the job that writes the voxels which a reader missed, and no others.",
    "laser": "Read and set the laser of a machine, and close its output; never opens it.",
    "simulate": "Simulate a GRBL controller for senders: a pseudo terminal or a TCP port.",
    "ledger": "Record what was done to a sample, and show it.",
    "fit": "Fit a response to the filled table of a sweep; write a process file of the lab.",
    "list": "List machines, processes, patterns, dialects, lasers, controllers or checks.",
    "explain": "Explain a finding code, process, machine, dialect, pattern type or key.",
    "schema": "Print the JSON Schema of jobs, machines or processes, for editors.",
    "completion": "Print the shell code that completes commands, options and names.",
}
"""What the program does, in the order of a job's life; kept here so that --help imports nothing else."""

DONE, FOUND, USAGE, LINK = 0, 1, 2, 3


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of a job's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"lasercam.cli.{cmd_name}_command")
        command = module.command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or the nearest name in the message."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from lasercam.errors import nearest

            close = nearest(args[0], COMMANDS)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise click.UsageError(f"{error.message}{hint}", ctx) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="lasercam %(version)s")
def program() -> None:
    """lasercam: toolpaths for laser direct writing, proven before they reach the glass.

    A job is a YAML file: patterns say what is written, recipes how, steps when.
    Begin with `lasercam new qr_two_state -o my_job.yaml`, then `lasercam check my_job.yaml`.

    Exit codes: 0 done, 1 findings or refused, 2 usage, 3 the machine or the link failed; of `run` also 4 stopped,
    5 aborted, 6 a step by hand comes next. NO_COLOR=1 writes without colours; LASERCAM_TRACEBACK=1 shows where an
    error came from.
    """


def main() -> None:
    """Run the command line; exit 0 done, 1 findings or refused, 2 usage, 3 machine or link failed.

    `run` adds 4, stopped where the beam was off, 5, the beam cut at once by the operator or a signal, and 6, a step by
    hand comes next.
    """
    try:
        code = run(sys.argv[1:])
    except Exception as error:  # the outermost door: a fault of lasercam itself still leaves in words
        if os.environ.get("LASERCAM_TRACEBACK"):
            raise
        click.echo(f"lasercam: a fault in lasercam itself, please report it: {type(error).__name__}: {error}", err=True)
        click.echo("lasercam: nothing was written by this step; LASERCAM_TRACEBACK=1 shows where it happened", err=True)
        code = FOUND
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; no exception that a user can cause escapes."""
    try:
        result: Any = program.main(args=arguments, prog_name="lasercam", standalone_mode=False, **_colours())
    except click.ClickException as error:
        error.show()
        return USAGE
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except LasercamError as error:
        if "--format=json" in arguments or "--format json" in " ".join(arguments):
            _echo_json_error(error)
        if os.environ.get("LASERCAM_TRACEBACK"):
            import traceback

            click.echo("".join(traceback.format_exception(error)), err=True)
        for line in str(error).splitlines():
            click.echo(f"lasercam: {line}", err=True)
        return error.exit_code
    except MemoryError:
        click.echo("lasercam: out of memory; the job is larger than this computer can hold", err=True)
        return FOUND
    except BrokenPipeError:
        _forget_output()
        return FOUND
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        return 130
    return result if isinstance(result, int) else DONE


def _colours() -> dict[str, Any]:
    """No colours where NO_COLOR is set (https://no-color.org) or the terminal knows none; else as click finds."""
    is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return {"color": False} if is_plain else {}


def _echo_json_error(error: LasercamError) -> None:
    """What went wrong, on standard output, for the program that asked for JSON."""
    import json

    from lasercam.errors import InputError, Problem

    problems = error.problems if isinstance(error, InputError) else (Problem(str(error)),)
    listed = [
        {
            "message": problem.message,
            "hint": problem.hint,
            "file": problem.location.file if problem.location else None,
            "line": problem.location.line if problem.location else None,
            "column": problem.location.column if problem.location else None,
        }
        for problem in problems
    ]
    click.echo(json.dumps({"clean": False, "problems": listed}, indent=2, ensure_ascii=False))


def _forget_output() -> None:
    """The reader has gone (`| head`): write no more, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
