"""The words of an Aerotech program as templates: what A3200 and Automation1 say differently, in one shape."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from lasercam.dialects.program_text import Slot, Template


class Column(IntEnum):
    """Columns of the numbers that templates print."""

    X = 0
    Y = 1
    Z = 2
    SPEED = 3
    """nm/s."""
    TOTAL = 4
    """ns of a pulse's whole cycle."""
    ON = 5
    """ns that a pulse, or a dwell with the beam on, lasts."""
    CYCLES = 6
    WAIT = 7
    """ns until a pulse train is surely over."""
    LOW = 8
    HIGH = 9
    """Bounds of the window in counts from where PSO was armed."""
    DISTANCE = 10
    """Counts between shots."""
    ARM = 11
    BACK = 12
    """Where the tracked axis stands when PSO is armed, and where it goes back to."""
    STEP_X = 13
    STEP_Y = 14
    STEP_Z = 15
    REPEATS = 16


N_COLUMNS: Final = len(Column)
MODES, PULSES, INPUTS, BEFORE, MOVES, AFTER = 0, 5, 8, 15, 24, 40
"""First template of each group: mode of the output, pulse train, tracked encoder, before, during, behind a move."""
PLAIN, PULSE, WINDOW, MASKED = 1, 2, 3, 4
"""Modes of the output: switched by hand, by a pulse train, by a window, by pulse trains inside a window."""
ARM_WINDOW, ARM_SHOTS, OPEN = 1, 2, 8
"""Before a move; ARM_SHOTS + 2 × axis, + 1 when the stage must step aside to arm."""
FIRE, HOLD, END_WINDOW, END_SHOTS, CLOSE, LOOP = 1, 2, 3, 4, 5, 6
"""Behind a move; LOOP + axes, + 8 when the dots are held open by a dwell."""
N_TEMPLATES: Final = AFTER + LOOP + 16


@dataclass(frozen=True)
class Words:
    """What a controller calls things; text ends without a line end, lines are joined by line ends.

    Attributes:
        reset: clear PSO, beam off.
        modes: set-up of PLAIN, PULSE, WINDOW, MASKED behind a reset.
        window_input, shots_input: by axis, lines that choose the encoder.
        pulse, shot_pulse: the pulse train of dots, and of shots inside a window, with slots.
        arm_window, end_window: around a group of moves gated by a window.
        arm_shots, end_shots: around a row of shots.
        blend, stop: path blending on; off, and waiting for standstill.
        open, close: the beam by hand, at standstill.
        dwell: text around the seconds of a dwell.
        fire: one pulse train.
        incremental, absolute: what positions mean.
        loop, end_loop: text before the number of repeats, and behind the body.
    """

    reset: str
    modes: tuple[str, str, str, str]
    window_input: tuple[str, str, str]
    shots_input: tuple[str, str, str]
    pulse: Template
    shot_pulse: Template
    arm_window: Template
    end_window: str
    arm_shots: Template
    end_shots: str
    blend: str
    stop: str
    open: str
    close: str
    dwell: tuple[str, str]
    fire: str
    incremental: str
    absolute: str
    loop: str
    end_loop: str


def templates(words: Words, decimals: int, settle_ns: int, closing_ns: int = 0) -> list[Template]:
    """All templates, in the order of MODES, PULSES, INPUTS, BEFORE, MOVES, AFTER.

    Args:
        words: of the controller.
        decimals: of mm in coordinates.
        settle_ns: wait on arrival before a dot and before PSO is armed; 0 = none.
        closing_ns: wait behind a dot that was held open until a slow gate has closed; 0 = none.
    """
    modes: list[Template] = [(), *(_lines(words.reset, mode) for mode in words.modes)]
    inputs: list[Template] = [(), *map(_lines, words.window_input), *map(_lines, words.shots_input)]
    pulses: list[Template] = [(), (*words.pulse, b"\n"), (*words.shot_pulse, b"\n")]
    settle = _dwell(words, Slot(Column.WAIT, 9, trim=True), settle_ns)
    # Positions count from where PSO is armed, so the stage must stand still there.
    before: list[Template] = [(), (*settle, *words.arm_window, *_lines("", words.blend))]
    for letter in "XYZ":
        arm: Template = (*settle, *words.arm_shots, b"\n")
        aside = (f"G0 {letter}".encode(), Slot(Column.ARM, decimals), b"\n")
        back = (f"G0 {letter}".encode(), Slot(Column.BACK, decimals), b"\n")
        before += [(*arm, *_lines(words.blend)), (*aside, *arm, *back, *_lines(words.blend))]
    before.append(_lines(words.open, words.blend))
    moves = [_move("G0", axes, decimals) for axes in range(8)]
    moves += [_move("G1", axes, decimals) for axes in range(8)]
    fire = (*settle, *_lines(words.fire), *_dwell(words, Slot(Column.WAIT, 9, trim=True)))
    closed = (*_lines(words.close), *_dwell(words, Slot(Column.WAIT, 9, trim=True), closing_ns))
    hold = (*settle, *_lines(words.open), *_dwell(words, Slot(Column.ON, 9, trim=True)), *closed)
    after: list[Template] = [
        (), fire, hold, _lines(words.stop, words.end_window), _lines(words.stop, words.end_shots),
        _lines(words.stop, words.close),
    ]  # fmt: skip
    for body in (fire, hold):
        for axes in range(8):
            head = (*_lines(words.incremental), words.loop.encode(), Slot(Column.REPEATS, 0), b"\n")
            step = _move("G0", axes, decimals, first=Column.STEP_X)
            after.append((*head, *step, *body, *_lines(words.end_loop, words.absolute)))
    return [*modes, *pulses, *inputs, *before, *moves, *after]


def _lines(*texts: str) -> Template:
    joined = "\n".join(texts)
    return (f"{joined}\n".encode(),) if joined else ()


def _dwell(words: Words, slot: Slot, fixed_ns: int | None = None) -> Template:
    if fixed_ns == 0:
        return ()
    front, back = words.dwell
    if fixed_ns is None:
        return (front.encode(), slot, f"{back}\n".encode())
    seconds = f"{fixed_ns // 10**9}.{fixed_ns % 10**9:09d}".rstrip("0").rstrip(".")
    return (f"{front}{seconds}{back}\n".encode(),)


def _move(word: str, axes: int, decimals: int, *, first: int = Column.X) -> Template:
    if not axes:
        return ()
    pieces: list[bytes | Slot] = [word.encode()]
    for axis, letter in enumerate((b" X", b" Y", b" Z")):
        if axes >> axis & 1:
            pieces += [letter, Slot(first + axis, decimals)]
    if word == "G1":
        pieces += [b" F", Slot(Column.SPEED, 6, trim=True)]
    return (*pieces, b"\n")
