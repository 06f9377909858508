"""Jogging at the terminal: keys move the stage, Enter says that the beam's place is on the mark.

Where the input is no terminal, the same is said in lines: `x 0.05`, `y -0.01`, `z 0.002` (mm), `ok`, `focused`, `skip`,
`quit`.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import nan
from typing import Any, Final

import click

from lasercam.api.jogging import AbortedError, GrblLink, Jogger, Machine, Operator, Transport, told
from lasercam.cli.key_input import Terminal, keys_of_terminal
from lasercam.errors import InputError, Problem, RefusedError

KEYS: Final = (
    "arrows x and y, page up/down z, + and - step, Enter takes x and y, f takes z too (focused), n skips this mark, "
    "q ends; any key stops a travel"
)
STEPS_UM: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_FIRST_STEP: Final = STEPS_UM.index(10.0)
_MOVES: Final = {
    "left": (0, -1), "right": (0, 1), "down": (1, -1), "up": (1, 1), "page down": (2, -1), "page up": (2, 1),
}  # fmt: skip
_WORDS: Final = {"\r": "ok", "\n": "ok", "f": "focused", "n": "skip", "q": "quit", "+": "+", "-": "-"}
Wanted = tuple[str, float]
"""`x`, `y`, `z` and how far (µm), or a word and 0."""


Place = tuple[float, float, float]


def jogged_marks(
    expected_um: Mapping[str, Any], machine: Machine, open_link: Callable[[Machine], Transport], operator: Operator
) -> dict[str, Place]:
    """Places of the marks in controller coordinates, µm, as the operator found them; z is NaN where it was not focused.

    Args:
        expected_um: where each mark would be in the nominal frame.
        machine: the profile.
        open_link: opens the transport.
        operator: confirms.

    Raises:
        RefusedError: not confirmed, or the controller is not as it must be.
        AbortedError: a signal.
        FaultError, LinkError: the controller or the link failed.
    """
    for question in ("Is the sample on the stage, and is the way to the marks free?",
                     "Is the laser's own shutter closed, or its power too low to write?"):  # fmt: skip
        if not operator.confirm(question):
            raise RefusedError(f"not confirmed: {question}")
    transport = open_link(machine)
    try:
        with _raised_signals(), keys_of_terminal() as terminal:
            jogger = Jogger(
                GrblLink(transport), machine, operator,
                (lambda: False) if terminal is None else (lambda: terminal.key(0.0) is not None),
            )  # fmt: skip
            dialog = Dialog(jogger, terminal)
            try:
                jogger.prepare()
                dialog.run(expected_um)
            finally:
                problem = told(jogger.close())
                if problem:
                    click.echo(problem, err=True)
            return dialog.taken
    finally:
        transport.close()


@contextmanager
def _raised_signals() -> Iterator[None]:
    """A signal ends what is under way at once, even a wait for a key; what follows it is not interrupted again."""
    import signal

    def stop(number: int, _: object) -> None:
        for name in before:
            signal.signal(name, signal.SIG_IGN)
        raise AbortedError(f"aborted ({signal.Signals(number).name}); nothing moves, and nothing was written")

    names = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before: dict[int, Any] = {}
    for name in names:
        before[name] = signal.signal(name, stop) or signal.SIG_DFL
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Dialog:
    """Asks for every mark.

    Attributes:
        jogger: prepared.
        terminal: single keys; None reads lines.
        taken: places by mark, µm; z is NaN where the focus was not said to be on it.
    """

    jogger: Jogger
    terminal: Terminal | None
    taken: dict[str, Place] = field(default_factory=dict)
    _step: int = _FIRST_STEP
    _shift: Place = (0.0, 0.0, 0.0)

    def run(self, expected_um: Mapping[str, Any]) -> None:
        """Every mark, in order, at where the last one says that it must be; nothing is written here."""
        if self.terminal is not None:
            click.echo(KEYS, err=True)
        for name, nominal in expected_um.items():
            at = [float(v) + s for v, s in zip(nominal, self._shift, strict=True)]
            self._travel(name, (at[0], at[1], at[2]))
            if not self._one(name, (float(nominal[0]), float(nominal[1]), float(nominal[2]))):
                return

    def _travel(self, name: str, place_um: Place) -> None:
        shown = ", ".join(f"{v / 1000:.3f}" for v in place_um)
        click.echo(f"{name}: expected at ({shown}) mm", err=True)
        try:
            click.echo("there" if self.jogger.to(place_um) else "stopped on the way", err=True)
        except RefusedError as error:
            click.echo(f"{error}; jog there by hand, or skip it", err=True)

    def _one(self, name: str, nominal: Place) -> bool:
        """Jog until the mark is taken or skipped; False to end."""
        for what, by_um in self._wanted():
            if what in ("ok", "focused"):
                x, y, z = self.jogger.place_um
                self.taken[name] = (float(x), float(y), float(z) if what == "focused" else nan)
                seen = (x - nominal[0], y - nominal[1], z - nominal[2] if what == "focused" else self._shift[2])
                self._shift = seen
                click.echo(f"{name} = ({x / 1000:.3f}, {y / 1000:.3f}, {z / 1000:.3f}) mm, {what}", err=True)
                return True
            if what in ("skip", "quit"):
                click.echo(f"{name} is not measured", err=True)
                return what == "skip"
            self._move(what, by_um)
        return False

    def _move(self, what: str, by_um: float) -> None:
        try:
            self.jogger.step("xyz".index(what), by_um)
        except RefusedError as error:
            click.echo(str(error), err=True)
            return
        shown = ", ".join(f"{v / 1000:.3f}" for v in self.jogger.place_um)
        click.echo(f"({shown}) mm", err=True)

    def _wanted(self) -> Iterator[Wanted]:
        if self.terminal is None:
            yield from _lines()
            return
        while True:
            key = self.terminal.key(None)
            if key is None:
                return
            if key in _MOVES:
                axis, sign = _MOVES[key]
                yield "xyz"[axis], sign * STEPS_UM[self._step]
            elif (word := _WORDS.get(key.lower(), "")) in ("+", "-"):
                self._step = min(max(self._step + (1 if word == "+" else -1), 0), len(STEPS_UM) - 1)
                click.echo(f"steps of {STEPS_UM[self._step]:g} µm", err=True)
            elif word:
                yield word, 0.0


def _lines() -> Iterator[Wanted]:
    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        if words[0] in ("ok", "focused", "skip", "quit") and len(words) == 1:
            yield words[0], 0.0
        elif words[0] in ("x", "y", "z") and len(words) == 2 and _is_number(words[1]):
            yield words[0], float(words[1]) * 1000.0
        else:
            allowed = "x, y or z with a way in mm (x 0.05), ok, focused, skip, quit"
            raise InputError(Problem(f"'{line.strip()[:80]}' is no jog; allowed: {allowed}"))


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < 1e4
    except ValueError:
        return False
