"""How a run can end other than done; each has an exit code of its own."""

from typing import ClassVar

from lasercam.errors import LasercamError, LinkError

STOPPED, ABORTED, WAITING = 4, 5, 6
"""Exit codes: the operator stopped where the beam was off, or cut the beam at once; a step by hand has to be done."""


def ignored(_: object) -> None:
    """Told to nobody."""


class FaultError(LinkError):
    """The controller or the link did what it must not; the beam is cut and nothing is tried again.

    Attributes:
        kind: a word for programs: `silent`, `reset`, `error`, `alarm`, `place`, `override`, `replies`, `laser`, …
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class StoppedError(LasercamError):
    """The operator ended the run where the beam was off; it can be resumed."""

    exit_code: ClassVar[int] = STOPPED


class AbortedError(LasercamError):
    """The operator, or a signal, cut the beam at once; the row it was in is partly exposed."""

    exit_code: ClassVar[int] = ABORTED


class WaitingError(LasercamError):
    """A step that a person does comes next and is not confirmed; the beam is off, and nothing more moves."""

    exit_code: ClassVar[int] = WAITING
