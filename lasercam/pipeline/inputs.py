"""Every file a job reads: found by name, remembered with its bytes, and found again inside a build."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from lasercam.errors import InputError, Location, Problem, name_problem, shorten

Kind = Literal["machine", "process", "asset", "calibration", "registration"]

MAX_ASSET_BYTES = 512 * 1024 * 1024
INDEX_NAME = "index.json"
JOB_NAME = "job.yaml"


@dataclass(frozen=True)
class InputFile:
    """One file a job was made from.

    Attributes:
        kind: what it is.
        reference: the text by which the job refers to it.
        name: as messages call it.
        content: its bytes.
    """

    kind: Kind
    reference: str
    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()


class Inputs(Protocol):
    """Where a job's files come from."""

    read_files: dict[tuple[Kind, str], InputFile]
    """Everything read so far."""

    def read(self, kind: Kind, reference: str, location: Location | None) -> InputFile:
        """The file a job refers to; InputError when there is none."""
        ...

    def find(self, kind: Kind, reference: str, location: Location | None) -> InputFile | None:
        """The file a job refers to where it is there already."""
        ...

    def keep(self, kind: Kind, reference: str, load: Callable[[], bytes]) -> InputFile:
        """Something installed that the job depends on, loaded once."""
        ...

    def private(self, reference: str, location: Location | None) -> bytes:
        """A file of the job that is not remembered, and never kept with a build."""
        ...


@contextmanager
def shipped(folder: Literal["machine_profiles", "patterns"]) -> Iterator[Path]:
    """The shipped data folder: inside an installed package, or beside it in a checkout."""
    packaged = files("lasercam").joinpath("_data", folder)
    with as_file(packaged) as path:
        if path.is_dir():
            yield path
            return
    yield Path(__file__).resolve().parents[2] / folder


def shipped_names(folder: Literal["machine_profiles", "patterns"]) -> list[str]:
    """Names of the shipped profiles or patterns, without suffix."""
    with shipped(folder) as path:
        return sorted(p.stem for p in path.glob("*.yaml"))


@dataclass
class FolderInputs:
    """Files of a job in a folder, and the shipped ones.

    Attributes:
        folder: the job's own folder; assets lie in it or below it.
        sought: every place a file was looked for at, there or not; what `lasercam watch` keeps an eye on.
    """

    folder: Path
    read_files: dict[tuple[Kind, str], InputFile] = field(default_factory=dict)
    sought: set[Path] = field(default_factory=set)

    def read(self, kind: Kind, reference: str, location: Location | None) -> InputFile:
        """The file, read once."""
        if (kind, reference) not in self.read_files:
            find = {"machine": self._machine, "calibration": self._calibration}.get(kind, self._asset)
            found = find(reference, location)
            self.read_files[kind, reference] = InputFile(kind, reference, found.name, read_bytes(found, location))
        return self.read_files[kind, reference]

    def find(self, kind: Kind, reference: str, location: Location | None) -> InputFile | None:
        """The file below the job's folder; None where there is none."""
        return self.read(kind, reference, location) if self._below(reference, location).exists() else None

    def keep(self, kind: Kind, reference: str, load: Callable[[], bytes]) -> InputFile:
        """What `load` gives, remembered like a file that was read."""
        if (kind, reference) not in self.read_files:
            self.read_files[kind, reference] = InputFile(kind, reference, reference, load())
        return self.read_files[kind, reference]

    def private(self, reference: str, location: Location | None) -> bytes:
        """The file's bytes, and no trace of them."""
        return read_bytes(self._inside(reference, location), location)

    def _machine(self, reference: str, location: Location | None) -> Path:
        if reference.endswith((".yaml", ".yml")) or "/" in reference:
            return self._inside(reference, location)
        own = self.folder / "machine_profiles" / f"{reference}.yaml"
        self.sought.add(own)
        if _is_name(reference) and own.is_file():
            return own
        with shipped("machine_profiles") as folder:
            if _is_name(reference) and (folder / f"{reference}.yaml").is_file():
                self.sought.add(folder / f"{reference}.yaml")
                return folder / f"{reference}.yaml"
        known = shipped_names("machine_profiles")
        known += sorted(p.stem for p in (self.folder / "machine_profiles").glob("*.yaml"))
        raise InputError(name_problem("machine", reference, known, location))

    def subfolder(self, reference: str, location: Location | None) -> Path:
        """A folder below the job's own; InputError when it leads out of it or is not there."""
        found = self._below(reference, location)
        if not found.is_dir():
            beside = [p.name for p in sorted(self.folder.glob("*")) if p.is_dir()]
            raise InputError(name_problem("folder", reference, beside, location))
        return found

    def _calibration(self, reference: str, location: Location | None) -> Path:
        """A table beside the profile: in the job's folder, in its `machine_profiles`, or shipped."""
        own = self._below(f"machine_profiles/{reference}", location)
        if own.is_file():
            return own
        if not self._below(reference, location).is_file():
            with shipped("machine_profiles") as folder:
                if (folder / reference).is_file():
                    self.sought.add(folder / reference)
                    return folder / reference
        return self._inside(reference, location)

    def _asset(self, reference: str, location: Location | None) -> Path:
        return self._inside(reference, location)

    def _below(self, reference: str, location: Location | None) -> Path:
        """A path below the job's folder; one that leads out of it is refused, whatever it looks like."""
        path = PurePosixPath(reference)
        hint = "Put it beside the job file and name it by its path from there."
        if "\x00" in reference or path.is_absolute() or ".." in path.parts or "\\" in reference or not path.parts:
            message = f"'{shorten(reference)}' leads out of the job's folder"
            raise InputError(Problem(message, location, hint))
        root = self.folder.resolve()
        found = (root / path).resolve()
        self.sought.add(root / path)
        if not found.is_relative_to(root):
            message = f"'{shorten(reference)}' leads out of the job's folder through a link"
            raise InputError(Problem(message, location, hint))
        return found

    def _inside(self, reference: str, location: Location | None) -> Path:
        """A file below the job's folder."""
        root, found = self.folder.resolve(), self._below(reference, location)
        if not found.is_file():
            beside = [p.relative_to(root).as_posix() for p in sorted(found.parent.glob("*")) if p.is_file()]
            raise InputError(name_problem("file", reference, beside, location))
        return found


