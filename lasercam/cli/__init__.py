"""The command line: thin, one module per command; heavy imports happen inside the commands."""

from lasercam.cli.main import main

__all__ = ["main"]
