"""The truth about a simulated sample: where, when and how strongly the beam was on."""

from dataclasses import dataclass
from typing import Final, Literal

from lasercam.model.toolpath import TICKS_PER_MM
from lasercam.transports.simulated.options import Place

Ticks = tuple[int, int, int]
_NOWHERE: Final = (0, 0, 0)


@dataclass(frozen=True)
class Exposed:
    """One piece of exposure: the beam on along a straight path, or standing.

    Attributes:
        kind: `line` where the stage moved with the beam on, `dot` where it stood.
        start_ticks, end_ticks: where the beam truly was, in the sample's work frame; equal for a dot.
        power: S as it took effect, overrides included.
        feed_mm_min: programmed; 0 for a dot.
        from_s, to_s: simulated time.
        whole: whether a line runs over its whole block; False where it was cut off, held or resumed.
        line: number of the received line that asked for it, counted from 1 since power on.
    """

    kind: Literal["line", "dot"]
    start_ticks: Ticks
    end_ticks: Ticks
    power: float
    feed_mm_min: float
    from_s: float
    to_s: float
    whole: bool
    line: int

    @property
    def open_s(self) -> float:
        """How long the beam was on."""
        return self.to_s - self.from_s


@dataclass(frozen=True)
class Path:
    """What a moving beam writes: where its block begins and ends, in machine coordinates."""

    start_mm: Place
    end_mm: Place
    feed_mm_min: float
    line: int


@dataclass
class _Open:
    power: float
    at_mm: Place
    from_s: float
    path: Path | None
    line: int


class Truth:
    """Follows the beam.

    Args:
        origin_mm: where work zero truly is, in the machine coordinates of a homed stage.
    """

    def __init__(self, origin_mm: Place) -> None:
        self.exposed: list[Exposed] = []
        """Everything that was written, oldest first; a beam that is still on is not listed yet."""
        self._origin_mm = origin_mm
        self.error_mm: Place = (0.0, 0.0, 0.0)
        """True place of the stage minus what the controller believes."""
        self._open: _Open | None = None

    @property
    def power(self) -> float:
        """S that is in effect now; 0 when it is dark."""
        return self._open.power if self._open else 0.0

    def change(self, power: float, at_mm: Place, now_s: float, path: Path | None = None, line: int = 0) -> None:
        """The beam's power, or what it moves along, changes here and now.

        Args:
            power: S in effect from now on.
            at_mm: where the controller believes to be, machine coordinates.
            now_s: simulated time.
            path: what it moves along from now on; None: it stands.
            line: the received line that asked for it.
        """
        if self._open is not None:
            piece = self._open
            same = path is None and piece.path is None and piece.power == power
            if same:
                return
            self._close(piece, at_mm, now_s)
        self._open = _Open(power, at_mm, now_s, path, line) if power > 0 else None

    def snapshot(self, at_mm: Place, now_s: float) -> list[Exposed]:
        """Everything written so far, what is being written included."""
        if self._open is None:
            return list(self.exposed)
        kept, before = self._open, len(self.exposed)
        self._close(kept, at_mm, now_s)
        found = list(self.exposed)
        del self.exposed[before:]
        return found

    def _close(self, piece: _Open, at_mm: Place, now_s: float) -> None:
        start, end = self._ticks(piece.at_mm), self._ticks(at_mm)
        moved = piece.path is not None and start != end
        if not moved and now_s <= piece.from_s:
            return
        path = piece.path if moved else None
        self.exposed.append(
            Exposed(
                "line" if path else "dot", start, end if path else start, piece.power,
                path.feed_mm_min if path else 0.0, piece.from_s, now_s,
                whole=path is None or (piece.at_mm == path.start_mm and at_mm == path.end_mm),
                line=path.line if path else piece.line,
            )
        )  # fmt: skip

    def _ticks(self, at_mm: Place) -> Ticks:
        x, y, z = (
            round((at + error - origin) * TICKS_PER_MM)
            for at, error, origin in zip(at_mm, self.error_mm, self._origin_mm, strict=True)
        )
        return x, y, z
