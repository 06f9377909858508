"""The laser of a run: dark but while a job file runs, set and read back before, and looked at while it does.

A laser that closes by itself, or is set otherwise by somebody, leaves a controller that goes on in the dark or with the
wrong energy. Rows therefore count as done only as far as the laser was seen to be right after they were over.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final, Self

from lasercam.errors import LinkError, RefusedError
from lasercam.lasers.session import LaserSession
from lasercam.model.laser_control import LaserState, LaserTargets, SettlingKeys, disagreements
from lasercam.model.links import LaserAdapter
from lasercam.run.faults import FaultError, ignored

LOOK_S: Final = 0.5
"""Between two looks at the laser while a job file runs."""
CLOSING_S: Final = 10.0
"""Longest wait for a command to close that was given while the controller was stopped."""


class Light:
    """One use of a laser by a run, as a context; closed at entry, seen to be closed, and closed again at exit.

    Args:
        adapter: the link.
        said: told in words what happens; the journal keeps it.
        in_background: looks do not hold up the stream. False where the link's time is simulated.
    """

    def __init__(
        self, adapter: LaserAdapter, said: Callable[[str], None] = ignored, *, in_background: bool = True
    ) -> None:
        self._adapter = adapter
        self._session = LaserSession(adapter, catch_signals=False)
        self._keys = adapter.keys if isinstance(adapter.keys, SettlingKeys) else None
        self._worker = ThreadPoolExecutor(1, "laser") if in_background else None
        self.said = said
        self._targets: LaserTargets | None = None
        self._looking: Future[LaserState] | None = None
        self._asked_s = 0.0
        self._asked_to = self._sure_to = 0

    def __enter__(self) -> Self:
        self._session.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)
        self._session.__exit__(kind, error, trace)

    @property
    def reads_back(self) -> bool:
        """Whether the laser says what it does, so that its output is opened and closed by the run."""
        return self._keys is not None

    def look_at_start(self, targets: LaserTargets, file: str) -> None:
        """Say what the laser does now, and in what it differs from what the first job file needs; sets nothing.

        Raises:
            LinkError: it does not answer.
        """
        if self._keys is None:
            self.said("the laser does not read back: its settings are written for its own program")
            return
        state = self._adapter.read()
        left = disagreements(targets, state, self._keys)
        other = f"; '{file}' needs another setting: {'; '.join(left)}" if left else ""
        self.said(f"the laser is {_words(state)}{other}")

    def make_ready(
        self, targets: LaserTargets, file: str, confirm: Callable[[str], bool], note: Callable[[str], None] = ignored
    ) -> str:
        """The laser is set as a job file needs it and says so, its output closed; what it says.

        Args:
            targets: what it needs.
            file: its name.
            confirm: asks the operator.
            note: keeps what was read back.

        Returns:
            What the laser says of itself; empty where it does not read back, so that a person has to look.

        Raises:
            RefusedError: it was not to be set.
            LinkError: it does not agree in time, or does not answer.
        """
        wanted = f"divider {targets.divider}"
        if targets.rate_hz is not None:
            wanted += f" ({targets.rate_hz:,.6g} Hz)"
        if targets.attenuator_percent is not None:
            wanted += f", attenuator {targets.attenuator_percent:.4g} %"
        self._targets = targets
        if self._keys is None:
            self._set(targets, f"'{file}' needs {wanted}. Write this for the laser's own program?", confirm)
            note(f"laser for '{file}': {wanted} written for its own program, not read back")
            return ""
        state = self._adapter.read()
        left = disagreements(targets, state, self._keys)
        if left:
            question = f"The laser is not set for '{file}': {'; '.join(left)}. Set {wanted}, with its output closed?"
            state = self._set(targets, question, confirm)
        note(f"laser for '{file}' reads back: {_words(state)}")
        return _words(state)

    def _set(self, targets: LaserTargets, question: str, confirm: Callable[[str], bool]) -> LaserState:
        if not confirm(question):
            raise RefusedError(f"not confirmed: {question}")
        return self._session.apply(targets)

    @contextmanager
    def beam(self, first_row: int) -> Iterator[None]:
        """Open output until the end of the context, where the laser reads back; rows count from `first_row` on.

        Raises:
            LinkError: it does not open, or is not seen to close.
        """
        if self._keys is None:
            yield
            return
        self._asked_s, self._sure_to, self._looking = -1e9, first_row, None
        with self._session.beam():
            self.said("laser: output open")
            yield
        self.said("laser: output closed")

    def look(self, now_s: float, ended_to: int) -> None:
        """Look at the laser now and then; never waits for it.

        Args:
            now_s: clock of the controller's link.
            ended_to: rows below this are over.

        Raises:
            FaultError: it is closed, set otherwise, or does not answer.
        """
        if self._keys is None:
            return
        if self._looking is None and now_s - self._asked_s >= LOOK_S:
            self._asked_s, self._asked_to = now_s, ended_to
            self._looking = self._begin()
        if self._looking is not None and self._looking.done():
            looking, self._looking = self._looking, None
            self._judge(looking, self._asked_to)

    def confirm(self, ended_to: int) -> None:
        """The laser is right now, and so rows below `ended_to` were exposed with it.

        Raises:
            FaultError: it is not.
        """
        if self._keys is not None:
            self._looking = None
            self._judge(self._begin(), ended_to)

    def sure_to(self, ended_to: int) -> int:
        """Rows below this are over, and the laser was right after them."""
        return ended_to if self._keys is None else min(ended_to, self._sure_to)

    def _begin(self) -> "Future[LaserState]":
        if self._worker is not None:
            return self._worker.submit(self._read)
        done: Future[LaserState] = Future()
        try:
            done.set_result(self._read())
        except LinkError as error:
            done.set_exception(error)
        return done

    def _read(self) -> LaserState:
        try:
            return self._adapter.read()
        except LinkError:
            return self._adapter.read()  # one lost answer is no reason to spoil a row

    def _judge(self, looking: "Future[LaserState]", ended_to: int) -> None:
        try:
            state = looking.result()
        except LinkError as error:
            raise FaultError("laser", f"the laser cannot be seen any more: {error}") from error
        wrong = [] if state.is_open else ["its output is closed" if state.is_open is False else "it does not say"]
        if self._targets is not None and self._keys is not None:
            wrong += disagreements(self._targets, state, self._keys)
        if wrong:
            condition = f" (it calls its state '{state.condition}')" if state.condition else ""
            text = f"the laser is not as it was set{condition}: {'; '.join(wrong)}"
            raise FaultError("laser", f"{text}; what was written since the last look may be dark or wrong")
        self._sure_to = max(self._sure_to, ended_to)

    def close_at_once(self) -> Callable[[], None]:
        """Ask for darkness beside whatever else is done; call what is returned to wait for the asking.

        Whether it is dark is seen at the end of the beam's context.
        """
        if self._keys is None:
            return lambda: None
        if self._worker is None:
            self._close()
            return lambda: None
        thread = threading.Thread(target=self._close, name="laser-close", daemon=True)
        thread.start()
        return lambda: thread.join(CLOSING_S)

    def _close(self) -> None:
        with suppress(LinkError):  # tried again, and looked at, where the beam's context ends
            self._adapter.close_output()


@contextmanager
def light_of(
    adapter: LaserAdapter | None, said: Callable[[str], None], *, in_background: bool
) -> Iterator[Light | None]:
    """The laser behind an adapter, closed; None where a person sets the laser."""
    if adapter is None:
        yield None
        return
    with Light(adapter, said, in_background=in_background) as light:
        yield light


def _words(state: LaserState) -> str:
    """What a laser says about itself."""
    output = {None: "perhaps open", True: "OPEN", False: "closed"}[state.is_open]
    told = [output]
    if state.divider is not None:
        told.append(f"divider {state.divider}")
    if state.rate_hz is not None:
        told.append(f"{state.rate_hz:,.6g} Hz")
    if state.attenuator_percent is not None:
        told.append(f"attenuator {state.attenuator_percent:.4g} %")
    if state.pulse_energy_uj is not None:
        told.append(f"{state.pulse_energy_uj:,.4g} µJ leaving it")
    return ", ".join(told)
