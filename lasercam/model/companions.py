"""Files beside a job file that its controller needs: written with it, found again by name, none left over."""

import re
from collections.abc import Mapping
from pathlib import Path

from lasercam.errors import LasercamError, RereadError, shorten
from lasercam.model.protocols import COMPANION_NAME

FOLDER_SUFFIX = ".files"
"""Behind the job file's name: the folder of its companions."""
MAX_BYTES = 1 << 26
"""Largest companion that is read back."""


def companion_folder(program: Path) -> Path:
    """Where the companions of a job file are."""
    return program.with_name(program.name + FOLDER_SUFFIX)


def write_companions(program: Path, companions: Mapping[str, bytes]) -> None:
    """Write the companions of a job file; no folder where there are none.

    Raises:
        LasercamError: a name that is no plain file name, or two that differ in case only.
    """
    if not companions:
        return
    folder = companion_folder(program)
    folder.mkdir()
    if len({name.casefold() for name in companions}) < len(companions):
        raise LasercamError("two companion files differ in upper and lower case only")
    for name, content in companions.items():
        if not re.fullmatch(COMPANION_NAME, name):
            raise LasercamError(f"a companion file is called '{shorten(name)}', which is no plain file name")
        (folder / name).write_bytes(content)


class CompanionReader:
    """Opens the companions of one job file, and knows which were never asked for."""

    def __init__(self, program: Path) -> None:
        self._folder = companion_folder(program)
        self._opened: set[str] = set()

    def __call__(self, name: str) -> bytes:
        """The content of a companion.

        Raises:
            RereadError: no plain name, no such file, or one too large.
        """
        if not re.fullmatch(COMPANION_NAME, name):
            raise RereadError(f"'{shorten(name)}' is no plain file name")
        path = self._folder / name
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_BYTES:
                raise RereadError(f"the file {self._folder.name}/{name} is missing or too large")
            content = path.read_bytes()
        except OSError as error:
            raise RereadError(f"the file {self._folder.name}/{name} cannot be read: {error.strerror}") from error
        self._opened.add(name)
        return content

    @property
    def unused(self) -> list[str]:
        """Files of the folder that were never opened."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if path.name not in self._opened)
