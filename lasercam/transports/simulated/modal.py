"""What a G-code interpreter remembers, and what one line asks of it."""

from dataclasses import dataclass, field, replace

from lasercam.transports.simulated.options import Place

SEEK, LINEAR, CLOCKWISE, COUNTER, CANCEL = 0, 1, 2, 3, 80
PROBES = {20: 382, 30: 383, 40: 384, 50: 385}
"""G38.2 to G38.5 by their hundredths."""
CUTTING = frozenset((LINEAR, CLOCKWISE, COUNTER))


@dataclass(frozen=True)
class Modes:
    """Modal groups, by the numbers of their G and M words; a reset restores the defaults."""

    motion: int = SEEK
    plane: int = 17
    units: int = 21
    distance: int = 90
    feed: int = 94
    system: int = 54
    spindle: int = 5
    coolant: int = 9
    tool_length: int = 49


@dataclass
class Interpreter:
    """State of the interpreter.

    Attributes:
        modes: modal groups in force.
        feed_mm_min, power, tool: F, S and T in force.
        position_mm: where the last accepted line leads, machine coordinates.
        g92_mm, tool_length_mm: offsets that a reset forgets.
        systems_mm: G54 to G59, which it keeps.
        homes_mm: places of G28 and G30, which it keeps.
    """

    modes: Modes = field(default_factory=Modes)
    feed_mm_min: float = 0.0
    power: float = 0.0
    tool: int = 0
    position_mm: Place = (0.0, 0.0, 0.0)
    g92_mm: Place = (0.0, 0.0, 0.0)
    tool_length_mm: float = 0.0
    systems_mm: list[Place] = field(default_factory=lambda: [(0.0, 0.0, 0.0)] * 6)
    homes_mm: dict[int, Place] = field(default_factory=lambda: {28: (0.0, 0.0, 0.0), 30: (0.0, 0.0, 0.0)})

    def reset(self, position_mm: Place) -> None:
        """As after a reset, standing there."""
        self.modes, self.feed_mm_min, self.power, self.tool = Modes(), 0.0, 0.0, 0
        self.g92_mm, self.tool_length_mm = (0.0, 0.0, 0.0), 0.0
        self.position_mm = position_mm

    def offset_mm(self, system: int | None = None) -> Place:
        """Machine coordinates of work zero, in a system (54 to 59) or the one in force."""
        x, y, z = self.systems_mm[(system or self.modes.system) - 54]
        a, b, c = self.g92_mm
        return x + a, y + b, z + c + self.tool_length_mm

    def end_program(self) -> None:
        """M2 and M30 restore some groups, and keep F and S."""
        self.modes = replace(self.modes, motion=LINEAR, plane=17, distance=90, feed=94, system=54, spindle=5, coolant=9)


@dataclass
class Parsed:
    """An accepted line.

    Attributes:
        modes: in force once it has been executed.
        has_axes: whether it has X, Y or Z.
        feed_mm_min, power, tool: F, S and T in force from here on.
        action: non-modal G word in tenths (40 dwell, 100 G10, 280, 281, 300, 301, 530, 920, 921); 0 none.
        dwell_s: of G4.
        target_mm: where it leads, machine coordinates.
        goal_mm: second leg of G28 and G30; new offsets of G10 and G92.
        tool_length_mm: new tool length of G43.1 and G49; None keeps it.
        arc_mm: centre minus start in the plane, and radius, of an arc.
        system: coordinate system that G10 changes.
        flow: M0, M2 or M30; -1 none.
        moves: whether there is a motion to make.
    """

    modes: Modes
    has_axes: bool
    feed_mm_min: float
    power: float
    tool: int
    action: int
    dwell_s: float
    target_mm: Place
    goal_mm: Place = (0.0, 0.0, 0.0)
    tool_length_mm: float | None = None
    arc_mm: tuple[float, float, float] | None = None
    system: int = 54
    flow: int = -1
    moves: bool = False
