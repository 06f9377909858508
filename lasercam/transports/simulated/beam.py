"""The laser output of the simulated controller: which S is in effect, at standstill and along blocks.

Source: GRBL 1.1 documentation "Laser Mode", and its firmware's order of events: with M3 the output keeps its last
value when motion runs dry; with M4 it falls to nothing at standstill.
"""

from typing import Final

from lasercam.transports.simulated.options import Place
from lasercam.transports.simulated.planner import Block
from lasercam.transports.simulated.settings import GrblSettings
from lasercam.transports.simulated.truth import Path, Truth

CONSTANT: Final = 3
DYNAMIC: Final = 4


class Beam:
    """Sets the output and keeps the truth about it.

    Attributes:
        percent: spindle override.
        shown_power: S as status reports show it; may differ from the output after a stop.
        direction: M3 or M4, whichever was commanded last.
    """

    def __init__(self, truth: Truth, settings: GrblSettings) -> None:
        self.truth = truth
        self._settings = settings
        self.percent = 100
        self.shown_power = 0.0
        self.direction = CONSTANT

    @property
    def is_on(self) -> bool:
        """Whether light comes out."""
        return self.truth.power > 0

    def effective(self, power: float) -> float:
        """S after override and the limits $30 and $31."""
        high, low = self._settings[30], self._settings[31]
        power *= self.percent / 100
        if low >= high or power >= high:
            return high
        return max(power, low) if power > 0 else 0.0

    def stand(self, power: float, spindle: int, at_mm: Place, now_s: float, line: int) -> None:
        """Output of S at standstill; spindle 0 is off."""
        if spindle:
            self.direction = spindle
        dark = not spindle or (spindle == DYNAMIC and self._settings.is_on(32))
        self.shown_power = 0.0 if dark else self.effective(power)
        self.truth.change(self.shown_power, at_mm, now_s, None, line)

    def follow(self, block: Block, at_mm: Place, now_s: float) -> None:
        """Output of a block that begins, goes on, or whose override has changed."""
        power = self.effective(block.power) if block.spindle else 0.0
        if block.spindle:
            self.direction = block.spindle
        self.shown_power = power
        path = Path(block.start_mm, block.end_mm, block.feed_mm_s * 60, block.line) if power > 0 else None
        self.truth.change(power, at_mm, now_s, path, block.line)

    def arrive(self, block: Block, now_s: float) -> None:
        """Motion has run dry behind this block."""
        if block.spindle == DYNAMIC and self._settings.is_on(32):
            self.off(block.end_mm, now_s)
        else:
            self.truth.change(self.truth.power, block.end_mm, now_s, None, block.line)

    def off(self, at_mm: Place, now_s: float) -> None:
        """No output."""
        self.shown_power = 0.0
        self.truth.change(0.0, at_mm, now_s)
