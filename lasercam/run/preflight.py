"""What must hold before anything moves: the controller's settings against the profile, its place, its modes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lasercam.errors import RefusedError
from lasercam.model.machine import Machine
from lasercam.model.toolpath import TICKS_PER_UM, Section
from lasercam.run.faults import FaultError
from lasercam.run.limits import DEFAULT_BLOCKS, DEFAULT_RX, StreamLimits
from lasercam.run.link import NO_OVERRIDES, GrblLink
from lasercam.run.program import JobLine
from lasercam.run.replies import Feedback, Ok, Refusal, Setting, Status

ASK_S: Final = 5.0
HOMING_S: Final = 180.0
"""Longest homing that is waited for (assumed: long axes, slow switches)."""
_WITH_BUFFERS: Final = 2
"""Bit of $10 that puts `Bf:` into status reports. Source: GRBL 1.1 wiki, "Configuration"."""
_STATUS_TRIES: Final = 40
_REQUIRED: Final = {
    "13": ("0", "reports are in millimetres"),
    "32": ("1", "laser mode: G0 is dark and lines do not stop at every move"),
    "31": ("0", "S0 is dark"),
}
_HOMING, _SOFT_LIMITS = "22", "20"
LARGEST_RX: Final = 65_536


@dataclass(frozen=True)
class Controller:
    """What a controller says about itself.

    Attributes:
        banner: with which it started.
        rx_total, planner_blocks: buffers.
        settings: `$$`, by number.
    """

    banner: str
    rx_total: int
    planner_blocks: int
    settings: dict[str, str]

    def number(self, name: str) -> float | None:
        """A setting as a number; None where it has none of that name."""
        try:
            return float(self.settings[name])
        except (KeyError, ValueError):
            return None

    def limits(self, machine: Machine) -> StreamLimits:
        """What a stream to it keeps to."""
        # A commanded place is rounded to a whole step, a reported one to the micrometre.
        steps = [s for s in (self.number(n) for n in ("100", "101", "102")) if s and s > 0]
        half_step_um = max((500.0 / s for s in steps), default=0.0)
        return StreamLimits(
            self.rx_total, self.planner_blocks, machine.controller.max_ahead, machine.controller.checkpoint_interval,
            1.0 + half_step_um, machine.controller.path_tolerance,
        )  # fmt: skip


def connect(link: GrblLink) -> Controller:
    """A controller that was reset and has said what it is; nothing moves.

    Raises:
        FaultError, LinkError: it does not answer like GRBL or grblHAL.
    """
    try:
        return _connected(link)
    except FaultError as error:
        if error.kind != "reset":
            raise
        # A reset from before was still under way: the first banner was its, the second that of ours.
        return _connected(link)


def _connected(link: GrblLink) -> Controller:
    banner = link.reset()
    link.write(NO_OVERRIDES)
    rx_total, blocks = DEFAULT_RX, DEFAULT_BLOCKS
    for reply in link.ask(b"$I", ASK_S):
        if isinstance(reply, Feedback) and reply.name == "OPT":
            numbers = reply.text.split(",")[1:3]
            if len(numbers) == 2 and all(n.isdecimal() for n in numbers):
                blocks, rx_total = int(numbers[0]), int(numbers[1])
    if not 16 <= rx_total <= LARGEST_RX or not 1 <= blocks <= LARGEST_RX:
        raise FaultError(
            "settings", f"the controller states {rx_total} bytes of buffer and {blocks} blocks, which cannot be"
        )
    settings = {r.number: r.value for r in link.ask(b"$$", ASK_S) if isinstance(r, Setting)}
    if not settings:
        raise FaultError("settings", "the controller lists no settings; is it GRBL 1.1 or grblHAL?")
    return Controller(banner, rx_total, blocks, settings)


def setting_problems(controller: Controller, machine: Machine) -> Iterator[str]:
    """What of `$$` is not what the profile and the job files rely on; each with what to do."""
    stated = machine.controller.settings
    wanted = {name: (value, "stated by the machine profile") for name, value in stated.items() if name.isdecimal()}
    for name, (value, why) in _REQUIRED.items():
        wanted.setdefault(name, (value, why))
    if _HOMING not in wanted:
        wanted[_HOMING] = ("1", "after a power loss the controller must not take just any place for its zero")
    for name, (value, why) in sorted(wanted.items(), key=lambda item: int(item[0])):
        found = controller.settings.get(name)
        if found is None:
            yield f"the controller lists no ${name}, which must be {value} ({why})"
        elif not _same(found, value):
            yield f"${name} is {found}, but must be {value} ({why}); set ${name}={value} or correct the profile"
    mask = controller.number("10")
    if mask is None or not int(mask) & _WITH_BUFFERS:
        shown = "not stated" if mask is None else f"{mask:g}"
        yield f"$10 is {shown}: status reports must tell about buffers; set $10=3"


def require_settings(controller: Controller, machine: Machine, fastest_um_s: float) -> None:
    """Refuse a controller that is not set as the profile and the job files rely on.

    Raises:
        RefusedError: with everything that is to be corrected.
    """
    problems = [*setting_problems(controller, machine), *speed_problems(controller, fastest_um_s)]
    if problems:
        raise RefusedError("the controller is not set as the profile says:\n" + "\n".join(problems))


def _same(found: str, wanted: str) -> bool:
    try:
        return abs(float(found) - float(wanted)) <= 1e-6 * max(1.0, abs(float(wanted)))
    except ValueError:
        return found == wanted


def speed_problems(controller: Controller, fastest_um_s: float) -> Iterator[str]:
    """Axes that the controller would slow down without a word: every line would get too much light."""
    for number, name in (("110", "x"), ("111", "y")):
        most = controller.number(number)
        if most is not None and fastest_um_s * 0.06 > most * (1 + 1e-9):
            yield (
                f"${number} lets {name} run at {most:g} mm/min at most, but lines are written at "
                f"{fastest_um_s * 0.06:g} mm/min: the controller would slow down and overexpose them"
            )


def travel_problems(controller: Controller, section: Section, offset_um: tuple[int, int, int]) -> Iterator[str]:
    """Where soft limits would stop the job in its middle. Source: GRBL 1.1, machine space is −$130 to 0 per axis."""
    if not controller.number(_SOFT_LIMITS):
        return
    for axis, name in enumerate("xyz"):
        travel = controller.number(str(130 + axis))
        if travel is None:
            continue
        low = section.low_ticks[axis] / TICKS_PER_UM + offset_um[axis]
        high = section.high_ticks[axis] / TICKS_PER_UM + offset_um[axis]
        if low < -travel * 1000 or high > 0:
            yield (
                f"{name} would run from {low / 1000:.3f} to {high / 1000:.3f} mm in machine coordinates, outside the "
                f"travel of {-travel:g} to 0 mm (${130 + axis}) that soft limits allow"
            )


def work_offset(link: GrblLink) -> tuple[int, int, int]:
    """The work offset as status reports tell it, µm; they do so every now and then.

    Raises:
        FaultError: they never do.
    """
    for _ in range(_STATUS_TRIES):
        status = link.status()
        if link.offset_um is not None:
            return link.offset_um
        if status.work_um is not None:
            return 0, 0, 0
    raise FaultError("settings", "status reports never tell the work offset (WCO); set $10=3")


def home(link: GrblLink) -> Status:
    """The axes are homed; the controller is idle.

    Raises:
        FaultError: homing fails.
    """
    link.ask(b"$H", HOMING_S)
    return link.status()


def unlock(link: GrblLink) -> Status:
    """The alarm lock is gone; for controllers that cannot home, once a person has said where their zero is.

    Raises:
        FaultError: it stays locked.
    """
    link.ask(b"$X", ASK_S)
    return link.status()


def require_idle(status: Status) -> None:
    """Refuse anything but an idle controller.

    Raises:
        RefusedError: with what to do.
    """
    if status.state == "Alarm":
        raise RefusedError("the controller is locked: its place is not known. Home it first (`lasercam run` asks to)")
    if status.state != "Idle":
        raise RefusedError(f"the controller is in state {status.state}; it must be Idle before a job starts")


def check_pass(link: GrblLink, lines: Iterator[JobLine], look: Callable[[], object] = lambda: None) -> int:
    """Send everything in check mode (`$C`): the controller parses, nothing moves; the number of lines.

    Proves that every line is understood, not that it will arrive unharmed later.

    Raises:
        FaultError: a line is refused.
    """
    link.ask(b"$C", ASK_S)
    count = 0
    for line in lines:
        look()
        link.write(line.text)
        count += 1
        start = link.now_s()
        while True:
            reply = link.next()
            if isinstance(reply, Ok):
                break
            if isinstance(reply, Refusal):
                shown = line.text.decode("latin-1").strip()
                raise FaultError("error", f"line {line.number}, '{shown}', is refused with error:{reply.code}")
            if link.now_s() - start > ASK_S:
                raise FaultError("silent", f"line {line.number} was not answered within {ASK_S:g} s in check mode")
    link.reset()
    return count
