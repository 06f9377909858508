"""What GRBL and grblHAL say: one grammar for every line; what does not fit it is Unknown, never guessed at.

Source: GRBL 1.1 wiki, "Interface" (message types, real-time status reports); grblHAL keeps the same forms and adds
fields to status reports.
"""

import re
from dataclasses import dataclass
from typing import Final

Place = tuple[int, int, int]
"""x, y, z in µm: reports have three decimals of a millimetre."""


@dataclass(frozen=True)
class Ok:
    """A line was parsed and planned, or what it asked for is done."""


@dataclass(frozen=True)
class Refusal:
    """`error:n`: a line was refused."""

    code: int


@dataclass(frozen=True)
class Alarm:
    """`ALARM:n`: the controller has locked itself."""

    code: int


@dataclass(frozen=True)
class Banner:
    """The controller has started, or was reset."""

    text: str


@dataclass(frozen=True)
class Setting:
    """`$n=v`, one line of `$$`."""

    number: str
    value: str


@dataclass(frozen=True)
class Feedback:
    """`[NAME:text]`, such as `[OPT:V,15,128]`."""

    name: str
    text: str


@dataclass(frozen=True)
class Status:
    """A real-time status report; None where it does not say.

    Attributes:
        state: Idle, Run, Hold, Jog, Alarm, Door, Check, Home, Sleep or Tool.
        substate: behind the colon.
        machine_um, work_um: place, in machine or in work coordinates; one of them is given.
        offset_um: work offset: machine place − work place.
        free_blocks, free_bytes: of planner and receive buffer.
        feed_mm_min, power: F and S as they are now.
        overrides: feed, rapids, S, in %.
    """

    state: str
    substate: int | None = None
    machine_um: Place | None = None
    work_um: Place | None = None
    offset_um: Place | None = None
    free_blocks: int | None = None
    free_bytes: int | None = None
    feed_mm_min: float | None = None
    power: float | None = None
    overrides: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Unknown:
    """Anything else: noise, an echo, another program's text."""

    text: str


@dataclass(frozen=True)
class Blank:
    """An empty line, as stands before the banner."""


Reply = Ok | Refusal | Alarm | Banner | Setting | Feedback | Status | Unknown | Blank

_STATES: Final = "Idle|Run|Hold|Jog|Alarm|Door|Check|Home|Sleep|Tool"
_ERROR = re.compile(r"error:([1-9][0-9]{0,2})")
_ALARM = re.compile(r"ALARM:([1-9][0-9]{0,2})")
_BANNER = re.compile(r"(?:Grbl|GrblHAL) [0-9][ -~]{0,79}")
_SETTING = re.compile(r"\$([0-9]{1,3})=([^\r\n]{0,80})")
_FEEDBACK = re.compile(r"\[([A-Za-z0-9. ]{1,24}):?([ -~]{0,240})\]")
_STATUS = re.compile(rf"<({_STATES})(?::([0-9]{{1,2}}))?((?:\|[A-Za-z]{{1,8}}:[^|<>]*)*)>")
_COORDINATE = r"(-?[0-9]{1,6}\.[0-9]{3})"
_PLACE = re.compile(rf"{_COORDINATE},{_COORDINATE},{_COORDINATE}(?:,-?[0-9.]+)*")
_BUFFER = re.compile(r"([0-9]{1,5}),([0-9]{1,5})")
_SPEEDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?),([0-9]{1,9}(?:\.[0-9]{1,3})?)(?:,-?[0-9.]+)*")
_FEED = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)")
_OVERRIDES = re.compile(r"([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3})")


def parse(line: bytes) -> Reply:
    """What one line means, without its end.

    >>> parse(b"ok"), parse(b"error:9"), parse(b"oK")
    (Ok(), Refusal(code=9), Unknown(text='oK'))
    """
    text = line.decode("latin-1")
    if text == "ok":
        return Ok()
    if not text:
        return Blank()
    if text.startswith("<"):
        return _status(text)
    if match := _ERROR.fullmatch(text):
        return Refusal(int(match[1]))
    if match := _ALARM.fullmatch(text):
        return Alarm(int(match[1]))
    if match := _SETTING.fullmatch(text):
        return Setting(match[1], match[2].split(" (")[0].strip())
    if match := _FEEDBACK.fullmatch(text):
        return Feedback(match[1], match[2])
    if _BANNER.fullmatch(text):
        return Banner(text)
    return Unknown(text)


def _status(text: str) -> Status | Unknown:
    match = _STATUS.fullmatch(text)
    if match is None:
        return Unknown(text)
    found: dict[str, object] = {"state": match[1], "substate": int(match[2]) if match[2] else None}
    for item in match[3].split("|")[1:]:
        name, _, value = item.partition(":")
        if name in ("MPos", "WPos", "WCO"):
            place = _PLACE.fullmatch(value)
            if place is None:
                return Unknown(text)
            key = {"MPos": "machine_um", "WPos": "work_um", "WCO": "offset_um"}[name]
            found[key] = tuple(int(place[i].replace(".", "")) for i in (1, 2, 3))
        elif name == "Bf":
            buffers = _BUFFER.fullmatch(value)
            if buffers is None:
                return Unknown(text)
            found["free_blocks"], found["free_bytes"] = int(buffers[1]), int(buffers[2])
        elif name in ("FS", "F"):
            speeds = (_SPEEDS if name == "FS" else _FEED).fullmatch(value)
            if speeds is None:
                return Unknown(text)
            found["feed_mm_min"] = float(speeds[1])
            if name == "FS":
                found["power"] = float(speeds[2])
        elif name == "Ov":
            overrides = _OVERRIDES.fullmatch(value)
            if overrides is None:
                return Unknown(text)
            found["overrides"] = tuple(int(overrides[i]) for i in (1, 2, 3))
    if ("machine_um" in found) == ("work_um" in found):
        return Unknown(text)
    return Status(**found)  # type: ignore[arg-type]
