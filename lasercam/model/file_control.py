"""Control of a controller that runs whole files: what it says while it does, and how it was left."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from lasercam.schema.document import Document
from lasercam.schema.quantities import Time

Place = tuple[float, float, float]


class FileLinkKeys(Document):
    """Keys of every link to a controller that runs whole files, under `controller: link:` of a machine profile."""

    kind: str
    """A name of `lasercam list controllers`."""
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    """Network name or address of the controller."""
    port: Annotated[int, Field(ge=1, le=65_535)]
    """Its TCP port."""
    piece_time: Time = 60.0
    """Longest piece that is handed over at once, cut where the beam is off: a pause lands behind it, and a lost link
    leaves it running. A longer stroke stays whole. 0 s: every job file goes over as it was built."""
    source: str
    """Where these numbers come from, or "example value"."""


@dataclass(frozen=True)
class FileStatus:
    """What a controller says about the file it was given.

    Attributes:
        state: in the controller's own words.
        is_running: the file is being executed.
        line: the line under way, 1-based; everything that the lines before it expose is over. 0 = not known.
        place_um: where the axes are commanded, in the coordinates of job files; None when it does not say.
        problem: what it does that nobody asked for; empty when all is well.
        is_faster: it may have run faster than the file says.
    """

    state: str
    is_running: bool
    line: int = 0
    place_um: Place | None = None
    problem: str = ""
    is_faster: bool = False


@dataclass(frozen=True)
class FileEnding:
    """How a controller was left.

    Attributes:
        is_dark: it stands, and says that the beam is off.
        place_um: where it stands; None when it does not say.
        problem: why it is not known to be dark; empty when it is.
        is_standing: nothing moves any more, although it is not known to be dark.
    """

    is_dark: bool
    place_um: Place | None = None
    problem: str = ""
    is_standing: bool = False
