"""What a session is given: the job files of a build, and what a person wants done with them."""

from dataclasses import dataclass
from pathlib import Path

from lasercam.model.execution import HandStep
from lasercam.model.file_control import FileLinkKeys
from lasercam.model.laser_control import LaserTargets
from lasercam.model.machine import Machine
from lasercam.model.protocols import Dialect
from lasercam.model.toolpath import Section


@dataclass(frozen=True, eq=False)
class Planned:
    """One job file of a build.

    Attributes:
        path, sha256: the file, and what the manifest says its bytes are.
        section, machine, dialect: what it is.
        laser: what must be set at the source, in words.
        before: what a person does before it: furnace, remounting; empty where it follows at once.
        targets: what the laser is set to; None where a person sets it.
        keys: of the link over which its controller takes whole files; None where it takes none, or a person loads them.
    """

    path: Path
    sha256: str
    section: Section
    machine: Machine
    dialect: Dialect
    laser: str
    before: tuple[HandStep, ...] = ()
    targets: LaserTargets | None = None
    keys: FileLinkKeys | None = None


@dataclass(frozen=True)
class Wanted:
    """What a session shall do.

    Attributes:
        resume: go on with programs that were begun.
        frame: trace the box of the next program with the beam off, and nothing else.
        check: pass every program through the controller's check mode first.
        confirmed: names of steps by hand that are done.
        only_note: note them, and run nothing.
    """

    resume: bool = False
    frame: bool = False
    check: bool = False
    confirmed: tuple[str, ...] = ()
    only_note: bool = False
