"""Lasers that are set by a file: the targets are written for the vendor's program, which reads them in its own time."""

import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from lasercam.errors import InputError, LinkError, Problem, shorten
from lasercam.model.laser import Laser
from lasercam.model.laser_control import AdapterKeys, LaserState, LaserTargets

MARK = "written by lasercam: targets for the laser's own program, not what the laser does"


class SettingsFileKeys(AdapterKeys):
    """Keys of the kind `settings_file`."""

    file: Annotated[str, Field(min_length=2, max_length=400)]
    """The file that the vendor's program reads: a whole path, ending in .json, or .txt for lines `key = value`."""

    @field_validator("file")
    @classmethod
    def _place(cls, file: str) -> str:
        path = Path(file)
        if not path.is_absolute() or path.suffix not in (".json", ".txt") or not file.isprintable():
            raise ValueError(f"file '{shorten(file)}' must be a whole path that ends in .json or .txt")
        return file


class SettingsFile:
    """The file of targets of one laser."""

    Keys: ClassVar[type[AdapterKeys]] = SettingsFileKeys
    summary: ClassVar[str] = "a file of targets (.json or .txt) that the laser's own program reads; never read back"
    reads_back: ClassVar[bool] = False
    explanation: ClassVar[str] = """\
Written, as JSON or as lines `key = value`, by rename, so that a reader never meets half a file:
  divider                of the pulse picker
  repetition_rate_hz     that it gives behind the picker
  attenuator_percent     0 to 100; left out where the attenuator is not to be touched
  output                 always "closed": a file opens no light
A file of that name that lasercam has not written is left alone, and the command refused. Whether the laser follows
cannot be known here: look at the laser before the job runs.
"""

    def __init__(self, keys: SettingsFileKeys, laser: Laser) -> None:
        self.keys = keys
        self._path = Path(keys.file)
        if not self._path.parent.is_dir():
            text = f"the folder of the laser's settings file, '{self._path.parent}', does not exist"
            raise InputError(Problem(text, hint="Correct `file` under `laser: adapter:` of the profile."))

    def read(self) -> LaserState:
        """Nothing: a file of targets says nothing about the laser."""
        return LaserState()

    def set_targets(self, targets: LaserTargets) -> None:
        """Write the file anew."""
        content: dict[str, object] = {"about": MARK, "divider": targets.divider}
        if targets.rate_hz is not None:
            content["repetition_rate_hz"] = targets.rate_hz
        if targets.attenuator_percent is not None:
            content["attenuator_percent"] = round(targets.attenuator_percent, 4)
        content["output"] = "closed"
        self._refuse_foreign()
        if self._path.suffix == ".json":
            text = json.dumps(content, indent=1) + "\n"
        else:
            text = "".join(f"# {value}\n" if key == "about" else f"{key} = {value}\n" for key, value in content.items())
        self._replace(text)

    def open_output(self) -> None:
        """Refused."""
        raise LinkError("a settings file opens no light: open the output at the laser")

    def close_output(self) -> None:
        """Nothing to do: the file never asks for light."""

    def _refuse_foreign(self) -> None:
        try:
            known = not self._path.exists() or MARK in self._path.read_text(encoding="utf-8", errors="replace")[:500]
        except OSError as error:
            raise LinkError(f"'{self._path}' cannot be read: {error.strerror or error}") from error
        if not known:
            raise LinkError(f"'{self._path}' was not written by lasercam; move it away, or name another file")

    def _replace(self, text: str) -> None:
        try:
            handle, unfinished = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as out:
                    out.write(text)
                    out.flush()
                    os.fsync(out.fileno())
                Path(unfinished).chmod(0o644)
                Path(unfinished).replace(self._path)
            finally:
                Path(unfinished).unlink(missing_ok=True)
        except OSError as error:
            raise LinkError(f"'{self._path}' cannot be written: {error.strerror or error}") from error
