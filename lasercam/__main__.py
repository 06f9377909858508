"""`python -m lasercam`."""

from lasercam.cli.main import main

main()
