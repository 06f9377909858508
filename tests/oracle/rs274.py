"""LinuxCNC's own interpreter as an oracle: runs a program and tells what it would expose.

Reads the canonical calls that `rs274 -g` prints. Positions carry four decimals of mm, so plans for it lie on a
grid of 100 nm. Imports no dialect.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

LINE, DOT, LEAD = 1, 2, 4
_CALL = re.compile(r"^\s*\d+\s+N\S*\s+([A-Z0-9_]+)\((.*)\)\s*$")


class RejectedError(Exception):
    """The interpreter refused the program."""


@dataclass(frozen=True)
class Call:
    """One canonical call."""

    name: str
    arguments: tuple[str, ...]


def is_installed() -> bool:
    """Whether rs274 can be run."""
    return shutil.which("rs274") is not None


def calls(program: bytes, folder: Path) -> list[Call]:
    """Canonical calls of a program; RejectedError when LinuxCNC refuses it."""
    tools, source, result = folder / "t.tbl", folder / "job.ngc", folder / "job.out"
    tools.write_text("T1 P1 Z0 D0\n")
    source.write_bytes(program)
    # rs274 maps ~/.tool.mmap into memory; runs that share it kill each other with SIGBUS, so each has its own home.
    done = subprocess.run(
        ["rs274", "-g", "-t", str(tools), "-v", str(folder / "sim.var"), str(source), str(result)],
        capture_output=True, text=True, timeout=60, check=False, cwd=folder, env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    if done.returncode < 0:
        raise OSError(f"rs274 died of signal {-done.returncode}")
    if done.returncode:
        raise RejectedError(done.stderr.strip())
    found = []
    for line in result.read_text().splitlines():
        match = _CALL.match(line)
        if match:
            found.append(Call(match[1], tuple(part.strip() for part in match[2].split(","))))
    return found


def exposures(
    found: list[Call], gate: int, trigger: int, pulses: int = 1
) -> list[tuple[int, tuple[int, ...], tuple[int, ...], int, int, int]]:
    """(kind, start, end in ticks, speed nm/s, open ns, pulses) of everything that fires and of dark feeds.

    A motion-synchronised output acts when the next move starts; a dwell with the gate open is an exposure; the beam
    is the gate's output and the running spindle. An edge of the trigger output passes the pulses set at its counter.
    """
    rows: list[tuple[int, tuple[int, ...], tuple[int, ...], int, int, int]] = []
    place = (0, 0, 0)
    feed, open_ns = 0, 0
    spindle = is_open = is_standing = is_ended = False
    waiting: dict[int, bool] = {}
    for call in found:
        if is_ended:
            break
        if call.name == "SET_FEED_RATE":
            feed = round(float(call.arguments[0]) * 1e6 / 60)
        elif call.name == "START_SPINDLE_CLOCKWISE":
            spindle = True
        elif call.name == "STOP_SPINDLE_TURNING":
            spindle = False
        elif call.name in ("SET_MOTION_OUTPUT_BIT", "CLEAR_MOTION_OUTPUT_BIT"):
            waiting[int(call.arguments[0])] = call.name.startswith("SET")
        elif call.name in ("SET_AUX_OUTPUT_BIT", "CLEAR_AUX_OUTPUT_BIT"):
            output, on = int(call.arguments[0]), call.name.startswith("SET")
            if output == trigger and on:
                rows.append((DOT, place, place, 0, 0, pulses))
            if output == gate:
                if on and not is_open:
                    is_standing, open_ns = True, 0
                if not on and is_standing:
                    rows.append((DOT, place, place, 0, open_ns, 0))
                    is_standing = False
                is_open = on
        elif call.name == "DWELL":
            if is_open:
                is_standing = True
                open_ns += round(float(call.arguments[0]) * 1e9)
        elif call.name in ("STRAIGHT_FEED", "STRAIGHT_TRAVERSE"):
            end = tuple(round(float(v) * 1e7) for v in call.arguments[:3])
            is_open = waiting.pop(gate, is_open)
            if is_standing:
                rows.append((DOT, place, place, 0, open_ns, 0))
                is_standing, open_ns = False, 0
            is_rapid = call.name == "STRAIGHT_TRAVERSE"
            if end != place:
                if is_open and spindle:
                    rows.append((LINE, place, end, 0 if is_rapid else feed, 0, 0))
                elif not is_rapid:
                    rows.append((LEAD, place, end, feed, 0, 0))
            place = end
        elif call.name == "PROGRAM_END":
            is_ended = True
    if is_open or any(waiting.values()):
        raise AssertionError("the gate is still open at the end of the program")
    return rows
