"""Faults between a host and any Transport: scripted by byte, line or time, and drawn from a seed.

A script is a list of faults. Each waits for its trigger, acts once (or for `repeat` times), and is then noted in
`FaultyLink.happened`. Bytes of the host count from 0, its lines and the controller's lines from 1.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol, runtime_checkable

from lasercam.errors import LinkError
from lasercam.model.links import Transport


class Where(Enum):
    """What a trigger counts."""

    SENT_BYTE = "sent byte"
    """Bytes the host has written, from 0: the fault strikes that byte."""
    SENT_LINE = "sent line"
    """Lines the host has written, from 1: the fault strikes that line."""
    REPLY = "reply"
    """Lines the controller has sent, from 1: the fault strikes that line."""
    TIME = "time"
    """Seconds since the link was made: the fault strikes as soon as the link is used after it."""


class Kind(Enum):
    """What goes wrong. The first group strikes what was sent or said, the second happens beside it."""

    DROP = "drop"
    """A byte, a line or a reply is lost."""
    DUPLICATE = "duplicate"
    """It comes twice."""
    FLIP = "flip"
    """One bit of it is flipped; `bit` 0 to 7, and a byte drawn by chance in a line."""
    DELAY = "delay"
    """It, and everything behind it, comes `seconds` later."""
    SPLIT = "split"
    """From here on every byte is written by itself."""
    MERGE = "merge"
    """It waits for the next write, and both go as one; or for the host to listen."""

    INJECT = "inject"
    """`data` reaches the controller in front of it: 0x18, 0x91, 0x9E …"""
    SAY = "say"
    """`data`, a line without end, reaches the host in front of the next reply: ALARM:1, a banner, `ok`, garbage."""
    SWALLOW_OK = "swallow ok"
    """The next `ok` is lost."""
    EXTRA_OK = "extra ok"
    """An `ok` comes that no line has earned."""
    CLOSE = "close"
    """The link is gone for good; the controller goes on."""
    FREEZE = "freeze"
    """The controller stops dead, as by SIGSTOP; `seconds` later it goes on (never, where 0)."""
    POWER_CYCLE = "power cycle"
    """The controller loses its power for a moment."""
    LIMIT = "limit"
    """A limit switch is hit."""


_STRIKES: Final = frozenset((Kind.DROP, Kind.DUPLICATE, Kind.FLIP, Kind.DELAY))


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: what.
        where: what its trigger counts.
        at: when.
        repeat: how often, at following bytes, lines or replies.
        seconds: of a delay or a freeze.
        bit: of a flip.
        data: of an injection.
    """

    kind: Kind
    where: Where
    at: float
    repeat: int = 1
    seconds: float = 0.0
    bit: int = 0
    data: bytes = b""

    def __post_init__(self) -> None:
        if self.kind in _STRIKES and self.where is Where.TIME:
            raise ValueError(f"{self.kind.value} strikes a byte, a line or a reply: it cannot be triggered by time")
        if self.kind in (Kind.SPLIT, Kind.MERGE) and self.where is Where.REPLY:
            raise ValueError(f"{self.kind.value} strikes what is sent: it cannot be triggered by a reply")
        if self.kind in (Kind.INJECT, Kind.SAY) and not self.data:
            raise ValueError(f"{self.kind.value} needs data")


@runtime_checkable
class Controls(Protocol):
    """A controller that a test can mistreat; SimulatedController and ProcessLink can be."""

    def freeze(self) -> None:
        """Stop dead."""
        ...

    def thaw(self) -> None:
        """Go on."""
        ...

    def power_cycle(self) -> None:
        """Cut the power for a moment."""
        ...


@runtime_checkable
class HasLimits(Protocol):
    """A controller whose limit switches a test can press."""

    def trip_limit(self) -> None:
        """Press one."""
        ...