def _is_name(reference: str) -> bool:
    return bool(reference) and all(c.isalnum() or c in "_.-" for c in reference) and not reference.startswith(".")


def read_bytes(path: Path, location: Location | None = None) -> bytes:
    """A file's bytes.

    Raises:
        InputError: it cannot be read or is too large.
    """
    try:
        if path.stat().st_size > MAX_ASSET_BYTES:
            raise InputError(Problem(f"'{path.name}' is larger than {MAX_ASSET_BYTES // 2**20} MiB", location))
        return path.read_bytes()
    except OSError as error:
        raise InputError(Problem(f"'{path}' cannot be read: {error.strerror or error}", location)) from error


@dataclass
class BuiltInputs:
    """The inputs kept inside a build: what its job was made from, and nothing else.

    Attributes:
        folder: the build's `inputs` folder.
    """

    folder: Path
    read_files: dict[tuple[Kind, str], InputFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        index_file = self.folder / INDEX_NAME
        if not index_file.is_file():
            message = f"'{self.folder.parent}' is no build: there is no {self.folder.name}/{INDEX_NAME} in it"
            raise InputError(Problem(message, None, "Name a folder that `lasercam build` made."))
        try:
            index = json.loads(read_bytes(index_file))
            for entry in index["files"]:
                path = (self.folder / entry["path"]).resolve()
                if not path.is_relative_to(self.folder.resolve()):
                    raise InputError(Problem(f"'{shorten(entry['path'])}' leads out of the build", _at(index_file)))
                file = InputFile(entry["kind"], entry["reference"], path.name, read_bytes(path))
                self.read_files[file.kind, file.reference] = file
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(Problem(f"the index of inputs is damaged: {error!r}", _at(index_file))) from error

    def read(self, kind: Kind, reference: str, location: Location | None) -> InputFile:
        """The kept file."""
        if (kind, reference) not in self.read_files:
            known = [r for k, r in self.read_files if k == kind]
            raise InputError(name_problem(f"{kind} (kept in the build)", reference, known, location))
        return self.read_files[kind, reference]

    def find(self, kind: Kind, reference: str, location: Location | None) -> InputFile | None:
        """The kept file; None where there was none when the build was made."""
        return self.read_files.get((kind, reference))

    def keep(self, kind: Kind, reference: str, load: Callable[[], bytes]) -> InputFile:
        """What was kept when the build was made, whatever is installed here."""
        return self.read(kind, reference, None)

    def private(self, reference: str, location: Location | None) -> bytes:
        """Builds hold nothing private."""
        message = f"'{shorten(reference)}' is not kept in builds"
        raise InputError(Problem(message, location, "Build again from the job itself."))

    def of_kind(self, kind: Kind) -> list[InputFile]:
        """All kept files of a kind, by reference."""
        return [f for (k, _), f in sorted(self.read_files.items()) if k == kind]


def _at(path: Path) -> Location:
    return Location(str(path), 1, 1)


def write_inputs(folder: Path, job: bytes, read_files: dict[tuple[Kind, str], InputFile]) -> list[Path]:
    """Keep a job and all its inputs in a folder, under names that no input can choose.

    Returns:
        The files written.
    """
    folder.mkdir(parents=True)
    entries = []
    written = [folder / JOB_NAME]
    written[0].write_bytes(job)
    for number, ((kind, reference), file) in enumerate(sorted(read_files.items())):
        suffix = Path(file.name).suffix if Path(file.name).suffix[1:].isalnum() else ""
        path = PurePosixPath(kind) / f"{number:03d}{suffix}"
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.content)
        written.append(target)
        entries.append({"kind": kind, "reference": reference, "path": path.as_posix(), "sha256": file.digest})
    index = folder / INDEX_NAME
    index.write_text(json.dumps({"files": entries}, indent=2, sort_keys=True) + "\n")
    return [*written, index]