class FaultyLink:
    """A Transport through which a host reaches another Transport, with faults.

    Args:
        inner: the link behind it.
        script: what goes wrong.
        seed: of everything drawn by chance.
        controls: what freezes and loses power; needed by faults of those kinds.

    Raises:
        ValueError: a fault needs controls that are not given.
    """

    def __init__(
        self, inner: Transport, script: Sequence[Fault], *, seed: int = 0, controls: object | None = None
    ) -> None:
        for fault in script:
            needs = HasLimits if fault.kind is Kind.LIMIT else Controls
            if fault.kind in (Kind.FREEZE, Kind.POWER_CYCLE, Kind.LIMIT) and not isinstance(controls, needs):
                raise ValueError(f"{fault.kind.value} needs a controller that can do it")
        self._inner, self._controls = inner, controls
        self._waiting = list(script)
        self._random = random.Random(seed)  # noqa: S311 - reproducible faults, no secrets
        self.happened: list[tuple[float, Fault]] = []
        """What has gone wrong so far, with its time."""
        self._began_s = inner.now_s()
        self._n_bytes, self._n_lines, self._n_replies = 0, 0, 0
        self._is_gone = False
        self._splits = False
        self._held: bytes | None = None
        self._out: deque[tuple[float, bytes]] = deque()
        self._out_free_s = 0.0
        self._in: deque[tuple[float, bytes]] = deque()
        self._in_free_s = 0.0
        self._swallow = 0
        self._thaw_s: float | None = None

    def write(self, data: bytes) -> None:
        """Send, through the faults."""
        self._look_at_clock()
        self._need_link()
        for line in data.splitlines(keepends=True):
            self._line_out(line)
            if self._is_gone:
                raise LinkError("the link is gone (a fault on purpose)")
        self._release()

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line that the faults let through."""
        deadline = self._inner.now_s() + timeout_s
        if self._held:
            self._pass_on(b"")
        while True:
            self._look_at_clock()
            self._need_link()
            self._release()
            now = self._inner.now_s()
            if self._in and self._in[0][0] <= now:
                return self._in.popleft()[1]
            left = max(min(deadline, self._next_s()) - now, 0.0)
            line = self._inner.read_line(left)
            if line is not None:
                self._reply_in(line)
            elif self._inner.now_s() >= deadline and not (self._in and self._in[0][0] <= self._inner.now_s()):
                return None

    def now_s(self) -> float:
        """Clock of the link behind it."""
        return self._inner.now_s()

    def close(self) -> None:
        """Close both."""
        self._is_gone = True
        self._inner.close()

    def _need_link(self) -> None:
        if self._is_gone:
            raise LinkError("the link is gone (a fault on purpose)")

    def _next_s(self) -> float:
        times = [entries[0][0] for entries in (self._in, self._out) if entries]
        times += [self._began_s + fault.at for fault in self._waiting if fault.where is Where.TIME]
        if self._thaw_s is not None:
            times.append(self._thaw_s)
        return min(times, default=float("inf"))

    def _look_at_clock(self) -> None:
        now = self._inner.now_s()
        if self._thaw_s is not None and now >= self._thaw_s and isinstance(self._controls, Controls):
            self._thaw_s = None
            self._controls.thaw()
        for fault in self._due(Where.TIME, now - self._began_s, now - self._began_s):
            self._happen(fault)

    def _due(self, where: Where, low: float, high: float) -> list[Fault]:
        """Faults whose turn it is; each is put off to its next turn, or taken out."""
        due: list[Fault] = []
        kept: list[Fault] = []
        for fault in self._waiting:
            if fault.where is not where or fault.at > high or (where is not Where.TIME and fault.at < low):
                kept.append(fault)
                continue
            due.append(fault)
            self.happened.append((self._inner.now_s(), fault))
            if fault.repeat > 1:
                kept.append(replace(fault, at=fault.at + 1, repeat=fault.repeat - 1))
        self._waiting = kept
        return due

    def _line_out(self, line: bytes) -> None:
        """A line, or a piece of one, on its way to the controller."""
        first = self._n_bytes
        self._n_bytes += len(line)
        if line.endswith((b"\n", b"\r")):
            self._n_lines += 1
            for fault in self._due(Where.SENT_LINE, self._n_lines, self._n_lines):
                line = self._struck(line, fault, end=line[-1:])
        if any(f.where is Where.SENT_BYTE and first <= f.at < self._n_bytes for f in self._waiting):
            self._bytes_out(line, first)
        else:
            self._pass_on(line)

    def _bytes_out(self, line: bytes, first: int) -> None:
        before = b""
        for offset in range(len(line)):
            byte = line[offset : offset + 1]
            for fault in self._due(Where.SENT_BYTE, first + offset, first + offset):
                if fault.kind not in _STRIKES or fault.kind is Kind.DELAY:
                    self._pass_on(before)
                    before = b""
                byte = self._struck(byte, fault, end=b"")
            before += byte
        self._pass_on(before)

    def _struck(self, data: bytes, fault: Fault, *, end: bytes) -> bytes:
        if fault.kind is Kind.DROP:
            return b""
        if fault.kind is Kind.DUPLICATE:
            return data + data
        if fault.kind is Kind.FLIP:
            return self._flipped(data, fault.bit, n_spared=len(end))
        if fault.kind is Kind.DELAY:
            self._out_free_s = max(self._out_free_s, self._inner.now_s() + fault.seconds)
        elif fault.kind is Kind.INJECT:
            return fault.data + data
        else:
            self._happen(fault)
        return data

    def _flipped(self, data: bytes, bit: int, *, n_spared: int) -> bytes:
        if len(data) <= n_spared:
            return data
        at = self._random.randrange(len(data) - n_spared)
        return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]

    def _pass_on(self, data: bytes) -> None:
        if self._is_gone:
            return
        if self._held == b"":
            self._held = data
            return
        data, self._held = (self._held or b"") + data, None
        if not data:
            return
        now = self._inner.now_s()
        for piece in [data[i : i + 1] for i in range(len(data))] if self._splits else [data]:
            self._out.append((max(self._out_free_s, now), piece))
        self._release()

    def _release(self) -> None:
        now = self._inner.now_s()
        while self._out and self._out[0][0] <= now:
            self._inner.write(self._out.popleft()[1])

    def _reply_in(self, line: bytes) -> None:
        self._n_replies += 1
        said = [line]
        if self._swallow and line == b"ok":
            self._swallow -= 1
            said = []
        for fault in self._due(Where.REPLY, self._n_replies, self._n_replies):
            if fault.kind is Kind.DROP:
                said = []
            elif fault.kind is Kind.DUPLICATE:
                said += said
            elif fault.kind is Kind.FLIP:
                said = [self._flipped(text, fault.bit, n_spared=0) for text in said]
            elif fault.kind is Kind.DELAY:
                self._in_free_s = max(self._in_free_s, self._inner.now_s() + fault.seconds)
            elif fault.kind is Kind.SWALLOW_OK and said == [b"ok"]:
                said = []
            else:
                self._happen(fault)
        for text in said:
            self._hear(text)

    def _hear(self, line: bytes) -> None:
        self._in.append((max(self._in_free_s, self._inner.now_s()), line))

    def _happen(self, fault: Fault) -> None:
        controls = self._controls
        if fault.kind is Kind.INJECT:
            self._inner.write(fault.data)
        elif fault.kind is Kind.SAY:
            self._hear(fault.data)
        elif fault.kind is Kind.EXTRA_OK:
            self._hear(b"ok")
        elif fault.kind is Kind.SWALLOW_OK:
            self._swallow += 1
        elif fault.kind is Kind.SPLIT:
            self._splits = True
        elif fault.kind is Kind.MERGE:
            self._held = self._held or b""
        elif fault.kind is Kind.CLOSE:
            self.close()
        elif fault.kind is Kind.LIMIT and isinstance(controls, HasLimits):
            controls.trip_limit()
        elif isinstance(controls, Controls):
            if fault.kind is Kind.POWER_CYCLE:
                self._in.clear()
                controls.power_cycle()
            elif fault.kind is Kind.FREEZE:
                controls.freeze()
                self._thaw_s = self._inner.now_s() + fault.seconds if fault.seconds else None
